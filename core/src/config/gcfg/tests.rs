//! What gcfg reads and refuses. The values and refusals of `as_gcfg_reads_it` were computed by
//! gopkg.in/gcfg.v1 v1.2.3.

use super::*;

fn value(text: &str) -> Option<String> {
    parse(&format!("[s]\n{text}")).unwrap_or_else(|error| panic!("{text:?}: {error}"))[0].variables[0]
        .value
        .clone()
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
        ("name = \"\\\\ \\\" \\n \\t\"", "\\ \" \n \t"),
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
    let found = parse(
        "\u{feff}; top\n[S3Storage] # c\nBucket = b\n[s3storage \
                       \"Pack\\\"ages\"]\r\nRe-gion=x\n\n[Ünicode]\n",
    )
    .unwrap();
    let shown: Vec<_> =
        found.iter().map(|section| (section.name.as_str(), section.sub.as_deref(), section.line)).collect();
    assert_eq!(shown, [("s3storage", None, 2), ("s3storage", Some("Pack\"ages"), 4), ("ünicode", None, 7)]);
    assert_eq!((found[1].variables[0].name.as_str(), found[1].variables[0].line), ("re-gion", 5));
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
        ("[a] b = c", 1, "alone on its line"),
        ("[a]\n# \0", 2, "NUL"),
        ("[1a]", 1, "letter"),
        ("[a]\nb = \"c\n", 2, "quote"),
        ("[a]\nb = \\x", 2, "escape"),
        ("[a]\nb = \"x\\\ny\"", 2, "escape"),
        ("[a]\nb c", 2, "="),
        ("[a]\n\n1b = c", 3, "expected"),
        ("[a]\nb_c = d", 2, "="),
    ] {
        let error = parse(text).unwrap_err();
        assert!(
            error.message().starts_with(&format!("line {line}: ")) && error.message().contains(word),
            "{text:?}: {error}"
        );
    }
}

/// A text, and the values of `Prefix` and `KeyID` in it (empty where there is none), or that gcfg refuses it.
type GcfgCase = (&'static str, Option<(&'static str, &'static str)>);

#[test]
fn as_gcfg_reads_it() {
    let readings: &[GcfgCase] = &[
        ("[S]\nPrefix =\r\nKeyID = alias/k\r\n", Some(("", "alias/k"))),
        ("[S]\nPrefix =\nKeyID = k", Some(("", "k"))),
        ("[S]\nPrefix = \rKeyID = k\n", Some(("KeyID = k", ""))),
        ("[S]\nPrefix = a\rb\r\nKeyID = k", Some(("ab", "k"))),
        ("[S]\nPrefix = \"a\rb\"", Some(("ab", ""))),
        ("[S]\nPrefix = \"a\r\nKeyID=k\"", None),
        ("[S]\nPrefix = \"a", None),
        ("[S]\nPrefix = \"a\r\n", None),
        ("[S]\nFlag\r\nKeyID = k\r\n", Some(("", "k"))),
        ("[S]\nFlag\rKeyID = k", None),
        ("[S]\nFlag ; c\r\nKeyID = k", Some(("", "k"))),
        ("[S]\nPrefix = a \\\r\nb\r\n", Some(("a b", ""))),
        ("[S]\nPrefix = a \\\r\n", Some(("a ", ""))),
        ("[S]\nPrefix = a \\\n", Some(("a ", ""))),
        ("[S]\nPrefix = a\\\rb", None),
        ("[S]\nPrefix = a\\\r\"b", Some(("a\"b", ""))),
        ("[S]\nPrefix = a\\", None),
        ("[S]\nPrefix = a\\\r", None),
        ("[S]\nPrefix = a\\\r\r\nb", None),
        ("[S]\nPrefix = \"a\\\r\nb\"", None),
        ("[S]\nPrefix = a # c\r\nKeyID = k # \r x\r\n", Some(("a", "k"))),
        ("[S]\n;c\r\nPrefix = x\r\n", Some(("x", ""))),
        ("[S]\n# c\rPrefix = x\n", Some(("", ""))),
        ("[S]\nPrefix = \\\\", None),
        ("[S]\nPrefix = \\n", None),
        ("[S]\nPrefix = \\t", None),
        ("[S]\nPrefix = \\\"x", Some(("\"x", ""))),
        ("[S]\nPrefix = \"\\\\ \\n \\t \\\"\"", Some(("\\ \n \t \"", ""))),
        ("[S]\nPrefix = a\\\nKeyID = k", Some(("aKeyID = k", ""))),
        ("[S]\nPrefix = \\\r\nKeyID = k\r\n", Some(("KeyID = k", ""))),
        ("[S]\nPrefix = \\\n\nKeyID = k", Some(("", "k"))),
        ("[S]\nPrefix = x \r", Some(("x", ""))),
        ("[S]\nPrefix = x\r\r\nKeyID = k", Some(("x", "k"))),
        ("[S]\nPrefix = \"\"\r\nKeyID = k\r\n", Some(("", "k"))),
        ("[S]\nPrefix = \" \"\r\n", Some((" ", ""))),
        ("[S]\nPrefix=;\r\nKeyID=k", Some(("", "k"))),
        ("[S]\nPrefix = #\r\nKeyID=k", Some(("", "k"))),
        ("[S]\nPrefix\t=\t\r\nKeyID = k", Some(("", "k"))),
        ("[S]\nPrefix = a\0b", None),
        ("[S]\n# \0", None),
        ("[S]\nPrefix = a\u{b}b\n", Some(("a\u{b}b", ""))),
        ("[S]\nPrefix = a\u{a0}\n", Some(("a\u{a0}", ""))),
        ("[S]\nPrefix = a\u{2028}b\nKeyID=k\n", Some(("a\u{2028}b", "k"))),
        ("[S]\nPrefix = a\"b\"c \" d\"\n", Some(("abc  d", ""))),
        ("[S]\n\r\n\r\n  Prefix = x\r\n", Some(("x", ""))),
        ("[S]\nPrefix \r = \r x\n", Some(("x", ""))),
        ("[S]\nPrefix\r\n= x", None),
        ("[S]\n_a = x", None),
        ("[S]\n\"Prefix\" = x", None),
        ("[S]\n]\n", None),
        ("[S]\r\nPrefix=x\r\n", Some(("x", ""))),
        ("[S] Prefix = x\n", None),
        ("[S]\rPrefix = x\n", None),
        ("[S]\rPrefix = x\rKeyID = k\r", None),
        ("[S \"a\r\n\"]\n", None),
        ("[ S \r]\r\nPrefix=x", Some(("x", ""))),
        ("[S # c\n]", None),
        ("[S] # c\r\nPrefix=x\r\n", Some(("x", ""))),
        ("[S] ; c", Some(("", ""))),
        ("[S \"a\" \"b\"]\n", None),
        ("[\r\nS]", None),
        ("[S\r\n]", None),
        ("\r[S]\nPrefix=x", Some(("x", ""))),
        ("[S]]\n", None),
        ("[S \"a\r", None),
    ];
    for (text, expected) in readings {
        let found = parse(text).ok().map(|sections| {
            ["prefix", "keyid"].map(|wanted| {
                let mut variables = sections.iter().flat_map(|section| &section.variables);
                variables
                    .rfind(|found| found.name == wanted)
                    .and_then(|found| found.value.clone())
                    .unwrap_or_default()
            })
        });
        assert_eq!(
            found,
            expected.map(|(prefix, key_id)| [prefix.to_owned(), key_id.to_owned()]),
            "{text:?}"
        );
    }
    // A file may begin with one mark of its encoding.
    assert_eq!(parse("\u{feff}[S]\r\nPrefix = x\r\n").unwrap()[0].variables[0].value.as_deref(), Some("x"));
    assert!(parse("\u{feff}\u{feff}[S]\n").is_err());
    assert_eq!(value("Flag\r\nKeyID = k\r\n"), None);
}

#[test]
fn nothing_panics() {
    let pieces =
        ["[", "]", "\"", "\\", "\n", "\r", "=", " ", "#", ";", "a", "é", "[a]", "\u{feff}", "-", "."];
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
