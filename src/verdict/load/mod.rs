use super::Ending;
use crate::result::{Run, Summary};
pub(super) fn judge(_: &Run, _: Ending) -> Result<Summary, String> {
    Err(String::new())
}
