//! Which files of a tree take part: patterns over their paths below the directory.
//!
//! Invariant: a pattern without a slash is matched against the name alone; what no `include` names or an
//! `exclude` names takes no part, neither in moving nor in deleting.

use fast_glob::glob_match;

use crate::error::{Result, fail};

pub(super) struct Select {
    include: Vec<String>,
    exclude: Vec<String>,
}

impl Select {
    pub(super) fn new(include: Option<Vec<String>>, exclude: Option<Vec<String>>) -> Result<Select> {
        let select = Select { include: include.unwrap_or_default(), exclude: exclude.unwrap_or_default() };
        for pattern in select.include.iter().chain(&select.exclude) {
            if pattern.is_empty() || pattern.starts_with('/') {
                fail!(
                    InvalidInput,
                    "a pattern is matched against the path below the directory; {pattern:?} matches nothing \
                     there"
                );
            }
        }
        Ok(select)
    }

    pub(super) fn takes(&self, path: &str) -> bool {
        let matches = |pattern: &String| match pattern.contains('/') {
            true => glob_match(pattern, path),
            false => glob_match(pattern, path.rsplit('/').next().unwrap_or(path)),
        };
        (self.include.is_empty() || self.include.iter().any(matches)) && !self.exclude.iter().any(matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let of =
            |text: &[&str]| (!text.is_empty()).then(|| text.iter().map(|text| text.to_string()).collect());
        for (include, exclude, path, expected) in [
            (&[][..], &[][..], "a/b.txt", true),
            (&["*.txt"], &[], "a/b.txt", true),
            (&["*.txt"], &[], "a/b.bin", false),
            (&["a/*"], &[], "a/b/c", false),
            (&["a/**"], &[], "a/b/c", true),
            (&["**/c"], &[], "c", true),
            (&["*.{txt,md}"], &["secret*"], "a/secret.txt", false),
            (&[], &["a/**/*.tmp"], "a/b/c.tmp", false),
            (&[], &["a/**/*.tmp"], "b/c.tmp", true),
            (&["v?.[0-9]"], &[], "v1.7", true),
        ] {
            assert_eq!(
                Select::new(of(include), of(exclude)).unwrap().takes(path),
                expected,
                "{include:?} {exclude:?} {path}"
            );
        }
        assert!(Select::new(of(&["/a"]), None).is_err());
    }
}
