//! The control door, `/_fake/…`: plans, log, reset, seeds. JSON in, JSON out, no signature.
//!
//! Invariant: a test can bring the server to any state here without going through the code under test, and a
//! mistake in a control request is answered with 400 and a sentence. It must not be reachable through S3
//! operations.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::attributes::Attributes;
use crate::auth::Credential;
use crate::checksum::Algorithm;
use crate::clock;
use crate::data::Data;
use crate::encoding::{hex, md5, parse_query, unbase64};
use crate::faults::Plan;
use crate::ops::tagging_from_header;
use crate::reply::Reply;
use crate::request::{Op, Request};
use crate::store::{Bucket, Object, PartSize, Versioning};
use crate::world::World;

type Answer = Result<Value, String>;

/// The longest that `GET /_fake/log?wait=N` waits.
const MAX_WAIT: Duration = Duration::from_secs(30);

pub async fn answer(world: &World, method: &str, uri: &http::Uri, body: Bytes) -> Reply {
    let query = parse_query(uri.query().unwrap_or("")).unwrap_or_default();
    let path = uri.path().trim_start_matches("/_fake/");
    let answer = match (method, path) {
        ("POST", "plan") => read(&body).and_then(|plan| post_plan(world, plan)),
        ("GET", "log") => log(world, &query).await,
        ("POST", "reset") => read(&body).map(|reset: Reset| post_reset(world, reset)),
        ("POST", "bucket") => read(&body).and_then(|bucket| post_bucket(world, bucket)),
        ("POST", "credential") => read(&body).map(|credential| post_credential(world, credential)),
        ("GET", "state") => Ok(state(world)),
        ("POST", "latency") => read(&body).map(|latency: Latency| {
            let mut desk = world.desk();
            (desk.latency, desk.rate) = (latency.ms, latency.rate);
            json!({})
        }),
        ("POST", "seed") => read(&body).and_then(|seed| post_seed(world, seed)),
        _ => Err(format!("there is no {method} /_fake/{path}")),
    };
    let (status, json) = match answer {
        Ok(json) => (200, json),
        Err(sentence) => (400, json!({ "error": sentence })),
    };
    let mut reply = Reply::empty(status);
    reply.set("content-type", "application/json");
    reply.body = Data::from(Bytes::from(json.to_string()));
    reply
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

fn post_plan(world: &World, plan: Plan) -> Answer {
    plan.check()?;
    let rules = plan.rules.len();
    world.desk().rules = plan.rules;
    Ok(json!({ "rules": rules }))
}

/// With `wait=N` the answer comes once N requests have been seen.
async fn log(world: &World, query: &[(String, String)]) -> Answer {
    if let Some((_, text)) = query.iter().find(|(name, _)| name == "wait") {
        let wanted: usize = text.parse().map_err(|_| "wait takes a number of requests".to_string())?;
        let enough = async {
            loop {
                let arrival = world.arrivals.notified();
                if world.desk().log.len() >= wanted {
                    return;
                }
                arrival.await;
            }
        };
        // Too few in time is for the test to judge: it gets the log as it is.
        let _ = tokio::time::timeout(MAX_WAIT, enough).await;
    }
    serde_json::to_value(&world.desk().log).map_err(|error| error.to_string())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reset {
    #[serde(default)]
    keep_objects: bool,
}

fn post_reset(world: &World, reset: Reset) -> Value {
    world.reset(reset.keep_objects);
    json!({})
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Latency {
    ms: u64,
    rate: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewCredential {
    access_key: String,
    secret_key: String,
    session_token: Option<String>,
}

fn post_credential(world: &World, new: NewCredential) -> Value {
    let NewCredential { access_key, secret_key, session_token } = new;
    let mut desk = world.desk();
    desk.credentials
        .retain(|known| (&known.access_key, &known.session_token) != (&access_key, &session_token));
    desk.credentials.push(Credential { access_key, secret_key, session_token, expired: false });
    json!({})
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BucketSettings {
    name: String,
    region: Option<String>,
    versioning: Option<Value>,
    requester_pays: Option<bool>,
    anonymous_read: Option<bool>,
    allow: Option<Vec<String>>,
    object_lock: Option<bool>,
    acls_disabled: Option<bool>,
}

fn post_bucket(world: &World, settings: BucketSettings) -> Answer {
    let versioning = match &settings.versioning {
        None => None,
        Some(Value::Bool(true)) => Some(Versioning::Enabled),
        Some(Value::Bool(false)) => Some(Versioning::Off),
        Some(Value::String(state)) if state == "Enabled" => Some(Versioning::Enabled),
        Some(Value::String(state)) if state == "Suspended" => Some(Versioning::Suspended),
        Some(other) => {
            return Err(format!("versioning is true, false, \"Enabled\" or \"Suspended\", not {other}"));
        }
    };
    let mut store = world.store();
    let bucket = store.buckets.entry(settings.name).or_insert_with(|| world.new_bucket());
    fn set<T>(place: &mut T, value: Option<T>) {
        if let Some(value) = value {
            *place = value;
        }
    }
    set(&mut bucket.region, settings.region);
    set(&mut bucket.requester_pays, settings.requester_pays);
    set(&mut bucket.anonymous_read, settings.anonymous_read);
    if settings.allow.is_some() {
        bucket.allow = settings.allow;
    }
    set(&mut bucket.acls_disabled, settings.acls_disabled);
    set(&mut bucket.object_lock, settings.object_lock);
    // Object lock cannot be without versions.
    set(
        &mut bucket.versioning,
        versioning.or((settings.object_lock == Some(true)).then_some(Versioning::Enabled)),
    );
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    bucket: String,
    key: String,
    body_b64: Option<String>,
    size: Option<u64>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

/// Above this a seeded object is as if it had been uploaded in parts of this size, and nothing is hashed.
const SEED_PART: u64 = 64 << 20;

fn post_seed(world: &World, seed: Seed) -> Answer {
    let data = match (&seed.body_b64, seed.size) {
        (Some(text), None) => Data::from(Bytes::from(unbase64(text).ok_or("body_b64 is not base64")?)),
        (None, Some(size)) => Data::pattern(size),
        _ => return Err("a seed has either body_b64 or size".into()),
    };
    let request = Request {
        method: "PUT".into(),
        raw_path: String::new(),
        query: vec![],
        headers: seed.headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect(),
        bucket: seed.bucket.clone(),
        key: seed.key.clone(),
        op: Op::PutObject,
    };
    let sentence = |error: crate::error::S3Error| format!("{}: {}", error.code, error.message);
    let attributes = Attributes::from_request(&request, &world.options.region).map_err(sentence)?;
    let checksum = request
        .header("x-amz-checksum-algorithm")
        .map(|name| Algorithm::from_name(name).ok_or(format!("there is no checksum algorithm {name}")))
        .transpose()?
        .map(|algorithm| algorithm.compute(&data));
    let mut object = if data.len() <= SEED_PART {
        Object::whole(data, attributes, checksum)
    } else {
        large(data, attributes)
    };
    object.tags = tagging_from_header(&request).map_err(sentence)?;
    if let Some(acl) = crate::acl::Acl::from_headers(&request).map_err(sentence)? {
        object.acl = acl;
    }
    let mut store = world.store();
    store.buckets.entry(seed.bucket.clone()).or_insert_with(|| world.new_bucket());
    let etag = object.etag.clone();
    let version = store.put(&seed.bucket, &seed.key, Some(object), clock::now()).map_err(sentence)?;
    Ok(json!({ "etag": format!("\"{etag}\""), "version_id": version }))
}

fn large(data: Data, attributes: Attributes) -> Object {
    let size = data.len();
    let parts: Vec<PartSize> = (0..size.div_ceil(SEED_PART))
        .map(|at| PartSize { size: SEED_PART.min(size - at * SEED_PART), checksum: None })
        .collect();
    Object {
        etag: format!("{}-{}", hex(&md5(&size.to_be_bytes())), parts.len()),
        data,
        attributes,
        checksum: None,
        tags: vec![],
        acl: Default::default(),
        parts,
    }
}

fn state(world: &World) -> Value {
    let store = world.store();
    let uploads: Vec<Value> = store
        .uploads
        .iter()
        .map(|(id, upload)| {
            let parts = upload.parts.len();
            json!({ "upload_id": id, "bucket": upload.bucket, "key": upload.key, "parts": parts })
        })
        .collect();
    let versions = |bucket: &Bucket| bucket.objects.values().map(Vec::len).sum::<usize>();
    let objects = |bucket: &Bucket| bucket.objects.keys().filter(|key| bucket.current(key).is_some()).count();
    let buckets: BTreeMap<&str, Value> = store
        .buckets
        .iter()
        .map(|(name, bucket)| {
            (
                name.as_str(),
                json!({ "region": bucket.region, "objects": objects(bucket), "versions": versions(bucket) }),
            )
        })
        .collect();
    json!({
        "objects": store.buckets.values().map(objects).sum::<usize>(),
        "versions": store.buckets.values().map(versions).sum::<usize>(),
        "uploads": uploads,
        "buckets": buckets,
    })
}
