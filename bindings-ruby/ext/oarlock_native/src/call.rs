//! `Oarlock::Native::Call`: a verb in progress, whose steps the waiting thread takes.
//!
//! Invariant: Ruby itself waits on the call's descriptor: other threads run, a Fiber scheduler can take over,
//! and Timeout, Thread#kill and Ctrl-C interrupt it at once. If the waiting thread does the work itself, it
//! runs without the GVL, a tick at a time. No part of the call is on the stack that such an interrupt
//! unwinds.

use std::cell::RefCell;
use std::ffi::c_void;
use std::os::fd::RawFd;
use std::time::Duration;

use magnus::value::ReprValue;
use magnus::{Class, Error, Module, RModule, RString, Ruby, Value, method};
use oarlock::value::Type;
use oarlock::{Canceller, ErrorKind, Step};

use crate::error::exception;
use crate::value::{ConversionError, copy, from_ruby, to_ruby};

/// How long a thread works before it checks for interrupts.
const TICK: Duration = Duration::from_millis(100);

#[magnus::wrap(class = "Oarlock::Native::Call", free_immediately, size)]
pub(crate) struct Call {
    call: RefCell<oarlock::Call<oarlock::Value>>,
    canceller: Canceller,
    reply: Type,
    /// Whether the thread that waits does the work.
    blocking: bool,
}

pub(crate) fn define(ruby: &Ruby, native: RModule) -> Result<(), Error> {
    let class = native.define_class("Call", ruby.class_object())?;
    class.undef_default_alloc_func();
    class.define_method("listen", method!(Call::listen, 0))?;
    class.define_method("step", method!(Call::step, 0))?;
    class.define_method("try_step", method!(Call::try_step, 0))?;
    class.define_method("fd", method!(Call::fd, 0))?;
    class.define_method("feed", method!(Call::feed, 1))?;
    class.define_method("feed_end", method!(Call::feed_end, 0))?;
    class.define_method("answer", method!(Call::answer, 1))?;
    class.define_method("answer_error", method!(Call::answer_error, 1))?;
    class.define_method("cancel", method!(Call::cancel, 0))?;
    class.define_method("take", method!(Call::take, 0))
}

impl Call {
    pub(crate) fn new(call: oarlock::Call<oarlock::Value>, reply: Type, blocking: bool) -> Self {
        Call { canceller: call.canceller(), call: RefCell::new(call), reply, blocking }
    }

    /// Uses the core's call; never across a Ruby call, so that the borrow cannot meet another.
    fn with<T>(
        &self,
        ruby: &Ruby,
        ask: impl FnOnce(&mut oarlock::Call<oarlock::Value>) -> T,
    ) -> Result<T, Error> {
        match self.call.try_borrow_mut() {
            Ok(mut call) => Ok(ask(&mut call)),
            Err(_) => Err(exception(
                ruby,
                &oarlock::Error::new(ErrorKind::Internal, "the call is in use elsewhere"),
            )),
        }
    }

    fn listen(ruby: &Ruby, rb_self: &Self) -> Result<(), Error> {
        rb_self.with(ruby, |call| call.listen())
    }

    /// Waits for the next step: `[:chunk, string]`, `[:want, size]`, `[:ask, number, question]`,
    /// `[:progress, done, total]`, `[:event, level, message]` or `[:done]`.
    fn step(ruby: &Ruby, rb_self: &Self) -> Result<Value, Error> {
        loop {
            if let Some(step) = Self::try_step(ruby, rb_self)? {
                return Ok(step);
            }
            if rb_self.blocking {
                if let Some(step) = Self::work(ruby, rb_self)? {
                    return tell(ruby, step, rb_self.reply);
                }
                continue;
            }
            let fd = Self::fd(ruby, rb_self)?;
            ruby.thread_wait_fd(&fd)?;
        }
    }

    /// Works for a tick while other threads run, and then handles interrupts of this thread.
    fn work(ruby: &Ruby, rb_self: &Self) -> Result<Option<Step>, Error> {
        let step = rb_self.with(ruby, |call| without_gvl(|| call.step(Some(TICK))))?;
        magnus::rb_sys::protect(|| {
            // SAFETY: we hold the GVL, and `protect` catches what it raises.
            unsafe { rb_sys::rb_thread_check_ints() };
            rb_sys::Qnil as rb_sys::VALUE
        })?;
        step.unwrap_or(Ok(None)).map_err(|error| exception(ruby, &error))
    }

    /// The next step if there is one now.
    fn try_step(ruby: &Ruby, rb_self: &Self) -> Result<Option<Value>, Error> {
        rb_self.with(ruby, |call| call.try_step())?.map(|step| tell(ruby, step, rb_self.reply)).transpose()
    }

    /// The descriptor that is readable while there is a step; the call owns it.
    fn fd(ruby: &Ruby, rb_self: &Self) -> Result<RawFd, Error> {
        rb_self.with(ruby, |call| call.fd())?.map_err(|error| exception(ruby, &error))
    }

    fn feed(ruby: &Ruby, rb_self: &Self, chunk: RString) -> Result<(), Error> {
        let bytes = copy(chunk);
        rb_self.with(ruby, |call| call.feed(bytes))
    }

    fn feed_end(ruby: &Ruby, rb_self: &Self) -> Result<(), Error> {
        rb_self.with(ruby, |call| call.feed_end())
    }

    fn answer(ruby: &Ruby, rb_self: &Self, answer: Value) -> Result<(), Error> {
        match from_ruby(ruby, answer, None) {
            Ok(answer) => rb_self.with(ruby, |call| call.answer(answer)),
            Err(ConversionError::Because(why)) => Err(exception(
                ruby,
                &oarlock::Error::new(ErrorKind::InvalidInput, format!("the answer {why}")),
            )),
            Err(ConversionError::Raised(error)) => Err(error),
        }
    }

    fn answer_error(ruby: &Ruby, rb_self: &Self, why: RString) -> Result<(), Error> {
        let why = copy(why);
        rb_self.with(ruby, |call| call.answer_error(&String::from_utf8_lossy(&why)))
    }

    /// From any thread, also while another waits.
    fn cancel(&self) {
        self.canceller.cancel();
    }

    fn take(ruby: &Ruby, rb_self: &Self) -> Result<Value, Error> {
        let reply = rb_self.with(ruby, |call| call.take())?.map_err(|error| exception(ruby, &error))?;
        to_ruby(ruby, reply, rb_self.reply)
    }
}

/// Runs code that touches no Ruby value without the GVL. Returns nothing if an interrupt was pending.
fn without_gvl<T, F: FnOnce() -> T>(work: F) -> Option<T> {
    struct Slot<T, F>(Option<F>, Option<T>);
    unsafe extern "C" fn run<T, F: FnOnce() -> T>(slot: *mut c_void) -> *mut c_void {
        // SAFETY: the slot below, which waits for this to return.
        let slot = unsafe { &mut *slot.cast::<Slot<T, F>>() };
        slot.1 = slot.0.take().map(|work| work());
        std::ptr::null_mut()
    }
    let mut slot = Slot(Some(work), None);
    // SAFETY: `run` takes the slot, which outlives it; the core lets no panic out of a step; this raises
    // nothing.
    unsafe {
        rb_sys::rb_thread_call_without_gvl2(
            Some(run::<T, F>),
            (&raw mut slot).cast(),
            None,
            std::ptr::null_mut(),
        )
    };
    slot.1
}

fn tell(ruby: &Ruby, step: Step, reply: Type) -> Result<Value, Error> {
    let row = ruby.ary_new_capa(3);
    match step {
        Step::Chunk(bytes) => {
            row.push(ruby.to_symbol("chunk"))?;
            row.push(ruby.str_from_slice(&bytes))?;
        }
        Step::Want(size) => {
            row.push(ruby.to_symbol("want"))?;
            row.push(size)?;
        }
        Step::Ask { callback, question } => {
            row.push(ruby.to_symbol("ask"))?;
            row.push(callback.number())?;
            // A list holds what the reply would.
            let kind = if matches!(question, oarlock::Value::List(_)) { reply } else { Type::Map };
            row.push(to_ruby(ruby, question, kind)?)?;
        }
        Step::Progress(done, total) => {
            row.push(ruby.to_symbol("progress"))?;
            row.push(done)?;
            row.push(total)?;
        }
        Step::Event(event) => {
            row.push(ruby.to_symbol("event"))?;
            row.push(event.level as i32)?;
            row.push(event.message)?;
        }
        Step::Done => row.push(ruby.to_symbol("done"))?,
    }
    Ok(row.as_value())
}
