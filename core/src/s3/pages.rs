//! Proof that a paged list goes on: what the pages before left behind travels inside of the continuation.
//!
//! Invariant: a list that repeats a page or a token ends with an error, whoever turns its pages; memory and
//! continuation stay small. Short cycles (`WINDOW` pages) are found at the first repetition, longer ones by
//! Brent's mark, within three times their length. Order proves nothing here: directory buckets and some
//! servers list in an order of their own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::error::{Error, ErrorKind, Result};
use crate::reply::Entry;

/// How a continuation of ours begins; one without it is the server's own, from a list that begins here.
const MAGIC: &str = "oarlock:1:";
/// Pages that are remembered one by one.
const WINDOW: usize = 16;
/// Pages in a row that may bring nothing: servers pass over hidden rows that way.
const MAX_IDLE: u8 = 100;

/// What a page shows of itself.
pub(super) enum Shown {
    /// No row.
    Nothing,
    /// Common prefixes alone. Servers that roll up page by page repeat them and advance all the same.
    Prefixes(u64),
    /// The first row that is no prefix.
    Row(u64),
}

impl Shown {
    /// Of objects or versions.
    pub(super) fn of(entries: &[Entry]) -> Shown {
        match (entries.iter().find(|entry| !entry.is_prefix), entries.first()) {
            (Some(row), _) => Shown::row(&row.key, row.version_id.as_deref().unwrap_or_default()),
            (None, Some(prefix)) => Shown::Prefixes(fingerprint(&["prefix", &prefix.key])),
            (None, None) => Shown::Nothing,
        }
    }

    /// Of one row, by its key and by what distinguishes it from others of that key.
    pub(super) fn row(key: &str, id: &str) -> Shown {
        Shown::Row(fingerprint(&["row", key, id]))
    }
}

/// What the pages of a list left behind so far.
#[derive(Debug, Default, PartialEq)]
pub(super) struct PageHistory {
    pages: u32,
    idle: u8,
    /// Token and row of the last page whose number is a power of two.
    mark: [u64; 2],
    /// Tokens and rows of the last pages, the oldest first.
    seen: Vec<u64>,
}

impl PageHistory {
    /// Splits a continuation into the history and the server's own part.
    pub(super) fn split(continuation: Option<&str>) -> (PageHistory, Option<&str>) {
        let Some(text) = continuation else { return (PageHistory::default(), None) };
        let ours = text.strip_prefix(MAGIC).and_then(|text| text.split_once(':'));
        match ours.and_then(|(history, token)| Some((PageHistory::read(history)?, token))) {
            Some((history, token)) => (history, Some(token)),
            None => (PageHistory::default(), Some(text)),
        }
    }

    fn read(text: &str) -> Option<PageHistory> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (head, numbers) = bytes.split_at_checked(5)?;
        let (pages, idle) = (u32::from_be_bytes(head[..4].try_into().ok()?), head[4]);
        let (numbers, []) = numbers.as_chunks::<8>() else { return None };
        let mut numbers = numbers.iter().map(|number| u64::from_be_bytes(*number));
        Some(PageHistory { pages, idle, mark: [numbers.next()?, numbers.next()?], seen: numbers.collect() })
    }

    fn write(&self) -> String {
        let mut bytes = self.pages.to_be_bytes().to_vec();
        bytes.push(self.idle);
        bytes.extend(self.mark.iter().chain(&self.seen).flat_map(|number| number.to_be_bytes()));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Adds a page; returns the continuation of the next one, if there is one.
    pub(super) fn next(mut self, shown: &Shown, token: Option<String>) -> Result<Option<String>> {
        self.pages = self.pages.saturating_add(1);
        let known =
            |number: u64| self.seen.contains(&number) || (self.pages > 1 && self.mark.contains(&number));
        let (row, is_idle) = match *shown {
            Shown::Nothing => (0, true),
            Shown::Prefixes(row) => (row, known(row)),
            Shown::Row(row) if known(row) => {
                return Err(repeated(self.pages, "brings again what an earlier page brought"));
            }
            Shown::Row(row) => (row, false),
        };
        let Some(token) = token else { return Ok(None) };
        let number = fingerprint(&["token", &token]);
        if known(number) {
            return Err(repeated(self.pages, "refers back to an earlier page"));
        }
        self.idle = if is_idle { self.idle.saturating_add(1) } else { 0 };
        if self.idle > MAX_IDLE {
            return Err(repeated(self.pages, &format!("is the last of {MAX_IDLE} that bring nothing new")));
        }
        if self.pages.is_power_of_two() {
            self.mark = [number, row];
        }
        self.seen.push(number);
        if row != 0 {
            self.seen.push(row);
        }
        let surplus = self.seen.len().saturating_sub(2 * WINDOW);
        self.seen.drain(..surplus);
        Ok(Some(format!("{MAGIC}{}:{token}", self.write())))
    }
}

/// The error for a list that repeats itself.
pub(super) fn repeated(page: u32, what: &str) -> Error {
    Error::new(
        ErrorKind::Service,
        format!("the server's list goes in circles: page {page} {what}; the list is not complete"),
    )
}

/// The error for a truncated list that names no next page.
pub(super) fn ended(hint: &str) -> Error {
    let message =
        format!("the server ended a truncated list: it announces more, but not where to go on{hint}");
    Error::new(ErrorKind::Service, message)
}

fn fingerprint(texts: &[&str]) -> u64 {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    let digest: [u8; 32] = hash.finalize().into();
    // Zero means no row.
    u64::from_be_bytes(digest[..8].try_into().unwrap_or_default()).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Turns pages until the list fails or has so many; returns how many were turned.
    fn turn(most: u32, page: impl Fn(u32) -> (Shown, String)) -> (u32, Option<Error>) {
        let mut continuation = None;
        for number in 1..=most {
            let (history, token) = PageHistory::split(continuation.as_deref());
            if number > 1 {
                assert_eq!(token, Some(&*page(number - 1).1), "the server's part comes back as it was");
            }
            let (shown, token) = page(number);
            match history.next(&shown, Some(token)) {
                Ok(next) => continuation = next,
                Err(error) => return (number, Some(error)),
            }
            assert!(continuation.as_ref().unwrap().len() < 500);
        }
        (most, None)
    }

    #[test]
    fn a_list_that_goes_on_is_let_go_on() {
        let fine = |number: u32| (Shown::row(&format!("k{number:09}"), ""), format!("t{number}:\n ü"));
        assert_eq!(turn(5000, fine).0, 5000);
        let backwards =
            |number: u32| (Shown::row(&format!("k{:09}", 9_999 - number), ""), format!("t{number}"));
        assert!(turn(5000, backwards).1.is_none());
    }

    #[test]
    fn a_short_cycle_is_found_at_the_first_repetition() {
        for period in 1..=WINDOW as u32 {
            let tokens =
                |number: u32| (Shown::row(&format!("k{number}"), ""), format!("t{}", number % period));
            assert_eq!(turn(1000, tokens).0, period + 1, "tokens of period {period}");
            let rows = |number: u32| (Shown::row(&format!("k{}", number % period), ""), format!("t{number}"));
            let (number, error) = turn(1000, rows);
            assert_eq!(
                (number, error.unwrap().kind()),
                (period + 1, ErrorKind::Service),
                "rows of period {period}"
            );
        }
    }

    #[test]
    fn a_long_cycle_is_found_in_the_end() {
        for (lead, period) in [(0, 100), (57, 333), (300, 1000)] {
            let tail = |number: u32| if number > lead { lead + (number - lead) % period } else { number };
            let (number, error) = turn(100_000, |number| (Shown::Nothing, format!("t{}", tail(number))));
            assert!(error.is_some() && number <= 3 * (lead + period), "{lead} {period}: {number}");
            let (number, error) =
                turn(100_000, |number| (Shown::row(&format!("k{}", tail(number)), ""), format!("t{number}")));
            assert!(error.is_some() && number <= 3 * (lead + period), "{lead} {period}: {number}");
        }
    }

    #[test]
    fn pages_that_bring_nothing_are_few() {
        assert_eq!(turn(1000, |number| (Shown::Nothing, format!("t{number}"))).0, u32::from(MAX_IDLE) + 1);
        let same = |number: u32| (Shown::Prefixes(7), format!("t{number}"));
        assert_eq!(turn(1000, same).0, u32::from(MAX_IDLE) + 2);
        let now_and_then = |number: u32| match number % 50 {
            0 => (Shown::row(&format!("k{number}"), ""), format!("t{number}")),
            _ => (Shown::Nothing, format!("t{number}")),
        };
        assert!(turn(1000, now_and_then).1.is_none());
    }

    #[test]
    fn the_last_page_must_bring_something_new() {
        let (history, _) = PageHistory::split(None);
        let next = history.next(&Shown::row("a", ""), Some("t".to_owned())).unwrap();
        assert!(PageHistory::split(next.as_deref()).0.next(&Shown::row("a", ""), None).is_err());
        assert_eq!(PageHistory::split(next.as_deref()).0.next(&Shown::Nothing, None).unwrap(), None);
        assert_eq!(PageHistory::split(next.as_deref()).0.next(&Shown::row("a", "2"), None).unwrap(), None);
    }

    #[test]
    fn a_token_of_the_server_is_a_continuation_too() {
        for text in ["", "raw", "a:b", "oarlock:1:", "oarlock:1:!:x", "oarlock:1:AAAA:x", "v\nkey"] {
            let (history, token) = PageHistory::split(Some(text));
            assert_eq!((history.pages, token), (0, Some(text)));
            let next = history.next(&Shown::Nothing, Some(text.to_owned())).unwrap();
            let (history, token) = PageHistory::split(next.as_deref());
            assert_eq!((history.pages, token), (1, Some(text)));
            assert!(
                history.next(&Shown::Nothing, Some(text.to_owned())).is_err(),
                "{text:?} leads back to itself"
            );
        }
    }
}
