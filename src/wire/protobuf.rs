//! As much of the protobuf wire format as etcd's messages need (protobuf.dev, "Encoding").

/// Appends a field of type int32, int64, uint64, bool or enum. As proto3 does, 0 is left out.
pub fn put_varint(to: &mut Vec<u8>, field: u32, value: u64) {
    if value != 0 {
        varint(to, u64::from(field) << 3);
        varint(to, value);
    }
}

/// Appends a field of type bytes, string or message. An empty one is left out.
pub fn put_bytes(to: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    if !bytes.is_empty() {
        put_message(to, field, bytes.len(), |to| to.extend_from_slice(bytes));
    }
}

/// Appends a message whose length is known, also an empty one.
pub fn put_message(to: &mut Vec<u8>, field: u32, length: usize, write: impl FnOnce(&mut Vec<u8>)) {
    varint(to, u64::from(field) << 3 | 2);
    varint(to, length as u64);
    let start = to.len();
    write(to);
    debug_assert_eq!(to.len() - start, length, "field {field}");
}

/// Bytes that [`put_varint`] appends.
pub fn varint_field_len(field: u32, value: u64) -> usize {
    match value {
        0 => 0,
        value => varint_len(u64::from(field) << 3) + varint_len(value),
    }
}

/// Bytes that [`put_bytes`] appends.
pub fn bytes_field_len(field: u32, length: usize) -> usize {
    match length {
        0 => 0,
        length => message_field_len(field, length),
    }
}

/// Bytes that [`put_message`] appends.
pub fn message_field_len(field: u32, length: usize) -> usize {
    varint_len(u64::from(field) << 3) + varint_len(length as u64) + length
}

fn varint(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

fn varint_len(value: u64) -> usize {
    (70 - (value | 1).leading_zeros() as usize) / 7
}

/// A field of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// int32, int64, uint64, bool or enum.
    Number(u64),
    /// bytes, string or message.
    Bytes(&'a [u8]),
}

/// What is no protobuf message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer is no valid protobuf message")]
pub struct Malformed;

/// The fields of a message in the order they come. Fixed-width fields, which etcd's messages do not have, are skipped.
#[derive(Debug, Clone)]
pub struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// The fields of an encoded message.
    pub fn of(message: &'a [u8]) -> Self {
        Fields(message)
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(length).map_err(|_| Malformed)?;
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        for (index, &byte) in self.0.iter().enumerate().take(10) {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                self.0 = &self.0[index + 1..];
                return Ok(value);
            }
        }
        Err(Malformed)
    }

    fn field(&mut self) -> Result<Option<(u32, Value<'a>)>, Malformed> {
        while !self.0.is_empty() {
            let key = self.varint()?;
            let number = u32::try_from(key >> 3).map_err(|_| Malformed)?;
            match key & 7 {
                0 => return Ok(Some((number, Value::Number(self.varint()?)))),
                1 => drop(self.take(8)?),
                2 => {
                    let length = self.varint()?;
                    return Ok(Some((number, Value::Bytes(self.take(length)?))));
                }
                5 => drop(self.take(4)?),
                _ => return Err(Malformed),
            }
        }
        Ok(None)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Value<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let field = self.field();
        if field.is_err() {
            self.0 = &[];
        }
        field.transpose()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(number: u64, text: Vec<u8>) {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, 3, number);
            put_bytes(&mut bytes, 16, &text);
            let length = varint_field_len(3, number) + bytes_field_len(16, text.len());
            prop_assert_eq!(bytes.len(), length);
            let fields: Vec<_> = Fields::of(&bytes).map(Result::unwrap).collect();
            let mut wanted = Vec::new();
            if number != 0 {
                wanted.push((3, Value::Number(number)));
            }
            if !text.is_empty() {
                wanted.push((16, Value::Bytes(&text)));
            }
            prop_assert_eq!(fields, wanted);
        }

        #[test]
        fn garbage_is_refused_or_read_but_never_panics(bytes: Vec<u8>) {
            for field in Fields::of(&bytes) {
                let _ = field;
            }
        }
    }

    #[test]
    fn a_length_beyond_the_end_is_malformed() {
        assert_eq!(Fields::of(&[0x0a, 5, 1]).next(), Some(Err(Malformed)));
        assert_eq!(Fields::of(&[0x80; 11]).next(), Some(Err(Malformed)));
    }
}
