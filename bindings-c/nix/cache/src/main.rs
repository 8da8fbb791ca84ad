//! `oarlock-nix`: a Nix binary cache on S3, for every Nix: served on loopback, pushed to, and looked after.
//!
//! Invariant: uses the core's public interface only. A command prints its result on standard output and the
//! rest on standard error; exit codes are in `failure`.

mod arguments;
mod cache;
mod compression;
mod copy;
mod failure;
mod gc;
mod hash;
mod local_store;
mod nar;
mod narinfo;
mod output;
mod push;
mod repair;
mod serve;
mod show;
mod signature;
mod store_path;
mod verify;

use std::process::ExitCode;

use arguments::{Arguments, CommandRow, help};
use failure::{Failure, Result};

const COMMANDS: &[&CommandRow] = &[
    &serve::ROW,
    &push::ROW,
    &verify::ROW,
    &repair::ROW,
    &gc::ROW,
    &show::STATS,
    &show::LIST,
    &show::DELETE,
    &copy::ROW,
];

fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::warn(&failure.message);
            ExitCode::from(failure.code)
        }
    }
}

fn run(mut words: Vec<String>) -> Result<()> {
    if words.is_empty() || words[0] == "--help" || words[0] == "help" {
        output::print(&overview());
        return Ok(());
    }
    let name = words.remove(0);
    if name == "--version" {
        output::print(&format!("oarlock-nix {}", oarlock::VERSION));
        return Ok(());
    }
    let Some(row) = COMMANDS.iter().find(|row| row.name == name) else {
        return Err(Failure::usage(format!("{name:?} is no command; `oarlock-nix --help` lists them")));
    };
    let arguments = Arguments::parse(row, words)?;
    if arguments.has("help") {
        output::print(&help(row));
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match row.name {
            "serve" => serve::run(&arguments).await,
            "verify" => verify::run(&arguments).await,
            "repair" => repair::run(&arguments).await,
            "stats" => show::stats(&arguments).await,
            "list" => show::list(&arguments).await,
            "delete" => show::delete(&arguments).await,
            "copy" => copy::run(&arguments).await,
            "gc" => gc::run(&arguments).await,
            _ => push::run(&arguments).await,
        }
    })
}

fn overview() -> String {
    let mut page = "oarlock-nix COMMAND URL …: a Nix binary cache on S3\n\n".to_owned();
    for row in COMMANDS {
        page += &format!("  {:<8} {}\n", row.name, row.doc);
    }
    page + "\n`oarlock-nix COMMAND --help` lists a command's options."
}
