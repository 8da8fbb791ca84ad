//! The way that one search for credentials took: who was asked, who had none and why, which roles were assumed.
//!
//! Law: holds names of places and sentences, never keys.

/// What a search asked, as far as it came.
#[derive(Default)]
pub(crate) struct Trail {
    /// The place that was asked last: the one that gave the keys, or failed.
    pub(crate) place: Option<String>,
    /// Who was asked before, and why they had none.
    pub(crate) tried: Vec<(String, String)>,
    /// The roles that were to be assumed, one with the keys of the other.
    pub(crate) roles: Vec<String>,
}

impl Trail {
    /// Asks a place.
    pub(super) fn ask(&mut self, place: impl Into<String>) {
        self.place = Some(place.into());
    }

    /// The place that was asked last has none.
    pub(super) fn none(&mut self, why: String) {
        if let Some(place) = self.place.take() {
            self.tried.push((place, why));
        }
    }

    /// Why each of them had none, in one line.
    pub(super) fn reasons(&self) -> String {
        self.tried.iter().map(|(_, why)| why.as_str()).collect::<Vec<_>>().join("; ")
    }
}
