//! Who is there, who is ready, and what becomes of the load. Time is handed in.

use std::collections::BTreeMap;

use super::{Hello, Leave, Outlook, Ready};
use crate::result::ClockOffset;
use crate::units::{format_duration, plural};

/// From the moment in which the last one is ready to the beginning: all hear of it meanwhile.
pub const LEAD_NS: u64 = 2_000_000_000;
/// Who has not been heard of for so long is not waiting any more.
const SILENT_NS: u64 = 3_000_000_000;

/// A machine that has come.
#[derive(Debug, Clone)]
struct Guest {
    hello: Hello,
    clock: Option<ClockOffset>,
    /// When it was last heard of.
    heard_ns: u64,
    /// When its connection ended, if it has none.
    gone_ns: Option<u64>,
    /// Whether it knows when to begin.
    told: bool,
}

/// What becomes of the load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Not all are ready.
    Gathering,
    /// It begins at this time, in nanoseconds since 1970.
    Begins(i64),
    /// It does not take place.
    Over(String),
}

/// Why somebody is sent away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(pub String);

/// The place itself.
#[derive(Debug)]
pub struct Hall {
    shards: u32,
    deadline_ns: u64,
    guests: BTreeMap<u32, Guest>,
    state: State,
    /// What is to be told to whoever looks on.
    news: Vec<String>,
}

impl Hall {
    /// For so many machines, up to this moment.
    pub fn new(shards: u32, deadline_ns: u64) -> Hall {
        Hall {
            shards,
            deadline_ns,
            guests: BTreeMap::new(),
            state: State::Gathering,
            news: Vec::new(),
        }
    }

    /// What becomes of the load.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What happened since it was last asked.
    pub fn news(&mut self) -> Vec<String> {
        std::mem::take(&mut self.news)
    }

    /// Whether everybody knows what becomes of the load.
    pub fn all_told(&self) -> bool {
        self.guests.values().all(|guest| guest.told)
    }

    /// Somebody comes.
    pub fn hello(&mut self, hello: Hello, now_ns: u64) -> Result<(), Refusal> {
        if let State::Over(why) = &self.state {
            return Err(Refusal(why.clone()));
        }
        self.belongs(&hello)?;
        let name = named(&hello);
        if !self.guests.contains_key(&hello.index) {
            self.news.push(format!("machine {name} is here"));
        }
        let guest = Guest { hello, clock: None, heard_ns: now_ns, gone_ns: None, told: false };
        self.guests.insert(guest.hello.index, guest);
        Ok(())
    }

    fn belongs(&self, hello: &Hello) -> Result<(), Refusal> {
        let refuse = |why: String| Err(Refusal(why));
        let shards = self.shards;
        if hello.of != shards || hello.index == 0 || hello.index > shards {
            return refuse(format!(
                "part {}/{} was announced, and {shards} machines are awaited; give all of them --shard I/{shards}, or have \
                 'etcdbench rendezvous' wait for {} with --shards",
                hello.index, hello.of, hello.of
            ));
        }
        if let Some(known) = self.guests.get(&hello.index)
            && known.hello.process != hello.process
        {
            return refuse(format!(
                "part {}/{} is made by {} already; give {} a number of its own",
                hello.index, hello.of, known.hello.host, hello.host
            ));
        }
        let Some(first) = self.guests.values().map(|guest| &guest.hello).next() else {
            return Ok(());
        };
        if first.version != hello.version {
            return refuse(format!(
                "it is etcdbench {} and machine {} is {}; run one version on all machines",
                hello.version,
                named(first),
                first.version
            ));
        }
        if first.plan_hash != hello.plan_hash {
            return refuse(format!(
                "its plan is {} and that of machine {} is {}; start all machines with the same words but for the number of \
                 the part ('etcdbench load … --dry-run' shows the plan)",
                hello.plan_hash,
                named(first),
                first.plan_hash
            ));
        }
        Ok(())
    }

    /// Somebody could begin, and asks what becomes of the load. `wall_ns` is now, in nanoseconds since 1970.
    pub fn ready(&mut self, ready: &Ready, now_ns: u64, wall_ns: i64) -> Result<Outlook, Refusal> {
        let stranger = || Refusal("it has not introduced itself".to_owned());
        let guest = self.guests.get_mut(&ready.index).ok_or_else(stranger)?;
        if guest.hello.process != ready.process {
            return Err(stranger());
        }
        (guest.heard_ns, guest.gone_ns) = (now_ns, None);
        let clock = ClockOffset { offset_ns: ready.offset_ns, error_ns: ready.error_ns };
        if guest.clock.is_none() {
            guest.clock = Some(clock);
            let sign = if clock.offset_ns < 0 { "before" } else { "behind" };
            self.news.push(format!(
                "machine {} is ready; its clock is {} {sign} this one, give or take {}",
                named(&guest.hello),
                format_duration(clock.offset_ns.unsigned_abs()),
                format_duration(clock.error_ns)
            ));
        }
        self.look(now_ns, wall_ns);
        Ok(self.outlook(ready))
    }

    fn outlook(&mut self, ready: &Ready) -> Outlook {
        let outlook = match &self.state {
            State::Gathering => return Outlook::Wait,
            // In its own clock.
            State::Begins(at_ns) => Outlook::Begin { at_ns: at_ns.saturating_sub(ready.offset_ns) },
            State::Over(why) => Outlook::Over { why: why.clone() },
        };
        if let Some(guest) = self.guests.get_mut(&ready.index) {
            guest.told = true;
        }
        outlook
    }

    /// Somebody goes without having begun.
    pub fn leave(&mut self, leave: &Leave) {
        let known = self.guests.get(&leave.index).filter(|g| g.hello.process == leave.process);
        if let (Some(guest), State::Gathering) = (known, &self.state) {
            let why = format!("machine {} {}", named(&guest.hello), leave.why);
            self.state = State::Over(why);
        }
    }

    /// A connection of this process ended.
    pub fn hung_up(&mut self, index: u32, process: u64, now_ns: u64) {
        let known = self.guests.get_mut(&index).filter(|guest| guest.hello.process == process);
        if let Some(guest) = known {
            guest.gone_ns = guest.gone_ns.or(Some(now_ns));
        }
    }

    /// Ends it.
    pub fn end(&mut self, why: &str) {
        if self.state == State::Gathering {
            self.state = State::Over(why.to_owned());
        }
    }

    /// What time has brought.
    pub fn look(&mut self, now_ns: u64, wall_ns: i64) {
        if self.state != State::Gathering {
            return;
        }
        let gone = self.guests.values().find(|guest| {
            let silent = guest.clock.is_some() && now_ns > guest.heard_ns + SILENT_NS;
            silent || guest.gone_ns.is_some_and(|gone_ns| now_ns > gone_ns + SILENT_NS)
        });
        if let Some(guest) = gone {
            let why = format!("machine {} went away before the load began", named(&guest.hello));
            self.state = State::Over(why);
            return;
        }
        let ready = self.guests.values().filter(|guest| guest.clock.is_some()).count();
        if ready == self.shards as usize {
            self.state = State::Begins(wall_ns.saturating_add_unsigned(LEAD_NS));
        } else if now_ns > self.deadline_ns {
            self.state = State::Over(self.missing());
        }
    }

    fn missing(&self) -> String {
        let absent: Vec<String> = (1..=self.shards)
            .filter(|index| !self.guests.contains_key(index))
            .map(|index| index.to_string())
            .collect();
        let unready = self.guests.values().filter(|guest| guest.clock.is_none());
        let unready: Vec<String> = unready.map(|guest| named(&guest.hello)).collect();
        let mut told = Vec::new();
        if !absent.is_empty() {
            let count = absent.len() as u64;
            let did = if count == 1 { "machine" } else { "machines" };
            told.push(format!("{did} {} of {} never came", few(&absent), self.shards));
        }
        if !unready.is_empty() {
            let whose = plural(unready.len() as u64, "machine");
            told.push(format!("{whose} {} came and did not get ready", few(&unready)));
        }
        format!("{} by the deadline (--deadline); nobody begins", told.join(", and "))
    }
}

/// Some of many.
fn few(all: &[String]) -> String {
    const NAMED: usize = 8;
    let more = if all.len() > NAMED { ", …" } else { "" };
    format!("{}{more}", all[..all.len().min(NAMED)].join(", "))
}

fn named(hello: &Hello) -> String {
    format!("{} ({})", hello.index, hello.host)
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    fn hello(index: u32, process: u64) -> Hello {
        Hello {
            index,
            of: 3,
            plan_hash: "aa".to_owned(),
            version: "1".to_owned(),
            host: format!("gen{index}"),
            process,
        }
    }

    fn ready(index: u32, offset_ns: i64) -> Ready {
        Ready { index, process: u64::from(index), offset_ns, error_ns: 10 }
    }

    fn all_here() -> Hall {
        let mut hall = Hall::new(3, 60 * S);
        (1..=3).for_each(|index| hall.hello(hello(index, u64::from(index)), 0).unwrap());
        hall
    }

    #[test]
    fn all_begin_at_one_moment_each_by_its_own_clock() {
        let mut hall = all_here();
        assert_eq!(hall.ready(&ready(1, 0), S, 1_000), Ok(Outlook::Wait));
        assert_eq!(hall.ready(&ready(2, 500), S, 1_001), Ok(Outlook::Wait));
        let at = 1_002 + LEAD_NS as i64;
        assert_eq!(hall.ready(&ready(3, -7), S, 1_002), Ok(Outlook::Begin { at_ns: at + 7 }));
        assert!(!hall.all_told());
        assert_eq!(hall.ready(&ready(1, 0), S + 1, 9_999), Ok(Outlook::Begin { at_ns: at }));
        assert_eq!(hall.ready(&ready(2, 500), 9 * S, 1), Ok(Outlook::Begin { at_ns: at - 500 }));
        assert!(hall.all_told());
    }

    #[test]
    fn who_does_not_belong_is_sent_away_with_the_reason() {
        let mut hall = all_here();
        for (wrong, said) in [
            (Hello { process: 9, ..hello(2, 0) }, "made by gen2 already"),
            (Hello { of: 4, ..hello(1, 1) }, "3 machines are awaited"),
            (Hello { index: 0, ..hello(1, 1) }, "3 machines are awaited"),
            (Hello { plan_hash: "bb".to_owned(), ..hello(3, 3) }, "its plan is bb"),
            (Hello { version: "2".to_owned(), ..hello(3, 3) }, "one version on all"),
        ] {
            let Refusal(why) = hall.hello(wrong, 0).unwrap_err();
            assert!(why.contains(said), "{why}");
        }
        assert!(hall.ready(&Ready { process: 8, ..ready(1, 0) }, 0, 0).is_err());
        assert!(hall.hello(hello(2, 2), 0).is_ok(), "who comes again is welcome");
    }

    #[test]
    fn whoever_is_missing_at_the_deadline_is_named_and_nobody_begins() {
        let mut hall = Hall::new(3, 60 * S);
        hall.hello(hello(1, 1), 0).unwrap();
        hall.hello(hello(2, 2), 0).unwrap();
        assert_eq!(hall.ready(&ready(1, 0), 59 * S, 0), Ok(Outlook::Wait));
        let Ok(Outlook::Over { why }) = hall.ready(&ready(1, 0), 61 * S, 0) else {
            panic!("{:?}", hall.state())
        };
        assert!(why.contains("machine 3 of 3 never came"), "{why}");
        assert!(why.contains("2 (gen2) came and did not get ready"), "{why}");
        assert!(hall.hello(hello(3, 3), 61 * S).is_err());
    }

    #[test]
    fn whoever_goes_ends_it_for_all() {
        let mut left = all_here();
        left.leave(&Leave { index: 2, process: 2, why: "was interrupted".to_owned() });
        assert!(
            matches!(left.state(), State::Over(why) if why.contains("2 (gen2) was interrupted"))
        );
        let mut killed = all_here();
        killed.hung_up(3, 3, S);
        killed.look(2 * S, 0);
        assert_eq!(*killed.state(), State::Gathering);
        killed.look(5 * S, 0);
        assert!(matches!(killed.state(), State::Over(why) if why.contains("3 (gen3) went away")));
        let mut silent = all_here();
        assert_eq!(silent.ready(&ready(1, 0), S, 0), Ok(Outlook::Wait));
        silent.look(5 * S, 0);
        assert!(matches!(silent.state(), State::Over(why) if why.contains("1 (gen1) went away")));
    }
}
