//! The controller on simulated networks, so that a regression shows without a network.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

/// Steps of the simulation.
const STEP: f64 = 0.001;
const MB: f64 = 1e6;

/// Bytes of a request: a connection that is one too many still moves the rest of its own.
const PIECE: f64 = 8.0 * MB;

/// Seconds until a new connection carries anything, besides the network's latency.
const SETUP: f64 = 0.01;

/// A network and the machine on its end. Rates are bytes a second.
#[derive(Clone, Copy, Debug)]
struct Network {
    latency: f64,
    /// Of one connection, after its burst.
    each: f64,
    /// Bytes that a connection moves before its rate counts.
    burst: f64,
    /// Of all connections together.
    shared: f64,
    /// What the machine itself can move.
    machine: f64,
    /// From this second to that one each connection has a tenth of its rate.
    slow: (f64, f64),
}

const NEAR: Network =
    Network { latency: 0.0, each: 1e12, burst: 0.0, shared: 1e12, machine: 1.4e9, slow: (0.0, 0.0) };

struct SimulatedConnection {
    opened: f64,
    moved: f64,
    /// Bytes of its request that are still to come.
    left: f64,
}

/// What a transfer did.
#[derive(Debug)]
struct Run {
    seconds: f64,
    most: usize,
    last: usize,
}

/// Moves so many bytes; `most` requests at a time, all from the beginning if they are `fixed`.
fn run(network: Network, bytes: f64, most: usize, is_fixed: bool) -> Run {
    let latency = Duration::from_secs_f64(network.latency);
    let mut concurrency = match is_fixed {
        true => Concurrency::from(most, latency, most),
        false => Concurrency::new(latency, most),
    };
    let mut connections: Vec<SimulatedConnection> = Vec::new();
    let (mut time, mut moved, mut waited, mut peak) = (0.0, 0.0, 0.0, 0);
    while moved < bytes {
        let mut surplus = connections.len().saturating_sub(concurrency.streams());
        connections.retain_mut(|connection| {
            let is_done = connection.left <= 0.0;
            connection.left += if is_done { PIECE } else { 0.0 };
            let is_dropped = is_done && surplus > 0;
            surplus -= usize::from(is_dropped);
            !is_dropped
        });
        while connections.len() < concurrency.streams() {
            let opened = time + 2.0 * network.latency + SETUP;
            connections.push(SimulatedConnection { opened, moved: 0.0, left: PIECE });
        }
        let is_slow = (network.slow.0..network.slow.1).contains(&time);
        let each = network.each / if is_slow { 10.0 } else { 1.0 };
        let wanted: Vec<f64> = connections
            .iter()
            .map(|connection| match () {
                () if connection.opened > time => 0.0,
                () if connection.moved < network.burst => network.machine * STEP,
                () => each * STEP,
            })
            .collect();
        let all: f64 = wanted.iter().sum();
        let able = all.min(network.shared * STEP).min(network.machine * STEP);
        for (connection, wanted) in connections.iter_mut().zip(&wanted) {
            let moved = if all > 0.0 { wanted * able / all } else { 0.0 };
            connection.moved += moved;
            connection.left -= moved;
        }
        moved += able;
        time += STEP;
        waited += STEP * (1.0 - able / (network.machine * STEP));
        peak = peak.max(concurrency.streams());
        assert!((1..=most).contains(&concurrency.streams()));
        assert!(time < 1e5, "{network:?} never ends");
        if !is_fixed {
            concurrency.look(Measured {
                elapsed: Duration::from_secs_f64(time),
                waited: Duration::from_secs_f64(waited),
                bytes: moved as u64,
                active: Some(connections.iter().filter(|connection| connection.opened <= time).count()),
            });
        }
    }
    Run { seconds: time, most: peak, last: concurrency.streams() }
}

/// The shortest time of fixed numbers of requests.
fn best(network: Network, bytes: f64) -> f64 {
    [1, 2, 4, 8, 16, 32, 64]
        .map(|most| run(network, bytes, most, true).seconds)
        .into_iter()
        .fold(1e9, f64::min)
}

#[test]
fn a_loopback_keeps_one() {
    let run = run(NEAR, 1e9, 64, false);
    assert_eq!((run.most, run.last), (1, 1));
}

#[test]
fn every_profile_comes_near_its_best() {
    let region = Network { latency: 0.002, each: 90.0 * MB, ..NEAR };
    let far = Network { latency: 0.02, each: 25.0 * MB, ..NEAR };
    let narrow = Network { latency: 0.001, each: 20.0 * MB, ..NEAR };
    let bucket = Network { burst: 64.0 * MB, each: 40.0 * MB, ..NEAR };
    let limited = Network { each: 40.0 * MB, ..NEAR };
    let shared = Network { shared: 100.0 * MB, ..NEAR };
    let changing = Network { each: 100.0 * MB, latency: 0.001, slow: (0.3, 3.0), ..NEAR };
    for (name, network, bytes, allowed) in [
        ("region", region, 1e9, 1.35),
        ("far", far, 1e9, 1.35),
        ("narrow", narrow, 1e9, 1.25),
        ("narrow, little", narrow, 256e6, 1.7),
        ("bucket", bucket, 1e9, 1.7),
        ("limited", limited, 1e9, 1.3),
        ("shared", shared, 1e9, 1.02),
        ("changing", changing, 2e9, 1.5),
        ("slow from the first trial on", Network { slow: (0.03, 1e9), ..changing }, 1e9, 1.3),
        ("slow within the first trial", Network { slow: (0.045, 1e9), ..changing }, 1e9, 1.3),
    ] {
        let (ours, best) = (run(network, bytes, 64, false), best(network, bytes));
        println!("{name}: {ours:?}, best {best:.3}, {:.2}", ours.seconds / best);
        assert!(ours.seconds <= best * allowed, "{name}: {ours:?}, best {best:.3}");
    }
}

#[test]
fn a_shared_line_is_left_with_few() {
    for rate in [20.0, 100.0, 400.0] {
        let run = run(Network { shared: rate * MB, ..NEAR }, 10.0 * rate * MB, 64, false);
        assert!(run.last <= 2, "{run:?}");
    }
}

#[test]
fn a_change_is_answered_within_a_second() {
    let network = Network { latency: 0.001, each: 100.0 * MB, ..NEAR };
    // One connection fills the shared line, until each gets a hundredth of it.
    let slowed = Network { shared: 110.0 * MB, slow: (2.0, 1e9), ..network };
    let run = run(slowed, 220.0 * MB + 100.0 * MB, 64, false);
    assert!(run.most >= 8 && run.seconds < 2.0 + 2.0, "{run:?}");
}

#[test]
fn a_throttled_transfer_shrinks_and_comes_back() {
    let mut concurrency = Concurrency::from(32, Duration::ZERO, 64);
    let now = |milliseconds, bytes| Measured {
        elapsed: Duration::from_millis(milliseconds),
        waited: Duration::from_millis(milliseconds),
        bytes,
        active: None,
    };
    concurrency.look(now(50, 10 << 20));
    let before = concurrency.streams();
    concurrency.throttled(now(60, 12 << 20));
    assert_eq!((concurrency.streams(), concurrency.limit()), (before / 2, Limit::Throttled));
    for tick in 0..400 {
        let elapsed = 60 + tick * 25;
        concurrency.look(now(elapsed, (12 << 20) + elapsed * concurrency.streams() as u64 * 1000));
    }
    assert!(concurrency.streams() > before / 2, "{concurrency:?}");
}

#[test]
fn nothing_is_judged_by_nothing() {
    let mut concurrency = Concurrency::new(Duration::ZERO, 0);
    assert!(!concurrency.look(Measured::default()) && concurrency.streams() == 1);
    let mut concurrency = Concurrency::new(Duration::from_millis(20), 64);
    assert_eq!(concurrency.streams(), 20);
    for tick in 0..100 {
        let elapsed = Duration::from_millis(tick * 25);
        concurrency.look(Measured { elapsed, waited: elapsed, bytes: 0, active: None });
        assert!((1..=64).contains(&concurrency.streams()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_network_makes_it_much_slower_than_one_request_or_eight(
        latency in 0.0f64..0.05,
        each in 5.0f64..400.0,
        burst in 0.0f64..100.0,
        shared in 20.0f64..3000.0,
        slow in (0.0f64..2.0, 0.0f64..4.0),
    ) {
        let network = Network {
            latency,
            each: each * MB,
            burst: burst * MB,
            shared: shared * MB,
            slow,
            ..NEAR
        };
        let ours = run(network, 5e8, 64, false);
        let eight = run(network, 5e8, 8, true).seconds.min(run(network, 5e8, 1, true).seconds);
        prop_assert!(ours.seconds <= 1.25 * eight + 0.45, "{ours:?} against {eight}, {network:?}");
    }
}
