//! Classes as they are typed, what they come to, and what is refused.

use super::testing::{plan, refusal, tried};
use super::*;

const THREE: &str = "etcdbench load --duration 60s \
    --class 'leases: txn --guarded --rate 100 --val-size 550 --key-space-size 1000 --preload 1000 --conns 3' \
    --class 'pods: --mix txn=6,range=4 --guarded --rate 60 --conns 3 --streams 3' \
    --class 'health: range --rate 3 --unscaled --preload 0 --key-space-size 1 --conns 1'";

fn rates(plan: &LoadPlan) -> Vec<f64> {
    let parts = plan.parts();
    let rate = |part: &LoadPlan| part.steps().iter().map(|step| step.from_per_s).sum();
    parts.iter().map(|(_, part)| rate(part)).collect()
}

#[test]
fn a_load_with_classes_is_their_sum() {
    let plan = plan(THREE);
    assert_eq!(rates(&plan), [100.0, 60.0, 3.0]);
    let [step] = plan.steps() else {
        panic!("{:?}", plan.steps());
    };
    assert_eq!((step.from_per_s, step.duration_ns), (163.0, 60_000_000_000));
    assert_eq!((plan.connections, plan.preload), (7, 1000 + 10_000));
    assert_eq!(plan.keys.space, 1000 + 10_000 + 1);
    assert!(plan.operations.is_empty());
    let of_classes =
        plan.parts().iter().map(|(_, part)| part.expected_growth_bytes().unwrap()).sum::<u64>();
    assert_eq!(plan.expected_growth_bytes(), Some(of_classes));
}

#[test]
fn series_are_named_by_class_and_by_operation_where_there_are_several() {
    let names = plan(THREE).series();
    for name in [
        "leases.response",
        "leases.service",
        "leases.lag",
        "pods.txn.response",
        "pods.range.lag",
        "pods.event",
        "health.response",
    ] {
        assert!(names.iter().any(|known| known == name), "{name}: {names:?}");
    }
    assert_eq!(names.len(), 3 + 6 + 3 + 1);
}

#[test]
fn a_scale_multiplies_rates_and_keys_of_all_but_the_unscaled() {
    let scaled = plan(&format!("{THREE} --scale 0.1"));
    assert_eq!(rates(&scaled), [10.0, 6.0, 3.0]);
    let keys: Vec<(u64, u64)> =
        scaled.parts().iter().map(|(_, part)| (part.keys.space, part.preload)).collect();
    assert_eq!(keys, [(100, 100), (1000, 1000), (1, 0)]);
    assert_eq!(scaled.connections, 7);
    // As it was typed: the scale is one number.
    assert_eq!(scaled.classes[0].keys.space, 1000);
}

#[test]
fn unanswered_operations_are_shared_out_by_rate() {
    let plan = plan(&format!("{THREE} --max-in-flight 1630"));
    let shares = plan.parts();
    let shares: Vec<u32> = shares
        .iter()
        .map(|(_, part)| match part.pace {
            LoadPace::Open { max_in_flight, .. } => max_in_flight,
            LoadPace::Closed { .. } => 0,
        })
        .collect();
    assert_eq!(shares, [1000, 600, 30]);
}

#[test]
fn rates_that_change_do_so_at_the_same_moments() {
    let staged = plan(
        "etcdbench load --class 'events: put --rate 22/10s,500+20/30s' --class 'base: put --rate 100' \
         --class 'readers: range --clients 4'",
    );
    assert_eq!(staged.steps().len(), 2);
    assert_eq!(staged.steps()[1].from_per_s, 600.0);
    assert_eq!(staged.steps()[1].burst, 20);
    let length_ns = staged.length_ns().unwrap() - staged.warmup_ns;
    assert_eq!(length_ns, 40_000_000_000);
    let names: Vec<String> = staged.phases().into_iter().map(|phase| phase.name).collect();
    assert_eq!(names[..4], ["preload", "warmup", "rate.1", "rate.2"]);
    let message = refusal(
        "etcdbench load --class 'a: put --rate 1/10s,2/10s' --class 'b: put --rate 1/10s,2/20s'",
    );
    assert!(message.contains("--class b") && message.contains("same lengths"), "{message}");
}

#[test]
fn a_load_with_classes_can_be_asked_for_again() {
    for more in [
        "",
        "--scale 0.1",
        "--max-in-flight 500 --threads 3 --prefix /t/",
        "--verify --keep-keys --seed 7 --rule 'pods.txn.response.p99 < 50ms'",
    ] {
        let asked = plan(&format!("{THREE} {more}"));
        let again = plan(&asked.command());
        assert_eq!(again, asked, "{}", asked.command());
    }
    let staged = plan(
        "etcdbench load --class 'events: put --rate 0/10s,0+20/30s --prefix \"a b/\"' --class 'base: put --rate 100'",
    );
    assert_eq!(plan(&staged.command()), staged, "{}", staged.command());
}

#[test]
fn nonsense_is_named_with_its_class() {
    for (words, said) in [
        ("--class 'put --rate 5'", "has no name"),
        ("--class 'Pods: put'", "lower-case"),
        ("--class ': put'", "lower-case"),
        ("--class 'put: put'", "name of an operation"),
        ("--class 'a: put' --class 'a: put'", "--class a is there twice"),
        ("--class 'a: putt'", "--class a: "),
        ("--class 'a: put --rate x'", "--class a: --rate x"),
        ("--class 'a: put --rat 5'", "--class a: unexpected argument '--rat'"),
        ("--class 'a: put --duration 5s'", "--class a: --duration is about the whole load"),
        ("--class 'a: put --endpoints b:1'", "--class a: --endpoints is about the whole load"),
        ("--class 'a: put --seed 5'", "--seed is about the whole load"),
        ("--class 'a: put --class b'", "--class a: "),
        ("--class 'a: --rate 5'", "--class a: nothing to do"),
        ("--class 'a: put --val-size \"1'", "quotes"),
        ("--class 'a: put --key-size 10'", "--class a: --key-size 10 is too short"),
        ("--class 'a: put' --total 5", "--total"),
        ("--class 'a: put --rate 1/5s,2/5s' --duration 5s", "--duration"),
        ("--class 'a: put' --scale 0", "--scale 0"),
        ("--class 'a: put' --rule 'b.response.p99 < 1s'", "a.response"),
        ("--class 'a: put' --rule 'put.response.p99 < 1s'", "a.response"),
        ("--class 'a: range' --verify", "--verify"),
        ("put --scale 2", "--scale"),
        ("put --unscaled", "--unscaled"),
    ] {
        let message = refusal(&format!("etcdbench load {words}"));
        assert!(message.contains(said), "{words}: {message}");
    }
    // Two ways to say what is done are told apart by the parser itself.
    assert!(tried("etcdbench load --class 'a: put' --rate 5").is_none());
    assert!(tried("etcdbench load put --class 'a: put'").is_none());
}

const APISERVER: &str = "etcdbench load --duration 60s \
    --class 'pods: --mix create=1,txn=6,delete=1 --guarded --conflicts 2% --rate 80 --preload 3000 \
    --val-size lognormal=4KiB,10KiB,30KiB --streams 3 --watch-prev-kv' \
    --class 'events: create --rate 100 --lease-ttl 3600 --lease-keys 1000' \
    --class 'relist: list-watch --rate 0.1 --preload 20 --unscaled' \
    --class 'compaction: compact --rate 0.1 --unscaled'";

#[test]
fn what_an_apiserver_sends_goes_on_side_by_side() {
    for more in ["--compact", "--local --local-dir /srv --scale 0.01", "--compact --scale 5"] {
        let asked = plan(&format!("{APISERVER} {more}"));
        assert_eq!(plan(&asked.command()), asked, "{}", asked.command());
    }
    let message = refusal(APISERVER);
    assert!(message.contains("--compact"), "{message}");
}

#[test]
fn a_scale_leaves_room_for_all_that_are_created() {
    for scale in [0.001, 0.03, 0.1, 0.7, 3.0, 100.0] {
        plan(&format!("{APISERVER} --compact --scale {scale}"));
    }
}
