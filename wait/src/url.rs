//! Where a check goes: `http://host:port/path` and `host:port`. Nothing of them can break out of the request they are put in.

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// A name, or an address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// Where an HTTP request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Host and port to connect to.
    pub authority: Authority,
    /// What the `Host` header says.
    pub host_header: String,
    /// Path with query, beginning with `/`.
    pub target: String,
}

impl Url {
    /// Reads `http://host[:port][/path][?query]`.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("`{text}` is no URL that can be asked: {why}");
        if text.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://")) {
            return Err(wrong("want http://, TLS is the proxy's task"));
        }
        let rest = match text.split_at_checked(7) {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http://") => rest,
            _ => return Err(wrong("want http://host:port/path")),
        };
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong("want no spaces, control characters or letters beyond ASCII"));
        }
        let (authority, target) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if authority.contains('@') || target.contains('#') {
            return Err(wrong("want no user and no fragment"));
        }
        let read = Authority::parse(authority, Some(80)).map_err(|why| wrong(&why))?;
        let slash = if target.starts_with('/') { "" } else { "/" };
        Ok(Self { authority: read, host_header: authority.to_owned(), target: format!("{slash}{target}") })
    }

    /// The same, asking for another host.
    ///
    /// # Errors
    /// It could not stand in a header.
    pub fn with_host(self, host: &str) -> Result<Self, String> {
        if host.is_empty() || !host.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!("`{host}` is no host: want a name like orders.shop"));
        }
        Ok(Self { host_header: host.to_owned(), ..self })
    }
}

impl Authority {
    /// Reads `host:port`, `address:port`, `[address]:port`; the port may be left out where there is a default.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn parse(text: &str, default: Option<u16>) -> Result<Self, String> {
        let form = if default.is_some() { "host[:port]" } else { "host:port" };
        let wrong = |why: &str| format!("`{text}` is no {form}: {why}");
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']').ok_or_else(|| wrong("`[` wants `]` behind the address"))?;
                host.parse::<std::net::Ipv6Addr>().map_err(|_| wrong("want an IPv6 address in brackets"))?;
                (host, if port.is_empty() { None } else { Some(port.strip_prefix(':').unwrap_or("")) })
            }
            None => match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        // An address in brackets was read already.
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) || text.starts_with('[');
        if host.is_empty() || !host.bytes().all(is_name) {
            return Err(wrong("want a name, or an address"));
        }
        let port = match port {
            // Not what `parse` also takes: `+80`.
            Some(port) => Some(port).filter(|port| port.bytes().all(|byte| byte.is_ascii_digit())),
            None => {
                return default
                    .map(|port| Self { host: host.to_owned(), port })
                    .ok_or_else(|| wrong("it names no port"));
            }
        };
        let port = port.and_then(|port| port.parse().ok()).filter(|port| *port != 0);
        let port = port.ok_or_else(|| wrong("want a port from 1 to 65535"))?;
        Ok(Self { host: host.to_owned(), port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_as_people_write_them() {
        let cases = [
            ("http://localhost:15021/healthz/ready", "localhost", 15021, "localhost:15021", "/healthz/ready"),
            ("http://orders.shop", "orders.shop", 80, "orders.shop", "/"),
            ("HTTP://127.0.0.1?a=b", "127.0.0.1", 80, "127.0.0.1", "/?a=b"),
            ("http://[::1]:8080/a%20b?c", "::1", 8080, "[::1]:8080", "/a%20b?c"),
            ("http://[::1]/", "::1", 80, "[::1]", "/"),
        ];
        for (text, host, port, host_header, target) in cases {
            let url = Url::parse(text).unwrap();
            assert_eq!(url.authority, Authority { host: host.to_owned(), port }, "{text}");
            assert_eq!((&*url.host_header, &*url.target), (host_header, target), "{text}");
        }
    }

    #[test]
    fn what_could_mean_something_else_is_refused() {
        let cases = [
            "",
            "localhost:80",
            "ftp://a",
            "https://a",
            "http://",
            "http:///path",
            "http://a:0",
            "http://a:65536",
            "http://a:",
            "http://a:+8",
            "http://a:8x",
            "http://u:p@a",
            "http://a/#f",
            "http://a /",
            "http://a/\r\nX: y",
            "http://ä",
            "http://[::1",
            "http://[::1]8",
            "http://[nonsense]:8",
            "http://::1/",
        ];
        for text in cases {
            let error = Url::parse(text).unwrap_err();
            assert!(error.contains(&format!("`{text}`")), "{text}: {error}");
        }
    }

    #[test]
    fn a_host_cannot_break_the_request() {
        let url = || Url::parse("http://127.0.0.1:9001/").unwrap();
        assert_eq!(url().with_host("orders.shop:8080").unwrap().host_header, "orders.shop:8080");
        for host in ["", "a b", "a\r\nX: y", "a\0"] {
            assert!(url().with_host(host).is_err(), "{host:?}");
        }
    }
}
