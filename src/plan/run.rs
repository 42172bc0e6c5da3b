//! A run as a whole: its plan, its name, its labels, and who it is to the etcd. What a command line asks for and what a
//! scenario asks for are the same from here on, and a process that is to make a run is handed this, not words.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::connect::warnings;
use super::{DiskPlan, LoadPlan, Target, credentials, labels};
use crate::error::{Error, Result};
use crate::etcd::{Credentials, Secret};
use crate::spec::{ConnectSpec, DiskSpec, LoadSpec};

/// What is done, resolved and checked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolved {
    /// Of `etcdbench disk`.
    Disk(Box<DiskPlan>),
    /// Of `etcdbench load`.
    Load(Box<LoadPlan>),
}

impl Resolved {
    /// The command that asks for it.
    pub fn command(&self) -> String {
        match self {
            Resolved::Disk(plan) => plan.command(),
            Resolved::Load(plan) => plan.command(),
        }
    }
}

/// A run, resolved and checked.
#[derive(Debug, Clone)]
pub struct PlannedRun {
    /// What is done.
    pub plan: Resolved,
    /// Its name in the result; what it measures when absent.
    pub name: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// How the etcd is reached, as it was asked for: where its password comes from.
    connect: ConnectSpec,
}

impl PlannedRun {
    /// A disk qualification.
    ///
    /// # Errors
    /// [`Error::Usage`] with the flag and the way out.
    pub fn disk(spec: &DiskSpec, name: Option<String>) -> Result<PlannedRun> {
        Ok(PlannedRun {
            plan: Resolved::Disk(Box::new(DiskPlan::resolve(spec)?)),
            name,
            labels: labels(&spec.labels)?,
            connect: ConnectSpec::default(),
        })
    }

    /// A load.
    ///
    /// # Errors
    /// [`Error::Usage`] with the flag, the class and the way out.
    pub fn load(spec: &LoadSpec, name: Option<String>) -> Result<PlannedRun> {
        Ok(PlannedRun {
            plan: Resolved::Load(Box::new(LoadPlan::resolve(spec)?)),
            name,
            labels: labels(&spec.labels)?,
            connect: spec.connect.clone(),
        })
    }

    /// Who it is to the etcd; nothing where nobody asks. Reads a file or the terminal, where the password is there.
    ///
    /// # Errors
    /// [`Error::Usage`] where no password can be had.
    pub fn credentials(&self) -> Result<Option<Credentials>> {
        match &self.plan {
            Resolved::Load(plan) => match plan.target {
                Target::Endpoints(_) => credentials(&self.connect),
                // A throwaway etcd knows no users.
                Target::Local { .. } => Ok(None),
            },
            Resolved::Disk(_) => Ok(None),
        }
    }

    /// What the meeting point of several machines asks for; nothing where they do not meet. Reads a file or the environment.
    ///
    /// # Errors
    /// [`Error::Usage`] where the file cannot be read.
    pub fn token(&self) -> Result<Option<Secret>> {
        match &self.plan {
            Resolved::Load(plan) => plan.token(),
            Resolved::Disk(_) => Ok(None),
        }
    }

    /// What is to be said before its secrets are used.
    pub fn warnings(&self) -> Vec<String> {
        match &self.plan {
            Resolved::Load(plan) if matches!(plan.target, Target::Endpoints(_)) => {
                warnings(&plan.security, self.connect.password_file.as_deref())
            }
            _ => Vec::new(),
        }
    }

    /// Where the password comes from, to ask for it once: the user, and a file where one is named.
    pub fn password_source(&self) -> Option<(String, Option<PathBuf>)> {
        let user = self.connect.user.as_ref()?;
        Some((user.name.clone(), self.connect.password_file.clone()))
    }
}

/// A run for a process of its own, complete: it resolves nothing again, and nothing of it is seen by others.
#[derive(Debug, Serialize, Deserialize)]
pub struct Task {
    /// What is done.
    pub plan: Resolved,
    /// Its name in the result.
    pub name: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Where the result goes.
    pub result: PathBuf,
    /// Whether it tells on stderr how far it is.
    pub quiet: bool,
    /// Who it is to the etcd.
    #[serde(with = "handed_over")]
    pub credentials: Option<Credentials>,
    /// What the meeting point of several machines asks for.
    #[serde(default, with = "handed_over::token")]
    pub token: Option<Secret>,
}

impl Task {
    /// More than any plan takes: a hundred classes are some 100 KiB.
    const MOST_BYTES: u64 = 64 << 20;

    /// What another process of this program has written, see [`Task::text`].
    ///
    /// # Errors
    /// [`Error::Refused`] for anything else.
    pub fn read(from: impl Read) -> Result<Task> {
        serde_json::from_reader(from.take(Self::MOST_BYTES)).map_err(|error| {
            Error::Refused(format!(
                "what is to be measured is read from stdin, where run and compare write it: {error}"
            ))
        })
    }

    /// All of it, secrets included: for a pipe, never for a file or an argument.
    pub fn text(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// The one way on which a secret leaves this process: to a child of its own.
mod handed_over {
    use serde::{Deserializer, Serializer};

    use super::{Credentials, Deserialize, Secret, Serialize};

    pub(super) mod token {
        use super::{Deserialize, Deserializer, Secret, Serialize, Serializer};

        pub(in super::super) fn serialize<S: Serializer>(
            token: &Option<Secret>,
            to: S,
        ) -> Result<S::Ok, S::Error> {
            token.as_ref().map(Secret::expose).serialize(to)
        }

        pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
            from: D,
        ) -> Result<Option<Secret>, D::Error> {
            Ok(Option::<String>::deserialize(from)?.map(Secret::new))
        }
    }

    pub(super) fn serialize<S: Serializer>(
        credentials: &Option<Credentials>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let both = credentials.as_ref().map(|one| (one.user.as_str(), one.password.expose()));
        both.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Credentials>, D::Error> {
        let both = Option::<(String, String)>::deserialize(from)?;
        Ok(both.map(|(user, password)| Credentials { user, password: Secret::new(password) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_arrives_as_it_was_sent_and_shows_no_secret() {
        let plan = crate::plan::load::testing::plan(
            "etcdbench load --class 'a: put --rate 0.3' --class 'b: range --clients 4' --scale 0.7",
        );
        let sent = Task {
            plan: Resolved::Load(Box::new(plan.clone())),
            name: Some("night/b".to_owned()),
            labels: BTreeMap::from([("rack".to_owned(), "b7".to_owned())]),
            result: PathBuf::from("results/001.jsonl"),
            quiet: true,
            credentials: Some(Credentials {
                user: "root".to_owned(),
                password: Secret::new("hunter2"),
            }),
            token: Some(Secret::new("c0ffee")),
        };
        assert!(
            !format!("{sent:?}").contains("hunter2") && !format!("{sent:?}").contains("c0ffee")
        );
        let got = Task::read(sent.text().as_slice()).unwrap();
        let Resolved::Load(arrived) = got.plan else { panic!("{:?}", got.plan) };
        assert_eq!(*arrived, plan);
        assert_eq!((got.name, got.labels), (sent.name, sent.labels));
        assert_eq!(got.credentials, sent.credentials);
        assert_eq!(got.token, sent.token);
    }

    #[test]
    fn anything_else_is_no_task() {
        let error = Task::read(b"disk /srv".as_slice()).unwrap_err();
        assert!(error.to_string().contains("read from stdin"), "{error}");
    }
}
