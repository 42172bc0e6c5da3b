//! The metrics of the members at both ends of a look, and what this machine gave those that run here.

use std::time::Duration;

use futures_util::future::join_all;

use super::growth::Growth;
use super::target::Target;
use crate::diagnosis::LocalCpu;
use crate::host::process::{self, CpuTimes};

/// What was read before.
pub struct Before {
    pages: Vec<Option<String>>,
    cpu: Vec<Option<CpuTimes>>,
}

impl Before {
    /// Reads the metrics of all members.
    pub async fn take(targets: &mut [Target], limit: Duration) -> Before {
        let pages = pages(targets, limit).await;
        Before { pages, cpu: cpu(targets) }
    }

    /// Reads them again.
    pub async fn and_after(self, targets: &mut [Target], limit: Duration) -> Vec<Growth> {
        let cpu = cpu(targets);
        let pages = pages(targets, limit).await;
        let both = self.pages.into_iter().zip(pages).zip(self.cpu.into_iter().zip(cpu));
        both.map(|((before, after), (cpu_before, cpu_after))| {
            let cpu = cpu_before.zip(cpu_after).map(|(before, after)| LocalCpu {
                throttled_ns: after.throttled_ns.saturating_sub(before.throttled_ns),
                waited_ns: after.waited_ns.saturating_sub(before.waited_ns),
                ran_ns: after.ran_ns.saturating_sub(before.ran_ns),
            });
            Growth::between(before.as_deref(), after.as_deref()).with_cpu(cpu)
        })
        .collect()
    }
}

async fn pages(targets: &mut [Target], limit: Duration) -> Vec<Option<String>> {
    let all = targets.iter_mut().map(|target| async move {
        let page = target.prober.page("/metrics", limit).await;
        page.map(|page| page.text).map_err(|error| (target, error))
    });
    let pages = join_all(all).await;
    pages
        .into_iter()
        .map(|page| match page {
            Ok(text) => Some(text),
            Err((target, error)) => {
                if !target.notes.contains(&error.message) {
                    target.notes.push(error.message);
                }
                None
            }
        })
        .collect()
}

fn cpu(targets: &[Target]) -> Vec<Option<CpuTimes>> {
    targets.iter().map(|target| target.pid.and_then(process::cpu_times)).collect()
}
