//! `Call`: a verb in progress, as a step machine that Python waits for, polls by descriptor, feeds and
//! cancels.
//!
//! Invariant: waiting releases the GIL and checks for signals every tick. An error meanwhile cancels the call
//! before it is raised.

use std::sync::{Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

use oarlock::value::Type;
use oarlock::{Canceller, Error, ErrorKind, Step, Value};
use pyo3::exceptions::PyException;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::body::{Bytes, bytes_from};
use crate::error::{fail, raise};
use crate::host::{self, Feeder};
use crate::{owner, value};

/// The longest wait between two checks for signals.
const TICK: Duration = Duration::from_millis(100);

/// How long a cancelled call may clean up before the error is raised; after that it continues in the
/// background.
const UNDO: Duration = Duration::from_secs(2);

/// The same for an interrupt: a person waits at a keyboard.
const UNDO_AT_INTERRUPT: Duration = Duration::from_millis(50);

/// A verb in progress.
#[pyclass(frozen, module = "oarlock._native")]
pub(crate) struct Call {
    inner: Mutex<CallState>,
    canceller: Canceller,
    verb: String,
    reply: Type,
}

struct CallState {
    call: oarlock::Call<Value>,
    feeder: Option<Feeder>,
    writer: Option<Py<PyAny>>,
    progress: Option<Py<PyAny>>,
    reported: Option<(u64, Option<u64>)>,
    functions: Option<Py<PyDict>>,
    reply: Type,
    /// The exception of the host's function, as the cause of the call's error.
    cause: Option<PyErr>,
}

/// The result of a wait.
enum Outcome {
    Nothing,
    Chunk(bytes::Bytes),
    Want(usize),
    Await(Py<PyAny>),
    Done,
}

impl Call {
    pub(crate) fn new(
        call: oarlock::Call<Value>,
        verb: &str,
        reply: Type,
        feeder: Option<Feeder>,
        writer: Option<Py<PyAny>>,
        progress: Option<Py<PyAny>>,
        functions: Option<Py<PyDict>>,
    ) -> Self {
        if progress.is_some() {
            call.listen();
        }
        let canceller = call.canceller();
        let inner = Mutex::new(CallState {
            call,
            feeder,
            writer,
            progress,
            reported: None,
            functions,
            reply,
            cause: None,
        });
        Call { inner, canceller, verb: verb.to_owned(), reply }
    }

    fn inner(&self, py: Python<'_>) -> PyResult<MutexGuard<'_, CallState>> {
        if self.canceller.forked() {
            let why = "the call was started before this process was forked; start it again here";
            return Err(raise(py, &Error::new(ErrorKind::Forked, why).with_verb(&self.verb)));
        }
        match self.inner.try_lock() {
            Ok(inner) => Ok(inner),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => {
                fail(py, ErrorKind::InvalidInput, "the call is already being waited for elsewhere")
            }
        }
    }

    fn timeout(&self, py: Python<'_>) -> PyErr {
        raise(
            py,
            &Error::new(ErrorKind::Timeout, "the call did not end in time and was cancelled")
                .with_verb(&self.verb),
        )
    }
}

fn deadline(py: Python<'_>, timeout: Option<f64>) -> PyResult<Option<Instant>> {
    let Some(seconds) = timeout else { return Ok(None) };
    match Duration::try_from_secs_f64(seconds) {
        Ok(limit) => Ok(Instant::now().checked_add(limit)),
        Err(_) => fail(
            py,
            ErrorKind::InvalidInput,
            format!("a timeout is a number of seconds from 0 up, not {seconds}"),
        ),
    }
}

impl CallState {
    /// Serves the call until it has something for the caller, or the time limit passes.
    fn advance(&mut self, py: Python<'_>, end: Option<Instant>, awaits: bool) -> PyResult<Outcome> {
        let outcome = self.serve(py, end, awaits);
        if let Err(error) = &outcome {
            self.abandon(py, if error.is_instance_of::<PyException>(py) { UNDO } else { UNDO_AT_INTERRUPT });
        }
        outcome
    }

    fn serve(&mut self, py: Python<'_>, end: Option<Instant>, awaits: bool) -> PyResult<Outcome> {
        loop {
            let step = match self.call.try_step() {
                Some(step) => step,
                None => {
                    let left = end.map(|end| end.saturating_duration_since(Instant::now()));
                    if left == Some(Duration::ZERO) {
                        return Ok(Outcome::Nothing);
                    }
                    let tick = left.map_or(TICK, |left| left.min(TICK));
                    let step = py.detach(|| self.call.step(Some(tick)));
                    py.check_signals()?;
                    match step.map_err(|error| raise(py, &error))? {
                        Some(step) => step,
                        None => continue,
                    }
                }
            };
            match step {
                Step::Event(event) => host::log(py, &event)?,
                Step::Progress(..) => self.tell_progress(py)?,
                Step::Chunk(chunk) => match &self.writer {
                    Some(writer) => host::write(py, writer, chunk)?,
                    None => return Ok(Outcome::Chunk(chunk)),
                },
                Step::Want(size) => match &mut self.feeder {
                    Some(Feeder::Caller) => return Ok(Outcome::Want(size)),
                    Some(feeder) => {
                        // Releases the sent bytes of a long source while the rest is read.
                        owner::bury(py);
                        match feeder.next(py, size)? {
                            Some(bytes) => self.call.feed(bytes),
                            None => self.call.feed_end(),
                        }
                    }
                    None => self.call.feed_error("there is none"),
                },
                Step::Ask { callback, question } => match self.ask(py, callback.number(), question) {
                    Ok(answer) if answer.hasattr(intern!(py, "__await__"))? => {
                        if awaits {
                            return Ok(Outcome::Await(answer.unbind()));
                        }
                        // A coroutine that is dropped unclosed makes Python complain.
                        let _ = answer.call_method0(intern!(py, "close"));
                        self.call.answer_error(
                            "it is asynchronous, which only the verbs of `store.aio` can wait for",
                        );
                    }
                    Ok(answer) => self.answer(py, &answer)?,
                    Err(error) => self.answer_error(py, error)?,
                },
                Step::Done => {
                    // A short call may end before its first step; the final progress is reported in any case.
                    self.tell_progress(py)?;
                    self.feeder = None;
                    self.writer = None;
                    self.progress = None;
                    owner::bury(py);
                    return Ok(Outcome::Done);
                }
            }
        }
    }

    /// Runs the host's function.
    fn ask<'py>(&self, py: Python<'py>, number: u64, question: Value) -> PyResult<Bound<'py, PyAny>> {
        let function = self
            .functions
            .as_ref()
            .map(|functions| functions.bind(py).get_item(number))
            .transpose()?
            .flatten();
        match function {
            // A list holds what the reply would.
            Some(function) => {
                let kind = if matches!(question, Value::List(_)) { self.reply } else { Type::Map };
                function.call1((value::to_py(py, kind, question)?,))
            }
            None => fail(py, ErrorKind::Internal, "the function is not known here"),
        }
    }

    fn answer(&mut self, py: Python<'_>, answer: &Bound<'_, PyAny>) -> PyResult<()> {
        match value::from_py(answer) {
            Ok(answer) => self.call.answer(answer),
            Err(error) => self.answer_error(py, error)?,
        }
        Ok(())
    }

    /// Passes an exception to the core and keeps it as the cause. An interrupt propagates instead and leaves
    /// the question to other calls.
    fn answer_error(&mut self, py: Python<'_>, error: PyErr) -> PyResult<()> {
        if !error.is_instance_of::<PyException>(py) {
            return Err(error);
        }
        self.call.answer_error(&error.to_string());
        self.cause = Some(error);
        Ok(())
    }

    fn tell_progress(&mut self, py: Python<'_>) -> PyResult<()> {
        let now = self.call.progress();
        if let Some(progress) = &self.progress
            && self.reported != Some(now)
        {
            self.reported = Some(now);
            progress.bind(py).call1(now)?;
        }
        Ok(())
    }

    /// Cancels, and waits a little for the call to clean up.
    fn abandon(&mut self, py: Python<'_>, limit: Duration) {
        self.call.cancel();
        let end = Instant::now() + limit;
        let call = &mut self.call;
        py.detach(|| {
            loop {
                let left = end.saturating_duration_since(Instant::now());
                match call.step(Some(left)) {
                    Ok(Some(Step::Done)) | Err(_) => return,
                    _ if left.is_zero() => return,
                    _ => {}
                }
            }
        });
        self.feeder = None;
        self.writer = None;
        self.progress = None;
    }
}

#[pymethods]
impl Call {
    /// Waits for the end and takes the result.
    #[pyo3(signature = (timeout = None))]
    pub(crate) fn wait<'py>(&self, py: Python<'py>, timeout: Option<f64>) -> PyResult<Bound<'py, PyAny>> {
        let end = deadline(py, timeout)?;
        let mut inner = self.inner(py)?;
        match inner.advance(py, end, false)? {
            Outcome::Done => {
                drop(inner);
                self.take(py)
            }
            Outcome::Nothing => {
                inner.abandon(py, UNDO_AT_INTERRUPT);
                Err(self.timeout(py))
            }
            Outcome::Chunk(_) | Outcome::Want(_) | Outcome::Await(_) => {
                inner.abandon(py, UNDO_AT_INTERRUPT);
                fail(
                    py,
                    ErrorKind::InvalidInput,
                    "a call that the caller feeds or drains must be stepped, not waited for",
                )
            }
        }
    }

    /// The next step within so many seconds: ("chunk", Bytes), ("want", size), ("done", None), or None if
    /// there is none yet. A caller that awaits also gets ("await", awaitable), and returns its result by
    /// `answer` or its exception.
    #[pyo3(signature = (timeout = None, awaits = false))]
    fn step<'py>(
        &self,
        py: Python<'py>,
        timeout: Option<f64>,
        awaits: bool,
    ) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let end = deadline(py, timeout)?;
        let outcome = self.inner(py)?.advance(py, end, awaits)?;
        Ok(Some(match outcome {
            Outcome::Nothing => return Ok(None),
            Outcome::Chunk(chunk) => ("chunk", Bytes(chunk)).into_pyobject(py)?,
            Outcome::Want(size) => ("want", size).into_pyobject(py)?,
            Outcome::Await(answer) => ("await", answer).into_pyobject(py)?,
            Outcome::Done => ("done", py.None()).into_pyobject(py)?,
        }))
    }

    /// Feeds bytes after the step "want"; no bytes mean the end.
    #[pyo3(signature = (data = None))]
    fn feed(&self, py: Python<'_>, data: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        owner::bury(py);
        let bytes = data.map(bytes_from).transpose()?.unwrap_or_default();
        self.inner(py)?.call.feed(bytes);
        Ok(())
    }

    /// Returns the result of the step "await".
    fn answer(&self, py: Python<'_>, answer: &Bound<'_, PyAny>) -> PyResult<()> {
        self.inner(py)?.answer(py, answer)
    }

    /// Returns the exception of the step "await".
    fn answer_error(&self, py: Python<'_>, error: &Bound<'_, PyAny>) -> PyResult<()> {
        self.inner(py)?.answer_error(py, PyErr::from_value(error.clone()))
    }

    /// The result, after the step "done".
    fn take<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let mut inner = self.inner(py)?;
        let (result, cause) = (inner.call.take(), inner.cause.take());
        drop(inner);
        let reply = result.map_err(|error| {
            let raised = raise(py, &error.clone().with_verb(&self.verb));
            if matches!(error.kind(), ErrorKind::Credentials | ErrorKind::Io) && cause.is_some() {
                raised.set_cause(py, cause);
            }
            raised
        })?;
        value::to_py(py, self.reply, reply)
    }

    /// The exception for a call that ran out of time, which is cancelled.
    fn expire(&self, py: Python<'_>) -> Py<PyAny> {
        self.canceller.cancel();
        self.timeout(py).into_value(py).into_any()
    }

    /// A descriptor that is readable while the call has a step to return.
    fn fd(&self, py: Python<'_>) -> PyResult<i32> {
        self.inner(py)?.call.fd().map_err(|error| raise(py, &error))
    }

    /// Requests that the call stops; from any thread.
    fn cancel(&self) {
        self.canceller.cancel();
    }

    /// Cancels, and waits a little for the call to clean up.
    fn abandon(&self, py: Python<'_>) -> PyResult<()> {
        self.inner(py)?.abandon(py, UNDO);
        Ok(())
    }
}
