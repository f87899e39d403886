//! Twin addresses and verbs, through the router.

use axum::Router;
use axum::body::Body;
use axum::extract::OriginalUri;
use axum::routing::{get as on_get, patch, put};
use edge::rewrite::Rewrite;
use edge::{Documented, Json, Settings};
use http::{Method, Request};

use crate::support::{get, send};

fn twins() -> Rewrite {
    let update = async |method: Method| Json(method.to_string());
    let address = async |OriginalUri(uri): OriginalUri| Json(uri.to_string());
    let router = Router::new()
        .route("/api/v1/profile", on_get(address).patch(update))
        .route("/api/v1/accounts/{account_id}/inboxes", on_get(address))
        .route("/api/v1/accounts/{account_id}/teams/{id}", patch(update))
        .route("/api/v1/accounts/{account_id}/contacts/{id}", put(update))
        .route("/api/v1/accounts/{account_id}/inbox_members", patch(update))
        .route("/api/v1/accounts/{account_id}/teams/{id}/team_members", patch(update));
    let router = edge::layers::wrap(router, Documented::default(), Settings::default());
    edge::rewrite::around(router, &["/api/v1/accounts/{}/contacts/{}"])
}

async fn call(method: Method, path: &str) -> u16 {
    send(&twins(), Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await.status
}

#[tokio::test]
async fn every_address_of_a_route_reaches_it_and_the_handler_can_see_which() {
    for path in [
        "/api/v1/profile",
        "/profile",
        "/profile/",
        "/profile.json?a=b",
        "/api/v1/accounts/1/inboxes",
        "/accounts/1/inboxes/?page=2",
        "/accounts/1/inboxes.json",
    ] {
        assert_eq!(get(&twins(), path).await.json(), path);
    }
    for path in ["/api/v1/profile//", "//profile", "/api//v1/profile", "/profile.xml", "/inboxes"] {
        assert_eq!(get(&twins(), path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn updates_answer_both_verbs_but_two_groups_only_patch() {
    for path in ["/profile", "/accounts/1/teams/2", "/api/v1/accounts/1/contacts/2", "/accounts/1/contacts/2.json"] {
        assert_eq!((call(Method::PUT, path).await, call(Method::PATCH, path).await), (200, 200), "{path}");
    }
    for path in ["/accounts/1/inbox_members", "/accounts/1/teams/2/team_members/"] {
        assert_eq!((call(Method::PUT, path).await, call(Method::PATCH, path).await), (405, 200), "{path}");
    }
    assert_eq!(call(Method::HEAD, "/profile").await, 200);
    assert_eq!(call(Method::POST, "/profile").await, 405);
}
