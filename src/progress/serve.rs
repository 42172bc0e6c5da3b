//! The page of a run while it goes on, for a browser, and its metrics, for Prometheus: by `--serve`.
//!
//! Everything is read from the result file, which is appended to while the run goes on: the page is the one that
//! `etcdbench report` shows of it, and the series are those of `--export openmetrics`. The run itself does nothing for
//! it. One request is answered after the other, each within seconds, and no document is made more often than takes up a
//! twentieth of the time.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::cli::{Export, Format, Table};
use crate::error::{Error, Result, usage};
use crate::plan::DocumentPlan;
use crate::record::Emission;
use crate::report::export::{ExportInput, export};
use crate::report::{self, Style};
use crate::result::{self, Event, HALT, Observer, RUNNING, Run, Summary};

/// Bytes of a request's head.
const MOST_HEAD: usize = 8 << 10;
/// A request takes no longer to come, and an answer no longer to be taken.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it is looked whether somebody asks.
const LOOK: Duration = Duration::from_millis(50);
/// A document is not made again sooner.
const FRESH: Duration = Duration::from_secs(2);
/// Nor sooner than so many times as long as it took.
const SPARING: u32 = 20;
/// Seconds after which a browser asks again.
const REFRESH: u32 = 5;

/// A place where a run will be shown; nobody is answered yet.
#[derive(Debug)]
pub struct Place {
    listener: TcpListener,
    address: SocketAddr,
}

impl Place {
    /// Listens at `8080`, `:8080` (both of this machine alone), `10.0.0.5:8080` or `0.0.0.0:8080`.
    ///
    /// # Errors
    /// [`Error::Usage`] for what is no address, [`Error::Refused`] where one cannot listen there.
    pub fn listen(typed: &str) -> Result<Place> {
        let address = address(typed)?;
        let refused = |error: io::Error| {
            Error::Refused(format!("--serve {address}: cannot listen: {error}; name another port"))
        };
        let listener = TcpListener::bind(address).map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(Place { listener, address })
    }

    /// Where the page and the metrics are, in one line.
    pub fn announcement(&self) -> String {
        let open = match self.address.ip().is_loopback() {
            true => "",
            false => ", for everybody who can reach this machine",
        };
        let address = self.address;
        format!("page http://{address}/   metrics http://{address}/metrics{open}")
    }

    /// Shows the run that is written to this file until what it returns is dropped; tells `inner` what it is told.
    pub fn show(self, path: PathBuf, inner: Box<dyn Observer + Send>) -> Box<dyn Observer + Send> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let local = self.address.ip().is_loopback();
        let mut shown = Shown { path, local, page: None, metrics: None };
        let listener = self.listener;
        // Without a thread nobody is answered, which is no reason not to measure.
        let thread = std::thread::Builder::new()
            .name("serve".to_owned())
            .spawn(move || {
                while !stopped.load(Ordering::Relaxed) {
                    match listener.accept() {
                        // Who hangs up is not told anything.
                        Ok((stream, _)) => drop(shown.answer(stream)),
                        Err(_) => std::thread::sleep(LOOK),
                    }
                }
            })
            .ok();
        Box::new(Serving { inner, stop, thread })
    }
}

/// An address as it was typed; of a port alone that of this machine.
fn address(typed: &str) -> Result<SocketAddr> {
    let loopback = IpAddr::from(Ipv4Addr::LOCALHOST);
    if let Ok(port) = typed.trim_start_matches(':').parse::<u16>() {
        return Ok(SocketAddr::new(loopback, port));
    }
    let found = typed.to_socket_addrs().ok().and_then(|mut all| all.next());
    found.ok_or_else(|| {
        let told =
            format!("--serve {typed}: '{typed}' is no address; write it like 127.0.0.1:8080");
        usage(&["--serve"], told)
    })
}

/// Hands on what it is told, while a thread answers.
struct Serving {
    inner: Box<dyn Observer + Send>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Observer for Serving {
    fn observe(&mut self, emission: &Emission) {
        self.inner.observe(emission);
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic in there has been told on stderr already.
            let _ = thread.join();
        }
    }
}

/// A document, when it was made and how long that took.
struct Made {
    text: String,
    at: Instant,
    took: Duration,
}

impl Made {
    fn is_fresh(&self) -> bool {
        self.at.elapsed() < FRESH.max(self.took * SPARING)
    }
}

/// A run that goes on.
struct Shown {
    path: PathBuf,
    /// Only this machine can ask.
    local: bool,
    page: Option<Made>,
    metrics: Option<Made>,
}

/// An answer: its status, type and text.
struct Answer(&'static str, &'static str, String);

const PLAIN: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

impl Shown {
    fn answer(&mut self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nonblocking(false)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let head = head(&mut stream)?;
        let mut words = head.lines().next().unwrap_or_default().split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let Answer(status, kind, text) = match method {
            "GET" | "HEAD" if self.is_for_us(&head) => self.document(target),
            "GET" | "HEAD" => {
                let told = "this is answered under an address or the name localhost only\n";
                Answer("421 Misdirected Request", PLAIN, told.to_owned())
            }
            _ => Answer("405 Method Not Allowed", PLAIN, "only GET is answered\n".to_owned()),
        };
        let refresh = if kind == HTML { format!("Refresh: {REFRESH}\r\n") } else { String::new() };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{refresh}Cache-Control: no-store\r\n\
             X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
            text.len()
        );
        stream.write_all(head.as_bytes())?;
        if method != "HEAD" {
            stream.write_all(text.as_bytes())?;
        }
        stream.flush()
    }

    /// A page of somebody else's may have its name lead here (DNS rebinding): where only this machine can ask, it has
    /// to be asked for by an address.
    fn is_for_us(&self, head: &str) -> bool {
        let named = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("host").then(|| value.trim())
        });
        let host = named.unwrap_or_default();
        let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        !self.local || host == "localhost" || host.parse::<IpAddr>().is_ok()
    }

    fn document(&mut self, target: &str) -> Answer {
        let (made, kind, make): (_, _, fn(&Path) -> Result<String>) =
            match target.split('?').next().unwrap_or_default() {
                "/" | "/index.html" => (&mut self.page, HTML, page),
                "/metrics" => (&mut self.metrics, OPENMETRICS, metrics),
                _ => {
                    let told = "there are / and /metrics\n".to_owned();
                    return Answer("404 Not Found", PLAIN, told);
                }
            };
        if !made.as_ref().is_some_and(Made::is_fresh) {
            let begun = Instant::now();
            match make(&self.path) {
                Ok(text) => *made = Some(Made { text, at: Instant::now(), took: begun.elapsed() }),
                // Before the first line there is nothing to show.
                Err(_) if made.is_none() => {
                    let told = "the run has not begun\n".to_owned();
                    return Answer("503 Service Unavailable", PLAIN, told);
                }
                Err(_) => {}
            }
        }
        let text = made.as_ref().map(|made| made.text.clone()).unwrap_or_default();
        Answer("200 OK", kind, text)
    }
}

/// The head of a request; what is longer or takes longer is no request of ours.
fn head(stream: &mut TcpStream) -> io::Result<String> {
    let until = Instant::now() + PATIENCE;
    let mut head = Vec::new();
    let mut part = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || head.len() >= MOST_HEAD {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut part)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => head.extend_from_slice(&part[..n]),
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// The run as far as it has come, and what it amounts to by now.
fn so_far(path: &Path) -> Result<(Run, Summary)> {
    let mut run = result::read(path)?;
    if let Some(summary) = run.summary.clone() {
        return Ok((run, summary));
    }
    let now = Timestamp::now().to_string();
    run.events.push(Event {
        kind: HALT.to_owned(),
        at: now.clone(),
        detail: serde_json::json!({ "why": RUNNING }),
        ..Event::default()
    });
    let summary = report::conclude(&run, false, false, now);
    Ok((run, summary))
}

fn page(path: &Path) -> Result<String> {
    let found = so_far(path)?;
    let plan = DocumentPlan { format: Format::Html, table: Table::Summary, output: None };
    let style = Style { width: Style::UNKNOWN_WIDTH, color: false, height: None };
    Ok(report::document(&[found], &[path.to_path_buf()], &plan, &style))
}

fn metrics(path: &Path) -> Result<String> {
    let (run, summary) = so_far(path)?;
    let input = ExportInput::Run { run: &run, summary: &summary, intervals: &[] };
    let documents = export(Export::Openmetrics, input)?;
    Ok(documents.into_iter().map(|document| document.text).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_alone_is_of_this_machine() {
        for typed in ["8080", ":8080", "127.0.0.1:8080"] {
            assert_eq!(address(typed).unwrap().to_string(), "127.0.0.1:8080");
        }
        assert_eq!(address("0.0.0.0:9").unwrap().to_string(), "0.0.0.0:9");
        for typed in ["", "nonsense", "127.0.0.1", "1:2:3:4", "99999"] {
            let told = address(typed).unwrap_err().to_string();
            assert!(told.contains("--serve") && told.contains("like 127.0.0.1:8080"), "{told}");
        }
    }

    #[test]
    fn names_that_may_lead_anywhere_are_not_answered() {
        let shown = |local| Shown { path: PathBuf::new(), local, page: None, metrics: None };
        let head = |host: &str| format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        for host in ["127.0.0.1:80", "localhost:9", "[::1]:80", "localhost"] {
            assert!(shown(true).is_for_us(&head(host)), "{host}");
        }
        assert!(!shown(true).is_for_us(&head("evil.example:80")));
        assert!(!shown(true).is_for_us("GET / HTTP/1.1\r\n\r\n"));
        assert!(shown(false).is_for_us(&head("node-1.example:80")));
    }
}
