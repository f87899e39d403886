//! Which statuses each operation documents.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use http::{Method, StatusCode};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};

/// The documented statuses, read from the document when the first one is asked for.
#[derive(Clone)]
pub struct Documented(Arc<LazyLock<Statuses, Box<dyn FnOnce() -> Statuses + Send>>>);

/// By method and path template (`/api/v1/accounts/{account_id}/contacts`).
type Statuses = HashMap<(Method, String), Vec<u16>>;

impl Documented {
    /// Reads the statuses of every operation of `document`; `default` and ranges such as `4XX` do not count.
    pub fn when_asked(document: impl FnOnce() -> OpenApi + Send + 'static) -> Self {
        let read = move || {
            let items = document().paths.paths;
            let operations = items.iter().flat_map(|(path, item)| {
                methods(item).into_iter().filter_map(move |(method, operation)| {
                    operation.as_ref().map(|operation| ((method, path.clone()), statuses(operation)))
                })
            });
            operations.collect()
        };
        Self(Arc::new(LazyLock::new(Box::new(read))))
    }

    /// The status of a known caller who may not do this (decisions §1): 401 for an operation that is documented
    /// without 403, else 403.
    pub(crate) fn forbidden(&self, method: &Method, template: Option<&str>) -> StatusCode {
        let method = if method == Method::HEAD { Method::GET } else { method.clone() };
        let statuses = template.and_then(|template| self.0.get(&(method, template.to_owned())));
        match statuses {
            Some(statuses) if !statuses.contains(&403) => StatusCode::UNAUTHORIZED,
            _ => StatusCode::FORBIDDEN,
        }
    }
}

impl Default for Documented {
    fn default() -> Self {
        Self(Arc::new(LazyLock::new(Box::new(Statuses::new))))
    }
}

impl fmt::Debug for Documented {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Documented")
    }
}

fn methods(item: &PathItem) -> [(Method, &Option<Operation>); 5] {
    [
        (Method::GET, &item.get),
        (Method::PUT, &item.put),
        (Method::POST, &item.post),
        (Method::DELETE, &item.delete),
        (Method::PATCH, &item.patch),
    ]
}

fn statuses(operation: &Operation) -> Vec<u16> {
    operation.responses.responses.keys().filter_map(|status| status.parse().ok()).collect()
}
