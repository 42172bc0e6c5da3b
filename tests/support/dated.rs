//! A proxy in front of a member whose clock is wrong, as far as others can see: the dates of its answers are shifted.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::spawn;

use jiff::{SignedDuration, Timestamp};

const NAME: &[u8] = b"\r\nDate: ";
/// As RFC 9110 has a date: always of 29 characters.
const FORM: &str = "%a, %d %b %Y %H:%M:%S GMT";
const LENGTH: usize = 29;

/// Passes everything between two ports of this machine on until the process ends, with the dates of answers shifted.
pub fn pass_on(from: u16, to: u16, ahead: SignedDuration) {
    let listener = TcpListener::bind(("127.0.0.1", from)).expect("the port is free");
    spawn(move || {
        for near in listener.incoming().flatten() {
            let Ok(far) = TcpStream::connect(("127.0.0.1", to)) else { continue };
            if let (Ok(near_too), Ok(far_too)) = (near.try_clone(), far.try_clone()) {
                one_way(near, far_too, SignedDuration::ZERO);
                one_way(far, near_too, ahead);
            }
        }
    });
}

fn one_way(mut from: TcpStream, mut to: TcpStream, ahead: SignedDuration) {
    spawn(move || {
        let mut buffer = vec![0; 65_536];
        while let Ok(n @ 1..) = from.read(&mut buffer) {
            shift(&mut buffer[..n], ahead);
            if to.write_all(&buffer[..n]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}

/// Shifts the date of an answer; heads of answers come in one piece here.
fn shift(bytes: &mut [u8], ahead: SignedDuration) {
    let found = bytes.windows(NAME.len()).position(|window| window.eq_ignore_ascii_case(NAME));
    let Some(at) = found.map(|at| at + NAME.len()) else { return };
    let Some(date) = bytes.get_mut(at..at + LENGTH) else { return };
    let told = std::str::from_utf8(date).expect("a date");
    let told = jiff::fmt::strtime::parse(FORM, told).and_then(|parsed| parsed.to_datetime());
    let told = told.expect("a date").to_zoned(jiff::tz::TimeZone::UTC).expect("a time").timestamp();
    let shifted: Timestamp = told + ahead;
    date.copy_from_slice(shifted.strftime(FORM).to_string().as_bytes());
}
