//! As much HTTP/1.1 as callers, servers and the agent of these tests speak: heads, and bodies that are read to the end.

use std::io::{Error, ErrorKind, Read, Result};

/// A head with the empty line behind it. An error where the other side goes before its end.
pub fn read_head(from: &mut impl Read) -> Result<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        from.read_exact(&mut byte)?;
        bytes.push(byte[0]);
    }
    String::from_utf8(bytes).map_err(|error| Error::new(ErrorKind::InvalidData, error))
}

/// The value of a header, by its name in small letters.
pub fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut headers = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    headers.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value.trim()))
}

/// The method and the target of a request.
pub fn request_line(head: &str) -> (&str, &str) {
    let mut words = head.split(' ');
    (words.next().unwrap_or_default(), words.next().unwrap_or_default())
}

/// Whether an answer with this head, or an answer as a whole, has the status 200.
pub fn is_ok(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 200 ")
}
