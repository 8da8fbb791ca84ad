//! Every setting of a store: one row each with canonical name, type and doc.
//!
//! Invariant: a setting added here exists at once in every language and in URLs. Other programs' names for it
//! are rows of `spellings`. Reads no file and no environment.

use std::time::Duration;

use crate::options::{Context, CustomerKey};
use crate::table::record;
use crate::value::{Callback, SecretSource, SecretText};

record! {
    /// The settings of a store.
    pub struct Settings {
        /// The server: `https://host:port`, or a bare `host:port` or `host` together with `use_ssl`. Default:
        /// AWS in the region.
        endpoint: Option<String>,
        /// Whether to use TLS for a bare endpoint. Default: true.
        use_ssl: Option<bool>,
        /// Whether to use endpoints that comply with FIPS 140. Default: AWS_USE_FIPS_ENDPOINT, the profile's,
        /// false.
        use_fips_endpoint: Option<bool>,
        /// Whether to use dual-stack endpoints, which support IPv6 and IPv4. Default:
        /// AWS_USE_DUALSTACK_ENDPOINT, the profile's, false.
        use_dualstack_endpoint: Option<bool>,
        /// Whether to use S3 Transfer Acceleration. Default: the profile's, false.
        use_accelerate_endpoint: Option<bool>,
        /// Whether the ARN of an access point chooses the region; if false, an ARN of another region than
        /// `region` is an error. Default: AWS_S3_USE_ARN_REGION, the profile's, true.
        use_arn_region: Option<bool>,
        /// The endpoint of us-east-1: `regional`, or `legacy` for the old global one, s3.amazonaws.com.
        /// Default: AWS_S3_US_EAST_1_REGIONAL_ENDPOINT, the profile's, `regional`.
        us_east_1_regional_endpoint: Option<String>,
        /// Whether to sign requests to a directory bucket (S3 Express One Zone) with the store's own keys
        /// instead of a session's. Default: AWS_S3_DISABLE_EXPRESS_SESSION_AUTH, the profile's, false.
        disable_express_session_auth: Option<bool>,
        /// Whether to refuse multi-region access points. Default: AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS,
        /// the profile's, false.
        disable_multiregion_access_points: Option<bool>,
        /// The region. `EU`, the old name of eu-west-1, is accepted too. Default: AWS_REGION,
        /// AWS_DEFAULT_REGION, the profile's, us-east-1.
        region: Option<String>,
        /// How URLs name the bucket: `path`, `virtual`, or `auto` (path for a custom endpoint or a dotted
        /// bucket). Default: `auto`.
        addressing_style: Option<String>,
        /// Where credentials come from: `static`, `anonymous`, `env`, `profile`, `web_identity`, `container`,
        /// `instance_profile`, `callback` (the setting `credentials`) or `default`, which tries those after
        /// `anonymous` in turn. Default: chosen by the other settings, else `default`.
        provider: Option<String>,
        /// The access key id of a key pair.
        access_key_id: Option<String>,
        /// The secret of the key pair.
        secret_access_key: Option<SecretText>,
        /// The session token of temporary keys.
        session_token: Option<SecretText>,
        /// Whether to send requests unsigned. Default: false.
        anonymous: Option<bool>,
        /// A function of the host that returns keys; it selects the provider `callback`. Its argument is a
        /// map with `setting` ("credentials") and `region`. It returns a map with `access_key_id`,
        /// `secret_access_key` and optionally `session_token`, `expires` (a time) and `account_id`. It runs
        /// on a thread that waits for a call of the store, and must not use the store itself. It is called
        /// again five minutes before the keys expire, or if a server rejects them as expired. Default: none.
        credentials: Option<Callback>,
        /// The profile in the shared files. Default: AWS_PROFILE, AWS_DEFAULT_PROFILE, `default`.
        profile: Option<String>,
        /// The shared config file. Default: AWS_CONFIG_FILE, `~/.aws/config`.
        config_file: Option<String>,
        /// The shared credentials file. Default: AWS_SHARED_CREDENTIALS_FILE, `~/.aws/credentials`.
        credentials_file: Option<String>,
        /// Whether `config_file` and `credentials_file` may run programs, choose endpoints and name token
        /// files to read. OARLOCK_TRUST_FILES=true in the environment overrides false. A URL can't set it.
        /// Default: true, but false where a URL names the files.
        trust_files: Option<bool>,
        /// A directory in which this user's processes share the credentials of roles and those that a
        /// `credential_process` prints with a token and an `Expiration`. It is created with mode 0700 if it
        /// is missing. A URL can't set it. Default: none.
        credentials_cache: Option<String>,
        /// The code of the MFA device that a profile's role requires: text, or a function that returns it.
        /// The function is called each time with a map of `setting` ("mfa_token"), `device`, `role` and
        /// `profile`.
        mfa_token: Option<SecretSource>,
        /// A file of PEM certificates to trust. Default: AWS_CA_BUNDLE, the profile's, REQUESTS_CA_BUNDLE,
        /// SSL_CERT_FILE, the system's.
        ca_bundle: Option<String>,
        /// A file of PEM certificates that identify the client to the server. It may contain the key too.
        /// Default: none.
        client_certificate: Option<String>,
        /// The PEM file with the key of `client_certificate`. Default: that file itself.
        client_key: Option<String>,
        /// Whether to verify the server's certificate. If false, any server is trusted, with a warning.
        /// Default: true.
        verify: Option<bool>,
        /// The proxy for all requests, as `http://host:port`. Requests to hosts in NO_PROXY go directly.
        /// Default: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY.
        proxy: Option<SecretText>,
        /// Seconds to wait for a connection. Default: 5.
        connect_timeout: Option<Duration>,
        /// Seconds to wait for the first byte of a response, or for the next one. Default: 60.
        read_timeout: Option<Duration>,
        /// Seconds one attempt of a request may take. Default: no limit.
        attempt_timeout: Option<Duration>,
        /// Seconds one request may take with its retries. Default: no limit.
        operation_timeout: Option<Duration>,
        /// How failed requests are retried: `standard`, or `adaptive`, which also slows down when the server
        /// throttles. Default: AWS_RETRY_MODE, the profile's, `standard`.
        retry_mode: Option<String>,
        /// Attempts of a request, 1 to 20. Default: AWS_MAX_ATTEMPTS, the profile's, 5.
        max_attempts: Option<u32>,
        /// Parts of one transfer that are sent or fetched at a time at most, 1 to 1000. Default: as many as
        /// help, up to OARLOCK_MAX_STREAMS, which is 64 for all transfers of the process.
        max_concurrency: Option<u32>,
        /// Requests of this store in flight at a time, 1 to 10000. Default: as many as the process may have
        /// connections.
        max_requests: Option<u32>,
        /// Bytes of objects that this store sends and receives in a second, together. Also text such as
        /// `10MB/s`, or `80Mb/s` in bits. Default: no limit.
        max_bandwidth: Option<u64>,
        /// Size in bytes from which an upload is sent in parts. Also text such as `64MB` (a MB is 1024²
        /// bytes, as for the AWS CLI). Default: 16 MiB.
        multipart_threshold: Option<u64>,
        /// Bytes in a part, 5 MiB to 5 GiB. Also text such as `16MiB`. If an upload would need more than
        /// `max_parts`, the parts grow. Default: 8 MiB.
        multipart_chunksize: Option<u64>,
        /// Whether all parts of an upload but the last have one size, as Cloudflare R2 requires. Parts of a
        /// source of unknown length then don't grow. Default: false.
        fixed_part_size: Option<bool>,
        /// Maximum number of parts of an upload, 1 to 10000; Scaleway allows 1000. Default: 10000.
        max_parts: Option<u64>,
        /// Whether the signature covers an upload's bytes, which costs their SHA-256. Default: the profile's,
        /// else only without TLS.
        payload_signing_enabled: Option<bool>,
        /// When uploads carry a checksum: `when_supported`, or `when_required` for servers that support none.
        /// Default: AWS_REQUEST_CHECKSUM_CALCULATION, the profile's, `when_supported`.
        request_checksum_calculation: Option<String>,
        /// The checksum of uploads: `CRC64NVME`, `CRC32` or `CRC32C`. Default: the first of CRC64NVME, CRC32
        /// and Content-MD5 that the server accepts.
        checksum_algorithm: Option<String>,
        /// When a download is compared with its checksum: `when_supported`, or `when_required`, which means
        /// never. Default: AWS_RESPONSE_CHECKSUM_VALIDATION, the profile's, `when_supported`.
        response_checksum_validation: Option<String>,
        /// Whether the requester pays for requests. Default: true if AWS_REQUEST_PAYER is `requester`, else
        /// false.
        request_payer: Option<bool>,
        /// The version of ListObjects to use: 2, or 1 for old servers. Default: 2.
        list_version: Option<u32>,
        /// The storage class of new objects.
        storage_class: Option<String>,
        /// A canned ACL for new objects; not together with `grant_*`.
        acl: Option<String>,
        /// Grantees that may read new objects.
        grant_read: Option<String>,
        /// Grantees that may read the ACL of new objects.
        grant_read_acp: Option<String>,
        /// Grantees that may write the ACL of new objects.
        grant_write_acp: Option<String>,
        /// Grantees that may do all three.
        grant_full_control: Option<String>,
        /// Server-side encryption of new objects: `AES256`, `aws:kms` or `aws:kms:dsse`. Default: the
        /// bucket's own.
        sse: Option<String>,
        /// The KMS key for `aws:kms`: id, alias or ARN.
        sse_kms_key_id: Option<String>,
        /// Whether a write fails if the server's response does not name the encryption that `sse` or
        /// `sse_kms_key_id` requires; some servers ignore them. The response must name a customer key in any
        /// case. Default: true.
        sse_required: Option<bool>,
        /// A customer key (SSE-C), 32 bytes raw or as base64 text, for every request that needs one.
        sse_customer_key: Option<CustomerKey>,
        /// Encrypts objects before they are sent, as the Amazon S3 Encryption Clients do, under this KMS key:
        /// its id, its alias (`alias/…`), or its ARN, which also names the region of KMS.
        encryption_kms_key_id: Option<String>,
        /// Whether to read objects whose keys were wrapped by any KMS key. Default: false, only by the
        /// store's own key.
        encryption_kms_any_key: Option<bool>,
        /// Encrypts objects before they are sent, under this AES key: 32 bytes, raw or as base64 text.
        encryption_aes_key: Option<CustomerKey>,
        /// Encrypts objects before they are sent, under the RSA key in this file, PEM or DER. A public key is
        /// enough to write.
        encryption_rsa_key: Option<String>,
        /// The encryption context: a map of texts, or its JSON text. KMS binds each object's key to it, and
        /// requires it again to read the object. For other keys it describes the key. Default: none.
        encryption_context: Option<Context>,
        /// The commitment policy. `REQUIRE_ENCRYPT_REQUIRE_DECRYPT` writes and reads only objects with a key
        /// commitment. `REQUIRE_ENCRYPT_ALLOW_DECRYPT` also reads objects without one.
        /// `FORBID_ENCRYPT_ALLOW_DECRYPT` writes objects without one, for older readers. Default:
        /// `REQUIRE_ENCRYPT_REQUIRE_DECRYPT`.
        encryption_policy: Option<String>,
        /// Whether to write an object's wrapped key to an instruction file beside it (its key and
        /// `.instruction`) instead of its metadata. Default: false.
        encryption_instruction_file: Option<bool>,
        /// The suffix of the instruction files to read. Default: `.instruction`.
        encryption_instruction_suffix: Option<String>,
        /// Whether to read an object's wrapped key only from its metadata. A writer of `.instruction` files
        /// then can't replace keys of objects that it may not write. Default: false.
        encryption_metadata_only: Option<bool>,
        /// Whether to read keys that old clients wrapped in ways no longer considered safe. Default: false.
        encryption_legacy_wrapping: Option<bool>,
        /// Whether to read content that old clients encrypted without authentication (AES/CBC). Default:
        /// false.
        encryption_legacy_content: Option<bool>,
        /// Bytes of an encrypted object that are kept in memory until they are verified, before a stream
        /// returns the first. A larger object is kept, encrypted, in an unnamed temporary file. At most 64
        /// MiB; also text such as `8MiB`. Default: 8 MiB.
        encryption_verify_buffer: Option<u64>,
        /// Bytes of temporary files in which encrypted objects are kept after they were fetched whole for
        /// their ranges, and the largest object whose ranges can be read that way. At least 1 MiB; also text
        /// such as `4GiB`. Default: 16 GiB.
        encryption_spool_limit: Option<u64>,
        /// Whether to refuse calls with the option `unverified`. Default: false.
        encryption_verified_only: Option<bool>,
        /// Objects that one data key of KMS may encrypt, each under its own derived key, and reads that one
        /// response of KMS may serve. Only for objects with a key commitment. Default: 1.
        encryption_reuse_objects: Option<u64>,
        /// Seconds for which a data key may be reused. Default: 300.
        encryption_reuse_age: Option<Duration>,
        /// Whether an upload may be sent in parts. If false, an object must fit into one request (5 GiB) and
        /// into memory. Default: true.
        multipart_upload: Option<bool>,
        /// Whether `fetch_through` stores what it fetched from an upstream; its option `retain` overrides
        /// this. Default: true. The stores of `StorageClasses` have the value of `RetainFetchedPackages`.
        retain_fetched: Option<bool>,
        /// Whether to read what `rstudio/platform-lib` stored in chunks (`KEY/info.json` and `KEY/00000001`
        /// onwards) as the object `KEY`. A missing object then costs one more request. Default: false, but
        /// true for the stores of `StorageClasses`.
        chunked_assets: Option<bool>,
        /// Stored for the host, unused here: the version of the object that a URL names.
        version_id: Option<String>,
        /// Stored for the host, unused here: how it compresses `.narinfo` files.
        narinfo_compression: Option<String>,
        /// Stored for the host, unused here: how it compresses `.ls` files.
        ls_compression: Option<String>,
        /// Stored for the host, unused here: how it compresses build logs.
        log_compression: Option<String>,
        /// The name of the host program, for the user agent.
        app_name: Option<String>,
    }
}

/// Settings that no output shows.
pub const SECRET: &[&str] =
    &["secret_access_key", "session_token", "mfa_token", "proxy", "sse_customer_key", "encryption_aes_key"];
