//! Memory that the parts of uploads are read into: mapped apart from the allocator, used again for later
//! parts, unmapped with the last.
//!
//! Invariant: free buffers are bounded, and none stays when no part is held. An allocator would keep what
//! each thread freed, beside the budget: 90 MiB were seen.

use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};

use crate::error::{Error, ErrorKind, Result};
use crate::runtime;

/// Smaller parts are the allocator's: it keeps little of them.
pub(super) const LEAST: usize = 1 << 20;

/// Bytes of free buffers that wait for the next part.
const FREE: usize = 8 << 20;

/// A part's bytes, zero at first.
pub(super) struct PartBuffer {
    /// None only while it is dropped.
    memory: Option<Mapping>,
    length: usize,
    of: Arc<Mutex<FreeBuffers>>,
}

#[derive(Default)]
struct FreeBuffers {
    used: usize,
    free: Vec<Mapping>,
}

struct Mapping {
    start: NonNull<u8>,
    size: usize,
}

// SAFETY: the memory belongs to this value alone, like a `Vec`'s.
unsafe impl Send for Mapping {}
// SAFETY: through a shared reference it is only read.
unsafe impl Sync for Mapping {}

impl Mapping {
    fn new(size: usize) -> std::io::Result<Mapping> {
        let (protection, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE);
        // SAFETY: the kernel chooses the address, so nothing that exists is mapped over.
        let start = unsafe { mmap_anonymous(std::ptr::null_mut(), size, protection, flags) }?;
        let start = NonNull::new(start.cast()).ok_or(std::io::ErrorKind::OutOfMemory)?;
        Ok(Mapping { start, size })
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: it was mapped with this size, and no reference into it outlives the value. A failure would
        // leak the memory.
        let _ = unsafe { munmap(self.start.as_ptr().cast(), self.size) };
    }
}

impl PartBuffer {
    /// A buffer of so many bytes.
    pub(super) fn new(length: usize) -> Result<PartBuffer> {
        let of: Arc<Arc<Mutex<FreeBuffers>>> = runtime::current()?.shared("part buffers", Arc::default);
        PartBuffer::among(&of, length)
    }

    fn among(of: &Arc<Mutex<FreeBuffers>>, length: usize) -> Result<PartBuffer> {
        // One of another size goes instead: a part must not hold more memory than its permit counts.
        let (found, _other) = {
            let mut buffers = of.lock().unwrap_or_else(PoisonError::into_inner);
            buffers.used += 1;
            match buffers.free.iter().position(|free| free.size == length) {
                Some(at) => (Some(buffers.free.swap_remove(at)), None),
                None => (None, buffers.free.pop()),
            }
        };
        // From here on the value's end takes it out of the count.
        let mut buffer = PartBuffer { memory: found, length: 0, of: of.clone() };
        if buffer.memory.is_none() {
            let refused =
                |_| Error::new(ErrorKind::Io, format!("there is no memory for a part of {length} bytes"));
            buffer.memory = Some(Mapping::new(length.max(1)).map_err(refused)?);
        }
        buffer.length = length;
        Ok(buffer)
    }

    /// Forgets what is behind the first bytes.
    pub(super) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }
}

impl Drop for PartBuffer {
    fn drop(&mut self) {
        let mut buffers = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        buffers.used -= 1;
        let free: usize = buffers.free.iter().map(|free| free.size).sum();
        match self.memory.take() {
            Some(memory) if buffers.used > 0 && free + memory.size <= FREE => buffers.free.push(memory),
            memory => {
                let rest = if buffers.used == 0 { std::mem::take(&mut buffers.free) } else { Vec::new() };
                drop(buffers);
                drop((memory, rest));
            }
        }
    }
}

impl Deref for PartBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let Some(memory) = &self.memory else { return &[] };
        // SAFETY: `length` bytes are mapped, and initialised: a new mapping is zero.
        unsafe { std::slice::from_raw_parts(memory.start.as_ptr(), self.length) }
    }
}

impl DerefMut for PartBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        let Some(memory) = &mut self.memory else { return &mut [] };
        // SAFETY: as in `deref`, and this value is borrowed alone.
        unsafe { std::slice::from_raw_parts_mut(memory.start.as_ptr(), self.length) }
    }
}

impl AsRef<[u8]> for PartBuffer {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_used_again_and_none_stays() {
        let of: Arc<Mutex<FreeBuffers>> = Arc::default();
        let free = || of.lock().unwrap().free.len();
        let mut held: Vec<_> = (0..10).map(|_| PartBuffer::among(&of, 8 << 20).unwrap()).collect();
        held[0][5] = 7;
        assert!(held[0][..6] == [0, 0, 0, 0, 0, 7] && held[0].len() == 8 << 20);
        let before = held[9].as_ptr();
        held.truncate(9);
        let mut again = PartBuffer::among(&of, 8 << 20).unwrap();
        assert_eq!((again.as_ptr(), again.len(), free()), (before, 8 << 20, 0));
        again.truncate(3);
        assert_eq!(again.len(), 3);
        held.truncate(8);
        let other = PartBuffer::among(&of, 5 << 20).unwrap();
        assert_eq!((other.len(), free()), (5 << 20, 0));
        held.truncate(2);
        assert_eq!(free(), FREE / (8 << 20));
        drop((held, again, other));
        assert_eq!(free(), 0);
    }
}
