//! Classes of a load: `[load.NAME.class.CLASS]` becomes `--class 'CLASS: words'`, with the words of a load of its own.

use super::document::{Entry, KINDS, Table, Value};
use super::{flags, is_wanted};
use crate::cli::OF_A_CLASS;
use crate::error::Result;
use crate::plan::command::quote;
use crate::suggest;

/// The key whose tables are classes. Files that include one another merge them key by key.
pub(super) const CLASS: &str = "class";

/// Whether a class says this for itself, by the name of the flag; the rest is said once for the whole load.
pub(super) fn is_own(flag: &str) -> bool {
    let field = flag.replace('-', "_");
    OF_A_CLASS.contains(&field.as_str()) || ["prefix", "unscaled"].contains(&flag)
}

/// The classes of a load as it is written, in their order, but for those that are left out.
///
/// # Errors
/// [`Error::Usage`](crate::error::Error::Usage) with file and line.
pub(super) fn words(kind: &str, run: &str, entry: &Entry) -> Result<Vec<String>> {
    if kind != KINDS[1] {
        return Err(entry.error(format!(
            "[{kind}.{run}.{CLASS}]: only a load has classes; write [load.{run}.{CLASS}.NAME]"
        )));
    }
    let Value::Table(classes) = &entry.value else {
        return Err(entry.error(format!(
            "{CLASS} holds a table for each class: write [load.{run}.{CLASS}.NAME] with its keys below"
        )));
    };
    let mut words = Vec::new();
    for class in &classes.entries {
        if let Some(table) = table(run, class)? {
            let own = own_words(run, class, &table, classes)?;
            words.push(format!("--class={}: {own}", class.key));
        }
    }
    Ok(words)
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
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if class.key.is_empty() || !class.key.chars().all(fits) {
        return Err(class.error(format!(
            "'{}' is no name for a class: it is made of a to z, 0 to 9 and -",
            class.key
        )));
    }
    let mut table = table.clone();
    Ok(is_wanted(&mut table, CLASS)?.then_some(table))
}

fn own_words(run: &str, class: &Entry, table: &Table, all: &Table) -> Result<String> {
    let place = format!("load.{run}.{CLASS}.{}", class.key);
    let words = flags::class_words(&place, table)?;
    if table.get("operation").is_none() && table.get("mix").is_none() {
        let others = all.entries.iter().map(|entry| entry.key.as_str());
        let others: Vec<&str> = others.filter(|name| *name != class.key).collect();
        let hint = match suggest::nearest(&class.key, &others) {
            Some(near) => format!("; did you mean the class '{near}'?"),
            None => String::new(),
        };
        return Err(class
            .error(format!("[{place}] has nothing to do: give it an operation or a mix{hint}")));
    }
    let quoted: Vec<String> = words.iter().map(|word| quote(word)).collect();
    Ok(quoted.join(" "))
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
    use super::super::{filled, flags, matrix};
    use crate::error::Result;

    /// The words of the first run of a file that may include `base.toml`.
    fn words(base: &str, mine: &str) -> Result<Vec<String>> {
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
        flags::words(raw.kind, &raw.name, &table)
    }

    fn refused(mine: &str) -> String {
        let text = words("", mine).unwrap_err().to_string();
        let place = text.split_once("mine.toml").unwrap().1;
        format!("mine.toml{place}")
    }

    /// The words of a class, unquoted.
    fn split(word: &str) -> Vec<String> {
        let own = word.strip_prefix("--class=").unwrap();
        shlex::split(own).unwrap()
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
";

    #[test]
    fn a_class_becomes_the_words_of_a_load_of_its_own() {
        let said = words("", BASE).unwrap();
        assert_eq!((said.len(), said[0].as_str()), (3, "--warmup=0s"));
        let leases = ["leases:", "txn", "--guarded", "--rate=100", "--preload=1000"];
        assert_eq!(split(&said[1]), leases);
        let events = ["events:", "--mix=create=1,range=2", "--val-size=1KiB"];
        assert_eq!(split(&said[2]), events);
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
        let said = words(BASE, mine).unwrap();
        assert_eq!(said.len(), 3);
        assert_eq!(split(&said[1]), ["leases:", "txn", "--rate=0/5s,7/5s"]);
        assert_eq!(split(&said[2]), ["probes:", "range"]);
    }

    #[test]
    fn a_parameter_can_leave_a_class_out() {
        let with = |wanted| {
            let mine = format!(
                "include = 'base.toml'\n[parameters]\nwanted = {wanted}\n[load.k8s.class.events]\nonly_if = '${{wanted}}'"
            );
            words(BASE, &mine).unwrap().len()
        };
        assert_eq!((with(false), with(true)), (2, 3));
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
