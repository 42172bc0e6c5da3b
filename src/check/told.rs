//! What is told while a check goes on.

/// What is told while it goes on.
#[derive(Debug, Clone, Copy)]
pub enum Told<'a> {
    /// It begins: which members answer, what is written, and how much at most.
    Begins {
        /// Members that answer.
        members: usize,
        /// How long it looks.
        duration_ns: u64,
        /// What the keys begin with that are written, and how many writes there are at most.
        writes: Option<(&'a str, u64)>,
    },
    /// So much of it is done.
    Done {
        /// How long it has looked.
        elapsed_ns: u64,
    },
}
