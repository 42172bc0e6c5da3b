//! What became of an operation that failed, and whether a write may have been applied all the same.
//!
//! A write has definitely failed only where this list says so; everything else may have been applied (as Jepsen
//! counts). A timeout of the *server* comes as `Unavailable`, so the code alone does not tell.

/// Why an operation failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorClass {
    /// There was no connection to send it on.
    NotSent,
    /// The member knows no leader.
    NoLeader,
    /// The leader changed while it was under way.
    LeaderChanged,
    /// The server gave up waiting for its own consensus.
    ServerTimeout,
    /// The server is shutting down, or the cluster is unhealthy.
    Stopping,
    /// The connection broke, or the answer was not gRPC.
    Transport,
    /// Not answered within `--command-timeout`.
    ClientDeadline,
    /// Refused: too many requests are waiting to be applied.
    Overload,
    /// Refused: the database has reached its quota.
    NoSpace,
    /// Refused: the request is too large.
    TooLarge,
    /// The revision is compacted, or lies in the future.
    Compacted,
    /// The lease does not exist any more.
    LeaseGone,
    /// Refused: the token is not believed any more; another is got, and the request sent once more.
    StaleToken,
    /// Refused: permission, or a request the server does not accept.
    Denied,
    /// The server says that its data is corrupt.
    Corrupt,
    /// Anything else.
    Other,
}

/// gRPC status codes (grpc.io, "Status codes and their use in gRPC").
mod code {
    pub const CANCELLED: u32 = 1;
    pub const INVALID_ARGUMENT: u32 = 3;
    pub const DEADLINE_EXCEEDED: u32 = 4;
    pub const NOT_FOUND: u32 = 5;
    pub const PERMISSION_DENIED: u32 = 7;
    pub const RESOURCE_EXHAUSTED: u32 = 8;
    pub const FAILED_PRECONDITION: u32 = 9;
    pub const OUT_OF_RANGE: u32 = 11;
    pub const UNIMPLEMENTED: u32 = 12;
    pub const UNAVAILABLE: u32 = 14;
    pub const DATA_LOSS: u32 = 15;
    pub const UNAUTHENTICATED: u32 = 16;
}

/// Whether a request that ended with this gRPC status needs a new token, as etcd's own client decides
/// (client/v3/retry_interceptor.go). Such a request has done nothing.
pub fn is_stale_token(code: u32, message: &str) -> bool {
    match code {
        code::UNAUTHENTICATED => message.contains("invalid auth token"),
        code::INVALID_ARGUMENT => {
            message.contains("revision of auth store is old")
                || message.contains("user name is empty")
        }
        _ => false,
    }
}

impl ErrorClass {
    /// The class of a gRPC status. The texts are etcd's (`api/v3rpc/rpctypes/error.go`).
    ///
    /// What etcd says goes before the code: errors that its server does not map to a status of their own come as
    /// Unknown (2), with the text alone (`server/etcdserver/api/v3rpc/util.go`, `togRPCError`). Among them are
    /// "too many requests" in 3.4 and 3.5, whose mapped error is one of the client, and what raft refuses.
    pub fn of_status(code: u32, message: &str) -> ErrorClass {
        let says = |text: &str| message.contains(text);
        if let Some(class) = ErrorClass::of_text(message) {
            return class;
        }
        match code {
            _ if is_stale_token(code, message) => ErrorClass::StaleToken,
            code::UNAVAILABLE if says("timed out") => ErrorClass::ServerTimeout,
            code::UNAVAILABLE => ErrorClass::Transport,
            code::CANCELLED | code::DEADLINE_EXCEEDED => ErrorClass::ServerTimeout,
            code::RESOURCE_EXHAUSTED => ErrorClass::TooLarge,
            code::INVALID_ARGUMENT if says("too large") => ErrorClass::TooLarge,
            code::OUT_OF_RANGE => ErrorClass::Compacted,
            code::NOT_FOUND if says("lease") => ErrorClass::LeaseGone,
            code::DATA_LOSS => ErrorClass::Corrupt,
            code::INVALID_ARGUMENT
            | code::FAILED_PRECONDITION
            | code::PERMISSION_DENIED
            | code::UNIMPLEMENTED
            | code::UNAUTHENTICATED => ErrorClass::Denied,
            _ => ErrorClass::Other,
        }
    }

    /// The class of what etcd says in words that mean the same whatever the code.
    fn of_text(message: &str) -> Option<ErrorClass> {
        const TEXTS: [(&str, ErrorClass); 13] = [
            ("etcdserver: too many requests", ErrorClass::Overload),
            ("database space exceeded", ErrorClass::NoSpace),
            ("etcdserver: no space", ErrorClass::NoSpace),
            ("etcdserver: request is too large", ErrorClass::TooLarge),
            ("etcdserver: no leader", ErrorClass::NoLeader),
            ("etcdserver: not leader", ErrorClass::NoLeader),
            // raft refuses what comes while there is no leader, or it is handed over.
            ("raft proposal dropped", ErrorClass::NoLeader),
            ("etcdserver: leader changed", ErrorClass::LeaderChanged),
            ("etcdserver: request timed out", ErrorClass::ServerTimeout),
            ("etcdserver: server stopped", ErrorClass::Stopping),
            ("raft: stopped", ErrorClass::Stopping),
            ("etcdserver: unhealthy cluster", ErrorClass::Stopping),
            ("etcdserver: corrupt cluster", ErrorClass::Corrupt),
        ];
        TEXTS.into_iter().find(|(text, _)| message.contains(text)).map(|(_, class)| class)
    }

    /// Its name in a result.
    pub fn name(self) -> &'static str {
        match self {
            ErrorClass::NotSent => "not-sent",
            ErrorClass::NoLeader => "no-leader",
            ErrorClass::LeaderChanged => "leader-changed",
            ErrorClass::ServerTimeout => "server-timeout",
            ErrorClass::Stopping => "stopping",
            ErrorClass::Transport => "transport",
            ErrorClass::ClientDeadline => "client-deadline",
            ErrorClass::Overload => "overload",
            ErrorClass::NoSpace => "no-space",
            ErrorClass::TooLarge => "too-large",
            ErrorClass::Compacted => "compacted",
            ErrorClass::LeaseGone => "lease-gone",
            ErrorClass::StaleToken => "stale-token",
            ErrorClass::Denied => "denied",
            ErrorClass::Corrupt => "corrupt",
            ErrorClass::Other => "other",
        }
    }

    /// Every class.
    pub const ALL: [ErrorClass; 16] = [
        ErrorClass::NotSent,
        ErrorClass::NoLeader,
        ErrorClass::LeaderChanged,
        ErrorClass::ServerTimeout,
        ErrorClass::Stopping,
        ErrorClass::Transport,
        ErrorClass::ClientDeadline,
        ErrorClass::Overload,
        ErrorClass::NoSpace,
        ErrorClass::TooLarge,
        ErrorClass::Compacted,
        ErrorClass::LeaseGone,
        ErrorClass::StaleToken,
        ErrorClass::Denied,
        ErrorClass::Corrupt,
        ErrorClass::Other,
    ];

    /// The class of this name; `None` for what no version of this program has written.
    pub fn of_name(name: &str) -> Option<ErrorClass> {
        ErrorClass::ALL.into_iter().find(|class| class.name() == name)
    }

    /// Whether a write that failed like this was certainly not applied.
    pub fn not_applied(self) -> bool {
        matches!(
            self,
            ErrorClass::NotSent
                | ErrorClass::Overload
                | ErrorClass::NoSpace
                | ErrorClass::TooLarge
                | ErrorClass::LeaseGone
                | ErrorClass::StaleToken
                | ErrorClass::Denied
        )
    }

    /// Whether going on makes no sense: every further request would meet the same.
    pub fn ends_the_run(self) -> bool {
        matches!(self, ErrorClass::Denied | ErrorClass::Corrupt)
    }
}

#[cfg(test)]
mod tests {
    use super::{ErrorClass, is_stale_token};

    #[test]
    fn a_timeout_of_the_server_is_no_lost_connection() {
        for message in [
            "etcdserver: request timed out",
            "etcdserver: request timed out, possibly due to previous leader failure",
            "etcdserver: request timed out, possibly due to connection lost",
            "etcdserver: request timed out, waiting for the applied index took too long",
        ] {
            let class = ErrorClass::of_status(14, message);
            assert_eq!(class, ErrorClass::ServerTimeout, "{message}");
            assert!(!class.not_applied());
        }
        assert_eq!(
            ErrorClass::of_status(14, "error reading from server: EOF"),
            ErrorClass::Transport
        );
    }

    #[test]
    fn every_class_is_found_by_its_name() {
        for class in ErrorClass::ALL {
            assert_eq!(ErrorClass::of_name(class.name()), Some(class));
        }
        assert_eq!(ErrorClass::of_name("sulking"), None);
    }

    #[test]
    fn a_full_database_is_told_from_a_large_request() {
        let class = ErrorClass::of_status(8, "etcdserver: mvcc: database space exceeded");
        assert_eq!(class, ErrorClass::NoSpace);
        let class = ErrorClass::of_status(8, "grpc: received message larger than max (3 vs. 2)");
        assert_eq!(class, ErrorClass::TooLarge);
        // As 3.4 and 3.5 send it, and as 3.6 does.
        for code in [2, 8] {
            let class = ErrorClass::of_status(code, "etcdserver: too many requests");
            assert_eq!(class, ErrorClass::Overload);
            assert!(class.not_applied());
        }
    }

    #[test]
    fn what_comes_without_a_status_of_its_own_is_told_by_its_text() {
        for (message, class) in [
            ("raft proposal dropped", ErrorClass::NoLeader),
            ("raft: stopped", ErrorClass::Stopping),
            ("etcdserver: leader changed", ErrorClass::LeaderChanged),
            ("something nobody has heard of", ErrorClass::Other),
        ] {
            assert_eq!(ErrorClass::of_status(2, message), class, "{message}");
        }
        assert_eq!(ErrorClass::of_status(9, "etcdserver: not leader"), ErrorClass::NoLeader);
    }

    #[test]
    fn a_token_is_renewed_for_what_etcd_says_of_a_stale_one() {
        assert!(is_stale_token(16, "etcdserver: invalid auth token"));
        assert!(is_stale_token(3, "etcdserver: revision of auth store is old"));
        assert!(is_stale_token(3, "etcdserver: user name is empty"));
        assert!(!is_stale_token(7, "etcdserver: permission denied"));
        assert!(!is_stale_token(
            3,
            "etcdserver: authentication failed, invalid user ID or password"
        ));
    }
}
