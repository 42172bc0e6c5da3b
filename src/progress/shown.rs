//! Which plans can be shown while they are carried out, and what is said before.

use super::disk::DiskFigures;
use super::live::Live;
use super::load::LoadFigures;
use crate::plan::{DiskPlan, LoadPace, LoadPlan, Neighbour, Target};
use crate::report::clean;
use crate::units::{format_bytes, format_count, format_duration};

/// A plan whose run can be shown while it goes on.
pub trait Shown {
    /// What the run is about to do, in one line: how much, where, how long.
    fn announcement(&self) -> String;
    /// The kind of its result.
    fn kind(&self) -> &'static str;
    /// What is shown of the run, before anything has happened.
    fn live(&self) -> Live;
}

impl Shown for DiskPlan {
    fn kind(&self) -> &'static str {
        "disk"
    }

    fn announcement(&self) -> String {
        let beside: Vec<String> = self.neighbours.iter().map(|one| beside(self, one)).collect();
        let beside = match beside.as_slice() {
            [] => String::new(),
            all => format!(", beside {}", all.join(" and ")),
        };
        let longer = match self.extend_ns {
            0 => String::new(),
            ns => format!(", up to {} more while rules are open", format_duration(ns)),
        };
        format!(
            "writes at most {} below {}{beside}, for about {}{longer}",
            format_bytes(self.max_bytes),
            clean(&self.directory.display().to_string()),
            format_duration(self.duration_ns()),
        )
    }

    fn live(&self) -> Live {
        Live::new(self.phases.clone(), Box::new(DiskFigures::default()))
    }
}

/// A neighbour, and where it works if that is elsewhere.
fn beside(plan: &DiskPlan, neighbour: &Neighbour) -> String {
    let told = format!("the neighbour {}", neighbour.told());
    match neighbour.place(&plan.directory) {
        place if place == plan.directory => told,
        place => format!("{told} below {}", clean(&place.display().to_string())),
    }
}

impl Shown for LoadPlan {
    fn kind(&self) -> &'static str {
        "load"
    }

    fn announcement(&self) -> String {
        if self.shard.is_some() && self.slice.is_none() && self.classes.is_empty() {
            return self.own().announcement();
        }
        let mut text = format!("sends {} to {}", self.amount(), self.whom());
        if let Some(ns) = self.length_ns() {
            text += &format!(", for about {}", format_duration(ns));
        }
        if self.preload > 0 {
            text += &format!(", after writing {} keys", format_count(self.preload));
        }
        text + "; " + &self.growth()
    }

    fn live(&self) -> Live {
        Live::new(self.phases(), Box::new(LoadFigures::new(&self.own())))
    }
}

impl LoadPlan {
    fn amount(&self) -> String {
        match (&self.pace, self.total, self.expected_operations()) {
            (LoadPace::Closed { clients }, total, _) => {
                let clients = match clients {
                    1 => "a client gets answered".to_owned(),
                    n => format!("{} clients get answered", format_count(u64::from(*n))),
                };
                match total {
                    Some(total) if self.warmup_ns == 0 => {
                        format!("{} operations, as fast as {clients},", format_count(total))
                    }
                    Some(total) => format!(
                        "{} operations after a warm-up, as fast as {clients},",
                        format_count(total)
                    ),
                    None => format!("as many operations as {clients}"),
                }
            }
            (LoadPace::Open { .. }, _, Some(n)) => {
                format!("about {} operations", format_count(n))
            }
            (LoadPace::Open { .. }, _, None) => "operations".to_owned(),
        }
    }

    fn whom(&self) -> String {
        match &self.target {
            Target::Endpoints(endpoints) => match endpoints.as_slice() {
                [one] => clean(one),
                all => format!("{} endpoints", all.len()),
            },
            Target::Local { members, directory, .. } => {
                let directory = clean(&directory.display().to_string());
                match members {
                    1 => format!("a throwaway etcd below {directory}"),
                    n => format!("a throwaway etcd of {n} members below {directory}"),
                }
            }
        }
    }

    fn growth(&self) -> String {
        if !self.writes_keys() {
            return "writes no keys".to_owned();
        }
        match self.expected_growth_bytes() {
            Some(bytes) => format!("the database may grow by {}", format_bytes(bytes)),
            None => format!(
                "the database grows by about {} with each write",
                format_bytes(self.bytes_per_write())
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::DiskArgs;
    use crate::plan::load::testing::plan;

    #[derive(Parser)]
    struct Disk {
        #[command(flatten)]
        args: DiskArgs,
    }

    fn load(flags: &str) -> String {
        plan(&format!("etcdbench load {flags}")).announcement()
    }

    #[test]
    fn it_is_said_how_much_is_written_and_where() {
        let args = Disk::parse_from(["disk", "/srv", "--quick"]).args;
        let text = DiskPlan::resolve(&args.spec).unwrap().announcement();
        assert!(text.starts_with("writes at most "), "{text}");
        assert!(text.contains("iB below /srv, for about "), "{text}");
        assert!(text.ends_with(" s, up to 23 s more while rules are open"), "{text}");
        let words = ["disk", "/srv", "--neighbour=bulk", "--neighbour=sync=5@/mnt"];
        let args = Disk::parse_from(words).args;
        let text = DiskPlan::resolve(&args.spec).unwrap().announcement();
        let beside = "/srv, beside the neighbour bulk (64 MiB/s) and the neighbour sync (5 syncs/s) below /mnt, for";
        assert!(text.contains(beside), "{text}");
    }

    #[test]
    fn it_is_said_what_is_sent_where_and_how_much_the_database_grows() {
        assert_eq!(
            load("put"),
            "sends about 16,500 operations to http://127.0.0.1:2379, for about 33 s; the database may grow by 21.5 MiB"
        );
        assert_eq!(
            load("mixed --clients 20 --local=3 --local-dir /srv"),
            "sends as many operations as 20 clients get answered to a throwaway etcd of 3 members below /srv, for \
             about 33 s, after writing 10,000 keys; the database grows by about 1.33 KiB with each write"
        );
        assert_eq!(
            load("range --preload 0 --endpoints a:1,b:1"),
            "sends about 16,500 operations to 2 endpoints, for about 33 s; writes no keys"
        );
    }
}
