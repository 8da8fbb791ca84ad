//! The program delivers what a profile promises, measured through real sockets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

const MB: usize = 1_000_000;

struct Network {
    process: Child,
    port: u16,
}

impl Network {
    /// Starts the program in front of a server that sends as many megabytes as the first byte counts, and
    /// then returns each byte it reads only after the last: `0` for none.
    fn start(limits: &[&str]) -> Network {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let behind = server.local_addr().unwrap().port().to_string();
        thread::spawn(move || {
            for mut client in server.incoming().flatten() {
                thread::spawn(move || {
                    let mut wanted = [0];
                    client.read_exact(&mut wanted).unwrap();
                    let bytes = vec![7; MB];
                    (0..wanted[0]).try_for_each(|_| client.write_all(&bytes)).unwrap();
                    std::io::copy(&mut client, &mut std::io::sink()).unwrap();
                    client.write_all(&[1]).unwrap();
                });
            }
        });
        let mut process = Command::new(env!("CARGO_BIN_EXE_network"))
            .arg(behind)
            .args(limits)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        Network { process, port: line.trim().parse().unwrap() }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).unwrap()
    }

    /// Seconds from opening a connection until so many megabytes came, the first of each listed.
    fn download(&self, megabytes: u8) -> Vec<f64> {
        let begin = Instant::now();
        let mut stream = self.connect();
        stream.write_all(&[megabytes]).unwrap();
        let mut bytes = vec![0; MB];
        (0..megabytes)
            .map(|_| {
                stream.read_exact(&mut bytes).unwrap();
                begin.elapsed().as_secs_f64()
            })
            .collect()
    }

    /// Seconds until the server has read so many megabytes.
    fn upload(&self, megabytes: usize) -> f64 {
        let begin = Instant::now();
        let mut stream = self.connect();
        stream.write_all(&[0]).unwrap();
        let bytes = vec![7; MB];
        (0..megabytes).try_for_each(|_| stream.write_all(&bytes)).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        stream.read_exact(&mut [0]).unwrap();
        begin.elapsed().as_secs_f64()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[track_caller]
fn assert_rate(megabytes: f64, seconds: f64, expected: f64) {
    let rate = megabytes / seconds;
    assert!((rate / expected - 1.0).abs() < 0.1, "{rate:.1} MB/s instead of {expected}");
}

#[test]
fn a_connection_has_its_rate_in_each_direction() {
    let narrow = Network::start(&["rate=20", "delay=1"]);
    assert_rate(20.0, *narrow.download(20).last().unwrap(), 20.0);
    assert_rate(20.0, narrow.upload(20), 20.0);
    let far = Network::start(&["rate=25", "delay=20", "jitter=2"]);
    let times = far.download(26);
    assert_rate(25.0, times[25] - times[0], 25.0);
    // The handshake, the request and the first bytes: two round trips.
    assert!(times[0] > 0.036 && times[0] < 0.036 + 0.1, "{}", times[0]);
}

#[test]
fn several_connections_have_several_rates_unless_they_share_one() {
    for (limits, expected) in [(["rate=20"], 80.0), (["shared=40"], 40.0)] {
        let network = Network::start(&limits);
        let begin = Instant::now();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| network.download(15));
            }
        });
        assert_rate(60.0, begin.elapsed().as_secs_f64(), expected);
    }
}

#[test]
fn a_bucket_gives_its_burst_first() {
    let network = Network::start(&["rate=40", "burst=64"]);
    let times = network.download(124);
    assert!(times[62] < 0.5, "the burst took {} s", times[62]);
    assert_rate(60.0 - 40.0 * times[63], times[123] - times[63], 40.0);
}

#[test]
fn a_rate_changes_in_time() {
    let network = Network::start(&["rate=100,0.3:10,1.3:100"]);
    let times = network.download(90);
    // 30 MB until 0.3 s, 10 MB until 1.3 s, 50 MB more.
    assert!((times[27] - 0.28).abs() < 0.1, "{}", times[27]);
    assert!((times[34] - 0.8).abs() < 0.1, "{}", times[34]);
    assert!((times[89] - 1.8).abs() < 0.15, "{}", times[89]);
}
