//! The XML documents that S3 and STS return, read element by element, and those that requests carry.
//!
//! Invariant: names count without their prefix, and unknown elements are skipped. A document that breaks off
//! is an error, never a shorter one; however deep it nests, no stack grows with it. A server may choose root,
//! prefix and namespace if the document holds the expected elements; an `Error` is never a success.

use std::borrow::Cow;
use std::fmt::Write as _;

use bytes::Bytes;
use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;

/// The bytes are not the expected document.
#[derive(Debug)]
pub(crate) struct Malformed;

impl From<quick_xml::Error> for Malformed {
    fn from(_: quick_xml::Error) -> Self {
        Malformed
    }
}

type Read<T> = Result<T, Malformed>;

/// The root that S3 gives to a document.
pub(crate) struct Root {
    pub(crate) name: &'static str,
    /// Some servers name the root after the operation.
    pub(crate) operation: &'static str,
    /// Elements below the root. One of them identifies the document under another root.
    pub(crate) elements: &'static [&'static str],
}

impl Root {
    fn is_root_of(&self, bytes: &[u8]) -> bool {
        let Some(summary) = Summary::of(bytes) else { return false };
        let stem = |name: &str| {
            let name = name.to_ascii_lowercase();
            let ends = ["result", "response", "output"];
            ends.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name).to_owned()
        };
        if summary.root.eq_ignore_ascii_case("Error") || summary.root.eq_ignore_ascii_case("html") {
            return false;
        }
        let root = stem(&summary.root);
        root == stem(self.name)
            || root == stem(self.operation)
            || summary.children.iter().any(|(child, _)| self.elements.contains(&child.as_str()))
    }
}

/// A document, and the place in it up to which it was read.
pub(crate) struct Document<'a>(Reader<&'a [u8]>);

impl<'a> Document<'a> {
    /// Enters the root: this one, or another if the document holds what this one would.
    pub(crate) fn open(bytes: &'a [u8], root: &Root) -> Read<Document<'a>> {
        let bytes = trimmed(bytes);
        let mut reader = Reader::from_reader(bytes);
        reader.config_mut().expand_empty_elements = true;
        loop {
            match reader.read_event()? {
                Event::Start(element) if element.local_name().as_ref() == root.name => {
                    return Ok(Document(reader));
                }
                Event::Start(_) if root.is_root_of(bytes) => return Ok(Document(reader)),
                Event::Start(_) | Event::Eof => return Err(Malformed),
                _ => {}
            }
        }
    }

    /// Visits the children of the current element, to its end. A visit reads its child to the end, by
    /// `children`, `text` or `skip`.
    pub(crate) fn children(&mut self, mut visit: impl FnMut(&mut Self, &str) -> Read<()>) -> Read<()> {
        loop {
            match self.0.read_event()? {
                Event::Start(child) => visit(self, child.local_name().as_ref())?,
                Event::End(_) => return Ok(()),
                Event::Eof => return Err(Malformed),
                _ => {}
            }
        }
    }

    /// The text of the current element, to its end.
    pub(crate) fn text(&mut self) -> Read<Cow<'a, str>> {
        let mut text = Cow::Borrowed("");
        loop {
            let piece = match self.0.read_event()? {
                Event::Text(piece) => piece.into_inner(),
                Event::CData(piece) => piece.into_inner(),
                Event::GeneralRef(reference) => match reference.resolve_char_ref()? {
                    Some(character) => Cow::Owned(character.to_string()),
                    None => Cow::Borrowed(resolve_xml_entity(&reference).ok_or(Malformed)?),
                },
                Event::Start(_) => {
                    self.skip()?;
                    continue;
                }
                Event::End(_) => return Ok(text),
                Event::Eof => return Err(Malformed),
                _ => continue,
            };
            if text.is_empty() {
                text = piece;
            } else {
                text.to_mut().push_str(&piece);
            }
        }
    }

    /// The text of the current element; none if it is empty.
    pub(crate) fn filled(&mut self) -> Read<Option<String>> {
        Ok(Some(self.text()?.into_owned()).filter(|text| !text.is_empty()))
    }

    /// Skips the current element, to its end.
    pub(crate) fn skip(&mut self) -> Read<()> {
        let mut depth = 1_usize;
        while depth > 0 {
            match self.0.read_event()? {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth -= 1,
                Event::Eof => return Err(Malformed),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether an element's text is `true`.
pub(crate) fn truth(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case("true")
}

/// Some servers write a line break or a byte order mark before the declaration, where XML allows nothing.
fn trimmed(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start()
}

/// Whether XML 1.0 can hold the character. Source: <https://www.w3.org/TR/xml/#charsets>
pub(crate) fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// An error document's code and message; none if the bytes hold another document or none.
pub(crate) fn error(bytes: &[u8]) -> Option<(Option<String>, Option<String>)> {
    let summary = Summary::of(trimmed(bytes)).filter(|summary| summary.root == "Error")?;
    let text = |name: &str| {
        let (_, text) = summary.children.iter().find(|(child, _)| child == name)?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    Some((text("Code"), text("Message")))
}

/// A document's root, and the elements just below it with their own text.
#[derive(Default)]
struct Summary {
    root: String,
    children: Vec<(String, String)>,
}

impl Summary {
    /// Reads to the end of the root; none if the document breaks off.
    fn of(bytes: &[u8]) -> Option<Summary> {
        let mut reader = Reader::from_reader(bytes);
        reader.config_mut().expand_empty_elements = true;
        let mut summary = Summary::default();
        let mut depth = 0_usize;
        loop {
            let piece = match reader.read_event().ok()? {
                Event::Start(element) => {
                    let name = element.local_name().as_ref().to_owned();
                    match depth {
                        0 => summary.root = name,
                        1 => summary.children.push((name, String::new())),
                        _ => {}
                    }
                    depth += 1;
                    continue;
                }
                Event::End(_) if depth == 1 => return Some(summary),
                Event::End(_) => {
                    depth = depth.checked_sub(1)?;
                    continue;
                }
                Event::Text(text) => text.into_inner(),
                Event::CData(text) => text.into_inner(),
                Event::GeneralRef(reference) => match reference.resolve_char_ref().ok()? {
                    Some(character) => Cow::Owned(character.to_string()),
                    None => Cow::Borrowed(resolve_xml_entity(&reference)?),
                },
                Event::Eof => return None,
                _ => continue,
            };
            if depth == 2 {
                summary.children.last_mut()?.1.push_str(&piece);
            }
        }
    }
}

/// An element of a document that a request carries.
pub(crate) struct Element {
    name: &'static str,
    content: String,
}

impl Element {
    pub(crate) fn new(name: &'static str) -> Element {
        Element { name, content: String::new() }
    }

    /// Adds a child with a text; none adds nothing.
    pub(crate) fn text(mut self, name: &str, text: Option<&str>) -> Element {
        if let Some(text) = text {
            let _ = write!(self.content, "<{name}>");
            escape(&mut self.content, text);
            let _ = write!(self.content, "</{name}>");
        }
        self
    }

    /// Adds a child.
    pub(crate) fn child(mut self, child: Element) -> Element {
        let _ = write!(self.content, "<{0}>{1}</{0}>", child.name, child.content);
        self
    }

    /// The document with this element as its root, in S3's namespace.
    pub(crate) fn into_bytes(self) -> Bytes {
        let space = "http://s3.amazonaws.com/doc/2006-03-01/";
        format!("<{0} xmlns=\"{space}\">{1}</{0}>", self.name, self.content).into()
    }
}

/// Writes a text so that a reader gets it back unchanged: a reader normalises line breaks that are not
/// escaped. Source: <https://www.w3.org/TR/xml/#sec-line-ends>
fn escape(to: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => to.push_str("&amp;"),
            '<' => to.push_str("&lt;"),
            '>' => to.push_str("&gt;"),
            '"' => to.push_str("&quot;"),
            '\'' => to.push_str("&apos;"),
            '\r' | '\n' | '\u{85}' | '\u{2028}' => {
                let _ = write!(to, "&#x{:X};", c as u32);
            }
            other => to.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPLOAD: Root = Root {
        name: "InitiateMultipartUploadResult",
        operation: "CreateMultipartUpload",
        elements: &["UploadId"],
    };

    fn upload_id(document: &str) -> Option<String> {
        let mut id = None;
        let read = Document::open(document.as_bytes(), &UPLOAD).and_then(|mut document| {
            document.children(|document, name| {
                match name {
                    "UploadId" => id = document.filled()?,
                    _ => document.skip()?,
                }
                Ok(())
            })
        });
        read.ok().and(id)
    }

    #[test]
    fn a_document_is_read_under_any_root() {
        for document in [
            "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>",
            "<InitiateMultipartUpload><UploadId>1</UploadId></InitiateMultipartUpload>",
            "<s3:Other xmlns:s3=\"x\"><s3:UploadId>1</s3:UploadId></s3:Other >",
            "\n<?xml version=\"1.0\"?>\n<X a=\"1\"><UploadId>1</UploadId></X>\n",
            "\u{feff}<X><UploadId>1</UploadId></X>",
            "<CreateMultipartUploadResponse><UploadId>1</UploadId></CreateMultipartUploadResponse>",
        ] {
            assert_eq!(upload_id(document).as_deref(), Some("1"), "{document}");
        }
        for other in [
            "<Error><Code>InternalError</Code><UploadId>1</UploadId></Error>",
            "<html><UploadId>1</UploadId></html>",
            "<X><Y><UploadId>1</UploadId></Y></X>",
            "<X><UploadId>1</UploadId>",
            "{}",
            "",
        ] {
            assert_eq!(upload_id(other), None, "{other}");
        }
    }

    #[test]
    fn errors_are_read_under_any_namespace() {
        let read = |document: &str| error(document.as_bytes());
        let document = "<?xml version=\"1.0\"?><a:Error xmlns:a=\"x\">\
                        <a:Code>Slow&amp;Down</a:Code><a:Message>no</a:Message></a:Error>";
        assert_eq!(read(document), Some((Some("Slow&Down".into()), Some("no".into()))));
        assert_eq!(read("<Error/>"), Some((None, None)));
        assert_eq!(read("<Other><Code>x</Code></Other>"), None);
        assert_eq!(read("<Error><Code>x</Code>"), None);
    }

    #[test]
    fn a_text_comes_back_unchanged() {
        let text = "a&b<c>\"d'\r\n\u{85}\u{2028} e";
        let root = Element::new("InitiateMultipartUploadResult").text("UploadId", Some(text));
        let bytes = root.into_bytes();
        assert_eq!(upload_id(std::str::from_utf8(&bytes).unwrap()).as_deref(), Some(text));
    }

    #[test]
    fn characters_of_xml() {
        for (c, is_allowed) in [
            ('\t', true),
            ('\r', true),
            ('\u{b}', false),
            ('\u{7f}', true),
            ('\u{85}', true),
            ('\u{fffe}', false),
            ('😀', true),
        ] {
            assert_eq!(is_char(c), is_allowed, "{c:?}");
        }
    }
}
