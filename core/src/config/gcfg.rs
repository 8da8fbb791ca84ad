//! The files that package servers are configured by: sections, quoted sub-sections, names and values, close
//! to git's own format.
//!
//! Invariant: text is read, and refused, as the Go package gopkg.in/gcfg.v1 (v1.2.3) does it:
//! - A line ends at `\n` alone. Before a name, a value or a line's end, `\r` is white space; within a value
//!   it is dropped.
//! - A value runs from `=` to the line's end, `#` or `;`; with nothing there it is empty. Blanks at its ends
//!   are dropped.
//! - Quotes may open and close anywhere in a value, and must close on the same line. They know `\\`, `\"`,
//!   `\n` and `\t`.
//! - Outside quotes a backslash stands only before a line's end, which it joins with the next line, or before
//!   `"`.
//! - A name without `=` has no value, which means true; a header stands alone on its line; NUL stands
//!   nowhere.
//!
//! Section and variable names come out in lower case, sub-sections as written. Must not interpret a section.

use std::iter::Peekable;
use std::str::Chars;

use crate::error::{Result, fail};

/// A section, with its lines in order.
#[derive(Debug, PartialEq)]
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) sub: Option<String>,
    pub(crate) line: usize,
    pub(crate) variables: Vec<Variable>,
}

/// A variable: its value, or nothing where it has no `=`, which means true.
#[derive(Debug, PartialEq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
    pub(crate) line: usize,
}

/// The sections of a file, in order.
pub(crate) fn parse(text: &str) -> Result<Vec<Section>> {
    if let Some((before, _)) = text.split_once('\0') {
        fail!(Config, "line {}: the text holds a NUL", before.matches('\n').count() + 1);
    }
    let mut reader =
        GcfgParser { rest: text.strip_prefix('\u{feff}').unwrap_or(text).chars().peekable(), line: 1 };
    let mut sections: Vec<Section> = Vec::new();
    loop {
        reader.blank();
        let line = reader.line;
        match reader.rest.peek().copied() {
            None => return Ok(sections),
            Some('\n') => {
                reader.next();
            }
            Some('#' | ';') => reader.comment(),
            Some('[') => {
                let (name, sub) = reader.header()?;
                sections.push(Section { name, sub, line, variables: Vec::new() });
            }
            Some(c) if c.is_alphabetic() => {
                let name = reader.name();
                let value = reader.value(&name)?;
                let Some(section) = sections.last_mut() else {
                    fail!(Config, "line {line}: `{name}` stands before the first [section]")
                };
                section.variables.push(Variable { name, value, line });
            }
            Some(c) => fail!(Config, "line {line}: expected a [section] or a name, not {c:?}"),
        }
    }
}

struct GcfgParser<'a> {
    rest: Peekable<Chars<'a>>,
    line: usize,
}

impl GcfgParser<'_> {
    fn next(&mut self) -> Option<char> {
        let next = self.rest.next();
        self.line += usize::from(next == Some('\n'));
        next
    }

    /// Skips white space within a line.
    fn blank(&mut self) {
        while self.rest.next_if(|c| matches!(c, ' ' | '\t' | '\r')).is_some() {}
    }

    fn comment(&mut self) {
        while self.rest.next_if(|c| *c != '\n').is_some() {}
    }

    /// Letters, digits and hyphens.
    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.rest.next_if(|c| c.is_alphanumeric() || *c == '-') {
            name.extend(c.to_lowercase());
        }
        name
    }

    /// `[name]` or `[name "sub-section"]`, alone on its line.
    fn header(&mut self) -> Result<(String, Option<String>)> {
        let line = self.line;
        self.next();
        self.blank();
        if !self.rest.peek().is_some_and(|c| c.is_alphabetic()) {
            fail!(Config, "line {line}: the name of a section begins with a letter");
        }
        let name = self.name();
        self.blank();
        let sub = match self.next() {
            Some(']') => None,
            Some('"') => Some(self.sub(line)?),
            Some('.') => fail!(Config, "line {line}: write a sub-section as [{name} \"name\"]"),
            _ => fail!(Config, "line {line}: the section [{name} is not closed by `]`"),
        };
        if let Some(sub) = &sub {
            self.blank();
            if self.next() != Some(']') {
                fail!(Config, "line {line}: the section [{name} {sub:?} is not closed by `]`");
            }
            if sub.is_empty() {
                fail!(Config, "line {line}: the sub-section of [{name}] has an empty name");
            }
        }
        self.blank();
        match self.rest.peek() {
            Some('\n' | '#' | ';') | None => Ok((name, sub)),
            Some(c) => fail!(
                Config,
                "line {line}: the header of section [{name}] stands alone on its line; {c:?} follows it"
            ),
        }
    }

    fn sub(&mut self, line: usize) -> Result<String> {
        let mut sub = String::new();
        loop {
            match self.next() {
                Some('"') => return Ok(sub),
                Some('\\') => match self.next() {
                    Some(c @ ('"' | '\\')) => sub.push(c),
                    _ => fail!(
                        Config,
                        "line {line}: the name of a sub-section may contain only the escapes \\\" and \\\\"
                    ),
                },
                Some('\n') | None => {
                    fail!(Config, "line {line}: the name of the sub-section is not closed by a quote")
                }
                Some(c) => sub.push(c),
            }
        }
    }

    /// What follows a variable's name, to the end of the line.
    fn value(&mut self, name: &str) -> Result<Option<String>> {
        let line = self.line;
        self.blank();
        match self.rest.peek() {
            Some('=') => self.next(),
            Some('\n' | '#' | ';') | None => return Ok(None),
            Some(c) => fail!(Config, "line {line}: expected `=` after {name:?}, not {c:?}"),
        };
        self.blank();
        // `kept`: the length up to the last character that is no white space at the end.
        let (mut value, mut kept, mut quoted) = (String::new(), 0, false);
        loop {
            match self.rest.peek().copied() {
                None | Some('\n') if quoted => {
                    fail!(Config, "line {line}: the value of `{name}` is not closed by a quote")
                }
                None | Some('\n') => break,
                Some('#' | ';') if !quoted => break,
                _ => {}
            }
            match self.next() {
                Some('"') => quoted = !quoted,
                Some('\\') => value.extend(self.escaped(name, quoted)?),
                Some('\r') | None => {
                    if !quoted {
                        continue;
                    }
                }
                Some(c) => {
                    value.push(c);
                    if !quoted && matches!(c, ' ' | '\t') {
                        continue;
                    }
                }
            }
            kept = value.len();
        }
        value.truncate(kept);
        Ok(Some(value))
    }

    /// What a backslash and the next character stand for: nothing where they join two lines.
    fn escaped(&mut self, name: &str, quoted: bool) -> Result<Option<char>> {
        let line = self.line;
        if quoted {
            return match self.next() {
                Some(c @ ('"' | '\\')) => Ok(Some(c)),
                Some('n') => Ok(Some('\n')),
                Some('t') => Ok(Some('\t')),
                _ => fail!(
                    Config,
                    "line {line}: the value of `{name}` holds an escape other than \\\\, \\\", \\n and \\t; \
                     write a backslash as \\\\"
                ),
            };
        }
        self.rest.next_if_eq(&'\r');
        match self.next() {
            Some('"') => Ok(Some('"')),
            Some('\n') => Ok(None),
            _ => fail!(
                Config,
                "line {line}: the value of `{name}` holds a backslash, an escape that only a quoted value \
                 may contain; \
                 write \"\\\\\" for one"
            ),
        }
    }
}

#[cfg(test)]
mod tests;
