//! Headers that an answer repeats from its request, whatever the answer is (rest.md §1.10).

use std::sync::{Arc, OnceLock};

use http::{Extensions, HeaderMap};

/// What identifies the caller's session; an extractor tells it with [`Echo::note`].
#[derive(Debug, Clone)]
pub struct Echo(pub HeaderMap);

/// Where an extractor leaves it for the layer that gave the request away.
#[derive(Debug, Clone, Default)]
pub(super) struct Slot(Arc<OnceLock<Echo>>);

impl Echo {
    /// Has the answer to the request with these extensions carry the headers; the first note stays.
    pub fn note(self, request: &Extensions) {
        if let Some(slot) = request.get::<Slot>() {
            slot.0.get_or_init(|| self);
        }
    }
}

impl Slot {
    /// Adds what was noted; what the handler has set itself stays.
    pub(super) fn add_to(&self, headers: &mut HeaderMap) {
        for (name, value) in self.0.get().into_iter().flat_map(|echo| &echo.0) {
            headers.entry(name).or_insert_with(|| value.clone());
        }
    }
}
