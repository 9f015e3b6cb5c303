//! Whom a question names. A sign of the metadata server in a command is good for being silent; what is claimed of a question needs that
//! it goes to that server, and not to one that only speaks like it, or is called alike.

use super::{asks_libraries, asks_metadata_server, is_other_metadata_host};

/// Whether the words of a command name the server, and no other one in its place.
pub(super) fn names_metadata_server(words: &[&str]) -> bool {
    let may = words.iter().any(|word| asks_metadata_server(word));
    may && (words.iter().any(|word| asks_libraries(word)) || !only_names_others(words))
}

/// Whether there are addresses among these words, and all of them are those of other servers.
fn only_names_others(words: &[&str]) -> bool {
    let hosts = words.iter().flat_map(|word| word.split(is_between)).filter_map(host);
    let mut others = hosts.map(is_other).peekable();
    others.peek().is_some() && others.all(|is_other| is_other)
}

/// What does not stand within an address.
fn is_between(character: char) -> bool {
    character.is_whitespace() || matches!(character, '"' | '\'' | '`' | '(' | ')' | ';' | ',')
}

/// The host of an address: of a URL, or of what goes on as one of the server does.
fn host(text: &str) -> Option<&str> {
    let authority = match text.split_once("://") {
        Some((_, behind)) => behind,
        None => Some(text).filter(|text| text.contains('/') && asks_metadata_server(text))?,
    };
    authority.split(['/', '?', '#']).next()?.rsplit('@').next()?.split(':').next()
}

/// Whether this is a host that is written out, and not the server: that one has several addresses on the link.
fn is_other(host: &str) -> bool {
    let is_plain = host.chars().all(|it| it.is_ascii_alphanumeric() || matches!(it, '-' | '.' | '_'));
    let is_number = |it: char| it.is_ascii_digit() || it == '.';
    let is_on_link = host.strip_prefix("169.254.").is_some_and(|rest| rest.chars().all(is_number));
    is_plain && !is_on_link && is_other_metadata_host(&host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_server_is_not_the_one_of_the_node() {
        for (command, wanted) in [
            ("-H 'Metadata-Flavor: Google' http://169.254.169.254/computeMetadata/v1/", true),
            ("-H 'Metadata-Flavor: Google' http://169.254.169.252:988/computeMetadata/v1/", true),
            ("http://METADATA.google.internal.:80/computeMetadata/v1/", true),
            ("metadata/computeMetadata/v1/", true),
            ("-x http://proxy.example.com:3128 http://metadata.google.internal/", true),
            ("-H 'Metadata-Flavor: Google' $URL", true),
            ("http://$HOST/computeMetadata/v1/", true),
            ("${URL}/computeMetadata/v1/", true),
            ("http://[fd20:ce::254]/computeMetadata/v1/", true),
            ("-c 'import google.auth; get(\"https://api.example.com\")'", true),
            ("-z metadata.google.internal 80", true),
            // Others.
            ("-H 'Metadata-Flavor: Google' http://localhost:8080/computeMetadata/v1/", false),
            ("-H 'Metadata-Flavor: Google' http://user@emulator.tools:80/computeMetadata/v1/project/project-id", false),
            ("localhost:8080/computeMetadata/v1/", false),
            ("http://metadata.google.internal.example.com/health", false),
            ("http://db.example.com/?next=http://metadata.google.internal/", false),
            ("http://169.254.169.254.example.com/x", false),
            ("http://db.example.com/health", false),
        ] {
            let words: Vec<&str> = command
                .split('\'')
                .flat_map(
                    |part| if part.starts_with("Metadata-Flavor") { vec![part] } else { part.split(' ').collect() },
                )
                .collect();
            assert_eq!(names_metadata_server(&words), wanted, "{command}");
        }
    }
}
