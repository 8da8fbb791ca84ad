//! The table of verbs: name, parameters, options, reply and doc of each, and dispatch by name.
//!
//! Invariant: a verb added here exists at once in every language; a binding names no verb's options. Each
//! backend has an async function of the verb's name, and nothing else runs it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::call::Call;
use crate::error::{Error, ErrorKind, Result, fail};
use crate::io::{Sink, Source};
use crate::keys::{Directory, ErrorTarget, Items, Key, Keys, Prefix, UpstreamUrl};
use crate::mailbox::Mailbox;
use crate::options::{
    AbortUploads, Copy, Delete, DeleteMany, EncryptAll, Exists, Explain, FetchThrough, Get, GetAcl, GetMany,
    GetRanges, Head, HeadMany, HeadThrough, List, ListUploads, ListVersions, Move, NoOptions, Presign, Put,
    PutByContent, PutMany, Rekey, RekeyAll, SetAcl, Sync, Tags, Verify,
};
use crate::reply::{
    Acl, Bucket, ContentReply, DeleteReply, Deleted, EncryptReply, Explained, Fetched, GetReply, Headed,
    Identity, ObjectMeta, Page, PutReply, RekeyReply, Stored, SyncReply, ThroughReply, UnencryptedReply,
    Upload, UploadPage, Usage, VerbStats, VerifyReply,
};
use crate::store::{Backend, Store};
use crate::table::{FieldSpec, Record, RecordSpec, unknown};
use crate::value::{ByteRange, Field, Type, Value};

/// The functions of a bucket's verbs: `transfer`'s move bytes, the others are one request each.
mod bucket {
    pub(super) use super::any_bucket::*;
    pub(super) use crate::encrypted::{rekey, rekey_all};
    pub(super) use crate::s3::{list_versions, presign};
    pub(super) use crate::transfer::put;
}

/// The functions of the verbs of a bucket whose objects are encrypted.
mod encrypted_bucket {
    pub(super) use super::any_bucket::*;
    pub(super) use crate::encrypted::{list_versions, presign, put, rekey, rekey_all};
}

/// The functions of the verbs that do not depend on encryption.
mod any_bucket {
    pub(super) use super::here::stats;
    pub(super) use crate::across::{copy, encrypt_all, find_unencrypted, r#move};
    pub(super) use crate::explain::bucket as explain;
    pub(super) use crate::many::{
        delete, delete_many, exists, get, get_many, get_ranges, head, head_many, list, put_many, sync_down,
        sync_up, usage, verify,
    };
    pub(super) use crate::s3::{
        abort_upload, abort_uploads, bucket_region, create_bucket, credentials, delete_bucket, delete_tags,
        get_acl, get_tags, get_versioning, list_buckets, list_uploads, set_acl, set_bucket_acl, set_tags,
        set_versioning,
    };
    pub(super) use crate::through::{fetch_through, head_through, put_by_content};
}

/// The functions of a directory's verbs.
mod directory {
    pub(super) use super::here::stats;
    pub(super) use crate::across::{copy, r#move};
    pub(super) use crate::explain::directory as explain;
    pub(super) use crate::local::*;
    pub(super) use crate::many::{
        delete, delete_many, exists, get, get_many, get_ranges, head, head_many, list, put, put_many,
        sync_down, sync_up, usage, verify,
    };
    pub(super) use crate::through::{fetch_through, head_through, put_by_content};
}

/// Verbs answered locally, without a request.
mod here {
    use super::{Arc, Mailbox, NoOptions, Result, VERBS, VerbStats};
    use crate::transfer::limit_name;

    pub(super) async fn stats<At>(_: &At, mailbox: &Arc<Mailbox>, _: NoOptions) -> Result<Vec<VerbStats>> {
        let Some(tallies) = mailbox.tallies() else { return Ok(Vec::new()) };
        let told = |(number, verb): (usize, &super::Verb)| {
            let counted = tallies.of(number).counted();
            let [hits, fetched, joined, passed] = counted.arrivals;
            let of_through = |count: u64| (verb.name == "fetch_through").then_some(count);
            VerbStats {
                verb: verb.name.to_owned(),
                calls: counted.calls,
                failures: counted.failures,
                microseconds: counted.microseconds,
                requests: counted.requests,
                retries: counted.retries,
                throttled: counted.throttled,
                bytes: counted.bytes,
                first_byte: counted.first_byte.map(|(mean, _)| mean),
                slowest_first_byte: counted.first_byte.map(|(_, longest)| longest),
                streams: counted.chosen.map(|(streams, ..)| streams),
                rate: counted.chosen.map(|(_, rate, _)| rate),
                limit: counted.chosen.map(|(.., limit)| limit_name(limit).to_owned()),
                hits: of_through(hits),
                fetched: of_through(fetched),
                joined: of_through(joined),
                passed: of_through(passed),
                unkept: of_through(counted.unkept),
                upstream_errors: of_through(counted.upstream_errors),
                upstream_bytes: of_through(counted.upstream_bytes),
            }
        };
        let all = VERBS.iter().enumerate().map(told);
        Ok(all.filter(|stats| stats.calls + stats.requests + stats.bytes > 0).collect())
    }
}

/// A verb as bindings, stubs and documentation see it.
pub struct Verb {
    /// The name in every language.
    pub name: &'static str,
    /// The description.
    pub doc: &'static str,
    /// The positional parameters, in order.
    pub params: &'static [FieldSpec],
    /// The options.
    pub options: RecordSpec,
    /// The type of the reply.
    pub reply: Type,
    /// What its progress counts: `bytes` or `objects`. None for a verb that is one request; bindings accept
    /// `progress` for the others.
    pub progress: Option<&'static str>,
    run: fn(&Store, Args) -> Result<Call<Value>>,
}

impl Verb {
    /// Whether the reply is a page. Bindings turn it into an iterator that fetches the next page with
    /// `continuation`.
    pub fn pages(&self) -> bool {
        matches!(self.reply, Type::Record("Page" | "UploadPage"))
    }
}

/// The arguments of a verb: parameters and options by name, and at most one stream.
#[derive(Debug, Default)]
pub struct Args {
    /// Parameters and options; null counts as not given.
    pub values: Vec<(String, Value)>,
    /// For a parameter of type `source`.
    pub source: Option<Source>,
    /// For a parameter of type `sink`; default: memory.
    pub sink: Option<Sink>,
}

/// A type that a verb's parameter may have.
trait Param: Sized {
    const KIND: Type;
    const NEEDED: bool = true;
    fn take(args: &mut Args, name: &str) -> Result<Self>;
    fn check(&self) -> Result<()> {
        Ok(())
    }
    fn as_sink(&self) -> Option<&Sink> {
        None
    }
}

fn take_value<T: Field>(args: &mut Args, name: &str) -> Result<Option<T>> {
    let Some(at) = args.values.iter().position(|(given, _)| given == name) else { return Ok(None) };
    let (_, value) = args.values.swap_remove(at);
    Option::<T>::from_value(value)
        .map_err(|why| Error::new(ErrorKind::InvalidInput, format!("parameter `{name}` {why}")))
}

fn needed<T: Field>(args: &mut Args, name: &str) -> Result<T> {
    take_value(args, name)?
        .ok_or_else(|| Error::new(ErrorKind::InvalidInput, format!("parameter `{name}` is missing")))
}

impl Param for Key {
    const KIND: Type = Type::Str;
    fn take(args: &mut Args, name: &str) -> Result<Self> {
        needed(args, name).map(Key)
    }
    fn check(&self) -> Result<()> {
        self.check_text()
    }
}

impl Param for Prefix {
    const KIND: Type = Type::Str;
    const NEEDED: bool = false;
    fn take(args: &mut Args, name: &str) -> Result<Self> {
        take_value(args, name).map(|prefix| Prefix(prefix.unwrap_or_default()))
    }
    fn check(&self) -> Result<()> {
        if self.0.contains('\0') {
            fail!(InvalidInput, "the prefix {:?} contains a NUL", self.0);
        }
        Ok(())
    }
}

impl Param for String {
    const KIND: Type = Type::Str;
    fn take(args: &mut Args, name: &str) -> Result<Self> {
        needed(args, name)
    }
}

impl Param for UpstreamUrl {
    const KIND: Type = Type::Str;
    const NEEDED: bool = false;
    fn take(args: &mut Args, name: &str) -> Result<Self> {
        take_value(args, name).map(UpstreamUrl)
    }
}

impl Param for BTreeMap<String, String> {
    const KIND: Type = Type::Map;
    fn take(args: &mut Args, name: &str) -> Result<Self> {
        needed(args, name)
    }
}

impl Param for Keys {
    const KIND: Type = Type::KeyList;
    fn take(args: &mut Args, name: &str) -> Result<Self> {
        needed(args, name)
    }
    fn check(&self) -> Result<()> {
        self.0.iter().try_for_each(|(key, _)| key.check())
    }
}

impl Param for Vec<ByteRange> {
    const KIND: Type = Type::Ranges;
    fn take(args: &mut Args, name: &str) -> Result<Self> {
        needed(args, name)
    }
}

impl Param for Directory {
    const KIND: Type = Type::Directory;
    fn take(args: &mut Args, name: &str) -> Result<Self> {
        needed(args, name)
    }
    fn check(&self) -> Result<()> {
        if self.0.as_os_str().is_empty() {
            fail!(InvalidInput, "the directory's name is empty");
        }
        Ok(())
    }
}

impl Param for Items {
    const KIND: Type = Type::Items;
    fn take(args: &mut Args, name: &str) -> Result<Self> {
        needed(args, name)
    }
    fn check(&self) -> Result<()> {
        self.0.iter().try_for_each(|item| item.key.check())
    }
}

impl Param for Source {
    const KIND: Type = Type::Source;
    fn take(args: &mut Args, name: &str) -> Result<Self> {
        match (args.source.take(), take_value::<bytes::Bytes>(args, name)?) {
            (Some(source), None) => Ok(source),
            (None, Some(bytes)) => Ok(Source::Bytes(bytes)),
            _ => fail!(
                InvalidInput,
                "parameter `{name}` is missing: the bytes, file, reader or iterator to send"
            ),
        }
    }
}

impl Param for Sink {
    const KIND: Type = Type::Sink;
    const NEEDED: bool = false;
    fn take(args: &mut Args, _: &str) -> Result<Self> {
        Ok(args.sink.take().unwrap_or_default())
    }
    fn as_sink(&self) -> Option<&Sink> {
        Some(self)
    }
}

macro_rules! verbs {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident($($param:ident: $type:ty = $param_doc:literal),*; $options:ident)
            -> $reply:ty $(, progress $unit:ident)?;
    )+) => {
        /// Every verb, in the order of this table.
        pub static VERBS: &[Verb] = &[$(Verb {
            name: plain_name(stringify!($name)),
            doc: concat!($($doc, "\n"),+).trim_ascii(),
            params: &[$(FieldSpec {
                name: stringify!($param),
                kind: <$type as Param>::KIND,
                required: <$type as Param>::NEEDED,
                doc: $param_doc,
            }),*],
            options: $options::SPEC,
            reply: <$reply as Field>::TYPE,
            progress: [$(Some(stringify!($unit)),)? None][0],
            run: |store, #[allow(unused_mut)] mut args| {
                let inline = runs_inline(store, args.sink.as_ref());
                $(let $param = <$type as Param>::take(&mut args, stringify!($param))?;)*
                let options = $options::from_pairs(ErrorKind::InvalidInput, "option", unused(args)?)?;
                $($param.check()?;)*
                let store = store.clone();
                Ok(Call::begin(inline, |mailbox| async move {
                    run::$name(store, mailbox, $($param,)* options).await.map(Field::into_value)
                }))
            },
        }),+];

        impl Store {
            $(
                $(#[doc = $doc])+
                ///
                /// # Parameters
                $(#[doc = concat!("* `", stringify!($param), "`: ", $param_doc)])*
                #[doc = concat!("* `options`: [`", stringify!($options), "`]")]
                ///
                /// # Errors
                /// One of the kinds of [`ErrorKind`]. The error names the verb, the bucket and the key, and
                /// whether the same call may succeed later.
                pub fn $name(&self, $($param: impl Into<$type>,)* options: $options) -> Call<$reply> {
                    $(let $param = $param.into();
                    if let Err(error) = <$type as Param>::check(&$param) {
                        return Call::failed(error.with_verb(plain_name(stringify!($name))));
                    })*
                    #[allow(unused_mut, unused_assignments)]
                    let mut sink = None;
                    $(sink = sink.or(Param::as_sink(&$param));)*
                    let (store, inline) = (self.clone(), runs_inline(self, sink));
                    Call::begin(inline, |mailbox| run::$name(store, mailbox, $($param,)* options))
                }
            )+
        }

        mod run {
            use super::*;
            $(
                pub(super) async fn $name(
                    store: Store,
                    mailbox: Arc<Mailbox>,
                    $($param: $type,)*
                    options: $options,
                ) -> Result<$reply> {
                    let counting = store.tallies().begin(number(plain_name(stringify!($name))));
                    mailbox.counts_in(counting.share());
                    let place = store.place();
                    $(#[allow(unused_variables)] let place = ErrorTarget::with(place, &$param);)*
                    let outcome = match store.backend() {
                        Backend::S3(s3) if s3.encryption().is_some() => {
                            encrypted_bucket::$name(s3, &mailbox, $($param,)* options).await
                        }
                        Backend::S3(s3) => bucket::$name(s3, &mailbox, $($param,)* options).await,
                        Backend::Local(local) => directory::$name(local, &mailbox, $($param,)* options).await,
                    };
                    counting.end(outcome.is_err());
                    outcome.map_err(|error| place.dress(error.with_verb(plain_name(stringify!($name)))))
                }
            )+
        }
    };
}

/// Whether a call with this sink runs on the thread that waits for it. A stream does not: its next bytes are
/// fetched while the caller is busy with the last ones.
fn runs_inline(store: &Store, sink: Option<&Sink>) -> bool {
    store.runs_inline() && !matches!(sink, Some(Sink::Stream))
}

/// A verb's name, also where Rust writes it as a raw identifier.
const fn plain_name(written: &'static str) -> &'static str {
    match written.as_bytes() {
        [b'r', b'#', ..] => written.split_at(2).1,
        _ => written,
    }
}

/// The verb's index in the table.
fn number(name: &str) -> usize {
    VERBS.iter().position(|verb| verb.name == name).unwrap_or_default()
}

fn unused(args: Args) -> Result<Vec<(String, Value)>> {
    if args.source.is_some() {
        fail!(InvalidInput, "this verb takes no source");
    }
    if args.sink.is_some() {
        fail!(InvalidInput, "this verb takes no sink");
    }
    Ok(args.values)
}

impl Store {
    /// Starts a verb by name; bindings use it.
    ///
    /// # Errors
    /// `InvalidInput` for an unknown verb, parameter or option, or a value of the wrong type; nothing was
    /// sent then.
    ///
    /// ```
    /// use oarlock::{Args, Store, Value};
    /// let directory = tempfile::tempdir().unwrap();
    /// let store = Store::open(&format!("file://{}", directory.path().display()), vec![]).unwrap();
    /// store.put("a", "hello", Default::default()).wait(None).unwrap();
    /// let args = Args { values: vec![("key".into(), Value::Str("a".into()))], ..Args::default() };
    /// let reply = store.start("get", args).unwrap().wait(None).unwrap();
    /// assert_eq!(reply.get("body"), Some(&Value::Bytes("hello".into())));
    /// ```
    pub fn start(&self, verb: &str, args: Args) -> Result<Call<Value>> {
        let found = VERBS.iter().find(|known| known.name == verb).ok_or_else(|| {
            unknown(ErrorKind::InvalidInput, "verb", verb, VERBS.iter().map(|verb| verb.name))
        })?;
        let key = args
            .values
            .iter()
            .find(|(name, _)| name == "key")
            .and_then(|(_, value)| value.as_str())
            .map(str::to_owned);
        (found.run)(self, args)
            .map_err(|error| ErrorTarget { key, ..self.place() }.dress(error.with_verb(verb)))
    }
}

verbs! {
    /// Fetches an object: whole or a range, to memory, to a file, or as a stream.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
    get(
        key: Key = "The object's key.",
        into: Sink = "Where the bytes go. Default: memory.";
        Get
    ) -> GetReply, progress bytes;
    /// Fetches an object through the store: from it if it is there, else from an upstream. One fetch serves
    /// all calls of the process that want the object meanwhile. The bytes are returned as they come, and
    /// stored once they are whole and checked.
    /// Source: <https://www.rfc-editor.org/rfc/rfc9111>
    fetch_through(
        key: Key = "The object's key.",
        upstream: UpstreamUrl = "The URL of the object, if it must be fetched: `https://`, `http://`, \
            `s3://` or `file://`. Or give `resolve`.",
        into: Sink = "Where the bytes go. Default: memory.";
        FetchThrough
    ) -> ThroughReply, progress bytes;
    /// Returns the metadata of a stored object, or else what the upstream reports. Fetches and stores
    /// nothing.
    /// Source: <https://www.rfc-editor.org/rfc/rfc9111>
    head_through(
        key: Key = "The object's key.",
        upstream: UpstreamUrl = "The URL of the object, as for `fetch_through`.";
        HeadThrough
    ) -> ObjectMeta;
    /// Fetches many ranges of one object and returns their bytes in the given order. One request fetches
    /// ranges that lie close together.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
    get_ranges(
        key: Key = "The object's key.",
        ranges: Vec<ByteRange> = "The ranges, in the forms that `get` accepts.";
        GetRanges
    ) -> Vec<bytes::Bytes>;
    /// Stores an object from bytes, a file, a reader or an iterator. It appears whole or not at all. Large
    /// and endless sources are sent as multipart uploads.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>
    put(
        key: Key = "The object's key.",
        source: Source = "The bytes to store.";
        Put
    ) -> PutReply, progress bytes;
    /// Stores an object whose key is the SHA-256 of its bytes. Nothing is visible before the whole source was
    /// read. If the object is there already, it stays.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>
    put_by_content(source: Source = "The bytes to store."; PutByContent) -> ContentReply, progress bytes;
    /// Returns an object's metadata.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>
    head(key: Key = "The object's key."; Head) -> ObjectMeta;
    /// Returns whether an object exists. A refusal (403) is an error, not false.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>
    exists(key: Key = "The object's key."; Exists) -> bool;
    /// Deletes an object. A missing object counts as deleted.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html>
    delete(key: Key = "The object's key."; Delete) -> DeleteReply;
    /// Deletes any number of objects, 1000 per request. Returns one result for each, in the given order, or
    /// passes results to `each` as they arrive.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
    delete_many(
        keys: Keys = "The keys, as text or as `{key, version_id}`.";
        DeleteMany
    ) -> Vec<Deleted>, progress objects;
    /// Fetches many objects at a time, each to a file or to memory. A file appears whole or not at all.
    /// Returns one result for each, in the given order, or passes results to `each` as they arrive.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
    get_many(
        items: Items = "The objects: keys, or `{key, path, version_id}` with the file to write. Without \
            `path` the reply holds the bytes. Without `each`, all of them are in memory at once.";
        GetMany
    ) -> Vec<Fetched>, progress bytes;
    /// Stores many objects at a time. Returns one result for each, in the given order, or passes results to
    /// `each` as they arrive.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>
    put_many(
        items: Items = "The objects: `{key, path}` for a file, `{key, body}` for bytes, each with an \
            optional `content_type`.";
        PutMany
    ) -> Vec<Stored>, progress bytes;
    /// Returns the metadata of many objects, in the given order, or passes it to `each` as it arrives. A
    /// missing object has the error `NotFound`.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>
    head_many(
        items: Items = "The objects: keys, or `{key, version_id}`.";
        HeadMany
    ) -> Vec<Headed>, progress objects;
    /// Makes the objects under a prefix equal to a directory: uploads new and changed files and, with
    /// `delete`, deletes objects without a file. If interrupted, run it again to resume.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
    sync_up(
        directory: Directory = "The directory to read. Links to files are followed, links to directories \
            are not.",
        prefix: Prefix = "The start of the keys; a slash is added. Default: none.";
        Sync
    ) -> SyncReply, progress bytes;
    /// Makes a directory equal to the objects under a prefix: `sync_up` in the other direction. Files get the
    /// objects' times.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
    sync_down(
        directory: Directory = "The directory to write; created if it is missing.",
        prefix: Prefix = "The start of the keys; a slash is added. Default: none.";
        Sync
    ) -> SyncReply, progress bytes;
    /// Copies an object on the server, in parts above 5 GiB.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
    copy(
        source_key: Key = "The key to copy from.",
        key: Key = "The key to copy to.";
        Copy
    ) -> PutReply, progress bytes;
    /// Moves an object to another key, or here from another store: copies it and deletes the source, if that
    /// is still what was copied. If interrupted, the source is there; run it again.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/copy-object.html>
    r#move(
        source_key: Key = "The key to move from.",
        key: Key = "The key to move to.";
        Move
    ) -> PutReply, progress bytes;
    /// Gives an encrypted object a new envelope: its data key is wrapped by the store's key instead of the
    /// one in `old`. The content is not transferred. Returns whether it was needed.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
    rekey(key: Key = "The object's key."; Rekey) -> bool;
    /// Gives all encrypted objects under a prefix new envelopes, as `rekey` does. It skips objects whose
    /// envelope is under the store's key already; if interrupted, run it again to resume.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
    rekey_all(
        prefix: Prefix = "The start of the keys. Default: any.";
        RekeyAll
    ) -> RekeyReply, progress objects;
    /// Finds the objects under a prefix that lie in the clear in a store that encrypts: such as those that an
    /// old client sent in parts. Two requests an object.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>
    find_unencrypted(
        prefix: Prefix = "The start of the keys. Default: any.";
        EncryptAll
    ) -> UnencryptedReply, progress objects;
    /// Encrypts the objects under a prefix that lie in the clear. The ciphertext is read back and verified
    /// before it replaces the object. It skips encrypted objects; if interrupted, run it again to resume.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
    encrypt_all(
        prefix: Prefix = "The start of the keys. Default: any.";
        EncryptAll
    ) -> EncryptReply, progress objects;
    /// Lists objects whose keys begin with a prefix, in UTF-8 byte order, page by page.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
    list(prefix: Prefix = "The start of the keys. Default: any."; List) -> Page;
    /// Lists versions and delete markers, by key and then newest first, page by page.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html>
    list_versions(prefix: Prefix = "The start of the keys. Default: any."; ListVersions) -> Page;
    /// Returns how many objects there are under a prefix, and their bytes. It costs what a listing costs.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
    usage(prefix: Prefix = "The start of the keys. Default: any."; NoOptions) -> Usage, progress objects;
    /// Reads every object under a prefix as `get` does, without keeping it, and returns those that can't be
    /// read whole and right: checksums and encryption are verified.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>
    verify(
        prefix: Prefix = "The start of the keys. Default: any.";
        Verify
    ) -> VerifyReply, progress bytes;
    /// Returns a URL that lets anyone send one kind of request for one object until it expires. Treat it as a
    /// secret.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>
    presign(key: Key = "The object's key."; Presign) -> String;
    /// Returns an object's access control list.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html>
    get_acl(key: Key = "The object's key."; GetAcl) -> Acl;
    /// Replaces an object's access control list.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html>
    set_acl(key: Key = "The object's key."; SetAcl) -> ();
    /// Returns an object's tags.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html>
    get_tags(key: Key = "The object's key."; Tags) -> BTreeMap<String, String>;
    /// Replaces an object's tags.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html>
    set_tags(
        key: Key = "The object's key.",
        tags: BTreeMap<String, String> = "The tags, at most 10.";
        Tags
    ) -> ();
    /// Removes an object's tags.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html>
    delete_tags(key: Key = "The object's key."; Tags) -> ();
    /// Returns the region of the store's bucket.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html>
    bucket_region(; NoOptions) -> String;
    /// Returns the credentials that sign the store's requests, for a host that passes them to another
    /// program. Treat them as a secret.
    /// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>
    credentials(; NoOptions) -> Identity;
    /// Explains the store's configuration: its identity, endpoint, proxy and other settings, each with its
    /// source, and the sources of credentials that had none. Each broken part is a row of its own. It fetches
    /// credentials, but sends nothing to the bucket unless `check` is true.
    /// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html>
    explain(; Explain) -> Vec<Explained>;
    /// Returns statistics of this store's calls so far, by verb: requests, retries, bytes, times. Sends no
    /// request.
    /// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>
    stats(; NoOptions) -> Vec<VerbStats>;
    /// Lists the buckets of the account.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html>
    list_buckets(; NoOptions) -> Vec<Bucket>;
    /// Creates the store's bucket, in the store's region.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>
    create_bucket(; NoOptions) -> ();
    /// Deletes the store's bucket, which must be empty.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html>
    delete_bucket(; NoOptions) -> ();
    /// Returns whether the store's bucket keeps versions: `Enabled`, `Suspended` or `Unversioned`.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html>
    get_versioning(; NoOptions) -> String;
    /// Makes the store's bucket keep versions, or keep no new ones. Versions that exist stay.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html>
    set_versioning(state: String = "`Enabled` or `Suspended`."; NoOptions) -> ();
    /// Replaces the access control list of the store's bucket by a canned one.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html>
    set_bucket_acl(acl: String = "A canned ACL, for example `public-read`."; NoOptions) -> ();
    /// Lists unfinished multipart uploads, page by page.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html>
    list_uploads(prefix: Prefix = "The start of the keys. Default: any."; ListUploads) -> UploadPage;
    /// Aborts an unfinished multipart upload and frees its parts.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html>
    abort_upload(
        key: Key = "The key of the upload.",
        upload_id: String = "The upload's id, from `list_uploads`.";
        NoOptions
    ) -> ();
    /// Aborts old unfinished multipart uploads, frees their parts, and returns them. Source:
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html>
    abort_uploads(
        prefix: Prefix = "The start of the keys. Default: any.";
        AbortUploads
    ) -> Vec<Upload>, progress objects;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_verb_is_counted() {
        assert!(VERBS.len() <= crate::tally::VERBS);
    }

    #[test]
    fn names_are_unique_and_documented() {
        for (index, verb) in VERBS.iter().enumerate() {
            assert!(VERBS[..index].iter().all(|other| other.name != verb.name), "{}", verb.name);
            let mut seen = Vec::new();
            for field in verb.params.iter().chain(verb.options.fields) {
                assert!(!field.doc.is_empty(), "{}.{}", verb.name, field.name);
                assert!(!seen.contains(&field.name), "{}.{} is there twice", verb.name, field.name);
                seen.push(field.name);
            }
        }
    }
}
