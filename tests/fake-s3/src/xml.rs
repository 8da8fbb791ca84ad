//! XML as S3 writes it, and the little reading that request bodies need.
//!
//! Invariant: every text is escaped here and only here. It must not know which documents exist.

use std::fmt::Write as _;

use crate::error::{Result, S3Error};

pub const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

pub struct Xml(String);

impl Xml {
    pub fn new() -> Self {
        Xml("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".into())
    }

    /// A document whose root carries the S3 namespace.
    pub fn root(name: &str) -> Self {
        let mut xml = Xml::new();
        let _ = write!(xml.0, "<{name} xmlns=\"{NAMESPACE}\">");
        xml
    }

    pub fn open(&mut self, name: &str) -> &mut Self {
        let _ = write!(self.0, "<{name}>");
        self
    }

    pub fn close(&mut self, name: &str) -> &mut Self {
        let _ = write!(self.0, "</{name}>");
        self
    }

    pub fn el(&mut self, name: &str, text: impl ToString) -> &mut Self {
        let _ = write!(self.0, "<{name}>");
        escape(&mut self.0, &text.to_string());
        self.close(name)
    }

    pub fn el_some(&mut self, name: &str, text: Option<impl ToString>) -> &mut Self {
        if let Some(text) = text {
            self.el(name, text);
        }
        self
    }

    /// A ready-made fragment, for the attributes that grantees need.
    pub fn raw(&mut self, fragment: &str) -> &mut Self {
        self.0.push_str(fragment);
        self
    }

    pub fn end(mut self, root: &str) -> String {
        self.close(root);
        self.0
    }

    pub fn finish(self) -> String {
        self.0
    }
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Not allowed in XML 1.0 even as a reference; S3 sends it all the same, which is why
            // encoding-type exists.
            c if (c as u32) < 32 => {
                let _ = write!(out, "&#x{:x};", c as u32);
            }
            c => out.push(c),
        }
    }
}

/// A parsed request body. Namespaces are ignored, as S3 does.
pub fn parse(body: &[u8]) -> Result<roxmltree::Document<'_>> {
    let text = std::str::from_utf8(body).map_err(|_| S3Error::malformed_xml())?;
    roxmltree::Document::parse(text).map_err(|_| S3Error::malformed_xml())
}

/// The child elements called `name`.
pub fn children<'a, 'b: 'a>(
    node: roxmltree::Node<'a, 'b>,
    name: &'a str,
) -> impl Iterator<Item = roxmltree::Node<'a, 'b>> {
    node.children().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

/// The text of the first child element called `name`.
pub fn text(node: roxmltree::Node<'_, '_>, name: &str) -> Option<String> {
    let child = node.children().find(|child| child.is_element() && child.tag_name().name() == name)?;
    Some(child.text().unwrap_or("").to_string())
}

/// The root of a request body, which must be called `name`.
pub fn expect_root<'a, 'b>(doc: &'a roxmltree::Document<'b>, name: &str) -> Result<roxmltree::Node<'a, 'b>> {
    let root = doc.root_element();
    if root.tag_name().name() == name { Ok(root) } else { Err(S3Error::malformed_xml()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_the_round_trip() {
        let mut xml = Xml::root("Tagging");
        xml.el("Key", "a<b>&\"\r\n");
        let body = xml.end("Tagging");
        let doc = parse(body.as_bytes()).unwrap();
        let root = expect_root(&doc, "Tagging").unwrap();
        assert_eq!(text(root, "Key").as_deref(), Some("a<b>&\"\r\n"));
        assert_eq!(parse(b"<a").unwrap_err().code, "MalformedXML");
        assert!(expect_root(&doc, "Delete").is_err());
    }
}
