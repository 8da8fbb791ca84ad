//! What the local Nix has about its store paths, from `nix path-info` or, in a Nix without it, `nix-store`.
//!
//! Invariant: works with each Nix since 2.3; nothing of Nix's database is read directly.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use tokio::process::Command;

use crate::failure::{Failure, Result};
use crate::hash::Hash;
use crate::store_path::StorePath;

/// One valid path.
#[derive(Clone, Debug)]
pub struct PathInfo {
    /// The path with its directory.
    pub full_path: String,
    /// The path.
    pub path: StorePath,
    /// The hash of its NAR.
    pub nar_hash: Hash,
    /// The NAR's bytes.
    pub nar_size: u64,
    /// The paths that it refers to.
    pub references: Vec<StorePath>,
    /// The derivation that built it.
    pub deriver: Option<String>,
    /// Its signatures.
    pub signatures: Vec<String>,
    /// How its name follows from its content.
    pub ca: Option<String>,
}

/// The closure of these paths.
pub async fn closure(paths: &[String]) -> Result<BTreeMap<StorePath, PathInfo>> {
    let mut reasons = BTreeSet::new();
    // Nix 2.3 has the command but not the option.
    for extra in [&["--extra-experimental-features", "nix-command"][..], &[]] {
        let words = [extra, &["path-info", "--json", "-r"]].concat();
        match run("nix", &words, paths).await {
            Ok(text) => return from_json(&text),
            Err(failure) => reasons.insert(failure.message),
        };
    }
    let found = async {
        let all = run("nix-store", &["--query", "--requisites"], paths).await?;
        let all: Vec<String> = all.lines().map(str::to_owned).collect();
        from_registration(&run("nix-store", &["--dump-db"], &all).await?)
    };
    found.await.map_err(|failure| {
        reasons.insert(failure.message);
        Failure::new(reasons.into_iter().collect::<Vec<_>>().join("; "))
    })
}

/// The outputs of a derivation; any other path itself.
pub async fn outputs(path: &str) -> Result<Vec<String>> {
    if !path.ends_with(".drv") {
        return Ok(vec![path.to_owned()]);
    }
    let text = run("nix-store", &["--query", "--outputs"], &[path.to_owned()]).await?;
    Ok(text.lines().map(str::to_owned).collect())
}

async fn run(program: &str, words: &[&str], paths: &[String]) -> Result<String> {
    let done =
        Command::new(program).args(words).args(paths).stdin(std::process::Stdio::null()).output().await;
    let done = done.map_err(|error| Failure::new(format!("cannot run `{program}`: {error}")))?;
    if done.status.success() {
        return String::from_utf8(done.stdout)
            .map_err(|_| Failure::new(format!("`{program}` printed no text")));
    }
    let text = String::from_utf8_lossy(&done.stderr);
    let reason = text.lines().rfind(|line| line.contains("error")).or(text.lines().next_back());
    Err(Failure::new(format!("`{program} {}` failed: {}", words.join(" "), reason.unwrap_or_default())))
}

/// The rows of `nix path-info --json`: a list until Nix 2.18, then a map by path.
fn from_json(text: &str) -> Result<BTreeMap<StorePath, PathInfo>> {
    let wrong = |what: &str| Failure::new(format!("`nix path-info --json` printed {what}"));
    let json: Json = serde_json::from_str(text).map_err(|_| wrong("no JSON"))?;
    let rows: Vec<(String, &Json)> = match &json {
        Json::Array(rows) => {
            rows.iter().map(|row| (row["path"].as_str().unwrap_or_default().to_owned(), row)).collect()
        }
        Json::Object(rows) => rows.iter().map(|(path, row)| (path.clone(), row)).collect(),
        _ => return Err(wrong("neither a list nor a map")),
    };
    let mut found = BTreeMap::new();
    for (full_path, row) in rows {
        let about = |why: String| wrong(&format!("a row that can't be used, {full_path}: {why}"));
        let path = StorePath::parse(&full_path).map_err(about)?;
        let text = |name: &str| row[name].as_str().map(str::to_owned).filter(|text| !text.is_empty());
        let hash = text("narHash").ok_or_else(|| about("the path is not valid".to_owned()))?;
        let list = |name: &str| {
            let items = row[name].as_array().map(Vec::as_slice).unwrap_or_default();
            items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect::<Vec<String>>()
        };
        let references = list("references");
        let references = references.iter().map(|one| StorePath::parse(one).map_err(about));
        let info = PathInfo {
            nar_hash: Hash::parse(&hash).map_err(about)?,
            nar_size: row["narSize"].as_u64().unwrap_or_default(),
            references: references.collect::<Result<_>>()?,
            deriver: text("deriver").map(|path| base(&path)),
            signatures: list("signatures"),
            ca: text("ca"),
            path: path.clone(),
            full_path,
        };
        found.insert(path, info);
    }
    Ok(found)
}

/// The rows of `nix-store --dump-db`: path, hash, size, deriver, number of references, references.
fn from_registration(text: &str) -> Result<BTreeMap<StorePath, PathInfo>> {
    let wrong = || Failure::new("`nix-store --dump-db` printed what can't be used");
    let mut lines = text.lines();
    let mut found = BTreeMap::new();
    while let Some(full_path) = lines.next() {
        let mut line = || lines.next().ok_or_else(wrong);
        let (hash, size, deriver, count) = (line()?, line()?, line()?, line()?);
        let count: usize = count.parse().map_err(|_| wrong())?;
        let references = (0..count).map(|_| StorePath::parse(line()?).map_err(|_| wrong()));
        let references = references.collect::<Result<_>>()?;
        let path = StorePath::parse(full_path).map_err(|_| wrong())?;
        let info = PathInfo {
            full_path: full_path.to_owned(),
            nar_hash: Hash::parse(&format!("sha256:{hash}")).map_err(|_| wrong())?,
            nar_size: size.parse().map_err(|_| wrong())?,
            references,
            deriver: Some(base(deriver)).filter(|name| !name.is_empty()),
            signatures: Vec::new(),
            ca: None,
            path: path.clone(),
        };
        found.insert(path, info);
    }
    Ok(found)
}

fn base(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73";
    const BOAT: &str = "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-boat";

    #[test]
    fn rows_of_old_and_new_nixes() {
        let fields = format!(
            r#""narHash":"sha256:{HASH}","narSize":5,"references":["{BOAT}"],
               "deriver":"/nix/store/x.drv","ca":null"#
        );
        let old = from_json(&format!(r#"[{{"path":"{BOAT}",{fields},"signatures":["a:b"]}}]"#)).unwrap();
        let new = from_json(&format!(r#"{{"{BOAT}":{{{fields}}}}}"#)).unwrap();
        let dumped = from_registration(&format!(
            "{BOAT}\n{}\n5\n/nix/store/x.drv\n1\n{BOAT}\n",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        ))
        .unwrap();
        for found in [old, new, dumped] {
            let one = found.values().next().unwrap();
            assert_eq!((one.nar_size, one.full_path.as_str(), one.references.len()), (5, BOAT, 1));
            assert_eq!(one.nar_hash, Hash::of(b""));
            assert_eq!((one.deriver.as_deref(), one.ca.as_deref()), (Some("x.drv"), None));
        }
    }

    #[test]
    fn others_are_errors() {
        let invalid = format!(r#"{{"{BOAT}":null}}"#);
        for text in ["", "1", r#"[{"path":"x"}]"#, &invalid] {
            assert!(from_json(text).is_err(), "{text}");
        }
        assert!(from_registration(&format!("{BOAT}\nx\n")).is_err());
    }
}
