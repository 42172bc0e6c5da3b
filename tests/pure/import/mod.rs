//! `etcdbench import`: what fio and etcd's benchmark printed, taken in and held against results of ours.

mod benchmark;
mod beside;
mod fio;
mod kinds;
mod pastes;
mod place;
mod written;
