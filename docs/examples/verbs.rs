//! An example of each verb. Written by docs/generate.py from the core's tables; do not edit.
//!
//! Reads lines of `VERB URL` and prints, for each, `ok` or the kind of the error.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::time::Duration;

use oarlock::value::ByteRange;
use oarlock::{Item, Items, Keys, Result, Sink, Store, options};

fn get_(store: &Store) -> Result<()> {
    // --8<-- [start:get]
    println!("{:?}", store.get("greeting", Sink::Memory, Default::default()).wait(None)?);
    // --8<-- [end:get]
    Ok(())
}

fn fetch_through_(store: &Store) -> Result<()> {
    // --8<-- [start:fetch_through]
    let call =
        store.fetch_through("greeting", "https://example.com/greeting", Sink::Memory, Default::default());
    println!("{:?}", call.wait(None)?);
    // --8<-- [end:fetch_through]
    Ok(())
}

fn head_through_(store: &Store) -> Result<()> {
    // --8<-- [start:head_through]
    let call = store.head_through("greeting", "https://example.com/greeting", Default::default());
    println!("{:?}", call.wait(None)?);
    // --8<-- [end:head_through]
    Ok(())
}

fn get_ranges_(store: &Store) -> Result<()> {
    // --8<-- [start:get_ranges]
    let call = store.get_ranges(
        "greeting",
        vec![ByteRange::FromTo(0, 1), ByteRange::FromTo(3, 4)],
        Default::default(),
    );
    println!("{:?}", call.wait(None)?);
    // --8<-- [end:get_ranges]
    Ok(())
}

fn put_(store: &Store) -> Result<()> {
    // --8<-- [start:put]
    println!("{:?}", store.put("greeting", "hello", Default::default()).wait(None)?);
    // --8<-- [end:put]
    Ok(())
}

fn put_by_content_(store: &Store) -> Result<()> {
    // --8<-- [start:put_by_content]
    println!("{:?}", store.put_by_content("hello", Default::default()).wait(None)?);
    // --8<-- [end:put_by_content]
    Ok(())
}

fn head_(store: &Store) -> Result<()> {
    // --8<-- [start:head]
    println!("{:?}", store.head("greeting", Default::default()).wait(None)?);
    // --8<-- [end:head]
    Ok(())
}

fn exists_(store: &Store) -> Result<()> {
    // --8<-- [start:exists]
    println!("{:?}", store.exists("greeting", Default::default()).wait(None)?);
    // --8<-- [end:exists]
    Ok(())
}

fn delete_(store: &Store) -> Result<()> {
    // --8<-- [start:delete]
    println!("{:?}", store.delete("greeting", Default::default()).wait(None)?);
    // --8<-- [end:delete]
    Ok(())
}

fn delete_many_(store: &Store) -> Result<()> {
    // --8<-- [start:delete_many]
    let call =
        store.delete_many(Keys::from_iter(["reports/2025.csv", "reports/2026.csv"]), Default::default());
    println!("{:?}", call.wait(None)?);
    // --8<-- [end:delete_many]
    Ok(())
}

fn get_many_(store: &Store) -> Result<()> {
    // --8<-- [start:get_many]
    let call = store.get_many(Items::from_iter(["reports/2025.csv", "reports/2026.csv"]), Default::default());
    println!("{:?}", call.wait(None)?);
    // --8<-- [end:get_many]
    Ok(())
}

fn put_many_(store: &Store) -> Result<()> {
    // --8<-- [start:put_many]
    let call = store.put_many(
        Items::from_iter([Item::from("a.csv").body("1,2"), Item::from("b.csv").body("3,4")]),
        Default::default(),
    );
    println!("{:?}", call.wait(None)?);
    // --8<-- [end:put_many]
    Ok(())
}

fn head_many_(store: &Store) -> Result<()> {
    // --8<-- [start:head_many]
    let call =
        store.head_many(Items::from_iter(["reports/2025.csv", "reports/2026.csv"]), Default::default());
    println!("{:?}", call.wait(None)?);
    // --8<-- [end:head_many]
    Ok(())
}

fn sync_up_(store: &Store) -> Result<()> {
    // --8<-- [start:sync_up]
    println!("{:?}", store.sync_up("site", "site/", Default::default()).wait(None)?);
    // --8<-- [end:sync_up]
    Ok(())
}

fn sync_down_(store: &Store) -> Result<()> {
    // --8<-- [start:sync_down]
    println!("{:?}", store.sync_down("site", "site/", Default::default()).wait(None)?);
    // --8<-- [end:sync_down]
    Ok(())
}

fn copy_(store: &Store) -> Result<()> {
    // --8<-- [start:copy]
    println!("{:?}", store.copy("greeting", "greeting-2", Default::default()).wait(None)?);
    // --8<-- [end:copy]
    Ok(())
}

fn move_(store: &Store) -> Result<()> {
    // --8<-- [start:move]
    println!("{:?}", store.r#move("greeting", "greeting-2", Default::default()).wait(None)?);
    // --8<-- [end:move]
    Ok(())
}

fn rekey_(store: &Store) -> Result<()> {
    // --8<-- [start:rekey]
    println!("{:?}", store.rekey("greeting", Default::default()).wait(None)?);
    // --8<-- [end:rekey]
    Ok(())
}

fn rekey_all_(store: &Store) -> Result<()> {
    // --8<-- [start:rekey_all]
    println!("{:?}", store.rekey_all("reports/", Default::default()).wait(None)?);
    // --8<-- [end:rekey_all]
    Ok(())
}

fn find_unencrypted_(store: &Store) -> Result<()> {
    // --8<-- [start:find_unencrypted]
    println!("{:?}", store.find_unencrypted("reports/", Default::default()).wait(None)?);
    // --8<-- [end:find_unencrypted]
    Ok(())
}

fn encrypt_all_(store: &Store) -> Result<()> {
    // --8<-- [start:encrypt_all]
    println!("{:?}", store.encrypt_all("reports/", Default::default()).wait(None)?);
    // --8<-- [end:encrypt_all]
    Ok(())
}

fn list_(store: &Store) -> Result<()> {
    // --8<-- [start:list]
    println!("{:?}", store.list("reports/", Default::default()).wait(None)?);
    // --8<-- [end:list]
    Ok(())
}

fn list_versions_(store: &Store) -> Result<()> {
    // --8<-- [start:list_versions]
    println!("{:?}", store.list_versions("reports/", Default::default()).wait(None)?);
    // --8<-- [end:list_versions]
    Ok(())
}

fn usage_(store: &Store) -> Result<()> {
    // --8<-- [start:usage]
    println!("{:?}", store.usage("reports/", Default::default()).wait(None)?);
    // --8<-- [end:usage]
    Ok(())
}

fn verify_(store: &Store) -> Result<()> {
    // --8<-- [start:verify]
    println!("{:?}", store.verify("reports/", Default::default()).wait(None)?);
    // --8<-- [end:verify]
    Ok(())
}

fn presign_(store: &Store) -> Result<()> {
    // --8<-- [start:presign]
    let call = store.presign(
        "greeting",
        options::Presign { expires_in: Some(Duration::from_secs(600)), ..Default::default() },
    );
    println!("{:?}", call.wait(None)?);
    // --8<-- [end:presign]
    Ok(())
}

fn get_acl_(store: &Store) -> Result<()> {
    // --8<-- [start:get_acl]
    println!("{:?}", store.get_acl("greeting", Default::default()).wait(None)?);
    // --8<-- [end:get_acl]
    Ok(())
}

fn set_acl_(store: &Store) -> Result<()> {
    // --8<-- [start:set_acl]
    let call =
        store.set_acl("greeting", options::SetAcl { acl: Some("private".into()), ..Default::default() });
    call.wait(None)?;
    // --8<-- [end:set_acl]
    Ok(())
}

fn get_tags_(store: &Store) -> Result<()> {
    // --8<-- [start:get_tags]
    println!("{:?}", store.get_tags("greeting", Default::default()).wait(None)?);
    // --8<-- [end:get_tags]
    Ok(())
}

fn set_tags_(store: &Store) -> Result<()> {
    // --8<-- [start:set_tags]
    let call =
        store.set_tags("greeting", BTreeMap::from([("team".into(), "data".into())]), Default::default());
    call.wait(None)?;
    // --8<-- [end:set_tags]
    Ok(())
}

fn delete_tags_(store: &Store) -> Result<()> {
    // --8<-- [start:delete_tags]
    store.delete_tags("greeting", Default::default()).wait(None)?;
    // --8<-- [end:delete_tags]
    Ok(())
}

fn bucket_region_(store: &Store) -> Result<()> {
    // --8<-- [start:bucket_region]
    println!("{:?}", store.bucket_region(Default::default()).wait(None)?);
    // --8<-- [end:bucket_region]
    Ok(())
}

fn credentials_(store: &Store) -> Result<()> {
    // --8<-- [start:credentials]
    println!("{:?}", store.credentials(Default::default()).wait(None)?);
    // --8<-- [end:credentials]
    Ok(())
}

fn explain_(store: &Store) -> Result<()> {
    // --8<-- [start:explain]
    let call = store.explain(options::Explain { check: Some(true), ..Default::default() });
    println!("{:?}", call.wait(None)?);
    // --8<-- [end:explain]
    Ok(())
}

fn stats_(store: &Store) -> Result<()> {
    // --8<-- [start:stats]
    println!("{:?}", store.stats(Default::default()).wait(None)?);
    // --8<-- [end:stats]
    Ok(())
}

fn list_buckets_(store: &Store) -> Result<()> {
    // --8<-- [start:list_buckets]
    println!("{:?}", store.list_buckets(Default::default()).wait(None)?);
    // --8<-- [end:list_buckets]
    Ok(())
}

fn create_bucket_(store: &Store) -> Result<()> {
    // --8<-- [start:create_bucket]
    store.create_bucket(Default::default()).wait(None)?;
    // --8<-- [end:create_bucket]
    Ok(())
}

fn delete_bucket_(store: &Store) -> Result<()> {
    // --8<-- [start:delete_bucket]
    store.delete_bucket(Default::default()).wait(None)?;
    // --8<-- [end:delete_bucket]
    Ok(())
}

fn get_versioning_(store: &Store) -> Result<()> {
    // --8<-- [start:get_versioning]
    println!("{:?}", store.get_versioning(Default::default()).wait(None)?);
    // --8<-- [end:get_versioning]
    Ok(())
}

fn set_versioning_(store: &Store) -> Result<()> {
    // --8<-- [start:set_versioning]
    store.set_versioning("Enabled", Default::default()).wait(None)?;
    // --8<-- [end:set_versioning]
    Ok(())
}

fn set_bucket_acl_(store: &Store) -> Result<()> {
    // --8<-- [start:set_bucket_acl]
    store.set_bucket_acl("private", Default::default()).wait(None)?;
    // --8<-- [end:set_bucket_acl]
    Ok(())
}

fn list_uploads_(store: &Store) -> Result<()> {
    // --8<-- [start:list_uploads]
    println!("{:?}", store.list_uploads("reports/", Default::default()).wait(None)?);
    // --8<-- [end:list_uploads]
    Ok(())
}

fn abort_upload_(store: &Store) -> Result<()> {
    // --8<-- [start:abort_upload]
    store.abort_upload("greeting", "upload-7", Default::default()).wait(None)?;
    // --8<-- [end:abort_upload]
    Ok(())
}

fn abort_uploads_(store: &Store) -> Result<()> {
    // --8<-- [start:abort_uploads]
    println!("{:?}", store.abort_uploads("reports/", Default::default()).wait(None)?);
    // --8<-- [end:abort_uploads]
    Ok(())
}

fn run(verb: &str, url: &str) -> Result<()> {
    let store = Store::open(url, vec![])?;
    match verb {
        "get" => get_(&store),
        "fetch_through" => fetch_through_(&store),
        "head_through" => head_through_(&store),
        "get_ranges" => get_ranges_(&store),
        "put" => put_(&store),
        "put_by_content" => put_by_content_(&store),
        "head" => head_(&store),
        "exists" => exists_(&store),
        "delete" => delete_(&store),
        "delete_many" => delete_many_(&store),
        "get_many" => get_many_(&store),
        "put_many" => put_many_(&store),
        "head_many" => head_many_(&store),
        "sync_up" => sync_up_(&store),
        "sync_down" => sync_down_(&store),
        "copy" => copy_(&store),
        "move" => move_(&store),
        "rekey" => rekey_(&store),
        "rekey_all" => rekey_all_(&store),
        "find_unencrypted" => find_unencrypted_(&store),
        "encrypt_all" => encrypt_all_(&store),
        "list" => list_(&store),
        "list_versions" => list_versions_(&store),
        "usage" => usage_(&store),
        "verify" => verify_(&store),
        "presign" => presign_(&store),
        "get_acl" => get_acl_(&store),
        "set_acl" => set_acl_(&store),
        "get_tags" => get_tags_(&store),
        "set_tags" => set_tags_(&store),
        "delete_tags" => delete_tags_(&store),
        "bucket_region" => bucket_region_(&store),
        "credentials" => credentials_(&store),
        "explain" => explain_(&store),
        "stats" => stats_(&store),
        "list_buckets" => list_buckets_(&store),
        "create_bucket" => create_bucket_(&store),
        "delete_bucket" => delete_bucket_(&store),
        "get_versioning" => get_versioning_(&store),
        "set_versioning" => set_versioning_(&store),
        "set_bucket_acl" => set_bucket_acl_(&store),
        "list_uploads" => list_uploads_(&store),
        "abort_upload" => abort_upload_(&store),
        "abort_uploads" => abort_uploads_(&store),
        _ => panic!("there is no example of {verb}"),
    }
}

fn main() {
    for line in std::io::stdin().lock().lines().map_while(std::io::Result::ok) {
        let Some((verb, url)) = line.split_once(' ') else { continue };
        match run(verb, url) {
            Ok(()) => println!("= ok"),
            Err(error) => println!("= {}", error.kind()),
        }
        std::io::stdout().flush().expect("standard output is open");
    }
}
