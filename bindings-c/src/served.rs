//! The safe face that both skins, the C ABI and the cxx bridge, put on: a call together with what the host
//! lends it.
//!
//! Law of threads: a host's function runs only inside `wait`, `read` or `write`, so on the thread that called
//! those. Depends on no pointer and no C type, and names no verb and no option.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use oarlock::{Args, Canceller, Error, ErrorKind, Result, Step, Store, Value};

/// At most so many bytes are read from a host's source at a time.
const ROOM: usize = 1 << 20;

/// Fills a buffer from the host's source and returns how many bytes; 0 is the end.
pub type Read = Box<dyn FnMut(&mut [u8]) -> std::result::Result<usize, String>>;
/// Hands bytes to the host's sink.
pub type Write = Box<dyn FnMut(&[u8]) -> std::result::Result<(), String>>;
/// Takes the bytes moved and, if known, the total; `false` cancels the call.
pub type Progress = Box<dyn FnMut(u64, Option<u64>) -> bool>;
/// Takes an event of the call, with its level.
pub type Log = Box<dyn FnMut(i32, &str)>;

/// Returns the answer to a question of a call, or the reason why it can't.
pub type HostFunction = Arc<dyn Fn(Value) -> std::result::Result<Value, String> + Send + Sync>;
/// The host's functions among a store's settings, by their callbacks' numbers.
pub type Functions = Vec<(u64, HostFunction)>;

/// Bytes to send.
pub enum HostSource {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A file.
    File(PathBuf),
    /// The host's function, and the size if it is known.
    Read(Read, Option<u64>),
    /// The bytes that `ServedCall::write` is given.
    Pushed,
}

/// Where bytes go.
pub enum HostSink {
    /// The reply's `body`.
    Memory,
    /// A file, which appears whole.
    File(PathBuf),
    /// The host's function.
    Write(Write),
    /// The caller of `ServedCall::read`.
    Pulled,
}

/// A verb that runs, and what serves it.
pub struct ServedCall {
    call: oarlock::Call<Value>,
    verb: String,
    key: Option<String>,
    read: Option<Read>,
    write: Option<Write>,
    progress: Option<Progress>,
    log: Option<Log>,
    functions: Functions,
    unread: Bytes,
    wanting: bool,
    failed: Option<Error>,
    outcome: Option<Result<Value>>,
}

/// The result of one turn of serving.
enum Turn {
    Idle,
    Served,
    Chunk(Bytes),
    Want,
    Done,
}

/// The end of a wait.
fn deadline(limit: Option<Duration>) -> Option<Instant> {
    limit.and_then(|limit| Instant::now().checked_add(limit))
}

impl ServedCall {
    /// Starts a verb by name.
    ///
    /// # Errors
    /// Those of `Store::start`; nothing was sent then.
    pub fn start(
        store: &Store,
        verb: &str,
        values: Vec<(String, Value)>,
        source: Option<HostSource>,
        sink: Option<HostSink>,
    ) -> Result<ServedCall> {
        let (source, read) = match source {
            None => (None, None),
            Some(HostSource::Bytes(bytes)) => (Some(oarlock::Source::Bytes(bytes)), None),
            Some(HostSource::File(path)) => (Some(oarlock::Source::File(path)), None),
            Some(HostSource::Read(read, size)) => (Some(oarlock::Source::Fed(size)), Some(read)),
            Some(HostSource::Pushed) => (Some(oarlock::Source::Fed(None)), None),
        };
        let (sink, write) = match sink {
            None => (None, None),
            Some(HostSink::Memory) => (Some(oarlock::Sink::Memory), None),
            Some(HostSink::File(path)) => (Some(oarlock::Sink::File(path)), None),
            Some(HostSink::Write(write)) => (Some(oarlock::Sink::Stream), Some(write)),
            Some(HostSink::Pulled) => (Some(oarlock::Sink::Stream), None),
        };
        let key = values
            .iter()
            .find(|(name, _)| name == "key")
            .and_then(|(_, value)| value.as_str())
            .map(str::to_owned);
        let call = store.start(verb, Args { values, source, sink })?;
        Ok(ServedCall {
            call,
            verb: verb.to_owned(),
            key,
            read,
            write,
            progress: None,
            log: None,
            functions: Functions::new(),
            unread: Bytes::new(),
            wanting: false,
            failed: None,
            outcome: None,
        })
    }

    /// A handle that cancels and watches from any thread.
    pub fn canceller(&self) -> Canceller {
        self.call.canceller()
    }

    /// The descriptor that is readable while there is something to serve.
    ///
    /// # Errors
    /// `Forked`; `Io` when the process is out of descriptors.
    pub fn fd(&mut self) -> Result<i32> {
        self.call.fd()
    }

    /// Reports progress to the host.
    pub fn on_progress(&mut self, progress: Progress) {
        self.call.listen();
        self.progress = Some(progress);
    }

    /// Reports events to the host.
    pub fn on_log(&mut self, log: Log) {
        self.log = Some(log);
    }

    /// Runs these functions for the call's questions.
    pub fn on_ask(&mut self, functions: Functions) {
        self.functions = functions;
    }

    /// Serves the call until it ends, at most for `limit`; `None` when the time is over or a signal came. A
    /// pushed source ends here, and unread bytes of a pulled sink are dropped.
    ///
    /// # Errors
    /// The call's own; `Io` if the host's source or sink failed; `Cancelled` if its progress function
    /// cancelled it.
    pub fn wait(&mut self, limit: Option<Duration>) -> Result<Option<Value>> {
        let end = deadline(limit);
        self.unread.clear();
        loop {
            if let Some(outcome) = self.outcome.take() {
                return outcome.map(Some);
            }
            if std::mem::take(&mut self.wanting) {
                self.call.feed_end();
            }
            match self.turn(end)? {
                Turn::Idle => return Ok(None),
                Turn::Want => self.wanting = true,
                Turn::Done => {}
                Turn::Served | Turn::Chunk(_) if end.is_some_and(|end| Instant::now() >= end) => {
                    return Ok(None);
                }
                Turn::Served | Turn::Chunk(_) => {}
            }
        }
    }

    /// Reads the next bytes of a pulled sink; `Some(0)` at its end, `None` when the time is over or a signal
    /// came.
    ///
    /// # Errors
    /// The call's own.
    pub fn read(&mut self, room: &mut [u8], limit: Option<Duration>) -> Result<Option<usize>> {
        let end = deadline(limit);
        while self.unread.is_empty() {
            match &self.outcome {
                Some(Ok(_)) => return Ok(Some(0)),
                Some(Err(error)) => return Err(error.clone()),
                None => {}
            }
            match self.turn(end)? {
                Turn::Idle => return Ok(None),
                Turn::Chunk(chunk) => self.unread = chunk,
                Turn::Want => self.call.feed_error("a call that is read from has no pushed source"),
                Turn::Served | Turn::Done => {}
            }
        }
        let count = room.len().min(self.unread.len());
        room[..count].copy_from_slice(&self.unread.split_to(count));
        Ok(Some(count))
    }

    /// Gives the next bytes to a pushed source, whole; `None` when the time was over or a signal came before
    /// it took them.
    ///
    /// # Errors
    /// The call's own, when it ended before it took them.
    pub fn write(&mut self, bytes: &[u8], limit: Option<Duration>) -> Result<Option<()>> {
        let end = deadline(limit);
        if bytes.is_empty() {
            return Ok(Some(()));
        }
        while !std::mem::take(&mut self.wanting) {
            match &self.outcome {
                Some(Ok(_)) => {
                    return Err(Error::new(
                        ErrorKind::InvalidInput,
                        "the call ended without these bytes; only a pushed source is written to",
                    ));
                }
                Some(Err(error)) => return Err(error.clone()),
                None => {}
            }
            match self.turn(end)? {
                Turn::Idle => return Ok(None),
                Turn::Want => self.wanting = true,
                Turn::Served | Turn::Chunk(_) | Turn::Done => {}
            }
        }
        self.call.feed(Bytes::copy_from_slice(bytes));
        Ok(Some(()))
    }

    /// Serves one step.
    fn turn(&mut self, end: Option<Instant>) -> Result<Turn> {
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        Ok(match self.call.step(left)? {
            None => Turn::Idle,
            Some(Step::Chunk(chunk)) => match &mut self.write {
                None => Turn::Chunk(chunk),
                Some(write) => {
                    // After its first failure the sink is left alone: the call is on its way to its end.
                    if self.failed.is_none()
                        && let Err(why) = write(&chunk)
                    {
                        self.fail(ErrorKind::Io, format!("the sink failed: {why}"));
                    }
                    Turn::Served
                }
            },
            Some(Step::Want(size)) => match &mut self.read {
                None => Turn::Want,
                Some(read) => {
                    let mut room = vec![0; size.clamp(1, ROOM)];
                    match read(&mut room) {
                        Ok(count) => {
                            room.truncate(count);
                            self.call.feed(room.into());
                        }
                        Err(why) => self.call.feed_error(&why),
                    }
                    Turn::Served
                }
            },
            Some(Step::Ask { callback, question }) => {
                match self.functions.iter().find(|(number, _)| *number == callback.number()) {
                    Some((_, answer)) => match answer(question) {
                        Ok(answer) => self.call.answer(answer),
                        Err(why) => self.call.answer_error(&why),
                    },
                    None => self.call.answer_error("it is not known here"),
                }
                Turn::Served
            }
            Some(Step::Progress(done, total)) => {
                if let Some(progress) = &mut self.progress
                    && !progress(done, total)
                {
                    self.fail(ErrorKind::Cancelled, "the progress function cancelled the call".to_owned());
                }
                Turn::Served
            }
            Some(Step::Event(event)) => {
                if let Some(log) = &mut self.log {
                    log(event.level as i32, &event.message);
                }
                Turn::Served
            }
            Some(Step::Done) => {
                let outcome = self.call.take();
                self.outcome = Some(match self.failed.take() {
                    Some(failed) => Err(failed),
                    None => outcome,
                });
                Turn::Done
            }
        })
    }

    /// Cancels the call because of the host; the call then ends with this error.
    fn fail(&mut self, kind: ErrorKind, message: String) {
        let error = Error::new(kind, message).with_verb(&self.verb);
        self.failed.get_or_insert(match &self.key {
            Some(key) => error.with_key(key),
            None => error,
        });
        self.call.cancel();
    }
}
