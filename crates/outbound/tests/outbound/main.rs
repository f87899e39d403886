//! What the client promises, seen from the servers that it does or does not call.

mod calls;
mod guard;
mod support;
mod tls;
