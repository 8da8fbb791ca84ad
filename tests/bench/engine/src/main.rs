//! GB (of 10^9 bytes) that an engine encrypts, decrypts and authenticates in one second of processor time, by
//! the size of its steps.
//!
//! Invariant: time is the processor's, not the clock's, so that others on the machine count little; each
//! figure is the best of five. Both engines are built as they are shipped.

use oarlock_gcm::{Broken, ENGINE, Gcm, SegMac};

const TOTAL: usize = 256 << 20;

fn seconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a live timespec, which the call fills.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn best(work: impl Fn()) -> f64 {
    let times = (0..5).map(|_| {
        let begun = seconds();
        work();
        seconds() - begun
    });
    TOTAL as f64 / 1e9 / times.fold(f64::INFINITY, f64::min)
}

fn main() -> Result<(), Broken> {
    let message = Gcm::new(&[7; 32], [1; 12], &[0, 0x73])?;
    println!("{:>10} {:>9} {:>9} {:>9} {:>13}", ENGINE, "encrypt", "decrypt", "CTR", "authenticate");
    for step in [16 << 10, 64 << 10, 256 << 10, 1 << 20, 8 << 20] {
        let bytes = std::cell::RefCell::new(vec![0u8; step]);
        let steps = (TOTAL / step) as u64;
        let walk = |each: &dyn Fn(u64, &mut [u8]) -> Result<SegMac, Broken>| {
            best(|| {
                let mut whole = SegMac::empty();
                for number in 0..steps {
                    let next = each(number * step as u64, &mut bytes.borrow_mut());
                    match next
                        .and_then(|next| message.join(std::mem::replace(&mut whole, SegMac::empty()), next))
                    {
                        Ok(joined) => whole = joined,
                        Err(error) => eprintln!("{error}"),
                    }
                }
                std::hint::black_box(message.tag(&whole));
            })
        };
        println!(
            "{:>6} KiB {:>9.2} {:>9.2} {:>9.2} {:>13.2}",
            step >> 10,
            walk(&|offset, bytes| message.encrypt(offset, bytes)),
            walk(&|offset, bytes| message.decrypt(offset, bytes)),
            walk(&|offset, bytes| message.cipher(offset, bytes).map(|()| SegMac::empty())),
            walk(&|_, bytes| message.authenticate(bytes)),
        );
    }
    let begun = seconds();
    for number in 0..10_000u32 {
        let mut key = [0; 32];
        key[..4].copy_from_slice(&number.to_be_bytes());
        std::hint::black_box(Gcm::new(&key, [1; 12], &[0, 0x73])?);
    }
    println!("a new key costs {:.1} µs", (seconds() - begun) * 100.0);
    Ok(())
}
