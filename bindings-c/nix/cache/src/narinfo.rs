//! A `.narinfo`: what a cache has about one store path.
//!
//! Invariant: what was parsed is printed with the same facts, lines of newer Nixes included. The
//! fingerprint is what Nix signs. Must not depend on stores.

use crate::hash::Hash;
use crate::store_path::StorePath;

/// One narinfo.
#[derive(Clone, Debug, PartialEq)]
pub struct NarInfo {
    /// The store's directory, for example `/nix/store`.
    pub store_dir: String,
    /// The path.
    pub path: StorePath,
    /// The NAR's key, or a URL.
    pub url: String,
    /// How the NAR is compressed.
    pub compression: String,
    /// The hash of the compressed NAR.
    pub file_hash: Option<Hash>,
    /// Its bytes.
    pub file_size: Option<u64>,
    /// The hash of the NAR.
    pub nar_hash: Hash,
    /// Its bytes.
    pub nar_size: u64,
    /// The paths that this one needs; it may be one of them.
    pub references: Vec<StorePath>,
    /// The derivation that built it.
    pub deriver: Option<String>,
    /// `name:base64` each.
    pub signatures: Vec<String>,
    /// How its name follows from its content, if it does.
    pub ca: Option<String>,
    /// Lines of other names, in their order.
    pub others: Vec<(String, String)>,
}

impl NarInfo {
    /// Reads a narinfo.
    pub fn parse(text: &str) -> Result<NarInfo, String> {
        let mut one = Lines::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let (name, value) =
                line.split_once(": ").or_else(|| line.strip_suffix(':').map(|name| (name, ""))).ok_or_else(
                    || format!("the line {:?} has no name", line.chars().take(60).collect::<String>()),
                )?;
            one.read(name, value)?;
        }
        let needed = |name: &str| format!("it has no line `{name}`");
        let (store_dir, path) = one.path.ok_or_else(|| needed("StorePath"))?;
        Ok(NarInfo {
            store_dir,
            path,
            url: one.url.filter(|url| !url.is_empty()).ok_or_else(|| needed("URL"))?,
            // As Nix does for caches of its first years.
            compression: one.compression.unwrap_or_else(|| "bzip2".to_owned()),
            file_hash: one.file_hash,
            file_size: one.file_size,
            nar_hash: one.nar_hash.ok_or_else(|| needed("NarHash"))?,
            nar_size: one.nar_size.ok_or_else(|| needed("NarSize"))?,
            references: one.references,
            deriver: one.deriver,
            signatures: one.signatures,
            ca: one.ca,
            others: one.others,
        })
    }

    /// The text that Nix reads.
    pub fn print(&self) -> String {
        let mut lines = vec![
            format!("StorePath: {}/{}", self.store_dir, self.path),
            format!("URL: {}", self.url),
            format!("Compression: {}", self.compression),
        ];
        lines.extend(self.file_hash.map(|hash| format!("FileHash: {hash}")));
        lines.extend(self.file_size.map(|size| format!("FileSize: {size}")));
        lines.push(format!("NarHash: {}", self.nar_hash));
        lines.push(format!("NarSize: {}", self.nar_size));
        let references: Vec<&str> = self.references.iter().map(StorePath::base_name).collect();
        lines.push(format!("References: {}", references.join(" ")));
        lines.extend(self.deriver.iter().map(|deriver| format!("Deriver: {deriver}")));
        lines.extend(self.signatures.iter().map(|signature| format!("Sig: {signature}")));
        lines.extend(self.ca.iter().map(|ca| format!("CA: {ca}")));
        lines.extend(self.others.iter().map(|(name, value)| format!("{name}: {value}")));
        lines.push(String::new());
        lines.join("\n")
    }

    /// The path with the store's directory.
    pub fn full_path(&self) -> String {
        format!("{}/{}", self.store_dir, self.path)
    }

    /// What a signature is of.
    pub fn fingerprint(&self) -> String {
        let references: Vec<String> =
            self.references.iter().map(|path| format!("{}/{path}", self.store_dir)).collect();
        format!("1;{};{};{};{}", self.full_path(), self.nar_hash, self.nar_size, references.join(","))
    }

    /// The references without the path itself.
    pub fn other_references(&self) -> impl Iterator<Item = &StorePath> {
        self.references.iter().filter(|path| **path != self.path)
    }

    /// The NAR's key, unless it lies elsewhere.
    pub fn nar_key(&self) -> Option<&str> {
        let local = !self.url.contains("://") && !self.url.starts_with('/');
        local.then(|| self.url.split('?').next().unwrap_or(&self.url))
    }
}

/// The lines that were read so far.
#[derive(Default)]
struct Lines {
    path: Option<(String, StorePath)>,
    url: Option<String>,
    compression: Option<String>,
    file_hash: Option<Hash>,
    file_size: Option<u64>,
    nar_hash: Option<Hash>,
    nar_size: Option<u64>,
    references: Vec<StorePath>,
    deriver: Option<String>,
    signatures: Vec<String>,
    ca: Option<String>,
    others: Vec<(String, String)>,
}

impl Lines {
    fn read(&mut self, name: &str, value: &str) -> Result<(), String> {
        let number =
            || value.parse::<u64>().map_err(|_| format!("`{name}` is {value:?}, which is no number"));
        match name {
            "StorePath" => {
                let Some((directory, base)) = value.rsplit_once('/') else {
                    return Err(format!("`StorePath` is {value:?}, which has no directory"));
                };
                self.path = Some((directory.to_owned(), StorePath::parse(base)?));
            }
            "URL" => self.url = Some(value.to_owned()),
            "Compression" => self.compression = Some(value.to_owned()),
            "FileHash" => self.file_hash = Some(Hash::parse(value)?),
            "FileSize" => self.file_size = Some(number()?),
            "NarHash" => self.nar_hash = Some(Hash::parse(value)?),
            "NarSize" => self.nar_size = Some(number()?),
            "References" => {
                self.references =
                    value.split_ascii_whitespace().map(StorePath::parse).collect::<Result<_, _>>()?;
            }
            "Deriver" => self.deriver = Some(value.to_owned()),
            "Sig" => self.signatures.push(value.to_owned()),
            "CA" => self.ca = Some(value.to_owned()),
            _ => self.others.push((name.to_owned(), value.to_owned())),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
StorePath: /nix/store/0123456789abcdfghijklmnpqrsvwxyz-boat
URL: nar/0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73.nar.xz
Compression: xz
FileHash: sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73
FileSize: 120
NarHash: sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73
NarSize: 240
References: 0123456789abcdfghijklmnpqrsvwxyz-boat 1123456789abcdfghijklmnpqrsvwxyz-oar
Deriver: 2123456789abcdfghijklmnpqrsvwxyz-boat.drv
Sig: here-1:AAAA
Newer: a line of another Nix
";

    #[test]
    fn a_narinfo_is_printed_as_it_was_read() {
        let read = NarInfo::parse(TEXT).unwrap();
        assert_eq!(read.print(), TEXT);
        assert_eq!(read.other_references().count(), 1);
        assert_eq!(
            read.fingerprint(),
            "1;/nix/store/0123456789abcdfghijklmnpqrsvwxyz-boat;\
             sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73;240;\
             /nix/store/0123456789abcdfghijklmnpqrsvwxyz-boat,/nix/store/1123456789abcdfghijklmnpqrsvwxyz-oar"
        );
    }

    #[test]
    fn no_references_and_a_query_in_the_url() {
        let text = TEXT.replace(".nar.xz", ".nar.xz?x=1").replace(
            "References: 0123456789abcdfghijklmnpqrsvwxyz-boat 1123456789abcdfghijklmnpqrsvwxyz-oar",
            "References: ",
        );
        let read = NarInfo::parse(&text).unwrap();
        assert_eq!(read.references, []);
        assert!(read.nar_key().unwrap().ends_with(".nar.xz"));
        let elsewhere = text.replace("URL: nar", "URL: https://example.com/nar");
        assert_eq!(NarInfo::parse(&elsewhere).unwrap().nar_key(), None);
    }

    #[test]
    fn damaged_ones_are_refused() {
        for (there, instead) in [
            ("StorePath: /nix/store/0", "StorePath: 0"),
            ("URL: nar/", "URL:\nOld: "),
            ("FileSize: 120", "FileSize: many"),
            ("NarHash: sha256", "NarHash: sha257"),
            ("NarSize: 240\n", ""),
            ("Newer: a", "Newer a"),
            ("-oar", "-"),
        ] {
            assert!(NarInfo::parse(&TEXT.replacen(there, instead, 1)).is_err(), "{instead}");
        }
        // No cut of the text makes it panic.
        for end in 0..TEXT.len() {
            let _ = NarInfo::parse(&TEXT[..end]);
        }
    }
}
