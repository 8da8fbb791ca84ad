//! The files that package servers are configured by: sections, quoted sub-sections, names and values, close to git's own format.
//!
//! Law: what gcfg (go-gcfg) refuses is refused here, with the line. Section and variable names come out in lower case,
//! sub-sections as written. Knows no section's meaning.

use std::iter::Peekable;
use std::str::Chars;

use crate::error::{Result, fail};

/// A section, with what stands in it in order.
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
    let mut reader = Reader { rest: text.strip_prefix('\u{feff}').unwrap_or(text).chars().peekable(), line: 1 };
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
                let Some(section) = sections.last_mut() else { fail!(Config, "line {line}: `{name}` stands before the first [section]") };
                section.variables.push(Variable { name, value, line });
            }
            Some(c) => fail!(Config, "line {line}: expected a [section] or a name, not {c:?}"),
        }
    }
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    line: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let mut next = self.rest.next();
        // A line may end as on Windows.
        if next == Some('\r') && self.rest.peek() == Some(&'\n') {
            next = self.rest.next();
        }
        self.line += usize::from(next == Some('\n'));
        next
    }

    fn blank(&mut self) {
        while self.rest.peek().is_some_and(|c| matches!(c, ' ' | '\t' | '\r')) {
            self.next();
            if self.rest.peek() == Some(&'\n') {
                return;
            }
        }
    }

    fn comment(&mut self) {
        while self.rest.peek().is_some_and(|c| *c != '\n') {
            self.rest.next();
        }
    }

    /// Letters, digits and hyphens.
    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.rest.peek().copied().filter(|c| c.is_alphanumeric() || *c == '-') {
            self.next();
            name.extend(c.to_lowercase());
        }
        name
    }

    /// `[name]` or `[name "sub-section"]`.
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
            Some(']') => return Ok((name, None)),
            Some('"') => self.sub(line)?,
            Some('.') => fail!(Config, "line {line}: write a sub-section as [{name} \"name\"]"),
            _ => fail!(Config, "line {line}: the section [{name} is not closed by `]`"),
        };
        self.blank();
        if self.next() != Some(']') {
            fail!(Config, "line {line}: the section [{name} {sub:?} is not closed by `]`");
        }
        if sub.is_empty() {
            fail!(Config, "line {line}: the sub-section of [{name}] has an empty name");
        }
        Ok((name, Some(sub)))
    }

    fn sub(&mut self, line: usize) -> Result<String> {
        let mut sub = String::new();
        loop {
            match self.next() {
                Some('"') => return Ok(sub),
                Some('\\') => match self.next() {
                    Some(c @ ('"' | '\\')) => sub.push(c),
                    _ => fail!(Config, "line {line}: the name of a sub-section knows only the escapes \\\" and \\\\"),
                },
                Some('\n') | None => fail!(Config, "line {line}: the name of the sub-section is not closed by a quote"),
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
        let (mut value, mut kept, mut quoted) = (String::new(), 0, false);
        loop {
            match self.rest.peek().copied() {
                None | Some('\n') if quoted => fail!(Config, "line {line}: the value of `{name}` is not closed by a quote"),
                None | Some('\n') => break,
                Some('#' | ';') if !quoted => break,
                Some('"') => {
                    self.next();
                    quoted = !quoted;
                    kept = value.len();
                }
                Some('\\') => {
                    self.next();
                    match self.next() {
                        Some(c @ ('"' | '\\')) => value.push(c),
                        Some('n') => value.push('\n'),
                        Some('t') => value.push('\t'),
                        Some('\n') if !quoted => continue,
                        _ => fail!(
                            Config,
                            "line {line}: the value of `{name}` holds an escape other than \\\\, \\\", \\n and \\t; write a backslash as \\\\"
                        ),
                    }
                    kept = value.len();
                }
                Some(_) => {
                    let Some(c) = self.next().filter(|c| *c != '\n') else { break };
                    value.push(c);
                    if quoted || !matches!(c, ' ' | '\t') {
                        kept = value.len();
                    }
                }
            }
        }
        value.truncate(kept);
        Ok(Some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<String> {
        parse(&format!("[s]\n{text}")).unwrap_or_else(|error| panic!("{text:?}: {error}"))[0].variables[0].value.clone()
    }

    #[test]
    fn values() {
        for (text, expected) in [
            ("name = value", "value"),
            ("name=value # comment", "value"),
            ("name = a b\t c ; comment", "a b\t c"),
            ("name = \"a # b\" ", "a # b"),
            ("name = x\" y \"z", "x y z"),
            ("name = \" y \"", " y "),
            ("name = \\\\ \\\" \\n \\t", "\\ \" \n \t"),
            ("name = one\\\ntwo", "onetwo"),
            ("name = one\\\r\ntwo\r\n", "onetwo"),
            ("name =", ""),
            ("name = \"\"", ""),
            ("name = a=b", "a=b"),
        ] {
            assert_eq!(value(text).as_deref(), Some(expected), "{text:?}");
        }
        assert_eq!(value("name"), None);
        assert_eq!(value("name ; comment"), None);
    }

    #[test]
    fn sections() {
        let found = parse("\u{feff}; top\n[S3Storage] # c\nBucket = b\n[s3storage \"Pack\\\"ages\"]\r\nRe-gion=x\n\n[Ünicode]\n").unwrap();
        let shown: Vec<_> = found.iter().map(|section| (section.name.as_str(), section.sub.as_deref(), section.line)).collect();
        assert_eq!(shown, [("s3storage", None, 2), ("s3storage", Some("Pack\"ages"), 4), ("ünicode", None, 7)]);
        assert_eq!((found[1].variables[0].name.as_str(), found[1].variables[0].line), ("re-gion", 5));
        assert_eq!(parse("[a] b = c").unwrap()[0].variables[0].value.as_deref(), Some("c"));
        assert_eq!(parse(" \r\n").unwrap(), vec![]);
    }

    #[test]
    fn what_is_refused() {
        for (text, line, word) in [
            ("name = value", 1, "before"),
            ("[a.b]", 1, "sub-section"),
            ("[a \"\"]", 1, "empty"),
            ("\n[a", 2, "closed"),
            ("[a \"b]\n", 1, "quote"),
            ("[a \"b\\n\"]", 1, "escapes"),
            ("[]", 1, "letter"),
            ("[1a]", 1, "letter"),
            ("[a]\nb = \"c\n", 2, "quote"),
            ("[a]\nb = \\x", 2, "escape"),
            ("[a]\nb = \"x\\\ny\"", 2, "escape"),
            ("[a]\nb c", 2, "="),
            ("[a]\n\n1b = c", 3, "expected"),
            ("[a]\nb_c = d", 2, "="),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.message().starts_with(&format!("line {line}: ")) && error.message().contains(word), "{text:?}: {error}");
        }
    }

    #[test]
    fn nothing_panics() {
        let pieces = ["[", "]", "\"", "\\", "\n", "\r", "=", " ", "#", ";", "a", "é", "[a]", "\u{feff}", "-", "."];
        for first in pieces {
            for second in pieces {
                for third in pieces {
                    for fourth in pieces {
                        let _ = parse(&format!("{first}{second}{third}{fourth}"));
                        let _ = parse(&format!("[a]\nb={first}{second}{third}{fourth}"));
                    }
                }
            }
        }
    }
}
