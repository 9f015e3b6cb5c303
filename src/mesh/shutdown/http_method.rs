//! By which method a command calls its URL.
//!
//! Sources: <https://curl.se/docs/manpage.html>, <https://www.gnu.org/software/wget/manual/wget.html>,
//! <https://istio.io/latest/docs/reference/commands/pilot-agent/#pilot-agent-request>.

/// The method of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mesh) enum Method {
    /// Surely GET, or HEAD, which is answered alike.
    Get,
    /// Surely PUT, DELETE, PATCH or OPTIONS: who takes POST only refuses them, too.
    NoPost,
    /// POST, or one that the text does not tell.
    Other,
}

/// The method by which a program calls; none where it is not a program that is known to call.
pub(in crate::mesh) fn method_of(program: &str, arguments: &[&str]) -> Option<Method> {
    let may_hide_options = |word: &&&str| word.contains(['$', '`']) && !word.contains("://");
    let is_open = || arguments.iter().any(|word| may_hide_options(&word));
    let method = match program {
        "curl" => curl(arguments),
        "wget" => wget(arguments),
        "busybox" if arguments.first() == Some(&"wget") => wget(arguments),
        "pilot-agent" => match arguments {
            ["request", method, ..] => named(method),
            _ => Method::Other,
        },
        _ => return None,
    };
    Some(if is_open() { Method::Other } else { method })
}

/// curl's short options that take a value, in the same word or in the next.
const CURL_VALUES: &str = "AbcCdDeEFHhKmoPQrtTuUwxXyYz";

fn curl(arguments: &[&str]) -> Method {
    let (mut said, mut sends) = (None, false);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if let Some(long) = word.strip_prefix("--") {
            match long {
                "request" => said = words.next().copied(),
                "get" | "head" => said = Some("GET"),
                "config" => return Method::Other,
                _ if long.contains('=') => return Method::Other,
                _ => sends |= ["data", "form", "json", "upload-file"].iter().any(|sender| long.starts_with(sender)),
            }
        } else if let Some(letters) = word.strip_prefix('-') {
            for (at, letter) in letters.char_indices() {
                match letter {
                    'G' | 'I' => said = said.or(Some("GET")),
                    'K' => return Method::Other,
                    'd' | 'F' | 'T' => sends = true,
                    _ => {}
                }
                if CURL_VALUES.contains(letter) {
                    let rest = letters.get(at + 1..).unwrap_or_default();
                    let value = if rest.is_empty() { words.next().copied() } else { Some(rest) };
                    if letter == 'X' {
                        said = value;
                    }
                    break;
                }
            }
        }
    }
    match said {
        Some(name) => named(name),
        None if !sends => Method::Get,
        None => Method::Other,
    }
}

/// A method by its name, which is what is sent: servers know it in capitals only, but nobody means another by small letters.
fn named(name: &str) -> Method {
    match name.to_ascii_uppercase().as_str() {
        "GET" | "HEAD" => Method::Get,
        "PUT" | "DELETE" | "PATCH" | "OPTIONS" => Method::NoPost,
        _ => Method::Other,
    }
}

fn wget(arguments: &[&str]) -> Method {
    let senders =
        ["--post-data", "--post-file", "--method", "--body-data", "--body-file", "--execute", "-e", "--config"];
    let sends = |word: &str| senders.iter().any(|sender| word.starts_with(sender));
    let named_there = arguments.iter().find_map(|word| word.strip_prefix("--method=")).map(named);
    let senders = arguments.iter().filter(|word| sends(word)).count();
    match named_there.filter(|_| senders == 1) {
        Some(method) => method,
        None if senders == 0 => Method::Get,
        None => Method::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::Method::{Get, NoPost, Other};
    use super::*;

    #[test]
    fn options_tell_the_method() {
        const URL: &str = "http://localhost:15000/x";
        for (command, wanted) in [
            ("curl", Get),
            ("curl -fsS", Get),
            ("curl -o /dev/null -s -w %{http_code}", Get),
            ("curl -X GET", Get),
            ("curl -I", Get),
            ("curl --head", Get),
            ("curl -X POST", Other),
            ("curl -X DELETE", NoPost),
            ("curl -sXPUT", NoPost),
            ("curl --request PATCH -d x", NoPost),
            ("curl -X $METHOD", Other),
            ("curl -XPOST", Other),
            ("curl -sXPOST", Other),
            ("curl -sfX POST", Other),
            ("curl --request POST", Other),
            ("curl --request=POST", Other),
            ("curl -d x", Other),
            ("curl -sd x", Other),
            ("curl --data-binary x", Other),
            ("curl --json {}", Other),
            ("curl -d x -G", Get),
            ("curl -H X-Method:POST", Get),
            ("curl -HX", Get),
            ("curl -K file", Other),
            ("curl $OPTIONS", Other),
            ("wget -qO-", Get),
            ("wget --spider", Get),
            ("wget --post-data= -O-", Other),
            ("wget --method=POST", Other),
            ("wget --method=PUT", NoPost),
            ("wget --method=DELETE --post-data=", Other),
            ("wget --method GET", Other),
            ("wget -e x", Other),
            ("busybox wget -qO-", Get),
            ("pilot-agent request GET", Get),
            ("pilot-agent request POST", Other),
            ("pilot-agent request DELETE", NoPost),
        ] {
            let words: Vec<&str> = command.split(' ').chain([URL]).collect();
            assert_eq!(method_of(words[0], &words[1..]), Some(wanted), "{command}");
        }
        assert_eq!(method_of("drain", &[URL]), None);
        assert_eq!(method_of("curl", &["http://localhost:$PORT/x"]), Some(Method::Get));
    }
}
