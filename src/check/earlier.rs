//! How full the databases were at an earlier look, and what they grew by since.

use std::path::Path;

use serde_json::Value;

use crate::diagnosis::{CHECK_SCHEMA, Filling, Member, Observed};
use crate::error::{Error, Result};
use crate::files;

/// An answer of ten members is some kilobytes.
const MOST_BYTES: u64 = 16 << 20;

/// An earlier look.
#[derive(Debug, Clone, PartialEq)]
pub struct Earlier {
    at_s: i64,
    members: Vec<Size>,
}

/// A database as it was.
#[derive(Debug, Clone, PartialEq)]
struct Size {
    id: Option<String>,
    name: String,
    bytes: u64,
    in_use_bytes: Option<u64>,
}

impl Size {
    fn of(member: &Member) -> Option<Size> {
        let (bytes, in_use_bytes) = member.database_bytes?;
        let id = member.id.map(|id| id.to_string());
        Some(Size { id, name: member.name.clone(), bytes, in_use_bytes })
    }

    fn is_of(&self, other: &Size) -> bool {
        match (&self.id, &other.id) {
            (Some(id), Some(other)) => id == other,
            _ => self.name == other.name,
        }
    }

    /// What it grew by since: what is in use where both looks tell that, else the file.
    fn grew_since(&self, before: &Size) -> i64 {
        let (now, then) = match (self.in_use_bytes, before.in_use_bytes) {
            (Some(now), Some(then)) => (now, then),
            _ => (self.bytes, before.bytes),
        };
        now as i64 - then as i64
    }
}

impl Earlier {
    /// What a look saw.
    pub fn of(observed: &Observed) -> Option<Earlier> {
        let at_s = observed.check.as_ref()?.at_s?;
        Some(Earlier { at_s, members: observed.members.iter().filter_map(Size::of).collect() })
    }

    /// What `check quota --format json`, or `check --format json`, wrote down.
    ///
    /// # Errors
    /// [`Error::Io`] for what cannot be read, [`Error::Refused`] for what is something else; with the way out.
    pub fn read(path: &Path) -> Result<Earlier> {
        let text = files::read_text(path, MOST_BYTES).map_err(Error::io("read", path))?;
        let refused = |why: &str| {
            Error::Refused(format!(
                "--since {}: {why}; make one with 'etcdbench check quota --format json -o before.json'",
                path.display()
            ))
        };
        let document: Value =
            serde_json::from_str(&text).map_err(|_| refused("this is no JSON"))?;
        if document["schema"] != CHECK_SCHEMA {
            return Err(refused("this is no answer of 'etcdbench check'"));
        }
        let at_s = document["check"]["at_s"]
            .as_i64()
            .ok_or_else(|| refused("it does not tell when it was made (check.at_s)"))?;
        let members: Vec<Size> =
            document["members"].as_array().into_iter().flatten().filter_map(size).collect();
        if members.is_empty() {
            return Err(refused("it tells of no database (members[].database_bytes)"));
        }
        Ok(Earlier { at_s, members })
    }

    /// Puts what grew since into a later look.
    ///
    /// # Errors
    /// [`Error::Refused`] where the two cannot be compared.
    pub fn compare(&self, later: &mut Observed, least_days: u32) -> Result<()> {
        let refused = |why: &str| Err(Error::Refused(format!("growth is not known: {why}")));
        let at_s = later.check.as_ref().and_then(|check| check.at_s).unwrap_or_default();
        let window_s = u64::try_from(at_s - self.at_s).unwrap_or(0);
        if window_s == 0 {
            return refused("the earlier look was not earlier, by this machine's clock");
        }
        let mut known = false;
        for member in &mut later.members {
            let Some(now) = Size::of(member) else { continue };
            let Some(before) = self.members.iter().find(|one| one.is_of(&now)) else { continue };
            let grew_bytes = now.grew_since(before);
            member.filling = Some(Filling { window_s, grew_bytes, least_days });
            known = true;
        }
        match known {
            true => Ok(()),
            false => refused("the earlier look was at none of these members"),
        }
    }
}

fn size(member: &Value) -> Option<Size> {
    Some(Size {
        id: member["id"].as_str().map(str::to_owned),
        name: member["name"].as_str().unwrap_or_default().to_owned(),
        bytes: member["database_bytes"].as_u64()?,
        in_use_bytes: member["in_use_bytes"].as_u64(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::{Checked, MemberId};

    fn look(at_s: i64, sizes: &[(u64, u64, Option<u64>)]) -> Observed {
        let members = sizes.iter().map(|(id, bytes, in_use)| {
            let mut one = Member::default();
            one.id = Some(MemberId(*id));
            one.database_bytes = Some((*bytes, *in_use));
            one
        });
        let check = Checked { at_s: Some(at_s), ..Checked::default() };
        Observed { members: members.collect(), check: Some(check), ..Observed::default() }
    }

    fn grew(before: &Observed, mut after: Observed) -> Vec<Option<(u64, i64)>> {
        let told = Earlier::of(before).unwrap().compare(&mut after, 7);
        assert!(told.is_ok(), "{told:?}");
        let of = |member: &Member| member.filling.map(|one| (one.window_s, one.grew_bytes));
        after.members.iter().map(of).collect()
    }

    #[test]
    fn members_are_found_by_their_ids_and_what_is_in_use_counts() {
        let before = look(100, &[(1, 500, Some(100)), (2, 500, Some(400)), (3, 500, None)]);
        let after =
            look(160, &[(2, 500, Some(300)), (3, 700, Some(1)), (4, 9, None), (1, 500, Some(150))]);
        assert_eq!(grew(&before, after), [Some((60, -100)), Some((60, 200)), None, Some((60, 50))]);
    }

    #[test]
    fn a_look_that_is_not_later_or_at_others_tells_nothing() {
        let before = Earlier::of(&look(100, &[(1, 5, None)])).unwrap();
        assert!(
            before
                .compare(&mut look(100, &[(1, 9, None)]), 7)
                .unwrap_err()
                .to_string()
                .contains("clock")
        );
        assert!(
            before
                .compare(&mut look(200, &[(2, 9, None)]), 7)
                .unwrap_err()
                .to_string()
                .contains("none of")
        );
    }
}
