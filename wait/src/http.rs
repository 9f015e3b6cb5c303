//! The little HTTP/1.1 that is needed to ask a question: one request, one bounded answer, no redirect followed.
//!
//! The other end may be anybody: it may be slow, endless, or no HTTP server at all. What is kept of it is bounded in bytes,
//! and how long it is listened to in time. An answer counts when its head is whole.

use crate::answer::NotYet;
use crate::deadline::Deadline;
use crate::url::Url;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

/// Many times the heads of health endpoints.
const LONGEST_HEAD: usize = 16 * 1024;

/// The head of an answer, and what came behind it.
#[derive(Debug)]
pub struct Answer {
    /// Its status code, 200 to 999; interim answers are skipped.
    pub status: u16,
    headers: Vec<(String, String)>,
    begun_body: Vec<u8>,
}

impl Answer {
    /// The value of a header; the first where there are several.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    fn values<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.headers.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    /// How many bytes the body has; none where the head does not tell. Told twice it has to be the same:
    /// <https://www.rfc-editor.org/rfc/rfc9112#section-6.3>
    fn length(&self) -> Result<Option<usize>, NotYet> {
        let wrong = || NotYet::NotHttp("the answer's length is not well-formed");
        let mut told = self.values("Content-Length");
        let Some(length) = told.next() else { return Ok(None) };
        if !length.bytes().all(|byte| byte.is_ascii_digit()) || told.any(|other| other != length) {
            return Err(wrong());
        }
        length.parse().map(Some).map_err(|_| wrong())
    }
}

/// Sends a request and reads the head of the answer.
///
/// # Errors
/// No whole head in time, or none that is HTTP.
pub fn ask(
    method: &str,
    url: &Url,
    header: Option<(&str, &str)>,
    stream: &mut TcpStream,
    deadline: Deadline,
) -> Result<Answer, NotYet> {
    let Url { host_header, target, .. } = url;
    let header = header.map(|(name, value)| format!("{name}: {value}\r\n")).unwrap_or_default();
    let length = if method == "POST" { "Content-Length: 0\r\n" } else { "" };
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: {host_header}\r\nUser-Agent: seaworthy-wait/{}\r\nAccept: */*\r\n\
         {header}{length}Connection: close\r\n\r\n",
        env!("CARGO_PKG_VERSION")
    );
    stream.set_write_timeout(Some(deadline.left().ok_or(NotYet::Silent)?)).map_err(broken)?;
    stream.write_all(request.as_bytes()).map_err(broken)?;
    read_head(stream, deadline)
}

fn read_head(stream: &mut TcpStream, deadline: Deadline) -> Result<Answer, NotYet> {
    let mut bytes = Vec::new();
    let mut begun = false;
    loop {
        if !b"HTTP/1.".starts_with(&bytes[..bytes.len().min(7)]) && !bytes.starts_with(b"HTTP/1.") {
            return Err(NotYet::NotHttp("the answer is not HTTP/1"));
        }
        let end = end_of_head(&bytes);
        if end.unwrap_or(bytes.len()) > LONGEST_HEAD {
            return Err(NotYet::NotHttp("the head of the answer is longer than 16 KiB"));
        }
        if let Some(end) = end {
            let rest = bytes.split_off(end);
            let answer = parse_head(&bytes, rest)?;
            // 100 to 199 announce another head; 101 never comes, as no upgrade is asked for.
            if answer.status >= 200 {
                return Ok(answer);
            }
            bytes = answer.begun_body;
            continue;
        }
        match read_some(stream, deadline, &mut bytes) {
            Ok(0) | Err(NotYet::Closed) if begun => {
                return Err(NotYet::Cut("the head of the answer ended (CR LF CR LF)"));
            }
            Ok(0) => return Err(NotYet::Closed),
            other => begun |= other? > 0,
        }
    }
}

/// Behind the empty line that ends a head.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

fn parse_head(head: &[u8], begun_body: Vec<u8>) -> Result<Answer, NotYet> {
    let wrong = || NotYet::NotHttp("the answer is no well-formed HTTP");
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split("\r\n").take_while(|line| !line.is_empty());
    // `HTTP/1.1 200 OK`: the reason may be absent.
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.")).ok_or_else(wrong)?;
    let status = status.get(1..).and_then(|rest| rest.strip_prefix(' ')).ok_or_else(wrong)?;
    let code =
        status.split(' ').next().filter(|code| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit()));
    let status = code.and_then(|code| code.parse().ok()).filter(|code| *code >= 100).ok_or_else(wrong)?;
    let mut headers = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(':').ok_or_else(wrong)?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    Ok(Answer { status, headers, begun_body })
}

/// Reads the whole body behind this head, `longest` bytes at most.
///
/// # Errors
/// It does not end in time, or is longer, or is not framed as HTTP has it.
pub fn body(answer: Answer, stream: &mut TcpStream, deadline: Deadline, longest: usize) -> Result<Vec<u8>, NotYet> {
    let chunked = answer.header("Transfer-Encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
    let length = if chunked { None } else { answer.length()? };
    let mut bytes = answer.begun_body;
    loop {
        if length.unwrap_or(bytes.len()) > longest {
            return Err(NotYet::NotHttp("the answer is longer than any honest one"));
        }
        if chunked {
            if let Some(whole) = unchunk(&bytes)? {
                return Ok(whole);
            }
        } else if let Some(length) = length.filter(|length| bytes.len() >= *length) {
            bytes.truncate(length);
            return Ok(bytes);
        }
        match read_some(stream, deadline, &mut bytes) {
            Ok(0) if !chunked && length.is_none() => return Ok(bytes),
            Ok(0) | Err(NotYet::Closed) => return Err(NotYet::Cut("the answer ended")),
            other => other?,
        };
    }
}

/// The content of chunks, if the last one is there.
fn unchunk(mut bytes: &[u8]) -> Result<Option<Vec<u8>>, NotYet> {
    let wrong = || NotYet::NotHttp("the answer's chunks are not well-formed");
    let mut whole = Vec::new();
    loop {
        let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") else { return Ok(None) };
        let size = std::str::from_utf8(&bytes[..end]).map_err(|_| wrong())?;
        let size = size.split(';').next().unwrap_or_default().trim();
        // Not what is also read: `+5`.
        let digits = Some(size).filter(|size| size.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let size = digits.and_then(|size| usize::from_str_radix(size, 16).ok()).ok_or_else(wrong)?;
        if size == 0 {
            return Ok(Some(whole));
        }
        let begin = end + 2;
        let behind = begin.checked_add(size).and_then(|end| end.checked_add(2)).ok_or_else(wrong)?;
        let Some(chunk) = bytes.get(begin..behind) else { return Ok(None) };
        whole.extend_from_slice(chunk.strip_suffix(b"\r\n").ok_or_else(wrong)?);
        bytes = &bytes[behind..];
    }
}

fn read_some(stream: &mut TcpStream, deadline: Deadline, bytes: &mut Vec<u8>) -> Result<usize, NotYet> {
    let mut piece = [0; 2048];
    stream.set_read_timeout(Some(deadline.left().ok_or(NotYet::Silent)?)).map_err(broken)?;
    loop {
        match stream.read(&mut piece) {
            Ok(count) => {
                bytes.extend_from_slice(&piece[..count]);
                return Ok(count);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(broken(error)),
        }
    }
}

fn broken(error: std::io::Error) -> NotYet {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => NotYet::Silent,
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => NotYet::Closed,
        _ => NotYet::Broken(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(head: &str) -> Option<u16> {
        parse_head(head.as_bytes(), Vec::new()).ok().map(|answer| answer.status)
    }

    #[test]
    fn heads_are_read_or_refused() {
        let cases = [
            ("HTTP/1.1 200 OK\r\n\r\n", Some(200)),
            ("HTTP/1.0 503 \r\n\r\n", Some(503)),
            ("HTTP/1.1 204\r\nA: b\r\n\r\n", Some(204)),
            ("HTTP/1.1  200 OK\r\n\r\n", None),
            ("HTTP/1.1 2000 OK\r\n\r\n", None),
            ("HTTP/1.1 +20 OK\r\n\r\n", None),
            ("HTTP/1.1 099 OK\r\n\r\n", None),
            ("HTTP/1.1 20x OK\r\n\r\n", None),
            ("HTTP/2 200\r\n\r\n", None),
            ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", None),
            ("\r\n\r\n", None),
        ];
        for (head, wanted) in cases {
            assert_eq!(status(head), wanted, "{head:?}");
        }
    }

    #[test]
    fn headers_are_found_whatever_their_case() {
        let answer = parse_head(b"HTTP/1.1 200 OK\r\nmetadata-FLAVOR:  Google \r\n\r\n", Vec::new()).unwrap();
        assert_eq!(answer.header("Metadata-Flavor"), Some("Google"));
        assert_eq!(answer.header("Metadata"), None);
    }

    #[test]
    fn a_length_is_a_number_and_always_the_same() {
        for (headers, wanted) in [
            ("", Ok(None)),
            ("Content-Length: 69\r\n", Ok(Some(69))),
            ("Content-Length: 69\r\ncontent-length: 69\r\n", Ok(Some(69))),
            ("Content-Length: 69\r\nContent-Length: 5\r\n", Err(())),
            ("Content-Length: -1\r\n", Err(())),
            ("Content-Length: +1\r\n", Err(())),
            ("Content-Length: 5, 5\r\n", Err(())),
            ("Content-Length: \r\n", Err(())),
            ("Content-Length: 99999999999999999999\r\n", Err(())),
        ] {
            let head = format!("HTTP/1.1 200 OK\r\n{headers}\r\n");
            let answer = parse_head(head.as_bytes(), Vec::new()).unwrap();
            assert_eq!(answer.length().map_err(|_| ()), wanted, "{headers:?}");
        }
    }

    /// However the head arrives: here all of it is there before it is looked at.
    #[test]
    fn a_head_is_at_most_as_long_as_is_said() {
        for (length, is_read) in [(LONGEST_HEAD, true), (LONGEST_HEAD + 1, false), (LONGEST_HEAD + 600, false)] {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let mut server = listener.accept().unwrap().0;
            let begin = "HTTP/1.1 200 OK\r\nA: ";
            let head = format!("{begin}{}\r\n\r\n", "b".repeat(length - begin.len() - 4));
            server.write_all(head.as_bytes()).unwrap();
            let deadline = Deadline::after(std::time::Duration::from_secs(60));
            assert_eq!(read_head(&mut client, deadline).is_ok(), is_read, "{length}");
        }
    }

    #[test]
    fn chunks_are_joined_when_the_last_is_there() {
        let cases: [(&[u8], Option<&[u8]>); 5] = [
            (b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", Some(b"abcde")),
            (b"0\r\n\r\n", Some(b"")),
            (b"3\r\nabc\r\n", None),
            (b"3\r\nab", None),
            (b"", None),
        ];
        for (bytes, wanted) in cases {
            assert_eq!(unchunk(bytes).unwrap().as_deref(), wanted, "{bytes:?}");
        }
        for text in
            ["x\r\n", "+3\r\nabc\r\n", "3\r\nabcde\r\n", "ffffffffffffffff\r\n", "ffffffffffffffffff\r\n", "\r\n"]
        {
            assert!(unchunk(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(unchunk(b"\xff\r\n").is_err());
    }
}
