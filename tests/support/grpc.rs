//! A client of etcd's API that shares nothing with that of the program: messages made by hand, over the h2 crate.

use std::future::poll_fn;

use bytes::{Bytes, BytesMut};
use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Request, Version};
use tokio::net::TcpStream;

use super::null_server::answers::{bytes, frame, unframe};

/// A connection; clones share it.
#[derive(Clone)]
pub struct Grpc {
    send: SendRequest<Bytes>,
    address: String,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// The server says no: the code and the text of its gRPC status.
    Status(u32, String),
    /// The connection broke, or what came is no answer.
    Broken(String),
}

impl From<h2::Error> for Wrong {
    fn from(error: h2::Error) -> Self {
        Wrong::Broken(error.to_string())
    }
}

impl Grpc {
    /// Connects to `host:port`, without TLS.
    pub async fn connect(address: &str) -> Self {
        let address = address.trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&address).await.expect("it takes connections");
        stream.set_nodelay(true).expect("a socket");
        let (send, connection) = h2::client::handshake(stream).await.expect("a preface is sent");
        tokio::spawn(async {
            // Whoever waits for an answer sees how it ended.
            let _ = connection.await;
        });
        Grpc { send, address }
    }

    /// One message, and the one that answers it. A method is named as in `KV/Put`.
    pub async fn call(&mut self, method: &str, message: &[u8]) -> Result<Bytes, Wrong> {
        let mut stream = self.begin(method, message, true).await?;
        let answer = stream.next().await?;
        match (answer, stream.next().await?) {
            (Some(answer), None) => Ok(answer),
            (answer, more) => Err(Wrong::Broken(format!("not one message: {answer:?}, {more:?}"))),
        }
    }

    /// Messages in both directions.
    pub async fn open(&mut self, method: &str, first: &[u8]) -> Result<Stream, Wrong> {
        self.begin(method, first, false).await
    }

    async fn begin(&mut self, method: &str, first: &[u8], ends: bool) -> Result<Stream, Wrong> {
        poll_fn(|cx| self.send.poll_ready(cx)).await?;
        let request = Request::post(format!("http://{}/etcdserverpb.{method}", self.address))
            .version(Version::HTTP_2)
            .header("te", "trailers")
            .header("content-type", "application/grpc")
            .body(())
            .expect("a request");
        let (response, mut send) = self.send.send_request(request, false)?;
        send.send_data(frame(first), ends)?;
        let body = begun(response).await?;
        Ok(Stream { send, body, come: BytesMut::new() })
    }
}

async fn begun(response: ResponseFuture) -> Result<RecvStream, Wrong> {
    let (head, body) = response.await?.into_parts();
    outcome(&head.headers).unwrap_or(Ok(()))?;
    match head.status.as_u16() {
        200 => Ok(body),
        other => Err(Wrong::Broken(format!("HTTP status {other}"))),
    }
}

fn outcome(fields: &HeaderMap) -> Option<Result<(), Wrong>> {
    let text = |name| fields.get(name).and_then(|value| value.to_str().ok());
    let code: u32 = text("grpc-status")?.parse().ok()?;
    let message = text("grpc-message").unwrap_or_default().to_owned();
    Some(if code == 0 { Ok(()) } else { Err(Wrong::Status(code, message)) })
}

/// A call under way.
pub struct Stream {
    send: SendStream<Bytes>,
    body: RecvStream,
    come: BytesMut,
}

impl Stream {
    /// Sends another message.
    pub fn send(&mut self, message: &[u8]) -> Result<(), Wrong> {
        Ok(self.send.send_data(frame(message), false)?)
    }

    /// The next message; none after a good end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Wrong> {
        loop {
            if let Some(message) = unframe(&mut self.come) {
                return Ok(Some(message));
            }
            let Some(data) = self.body.data().await else { break };
            let data = data?;
            self.body.flow_control().release_capacity(data.len())?;
            self.come.extend_from_slice(&data);
        }
        let trailers = self.body.trailers().await?;
        let told = trailers.as_ref().and_then(outcome);
        told.unwrap_or_else(|| Err(Wrong::Broken("no outcome".to_owned())))?;
        Ok(None)
    }
}

/// `PutRequest`.
pub fn put(key: impl AsRef<[u8]>, value: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(16 + key.as_ref().len() + value.len());
    bytes(&mut message, 1, key.as_ref());
    bytes(&mut message, 2, value);
    message
}

/// `TxnRequest` of puts alone.
pub fn txn_of_puts(puts: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut message = Vec::new();
    for put in puts {
        let mut operation = Vec::with_capacity(8 + put.len());
        bytes(&mut operation, 2, &put);
        bytes(&mut message, 2, &operation);
    }
    message
}
