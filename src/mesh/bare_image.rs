//! Images that are known to hold no shell and no common programs, by their references.
//!
//! A name is no proof of what an image holds, so only references are known that mean nothing else: each part is compared as a
//! whole, tags of debugging variants are left out, and a digest without a tag tells nothing.
//!
//! Sources: <https://github.com/GoogleContainerTools/distroless>, <https://edu.chainguard.dev/chainguard/chainguard-images/overview/>,
//! <https://ko.build/configuration/#overriding-base-images>, <https://github.com/GoogleCloudPlatform/cloud-sql-proxy/issues/317> and
//! <https://github.com/GoogleCloudPlatform/cloud-sql-proxy/pull/415> (distroless since 1.16, other bases by their tags).

/// What an image without a shell is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BareBase {
    /// Google's distroless images, and what calls itself so.
    Distroless,
    /// Chainguard's images without `-dev`.
    Chainguard,
    /// Nothing at all.
    Scratch,
    /// What ko builds, on a base without a shell unless it is told otherwise.
    Ko,
}

impl BareBase {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Distroless => "distroless",
            Self::Chainguard => "Chainguard",
            Self::Scratch => "scratch",
            Self::Ko => "ko",
        }
    }
}

/// The base of an image that is known to have no shell; none where nothing is known.
pub fn bare_base(image: &str) -> Option<BareBase> {
    if image.strip_prefix("ko://").is_some_and(|import| !import.is_empty()) {
        return Some(BareBase::Ko);
    }
    let reference = Reference::of(image)?;
    if words(reference.tag).chain(words(reference.name())).any(|word| WITH_SHELL.contains(&word)) {
        return None;
    }
    if matches!(reference.parts.as_slice(), ["ko.local" | "kind.local", ..]) {
        return Some(BareBase::Ko);
    }
    let is_distroless = |word: &str| word == "distroless";
    if reference.is_of("distroless", &DISTROLESS)
        || reference.is_database_proxy()
        || words(reference.tag).chain(words(reference.name())).any(is_distroless)
    {
        return Some(BareBase::Distroless);
    }
    if matches!(reference.parts.as_slice(), ["cgr.dev", ..]) || reference.parts.contains(&"chainguard") {
        return CHAINGUARD.contains(&reference.name()).then_some(BareBase::Chainguard);
    }
    words(reference.tag).any(|word| word == "scratch").then_some(BareBase::Scratch)
}

/// Words of tags and names that promise a shell, or programs that need one.
const WITH_SHELL: [&str; 7] = ["debug", "dev", "shell", "busybox", "bash", "iptables", "builder"];

/// Google's proxies for databases: with a version alone for a tag. Another base has its name behind it.
const DATABASE_PROXIES: [[&str; 2]; 2] =
    [["cloud-sql-connectors", "cloud-sql-proxy"], ["alloydb-connectors", "alloydb-auth-proxy"]];
const OLD_DATABASE_PROXY: [&str; 2] = ["cloudsql-docker", "gce-proxy"];

/// The images of distroless without a shell; those for Python have one.
const DISTROLESS: [&str; 6] = ["static", "base", "cc", "java", "nodejs", "base-nossl"];

/// Chainguard's images that hold a runtime and nothing to run scripts with.
const CHAINGUARD: [&str; 8] =
    ["static", "glibc-dynamic", "cc-dynamic", "python", "jre", "nginx", "aspnet-runtime", "dotnet-runtime"];

/// An image reference in its parts.
struct Reference<'a> {
    /// Registry, path and name, with one element at least.
    parts: Vec<&'a str>,
    tag: &'a str,
}

impl<'a> Reference<'a> {
    /// Reads a reference; none where its digest alone says which image is meant.
    fn of(image: &'a str) -> Option<Self> {
        let (named, digest) = image.split_once('@').map_or((image, ""), |(named, digest)| (named, digest));
        let name_at = named.rfind('/').map_or(0, |at| at + 1);
        let (path, tag) = match named[name_at..].find(':') {
            Some(colon) => (&named[..name_at + colon], &named[name_at + colon + 1..]),
            None if digest.is_empty() => (named, "latest"),
            None => return None,
        };
        Some(Self { parts: path.split('/').collect(), tag })
    }

    fn name(&self) -> &'a str {
        self.parts.last().copied().unwrap_or("")
    }

    /// Whether it is one of Google's proxies for databases, on their usual base.
    fn is_database_proxy(&self) -> bool {
        let [.., parent, name] = self.parts.as_slice() else { return false };
        let Some((major, minor)) = version(self.tag) else { return false };
        let is_old = [*parent, *name] == OLD_DATABASE_PROXY;
        DATABASE_PROXIES.contains(&[*parent, *name]) || is_old && major == 1 && minor >= 16
    }

    /// Whether it is one of these images right below a part of this name, perhaps with the release that it is made from
    /// (`static-debian12`, `java17`).
    fn is_of(&self, parent: &str, names: &[&str]) -> bool {
        let name = self.name();
        let is_release = |rest: &str| {
            let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            rest.is_empty() || rest.starts_with("-debian") || rest == "-base" || rest.starts_with("-base-debian")
        };
        let is_below = self.parts.iter().rev().nth(1) == Some(&parent);
        is_below && names.iter().any(|known| name.strip_prefix(known).is_some_and(is_release))
    }
}

/// Major and minor of a tag that is nothing but a version.
fn version(tag: &str) -> Option<(u32, u32)> {
    let mut numbers = tag.split('.').map(|number| number.parse().ok());
    let (major, minor) = (numbers.next()??, numbers.next()??);
    numbers.all(|number: Option<u32>| number.is_some()).then_some((major, minor))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(['-', '_', '.'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_tells_a_bare_image() {
        for (image, base) in [
            ("gcr.io/distroless/static", Some(BareBase::Distroless)),
            ("gcr.io/distroless/static:nonroot", Some(BareBase::Distroless)),
            ("gcr.io/distroless/static-debian12:nonroot-arm64", Some(BareBase::Distroless)),
            ("gcr.io/distroless/static:nonroot@sha256:0a1b", Some(BareBase::Distroless)),
            ("gcr.io/distroless/java17-debian12", Some(BareBase::Distroless)),
            ("gcr.io/distroless/java-base-debian12", Some(BareBase::Distroless)),
            ("gcr.io/distroless/nodejs22-debian12:latest", Some(BareBase::Distroless)),
            ("gcr.io/distroless/base-nossl-debian12", Some(BareBase::Distroless)),
            ("registry.example.com:5000/mirror/gcr.io/distroless/cc-debian12:nonroot", Some(BareBase::Distroless)),
            ("envoyproxy/envoy:distroless-v1.34.0", Some(BareBase::Distroless)),
            ("registry.example.com/shop/web:1.0-distroless", Some(BareBase::Distroless)),
            ("registry.example.com/shop/web-distroless:1.0", Some(BareBase::Distroless)),
            ("cgr.dev/chainguard/static:latest", Some(BareBase::Chainguard)),
            ("cgr.dev/example.com/nginx:1.29", Some(BareBase::Chainguard)),
            ("chainguard/jre", Some(BareBase::Chainguard)),
            ("cgr.dev/chainguard/python:latest", Some(BareBase::Chainguard)),
            ("nats:2.12-scratch", Some(BareBase::Scratch)),
            ("ko.local/web-6b61:latest", Some(BareBase::Ko)),
            ("kind.local/web", Some(BareBase::Ko)),
            ("ko://example.com/shop/cmd/web", Some(BareBase::Ko)),
            ("gcr.io/cloudsql-docker/gce-proxy:1.33.5", Some(BareBase::Distroless)),
            ("gcr.io/cloudsql-docker/gce-proxy:1.16", Some(BareBase::Distroless)),
            ("gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14.1", Some(BareBase::Distroless)),
            ("us-docker.pkg.dev/shop/mirror/alloydb-connectors/alloydb-auth-proxy:1.12.0", Some(BareBase::Distroless)),
        ] {
            assert_eq!(bare_base(image), base, "{image}");
        }
    }

    #[test]
    fn what_may_have_a_shell_is_not_known() {
        for image in [
            "",
            "nginx",
            "debian:stable",
            "gcr.io/distroless/static:debug",
            "gcr.io/distroless/base-debian12:debug-nonroot-amd64",
            "gcr.io/distroless/static@sha256:0a1b",
            "gcr.io/distroless/python3-debian12",
            "gcr.io/distroless/staticfiles",
            "registry.k8s.io/build-image/distroless-iptables:v0.7",
            "cgr.dev/chainguard/python:latest-dev",
            "cgr.dev/chainguard/bash",
            "cgr.dev/chainguard/wolfi-base",
            "cgr.dev/chainguard/postgres:17",
            "registry.example.com/static/web",
            "registry.example.com/shop/static:1",
            "registry.example.com/shop/ecstatic",
            "registry.example.com/scratch/web",
            "registry.example.com/shop/scratch-pad:1",
            "registry.example.com/distroless/web",
            "registry.example.com/shop/distrolesser:1",
            "registry.example.com/shop/web:1.0-distroless-debug",
            "registry.example.com:5000/shop/web",
            "ko://",
            "gcr.io/cloudsql-docker/gce-proxy:1.11",
            "gcr.io/cloudsql-docker/gce-proxy:latest",
            "gcr.io/cloudsql-docker/gce-proxy:1.33.5-alpine",
            "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14.1-bookworm",
            "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2",
            "registry.example.com/shop/cloud-sql-proxy:2.14.1",
        ] {
            assert_eq!(bare_base(image), None, "{image}");
        }
    }
}
