//! The documents that servers answer with, read element by element out of the bytes as they came.
//!
//! Law: names count without their prefix, and what nobody asks for is skipped. A document that breaks off is
//! an error, never a shorter one; however deep it nests, no stack grows with it.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;

use crate::s3::documents;

/// What was to be read is no such document.
#[derive(Debug)]
pub(in crate::s3) struct Broken;

impl From<quick_xml::Error> for Broken {
    fn from(_: quick_xml::Error) -> Self {
        Broken
    }
}

type Read<T> = Result<T, Broken>;

/// A document, and the place in it up to which it was read.
pub(in crate::s3) struct Document<'a>(Reader<&'a [u8]>);

impl<'a> Document<'a> {
    /// Goes into the root, which has this name, or another if the document is known by what it holds.
    pub(in crate::s3) fn open(bytes: &'a [u8], root: &str) -> Read<Document<'a>> {
        let bytes = documents::trimmed(bytes);
        let mut reader = Reader::from_reader(bytes);
        reader.config_mut().expand_empty_elements = true;
        loop {
            match reader.read_event()? {
                Event::Start(element) if element.local_name().as_ref() == root => {
                    return Ok(Document(reader));
                }
                Event::Start(_) if documents::rooted(root).is_some_and(|kind| kind.is(bytes)) => {
                    return Ok(Document(reader));
                }
                Event::Start(_) | Event::Eof => return Err(Broken),
                _ => {}
            }
        }
    }

    /// Visits the children of the element that we are in, to its end. A visit reads its child to the end, by
    /// one of these three.
    pub(in crate::s3) fn children(&mut self, mut visit: impl FnMut(&mut Self, &str) -> Read<()>) -> Read<()> {
        loop {
            match self.0.read_event()? {
                Event::Start(child) => visit(self, child.local_name().as_ref())?,
                Event::End(_) => return Ok(()),
                Event::Eof => return Err(Broken),
                _ => {}
            }
        }
    }

    /// The text of the element that we are in, to its end.
    pub(in crate::s3) fn text(&mut self) -> Read<Cow<'a, str>> {
        let mut text = Cow::Borrowed("");
        loop {
            let piece = match self.0.read_event()? {
                Event::Text(piece) => piece.into_inner(),
                Event::CData(piece) => piece.into_inner(),
                Event::GeneralRef(reference) => match reference.resolve_char_ref()? {
                    Some(character) => Cow::Owned(character.to_string()),
                    None => Cow::Borrowed(resolve_xml_entity(&reference).ok_or(Broken)?),
                },
                Event::Start(_) => {
                    self.skip()?;
                    continue;
                }
                Event::End(_) => return Ok(text),
                Event::Eof => return Err(Broken),
                _ => continue,
            };
            if text.is_empty() {
                text = piece;
            } else {
                text.to_mut().push_str(&piece);
            }
        }
    }

    /// Passes over the element that we are in, to its end.
    pub(in crate::s3) fn skip(&mut self) -> Read<()> {
        let mut depth = 1_usize;
        while depth > 0 {
            match self.0.read_event()? {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth -= 1,
                Event::Eof => return Err(Broken),
                _ => {}
            }
        }
        Ok(())
    }
}
