//! Names that a judgement is told with.

use crate::report::subject::Plan;
use crate::result::Run;

/// What things are called that a judge knows by number.
pub(super) struct Names<'a> {
    pub(super) run: &'a Run,
    pub(super) plan: Plan,
}

impl Names<'_> {
    /// A member.
    pub(super) fn member(&self, index: u32) -> String {
        let named = self.run.header.environment.members.get(index as usize);
        match named.map(|member| member.name.as_str()) {
            Some(name) if !name.is_empty() => name.to_owned(),
            _ => format!("member {index}"),
        }
    }
}
