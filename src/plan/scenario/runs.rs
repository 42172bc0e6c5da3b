//! From the table of a run to the plan that the same flags would make, checked by the same rules before anything is
//! touched.

use super::classes;
use super::document::{CLASS, Entry, SourcePosition, Table, Value};
use super::keys::Keys;
use crate::cli::RunArgs;
use crate::error::{Error, Result, usage};
use crate::plan::PlannedRun;
use crate::spec::{ConnectSpec, DiskSpec, LoadSpec, WorkloadSpec};

/// The run that a table asks for. What is said on the command line goes before what the table says: the endpoints that
/// loads drive, and which machine's part they are.
///
/// # Errors
/// [`Error::Usage`] with file and line.
pub(super) fn resolve(
    kind: &str,
    name: &str,
    table: &Table,
    at: &SourcePosition,
    args: &RunArgs,
) -> Result<PlannedRun> {
    let run = match kind {
        "disk" => disk(name, table).and_then(|spec| PlannedRun::disk(&spec, None)),
        _ => load(name, table).and_then(|mut spec| {
            if !args.endpoints.is_empty() {
                spec.reach(&args.endpoints);
            }
            // What is said on a machine is about this machine.
            spec.shard = args.shard.clone().or(spec.shard);
            if args.start_at.is_some() || args.rendezvous.is_some() {
                spec.start_at.clone_from(&args.start_at);
                spec.rendezvous.clone_from(&args.rendezvous);
            }
            spec.rendezvous_token_file =
                args.rendezvous_token_file.clone().or(spec.rendezvous_token_file);
            PlannedRun::load(&spec, None)
        }),
    };
    run.map_err(|error| located(table, at, error))
}

/// What a table asks a disk qualification to be.
pub(super) fn disk(name: &str, table: &Table) -> Result<DiskSpec> {
    let place = format!("disk.{name}");
    if let Some(entry) = table.get(CLASS) {
        return Err(entry.error(format!(
            "[{place}.{CLASS}]: only a load has classes; write [load.{name}.{CLASS}.NAME]"
        )));
    }
    let mut keys = Keys::of(table);
    let spec = keys.read()?;
    keys.finish("disk", &place, &[])?;
    Ok(spec)
}

/// What a table asks a load to be; what it does not say about how the etcd is reached, the environment does.
pub(super) fn load(name: &str, table: &Table) -> Result<LoadSpec> {
    let place = format!("load.{name}");
    let mut keys = Keys::of(table);
    let spec: LoadSpec = keys.read()?;
    let workload: WorkloadSpec = keys.read()?;
    let connect: ConnectSpec = keys.read()?;
    keys.finish("load", &place, &[CLASS])?;
    let mut spec = spec;
    // A parameter may stand for a rule, or for none.
    spec.rules.retain(|rule| !rule.trim().is_empty());
    let classes = match table.get(CLASS) {
        Some(entry) => {
            let (classes, left_out) = classes::read(name, entry)?;
            spec.rules.retain(|rule| !classes::is_about(rule, &left_out));
            classes
        }
        None => Vec::new(),
    };
    if let Some(entry) = keys.first_of::<WorkloadSpec>().filter(|_| !classes.is_empty()) {
        return Err(entry.error(format!(
            "'{}' stands in [{place}] beside classes, and where there are classes they are all that is done; move it \
             into one of them",
            entry.key
        )));
    }
    let environment = ConnectSpec::from_environment().map_err(|why| usage(&[], why))?;
    Ok(LoadSpec { workload, classes, connect: connect.or(environment), ..spec })
}

/// An error at the line of the first key that it is about, at that of its class or of the table where there is none.
fn located(table: &Table, at: &SourcePosition, error: Error) -> Error {
    let usage = match &error {
        Error::Usage(usage) if usage.position.is_none() => usage,
        _ => return error,
    };
    let class = usage.class.as_deref().and_then(|name| classes::find(table, name));
    let own = match class {
        Some(Entry { value: Value::Table(own), .. }) => own,
        _ => table,
    };
    let blamed = usage.flags.iter().find_map(|flag| own.of_field(flag));
    match blamed.or(class) {
        Some(entry) => entry.about(error),
        None => error.at(None, at.position()),
    }
}
