//! Connections to a member, plain or TLS.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::dial_error::{DialError, DialFailure};
use super::tls::Material;
use super::tls_error::TlsFlags;
use crate::error::Result;
use crate::etcd::Endpoint;
use crate::etcd::Security;

/// Makes connections. Cheap to clone; all clones share one configuration and its TLS sessions.
#[derive(Clone)]
pub struct Dialer {
    inner: Arc<Inner>,
}

struct Inner {
    timeout_ns: u64,
    flags: TlsFlags,
    material: Material,
    connector: OnceLock<TlsConnector>,
    /// Where connections lead that no network carries.
    #[cfg(test)]
    memory: Option<Memory>,
}

/// Makes both ends of a connection within this process, and gives the other one away.
#[cfg(test)]
pub(crate) type Memory = Box<dyn Fn() -> io::Result<tokio::io::DuplexStream> + Send + Sync>;

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer").field("timeout_ns", &self.inner.timeout_ns).finish_non_exhaustive()
    }
}

impl Dialer {
    /// Reads and checks the files that `security` names. A connection not made within `dial_timeout_ns`, from the
    /// name's resolution to the end of the TLS handshake, has failed.
    ///
    /// # Errors
    /// [`crate::error::Error::Usage`] with the flag, the file and what is wrong with it.
    pub fn new(security: &Security, dial_timeout_ns: u64) -> Result<Dialer> {
        Ok(Dialer {
            inner: Arc::new(Inner {
                timeout_ns: dial_timeout_ns,
                flags: TlsFlags::of(security),
                material: Material::read(security)?,
                connector: OnceLock::new(),
                #[cfg(test)]
                memory: None,
            }),
        })
    }

    /// One whose connections are within this process.
    #[cfg(test)]
    pub(crate) fn in_memory(memory: Memory) -> Dialer {
        let inner = Inner {
            timeout_ns: u64::MAX,
            flags: TlsFlags::of(&Security::default()),
            material: Material::read(&Security::default()).expect("no files are named"),
            connector: OnceLock::new(),
            memory: Some(memory),
        };
        Dialer { inner: Arc::new(inner) }
    }

    /// Connects, trying each address of the name in turn.
    ///
    /// # Errors
    /// A sentence a person can act on.
    pub async fn dial(&self, endpoint: &Endpoint) -> std::result::Result<Stream, DialError> {
        match self.connect(endpoint).await {
            Err(error) if endpoint.tls() && error.failure().may_be_plain() => {
                Err(self.plain_instead(endpoint).await.unwrap_or(error))
            }
            other => other,
        }
    }

    /// Connects; looks no further where that fails.
    pub(super) async fn connect(
        &self,
        endpoint: &Endpoint,
    ) -> std::result::Result<Stream, DialError> {
        #[cfg(test)]
        if let Some(memory) = &self.inner.memory {
            return memory().map(Stream::Memory).map_err(|error| DialError::io(endpoint, &error));
        }
        let deadline = self.deadline();
        let tcp = self.tcp(endpoint, deadline).await?;
        if !endpoint.tls() {
            return Ok(Stream::Plain(tcp));
        }
        let connector = self
            .inner
            .connector
            .get_or_init(|| TlsConnector::from(Arc::new(self.inner.material.config())));
        self.handshake(connector, endpoint, tcp, deadline).await
    }

    /// Connects with TLS, whatever the endpoint says, and believes any certificate: to learn who is there.
    pub(super) async fn dial_unverified(
        &self,
        endpoint: &Endpoint,
    ) -> std::result::Result<Stream, DialError> {
        let deadline = self.deadline();
        let tcp = self.tcp(endpoint, deadline).await?;
        let config = self.inner.material.config_that_believes_anyone();
        let connector = TlsConnector::from(Arc::new(config));
        self.handshake(&connector, endpoint, tcp, deadline).await
    }

    /// Longest time for a connection.
    pub(super) fn timeout(&self) -> Duration {
        Duration::from_nanos(self.inner.timeout_ns)
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.timeout()
    }

    /// A plain connection to the first address that takes one. An address that does not answer leaves the others their
    /// part of the time.
    async fn tcp(
        &self,
        endpoint: &Endpoint,
        deadline: Instant,
    ) -> std::result::Result<TcpStream, DialError> {
        let late = |doing| DialError::timeout(endpoint, doing, self.inner.timeout_ns);
        let addresses = timeout_at(deadline, resolve(endpoint))
            .await
            .map_err(|_| late("has a name that is not resolved"))?
            .map_err(|error| DialError::unresolved(endpoint, &error))?;
        let mut last = late("takes no connection");
        for (tried, address) in addresses.iter().enumerate() {
            let left = deadline.saturating_duration_since(Instant::now());
            let share = left / u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
            match timeout_at(Instant::now() + share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Only a delay is lost where this fails, and it does not fail on a connected socket.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(error)) => last = DialError::io(endpoint, &error),
                Err(_) => last = late("takes no connection"),
            }
        }
        Err(last)
    }

    async fn handshake(
        &self,
        connector: &TlsConnector,
        endpoint: &Endpoint,
        tcp: TcpStream,
        deadline: Instant,
    ) -> std::result::Result<Stream, DialError> {
        let name = ServerName::try_from(endpoint.name().to_owned()).map_err(|_| {
            DialError::new(
                DialFailure::WrongName,
                endpoint,
                "has a host that no certificate can name",
            )
        })?;
        match timeout_at(deadline, connector.connect(name, tcp)).await {
            Ok(Ok(stream)) => Ok(Stream::Tls(Box::new(TlsConnection {
                stream,
                endpoint: endpoint.clone(),
                flags: self.inner.flags.clone(),
            }))),
            Ok(Err(error)) => Err(explain(endpoint, &self.inner.flags, &error)),
            Err(_) => Err(DialError::timeout(
                endpoint,
                "takes connections but does not finish a TLS handshake",
                self.inner.timeout_ns,
            )),
        }
    }
}

async fn resolve(endpoint: &Endpoint) -> io::Result<Vec<SocketAddr>> {
    let found = tokio::net::lookup_host((endpoint.host(), endpoint.port())).await?;
    let found: Vec<SocketAddr> = found.collect();
    if found.is_empty() {
        return Err(io::Error::other("no address"));
    }
    Ok(found)
}

/// What an error of a TLS connection means: TLS's own, or the system's.
fn explain(endpoint: &Endpoint, flags: &TlsFlags, error: &io::Error) -> DialError {
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(tls) => flags.explain(endpoint, tls),
        None => DialError::io(endpoint, error),
    }
}

/// A connection to a member. Bytes are sent at once (`TCP_NODELAY`); over TLS, HTTP/2 was offered by ALPN.
pub enum Stream {
    /// Without TLS.
    Plain(TcpStream),
    /// With TLS. Its errors are [`DialError`]s.
    Tls(Box<TlsConnection>),
    /// Within this process.
    #[cfg(test)]
    Memory(tokio::io::DuplexStream),
}

/// A connection with TLS. An error while reading carries a [`DialError`]: that the server misses the client's
/// certificate shows only there.
pub struct TlsConnection {
    stream: TlsStream<TcpStream>,
    endpoint: Endpoint,
    flags: TlsFlags,
}

impl TlsConnection {
    /// When the server's certificate ends, in seconds since 1970.
    pub fn certificate_ends_s(&self) -> Option<i64> {
        let chain = self.stream.get_ref().1.peer_certificates()?;
        super::certificate::ends_s(chain.first()?)
    }

    fn explained<T>(&self, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        poll.map_err(|error| {
            let tls = error.get_ref().is_some_and(|e| e.is::<rustls::Error>());
            if !tls {
                return error;
            }
            io::Error::new(error.kind(), explain(&self.endpoint, &self.flags, &error))
        })
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stream::Plain(_) => "Stream::Plain",
            Stream::Tls(_) => "Stream::Tls",
            #[cfg(test)]
            Stream::Memory(_) => "Stream::Memory",
        })
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            #[cfg(test)]
            Stream::Memory(stream) => Pin::new(stream).poll_read(cx, buf),
            Stream::Tls(tls) => {
                let poll = Pin::new(&mut tls.stream).poll_read(cx, buf);
                tls.explained(poll)
            }
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            #[cfg(test)]
            Stream::Memory(stream) => Pin::new(stream).poll_write(cx, buf),
            Stream::Tls(tls) => Pin::new(&mut tls.stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            #[cfg(test)]
            Stream::Memory(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Stream::Tls(tls) => Pin::new(&mut tls.stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Stream::Plain(stream) => stream.is_write_vectored(),
            #[cfg(test)]
            Stream::Memory(stream) => stream.is_write_vectored(),
            Stream::Tls(tls) => tls.stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            #[cfg(test)]
            Stream::Memory(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(tls) => Pin::new(&mut tls.stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            #[cfg(test)]
            Stream::Memory(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(tls) => Pin::new(&mut tls.stream).poll_shutdown(cx),
        }
    }
}
