//! By which method a command calls its URL.
//!
//! Sources: <https://curl.se/docs/manpage.html>, <https://www.gnu.org/software/wget/manual/wget.html>,
//! <https://istio.io/latest/docs/reference/commands/pilot-agent/#pilot-agent-request>.

/// The method of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mesh) enum Method {
    /// Surely GET, or HEAD, which is answered alike.
    Get,
    /// Another one, or one that the text does not tell.
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
            ["request", method, ..] if method.eq_ignore_ascii_case("GET") => Method::Get,
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
        Some("GET" | "HEAD") => Method::Get,
        None if !sends => Method::Get,
        _ => Method::Other,
    }
}

fn wget(arguments: &[&str]) -> Method {
    let senders =
        ["--post-data", "--post-file", "--method", "--body-data", "--body-file", "--execute", "-e", "--config"];
    let sends = |word: &&str| senders.iter().any(|sender| word.starts_with(sender));
    if arguments.iter().any(sends) { Method::Other } else { Method::Get }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_tell_the_method() {
        const URL: &str = "http://localhost:15000/x";
        for (command, is_get) in [
            ("curl", true),
            ("curl -fsS", true),
            ("curl -o /dev/null -s -w %{http_code}", true),
            ("curl -X GET", true),
            ("curl -I", true),
            ("curl --head", true),
            ("curl -X POST", false),
            ("curl -XPOST", false),
            ("curl -sXPOST", false),
            ("curl -sfX POST", false),
            ("curl --request POST", false),
            ("curl --request=POST", false),
            ("curl -d x", false),
            ("curl -sd x", false),
            ("curl --data-binary x", false),
            ("curl --json {}", false),
            ("curl -d x -G", true),
            ("curl -H X-Method:POST", true),
            ("curl -HX", true),
            ("curl -K file", false),
            ("curl $OPTIONS", false),
            ("wget -qO-", true),
            ("wget --spider", true),
            ("wget --post-data= -O-", false),
            ("wget --method=POST", false),
            ("wget -e x", false),
            ("busybox wget -qO-", true),
            ("pilot-agent request GET", true),
            ("pilot-agent request POST", false),
        ] {
            let words: Vec<&str> = command.split(' ').chain([URL]).collect();
            let wanted = if is_get { Method::Get } else { Method::Other };
            assert_eq!(method_of(words[0], &words[1..]), Some(wanted), "{command}");
        }
        assert_eq!(method_of("drain", &[URL]), None);
        assert_eq!(method_of("curl", &["http://localhost:$PORT/x"]), Some(Method::Get));
    }
}
