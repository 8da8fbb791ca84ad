//! What only Linux offers to files and memory, and what other kernels do in its place.
//!
//! Invariant: the rest of the tree names none of it. Without an offer the caller's slower way is as correct.

use std::fs::{File, OpenOptions};
use std::io;
use std::mem::MaybeUninit;
use std::path::Path;

/// Opens a file without a name in a directory; `None` where the kernel or the file system has none.
#[cfg(target_os = "linux")]
pub(super) fn open_unnamed(options: &mut OpenOptions, directory: &Path) -> io::Result<Option<File>> {
    use std::os::unix::fs::OpenOptionsExt;
    match options.custom_flags(libc::O_TMPFILE | libc::O_CLOEXEC).open(directory) {
        Err(error) if matches!(error.raw_os_error(), Some(libc::EOPNOTSUPP | libc::EISDIR)) => Ok(None),
        file => file.map(Some),
    }
}

/// The same: no other kernel has such files.
#[cfg(not(target_os = "linux"))]
pub(super) fn open_unnamed(_: &mut OpenOptions, _: &Path) -> io::Result<Option<File>> {
    Ok(None)
}

/// Reserves space for so many bytes of a file without growing it.
#[cfg(target_os = "linux")]
pub(super) fn reserve(file: &File, size: u64) -> io::Result<()> {
    Ok(rustix::fs::fallocate(file, rustix::fs::FallocateFlags::KEEP_SIZE, 0, size)?)
}

/// Reserves nothing: a full disk is reported when the bytes are written.
#[cfg(not(target_os = "linux"))]
pub(super) fn reserve(_: &File, _: u64) -> io::Result<()> {
    Ok(())
}

/// Has the kernel map the pages of so many bytes that are written next, all at once: to meet them one by one
/// costs twice as much.
#[cfg(target_os = "linux")]
pub(crate) fn populate(memory: &mut [MaybeUninit<u8>]) {
    use rustix::mm::{Advice, madvise};
    let before = memory.as_ptr() as usize % rustix::param::page_size();
    // SAFETY: every page of the range holds a byte of ours, and the advice changes none. A kernel that
    // rejects it does no harm.
    let _ = unsafe {
        madvise(
            memory.as_mut_ptr().byte_sub(before).cast(),
            before + memory.len(),
            Advice::LinuxPopulateWrite,
        )
    };
}

/// Does nothing: no other kernel offers it.
#[cfg(not(target_os = "linux"))]
pub(crate) fn populate(_: &mut [MaybeUninit<u8>]) {}
