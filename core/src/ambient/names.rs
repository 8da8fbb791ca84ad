//! Names of sections in the shared files: how the AWS CLI quotes them, and how the SDK's reader can be given
//! any of them.
//!
//! Invariant: a name is read as botocore reads it: in the config file by the rules of a POSIX shell
//! (`[profile 'My Corp']`), in the credentials file as it stands. The SDK's reader takes identifiers alone,
//! so it is given all other characters percent-encoded, and `%` itself, so that no two names become one.
//! Source: <https://github.com/boto/botocore/blob/develop/botocore/configloader.py>

use std::borrow::Cow;
use std::fmt::Write as _;

use super::files::SharedFileKind;

/// The kinds of section that stand before a name in the config file.
const SECTIONS: &[&str] = &["profile", "sso-session", "services"];

/// A name in the form that the SDK's reader accepts.
pub(crate) fn encoded(name: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-/.@:+".contains(&byte);
    if name.bytes().all(is_plain) {
        return Cow::Borrowed(name);
    }
    let mut text = String::with_capacity(name.len() + 8);
    for byte in name.bytes() {
        if is_plain(byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a String can't fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    Cow::Owned(text)
}

/// The name that `encoded` made this text of.
pub(crate) fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        match piece.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend(&piece.as_bytes()[2..]);
            }
            None => bytes.extend([b"%", piece.as_bytes()].concat()),
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

/// The text of a shared file with each section's name in the form that the SDK's reader accepts.
pub(super) fn readable(kind: SharedFileKind, text: &str) -> Cow<'_, str> {
    let headers = || {
        text.split_inclusive('\n')
            .map(|line| (line, line.starts_with('[').then(|| header(kind, line)).flatten()))
    };
    if headers().all(|(_, header)| header.is_none()) {
        return Cow::Borrowed(text);
    }
    headers().map(|(line, header)| header.map_or(Cow::Borrowed(line), Cow::Owned)).collect::<String>().into()
}

/// A section's header, written anew; nothing where it can stand as it is, or is none that botocore reads.
fn header(kind: SharedFileKind, line: &str) -> Option<String> {
    let inner = inner(line)?.trim_matches([' ', '\t']);
    let words = match kind {
        SharedFileKind::Config => {
            let section = inner.split([' ', '\t', '\'', '"']).next()?;
            if !SECTIONS.contains(&section) {
                return None;
            }
            let words = split(inner)?;
            let [_, name] = words.as_slice() else { return None };
            format!("{section} {}", encoded(name))
        }
        // A name that begins with another section's word is none here.
        SharedFileKind::Credentials => {
            let first = inner.split([' ', '\t']).next()?;
            if first != inner && SECTIONS.contains(&first) {
                return None;
            }
            encoded(inner).into_owned()
        }
    };
    (words != inner).then(|| format!("[{words}]\n"))
}

/// What stands between the brackets of a header, of which a quoted name may hold some.
fn inner(line: &str) -> Option<&str> {
    let rest = line.strip_prefix('[')?;
    let mut quote = None;
    for (at, c) in rest.char_indices() {
        match (c, quote) {
            (']', None) => return Some(&rest[..at]),
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            _ => {}
        }
    }
    // An apostrophe that opens nothing is part of a name in the credentials file.
    rest.split_once(']').map(|(inner, _)| inner)
}

/// A text's words, as a POSIX shell parts and unquotes them; nothing where a quote stays open.
fn split(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, quote) {
            (' ' | '\t' | '\r' | '\n', None) => words.extend(word.take()),
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, Some(open)) if c == open => quote = None,
            ('\\', None) => word.get_or_insert_default().push(rest.next()?),
            // Within double quotes a backslash escapes only these.
            ('\\', Some('"')) => {
                let escaped = rest.next_if(|c| matches!(c, '"' | '\\'));
                word.get_or_insert_default().push(escaped.unwrap_or('\\'));
            }
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        for name in ["default", "My Corp", "50% off", "%41", "Ünternehmen", "a]b#c", "", "%", "it's"] {
            assert_eq!(decoded(&encoded(name)), name);
            assert!(
                encoded(name).bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-/.%@:+".contains(&byte)),
                "{name}"
            );
        }
        assert!(matches!(encoded("team/dev+x@y:z.1_2-3"), Cow::Borrowed(_)));
    }

    #[test]
    fn headers_are_read_as_botocore_reads_them() {
        for (line, expected) in [
            ("[sso-session 'My Corp']", Some("sso-session My%20Corp")),
            ("[sso-session \"My Corp\"]\r\n", Some("sso-session My%20Corp")),
            ("[sso-session My\\ Corp] # c\n", Some("sso-session My%20Corp")),
            ("[profile \"plain\"]", Some("profile plain")),
            ("[profile 'a'\"b\"c]", Some("profile abc")),
            ("[profile 'a]b # c'] ; d", Some("profile a%5Db%20%23%20c")),
            ("[profile \"say \\\"hi\\\"\"]", Some("profile say%20%22hi%22")),
            ("[profile \"back\\slash\"]", Some("profile back%5Cslash")),
            ("[profile 50%]", Some("profile 50%25")),
            ("[ services\t'b c' ]", Some("services b%20c")),
            ("[profile 'it'\\''s']", Some("profile it%27s")),
            ("[profile Ü]", Some("profile %C3%9C")),
            // As they stand, for the SDK's reader to take or to leave.
            ("[profile plain]", None),
            ("[profile plain] # c", None),
            ("[default]", None),
            ("[profile My Corp]", None),
            ("[profile 'open]", None),
            ("[plugins 'x y']", None),
            ("[profilex 'y z']", None),
            ("[profile", None),
        ] {
            let found = header(SharedFileKind::Config, line);
            assert_eq!(found, expected.map(|header| format!("[{header}]\n")), "{line}");
        }
        for (line, expected) in [
            ("[My Corp]", Some("My%20Corp")),
            ("[ My Corp ]\r\n", Some("My%20Corp")),
            ("['quoted']", Some("%27quoted%27")),
            ("[it's]", Some("it%27s")),
            ("[plain]", None),
            ("[profile x]", None),
        ] {
            assert_eq!(
                header(SharedFileKind::Credentials, line),
                expected.map(|header| format!("[{header}]\n")),
                "{line}"
            );
        }
    }

    #[test]
    fn only_headers_change() {
        let text = "[default]\na = 'b c'\n[profile 'x y'] ; c\n  [z w]\nb = [profile 'q r']\n";
        assert_eq!(
            readable(SharedFileKind::Config, text),
            "[default]\na = 'b c'\n[profile x%20y]\n  [z w]\nb = [profile 'q r']\n"
        );
        assert!(matches!(readable(SharedFileKind::Config, "[default]\na = 1\n"), Cow::Borrowed(_)));
    }
}
