//! Who made a request, for its log line.

use std::sync::{Arc, OnceLock};

use http::Extensions;

/// The caller as the log names it: `user 7`, `bot 3`, `platform app 1`. Never a token or an address.
///
/// Extractors tell it with [`Who::note`]; a handler may put it into the response's extensions instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who(pub String);

/// Where an extractor leaves it for the layer that gave the request away.
#[derive(Debug, Clone, Default)]
pub(super) struct Slot(Arc<OnceLock<Who>>);

impl Who {
    /// Notes the caller of the request with these extensions; the first note stays.
    pub fn note(self, request: &Extensions) {
        if let Some(slot) = request.get::<Slot>() {
            slot.0.get_or_init(|| self);
        }
    }
}

impl Slot {
    pub(super) fn get(&self) -> Option<&Who> {
        self.0.get()
    }
}
