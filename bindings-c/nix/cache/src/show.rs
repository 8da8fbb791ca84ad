//! `list`, `stats` and `delete`: what a cache holds, how much, and away with some of it.

use std::collections::BTreeMap;

use serde_json::json;

use crate::arguments::{Arguments, CommandRow};
use crate::cache::{Cache, now};
use crate::failure::{Failure, Result};
use crate::narinfo::NarInfo;
use crate::output::{Progress, bytes, moment, print};
use crate::store_path::StorePath;
use crate::verify::{Content, content};

/// `list`.
pub const LIST: CommandRow = CommandRow {
    name: "list",
    words: "URL",
    doc: "Lists the paths of a cache: time, size, path.",
    options: &[],
};

/// `stats`.
pub const STATS: CommandRow = CommandRow {
    name: "stats",
    words: "URL",
    doc: "Counts paths and bytes, by age, with the largest paths.",
    options: &[
        ("svg", "FILE", "write a picture of the bytes by age"),
        ("top", "NUMBER", "largest paths, default 10"),
    ],
};

/// `delete`.
pub const DELETE: CommandRow = CommandRow {
    name: "delete",
    words: "URL PATHS…",
    doc: "Deletes the narinfos of paths that no other path needs. A later gc deletes their NARs.",
    options: &[
        ("referrers", "", "delete the paths that need them too"),
        ("dry-run", "", "only show what would be done"),
    ],
};

/// Ages in days, and their names.
const AGES: &[(i64, &str)] =
    &[(1, "a day"), (7, "a week"), (30, "30 days"), (90, "90 days"), (365, "a year"), (i64::MAX, "older")];

async fn look(arguments: &Arguments) -> Result<(Cache, Content)> {
    let (url, _) = arguments.url()?;
    let cache = Cache::open(url, arguments.path("settings-file").as_deref())?;
    let content = content(&cache, &mut Progress::new(arguments.has("quiet"))).await?;
    Ok((cache, content))
}

fn time(content: &Content, key: &str) -> i64 {
    content.objects.get(key).map_or(0, |stored| stored.time)
}

/// Runs `list`.
pub async fn list(arguments: &Arguments) -> Result<()> {
    let (_, content) = look(arguments).await?;
    let mut rows: Vec<(&String, &NarInfo)> = content.narinfos.iter().collect();
    rows.sort_by_key(|(key, narinfo)| (time(&content, key), &narinfo.path));
    if arguments.has("json") {
        let rows: Vec<_> = rows
            .iter()
            .map(|(key, one)| {
                let sizes = (one.file_size, one.nar_size);
                json!({"path": one.full_path(), "size": sizes.0, "nar_size": sizes.1,
                    "time": time(&content, key)})
            })
            .collect();
        print(&json!(rows).to_string());
        return Ok(());
    }
    for (key, one) in rows {
        let size = bytes(one.file_size.unwrap_or(one.nar_size));
        print(&format!("{}  {size:>10}  {}", moment(time(&content, key)), one.full_path()));
    }
    Ok(())
}

/// Runs `stats`.
pub async fn stats(arguments: &Arguments) -> Result<()> {
    let (cache, content) = look(arguments).await?;
    let top = arguments.number("top", 10)? as usize;
    let nar_bytes: u64 =
        content.objects.iter().filter(|(key, _)| key.starts_with("nar/")).map(|(_, one)| one.size).sum();
    let all_bytes: u64 = content.objects.values().map(|one| one.size).sum();
    let unpacked: u64 = content.narinfos.values().map(|one| one.nar_size).sum();
    let mut ages = vec![(0u64, 0u64); AGES.len()];
    for (key, narinfo) in &content.narinfos {
        let days = (now() - time(&content, key)) / 86_400;
        let at = AGES.iter().position(|(most, _)| days < *most).unwrap_or(AGES.len() - 1);
        ages[at].0 += 1;
        ages[at].1 += narinfo.file_size.unwrap_or_default();
    }
    let mut largest: Vec<&NarInfo> = content.narinfos.values().collect();
    largest.sort_by_key(|one| std::cmp::Reverse(one.file_size));
    largest.truncate(top);
    if let Some(file) = arguments.path("svg") {
        std::fs::write(&file, picture(&cache.url(), &ages))
            .map_err(|error| Failure::new(format!("cannot write {}: {error}", file.display())))?;
    }
    if arguments.has("json") {
        let by_age: Vec<_> = AGES
            .iter()
            .zip(&ages)
            .map(|((_, name), (count, size))| json!({"age": name, "paths": count, "bytes": size}))
            .collect();
        let top: Vec<_> =
            largest.iter().map(|one| json!({"path": one.full_path(), "bytes": one.file_size})).collect();
        print(
            &json!({"paths": content.narinfos.len(), "objects": content.objects.len(), "bytes": all_bytes,
                "nar_bytes": nar_bytes, "unpacked_bytes": unpacked, "ages": by_age, "largest": top})
            .to_string(),
        );
        return Ok(());
    }
    print(&format!("{:<10} {:>12}", "paths", content.narinfos.len()));
    print(&format!("{:<10} {:>12}", "objects", content.objects.len()));
    for (name, size) in [("all", all_bytes), ("NARs", nar_bytes), ("unpacked", unpacked)] {
        print(&format!("{name:<10} {:>12}", bytes(size)));
    }
    for ((_, name), (count, size)) in AGES.iter().zip(&ages) {
        print(&format!("{name:<10} {count:>8} paths {:>12}", bytes(*size)));
    }
    for one in largest {
        print(&format!("{:>12}  {}", bytes(one.file_size.unwrap_or_default()), one.path));
    }
    Ok(())
}

/// Bars of the bytes by age.
fn picture(url: &str, ages: &[(u64, u64)]) -> String {
    let most = ages.iter().map(|(_, size)| *size).max().unwrap_or_default().max(1);
    let height = 40 + 28 * ages.len();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"640\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <text x=\"10\" y=\"22\">{}: bytes of NARs by the age of their paths</text>\n",
        escape(url)
    );
    for (row, ((_, name), (count, size))) in AGES.iter().zip(ages).enumerate() {
        let y = 36 + 28 * row;
        let width = (*size as f64 / most as f64 * 330.0).max(1.0);
        svg += &format!(
            "<text x=\"10\" y=\"{}\">{name}</text>\
             <rect x=\"90\" y=\"{y}\" width=\"{width:.0}\" height=\"20\" \
             fill=\"#4a7ebb\"/><text x=\"{:.0}\" y=\"{}\">{}, {count} paths</text>\n",
            y + 15,
            width + 98.0,
            y + 15,
            bytes(*size)
        );
    }
    svg + "</svg>\n"
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Runs `delete`.
pub async fn delete(arguments: &Arguments) -> Result<()> {
    let given = arguments.url()?.1;
    if given.is_empty() {
        return Err(Failure::usage("no path is given"));
    }
    let wanted: Vec<StorePath> =
        given.iter().map(|path| StorePath::parse(path).map_err(Failure::usage)).collect::<Result<_>>()?;
    let (cache, content) = look(arguments).await?;
    let order = deletions(&content, wanted, arguments.has("referrers"))?;
    if !arguments.has("dry-run") {
        for path in &order {
            cache.store.delete(path.narinfo_key(), Default::default()).await?;
            let listing = format!("{}.ls", path.hash_part());
            if content.objects.contains_key(&listing) {
                cache.store.delete(listing, Default::default()).await?;
            }
        }
    }
    let paths: Vec<String> = order.iter().map(StorePath::to_string).collect();
    if arguments.has("json") {
        print(&json!({"dry_run": arguments.has("dry-run"), "deleted": paths}).to_string());
    } else {
        paths.iter().for_each(|path| print(path));
    }
    Ok(())
}

/// The paths to delete, those that refer to others first.
fn deletions(content: &Content, wanted: Vec<StorePath>, referrers: bool) -> Result<Vec<StorePath>> {
    let mut needed_by: BTreeMap<&StorePath, Vec<&StorePath>> = BTreeMap::new();
    for narinfo in content.narinfos.values() {
        for reference in narinfo.other_references() {
            needed_by.entry(reference).or_default().push(&narinfo.path);
        }
    }
    let mut chosen: std::collections::BTreeSet<StorePath> = wanted.iter().cloned().collect();
    let mut waiting = wanted;
    while let Some(path) = waiting.pop() {
        for other in needed_by.get(&path).into_iter().flatten() {
            if !chosen.contains(*other) {
                if !referrers {
                    let why = "`--referrers` deletes that too";
                    return Err(Failure::findings(format!("{path} is needed by {other}; {why}")));
                }
                chosen.insert((*other).clone());
                waiting.push((*other).clone());
            }
        }
    }
    chosen.retain(|path| content.narinfos.contains_key(&path.narinfo_key()));
    let mut order = Vec::new();
    while !chosen.is_empty() {
        let free = |path: &&StorePath| {
            !needed_by.get(path).into_iter().flatten().any(|other| chosen.contains(*other))
        };
        let ready: Vec<StorePath> = chosen.iter().filter(free).cloned().collect();
        if ready.is_empty() {
            return Err(Failure::new("the references of these paths make a circle"));
        }
        chosen.retain(|path| !ready.contains(path));
        order.extend(ready);
    }
    Ok(order)
}
