//! The paging rules that all listings share: prefix, delimiter, marker, maximum.
//!
//! Invariant: a page is a pure function of ordered keys; a key that rolls up into a common prefix counts as
//! one entry, and a marker that is itself a common prefix leaves out all that rolls up into it. It must not
//! know XML.

pub struct Paging<'a> {
    pub prefix: &'a str,
    /// Empty for none.
    pub delimiter: &'a str,
    /// The key or common prefix that the page comes after; empty for none.
    pub after: &'a str,
    pub max: usize,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<(String, T)>,
    pub prefixes: Vec<String>,
    pub truncated: bool,
}

impl<T> Page<T> {
    /// The last entry of the page, be it key or common prefix.
    pub fn last(&self) -> Option<&str> {
        let item = self.items.last().map(|(key, _)| key.as_str());
        item.max(self.prefixes.last().map(String::as_str))
    }
}

impl Paging<'_> {
    /// Where an ordered walk may begin.
    pub fn start(&self) -> &str {
        self.prefix.max(self.after)
    }

    /// `entries` are ordered by key and already positioned after the marker.
    pub fn page<'k, T>(&self, entries: impl Iterator<Item = (&'k str, T)>) -> Page<T> {
        let mut page = Page { items: vec![], prefixes: vec![], truncated: false };
        let rolled_up_before = self.group(self.after).filter(|group| *group == self.after);
        for (key, value) in entries {
            if !key.starts_with(self.prefix) {
                if key > self.prefix {
                    break;
                }
                continue;
            }
            let group = self.group(key);
            if group.is_some()
                && (group == rolled_up_before || group == page.prefixes.last().map(String::as_str))
            {
                continue;
            }
            if page.items.len() + page.prefixes.len() == self.max {
                // A page of none is complete by definition.
                page.truncated = self.max > 0;
                break;
            }
            match group {
                Some(group) => page.prefixes.push(group.to_string()),
                None => page.items.push((key.to_string(), value)),
            }
        }
        page
    }

    /// The common prefix that `key` rolls up into.
    fn group<'k>(&self, key: &'k str) -> Option<&'k str> {
        if self.delimiter.is_empty() {
            return None;
        }
        let rest = key.strip_prefix(self.prefix)?;
        let at = rest.find(self.delimiter)?;
        Some(&key[..self.prefix.len() + at + self.delimiter.len()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 8] = ["a", "b/1", "b/2", "b/c/3", "b0", "c/", "c/x", "d"];

    fn page(prefix: &str, delimiter: &str, after: &str, max: usize) -> (Vec<String>, Vec<String>, bool) {
        let paging = Paging { prefix, delimiter, after, max };
        let page = paging.page(KEYS.into_iter().filter(|key| *key > after).map(|key| (key, ())));
        (page.items.into_iter().map(|(key, ())| key).collect(), page.prefixes, page.truncated)
    }

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_string).collect()
    }

    #[test]
    fn prefix_and_delimiter() {
        assert_eq!(page("", "", "", 100), (words("a b/1 b/2 b/c/3 b0 c/ c/x d"), vec![], false));
        assert_eq!(page("", "/", "", 100), (words("a b0 d"), words("b/ c/"), false));
        assert_eq!(page("b/", "/", "", 100), (words("b/1 b/2"), words("b/c/"), false));
        assert_eq!(page("b", "", "", 100), (words("b/1 b/2 b/c/3 b0"), vec![], false));
        assert_eq!(page("zz", "", "", 100), (vec![], vec![], false));
    }

    #[test]
    fn pages_join_without_gap_or_repeat() {
        for delimiter in ["", "/"] {
            let whole = page("", delimiter, "", 100);
            for max in 1..9 {
                let (mut items, mut prefixes, mut after) = (vec![], vec![], String::new());
                loop {
                    let paging = Paging { prefix: "", delimiter, after: &after, max };
                    let keys = KEYS.into_iter().filter(|key| *key > after.as_str());
                    let page = paging.page(keys.map(|key| (key, ())));
                    let (last, more) = (page.last().unwrap().to_string(), page.truncated);
                    items.extend(page.items.into_iter().map(|(key, ())| key));
                    prefixes.extend(page.prefixes);
                    if !more {
                        break;
                    }
                    after = last;
                }
                assert_eq!((items, prefixes, false), whole, "max {max}, delimiter {delimiter:?}");
            }
        }
    }

    #[test]
    fn a_marker_inside_a_group_still_shows_the_group() {
        assert_eq!(page("", "/", "b/1", 100), (words("b0 d"), words("b/ c/"), false));
        assert_eq!(page("", "/", "b/", 100), (words("b0 d"), words("c/"), false));
    }

    #[test]
    fn none_asked_none_given() {
        assert_eq!(page("", "", "", 0), (vec![], vec![], false));
    }

    #[test]
    fn exactly_full_is_not_truncated() {
        assert!(!page("", "/", "", 5).2);
        assert!(page("", "/", "", 4).2);
    }
}
