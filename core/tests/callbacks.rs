//! Functions of the host's that give keys: who asks, on which thread, how often, and what becomes of
//! cancelled calls.
//!
//! The verb `credentials` returns the keys that would sign a request, so no server is needed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::{Duration, SystemTime};

use oarlock::options::{GetMany, NoOptions, PutMany};
use oarlock::{Callback, ErrorKind, Item, Items, Step, Store, Value};

fn keys(id: &str, expires: Option<Duration>) -> Value {
    let text = |text: &str| Value::Str(text.to_owned());
    let mut pairs =
        vec![("access_key_id".to_owned(), text(id)), ("secret_access_key".to_owned(), text("canary"))];
    pairs.extend(expires.map(|left| ("expires".to_owned(), Value::Time(SystemTime::now() + left))));
    Value::map(pairs)
}

fn open(credentials: Callback) -> Store {
    Store::open(
        "s3://bucket",
        vec![
            ("credentials".to_owned(), credentials.into()),
            ("region".to_owned(), Value::Str("eu-x-1".into())),
        ],
    )
    .unwrap()
}

fn id(store: &Store) -> oarlock::Result<String> {
    store.credentials(NoOptions {}).wait(None).map(|keys| keys.access_key_id)
}

/// Steps a call until it asks.
fn until_asked<R>(call: &mut oarlock::Call<R>) -> Callback {
    loop {
        if let Some(Step::Ask { callback, .. }) = call.step(None).unwrap() {
            return callback;
        }
    }
}

#[test]
fn fifty_threads_ask_once_and_on_one_of_them() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let store = open(Callback::new(move |question| {
        assert_eq!(question.get("setting"), Some(&Value::Str("credentials".into())));
        assert_eq!(question.get("region"), Some(&Value::Str("eu-x-1".into())));
        assert_eq!(thread::current().name(), Some("waits"));
        count.fetch_add(1, Ordering::SeqCst);
        Ok(keys("AKID", None))
    }));
    let start = Barrier::new(50);
    thread::scope(|scope| {
        for _ in 0..50 {
            let waits = || {
                start.wait();
                assert_eq!(id(&store.clone()).unwrap(), "AKID");
            };
            thread::Builder::new().name("waits".into()).spawn_scoped(scope, waits).unwrap();
        }
    });
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[test]
fn expiring_keys_are_asked_for_again_while_the_others_go_on() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let store = open(Callback::new(move |_| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        Ok(keys(&format!("AKID{number}"), Some(Duration::from_secs(if number == 0 { 100 } else { 3600 }))))
    }));
    assert_eq!(id(&store).unwrap(), "AKID0");
    // Within the window: the first call to notice asks. It is not served here, and yet another one goes on
    // with what is valid.
    let mut first = store.credentials(NoOptions {});
    until_asked(&mut first);
    assert_eq!(id(&store).unwrap(), "AKID0");
    first.cancel();
    assert_eq!(first.wait(None).unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(id(&store).unwrap(), "AKID1");
    assert_eq!(id(&store).unwrap(), "AKID1");
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[test]
fn a_failed_renewal_leaves_the_valid_keys_and_says_so_later() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let store = open(Callback::new(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Ok(keys("AKID", Some(Duration::from_secs(200)))),
        _ => Err("the vault is closed".into()),
    }));
    for _ in 0..5 {
        assert_eq!(id(&store).unwrap(), "AKID");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[test]
fn a_cancelled_call_hands_the_question_on() {
    let store = open(Callback::new(|_| Ok(keys("AKID", None))));
    let mut first = store.credentials(NoOptions {});
    until_asked(&mut first);
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| tell.send(id(&store)).unwrap());
        first.cancel();
        assert_eq!(told.recv().unwrap().unwrap(), "AKID");
    });
    assert_eq!(first.wait(None).unwrap_err().kind(), ErrorKind::Cancelled);
}

#[test]
fn a_call_that_is_cancelled_alone_leaves_no_failure() {
    let store = open(Callback::new(|_| Ok(keys("AKID", None))));
    for _ in 0..3 {
        let mut call = store.credentials(NoOptions {});
        until_asked(&mut call);
        call.cancel();
        // What comes too late counts for nothing.
        call.answer_error("interrupted");
        assert_eq!(call.wait(None).unwrap_err().kind(), ErrorKind::Cancelled);
    }
    assert_eq!(id(&store).unwrap(), "AKID");
}

#[test]
fn calls_that_nobody_waits_for_hold_up_nobody() {
    let store = open(Callback::new(|_| Ok(keys("AKID", None))));
    let idle: Vec<_> = (0..20).map(|_| store.credentials(NoOptions {})).collect();
    assert_eq!(id(&store).unwrap(), "AKID");
    for call in idle {
        assert_eq!(call.wait(None).unwrap().access_key_id, "AKID");
    }
}

#[test]
fn failures_and_junk_are_told_in_sentences() {
    let map = |pairs: &[(&str, Value)]| {
        Value::map(pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())))
    };
    let text = |text: &str| Value::Str(text.to_owned());
    let error = id(&open(Callback::new(|_| Err("the vault\nis closed".into())))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(error.message().contains("`credentials` failed: the vault is closed"), "{error}");
    let junk = |value: Value| id(&open(Callback::new(move |_| Ok(value.clone())))).unwrap_err();
    let complete = [("access_key_id", text("canary")), ("secret_access_key", text("canary"))];
    for (value, words) in [
        (Value::Null, "answered null, not a map"),
        (text("canary"), "answered str, not a map"),
        (map(&[]), "without access_key_id"),
        (map(&complete[..1]), "without secret_access_key"),
        (map(&[("access_key", text("canary"))]), "did you mean \"access_key_id\"?"),
        (map(&[("access_key_id", Value::Int(7))]), "`access_key_id` takes str, not int"),
        (
            map(&[complete[0].clone(), complete[1].clone(), ("expires", Value::Bool(true))]),
            "`expires` takes time, not bool",
        ),
        (map(&[complete[0].clone(), complete[1].clone(), ("expires", Value::Int(1))]), "expired at 1970"),
    ] {
        let error = junk(value);
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert!(error.message().contains(words), "{error}");
        assert!(!error.message().contains("canary"), "{error}");
    }
}

#[test]
fn a_function_is_an_explicit_kind_and_never_shown() {
    let function = || Value::from(Callback::new(|_| Ok(Value::Null)));
    let set = |pairs: Vec<(&str, Value)>| {
        Store::open("s3://bucket", pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    };
    let text = |text: &str| Value::Str(text.to_owned());
    let store =
        set(vec![("credentials", function()), ("mfa_token", function()), ("provider", text("callback"))])
            .unwrap();
    assert!(store.settings().contains(&("credentials".to_owned(), text("callback"))));
    assert!(!store.settings().iter().any(|(name, _)| name == "mfa_token"));
    for (pairs, words) in [
        (vec![("credentials", text("f"))], "`credentials` takes a function, not str"),
        (vec![("mfa_token", Value::Int(1))], "`mfa_token` takes text or a function, not int"),
        (vec![("provider", text("callback"))], "needs the setting `credentials`"),
        (vec![("provider", text("env")), ("credentials", function())], "the provider is `env`"),
        (vec![("anonymous", Value::Bool(true)), ("credentials", function())], "`anonymous`"),
        (
            vec![("access_key_id", text("a")), ("secret_access_key", text("b")), ("credentials", function())],
            "can't be used together",
        ),
    ] {
        let error = set(pairs).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains(words), "{error}");
    }
}

/// Results as they come: all of them, each once, on the thread that waits, no more at a time than move at a
/// time and are waited for.
#[test]
fn results_as_they_come() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("file://{}", directory.path().display()), Vec::new()).unwrap();
    let keys: Vec<String> = (0..500).map(|number| format!("{number:03}")).collect();
    let items = |body: bool| -> Items {
        let item = |key: &String| match body {
            true => Item::from(key.as_str()).body(key.clone()),
            false => Item::from(key.as_str()),
        };
        keys.iter().map(item).collect()
    };
    let told = Arc::new(Mutex::new(Vec::new()));
    let each = || {
        let (told, waits) = (told.clone(), thread::current().id());
        Some(Callback::new(move |rows| {
            assert_eq!(thread::current().id(), waits);
            let Value::List(rows) = rows else { return Err("no list".into()) };
            assert!((1..=8).contains(&rows.len()), "{}", rows.len());
            told.lock()
                .unwrap()
                .extend(rows.iter().map(|row| row.get("key").and_then(Value::as_str).unwrap().to_owned()));
            Ok(Value::Null)
        }))
    };
    let all = |what: &str| {
        let mut told = std::mem::take(&mut *told.lock().unwrap());
        told.sort();
        assert_eq!(told, keys, "{what}");
    };
    let stored =
        store.put_many(items(true), PutMany { each: each(), max_concurrency: Some(8), ..PutMany::default() });
    assert_eq!(stored.wait(None).unwrap(), []);
    all("put_many");
    let fetched = store.get_many(items(false), GetMany { each: each(), max_concurrency: Some(8) });
    assert_eq!(fetched.wait(None).unwrap(), []);
    all("get_many");
    let broken = Callback::new(|_| Err("no room".into()));
    let error = store
        .get_many(items(false), GetMany { each: Some(broken), ..GetMany::default() })
        .wait(None)
        .unwrap_err();
    assert!(error.kind() == ErrorKind::Io && error.message().contains("no room"), "{error}");
}
