//! Compression of NARs and other files, by the programs that every system has: xz, zstd, bzip2, gzip, …
//!
//! Invariant: bytes stream through a child process; nothing of their size is kept here. A missing program
//! is an error that names it.

use std::fs::File;
use std::io::{self, Write};
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::failure::{Failure, Result};

/// A way to compress, as narinfos name it.
#[derive(Clone, Debug, PartialEq)]
pub struct Compression {
    name: String,
    level: Option<u32>,
}

// name, ending of the NAR's key as Nix writes it, program
const KNOWN: &[(&str, &str, &str)] = &[
    ("none", "", ""),
    ("xz", ".xz", "xz"),
    ("zstd", ".zst", "zstd"),
    ("bzip2", ".bz2", "bzip2"),
    ("gzip", ".gz", "gzip"),
    ("br", ".br", "brotli"),
    ("lzip", ".lzip", "lzip"),
    ("lz4", ".lz4", "lz4"),
];

impl Compression {
    /// The compression that a narinfo or an option names.
    pub fn named(name: &str, level: Option<u32>) -> Result<Compression> {
        let name = if name.is_empty() { "none" } else { name };
        if !KNOWN.iter().any(|(known, ..)| *known == name) {
            let known: Vec<&str> = KNOWN.iter().map(|(known, ..)| *known).collect();
            return Err(Failure::new(format!(
                "{name:?} is no compression of NARs; there are {}",
                known.join(", ")
            )));
        }
        Ok(Compression { name: name.to_owned(), level })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The ending of a NAR's key.
    pub fn ending(&self) -> &'static str {
        self.row().1
    }

    fn row(&self) -> (&'static str, &'static str, &'static str) {
        KNOWN.iter().find(|(known, ..)| *known == self.name).copied().unwrap_or(KNOWN[0])
    }

    /// Compresses what is written to the result, into a file.
    pub fn compress(&self, file: File) -> Result<Pipe> {
        let mut command = Command::new(self.row().2);
        command.arg("-c").args(self.level.map(|level| format!("-{level}")));
        self.start(command, file)
    }

    /// Decompresses what is written to the result, into a file or pipe.
    pub fn decompress(&self, file: impl Into<Stdio>) -> Result<Pipe> {
        let mut command = Command::new(self.row().2);
        command.args(["-d", "-c"]);
        self.start(command, file)
    }

    fn start(&self, mut command: Command, out: impl Into<Stdio>) -> Result<Pipe> {
        let program = self.row().2;
        if program.is_empty() {
            command = Command::new("cat");
        }
        let mut child =
            command.stdin(Stdio::piped()).stdout(out).stderr(Stdio::null()).spawn().map_err(|error| {
                Failure::new(format!(
                    "cannot run `{program}` for the compression {}: {error}; install it",
                    self.name
                ))
            })?;
        Ok(Pipe { input: child.stdin.take(), child, program })
    }
}

/// A running program that reads what is written here.
pub struct Pipe {
    input: Option<ChildStdin>,
    child: Child,
    program: &'static str,
}

impl Pipe {
    /// Ends the input and waits for the program.
    pub fn finish(mut self) -> Result<()> {
        self.input = None;
        let status = self.child.wait()?;
        if status.success() {
            Ok(())
        } else {
            Err(Failure::new(format!("`{}` failed: {status}", self.program)))
        }
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.input.as_mut().map_or(Ok(0), |input| input.write(bytes))
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        // Nothing waits for it after `finish`; before that it is of no use any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The bytes of a small object, decoded as its Content-Encoding asks.
pub fn decode(encoding: &str, bytes: &[u8]) -> Result<Vec<u8>> {
    use std::io::{Read, Seek};
    let compression = Compression::named(encoding, None)?;
    let mut file = tempfile::tempfile()?;
    let mut pipe = compression.decompress(file.try_clone()?)?;
    pipe.write_all(bytes)?;
    pipe.finish()?;
    let mut decoded = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut decoded)?;
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Seek};

    #[test]
    fn bytes_come_back() {
        for name in ["xz", "gzip", "bzip2", "none"] {
            let compression = Compression::named(name, None).unwrap();
            let mut file = tempfile::tempfile().unwrap();
            if name != "none" {
                let mut pipe = compression.compress(file.try_clone().unwrap()).unwrap();
                pipe.write_all(&[b'x'; 100_000]).unwrap();
                pipe.finish().unwrap();
            } else {
                file.write_all(&[b'x'; 100_000]).unwrap();
            }
            let mut packed = Vec::new();
            file.rewind().unwrap();
            file.read_to_end(&mut packed).unwrap();
            assert_eq!(decode(name, &packed).unwrap(), [b'x'; 100_000]);
            if name != "none" {
                assert!(packed.len() < 1000);
                assert!(decode(name, &packed[..packed.len() / 2]).is_err());
            }
        }
        assert!(Compression::named("zip", None).is_err());
    }
}
