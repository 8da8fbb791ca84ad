//! AWS's transfer manager for Rust at its defaults does one piece of work: `transfer-manager WORK SIZE FILE`.
//! Its own loader reads endpoint, region and keys from the environment. Prints the seconds from creating the
//! client to the last byte.

use std::path::PathBuf;
use std::time::Instant;

use aws_sdk_s3_transfer_manager::Client;
use aws_sdk_s3_transfer_manager::io::InputStream;

type Done = Result<(), Box<dyn std::error::Error>>;

fn main() -> Done {
    let mut args = std::env::args().skip(1);
    let mut next = || args.next().unwrap_or_default();
    let (what, size, file) = (next(), next(), PathBuf::from(next()));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let begin = Instant::now();
    runtime.block_on(run(&what, &size, file))?;
    println!("{{\"wall\": {}}}", begin.elapsed().as_secs_f64());
    Ok(())
}

async fn run(what: &str, size: &str, file: PathBuf) -> Done {
    let client = Client::new(aws_sdk_s3_transfer_manager::from_env().load().await);
    match what {
        "get-file" => {
            let download = client.download().bucket("bench").key(size);
            download.write_to_path(file).await?.join().await?;
        }
        "get-memory" | "get-stream" => {
            let is_kept = what == "get-memory";
            let mut bytes = Vec::with_capacity(if is_kept { size.parse()? } else { 0 });
            let mut download = client.download().bucket("bench").key(size).initiate()?;
            while let Some(chunk) = download.body_mut().next().await {
                for segment in chunk?.data.into_segments() {
                    if is_kept {
                        bytes.extend_from_slice(&segment);
                    }
                }
            }
        }
        "put-file" => {
            let upload = client.upload().bucket("bench").key(format!("{size}-put"));
            upload.body(InputStream::from_path(file)?).initiate()?.join().await?;
        }
        other => return Err(format!("no work {other}").into()),
    }
    Ok(())
}
