//! Who the loads of a scenario are to their etcd: asked for once, before anything is measured.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::error::Result;
use crate::etcd::Credentials;
use crate::plan::PlannedRun;

/// Credentials by the user, and the file with the password where one is named.
#[derive(Debug, Default)]
pub(super) struct Users(BTreeMap<(String, Option<PathBuf>), Option<Credentials>>);

impl Users {
    /// Finds out the passwords of all runs.
    ///
    /// # Errors
    /// [`Error::Usage`](crate::error::Error::Usage) where one cannot be had.
    pub(super) fn ask<'a>(runs: impl Iterator<Item = &'a PlannedRun>) -> Result<Users> {
        let mut users = Users::default();
        for run in runs {
            match run.password_source() {
                Some(source) if users.0.contains_key(&source) => {}
                Some(source) => {
                    users.0.insert(source, run.credentials()?);
                }
                // A password without a user is refused.
                None => {
                    run.credentials()?;
                }
            }
        }
        Ok(users)
    }

    pub(super) fn of(&self, run: &PlannedRun) -> Option<&Credentials> {
        self.0.get(&run.password_source()?)?.as_ref()
    }
}
