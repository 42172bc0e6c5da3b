//! What lies below `deploy/`: does Kubernetes, systemd and GitHub take it, does etcdbench understand every line in it, and
//! do its scripts do what they promise?

mod commands;
mod container;
mod files;
mod github;
mod kubernetes;
mod shell;
mod systemd;
mod troubleshoot;
