//! A machine's part of a load: every so many-th connection with all that is due on it, and keys, watches and clients of
//! its own. All parts together are the whole, nothing of it twice.

use super::class;
use super::{Keys, LoadPace, LoadPlan, Operation, RateStep, Shard, Slice, Watch};

impl Slice {
    /// The connections of the whole that are this part's.
    pub fn owned(&self) -> impl Iterator<Item = u32> {
        (self.ordinal..self.connections).step_by(self.ways.max(1) as usize)
    }

    /// Operations of all connections are numbered in turn: the number among all of this part's `turn`-th, from 0.
    pub fn index(&self, turn: u64) -> u64 {
        let (all, own) = self.lanes();
        turn / own * all + u64::from(self.ordinal) + turn % own * u64::from(self.ways.max(1))
    }

    /// Which of this part's operations the one of this number is.
    pub fn turn(&self, index: u64) -> u64 {
        let (all, own) = self.lanes();
        index / all * own + self.lane(index % all)
    }

    /// Which of this part's connections the one of this number is.
    pub fn lane(&self, connection: u64) -> u64 {
        connection.saturating_sub(self.ordinal.into()) / u64::from(self.ways.max(1))
    }

    fn lanes(&self) -> (u64, u64) {
        let all = u64::from(self.connections.max(1));
        (all, self.among(all).max(1))
    }

    /// What falls to this part of so many that are dealt out to all connections in turn.
    fn dealt(&self, all: u64) -> u64 {
        let connections = u64::from(self.connections.max(1));
        all / connections * self.among(connections) + self.among(all % connections)
    }

    /// How many of the first so many connections are this part's.
    fn among(&self, first: u64) -> u64 {
        first.saturating_sub(self.ordinal.into()).div_ceil(self.ways.max(1).into())
    }

    /// Its share of what lies in a row, one after the other: where it begins, and how much.
    fn share(&self, all: u64) -> (u64, u64) {
        let (ordinal, ways) = (u64::from(self.ordinal), u64::from(self.ways.max(1)));
        let (each, rest) = (all / ways, all % ways);
        (ordinal * each + ordinal.min(rest), each + u64::from(ordinal < rest))
    }

    fn pace(&self, whole: &LoadPace) -> LoadPace {
        match whole {
            LoadPace::Closed { clients } => {
                LoadPace::Closed { clients: self.dealt((*clients).into()) as u32 }
            }
            LoadPace::Open { steps, arrival, burst, max_in_flight } => LoadPace::Open {
                steps: steps.iter().map(|step| self.step(step)).collect(),
                arrival: *arrival,
                burst: self.dealt((*burst).into()) as u32,
                max_in_flight: self.dealt((*max_in_flight).into()) as u32,
            },
        }
    }

    fn step(&self, step: &RateStep) -> RateStep {
        let connections = u64::from(self.connections.max(1));
        let factor = self.among(connections) as f64 / connections as f64;
        RateStep {
            from_per_s: step.from_per_s * factor,
            to_per_s: step.to_per_s * factor,
            duration_ns: step.duration_ns,
            burst: self.dealt(step.burst.into()) as u32,
        }
    }

    /// Streams are dealt out, and so are the keys that they watch.
    fn watch(&self, whole: Watch, space: u64) -> Option<Watch> {
        let streams = self.share(whole.streams.into()).1;
        let watches = streams * u64::from(whole.watches_per_stream);
        let keys = self.share(whole.keys).1.min(watches).min(space);
        let nothing = streams == 0 || (whole.keys > 0 && keys == 0);
        (!nothing).then_some(Watch { streams: streams as u32, keys, ..whole })
    }

    fn of(self, whole: &LoadPlan) -> LoadPlan {
        let space = self.share(whole.keys.space).1;
        LoadPlan {
            connections: self.owned().count() as u32,
            pace: self.pace(&whole.pace),
            total: whole.total.map(|total| self.dealt(total)),
            keys: Keys { space, ..whole.keys.clone() },
            preload: self.share(whole.preload).1.min(space),
            watch: whole.watch.and_then(|watch| self.watch(watch, space)),
            slice: Some(self),
            ..whole.clone()
        }
    }
}

/// What falls to a machine of loads that go on side by side. `alone` are those that one machine makes.
fn cut<'a>(
    parts: Vec<(Option<&'a str>, LoadPlan)>,
    shard: Shard,
    alone: &[bool],
) -> Vec<(Option<&'a str>, LoadPlan)> {
    let mut from = 0;
    let each = parts.into_iter().enumerate();
    each.filter_map(|(number, (class, whole))| {
        let alone = alone.get(number).copied().unwrap_or(false);
        let slice = slice(&whole, shard, (number, from), alone);
        from += whole.connections;
        Some((class, slice?.of(&whole)))
    })
    .collect()
}

/// The slice of a load that begins behind so many connections of others; none where nothing of it falls to this machine.
fn slice(
    whole: &LoadPlan,
    shard: Shard,
    (place, from): (usize, u32),
    alone: bool,
) -> Option<Slice> {
    let connections = whole.connections.max(1);
    let most = whole.keys.space.min(connections.into()).min(shard.of.into()) as u32;
    let ways = if alone { 1 } else { most.max(1) };
    // Each load begins with the machine behind that where the one before it ended, so that small ones do not crowd on
    // the first.
    let ordinal = match alone {
        true => shard.index - 1,
        false => (shard.index - 1 + shard.of - from % shard.of) % shard.of,
    };
    let slice = Slice {
        ordinal,
        ways,
        connections,
        place,
        from,
        first_key: 0,
        keys: whole.keys.space,
        preload: whole.preload,
        pace: whole.pace.clone(),
        total: whole.total,
    };
    let first_key = slice.share(whole.keys.space).0;
    (ordinal < ways).then_some(Slice { first_key, ..slice })
}

impl LoadPlan {
    /// The loads that go on side by side, each as it would be alone: those of the classes with the names that their
    /// series' names begin with, or this one. The prefix of a class's keys comes after that of the load. Of a load that
    /// several machines make, what falls to this one.
    pub fn parts(&self) -> Vec<(Option<&str>, LoadPlan)> {
        match self.shard.filter(|_| self.slice.is_none()) {
            Some(shard) => cut(self.whole_parts(), shard, &self.undivided()),
            None => self.whole_parts(),
        }
    }

    /// What one machine makes of this load, where it is divided: its connections, rates, keys and clients in all. What
    /// only one does, like reading the members' metrics, is left to the first.
    #[must_use]
    pub fn own(&self) -> LoadPlan {
        let Some(shard) = self.shard.filter(|_| self.slice.is_none()) else {
            return self.clone();
        };
        let mut parts: Vec<LoadPlan> = self.parts().into_iter().map(|(_, part)| part).collect();
        let mut own = match (self.classes.is_empty(), parts.pop()) {
            (true, Some(only)) => only,
            (_, last) => {
                parts.extend(last);
                self.summed(&parts)
            }
        };
        own.threads = own.threads.clamp(1, own.connections.max(1));
        own.scrape &= shard.is_first();
        own.compact &= shard.is_first();
        own.defrag &= shard.is_first();
        own
    }

    fn summed(&self, parts: &[LoadPlan]) -> LoadPlan {
        let under_way = parts.iter().map(|part| match part.pace {
            LoadPace::Open { max_in_flight, .. } => max_in_flight,
            LoadPace::Closed { .. } => 0,
        });
        let mut own = self.clone();
        own.pace = class::sum(parts.iter().map(|part| &part.pace), under_way.sum());
        own.connections = parts.iter().map(|part| part.connections).sum();
        own.preload = parts.iter().map(|part| part.preload).sum();
        own.keys.space = parts.iter().map(|part| part.keys.space).sum();
        own
    }

    /// What all machines together make of it.
    #[must_use]
    pub fn of_all(&self) -> LoadPlan {
        match &self.slice {
            None => self.whole(),
            Some(slice) => LoadPlan {
                connections: slice.connections,
                pace: slice.pace.clone(),
                total: slice.total,
                keys: Keys { space: slice.keys, ..self.keys.clone() },
                preload: slice.preload,
                slice: None,
                ..self.whole()
            },
        }
    }

    /// Which of its classes one machine makes, however many there are: those that are left as they are, and compaction.
    fn undivided(&self) -> Vec<bool> {
        let compacts = |operation: &super::Weighted| operation.operation == Operation::Compact;
        let alone = |class: &super::Class| class.unscaled || class.operations.iter().all(compacts);
        self.classes.iter().map(alone).collect()
    }
}
