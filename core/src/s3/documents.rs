//! The XML documents that S3 answers with: the root that each has by S3's pages, and how one is known under
//! another root.
//!
//! Invariant: a server may choose root, prefix and namespace if the document holds what is asked for; an
//! `Error` is never a success. Must not know what an operation does with its answer.

use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// What one operation answers with.
pub(super) struct Kind {
    operation: &'static str,
    pub(super) root: &'static str,
    /// Elements below the root, one of which shows that the document is meant.
    elements: &'static [&'static str],
}

/// Source:
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html>
static KINDS: &[Kind] = &[
    Kind {
        operation: "CreateMultipartUpload",
        root: "InitiateMultipartUploadResult",
        elements: &["UploadId"],
    },
    Kind {
        operation: "CompleteMultipartUpload",
        root: "CompleteMultipartUploadResult",
        elements: &["ETag", "Location", "Key"],
    },
    Kind { operation: "CopyObject", root: "CopyObjectResult", elements: &["ETag", "LastModified"] },
    Kind { operation: "UploadPartCopy", root: "CopyPartResult", elements: &["ETag"] },
    Kind { operation: "DeleteObjects", root: "DeleteResult", elements: &["Deleted", "Error"] },
    Kind {
        operation: "ListParts",
        root: "ListPartsResult",
        elements: &["Part", "PartNumberMarker", "UploadId"],
    },
    Kind {
        operation: "ListMultipartUploads",
        root: "ListMultipartUploadsResult",
        elements: &["Upload", "KeyMarker", "MaxUploads"],
    },
    Kind {
        operation: "ListObjectsV2",
        root: "ListBucketResult",
        elements: &["Contents", "CommonPrefixes", "IsTruncated", "MaxKeys"],
    },
    Kind {
        operation: "ListObjectVersions",
        root: "ListVersionsResult",
        elements: &["Version", "DeleteMarker", "IsTruncated", "MaxKeys"],
    },
    Kind { operation: "GetObjectAcl", root: "AccessControlPolicy", elements: &["AccessControlList"] },
    Kind { operation: "GetObjectTagging", root: "Tagging", elements: &["TagSet"] },
    Kind { operation: "ListBuckets", root: "ListAllMyBucketsResult", elements: &["Buckets"] },
    Kind { operation: "CreateSession", root: "CreateSessionResult", elements: &["Credentials"] },
];

/// What this operation answers with, if it answers with a document.
pub(super) fn of(operation: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.operation == operation)
}

/// The document that has this root by S3's pages.
pub(super) fn rooted(root: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.root == root)
}

impl Kind {
    /// Whether these bytes hold this document, under whatever root.
    pub(super) fn is(&self, bytes: &[u8]) -> bool {
        Shape::of(bytes).is_some_and(|shape| self.fits(&shape))
    }

    fn fits(&self, shape: &Shape) -> bool {
        let stem = |name: &str| {
            let name = name.to_ascii_lowercase();
            ["result", "response", "output"]
                .iter()
                .find_map(|end| name.strip_suffix(end))
                .unwrap_or(&name)
                .to_owned()
        };
        if shape.root.eq_ignore_ascii_case("Error") || shape.root.eq_ignore_ascii_case("html") {
            return false;
        }
        let named = stem(&shape.root);
        named == stem(self.root)
            || named == stem(self.operation)
            || shape.children.iter().any(|child| self.elements.contains(&child.as_str()))
    }

    /// The document as the SDK reads it: under its own root, without what XML can't hold; none if it is so
    /// already or another one.
    pub(super) fn mended(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let escaped = escaped(bytes);
        let text = trimmed(escaped.as_deref().unwrap_or(bytes));
        let changed = || (text.len() != bytes.len()).then(|| text.to_vec());
        let Some(shape) = Shape::of(text).filter(|shape| shape.root != self.root && self.fits(shape)) else {
            return changed();
        };
        let mut mended = Vec::with_capacity(text.len() + 2 * self.root.len());
        mended.extend_from_slice(&text[..shape.opens.start]);
        mended.extend_from_slice(self.root.as_bytes());
        mended.extend_from_slice(&text[shape.opens.end..shape.closes.start]);
        mended.extend_from_slice(if shape.closes.is_empty() { b"" } else { self.root.as_bytes() });
        mended.extend_from_slice(&text[shape.closes.end..]);
        Some(mended)
    }
}

/// Some servers write a line break or a byte order mark before the declaration, where XML allows nothing.
pub(super) fn trimmed(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start()
}

/// The bytes with references in place of characters that XML 1.0 does not allow, for a reader that refuses
/// them; none if there are none.
fn escaped(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    text.contains(|c| !is_char(c)).then(|| {
        let mut out = String::with_capacity(text.len() + 16);
        for c in text.chars() {
            if is_char(c) { out.push(c) } else { out.push_str(&format!("&#x{:X};", c as u32)) }
        }
        out.into_bytes()
    })
}

/// Whether XML 1.0 can hold the character. Source: <https://www.w3.org/TR/xml/#charsets>
pub(super) fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// An error document's code and message; none if the bytes hold another document or none.
pub(super) fn refusal(bytes: &[u8]) -> Option<(Option<String>, Option<String>)> {
    let text = trimmed(bytes);
    let shape = Shape::of(text).filter(|shape| shape.root == "Error")?;
    let told = |name: &str| {
        let (_, text) = shape.children.iter().zip(&shape.texts).find(|(child, _)| *child == name)?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    Some((told("Code"), told("Message")))
}

/// A document's root, and the elements just below it with their own text.
struct Shape {
    root: String,
    /// Where the root's local name stands in its start tag, and in its end tag; the latter is empty for
    /// `<Root/>`.
    opens: Range<usize>,
    closes: Range<usize>,
    children: Vec<String>,
    texts: Vec<String>,
}

impl Shape {
    /// Reads to the end of the root; none if the document breaks off.
    fn of(bytes: &[u8]) -> Option<Shape> {
        let mut reader = Reader::from_reader(bytes);
        let mut shape: Option<Shape> = None;
        let mut depth = 0_usize;
        loop {
            let start = usize::try_from(reader.buffer_position()).ok()?;
            match reader.read_event().ok()? {
                Event::Start(element) => {
                    match (&mut shape, depth) {
                        (None, _) => shape = Some(Shape::opened(&element, start)),
                        (Some(shape), 1) => shape.child(&element),
                        _ => {}
                    }
                    depth += 1;
                }
                Event::Empty(element) => match (&mut shape, depth) {
                    (None, _) => {
                        let shape = Shape::opened(&element, start);
                        return Some(Shape { closes: bytes.len()..bytes.len(), ..shape });
                    }
                    (Some(shape), 1) => shape.child(&element),
                    _ => {}
                },
                Event::End(element) => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        let mut shape = shape?;
                        let name = start + 2 + element.name().as_ref().len();
                        shape.closes = name - element.local_name().as_ref().len()..name;
                        return Some(shape);
                    }
                }
                Event::Text(text) if depth == 2 => {
                    shape.as_mut()?.texts.last_mut()?.push_str(&text.into_inner())
                }
                Event::CData(text) if depth == 2 => {
                    shape.as_mut()?.texts.last_mut()?.push_str(&text.into_inner())
                }
                Event::GeneralRef(reference) if depth == 2 => {
                    let told = match reference.resolve_char_ref().ok()? {
                        Some(character) => character.to_string(),
                        None => quick_xml::escape::resolve_xml_entity(&reference)?.to_owned(),
                    };
                    shape.as_mut()?.texts.last_mut()?.push_str(&told);
                }
                Event::Eof => return None,
                _ => {}
            }
        }
    }

    fn opened(element: &BytesStart<'_>, start: usize) -> Shape {
        let name = start + 1 + element.name().as_ref().len();
        let local = element.local_name().as_ref().to_owned();
        Shape {
            opens: name - local.len()..name,
            root: local,
            closes: 0..0,
            children: Vec::new(),
            texts: Vec::new(),
        }
    }

    fn child(&mut self, element: &BytesStart<'_>) {
        self.children.push(element.local_name().as_ref().to_owned());
        self.texts.push(String::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(operation: &str, document: &str) -> Option<String> {
        of(operation).unwrap().mended(document.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn a_document_under_another_root_gets_its_own() {
        for (before, after) in [
            (
                "<InitiateMultipartUpload><UploadId>1</UploadId></InitiateMultipartUpload>",
                "<R><UploadId>1</UploadId></R>",
            ),
            (
                "<s3:Other xmlns:s3=\"x\"><s3:UploadId>1</s3:UploadId></s3:Other >",
                "<s3:R xmlns:s3=\"x\"><s3:UploadId>1</s3:UploadId></s3:R >",
            ),
            (
                "\n<?xml version=\"1.0\"?>\n<X a=\"1\"><UploadId>1</UploadId></X>\n",
                "<?xml version=\"1.0\"?>\n<R a=\"1\"><UploadId>1</UploadId></R>\n",
            ),
            ("<CreateMultipartUploadResponse/>", "<R/>"),
        ] {
            let wanted = after.replace('R', "InitiateMultipartUploadResult");
            assert_eq!(mended("CreateMultipartUpload", before), Some(wanted), "{before}");
        }
    }

    #[test]
    fn what_is_another_document_stays() {
        let fine = "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>";
        for other in [
            fine,
            "<Error><Code>InternalError</Code><UploadId>1</UploadId></Error>",
            "<html><UploadId>1</UploadId></html>",
            "<X><Y><UploadId>1</UploadId></Y></X>",
            "<X><UploadId>1</UploadId>",
            "{}",
            "",
        ] {
            assert_eq!(mended("CreateMultipartUpload", other), None, "{other}");
        }
    }

    #[test]
    fn what_xml_cannot_hold_becomes_a_reference() {
        let before = "<ListPartsResult><Key>a\u{1}b\u{ffff}</Key></ListPartsResult>";
        assert_eq!(
            mended("ListParts", before).unwrap(),
            "<ListPartsResult><Key>a&#x1;b&#xFFFF;</Key></ListPartsResult>"
        );
        for (c, fits) in [
            ('\t', true),
            ('\r', true),
            ('\u{b}', false),
            ('\u{7f}', true),
            ('\u{85}', true),
            ('\u{fffe}', false),
            ('😀', true),
        ] {
            assert_eq!(is_char(c), fits, "{c:?}");
        }
    }

    #[test]
    fn errors_are_read_under_any_namespace() {
        let told = |document: &str| refusal(document.as_bytes());
        let error = "<?xml version=\"1.0\"?><a:Error \
                     xmlns:a=\"x\"><a:Code>Slow&amp;Down</a:Code><a:Message>no</a:Message></a:Error>";
        assert_eq!(told(error), Some((Some("Slow&Down".into()), Some("no".into()))));
        assert_eq!(told("<Error/>"), Some((None, None)));
        assert_eq!(told("<Other><Code>x</Code></Other>"), None);
        assert_eq!(told("<Error><Code>x</Code>"), None);
    }
}
