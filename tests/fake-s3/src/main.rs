//! The command: reads its arguments, announces the endpoint on standard output as one line of JSON, and
//! serves until standard input closes or a termination signal comes.

use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileTypeExt as _;
use std::process::ExitCode;

use fake_s3::{Options, World, serve};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "usage: fake-s3 [--port N] [--access-key KEY --secret-key SECRET]... [--region REGION]
               [--anonymous-read BUCKET]... [--min-part BYTES] [--stay]";

struct Arguments {
    port: u16,
    stay: bool,
    options: Options,
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut parsed = Arguments {
        port: 0,
        stay: false,
        options: Options {
            region: "us-east-1".into(),
            keys: vec![],
            anonymous_read: vec![],
            min_part: 5 << 20,
        },
    };
    let mut pending_key: Option<String> = None;
    while let Some(name) = arguments.next() {
        if name == "--stay" {
            parsed.stay = true;
            continue;
        }
        let value = arguments.next().ok_or(format!("{name} needs a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{name} needs a number, not {value}"));
        match name.as_str() {
            "--port" => {
                parsed.port = u16::try_from(number()?).map_err(|_| format!("{value} is not a port"))?
            }
            "--region" => parsed.options.region = value,
            "--anonymous-read" => parsed.options.anonymous_read.push(value),
            "--min-part" => parsed.options.min_part = number()?,
            "--access-key" => pending_key = Some(value),
            "--secret-key" => {
                let key = pending_key.take().ok_or("--secret-key must follow its --access-key")?;
                parsed.options.keys.push((key, value));
            }
            _ => return Err(format!("there is no option {name}")),
        }
    }
    if pending_key.is_some() {
        return Err("--access-key must be followed by its --secret-key".into());
    }
    if parsed.options.keys.is_empty() {
        parsed.options.keys.push(("test".into(), "secret".into()));
    }
    Ok(parsed)
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let arguments = match parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(sentence) => {
            eprintln!("fake-s3: {sentence}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fake-s3: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> std::io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", arguments.port)).await?;
    let port = listener.local_addr()?.port();
    let mut out = std::io::stdout();
    writeln!(out, "{{\"endpoint\":\"http://127.0.0.1:{port}\"}}")?;
    out.flush()?;
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let world = World::new(arguments.options);
    tokio::select! {
        served = serve(world, listener) => served?,
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
        () = stdin_closed(), if !arguments.stay && is_leash()? => {}
    }
    // A thread still reads standard input; waiting for it would be waiting for ever.
    std::process::exit(0)
}

/// A pipe or file on standard input holds us; a terminal or `/dev/null` (character devices both) does not.
fn is_leash() -> std::io::Result<bool> {
    let stdin = std::fs::File::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    Ok(!stdin.metadata()?.file_type().is_char_device())
}

/// When the process that started us ends, its end of the pipe closes.
async fn stdin_closed() {
    let mut buffer = [0; 256];
    let mut stdin = tokio::io::stdin();
    while stdin.read(&mut buffer).await.is_ok_and(|n| n > 0) {}
}
