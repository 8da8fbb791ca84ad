//! A network between a client and a server on loopback: `network PORT [NAME=VALUE…]` relays connections to
//! that port of loopback, shaped, and prints its own port.
//!
//! | name | value | limits |
//! |---|---|---|
//! | `rate` | MB/s, and its changes: `100,0.3:10,2.3:100` | each connection, each direction |
//! | `burst` | MB | what passes at once before `rate` counts |
//! | `shared` | MB/s, and its changes | all connections together, each direction |
//! | `delay` | ms of a round trip | half of it each way; a new connection waits for one more |
//! | `jitter` | ms | how much longer or shorter each way takes |
//!
//! The clock of a changing rate starts with a connection that finds no other open. Each direction has a
//! thread that reads and waits for its turn, and one that writes when the bytes arrive; little lies between
//! them, so that a slow side slows the other.

mod shape;

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use shape::{Bucket, Delay, Rate};

/// Bytes that the kernel may hold of what came in: a few chunks, not what a fast sender could send ahead.
const SOCKET_BUFFER: libc::c_int = 256 << 10;
/// Chunks between the reading and the writing thread of one direction.
const QUEUE: usize = 64;

#[derive(Clone, Debug, Default)]
struct Network {
    rate: Option<Rate>,
    burst: f64,
    shared: Option<Rate>,
    delay: Duration,
    jitter: Duration,
}

impl Network {
    fn parse(words: impl Iterator<Item = String>) -> Result<Network, String> {
        let mut network = Network::default();
        for word in words {
            let set = |network: &mut Network| {
                let (name, value) = word.split_once('=')?;
                let number = || value.parse::<f64>().ok().filter(|number| *number >= 0.0);
                let milliseconds = || Duration::try_from_secs_f64(number()? / 1e3).ok();
                match name {
                    "rate" => network.rate = Some(Rate::parse(value)?),
                    "shared" => network.shared = Some(Rate::parse(value)?),
                    "burst" => network.burst = number()? * 1e6,
                    "delay" => network.delay = milliseconds()?,
                    "jitter" => network.jitter = milliseconds()?,
                    _ => return None,
                }
                Some(())
            };
            set(&mut network).ok_or_else(|| format!("`{word}` is no limit of a network"))?;
        }
        Ok(network)
    }

    fn chunk(&self) -> usize {
        [&self.rate, &self.shared].into_iter().flatten().map(Rate::chunk).min().unwrap_or(256 << 10)
    }
}

/// The buckets of all connections, one each direction.
type Shared = [Option<Arc<Mutex<Bucket>>>; 2];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let port: u16 = words.next().ok_or("which port?")?.parse()?;
    let network = Network::parse(words)?;
    // Delays below a tenth of a millisecond need timers that do not wait for others; threads inherit this.
    // SAFETY: sets a number of this process.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1) };
    let listener = TcpListener::bind("127.0.0.1:0")?;
    limit_buffer(&listener);
    // A connection above the library's 128 that nobody has accepted yet would wait a second for another try.
    // SAFETY: the descriptor is the listener's, which lives on.
    unsafe { libc::listen(listener.as_raw_fd(), 4096) };
    println!("{}", listener.local_addr()?.port());
    let open = Arc::new(AtomicUsize::new(0));
    let mut start = Instant::now();
    let mut shared = Shared::default();
    for (number, client) in listener.incoming().enumerate() {
        let client = client?;
        if open.fetch_add(1, Ordering::SeqCst) == 0 {
            start = Instant::now();
            let bucket =
                || network.shared.clone().map(|rate| Arc::new(Mutex::new(Bucket::new(rate, 0.0, start))));
            shared = [bucket(), bucket()];
        }
        let (network, shared, open) = (network.clone(), shared.clone(), Arc::clone(&open));
        spawn(move || {
            // A side that hangs up is no failure of the network.
            let _ = relay(client, port, &network, &shared, start, number as u64);
            open.fetch_sub(1, Ordering::SeqCst);
        });
    }
    Ok(())
}

fn relay(
    client: TcpStream,
    port: u16,
    network: &Network,
    shared: &Shared,
    start: Instant,
    number: u64,
) -> io::Result<()> {
    let accepted = Instant::now();
    let server = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port)))?;
    limit_buffer(&server);
    let mut ways = Vec::new();
    for (at, (from, to)) in [(&client, &server), (&server, &client)].into_iter().enumerate() {
        to.set_nodelay(true)?;
        let (mut from, to) = (from.try_clone()?, to.try_clone()?);
        let mut limits: Vec<_> = shared[at].clone().into_iter().collect();
        if let Some(rate) = &network.rate {
            limits.push(Arc::new(Mutex::new(Bucket::new(rate.clone(), network.burst, start))));
        }
        let mut delay = Delay::new(network.delay / 2, network.jitter, 2 * number + at as u64 + 1);
        let (chunk, connected) = (network.chunk(), accepted + network.delay);
        ways.push(spawn(move || {
            let (sender, chunks) = sync_channel(QUEUE);
            let (back, free) = sync_channel(QUEUE + 1);
            let writing = spawn(move || write(to, &chunks, &back));
            sleep_until(connected);
            let _ = read(&mut from, chunk, &limits, &mut delay, &sender, &free);
            drop(sender);
            let _ = writing.join();
            // If the writer failed, the sender learns it here.
            let _ = from.shutdown(Shutdown::Read);
        }));
    }
    for way in ways {
        let _ = way.join();
    }
    Ok(())
}

struct Chunk {
    arrival: Instant,
    length: usize,
    buffer: Vec<u8>,
}

/// Reads, waits until the bytes may pass, and sends them on their way, until the end or until no one writes.
fn read(
    from: &mut TcpStream,
    chunk: usize,
    limits: &[Arc<Mutex<Bucket>>],
    delay: &mut Delay,
    sender: &SyncSender<Chunk>,
    free: &Receiver<Vec<u8>>,
) -> io::Result<()> {
    loop {
        let mut buffer = free.try_recv().unwrap_or_else(|_| vec![0; chunk]);
        let length = from.read(&mut buffer)?;
        let now = Instant::now();
        let turns =
            limits.iter().map(|limit| limit.lock().unwrap_or_else(PoisonError::into_inner).take(length, now));
        sleep_until(turns.max().unwrap_or(now));
        let arrival = delay.arrival(Instant::now());
        if length == 0 || sender.send(Chunk { arrival, length, buffer }).is_err() {
            return Ok(());
        }
    }
}

/// Writes chunks when they arrive, and ends its side after the last.
fn write(mut to: TcpStream, chunks: &Receiver<Chunk>, back: &SyncSender<Vec<u8>>) {
    while let Ok(Chunk { arrival, length, buffer }) = chunks.recv() {
        sleep_until(arrival);
        if to.write_all(&buffer[..length]).is_err() {
            // The other direction ends, too.
            let _ = to.shutdown(Shutdown::Both);
            return;
        }
        let _ = back.try_send(buffer);
    }
    let _ = to.shutdown(Shutdown::Write);
}

fn sleep_until(moment: Instant) {
    let left = moment.saturating_duration_since(Instant::now());
    if !left.is_zero() {
        thread::sleep(left);
    }
}

fn limit_buffer(socket: &impl AsRawFd) {
    let size = SOCKET_BUFFER;
    let length = size_of_val(&size) as libc::socklen_t;
    let value = (&raw const size).cast();
    // SAFETY: the descriptor is open, and the value is a live int of that length.
    unsafe { libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_RCVBUF, value, length) };
}

/// A thread of a small stack: a run has hundreds.
fn spawn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> thread::JoinHandle<T> {
    thread::Builder::new().stack_size(128 << 10).spawn(work).expect("a thread")
}
