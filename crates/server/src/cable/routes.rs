//! `GET /cable` (realtime.md §1.1).

use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::response::{IntoResponse, Response};
use edge::Error;
use http::{StatusCode, header};

use super::channel::RoomChannel;
use crate::App;

/// A socket; whoever does not ask for one finds nothing. Who may hear is decided for each subscription.
pub async fn cable(State(app): State<App>, request: Result<WebSocketUpgrade, WebSocketUpgradeRejection>) -> Response {
    let Ok(request) = request else {
        let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
        return (StatusCode::NOT_FOUND, plain, "Page not found").into_response();
    };
    let (hub, clock, limits) = (app.cable.hub.clone(), app.clock.clone(), app.settings.socket_limits);
    if hub.open_sockets() >= limits.sockets {
        return Error::Unavailable.into_response();
    }
    realtime::upgrade(request, hub, clock, RoomChannel::new(app), limits)
}
