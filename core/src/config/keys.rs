//! Every setting of a store: one row each with canonical name, type and doc.
//!
//! Law: a setting added here is known to every language and to URLs at once; what others call it is said in
//! `spellings`. Reads no file and no environment.

use std::time::Duration;

use crate::options::{Context, CustomerKey};
use crate::table::record;
use crate::value::{Callback, SecretSource, SecretText};

record! {
    /// The settings of a store.
    pub struct Settings {
        /// Where the server is: `https://host:port`, or a bare `host:port` or `host` together with `use_ssl`;
        /// default: AWS in the region.
        endpoint: Option<String>,
        /// Whether a bare endpoint is reached over TLS; default true.
        use_ssl: Option<bool>,
        /// Whether to use the endpoints that keep FIPS 140; default: AWS_USE_FIPS_ENDPOINT, the profile's,
        /// false.
        use_fips_endpoint: Option<bool>,
        /// Whether to use the endpoints that answer on IPv6 too; default: AWS_USE_DUALSTACK_ENDPOINT, the
        /// profile's, false.
        use_dualstack_endpoint: Option<bool>,
        /// Whether to use S3 Transfer Acceleration; default: the profile's, false.
        use_accelerate_endpoint: Option<bool>,
        /// Whether the ARN of an access point chooses the region; if false, an ARN of another region than
        /// `region` is an error. Default: AWS_S3_USE_ARN_REGION, the profile's, true.
        use_arn_region: Option<bool>,
        /// The endpoint of us-east-1: `regional`, or `legacy` for the old global one, s3.amazonaws.com;
        /// default: AWS_S3_US_EAST_1_REGIONAL_ENDPOINT, the profile's, `regional`.
        us_east_1_regional_endpoint: Option<String>,
        /// Whether requests to a directory bucket (S3 Express One Zone) are signed with the store's own keys
        /// by SigV4, rather than with those of a session; default: AWS_S3_DISABLE_EXPRESS_SESSION_AUTH, the
        /// profile's, false.
        disable_express_session_auth: Option<bool>,
        /// Whether multi-region access points are refused; default: AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS,
        /// the profile's, false.
        disable_multiregion_access_points: Option<bool>,
        /// The region; `EU`, the old name of eu-west-1, is read too. Default: AWS_REGION, AWS_DEFAULT_REGION,
        /// the profile's, us-east-1.
        region: Option<String>,
        /// How a bucket is addressed: `path`, `virtual` or `auto` (path for a custom endpoint or a dotted
        /// bucket); default auto.
        addressing_style: Option<String>,
        /// Where credentials come from: `static`, `anonymous`, `env`, `profile`, `web_identity`, `container`,
        /// `instance_profile`, `callback` (the setting `credentials`) or `default`, which asks those after
        /// `anonymous` in turn; default: what the other settings say, else `default`.
        provider: Option<String>,
        /// The access key id of a key pair.
        access_key_id: Option<String>,
        /// The secret of the key pair.
        secret_access_key: Option<SecretText>,
        /// The session token of temporary keys.
        session_token: Option<SecretText>,
        /// Whether requests go unsigned; default false.
        anonymous: Option<bool>,
        /// The host's own function that gives keys (selects the provider `callback`). Asked with a map,
        /// `setting` ("credentials") and `region`, it answers one: `access_key_id`, `secret_access_key` and,
        /// if there are any, `session_token`, `expires` (a time) and `account_id`. It runs on a thread that
        /// waits for a call of the store, is asked again five minutes before the keys expire or when a server
        /// calls them expired, and must not use the store itself.
        credentials: Option<Callback>,
        /// The profile in the shared files; default: AWS_PROFILE, AWS_DEFAULT_PROFILE, `default`.
        profile: Option<String>,
        /// The shared config file; default: AWS_CONFIG_FILE, `~/.aws/config`.
        config_file: Option<String>,
        /// The shared credentials file; default: AWS_SHARED_CREDENTIALS_FILE, `~/.aws/credentials`.
        credentials_file: Option<String>,
        /// Whether `config_file` and `credentials_file` may run programs, choose endpoints and have token
        /// files read; default: true, but false where a URL names them. OARLOCK_TRUST_FILES=true in the
        /// environment overrules a false; a URL can't say it.
        trust_files: Option<bool>,
        /// A directory in which this user's processes share the credentials of roles, made with mode 0700 if
        /// it is not there; a URL can't say it. Default: none.
        credentials_cache: Option<String>,
        /// The code of the MFA device that a profile's role asks for: text, or a function that is asked for
        /// it each time, with a map of `setting` ("mfa_token"), `device`, `role` and `profile`, and answers
        /// text.
        mfa_token: Option<SecretSource>,
        /// A file of PEM certificates to trust; default: AWS_CA_BUNDLE, the profile's, REQUESTS_CA_BUNDLE,
        /// SSL_CERT_FILE, the system's.
        ca_bundle: Option<String>,
        /// A file of PEM certificates that show the server who asks; its key may stand in the same file.
        client_certificate: Option<String>,
        /// The PEM file with the key of `client_certificate`; default: that file itself.
        client_key: Option<String>,
        /// Whether the server must prove who it is; false trusts anyone who answers, with a warning; default
        /// true.
        verify: Option<bool>,
        /// The proxy that all requests go through, as `http://host:port`; default: HTTPS_PROXY, HTTP_PROXY
        /// and ALL_PROXY. Hosts in NO_PROXY are reached directly.
        proxy: Option<SecretText>,
        /// Seconds to wait for a connection; default 5.
        connect_timeout: Option<Duration>,
        /// Seconds to wait for an answer to begin, or for more of it; default 60.
        read_timeout: Option<Duration>,
        /// Seconds one attempt of a request may take; default: no limit.
        attempt_timeout: Option<Duration>,
        /// Seconds one request may take with its retries; default: no limit.
        operation_timeout: Option<Duration>,
        /// How failed requests are tried again: `standard`, or `adaptive`, which also slows down for a server
        /// that asks to; default: AWS_RETRY_MODE, the profile's, `standard`.
        retry_mode: Option<String>,
        /// How often a request is tried, 1 to 20; default: AWS_MAX_ATTEMPTS, the profile's, 5.
        max_attempts: Option<u32>,
        /// Parts of one transfer that move at a time, 1 to 1000; default 8.
        max_concurrency: Option<u32>,
        /// Requests of this store that wait for an answer at a time, 1 to 10000; default: as many as the
        /// process has connections for.
        max_requests: Option<u32>,
        /// Bytes of objects that this store moves in a second, both ways together, also as text such as
        /// `10MB/s`, or `80Mb/s` in bits; default: no limit.
        max_bandwidth: Option<u64>,
        /// Bytes from which on an upload goes in parts, also as text such as `64MB` (a MB is 1024² bytes, as
        /// for the AWS CLI); default 16 MiB.
        multipart_threshold: Option<u64>,
        /// Bytes in a part, 5 MiB to 5 GiB, also as text such as `16MiB`; grows when an upload would need
        /// more than `max_parts`; default 8 MiB.
        multipart_chunksize: Option<u64>,
        /// Whether all parts of an upload but the last have one size, as Cloudflare R2 demands: parts of a
        /// source whose length nobody knows don't grow then; default false.
        fixed_part_size: Option<bool>,
        /// Parts an upload may have, 1 to 10000: 1000 for Scaleway; default 10000.
        max_parts: Option<u64>,
        /// Whether an upload's bytes go into the signature: that costs a SHA-256 of all of them. Default: the
        /// profile's, else only where no TLS keeps them.
        payload_signing_enabled: Option<bool>,
        /// When uploads carry a checksum: `when_supported`, or `when_required` for servers that know none;
        /// default: AWS_REQUEST_CHECKSUM_CALCULATION, the profile's, `when_supported`.
        request_checksum_calculation: Option<String>,
        /// The checksum of uploads: `CRC64NVME`, `CRC32` or `CRC32C`; default: the first of CRC64NVME, CRC32
        /// and Content-MD5 that the server takes.
        checksum_algorithm: Option<String>,
        /// When a download is held against its checksum: `when_supported`, or `when_required`, which is
        /// never; default: AWS_RESPONSE_CHECKSUM_VALIDATION, the profile's, `when_supported`.
        response_checksum_validation: Option<String>,
        /// Whether the account that asks pays for requests; default: whether AWS_REQUEST_PAYER is
        /// `requester`.
        request_payer: Option<bool>,
        /// Which list request the server understands: 2, or 1 for old servers; default 2.
        list_version: Option<u32>,
        /// The storage class of new objects.
        storage_class: Option<String>,
        /// A canned ACL for new objects; not together with `grant_*`.
        acl: Option<String>,
        /// Who may read new objects.
        grant_read: Option<String>,
        /// Who may read the ACL of new objects.
        grant_read_acp: Option<String>,
        /// Who may write the ACL of new objects.
        grant_write_acp: Option<String>,
        /// Who may do all three.
        grant_full_control: Option<String>,
        /// Server-side encryption of new objects: `AES256`, `aws:kms` or `aws:kms:dsse`; default: the
        /// bucket's own.
        sse: Option<String>,
        /// The KMS key for `aws:kms`: id, alias or ARN.
        sse_kms_key_id: Option<String>,
        /// Whether a write fails if the server's answer does not name the encryption that `sse` or
        /// `sse_kms_key_id` asked for: such servers ignore it; a customer key must be named in any case.
        /// Default true.
        sse_required: Option<bool>,
        /// A customer key (SSE-C), 32 bytes raw or as base64 text, for every request that needs one.
        sse_customer_key: Option<CustomerKey>,
        /// Encrypts objects before they leave, as the Amazon S3 Encryption Clients do, under this key in KMS:
        /// its id, its alias (`alias/…`) or its ARN, whose region is asked then.
        encryption_kms_key_id: Option<String>,
        /// Whether objects are read whichever KMS key wrapped theirs; default false: the store's own key
        /// alone.
        encryption_kms_any_key: Option<bool>,
        /// Encrypts objects before they leave, under this AES key: 32 bytes raw or as base64 text.
        encryption_aes_key: Option<CustomerKey>,
        /// Encrypts objects before they leave, under the RSA key in this file, PEM or DER. A public key is
        /// enough to write.
        encryption_rsa_key: Option<String>,
        /// What KMS binds each object's key to, and must be told again to read it: a map of texts, or its
        /// JSON text. For other keys, words that describe the key. Default: none.
        encryption_context: Option<Context>,
        /// What is written and read: `REQUIRE_ENCRYPT_REQUIRE_DECRYPT` writes and reads only objects with a
        /// key commitment, `REQUIRE_ENCRYPT_ALLOW_DECRYPT` reads those without as well,
        /// `FORBID_ENCRYPT_ALLOW_DECRYPT` writes them without, for readers that are older; default
        /// REQUIRE_ENCRYPT_REQUIRE_DECRYPT.
        encryption_policy: Option<String>,
        /// Whether an object's wrapped key is written to a file beside it, its key and `.instruction`, rather
        /// than into its metadata; default false.
        encryption_instruction_file: Option<bool>,
        /// What ends the names of the instruction files that are read; default `.instruction`.
        encryption_instruction_suffix: Option<String>,
        /// Whether an object's wrapped key is taken from its own metadata alone, so that who may write
        /// `.instruction` files but not the objects has no say; default false.
        encryption_metadata_only: Option<bool>,
        /// Whether keys are read that old clients wrapped in ways no longer thought safe; default false.
        encryption_legacy_wrapping: Option<bool>,
        /// Whether content is read that old clients encrypted without authenticating it (AES/CBC); default
        /// false.
        encryption_legacy_content: Option<bool>,
        /// Bytes of an encrypted object that are kept in memory while they are verified, before a stream
        /// hands out the first; what is larger is kept, encrypted, in an unnamed temporary file. At most 64
        /// MiB; also as text such as `8MiB`; default 8 MiB.
        encryption_verify_buffer: Option<u64>,
        /// Whether calls that ask for bytes before they are verified (`unverified`) are refused; default
        /// false.
        encryption_verified_only: Option<bool>,
        /// Objects that may be written with one data key of KMS's, each under a key of its own derived from
        /// it, and reads that one answer of KMS's may serve; not for objects without a key commitment;
        /// default 1.
        encryption_reuse_objects: Option<u64>,
        /// Seconds that a data key may be used again; default 300.
        encryption_reuse_age: Option<Duration>,
        /// Whether an upload may go in parts; default true. If not, an object must fit into one request, 5
        /// GiB, and into memory.
        multipart_upload: Option<bool>,
        /// Carried for the host: the version of the object that a URL names.
        version_id: Option<String>,
        /// Carried for the host: how it compresses `.narinfo` files.
        narinfo_compression: Option<String>,
        /// Carried for the host: how it compresses `.ls` files.
        ls_compression: Option<String>,
        /// Carried for the host: how it compresses build logs.
        log_compression: Option<String>,
        /// The name of the host program, for the user agent.
        app_name: Option<String>,
    }
}

/// Settings that are never shown.
pub const SECRET: &[&str] =
    &["secret_access_key", "session_token", "mfa_token", "proxy", "sse_customer_key", "encryption_aes_key"];
