//! Listings against a plain reference: random trees, prefixes, delimiters, positions and page sizes.

use std::collections::BTreeSet;

use super::*;
use crate::options::List;
use crate::reply::Entry;

/// A generator of plain, repeatable chance (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    /// Names that sort differently with and without the slash that follows a directory's.
    fn key(&mut self) -> String {
        let names = ["a", "b", "a.txt", "a-b", "a0", "ab", "A", "ü", "~", "a b", "."];
        let depth = 1 + self.below(3);
        (0..depth)
            .map(|_| self.pick(&names))
            .map(|name| if name == "." { ".hidden" } else { name })
            .collect::<Vec<_>>()
            .join("/")
    }
}

/// S3's result: each key after the position, or its common prefix once.
fn reference(keys: &BTreeSet<String>, prefix: &str, delimiter: &str, after: &str) -> Vec<(String, bool)> {
    let group = |key: &str| -> Option<String> {
        let at = key.strip_prefix(prefix)?.find(delimiter).filter(|_| !delimiter.is_empty())?;
        Some(key[..prefix.len() + at + delimiter.len()].to_owned())
    };
    let reported = group(after).filter(|group| group == after);
    let mut rows: Vec<(String, bool)> = Vec::new();
    for key in keys.iter().filter(|key| key.starts_with(prefix) && key.as_str() > after) {
        let row = match group(key) {
            Some(group) => (group, true),
            None => (key.clone(), false),
        };
        if rows.last() != Some(&row) && reported.as_ref() != Some(&row.0) {
            rows.push(row);
        }
    }
    rows
}

fn pages(store: &Store, prefix: &str, mut options: List) -> Vec<Entry> {
    let mut rows = Vec::new();
    loop {
        let size = options.page_size.unwrap() as usize;
        let page = store.list(prefix, options.clone()).wait(None).unwrap();
        assert!(
            page.entries.len() == size || (page.next.is_none() && page.entries.len() < size),
            "a page is short"
        );
        rows.extend(page.entries);
        let Some(next) = page.next else { return rows };
        options.continuation = Some(next);
    }
}

#[test]
fn random_trees_list_as_a_bucket_would() {
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    for tree in 0..25 {
        let at = fresh();
        let mut keys = BTreeSet::new();
        for _ in 0..chance.below(40) {
            let key = chance.key();
            // Straight to the file system: objects that other programs made count as well. What can't be is
            // left out.
            let path = at.path(&key);
            if fs::create_dir_all(path.parent().unwrap()).is_ok()
                && !path.is_dir()
                && fs::write(&path, &key).is_ok()
            {
                keys.insert(key);
            }
        }
        for _ in 0..20 {
            let whole = chance.key();
            let cut = whole.char_indices().nth(chance.below(whole.chars().count())).unwrap().0;
            let prefix = [&whole[..cut], "", "a", "a/", "nowhere/"][chance.below(5)].to_owned();
            let delimiter = chance.pick(&["", "/", "/", "a", "b/", "/a", ".t", "ü"]);
            let after = match chance.below(4) {
                0 => chance.key(),
                1 => format!("{}/", chance.key()),
                _ => String::new(),
            };
            let page_size = [1, 2, 3, 7, 1000][chance.below(5)];
            let options = List {
                delimiter: Some(delimiter.into()),
                start_after: Some(after.clone()),
                page_size: Some(page_size),
                ..List::default()
            };
            let rows = pages(&at.store, &prefix, options);
            let reported: Vec<_> = rows.iter().map(|row| (row.key.clone(), row.is_prefix)).collect();
            assert_eq!(
                reported,
                reference(&keys, &prefix, delimiter, &after),
                "tree {tree}: {keys:?}, prefix {prefix:?}, delimiter {delimiter:?}, after {after:?}, pages \
                 of {page_size}"
            );
            assert!(rows.iter().all(|row| row.is_prefix == row.etag.is_none()
                && (row.is_prefix || row.size == row.key.len() as u64)));
        }
    }
}

#[test]
fn what_a_page_is_asked_for_is_checked() {
    let at = fresh();
    for (options, word) in [
        (List { page_size: Some(0), ..List::default() }, "page_size"),
        (List { page_size: Some(1001), ..List::default() }, "page_size"),
        (List { continuation: text("not a token!"), ..List::default() }, "continuation"),
    ] {
        let error = at.store.list("", options).wait(None).unwrap_err();
        assert_eq!(error.kind(), InvalidInput);
        assert!(error.message().contains(word), "{error}");
    }
    // Empty directories and special files are no objects.
    fs::create_dir_all(at.path("empty/deeper")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        at.path("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    let page = at.store.list("", List { delimiter: Some("/".into()), ..List::default() }).wait(None).unwrap();
    assert!(page.entries.is_empty() && page.next.is_none());
    assert_eq!(kind(at.store.get("pipe", Sink::Memory, Get::default())), Some(NotFound));
}
