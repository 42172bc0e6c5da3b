//! Ports of the members, which nobody else is given for as long as their cluster lives.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::fd::OwnedFd;

use rustix::net::sockopt::set_socket_reuseaddr;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, getsockname, socket_with};

use crate::error::{Error, Result};
use crate::etcd::Endpoint;

/// A member's ports. They stay its own while it is away, too: a client that tries to reach it then would sooner or
/// later be given the port that it dials, and be connected to itself.
pub struct Ports {
    /// Where it serves clients.
    pub client: u16,
    /// Where it serves the other members.
    pub peer: u16,
    _held: [OwnedFd; 2],
}

impl Ports {
    /// For so many members, all different.
    ///
    /// # Errors
    /// When the system has none left.
    pub fn take(members: usize) -> Result<Vec<Self>> {
        (0..members).map(|_| Ports::take_two()).collect()
    }

    fn take_two() -> Result<Self> {
        let ((client, one), (peer, other)) = (held()?, held()?);
        Ok(Ports { client, peer, _held: [one, other] })
    }

    /// Where clients reach the member.
    ///
    /// # Errors
    /// None that is known of.
    pub fn endpoint(&self) -> Result<Endpoint> {
        Endpoint::parse(&url(self.client)).map_err(Error::Refused)
    }
}

/// The address of a port.
pub fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// A port that nobody has, bound but not listened on. With SO_REUSEADDR on both sides, which Go sets, the member may
/// bind it as well and listen; the system gives it to nobody else.
fn held() -> Result<(u16, OwnedFd)> {
    let failed =
        |error: std::io::Error| Error::Refused(format!("no free port on 127.0.0.1: {error}"));
    let flags = SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)
        .map_err(|error| failed(error.into()))?;
    set_socket_reuseaddr(&socket, true).map_err(|error| failed(error.into()))?;
    bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))
        .map_err(|error| failed(error.into()))?;
    let bound = getsockname(&socket).map_err(|error| failed(error.into()))?;
    let bound = SocketAddr::try_from(bound).map_err(|error| failed(error.into()))?;
    Ok((bound.port(), socket))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn ports_are_different_dead_to_clients_and_free_to_the_member() {
        let ports = Ports::take(3).unwrap();
        let mut all: Vec<u16> = ports.iter().flat_map(|p| [p.client, p.peer]).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 6);
        let address = ("127.0.0.1", ports[0].client);
        assert!(TcpStream::connect(address).is_err());
        // As Go's, the listeners of Rust set SO_REUSEADDR.
        let member = TcpListener::bind(address).unwrap();
        assert!(TcpStream::connect(address).is_ok());
        drop(member);
        assert!(TcpListener::bind(address).is_ok(), "again after its death");
    }
}
