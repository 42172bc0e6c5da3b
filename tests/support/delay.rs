//! A proxy that passes bytes on after a while.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

/// Passes everything between two ports of this machine on, both ways, after so long; until the process ends.
pub fn pass_on(from: u16, to: u16, delay: Duration) {
    let listener = TcpListener::bind(("127.0.0.1", from)).expect("the port is free");
    spawn(move || {
        for near in listener.incoming().flatten() {
            let Ok(far) = TcpStream::connect(("127.0.0.1", to)) else { continue };
            let (near_too, far_too) = (near.try_clone(), far.try_clone());
            if let (Ok(near_too), Ok(far_too)) = (near_too, far_too) {
                one_way(near, far_too, delay);
                one_way(far, near_too, delay);
            }
        }
    });
}

fn one_way(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let (sender, receiver) = channel::<(Instant, Vec<u8>)>();
    spawn(move || {
        for (due, bytes) in receiver {
            sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
    spawn(move || {
        let mut buffer = vec![0; 65_536];
        while let Ok(n @ 1..) = from.read(&mut buffer) {
            if sender.send((Instant::now() + delay, buffer[..n].to_vec())).is_err() {
                break;
            }
        }
    });
}
