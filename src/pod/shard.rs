//! The part of a load that a pod of an Indexed Job makes, and where its pods meet.

use crate::cli::PodRunArgs;
use crate::error::{Result, usage};
use crate::plan::meeting;

/// One of the parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Which, counted from 1.
    number: u32,
    /// Of how many.
    of: u32,
    /// Where all meet, as `HOST:PORT`.
    meeting: String,
    token_file: String,
}

impl Part {
    /// That of this pod: its index says which, its name where the first of them is.
    pub fn of_this_pod(of: u32, args: &PodRunArgs) -> Result<Part> {
        let index = args.index.ok_or_else(|| {
            usage(
                &["--index"],
                "--shards needs the pod's index: is the Job's completionMode Indexed? --index names it otherwise",
            )
        })?;
        let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let meeting = match (&args.rendezvous, index) {
            (_, 0) => format!("127.0.0.1:{}", meeting::PORT),
            (Some(named), _) => named.clone(),
            (None, _) => first_of(&name, &args.service),
        };
        let token_file = args.token_file.to_string_lossy().into_owned();
        Ok(Part { number: index + 1, of, meeting, token_file })
    }

    /// What is run beside the first part: where all meet.
    pub fn meeting_point(&self) -> Option<Vec<String>> {
        let shards = self.of.to_string();
        let words =
            ["etcdbench", "rendezvous", "--shards", &shards, "--token-file", &self.token_file];
        (self.number == 1).then(|| words.map(str::to_owned).to_vec())
    }

    /// What the part's command line says beside its load.
    pub fn flags(&self) -> Vec<String> {
        vec![
            "--shard".to_owned(),
            format!("{}/{}", self.number, self.of),
            "--rendezvous".to_owned(),
            format!("http://{}", self.meeting),
            "--rendezvous-token-file".to_owned(),
            self.token_file.clone(),
        ]
    }
}

/// Where the first pod of this one's Job is: pods of an Indexed Job are called JOB-INDEX.
fn first_of(name: &str, service: &str) -> String {
    let job = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-');
    format!("{job}-0.{service}:{}", meeting::PORT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_pod_is_found_by_the_name_of_any() {
        assert_eq!(first_of("load-shards-12", "load-shards"), "load-shards-0.load-shards:2390");
        assert_eq!(first_of("night-2-3", "meet"), "night-2-0.meet:2390");
    }

    #[test]
    fn the_first_part_is_where_all_meet() {
        let part =
            |number| Part { number, of: 4, meeting: "a:1".to_owned(), token_file: "/t".to_owned() };
        assert_eq!(part(2).meeting_point(), None);
        let host = part(1).meeting_point().unwrap().join(" ");
        assert_eq!(host, "etcdbench rendezvous --shards 4 --token-file /t");
        let flags = part(2).flags().join(" ");
        assert_eq!(flags, "--shard 2/4 --rendezvous http://a:1 --rendezvous-token-file /t");
    }
}
