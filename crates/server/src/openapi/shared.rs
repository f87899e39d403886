//! Answers that many operations share, in the document.
//!
//! A handler says what its own operation answers, with the statuses of the contract. What the wire's manners add to
//! many of them (a body that cannot be read, a record that does not exist) is added here, as references to
//! `components/responses`.

use edge::{ErrorJson, ErrorText};
use utoipa::openapi::path::{Operation, Parameter, ParameterIn, PathItem};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Components, ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

/// An answer that operations share.
struct Shared {
    status: u16,
    /// Its name in `components/responses`.
    name: &'static str,
    description: &'static str,
    is_given: fn(&str, &Operation) -> bool,
}

/// In the order in which they are looked at: the first of a status stays.
const SHARED: [Shared; 11] = [
    Shared {
        status: 400,
        name: "unreadable",
        description: "The request cannot be read",
        // A contact who is online is not deleted.
        is_given: |_, operation| reads_parameters(operation) || is_one_of(operation, &["contactDelete"]),
    },
    Shared {
        status: 401,
        name: "unauthorized",
        description: "No key, a key that is not valid, or one that may not do this",
        is_given: |_, operation| needs_key(operation),
    },
    Shared {
        status: 402,
        name: "limit_reached",
        description: "The account has as many as it may have",
        is_given: |_, operation| is_one_of(operation, &["addNewAgentToAccount", "inboxCreation"]),
    },
    Shared {
        status: 404,
        name: "not_found",
        description: "Something that the address or the body names does not exist",
        is_given: |path, operation| path.contains('{') || operation.request_body.is_some(),
    },
    Shared { status: 408, name: "too_slow", description: "The request took too long", is_given: |_, _| true },
    Shared {
        status: 409,
        name: "conflict",
        description: "The same thing is being done, or has been done otherwise",
        is_given: |_, operation| is_one_of(operation, &["addNewAgentToAccount", "addNewAgentsToAccount"]),
    },
    Shared {
        status: 413,
        name: "too_large",
        description: "The body, or a part of it, is too large",
        is_given: |_, operation| operation.request_body.is_some(),
    },
    Shared {
        status: 415,
        name: "unsupported_media",
        description: "The body is neither JSON nor a form",
        is_given: |_, operation| operation.request_body.is_some(),
    },
    Shared {
        status: 422,
        name: WITHOUT_BODY,
        description: "A parameter cannot be so; without a known `type` there is no body",
        is_given: |_, operation| {
            is_one_of(operation, &["getAccountConversationMetrics", "getAgentConversationMetrics"])
        },
    },
    Shared {
        status: 422,
        name: "refused",
        description: "A field cannot be so, or a rule refuses the request",
        // A contact who is online is not deleted.
        is_given: |_, operation| reads_parameters(operation) || is_one_of(operation, &["contactDelete"]),
    },
    Shared {
        status: 503,
        name: "busy",
        description: "The server is busy; the header Retry-After says when to come back",
        is_given: |_, _| true,
    },
];

/// The answer that has a body only at times.
const WITHOUT_BODY: &str = "refused_at_times_without_body";

/// Adds them to the operations that give them, and says what they are.
pub fn add(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        for operation in operations(item) {
            refer(path, operation);
        }
    }
    let components = document.components.get_or_insert_with(Components::new);
    components.schemas.insert(ErrorJson::name().into_owned(), ErrorJson::schema());
    components.schemas.insert(ErrorText::name().into_owned(), ErrorText::schema());
    components.responses.extend(SHARED.iter().map(|shared| (shared.name.to_owned(), shared.response().into())));
}

fn refer(path: &str, operation: &mut Operation) {
    let given: Vec<&Shared> = SHARED.iter().filter(|shared| (shared.is_given)(path, operation)).collect();
    for shared in given {
        let answer = || RefOr::Ref(Ref::from_response_name(shared.name));
        operation.responses.responses.entry(shared.status.to_string()).or_insert_with(answer);
    }
}

impl Shared {
    fn response(&self) -> Response {
        let response = ResponseBuilder::new().description(self.description);
        if self.name == WITHOUT_BODY {
            return response.build();
        }
        let error = ContentBuilder::new().schema(Some(Ref::from_schema_name(ErrorJson::name()))).build();
        response.content("application/json", error).build()
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch].into_iter().flatten()
}

fn is_one_of(operation: &Operation, ids: &[&str]) -> bool {
    operation.operation_id.as_deref().is_some_and(|id| ids.contains(&id))
}

/// Whether anything is read beside the address.
fn reads_parameters(operation: &Operation) -> bool {
    let in_query = |parameter: &RefOr<Parameter>| match parameter {
        RefOr::T(parameter) => parameter.parameter_in == ParameterIn::Query,
        RefOr::Ref(_) => false,
    };
    operation.request_body.is_some() || operation.parameters.iter().flatten().any(in_query)
}

/// Whether no request is answered without a key.
fn needs_key(operation: &Operation) -> bool {
    let choices = operation.security.as_deref().unwrap_or_default();
    !choices.is_empty() && !choices.contains(&SecurityRequirement::default())
}
