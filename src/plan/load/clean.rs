//! What is to be removed of earlier loads.

use std::path::Path;

use super::{LoadPlan, Target};
use crate::error::{Error, Result, usage};
use crate::plan::Connect;
use crate::spec::CleanSpec;

/// What is removed of earlier loads, and from which etcd.
#[derive(Debug, Clone)]
pub struct CleanPlan {
    /// How the etcd is reached.
    pub connect: Connect,
    /// What is removed.
    pub what: CleanWhat,
    /// Only told.
    pub dry_run: bool,
}

/// What a result says of the load that left it.
#[derive(Debug, Clone, Default)]
pub struct LeftBy {
    /// What was measured.
    pub kind: String,
    /// Its plan, as it was written down.
    pub plan: serde_json::Value,
    /// What its keys begin with.
    pub prefix: Option<String>,
}

/// Whose keys are removed.
#[derive(Debug, Clone)]
pub enum CleanWhat {
    /// Those below every fresh prefix.
    All,
    /// Those below this prefix, whichever load left them.
    Below(String),
    /// Those of one load.
    Load {
        /// Its plan.
        plan: Box<LoadPlan>,
        /// What its keys begin with.
        prefix: String,
    },
}

impl CleanPlan {
    /// Checks what was typed. `read` reads the result, where one is named.
    ///
    /// # Errors
    /// [`Error::Usage`](crate::error::Error::Usage) with the way out; what a result that cannot be read comes to.
    pub fn resolve(args: &CleanSpec, read: impl FnOnce(&Path) -> Result<LeftBy>) -> Result<Self> {
        let mut connect = args.connect.clone();
        let what = match args.what.as_deref() {
            None => CleanWhat::All,
            Some(text) if is_file(text) => {
                let path = Path::new(text);
                let (plan, prefix) = of_result(path, read(path)?)?;
                if connect.endpoints.is_empty()
                    && let Target::Endpoints(endpoints) = &plan.target
                {
                    connect.endpoints.clone_from(endpoints);
                }
                CleanWhat::Load { plan: Box::new(plan), prefix }
            }
            Some("") => {
                return Err(usage(
                    &["what"],
                    "an empty prefix is that of all keys, also those of others; name one, or nothing for all that \
                     loads have left below /etcdbench/",
                ));
            }
            Some(text) => CleanWhat::Below(text.to_owned()),
        };
        Ok(CleanPlan { connect: Connect::resolve(&connect)?, what, dry_run: args.dry_run })
    }
}

/// Whether a word names a file rather than a prefix.
fn is_file(text: &str) -> bool {
    let by_name = Path::new(text).extension().is_some_and(|ending| ending == "jsonl");
    by_name || Path::new(text).is_file()
}

fn of_result(path: &Path, left_by: LeftBy) -> Result<(LoadPlan, String)> {
    let LeftBy { kind, plan, prefix } = left_by;
    let refused = |why: &str| Err(Error::Refused(format!("{}: {why}", path.display())));
    if kind != "load" {
        return refused(&format!(
            "this is the result of a {kind}, which leaves no keys; name that of a load"
        ));
    }
    let Ok(plan) = serde_json::from_value::<LoadPlan>(plan) else {
        return refused(
            "its plan is not known to this version; name the prefix of its keys instead",
        );
    };
    if matches!(plan.target, Target::Local { .. }) {
        return refused(
            "its etcd was a throwaway one, which took all keys with it; there is nothing to remove",
        );
    }
    match prefix.or_else(|| plan.keys.prefix.clone()) {
        Some(prefix) => Ok((plan.whole(), prefix)),
        None => refused(
            "it is of an earlier version, which did not note the prefix of its keys; leave RESULT out to look for \
             whatever is below /etcdbench/",
        ),
    }
}
