//! Collections beside pushes, in random order and with kills, against a model of a bucket.
//!
//! Invariant that is tested after every request: a narinfo has its NAR and the narinfos of its references.
//! Each step of an actor is one request, as its code sends them.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{Keep, Plan, Row, plan};
use crate::cache::Stored;
use crate::store_path::StorePath;

const GRACE: i64 = 400;
const PATHS: usize = 8;

struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

/// A narinfo in the bucket.
#[derive(Clone)]
struct Info {
    nar: String,
    time: i64,
    etag: u64,
}

#[derive(Default)]
struct Bucket {
    now: i64,
    writes: u64,
    infos: BTreeMap<usize, Info>,
    nars: BTreeMap<String, i64>,
    orphans: BTreeMap<String, i64>,
    orphans_etag: u64,
}

struct World {
    references: Vec<Vec<usize>>,
    names: Vec<StorePath>,
    bucket: Bucket,
}

impl World {
    fn new(random: &mut Random) -> World {
        let digits = crate::hash::DIGITS;
        let name = |at: usize| {
            let hash = String::from(char::from(digits[at])).repeat(32);
            StorePath::parse(&format!("{hash}-name-{at}")).unwrap()
        };
        let references = (0..PATHS).map(|at| (0..at).filter(|_| random.below(3) == 0).collect()).collect();
        World { references, names: (0..PATHS).map(name).collect(), bucket: Bucket::default() }
    }

    fn closure(&self, root: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut waiting = vec![root];
        while let Some(at) = waiting.pop() {
            if found.insert(at) {
                waiting.extend(&self.references[at]);
            }
        }
        found
    }

    fn put_info(&mut self, at: usize, nar: String) {
        self.bucket.writes += 1;
        let info = Info { nar, time: self.bucket.now, etag: self.bucket.writes };
        self.bucket.infos.insert(at, info);
    }

    fn check(&self, seed: u64) {
        for (at, info) in &self.bucket.infos {
            assert!(self.bucket.nars.contains_key(&info.nar), "seed {seed}: narinfo {at} has no NAR");
            for reference in &self.references[*at] {
                assert!(self.bucket.infos.contains_key(reference), "seed {seed}: {at} lacks {reference}");
            }
        }
    }

    fn rows(&self, infos: &BTreeMap<usize, Info>) -> BTreeMap<StorePath, Row> {
        let row = |(at, info): (&usize, &Info)| {
            let references = self.references[*at].iter().map(|one| self.names[*one].clone()).collect();
            let etag = Some(info.etag.to_string());
            (self.names[*at].clone(), Row { references, nar: Some(info.nar.clone()), time: info.time, etag })
        };
        infos.iter().map(row).collect()
    }

    fn number(&self, path: &StorePath) -> usize {
        self.names.iter().position(|name| name == path).unwrap()
    }
}

enum Actor {
    Push(Push),
    Collect(Box<Collect>),
}

/// A push in the order of its requests.
struct Push {
    lookups: Vec<usize>,
    tasks: Vec<(usize, bool)>,
    state: PushState,
}

enum PushState {
    Next,
    /// The NAR's key was taken: its age is looked at.
    Taken(usize, String),
    /// The key of its own is written.
    Own(usize, String),
    Info(usize, String),
    /// A narinfo that was read is written again.
    Again(usize, Info),
    Failed,
}

impl Push {
    fn new(world: &World, root: usize) -> Push {
        Push {
            lookups: world.closure(root).into_iter().rev().collect(),
            tasks: vec![],
            state: PushState::Next,
        }
    }

    /// One request; whether it goes on.
    fn step(&mut self, world: &mut World) -> bool {
        let young = world.bucket.now - GRACE / 2;
        if let Some(at) = self.lookups.pop() {
            match world.bucket.infos.get(&at) {
                None => self.tasks.insert(0, (at, true)),
                Some(info) if info.time < young => self.tasks.insert(0, (at, false)),
                Some(_) => {}
            }
            return true;
        }
        self.state = match std::mem::replace(&mut self.state, PushState::Failed) {
            PushState::Next => match self.tasks.pop() {
                None => return false,
                Some((at, true)) => {
                    // Two paths each have the same content.
                    let key = format!("nar/{}", at / 2);
                    if world.bucket.nars.contains_key(&key) {
                        PushState::Taken(at, key)
                    } else {
                        world.bucket.nars.insert(key.clone(), world.bucket.now);
                        PushState::Info(at, key)
                    }
                }
                Some((at, false)) => match world.bucket.infos.get(&at) {
                    Some(info) => PushState::Again(at, info.clone()),
                    None => PushState::Failed,
                },
            },
            PushState::Taken(at, key) => {
                if world.bucket.nars.get(&key).is_some_and(|time| *time >= young) {
                    PushState::Info(at, key)
                } else {
                    world.bucket.writes += 1;
                    PushState::Own(at, format!("nar/own-{}", world.bucket.writes))
                }
            }
            PushState::Own(at, key) => {
                world.bucket.nars.insert(key.clone(), world.bucket.now);
                PushState::Info(at, key)
            }
            PushState::Info(at, key) => {
                world.put_info(at, key);
                PushState::Next
            }
            PushState::Again(at, info) => {
                world.put_info(at, info.nar);
                PushState::Next
            }
            PushState::Failed => return false,
        };
        true
    }
}

/// A collection in the order of its requests.
struct Collect {
    keep: Keep,
    started: i64,
    nars: BTreeMap<String, Stored>,
    listed: BTreeMap<usize, Info>,
    orphans_etag: u64,
    plan: Plan,
    order: Vec<StorePath>,
    stage: u8,
}

impl Collect {
    fn new(world: &World, root: usize) -> Collect {
        let roots = [world.names[root].hash_part().to_owned()].into();
        let keep = Keep { roots, younger: 0, newest: 0, grace: GRACE };
        let (nars, listed) = Default::default();
        Collect {
            keep,
            started: world.bucket.now,
            nars,
            listed,
            orphans_etag: 0,
            plan: Plan::default(),
            order: vec![],
            stage: 0,
        }
    }

    fn step(&mut self, world: &mut World) -> bool {
        match self.stage {
            0 => {
                let stored =
                    |(key, time): (&String, &i64)| (key.clone(), Stored { size: 1, time: *time, etag: None });
                self.nars = world.bucket.nars.iter().map(stored).collect();
                self.listed = world.bucket.infos.clone();
                self.stage = 1;
            }
            1 => {
                // The contents are read after the listing: what is gone is left out.
                let infos = std::mem::take(&mut self.listed);
                let there = infos.into_iter().filter(|(at, _)| world.bucket.infos.contains_key(at));
                self.listed = there
                    .map(|(at, info)| (at, Info { nar: world.bucket.infos[&at].nar.clone(), ..info }))
                    .collect();
                self.orphans_etag = world.bucket.orphans_etag;
                let rows = world.rows(&self.listed);
                self.plan = plan(&rows, &self.nars, &self.keep, &world.bucket.orphans, world.bucket.now);
                self.order = self.plan.levels.iter().flatten().rev().cloned().collect();
                self.stage = 2;
            }
            2 => match self.order.pop() {
                Some(path) => {
                    let at = world.number(&path);
                    let same =
                        world.bucket.infos.get(&at).is_some_and(|info| info.etag == self.listed[&at].etag);
                    if same {
                        world.bucket.infos.remove(&at);
                    }
                }
                None if world.bucket.now - self.started > GRACE / 2 => return false,
                None => self.stage = 3,
            },
            3 => {
                if world.bucket.orphans_etag != self.orphans_etag {
                    return false;
                }
                let due = &self.plan.nars;
                self.plan.orphans.retain(|key, _| !due.contains(key));
                world.bucket.orphans = std::mem::take(&mut self.plan.orphans);
                world.bucket.orphans_etag += 1;
                self.stage = 4;
            }
            4 => {
                let used: BTreeSet<&String> = world.bucket.infos.values().map(|info| &info.nar).collect();
                self.plan.nars.retain(|key| !used.contains(key));
                self.stage = 5;
            }
            _ => match self.plan.nars.pop() {
                Some(key) => drop(world.bucket.nars.remove(&key)),
                None => return false,
            },
        }
        true
    }
}

fn actor(world: &World, random: &mut Random) -> Actor {
    let root = random.below(PATHS as u64) as usize;
    if random.below(3) == 0 {
        Actor::Collect(Box::new(Collect::new(world, root)))
    } else {
        Actor::Push(Push::new(world, root))
    }
}

/// One history; returns how many narinfos and NARs were deleted.
fn history(seed: u64) -> (usize, usize) {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut world = World::new(&mut random);
    let (mut infos, mut nars) = (0, 0);
    for _ in 0..12 {
        let mut actors: Vec<Actor> = (0..3).map(|_| actor(&world, &mut random)).collect();
        while !actors.is_empty() {
            let at = random.below(actors.len() as u64) as usize;
            let before = (world.bucket.infos.len(), world.bucket.nars.len());
            let goes_on = match &mut actors[at] {
                Actor::Push(push) => push.step(&mut world),
                Actor::Collect(collect) => collect.step(&mut world),
            };
            infos += before.0.saturating_sub(world.bucket.infos.len());
            nars += before.1.saturating_sub(world.bucket.nars.len());
            world.check(seed);
            world.bucket.now += random.below(2) as i64;
            // kill -9
            if !goes_on || random.below(60) == 0 {
                actors.swap_remove(at);
            }
        }
        world.bucket.now += random.below(GRACE as u64 * 2) as i64;
    }
    (infos, nars)
}

#[test]
fn a_thousand_histories_leave_no_broken_closure() {
    let (mut infos, mut nars) = (0, 0);
    for seed in 1..=1000 {
        let (more_infos, more_nars) = history(seed);
        infos += more_infos;
        nars += more_nars;
    }
    // Else the histories prove nothing.
    assert!(infos > 1000 && nars > 300, "{infos} narinfos and {nars} NARs were deleted");
}

fn rows(world: &World, times: &[i64]) -> (BTreeMap<StorePath, Row>, BTreeMap<String, Stored>) {
    let info = |(at, time): (usize, &i64)| (at, Info { nar: format!("nar/{at}"), time: *time, etag: 0 });
    let infos: BTreeMap<usize, Info> = times.iter().enumerate().map(info).collect();
    let nar = |at: &usize| (format!("nar/{at}"), Stored { size: 1, time: times[*at], etag: None });
    (world.rows(&infos), infos.keys().map(nar).collect())
}

#[test]
fn roots_ages_and_names() {
    let mut world = World::new(&mut Random(1));
    world.references = vec![vec![], vec![0], vec![1], vec![]];
    world.names.truncate(4);
    let (rows, nars) = rows(&world, &[10, 20, 30, 40]);
    let deleted = |keep: Keep, now: i64| plan(&rows, &nars, &keep, &BTreeMap::new(), now).narinfos.len();
    let root = |at: usize| [world.names[at].hash_part().to_owned()].into();
    assert_eq!(deleted(Keep { roots: root(1), grace: 1, ..Keep::default() }, 1000), 2);
    assert_eq!(deleted(Keep { roots: root(2), grace: 1, ..Keep::default() }, 1000), 1);
    assert_eq!(deleted(Keep { younger: 965, grace: 1, ..Keep::default() }, 1000), 3);
    assert_eq!(deleted(Keep { grace: 985, ..Keep::default() }, 1000), 0);
    // All have the name `name`; the newest is the fourth.
    assert_eq!(deleted(Keep { newest: 1, grace: 1, ..Keep::default() }, 1000), 3);
    let all = plan(&rows, &nars, &Keep { grace: 1, ..Keep::default() }, &BTreeMap::new(), 1000);
    let order: Vec<usize> = all.levels.iter().flatten().map(|path| world.number(path)).collect();
    assert!(order.iter().position(|at| *at == 2) < order.iter().position(|at| *at == 1));
    assert!(order.iter().position(|at| *at == 1) < order.iter().position(|at| *at == 0));
    assert!(all.nars.is_empty() && all.orphans.len() == 4);
    let noted = all.orphans.clone();
    let (none, keep) = (BTreeMap::new(), Keep { grace: 100, ..Keep::default() });
    assert_eq!(plan(&none, &nars, &keep, &noted, 1050).nars.len(), 0);
    assert_eq!(plan(&none, &nars, &keep, &noted, 1100).nars.len(), 4);
}
