//! The way that one search for credentials took: the sources that were tried, and why, which roles were
//! assumed.
//!
//! Invariant: holds names of places and sentences, never keys.

/// What a search asked, as far as it came.
#[derive(Default)]
pub(crate) struct Trail {
    /// The last source: the one that returned keys, or failed.
    pub(crate) place: Option<String>,
    /// The sources before it, and why they had none.
    pub(crate) tried: Vec<(String, String)>,
    /// The roles that were to be assumed, one with the keys of the other.
    pub(crate) roles: Vec<String>,
}

impl Trail {
    /// Asks a place.
    pub(super) fn ask(&mut self, place: impl Into<String>) {
        self.place = Some(place.into());
    }

    /// The last source has none.
    pub(super) fn none(&mut self, why: String) {
        if let Some(place) = self.place.take() {
            self.tried.push((place, why));
        }
    }

    /// Why each of them had none, in one line: a reason that two places share stands there once.
    pub(super) fn reasons(&self) -> String {
        let mut reasons: Vec<&str> = Vec::new();
        for (_, why) in &self.tried {
            if !reasons.iter().any(|known| known.contains(why.as_str())) {
                reasons.push(why);
            }
        }
        reasons.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::Trail;

    #[test]
    fn each_reason_is_said_once() {
        let mut trail = Trail::default();
        for (place, why) in [("a", "no file"), ("b", "no variable"), ("c", "no file")] {
            trail.ask(place);
            trail.none(why.to_owned());
        }
        assert_eq!(trail.reasons(), "no file; no variable");
    }
}
