//! A load that several machines make is the load that one would make: nothing is missing, nothing there twice.

use std::sync::Arc;

use super::schedule::Schedule;
use super::workload::{due_of_all, offset_of, spans};
use crate::plan::load::testing::plan;
use crate::plan::{Arrival, LoadPace, LoadPlan, Shard};

/// What is due: of which load, on which connection, its number, its phase, when.
type Arrivals = Vec<(String, u32, u64, usize, u64)>;

/// Whatever bends a schedule.
const LOADS: [&str; 6] = [
    "put --rate 977 --duration 2s --warmup 1s --conns 70 --prefix /t/",
    "put --rate 400 --duration 2s --arrival poisson --conns 64 --burst 75 --prefix /t/",
    "mixed --rate 50..900/2s,100+33/1s,800/1s --conns 97 --prefix /t/",
    "put --rate 500 --total 700 --conns 81 --prefix /t/",
    "--class 'a: put --rate 300 --conns 70' --class 'b: range --rate 90 --conns 5 --arrival poisson' \
     --class 'health: range --rate 3 --unscaled --key-space-size 1 --conns 1' --duration 2s --prefix /t/",
    "--class 'a: put --rate 100..300/2s --conns 7' --class 'z: compact --rate 1 --conns 1' \
     --class 'b: put --rate 20 --conns 33' --compact --prefix /t/",
];

fn arrivals(plan: &LoadPlan) -> Arrivals {
    let phases = spans(&plan.own());
    let mut all = Vec::new();
    for (number, (class, part)) in plan.parts().into_iter().enumerate() {
        let due = due_of_all(&super::workload::spans_of(&phases, &part), &part);
        let owned: Vec<u32> = match &part.slice {
            Some(slice) => slice.owned().collect(),
            None => (0..part.connections).collect(),
        };
        let arrival = match part.pace {
            LoadPace::Open { arrival, .. } => arrival,
            LoadPace::Closed { .. } => Arrival::Constant,
        };
        for lane in owned {
            let (spans, total) = (Arc::clone(&due.spans), due.total.unwrap_or(u64::MAX));
            let schedule =
                Schedule::new(spans, arrival, total, part.seed, lane.into(), due.connections)
                    .offset(offset_of(class, &part, number));
            let name = class.unwrap_or_default();
            all.extend(schedule.map(|d| (name.to_owned(), lane, d.index, d.span, d.at_ns)));
        }
    }
    all.sort();
    all
}

fn parts_of(words: &str, of: u32) -> Vec<LoadPlan> {
    divided(&plan(&format!("etcdbench load {words} --shard 1/{of}")), of)
}

/// The same load, as each of its machines has it.
fn divided(plan: &LoadPlan, of: u32) -> Vec<LoadPlan> {
    let part = |index| LoadPlan { shard: Some(Shard { index, of }), ..plan.clone() };
    (1..=of).map(part).collect()
}

#[test]
fn all_schedules_together_are_that_of_one_machine() {
    for words in LOADS {
        let whole = plan(&format!("etcdbench load {words}"));
        let wanted = arrivals(&whole);
        assert!(wanted.len() > 100, "{words}: {}", wanted.len());
        for of in 1..=64 {
            let mut all: Arrivals = divided(&whole, of).iter().flat_map(arrivals).collect();
            all.sort();
            assert!(all == wanted, "{words} by {of} machines");
        }
    }
}

#[test]
fn one_of_one_is_the_plan_that_nobody_divided() {
    for words in LOADS {
        let one = plan(&format!("etcdbench load {words} --shard 1/1"));
        let whole = plan(&format!("etcdbench load {words}"));
        assert_eq!(serde_json::to_string(&one).unwrap(), serde_json::to_string(&whole).unwrap());
        assert_eq!(one.command(), whole.command());
        assert_eq!(one.hash().unwrap(), whole.hash().unwrap());
    }
}

#[test]
fn keys_clients_and_watches_are_divided_without_a_rest() {
    let words = "--class 'a: put --clients 130 --conns 67 --streams 90 --watches-per-stream 3 --watched-keys 200 \
         --key-space-size 777 --preload 333' --class 'b: range --rate 90 --conns 5 --preload 77 --key-space-size 99' \
         --class 'health: range --rate 3 --unscaled --key-space-size 1 --conns 1' --duration 2s";
    let whole = plan(&format!("etcdbench load {words}"));
    for of in [2, 3, 8, 64] {
        let parts = parts_of(words, of);
        for (place, (class, whole)) in whole.parts().into_iter().enumerate() {
            let same = |part: &LoadPlan| part.slice.as_ref().is_some_and(|s| s.place == place);
            let own: Vec<LoadPlan> = parts
                .iter()
                .flat_map(|plan| plan.parts().into_iter().map(|(_, part)| part))
                .filter(same)
                .collect();
            let sum = |number: fn(&LoadPlan) -> u64| own.iter().map(number).sum::<u64>();
            let clients = |plan: &LoadPlan| -> u64 {
                match plan.pace {
                    LoadPace::Closed { clients } => clients.into(),
                    LoadPace::Open { max_in_flight, .. } => max_in_flight.into(),
                }
            };
            assert_eq!(sum(|part| part.connections.into()), u64::from(whole.connections));
            assert_eq!(sum(clients), clients(&whole), "{class:?} by {of}");
            assert_eq!(sum(|part| part.preload), whole.preload, "{class:?} by {of}");
            let streams =
                |plan: &LoadPlan| -> u64 { plan.watch.map_or(0, |watch| watch.streams.into()) };
            assert_eq!(sum(streams), streams(&whole), "{class:?} by {of}");
            let mut rows: Vec<(u64, u64)> = own
                .iter()
                .map(|part| (part.slice.as_ref().unwrap().first_key, part.keys.space))
                .collect();
            rows.sort_unstable();
            let end = rows.iter().fold(0, |end, (first, keys)| {
                assert_eq!(*first, end, "{class:?} by {of}: {rows:?}");
                first + keys
            });
            assert_eq!(end, whole.keys.space);
        }
    }
}

#[test]
fn what_only_one_machine_does_the_first_does() {
    let parts = parts_of(LOADS[5], 4);
    let does = |plan: &LoadPlan, class: &str| plan.parts().iter().any(|(c, _)| *c == Some(class));
    let compacting: Vec<bool> = parts.iter().map(|plan| does(plan, "z")).collect();
    assert_eq!(compacting, [true, false, false, false]);
    let scraping: Vec<bool> = parts.iter().map(|plan| plan.own().scrape).collect();
    assert_eq!(scraping, [true, false, false, false]);
    assert!(parts[0].own().compact && !parts[1].own().compact);
    let hashes: Vec<String> = parts.iter().map(|plan| plan.hash().unwrap()).collect();
    assert!(hashes.iter().all(|hash| *hash == hashes[0]), "{hashes:?}");
    assert_ne!(hashes[0], parts_of(LOADS[5], 5)[0].hash().unwrap());
}

#[test]
fn operations_of_a_part_are_numbered_in_turn_and_as_among_all() {
    let plan = plan("etcdbench load put --conns 10 --shard 3/4");
    let part = plan.parts().remove(0).1;
    let slice = part.slice.unwrap();
    assert_eq!(slice.owned().collect::<Vec<_>>(), [2, 6]);
    let indices: Vec<u64> = (0..5).map(|turn| slice.index(turn)).collect();
    assert_eq!(indices, [2, 6, 12, 16, 22]);
    assert!(indices.iter().zip(0..).all(|(index, turn)| slice.turn(*index) == turn));
}
