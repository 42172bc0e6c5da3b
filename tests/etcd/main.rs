//! What a real etcd is the witness of, by counts and states and not by times: tests that mostly wait run side by side.

#[path = "../support/mod.rs"]
mod support;

mod browser;
mod check;
mod check_beside;
mod cluster;
mod disk_safe;
mod load_apiserver;
mod load_classes;
mod load_clean;
mod load_cluster;
mod load_counts;
mod load_freshness;
mod load_operations;
mod load_planned;
mod load_shards;
mod load_wire;
mod profile;
mod run;
mod secure;
mod secure_load;
