use proptest::prelude::*;

use super::*;

/// A member of 3.5 after one put, shortened; as it came.
const PAGE: &str = r#"# HELP etcd_disk_wal_fsync_duration_seconds The latency distributions of fsync called by WAL.
# TYPE etcd_disk_wal_fsync_duration_seconds histogram
etcd_disk_wal_fsync_duration_seconds_bucket{le="0.001"} 2
etcd_disk_wal_fsync_duration_seconds_bucket{le="8.192"} 5
etcd_disk_wal_fsync_duration_seconds_bucket{le="+Inf"} 5
etcd_disk_wal_fsync_duration_seconds_sum 0.009402
etcd_disk_wal_fsync_duration_seconds_count 5
etcd_server_apply_duration_seconds_bucket{op="PUT",success="true",version="v2",le="0.0001"} 1
etcd_server_apply_duration_seconds_bucket{op="PUT",success="true",version="v2",le="+Inf"} 2
etcd_server_apply_duration_seconds_sum{op="PUT",success="true",version="v2"} 0.000211795
etcd_server_apply_duration_seconds_count{op="PUT",success="true",version="v2"} 2
etcd_server_apply_duration_seconds_bucket{op="Put",success="true",version="v3",le="0.0001"} 1
etcd_server_apply_duration_seconds_bucket{op="Put",success="true",version="v3",le="+Inf"} 1
etcd_server_apply_duration_seconds_sum{op="Put",success="true",version="v3"} 6.3385e-05
etcd_server_apply_duration_seconds_count{op="Put",success="true",version="v3"} 1
etcd_server_quota_backend_bytes 3e+09
etcd_mvcc_put_total 1
etcd_debugging_mvcc_put_total 1
process_start_time_seconds 1.79530676412e+09
go_goroutines 96
"#;

fn total(reading: &Reading, name: &str) -> Option<f64> {
    reading.totals.get(name).copied()
}

#[test]
fn a_page_is_read_by_the_names_of_a_result() {
    let reading = Reading::of(PAGE);
    assert_eq!(total(&reading, "wal_fsync.count"), Some(5.0));
    assert_eq!(total(&reading, "wal_fsync.sum_s"), Some(0.009402));
    assert_eq!(total(&reading, "wal_fsync.le.0.001"), Some(2.0));
    assert_eq!(total(&reading, "wal_fsync.le.8.192"), Some(5.0));
    assert_eq!(total(&reading, "wal_fsync.le.+Inf"), None);
    assert_eq!(total(&reading, "apply.count"), Some(3.0));
    assert_eq!(total(&reading, "apply.le.0.0001"), Some(2.0));
    assert_eq!(total(&reading, "puts"), Some(1.0));
    assert_eq!(total(&reading, "slow_apply"), None, "absent, not 0");
    assert_eq!(reading.state["quota_bytes"], 3e9);
    assert_eq!(reading.quota, Quota::Bytes(3_000_000_000));
}

#[test]
fn the_names_of_old_versions_are_known() {
    let reading = Reading::of("etcd_debugging_mvcc_put_total 7\n");
    assert_eq!(total(&reading, "puts"), Some(7.0));
    assert_eq!(reading.quota, Quota::Unknown);
}

#[test]
fn a_quota_below_zero_is_none() {
    let reading = Reading::of("etcd_server_quota_backend_bytes -1\n");
    assert_eq!(reading.quota, Quota::Disabled);
    assert!(reading.state.is_empty());
}

#[test]
fn a_member_that_was_started_anew_has_no_growth() {
    let of = |started: u32, puts: u32| {
        let page = format!("process_start_time_seconds {started}\netcd_mvcc_put_total {puts}\n");
        Reading::of(&page)
    };
    let grown = of(100, 9).growth_since(&of(100, 4));
    assert_eq!(grown.map(|grown| grown["puts"]), Some(5.0));
    assert_eq!(of(200, 9).growth_since(&of(100, 4)), None);
    // Nothing tells when it was started, but a counter fell.
    let of = |puts: u32| Reading::of(&format!("etcd_mvcc_put_total {puts}\n"));
    assert_eq!(of(3).growth_since(&of(4)), None);
}

#[test]
fn a_label_seen_for_the_first_time_grows_from_nothing() {
    let before = Reading::of(PAGE);
    let rtt = r#"etcd_network_peer_round_trip_time_seconds_bucket{To="a",le="0.0001"} 4"#;
    let after = Reading::of(&format!("{PAGE}{rtt}\n"));
    let grown = after.growth_since(&before).unwrap();
    assert_eq!(grown["peer_rtt.le.0.0001"], 4.0);
    assert_eq!(grown["puts"], 0.0);
}

fn quoted(value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", escaped.replace('\n', "\\n"))
}

#[test]
fn a_histogram_of_bounds_without_number_is_kept_in_part() {
    let mut page = String::new();
    for bound in 0..5_000 {
        page += &format!(
            "etcd_disk_wal_fsync_duration_seconds_bucket{{le=\"{bound}\"}} {bound}\n\
             etcd_unknown_{bound} 1\n"
        );
    }
    let reading = Reading::of(&page);
    assert_eq!(reading.totals.len(), 64);
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        name in "[a-zA-Z_:][a-zA-Z0-9_:]{0,20}",
        labels in proptest::collection::vec(("[a-zA-Z_][a-zA-Z0-9_]{0,8}", "(?s).{0,12}"), 0..4),
        value in proptest::num::f64::NORMAL | proptest::num::f64::ZERO,
        timestamp in proptest::option::of(0i64..),
        spaced in any::<bool>(),
    ) {
        // A line ends with its line feed; a carriage return is no end, but no line of etcd's holds one.
        prop_assume!(!labels.iter().any(|(_, value)| value.contains('\r')));
        let separator = if spaced { " , " } else { "," };
        let inside: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}={}", quoted(value))).collect();
        let inside = match inside.len() {
            0 => String::new(),
            _ => format!("{{{}}}", inside.join(separator)),
        };
        let timestamp = timestamp.map(|at| format!(" {at}")).unwrap_or_default();
        let line = format!("{name}{inside} {value:e}{timestamp}");
        let sample = Sample::parse(&line).expect("a sample");
        prop_assert_eq!(sample.name, name);
        prop_assert_eq!(sample.value, value);
        let read: Vec<_> =
            sample.labels().map(|(name, value)| (name.to_owned(), value.into_owned())).collect();
        prop_assert_eq!(read, labels);
    }

    #[test]
    fn garbage_is_no_panic(text in "(?s).{0,200}", line in "[a-z{}\"\\\\=, 0-9+Inf.]{0,60}") {
        let _ = Reading::of(&text);
        let sample = Sample::parse(&line);
        let _ = sample.map(|sample| sample.labels().count());
    }

    #[test]
    fn growth_is_never_negative(before in 0u32..1000, after in 0u32..1000) {
        let of = |count: u32| Reading::of(&format!("etcd_mvcc_put_total {count}\n"));
        let grown = of(after).growth_since(&of(before)).unwrap_or_default();
        prop_assert!(grown.values().all(|value| *value >= 0.0));
    }
}
