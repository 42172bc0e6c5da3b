//! What is shown on stderr while a run goes on.
//!
//! The run tells everything to an observer; a thread of its own draws. So the bar keeps moving while the disk stands
//! still, and a terminal that takes no text for a while holds up the drawing, never the run.

mod disk;
mod live;
mod load;
mod notices;
mod serve;
mod servers;
mod shown;

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::clock::Clock;
use crate::printable::clean_lines;
use crate::record::Emission;
use crate::report::Style;
use crate::result::{Observer, Silent};
use crate::signals;
use live::Live;

pub use serve::Place;
pub use shown::Shown;

/// How often the bar is drawn.
const FRAME: Duration = Duration::from_millis(100);
/// How often a line is written where there is no terminal, beside one per phase, unless it is said.
const PLAIN_NS: u64 = 10_000_000_000;

/// Shows a run while it goes on, until it is dropped.
pub struct Progress {
    live: Arc<Mutex<Live>>,
    clock: Clock,
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What looks on while a plan is carried out: [`Progress`] on stderr, or nobody. Plain lines come every so many
/// nanoseconds, and when SIGUSR1 asks for one.
pub fn observer(
    plan: &impl Shown,
    clock: Clock,
    quiet: bool,
    every_ns: Option<u64>,
) -> Box<dyn Observer + Send> {
    if quiet {
        return Box::new(Silent);
    }
    Box::new(Progress::on_stderr(plan, clock, every_ns.unwrap_or(PLAIN_NS)))
}

impl Progress {
    /// Shows on stderr: a bar on a terminal that can go back in its line, elsewhere plain lines.
    pub fn on_stderr(plan: &impl Shown, clock: Clock, every_ns: u64) -> Self {
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let asked = signals::asked_how_it_goes();
        if io::stderr().is_terminal() && !is_dumb {
            Self::start(plan, clock, move |live, stop| draw(&live, clock, &stop, &asked))
        } else {
            let status = Status { every_ns: every_ns.max(1), asked };
            Self::lines(plan, clock, status, io::stderr())
        }
    }

    /// Writes plain lines.
    fn lines(
        plan: &impl Shown,
        clock: Clock,
        status: Status,
        out: impl Write + Send + 'static,
    ) -> Self {
        Self::start(plan, clock, move |live, stop| write(&live, clock, &stop, &status, out))
    }

    fn start(
        plan: &impl Shown,
        clock: Clock,
        show: impl FnOnce(Arc<Mutex<Live>>, Receiver<()>) + Send + 'static,
    ) -> Self {
        let live = Arc::new(Mutex::new(plan.live()));
        let (stop, stopped) = sync_channel(0);
        let shown = Arc::clone(&live);
        // Without a thread there is no progress to be seen, which is no reason not to measure.
        let thread = std::thread::Builder::new()
            .name("progress".to_owned())
            .spawn(move || show(shown, stopped))
            .ok();
        Progress { live, clock, stop: Some(stop), thread }
    }
}

/// When a plain line is written.
struct Status {
    every_ns: u64,
    /// Set when somebody wants to know now.
    asked: Arc<AtomicBool>,
}

impl Observer for Progress {
    /// Takes note of what the run tells; never waits for the terminal.
    fn observe(&mut self, emission: &Emission) {
        lock(&self.live).observe(emission, &self.clock);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A panic in there has been told on stderr already.
            let _ = thread.join();
        }
    }
}

/// What a run is about to do, in one line: how much, where, how long.
pub fn announcement(plan: &impl Shown) -> String {
    plan.announcement()
}

fn draw(live: &Arc<Mutex<Live>>, clock: Clock, stop: &Receiver<()>, asked: &AtomicBool) {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let shown = Arc::clone(live);
    let lines = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
        let width = terminal_width();
        let text = clean_lines(&lock(&shown).bar(clock.now_ns(), width));
        // Writing to the bar's buffer cannot fail.
        let _ = out.write_str(&text);
    };
    if let Ok(style) = ProgressStyle::with_template("{lines}") {
        bar.set_style(style.with_key("lines", lines));
    }
    until_stopped(stop, || {
        // Drawing takes the lock again: it must be free by then.
        let mut messages = lock(live).messages(clock.now_ns());
        if asked.swap(false, Ordering::Relaxed) {
            messages.push(lock(live).plain(clock.now_ns()));
        }
        messages.iter().for_each(|message| bar.println(clean_lines(message)));
        bar.tick();
    });
    let messages = lock(live).last_messages();
    messages.iter().for_each(|message| bar.println(clean_lines(message)));
    bar.finish_and_clear();
}

fn write(
    live: &Mutex<Live>,
    clock: Clock,
    stop: &Receiver<()>,
    status: &Status,
    mut out: impl Write,
) {
    let mut said = (String::new(), 0);
    let mut put = |lines: Vec<String>| {
        for line in lines {
            // Nobody reads stderr any more: the run goes on without.
            let _ = writeln!(out, "{}", clean_lines(&line));
        }
    };
    until_stopped(stop, || {
        let now_ns = clock.now_ns();
        let mut live = lock(live);
        let mut lines = live.messages(now_ns);
        if let Some(phase) = live.phase() {
            let asked = status.asked.swap(false, Ordering::Relaxed);
            if phase != said.0 {
                lines.extend(live.begins());
                said = (phase.to_owned(), now_ns);
            } else if asked || now_ns.saturating_sub(said.1) >= status.every_ns {
                lines.push(live.plain(now_ns));
                said.1 = now_ns;
            }
        }
        drop(live);
        put(lines);
    });
    let messages = lock(live).last_messages();
    put(messages);
}

/// Calls back every [`FRAME`], and a last time after the other end of the channel has been dropped.
fn until_stopped(stop: &Receiver<()>, mut frame: impl FnMut()) {
    while stop.recv_timeout(FRAME) == Err(RecvTimeoutError::Timeout) {
        frame();
    }
    frame();
}

fn terminal_width() -> usize {
    let size = terminal_size::terminal_size_of(io::stderr());
    size.map_or(Style::UNKNOWN_WIDTH, |(width, _)| usize::from(width.0))
}

/// Progress is worth showing even after a panic elsewhere.
fn lock(live: &Mutex<Live>) -> MutexGuard<'_, Live> {
    live.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};
    use crate::plan::DiskPlan;
    use crate::record::Stall;

    /// What was written, seen from outside.
    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn plan() -> DiskPlan {
        let parsed = Cli::try_parse_from(["etcdbench", "disk", "/srv", "--quick"]).unwrap();
        let Command::Disk(args) = parsed.command else {
            panic!("not the disk subcommand");
        };
        DiskPlan::resolve(&args.spec).unwrap()
    }

    #[test]
    fn a_line_comes_as_often_as_was_said_and_when_it_is_asked_for() {
        for (every_ns, asked) in [(150_000_000, false), (u64::MAX, true)] {
            let (paper, clock) = (Paper::default(), Clock::start());
            let asked = Arc::new(AtomicBool::new(asked));
            let status = Status { every_ns, asked: Arc::clone(&asked) };
            let mut progress = Progress::lines(&plan(), clock, status, paper.clone());
            progress.observe(&Emission::PhaseStart {
                phase: Arc::from("wal"),
                at_ns: 0,
                planned_ns: 2_000_000_000,
            });
            let text = || String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
            let until = std::time::Instant::now() + Duration::from_secs(10);
            while !text().contains(" left in all") && std::time::Instant::now() < until {
                std::thread::sleep(Duration::from_millis(20));
                asked.store(every_ns == u64::MAX, Ordering::Relaxed);
            }
            drop(progress);
            assert!(text().contains("wal: 0 s of 2 s, "), "{}", text());
            assert!(text().contains(" left in all"), "{}", text());
        }
    }

    #[test]
    fn without_a_terminal_each_phase_and_stall_is_a_line() {
        let (paper, clock) = (Paper::default(), Clock::start());
        let asked = Arc::new(AtomicBool::new(false));
        let status = Status { every_ns: u64::MAX, asked };
        let mut progress = Progress::lines(&plan(), clock, status, paper.clone());
        let phase: Arc<str> = Arc::from("wal");
        progress.observe(&Emission::PhaseStart {
            phase: Arc::clone(&phase),
            at_ns: 0,
            planned_ns: 2_000_000_000,
        });
        progress.observe(&Emission::Stall(Stall {
            phase,
            series: "wal.fsync",
            member: Some(3),
            start_ns: 0,
            duration_ns: 150_000_000,
        }));
        drop(progress);
        let text = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("wal: 2 s\n"), "{text}");
        assert!(text.contains(" UTC  stall: wal.fsync of member 3 took 150 ms\n"), "{text}");
        assert_eq!(text.lines().count(), 2, "{text}");
    }
}
