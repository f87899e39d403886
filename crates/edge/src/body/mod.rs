//! The parameters of a request (rest.md §1.2): query and body in one map, read leniently into a type.

mod clean;
mod file;
mod fit;
mod json;
mod limit;
mod media;
mod multipart;
mod nested;
mod posted;
mod urlencoded;

use std::ops::Deref;

use axum::extract::{FromRequest, FromRequestParts, Request};
use http::request::Parts;
use serde::de::DeserializeOwned;

pub(crate) use clean::clean;
pub use file::{File, Incoming, Receiver, Uploads};
pub(crate) use fit::BLANK;
pub use limit::{BodyLimit, MultipartLimit};
pub(crate) use media::Media;

use crate::Error;
use multipart::Files;
use posted::Posted;

/// A type that [`Body`] reads.
pub trait Shape: DeserializeOwned {
    /// The key under which the fields stand. In JSON it may be left out, in forms it may not.
    const WRAPPER: Option<&'static str> = None;
}

/// The parameters of query and body as `T`; a name in both has the query's value. Files are skipped.
///
/// Takes JSON, urlencoded forms and multipart. Refuses with [`Error::Invalid`] what does not fit `T`.
#[derive(Debug, Clone, Copy)]
pub struct Body<T>(pub T);

/// [`Body`] for requests that may carry files.
#[derive(Debug, Clone)]
pub struct BodyWithFiles<T> {
    /// The parameters.
    pub value: T,
    /// The files with their field names as sent (`attachments[]`), in order.
    pub files: Vec<(String, File)>,
}

/// The parameters of the query alone, read as leniently as [`Body`].
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T> Body<T> {
    /// The parameters.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Body<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Deref for Query<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Shape, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        let mut posted = posted::read(request, Files::Skip).await?;
        shaped(&mut posted).map(Self)
    }
}

impl<T: Shape, S: Send + Sync> FromRequest<S> for BodyWithFiles<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        let mut posted = posted::read(request, Files::Keep).await?;
        let value = shaped(&mut posted)?;
        Ok(Self { value, files: posted.files })
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let mut map = urlencoded::read(parts.uri.query().unwrap_or_default().as_bytes())?;
        clean(&mut map)?;
        fit::fit(map).map(Self)
    }
}

fn shaped<T: Shape>(posted: &mut Posted) -> Result<T, Error> {
    fit::fit(posted.parameters(T::WRAPPER)?)
}
