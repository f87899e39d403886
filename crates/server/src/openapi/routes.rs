//! Handlers' routes. What the documents say of them is made when somebody asks: it is larger than all else that an idle
//! server holds.

use axum::Router;
use axum::routing::MethodRouter;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::App;

/// Routes, and how they are described.
#[must_use]
#[derive(Default)]
pub struct Routes {
    router: Router<App>,
    described: Vec<Describe>,
}

/// Makes what documents say of the handlers of one path.
type Describe = fn() -> UtoipaMethodRouter<App>;

/// The handlers of one path, by their `utoipa::path`.
pub struct Handlers {
    pub(crate) path: String,
    pub(crate) methods: MethodRouter<App>,
    pub(crate) describe: Describe,
}

impl Routes {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// And what `routes!` has put together.
    pub fn routes(mut self, Handlers { path, methods, describe }: Handlers) -> Self {
        self.described.push(describe);
        Self { router: self.router.route(&path, methods), ..self }
    }

    /// And those.
    pub fn merge(mut self, other: Self) -> Self {
        self.described.extend(other.described);
        Self { router: self.router.merge(other.router), ..self }
    }

    /// What answers.
    pub fn into_router(self) -> Router<App> {
        self.router
    }

    /// What documents say of them.
    pub fn into_document(self) -> OpenApi {
        let add = |router: OpenApiRouter<App>, describe: Describe| router.routes(describe());
        self.described.into_iter().fold(OpenApiRouter::new(), add).into_openapi()
    }
}

/// The handlers of one path, as `utoipa_axum::routes!` takes them.
macro_rules! routes {
    ($($($part:ident)::+),+ $(,)?) => {{
        use utoipa_axum::PathItemExt;
        let mut path = String::new();
        let mut methods = axum::routing::MethodRouter::new();
        $(
            path.replace_range(.., &utoipa_axum::routes!(@path [path()] of $($part)::+));
            for method in utoipa_axum::routes!(@path [methods()] of $($part)::+) {
                methods = methods.on(method.to_method_filter(), $($part)::+);
            }
        )+
        let describe = || utoipa_axum::routes!($($($part)::+),+);
        $crate::openapi::routes::Handlers { path, methods, describe }
    }};
}
pub(crate) use routes;
