//! One client in Rust does one piece of work: `peer CLIENT WORK ENDPOINT COUNT [FILE [SIZE]]`, with CLIENT
//! one of oarlock, oarlock-many (32 objects at a time), oarlock-defaults, object_store and opendal. Prints
//! CPU and wall seconds of the work; of small requests after a first one, which opens connections.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use oarlock::options::{GetMany, HeadMany, PutMany};
use oarlock::{Item, Items, Sink, Source, Store, Value};
use object_store::aws::AmazonS3Builder;
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart};
use tokio::io::AsyncReadExt;

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Done = Result<(), Failure>;

/// Small requests under way at a time.
const AT_A_TIME: usize = 32;
/// Bytes of a part, and parts under way, as oarlock has them.
const PART: usize = 8 << 20;
const PARTS: usize = 8;
/// Bytes of a large object.
const LARGE: &str = "1073741824";

struct Work {
    what: String,
    endpoint: String,
    count: usize,
    file: PathBuf,
    large: String,
    key: String,
    secret: String,
}

impl Work {
    /// The key of an upload: a client that looks at it afterwards finds its size.
    fn uploaded(&self) -> String {
        format!("{}-put", self.large)
    }
}

fn main() -> Done {
    let mut args = std::env::args().skip(1);
    let mut next = || args.next().unwrap_or_default();
    let client = next();
    let work = Work {
        what: next(),
        endpoint: next(),
        count: next().parse()?,
        file: next().into(),
        large: Some(next()).filter(|size| !size.is_empty()).unwrap_or(LARGE.into()),
        key: std::env::var("AWS_ACCESS_KEY_ID")?,
        secret: std::env::var("AWS_SECRET_ACCESS_KEY")?,
    };
    if client == "oarlock" && work.count == 1 {
        return large_of_oarlock(&work);
    }
    // object_store and opendal run where they are called; oarlock brings its own workers.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match client.as_str() {
            "oarlock" => of_oarlock(&work, false, None).await,
            "oarlock-many" => of_oarlock(&work, true, Some(AT_A_TIME as u32)).await,
            "oarlock-defaults" => of_oarlock(&work, true, None).await,
            "object_store" => of_object_store(&work).await,
            "opendal" => of_opendal(&work).await,
            other => Err(format!("no client {other}").into()),
        }
    })
}

fn keys(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("4096-{number}"))
}

/// Measures what the process used between two moments.
struct Meter(Duration, Instant);

impl Meter {
    fn begin() -> Meter {
        Meter(cpu(), Instant::now())
    }

    fn end(self) {
        println!(
            "{{\"cpu\": {}, \"wall\": {}}}",
            (cpu() - self.0).as_secs_f64(),
            self.1.elapsed().as_secs_f64()
        );
    }
}

fn cpu() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: one valid place to fill.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Does the small requests, so many at a time, and meters them.
async fn small<F: Future<Output = Done>>(count: usize, request: impl Fn(String) -> F) -> Done {
    request("4096-first".into()).await?;
    let meter = Meter::begin();
    stream::iter(keys(count))
        .map(|key| Ok(request(key)))
        .try_buffer_unordered(AT_A_TIME)
        .try_for_each(async |()| Ok(()))
        .await?;
    meter.end();
    Ok(())
}

fn store_of_oarlock(work: &Work) -> Result<Store, Failure> {
    let settings = [
        ("endpoint", work.endpoint.as_str()),
        ("access_key_id", &work.key),
        ("secret_access_key", &work.secret),
        ("region", "us-east-1"),
    ];
    let mut settings: Vec<_> =
        settings.iter().map(|(name, value)| ((*name).to_owned(), Value::Str((*value).to_owned()))).collect();
    // As over TLS, where the peers' bytes do not go into their signatures either.
    if work.what == "put-file" {
        settings.push(("payload_signing_enabled".into(), Value::Bool(false)));
    }
    // Done where they are awaited or waited for, as the peers' requests are.
    Ok(Store::open("s3://bench", settings)?.inline())
}

/// One large object, for which a program without a runtime waits.
fn large_of_oarlock(work: &Work) -> Done {
    let store = store_of_oarlock(work)?;
    let meter = Meter::begin();
    match work.what.as_str() {
        "get-file" => {
            drop(store.get(&work.large, Sink::File(work.file.clone()), Default::default()).wait(None)?)
        }
        "get-memory" => drop(store.get(&work.large, Sink::Memory, Default::default()).wait(None)?),
        "put-file" => {
            drop(store.put(work.uploaded(), Source::File(work.file.clone()), Default::default()).wait(None)?)
        }
        other => return Err(format!("no work {other}").into()),
    }
    meter.end();
    Ok(())
}

async fn of_oarlock(work: &Work, many: bool, max_concurrency: Option<u32>) -> Done {
    let store = store_of_oarlock(work)?;
    let body = Bytes::from(vec![7; 4096]);
    let items = || keys(work.count).map(|key| Item::from(key.as_str()));
    let meter = Meter::begin();
    match (work.what.as_str(), many) {
        ("get", false) => {
            return small(work.count, async |key| {
                store.get(key.as_str(), Sink::Memory, Default::default()).await?;
                Ok(())
            })
            .await;
        }
        ("put", false) => {
            return small(work.count, async |key| {
                store.put(key.as_str(), body.clone(), Default::default()).await?;
                Ok(())
            })
            .await;
        }
        ("head", false) => {
            return small(work.count, async |key| {
                store.head(key.as_str(), Default::default()).await?;
                Ok(())
            })
            .await;
        }
        ("get", true) => drop(
            store
                .get_many(Items::from_iter(items()), GetMany { max_concurrency, ..Default::default() })
                .await?,
        ),
        ("put", true) => drop(
            store
                .put_many(
                    Items::from_iter(items().map(|item| item.body(body.clone()))),
                    PutMany { max_concurrency, ..Default::default() },
                )
                .await?,
        ),
        ("head", true) => drop(
            store
                .head_many(Items::from_iter(items()), HeadMany { max_concurrency, ..Default::default() })
                .await?,
        ),
        ("list", _) => {
            let (mut found, mut continuation) = (0, None);
            loop {
                let page =
                    store.list("", oarlock::options::List { continuation, ..Default::default() }).await?;
                found += page.entries.len();
                continuation = page.next;
                if continuation.is_none() {
                    break;
                }
            }
            assert_eq!(found, work.count);
        }
        (other, _) => return Err(format!("no work {other}").into()),
    }
    meter.end();
    Ok(())
}

async fn of_object_store(work: &Work) -> Done {
    let store = AmazonS3Builder::new()
        .with_bucket_name("bench")
        .with_endpoint(&work.endpoint)
        .with_allow_http(true)
        .with_region("us-east-1")
        .with_access_key_id(&work.key)
        .with_secret_access_key(&work.secret)
        .build()?;
    let body = Bytes::from(vec![7; 4096]);
    let meter = Meter::begin();
    match work.what.as_str() {
        "get" => {
            return small(work.count, async |key| {
                store.get(&key.into()).await?.bytes().await?;
                Ok(())
            })
            .await;
        }
        "put" => {
            return small(work.count, async |key| {
                store.put(&key.into(), body.clone().into()).await?;
                Ok(())
            })
            .await;
        }
        "head" => {
            return small(work.count, async |key| {
                store.head(&key.into()).await?;
                Ok(())
            })
            .await;
        }
        "get-file" => {
            let mut chunks = store.get(&work.large.as_str().into()).await?.into_stream();
            let mut file = std::fs::File::create(&work.file)?;
            while let Some(chunk) = chunks.next().await {
                std::io::Write::write_all(&mut file, &chunk?)?;
            }
        }
        "get-memory" => drop(store.get(&work.large.as_str().into()).await?.bytes().await?),
        "put-file" => {
            let mut upload = WriteMultipart::new_with_chunk_size(
                store.put_multipart(&work.uploaded().into()).await?,
                PART,
            );
            let mut file = tokio::fs::File::open(&work.file).await?;
            file.set_max_buf_size(PART);
            loop {
                let mut part = bytes::BytesMut::with_capacity(PART);
                while part.len() < PART && file.read_buf(&mut part).await? > 0 {}
                if part.is_empty() {
                    break;
                }
                upload.wait_for_capacity(PARTS).await?;
                upload.put(part.freeze());
            }
            upload.finish().await?;
        }
        "list" => assert_eq!(store.list(None).try_fold(0, async |count, _| Ok(count + 1)).await?, work.count),
        other => return Err(format!("no work {other}").into()),
    }
    meter.end();
    Ok(())
}

async fn of_opendal(work: &Work) -> Done {
    opendal::install_default();
    let builder = opendal::services::S3::default()
        .bucket("bench")
        .endpoint(&work.endpoint)
        .region("us-east-1")
        .access_key_id(&work.key)
        .secret_access_key(&work.secret)
        .disable_config_load();
    let store = opendal::Operator::new(builder)?;
    let body = Bytes::from(vec![7; 4096]);
    let meter = Meter::begin();
    match work.what.as_str() {
        "get" => {
            return small(work.count, async |key| {
                store.read(&key).await?.to_bytes();
                Ok(())
            })
            .await;
        }
        "put" => {
            return small(work.count, async |key| {
                store.write(&key, body.clone()).await?;
                Ok(())
            })
            .await;
        }
        "head" => {
            return small(work.count, async |key| {
                store.stat(&key).await?;
                Ok(())
            })
            .await;
        }
        "get-file" => {
            let mut chunks =
                store.reader(&work.large).await?.into_bytes_stream(0..work.large.parse()?).await?;
            let mut file = std::fs::File::create(&work.file)?;
            while let Some(chunk) = chunks.next().await {
                std::io::Write::write_all(&mut file, &chunk?)?;
            }
        }
        "get-memory" => drop(store.read(&work.large).await?.to_bytes()),
        "put-file" => {
            let mut upload = store.writer_with(&work.uploaded()).chunk(PART).concurrent(PARTS).await?;
            let mut file = tokio::fs::File::open(&work.file).await?;
            file.set_max_buf_size(PART);
            loop {
                let mut part = bytes::BytesMut::with_capacity(PART);
                while part.len() < PART && file.read_buf(&mut part).await? > 0 {}
                if part.is_empty() {
                    break;
                }
                upload.write(part.freeze()).await?;
            }
            upload.close().await?;
        }
        "list" => {
            let entries = store.lister_with("").recursive(true).await?;
            assert_eq!(entries.try_fold(0, async |count, _| Ok(count + 1)).await?, work.count);
        }
        other => return Err(format!("no work {other}").into()),
    }
    meter.end();
    Ok(())
}
