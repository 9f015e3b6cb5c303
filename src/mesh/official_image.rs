//! Programs that official images are known to lack, by their references.
//!
//! Said only of images whose recipe shows it, and only by the names and tags of the official ones; what is built on them may
//! hold anything. Sources: <https://github.com/docker-library/busybox/issues/47> and <https://github.com/alpinelinux/docker-alpine> (busybox has
//! wget and nc, no curl and no bash), <https://github.com/docker-library/docs/blob/master/debian/content.md> (`minbase`: required packages, of
//! which curl, wget and nc are none), and the Dockerfiles of <https://github.com/docker-library/python> and
//! <https://github.com/nodejs/docker-node>, whose small variants take out again what they fetch with.

/// The official image that a reference means, if that is known to lack this program.
pub fn lacks(image: &str, program: &str) -> Option<&'static str> {
    let (path, tag) = official(image)?;
    let is_alpine = |tag: &str| tag.split('-').any(|word| word.starts_with("alpine"));
    let is_slim = |tag: &str| tag.split('-').any(|word| word == "slim");
    let (name, lacking): (_, &[&str]) = match path {
        "alpine" => ("alpine", OF_BUSYBOX),
        "busybox" => ("busybox", OF_BUSYBOX),
        "debian" => ("debian", OF_DEBIAN),
        "python" if is_alpine(tag) => ("python on alpine", OF_BUSYBOX),
        "python" if is_slim(tag) => ("python slim", OF_DEBIAN),
        "node" if is_alpine(tag) => ("node on alpine", OF_BUSYBOX),
        "node" if is_slim(tag) && !is_old(tag) => ("node slim", OF_DEBIAN),
        _ => return None,
    };
    lacking.contains(&program).then_some(name)
}

const OF_BUSYBOX: &[&str] = &["curl", "bash"];
const OF_DEBIAN: &[&str] = &["curl", "wget", "nc"];

/// Whether this is a tag of Node.js before 12, whose slim images had curl.
fn is_old(tag: &str) -> bool {
    let major = tag.split(|it: char| !it.is_ascii_digit()).next().and_then(|digits| digits.parse::<u32>().ok());
    major.is_some_and(|major| major < 12)
}

/// Name and tag of an official image; none where only a digest says which one is meant.
fn official(image: &str) -> Option<(&str, &str)> {
    const REGISTRIES: [&str; 5] =
        ["docker.io/library/", "docker.io/", "index.docker.io/library/", "mirror.gcr.io/library/", "library/"];
    let (named, digest) = image.split_once('@').map_or((image, None), |(named, digest)| (named, Some(digest)));
    let short = REGISTRIES.iter().find_map(|registry| named.strip_prefix(registry)).unwrap_or(named);
    let (name, tag) = match (short.split_once(':'), digest) {
        (Some(parts), _) => parts,
        (None, None) => (short, "latest"),
        (None, Some(_)) => return None,
    };
    (!name.contains('/')).then_some((name, tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn official_images_lack_what_their_recipes_leave_out() {
        for (image, program, wanted) in [
            ("alpine", "curl", Some("alpine")),
            ("docker.io/library/alpine:3.22@sha256:ab", "bash", Some("alpine")),
            ("alpine:3.22", "wget", None),
            ("library/busybox:1.37-musl", "curl", Some("busybox")),
            ("busybox:1.37", "nc", None),
            ("debian:13-slim", "curl", Some("debian")),
            ("debian:trixie", "nc", Some("debian")),
            ("debian:trixie", "bash", None),
            ("python:3.13-slim-trixie", "wget", Some("python slim")),
            ("python:3.13-alpine3.22", "curl", Some("python on alpine")),
            ("python:3.13-alpine", "wget", None),
            ("python:3.13", "curl", None),
            ("node:24-bookworm-slim", "curl", Some("node slim")),
            ("node:slim", "curl", Some("node slim")),
            ("node:8-slim", "curl", None),
            ("node:24-alpine", "bash", Some("node on alpine")),
            ("node:24", "curl", None),
            ("nginx:1.29-alpine", "curl", None),
            ("ubuntu:24.04", "curl", None),
            ("example/alpine:3", "curl", None),
            ("registry.example.com/alpine:3", "curl", None),
            ("alpine@sha256:ab", "curl", None),
            ("registry:5000/alpine", "curl", None),
        ] {
            assert_eq!(lacks(image, program), wanted, "{image} {program}");
        }
    }
}
