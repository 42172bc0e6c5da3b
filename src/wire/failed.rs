//! Why a call of the control plane came to nothing, and on which side.

use super::dial_error::DialError;
use super::grpc::Failure;
use super::protobuf::Malformed;
use crate::etcd::ErrorClass;

/// Why a call came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// There was no connection.
    #[error("{0}")]
    NotConnected(DialError),
    /// The connection broke before the answer was whole, or who answers speaks no gRPC.
    #[error("{0}")]
    Broken(Failure),
    /// The server says no.
    #[error("{0}")]
    Refused(Failure),
    /// What came as an answer cannot be read, or is larger than is taken.
    #[error("{0}")]
    Unusable(Failure),
}

impl Failed {
    /// An answer that is none.
    pub fn unusable(message: impl Into<String>) -> Self {
        Failed::Unusable(Failure::new(ErrorClass::Other, message))
    }
}

impl From<DialError> for Failed {
    fn from(error: DialError) -> Self {
        Failed::NotConnected(error)
    }
}

impl From<h2::Error> for Failed {
    fn from(error: h2::Error) -> Self {
        Failed::Broken(error.into())
    }
}

impl From<Malformed> for Failed {
    fn from(malformed: Malformed) -> Self {
        Failed::Unusable(malformed.into())
    }
}

impl From<Failed> for Failure {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::NotConnected(error) => Failure::new(ErrorClass::NotSent, error.to_string()),
            Failed::Broken(failure) | Failed::Refused(failure) | Failed::Unusable(failure) => {
                failure
            }
        }
    }
}
