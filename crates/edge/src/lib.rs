//! The wire's manners: how requests are read and errors are written. Knows no feature.
//!
//! A request passes [`rewrite`] (twin addresses), then the router, then [`layers`] (request id, log, metrics,
//! headers), then the extractors [`Path`], [`Query`] and [`Body`]. A handler answers [`Json`] or [`Error`].

pub mod body;
pub mod error;
pub mod field;
pub mod layers;
pub mod render;
pub mod rewrite;

mod credential;
mod documented;
mod error_json;
mod family;
mod json;
mod path;

pub use body::{Body, BodyLimit, BodyWithFiles, File, Incoming, MultipartLimit, Query, Receiver, Shape, Uploads};
pub use credential::{Credential, Session, credential};
pub use documented::Documented;
pub use error::{Error, Problem, Result};
pub use error_json::{ErrorJson, ErrorText};
pub use json::{Empty, Json, NoContent};
pub use layers::{Echo, RequestId, Settings, Who};
pub use path::Path;
pub use render::OwnBody;
