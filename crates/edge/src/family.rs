//! The API families of rest.md §1.1, told apart by the address.

/// Whose manners an address follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// `/api/…` and everything that is none of the others.
    Application,
    /// `/auth/…`: signing in and out.
    Auth,
    /// `/platform/…`.
    Platform,
    /// `/public/…`.
    Public,
}

impl Family {
    pub(crate) fn of(path: &str) -> Self {
        if path.starts_with("/platform/") {
            Self::Platform
        } else if path.starts_with("/public/") {
            Self::Public
        } else if path.starts_with("/auth/") {
            Self::Auth
        } else {
            Self::Application
        }
    }
}

/// Whether `path` belongs to an API rather than to pages, files or probes.
pub(crate) fn is_api(path: &str) -> bool {
    ["/api/", "/platform/", "/public/", "/auth/"].iter().any(|prefix| path.starts_with(prefix)) || path == "/api"
}
