//! Over a real socket: faults follow the plan to the byte, bodies of every protection arrive, the
//! control door answers.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::auth::signing_key;
use crate::encoding::{base64, hex, hmac_sha256, percent};
use crate::world::Options;

struct Server {
    port: u16,
    world: Arc<World>,
}

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

const UNSIGNED_TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

impl Server {
    async fn start() -> Server {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let world = World::new(Options {
            region: "us-east-1".into(),
            keys: vec![("test".into(), "secret".into())],
            anonymous_read: vec!["pub".into()],
            min_part: 0,
        });
        tokio::spawn(serve(world.clone(), listener));
        Server { port, world }
    }

    /// Sends one request and reads until the server closes.
    async fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> std::io::Result<Answer> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        let mut head =
            format!("{method} {target} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "host") {
            head.push_str(&format!("host: 127.0.0.1:{}\r\n", self.port));
        }
        headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        stream.write_all(format!("{head}\r\n").as_bytes()).await?;
        stream.write_all(body).await?;
        let mut raw = vec![];
        stream.read_to_end(&mut raw).await?;
        let Some(at) = raw.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        };
        let head = String::from_utf8_lossy(&raw[..at]).to_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Ok(Answer { status, head, body: raw[at + 4..].to_vec() })
    }

    async fn get(&self, target: &str) -> std::io::Result<Answer> {
        self.send("GET", target, &[], b"").await
    }

    async fn control(&self, path: &str, json: Value) -> Value {
        let answer =
            self.send("POST", &format!("/_fake/{path}"), &[], json.to_string().as_bytes()).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    async fn plan(&self, fault: Value) {
        self.control("plan", json!({"rules": [{"match": {"nth": 1}, "fault": fault}]})).await;
    }

    async fn seed(&self, body: &[u8]) {
        self.control("seed", json!({"bucket": "pub", "key": "k", "body_b64": base64(body)})).await;
    }

    /// Signs with the payload hash given and sends.
    async fn signed(
        &self,
        method: &str,
        path: &str,
        hash: &str,
        more: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let time = clock::amz(clock::now());
        let host = format!("127.0.0.1:{}", self.port);
        let mut headers: Vec<(&str, &str)> =
            vec![("host", &host), ("x-amz-content-sha256", hash), ("x-amz-date", &time)];
        headers.extend(more);
        headers.sort();
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let path = percent(path.as_bytes(), b"/");
        let canonical = format!("{method}\n{path}\n\n{lines}\n{}\n{hash}", names.join(";"));
        let scope = format!("{}/us-east-1/s3/aws4_request", &time[..8]);
        let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", sha256_hex(canonical.as_bytes()));
        let signature =
            hex(&hmac_sha256(&signing_key("secret", &time[..8], "us-east-1"), to_sign.as_bytes()));
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=test/{scope}, SignedHeaders={}, Signature={signature}",
            names.join(";")
        );
        headers.push(("authorization", &authorization));
        match self.send(method, &path, &headers, body).await {
            Ok(answer) => answer,
            Err(_) => Answer { status: 0, head: String::new(), body: vec![] },
        }
    }
}

#[tokio::test]
async fn a_cut_body_has_exactly_the_planned_bytes() {
    let server = Server::start().await;
    server.control("seed", json!({"bucket": "pub", "key": "k", "size": 3_000_000})).await;
    for after in [0u64, 1, 1_234_567, 2_999_999] {
        server.plan(json!({"truncate_body": after})).await;
        let answer = server.get("/pub/k").await.unwrap();
        assert!(answer.head.contains("content-length: 3000000"), "{}", answer.head);
        assert_eq!(answer.body.len() as u64, after);
        assert!(answer.body.iter().enumerate().all(|(i, byte)| *byte == (i % 251) as u8));
    }
    server.plan(json!({"truncate_body": 9_999_999})).await;
    assert_eq!(server.get("/pub/k").await.unwrap().body.len(), 2_999_999);
}

#[tokio::test]
async fn one_bit_flips() {
    let server = Server::start().await;
    server.seed(b"hello").await;
    server.plan(json!({"flip_bit": 1})).await;
    assert_eq!(server.get("/pub/k").await.unwrap().body, b"hdllo");
    server.plan(json!({"flip_bit": 5})).await;
    assert_eq!(server.get("/pub/k").await.unwrap().body, b"iello");
    assert_eq!(server.get("/pub/k").await.unwrap().body, b"hello");
}

#[tokio::test]
async fn a_reset_is_a_reset_and_is_logged_without_status() {
    let server = Server::start().await;
    server.seed(b"hello").await;
    server.plan(json!({"reset": true})).await;
    let error = server.get("/pub/k").await.err().unwrap();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(server.get("/pub/k").await.unwrap().status, 200);
    let log = server.get("/_fake/log").await.unwrap().json();
    assert_eq!((&log[0]["fault"], &log[0]["status"]), (&json!("reset"), &Value::Null));
    assert_eq!(
        (&log[1]["fault"], &log[1]["status"], &log[1]["op"]),
        (&Value::Null, &json!(200), &json!("GetObject"))
    );
}

#[tokio::test]
async fn a_status_comes_with_its_code_and_headers() {
    let server = Server::start().await;
    server.seed(b"hello").await;
    server.plan(json!({"status": 503, "code": "SlowDown", "headers": {"Retry-After": "7"}})).await;
    let answer = server.get("/pub/k").await.unwrap();
    assert_eq!(answer.status, 503);
    assert!(answer.head.contains("retry-after: 7"));
    assert!(answer.head.contains("x-amz-request-id: "));
    assert!(answer.text().contains("<Code>SlowDown</Code>"));
}

#[tokio::test(start_paused = true)]
async fn a_stall_lets_the_first_bytes_through_and_then_goes_on() {
    let server = Server::start().await;
    server.seed(b"hello world").await;
    server.plan(json!({"stall": {"after": 5, "ms": 60_000}})).await;
    assert_eq!(server.get("/pub/k").await.unwrap().body, b"hello world");

    server.plan(json!({"stall": {"after": 5}})).await;
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
    stream.write_all(b"GET /pub/k HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut raw = vec![];
    while !raw.ends_with(b"hello") {
        assert!(stream.read_buf(&mut raw).await.unwrap() > 0);
    }
}

#[tokio::test(start_paused = true)]
async fn each_response_is_held_to_its_rate() {
    let server = Server::start().await;
    server.seed(b"hello world").await;
    server.control("latency", json!({"ms": 0, "rate": 5})).await;
    let begun = tokio::time::Instant::now();
    assert_eq!(server.get("/pub/k").await.unwrap().body, b"hello world");
    assert!(begun.elapsed() >= Duration::from_millis(200), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn the_object_changes_under_the_reader() {
    let server = Server::start().await;
    server.seed(b"abc").await;
    server
        .control(
            "plan",
            json!({"rules": [{
                "match": {"op": "GetObject", "nth": 2},
                "fault": {"change_object": {"body_b64": base64(b"xyz")}},
            }]}),
        )
        .await;
    let before = server.get("/pub/k").await.unwrap();
    let after = server.get("/pub/k").await.unwrap();
    assert_eq!((before.body.as_slice(), after.body.as_slice()), (&b"abc"[..], &b"xyz"[..]));
    assert_eq!(server.get("/pub/k").await.unwrap().body, b"xyz");
}

#[tokio::test]
async fn a_lost_answer_leaves_the_object() {
    let server = Server::start().await;
    server.plan(json!({"drop_after_store": true})).await;
    assert_eq!(server.signed("PUT", "/pub/a b+ü", &sha256_hex(b"kept"), &[], b"kept").await.status, 0);
    assert_eq!(server.get("/pub/a%20b+%C3%BC").await.unwrap().body, b"kept");
}

#[tokio::test]
async fn an_expired_token_stays_expired_until_reset() {
    let server = Server::start().await;
    let empty = sha256_hex(b"");
    server.plan(json!({"expire_token": true})).await;
    for _ in 0..2 {
        let answer = server.signed("GET", "/pub/k", &empty, &[], b"").await;
        assert_eq!(answer.status, 400);
        assert!(answer.text().contains("<Code>ExpiredToken</Code>"));
    }
    server.control("reset", json!({})).await;
    assert_eq!(server.signed("GET", "/pub/k", &empty, &[], b"").await.status, 404);
}

#[tokio::test]
async fn bodies_of_every_protection_are_opened_and_checked() {
    let server = Server::start().await;
    let sha = sha256_hex(b"abc");
    assert_eq!(server.signed("PUT", "/pub/k", "UNSIGNED-PAYLOAD", &[], b"abc").await.status, 200);
    assert_eq!(server.signed("PUT", "/pub/k", &sha, &[], b"abc").await.status, 200);
    let answer = server.signed("PUT", "/pub/k", &sha, &[], b"abd").await;
    assert!(answer.status == 400 && answer.text().contains("XAmzContentSHA256Mismatch"), "{}", answer.text());
    let answer =
        server.signed("PUT", "/pub/k", &sha, &[("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==")], b"abc").await;
    assert!(answer.status == 400 && answer.text().contains("<Code>BadDigest</Code>"));

    let trailer = [
        ("content-encoding", "aws-chunked"),
        ("x-amz-decoded-content-length", "3"),
        ("x-amz-trailer", "x-amz-checksum-crc32"),
    ];
    let good = b"3\r\nabc\r\n0\r\nx-amz-checksum-crc32:NSRBwg==\r\n\r\n";
    let answer = server.signed("PUT", "/pub/chunked", UNSIGNED_TRAILER, &trailer, good).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.head.contains("x-amz-checksum-crc32: nsrbwg=="));
    let read = server.get("/pub/chunked").await.unwrap();
    assert_eq!(read.body, b"abc");
    assert!(!read.head.contains("content-encoding"));
    let bad = b"3\r\nabd\r\n0\r\nx-amz-checksum-crc32:NSRBwg==\r\n\r\n";
    let answer = server.signed("PUT", "/pub/chunked", UNSIGNED_TRAILER, &trailer, bad).await;
    assert!(answer.status == 400 && answer.text().contains("<Code>BadDigest</Code>"));
    let none = b"3\r\nabc\r\n0\r\n\r\n";
    let answer = server.signed("PUT", "/pub/chunked", UNSIGNED_TRAILER, &trailer, none).await;
    assert!(answer.status == 400 && answer.text().contains("MalformedTrailerError"));
}

#[tokio::test]
async fn strangers_are_refused() {
    let server = Server::start().await;
    server.control("bucket", json!({"name": "own", "region": "us-east-1"})).await;
    let answer = server.get("/own/k").await.unwrap();
    assert!(answer.status == 403 && answer.text().contains("<Code>AccessDenied</Code>"));
    assert_eq!(server.send("PUT", "/pub/k", &[], b"x").await.unwrap().status, 403);
    assert_eq!(server.send("HEAD", "/own/k", &[], b"").await.unwrap().body, b"");
}

#[tokio::test]
async fn a_bucket_elsewhere_redirects() {
    let server = Server::start().await;
    server.control("bucket", json!({"name": "far", "region": "eu-west-1"})).await;
    let answer = server.signed("GET", "/far/k", &sha256_hex(b""), &[], b"").await;
    assert_eq!(answer.status, 301);
    assert!(answer.head.contains("x-amz-bucket-region: eu-west-1"));
    assert!(answer.text().contains("<Code>PermanentRedirect</Code>"));
}

#[tokio::test]
async fn the_log_can_be_waited_for() {
    let server = Server::start().await;
    let waiting = server.get("/_fake/log?wait=2");
    let asking = async {
        server.get("/pub/1").await.unwrap();
        server.get("/pub/2").await.unwrap();
    };
    let (log, ()) = tokio::join!(waiting, asking);
    assert_eq!(log.unwrap().json().as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn reset_forgets_what_it_should() {
    let server = Server::start().await;
    server.seed(b"hello").await;
    server.control("latency", json!({"ms": 1})).await;
    server.get("/pub/k").await.unwrap();
    server.control("reset", json!({"keep_objects": true})).await;
    assert_eq!(server.get("/_fake/log").await.unwrap().json(), json!([]));
    assert_eq!(server.get("/_fake/state").await.unwrap().json()["objects"], 1);
    assert_eq!(server.world.desk().latency, 0);
    server.control("reset", json!({})).await;
    let state = server.get("/_fake/state").await.unwrap().json();
    assert_eq!((&state["objects"], &state["buckets"]["pub"]["objects"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn mistakes_at_the_control_door_are_named() {
    let server = Server::start().await;
    for (path, body, word) in [
        ("plan", json!({"rules": [{"fault": {"explode": 1}}]}), "explode"),
        ("seed", json!({"bucket": "b", "key": "k"}), "size"),
        ("bucket", json!({"name": "b", "versioning": "Maybe"}), "versioning"),
        ("nothing", json!({}), "nothing"),
    ] {
        let answer =
            server.send("POST", &format!("/_fake/{path}"), &[], body.to_string().as_bytes()).await.unwrap();
        assert_eq!(answer.status, 400);
        assert!(answer.json()["error"].as_str().unwrap().contains(word), "{}", answer.text());
    }
}

#[tokio::test]
async fn virtual_hosts_name_the_bucket() {
    let server = Server::start().await;
    server.seed(b"hello").await;
    let answer = server.send("GET", "/k", &[("host", "pub.localhost:1")], b"").await.unwrap();
    assert_eq!(answer.body, b"hello");
}

#[tokio::test]
async fn a_bucket_may_allow_less() {
    let server = Server::start().await;
    server.seed(b"hello").await;
    server.control("bucket", json!({"name": "pub", "allow": ["s3:GetObject"]})).await;
    let none = sha256_hex(b"");
    for (method, path, status) in [
        ("GET", "/pub/k", 200),
        ("HEAD", "/pub/k", 200),
        ("GET", "/pub/missing", 403),
        ("GET", "/pub", 403),
        ("DELETE", "/pub/k", 403),
    ] {
        assert_eq!(server.signed(method, path, &none, &[], b"").await.status, status, "{method} {path}");
    }
    assert_eq!(server.get("/pub/k").await.unwrap().status, 200);
    assert_eq!(server.get("/pub/missing").await.unwrap().status, 403);
    server.control("bucket", json!({"name": "pub", "allow": ["s3:GetObject", "s3:ListBucket"]})).await;
    assert_eq!(server.signed("GET", "/pub/missing", &none, &[], b"").await.status, 404);
}
