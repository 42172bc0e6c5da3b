//! Classes of a load: `[load.NAME.class.CLASS]`, with the keys of a load of its own.

use super::document::{CLASS, Entry, Table, Value};
use super::is_wanted;
use super::keys::{Keys, fields};
use crate::error::Result;
use crate::spec::{ClassSpec, ConnectSpec, LoadSpec, is_class_name};
use crate::suggest;

/// The classes of a load in the order they are written, and the names of those that are left out.
///
/// # Errors
/// [`Error::Usage`](crate::error::Error::Usage) with file and line.
pub(super) fn read(run: &str, entry: &Entry) -> Result<(Vec<ClassSpec>, Vec<String>)> {
    let Value::Table(classes) = &entry.value else {
        return Err(entry.error(format!(
            "{CLASS} holds a table for each class: write [load.{run}.{CLASS}.NAME] with its keys below"
        )));
    };
    let (mut read, mut left_out) = (Vec::new(), Vec::new());
    for class in &classes.entries {
        match table(run, class)? {
            Some(table) => read.push(one(run, class, &table, classes)?),
            None => left_out.push(class.key.clone()),
        }
    }
    Ok((read, left_out))
}

/// Whether a rule is about a series of a class that is left out: there is nothing to hold it against.
pub(super) fn is_about(rule: &str, left_out: &[String]) -> bool {
    let series = rule.trim_start();
    left_out.iter().any(|name| series.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}

/// The table of a class; nothing if it is left out.
fn table(run: &str, class: &Entry) -> Result<Option<Table>> {
    let Value::Table(table) = &class.value else {
        return Err(class.error(format!(
            "'{0}' stands right in [load.{run}.{CLASS}]; a class has a name and keys below it, as in \
             [load.{run}.{CLASS}.pods]",
            class.key
        )));
    };
    if !is_class_name(&class.key) {
        return Err(class.error(format!(
            "'{}' is no name for a class: it is made of a to z, 0 to 9 and -",
            class.key
        )));
    }
    let mut table = table.clone();
    Ok(is_wanted(&mut table, CLASS)?.then_some(table))
}

fn one(run: &str, class: &Entry, table: &Table, all: &Table) -> Result<ClassSpec> {
    let place = format!("load.{run}.{CLASS}.{}", class.key);
    let mut keys = Keys::of(table);
    let asked = ClassSpec { name: class.key.clone(), workload: keys.read()?, beside: keys.read()? };
    let whole = [fields::<LoadSpec>(), fields::<ConnectSpec>()].concat();
    keys.finish("load", &place, &whole)?;
    if let Some(entry) = keys.unread() {
        return Err(entry.error(format!(
            "'{}' in [{place}]: this is said for the whole load, not for one of its classes",
            entry.key
        )));
    }
    if asked.workload.operation.is_none() && asked.workload.mix.is_none() {
        let others = all.entries.iter().map(|entry| entry.key.as_str());
        let others: Vec<&str> = others.filter(|name| *name != class.key).collect();
        let hint = match suggest::nearest(&class.key, &others) {
            Some(near) => format!("; did you mean the class '{near}'?"),
            None => String::new(),
        };
        return Err(class
            .error(format!("[{place}] has nothing to do: give it an operation or a mix{hint}")));
    }
    Ok(asked)
}

/// The table of a class by its name, where a load has such a class.
pub(super) fn find<'a>(table: &'a Table, name: &str) -> Option<&'a Entry> {
    let Value::Table(classes) = &table.get(CLASS)?.value else {
        return None;
    };
    classes.get(name)
}

#[cfg(test)]
mod tests {
    use super::super::document::{self, Origin};
    use super::super::{filled, matrix, runs};
    use crate::error::Result;
    use crate::spec::{ClassSpec, LoadSpec, OperationArg};

    /// The first run of a file that may include `base.toml`.
    fn load(base: &str, mine: &str) -> Result<LoadSpec> {
        let place = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = place.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        file("base.toml", base);
        let document = document::read(&Origin::File(file("mine.toml", mine)))?;
        let cells = matrix::cells(&document)?;
        let raw = &document.steps[0];
        let table = filled(&document, raw, &cells[0])?;
        let name = raw.name.clone();
        match raw.kind {
            "load" => runs::load(&name, &table),
            _ => runs::disk(&name, &table).map(|_| LoadSpec::default()),
        }
    }

    fn refused(mine: &str) -> String {
        let text = load("", mine).unwrap_err().to_string();
        let place = text.split_once("mine.toml").unwrap().1;
        format!("mine.toml{place}")
    }

    const BASE: &str = "
[parameters]
nodes = 1000
[load.k8s]
warmup = '0s'
[load.k8s.class.leases]
operation = 'txn'
guarded = true
rate = 100
preload = '${nodes}'
[load.k8s.class.events]
mix = { create = 1, range = 2 }
val_size = '1KiB'
prefix = 'ev/'
";

    fn names(classes: &[ClassSpec]) -> Vec<&str> {
        classes.iter().map(|class| class.name.as_str()).collect()
    }

    #[test]
    fn a_class_says_what_a_load_of_its_own_would() {
        let asked = load("", BASE).unwrap();
        assert_eq!(asked.warmup, Some(0));
        let [leases, events] = &asked.classes[..] else { panic!("{:?}", asked.classes) };
        assert_eq!((leases.name.as_str(), events.name.as_str()), ("leases", "events"));
        let work = &leases.workload;
        assert_eq!((work.operation, work.guarded), (Some(OperationArg::Txn), true));
        assert_eq!((work.rate.as_deref(), work.preload), (Some("100"), Some(1000)));
        assert_eq!(events.workload.mix.as_deref(), Some("create=1,range=2"));
        assert_eq!(events.workload.val_size.as_deref(), Some("1KiB"));
        assert_eq!(events.beside.prefix.as_deref(), Some("ev/"));
    }

    #[test]
    fn included_classes_are_merged_key_by_key() {
        let mine = "
include = 'base.toml'
[load.k8s.class.leases]
rate = '0/5s,7/5s'
guarded = false
preload = false
[load.k8s.class.probes]
operation = 'range'
[load.k8s.class.events]
only_if = false
";
        let asked = load(BASE, mine).unwrap();
        assert_eq!(names(&asked.classes), ["leases", "probes"]);
        let work = &asked.classes[0].workload;
        assert_eq!((work.rate.as_deref(), work.guarded), (Some("0/5s,7/5s"), false));
        assert_eq!(work.preload, None);
    }

    #[test]
    fn a_parameter_can_leave_a_class_out() {
        let with = |wanted| {
            let mine = format!(
                "include = 'base.toml'\n[parameters]\nwanted = {wanted}\n[load.k8s.class.events]\nonly_if = '${{wanted}}'"
            );
            load(BASE, &mine).unwrap().classes.len()
        };
        assert_eq!((with(false), with(true)), (1, 2));
    }

    #[test]
    fn slips_in_classes_are_named_with_their_line() {
        let class = "[load.k]\n[load.k.class.pods]\n";
        for (keys, wanted) in [
            (
                "",
                "mine.toml:2: [load.k.class.pods] has nothing to do: give it an operation or a mix",
            ),
            (
                "operation = 'txn'\nguardet = true",
                "mine.toml:4: unknown key 'guardet' in [load.k.class.pods]; did you mean 'guarded'?",
            ),
            (
                "operation = 'txn'\nduration = '5s'",
                "mine.toml:4: 'duration' in [load.k.class.pods]: this is said for the whole load",
            ),
            ("result = 'x'", "mine.toml:3: 'result': this is chosen by run"),
            (
                "operation = 'txn'\nuser = 'root'",
                "mine.toml:4: 'user' in [load.k.class.pods]: this is said for the whole load",
            ),
            (
                "operation = 'txn'\ncompressible = '130%'",
                "mine.toml:4: compressible: '130%' is not a share; write it like 0.1%",
            ),
            ("operation = 'txx'", "mine.toml:3: operation: no value 'txx'; did you mean 'txn'?"),
            (
                "operation = 'txn'\ntxn_ops = 'many'",
                "mine.toml:4: txn_ops: 'many' is not a whole number from 0 to 4294967295",
            ),
            (
                "only_if = 3",
                "mine.toml:3: only_if is text, true or false, not 3; the class is left out",
            ),
            ("mix = 'txn=1'\nrate = '${rat}'", "mine.toml:4: no parameter 'rat'"),
            (
                "mix = 'txn=1'\n[load.k.class.pod]\nrate = 5",
                "mine.toml:4: [load.k.class.pod] has nothing to do: give it an operation or a mix; did you mean the \
                 class 'pods'?",
            ),
            (
                "mix = 'txn=1'\n[load.k.class.Pods]\nrate = 5",
                "mine.toml:4: 'Pods' is no name for a class",
            ),
        ] {
            let said = refused(&format!("{class}{keys}"));
            assert!(said.starts_with(wanted), "{keys}\n{said}");
        }
    }

    #[test]
    fn classes_stand_below_a_load() {
        for (mine, wanted) in [
            (
                "[disk.a]\n[disk.a.class.pods]\nrate = 5",
                "mine.toml:2: [disk.a.class]: only a load has classes; write [load.a.class.NAME]",
            ),
            (
                "[load.class.pods]\nrate = 5",
                "mine.toml:1: [load.class]: a class belongs to a run, whose name comes first",
            ),
            ("[load.a]\nclass = 'pods'", "mine.toml:2: class holds a table for each class"),
            (
                "[load.a.class]\nrate = 5",
                "mine.toml:2: 'rate' stands right in [load.a.class]; a class has a name",
            ),
        ] {
            let said = refused(mine);
            assert!(said.starts_with(wanted), "{mine}\n{said}");
        }
    }
}
