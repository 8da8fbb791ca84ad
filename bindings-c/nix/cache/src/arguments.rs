//! The command line: words and options, by one table for each command.
//!
//! Invariant: an unknown option is an error. No option takes a secret; those that need one take a file.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::failure::{Failure, Result};

/// An option: its name, the word for its value (none for a flag), its meaning.
pub type OptionRow = (&'static str, &'static str, &'static str);

/// A command.
pub struct CommandRow {
    /// Its name.
    pub name: &'static str,
    /// Its words.
    pub words: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// Its options.
    pub options: &'static [OptionRow],
}

/// The options of every command.
pub const COMMON: &[OptionRow] = &[
    (
        "settings-file",
        "FILE",
        "lines `name = value`, any setting of oarlock; for what must not be in a command line",
    ),
    ("json", "", "print the result as JSON"),
    ("quiet", "", "no progress"),
    ("help", "", "print this"),
];

/// What the command line holds.
#[derive(Debug, Default)]
pub struct Arguments {
    /// The words that are no options.
    pub words: Vec<String>,
    options: BTreeMap<&'static str, Vec<String>>,
}

impl Arguments {
    /// Reads the words after the command's name.
    pub fn parse(row: &CommandRow, given: impl IntoIterator<Item = String>) -> Result<Arguments> {
        let mut read = Arguments::default();
        let mut given = given.into_iter();
        while let Some(word) = given.next() {
            let Some(option) = word.strip_prefix("--") else {
                if word.starts_with('-') && word.len() > 1 {
                    return Err(Failure::usage(format!(
                        "unknown option `{word}`; `{} --help` lists them",
                        row.name
                    )));
                }
                read.words.push(word);
                continue;
            };
            if option.is_empty() {
                read.words.extend(given.by_ref());
                break;
            }
            let (name, value) =
                option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
            let Some((name, kind, _)) = row.options.iter().chain(COMMON).find(|(known, ..)| *known == name)
            else {
                return Err(Failure::usage(format!(
                    "unknown option `--{name}`; `{} --help` lists them",
                    row.name
                )));
            };
            let value = match (kind.is_empty(), value) {
                (true, None) => String::new(),
                (true, Some(_)) => return Err(Failure::usage(format!("`--{name}` takes no value"))),
                (false, Some(value)) => value.to_owned(),
                (false, None) => {
                    given.next().ok_or_else(|| Failure::usage(format!("`--{name}` needs a value: {kind}")))?
                }
            };
            read.options.entry(name).or_default().push(value);
        }
        Ok(read)
    }

    /// Whether a flag is there.
    pub fn has(&self, name: &str) -> bool {
        self.options.contains_key(name)
    }

    /// The last value of an option.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values(name).last().map(String::as_str)
    }

    /// All values of an option.
    pub fn values(&self, name: &str) -> &[String] {
        self.options.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// An option's value as a path.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.value(name).map(PathBuf::from)
    }

    /// A number.
    pub fn number(&self, name: &str, default: u64) -> Result<u64> {
        let read = |text: &str| {
            text.parse().map_err(|_| Failure::usage(format!("`--{name}` is {text:?}; it takes a number")))
        };
        self.value(name).map_or(Ok(default), read)
    }

    /// A size: a number, or one with K, M, G or T.
    pub fn size(&self, name: &str, default: u64) -> Result<u64> {
        let Some(text) = self.value(name) else { return Ok(default) };
        size(text).ok_or_else(|| {
            Failure::usage(format!("`--{name}` is {text:?}; it takes a size, for example 500M or 20G"))
        })
    }

    /// A time: a number with s, m, h, d or w.
    pub fn time(&self, name: &str, default: Duration) -> Result<Duration> {
        let Some(text) = self.value(name) else { return Ok(default) };
        time(text).ok_or_else(|| {
            Failure::usage(format!("`--{name}` is {text:?}; it takes a time, for example 90s, 12h or 30d"))
        })
    }

    /// The first word, and the others.
    pub fn url(&self) -> Result<(&str, &[String])> {
        let is_url = |word: &&String| word.contains("://");
        match self.words.split_first() {
            Some((url, rest)) if is_url(&url) => Ok((url, rest)),
            _ => {
                Err(Failure::usage("the first word must be the cache's URL, for example s3://bucket/prefix"))
            }
        }
    }
}

fn size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit: u64 = match &*text[digits.len()..].to_ascii_uppercase() {
        "" | "B" => 1,
        "K" | "KIB" => 1 << 10,
        "M" | "MIB" => 1 << 20,
        "G" | "GIB" => 1 << 30,
        "T" | "TIB" => 1 << 40,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

fn time(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit).map(Duration::from_secs)
}

/// The page that `--help` prints for a command.
pub fn help(row: &CommandRow) -> String {
    let mut page = format!("oarlock-nix {} {}\n\n{}\n\n", row.name, row.words, row.doc);
    for (name, kind, doc) in row.options.iter().chain(COMMON) {
        page += &format!("  {:<28} {doc}\n", format!("--{name} {kind}").trim_end());
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: CommandRow =
        CommandRow { name: "x", words: "", doc: "", options: &[("age", "TIME", ""), ("all", "", "")] };

    fn read(words: &[&str]) -> Result<Arguments> {
        Arguments::parse(&ROW, words.iter().map(|word| word.to_string()))
    }

    #[test]
    fn words_and_options() {
        let read = read(&["s3://b", "--age", "2d", "--all", "p", "--age=3h", "--", "--q"]).unwrap();
        assert_eq!(read.url().unwrap(), ("s3://b", &["p".to_owned(), "--q".to_owned()][..]));
        assert_eq!(read.time("age", Duration::ZERO).unwrap(), Duration::from_secs(3 * 3600));
        assert!(read.has("all") && !read.has("json") && read.values("age").len() == 2);
        assert_eq!(
            (size("20G"), size("5KiB"), size("x"), size("1X")),
            (Some(20 << 30), Some(5120), None, None)
        );
        assert_eq!((time("5"), time("1w")), (None, Some(Duration::from_secs(604_800))));
    }

    #[test]
    fn wrong_ones_are_refused() {
        for words in [&["--none"][..], &["-x"], &["--age"], &["--all=1"]] {
            assert_eq!(read(words).unwrap_err().code, crate::failure::USAGE);
        }
        assert!(read(&["b"]).unwrap().url().is_err());
    }
}
