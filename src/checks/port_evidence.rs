//! Evidence of what a Service port speaks: what other words of the manifests say about it.
//!
//! A sign is a protocol, or a family of them, with the words that say where it comes from. Evidence is signs that all agree:
//! of the port's own fields, of the routes that lead to it, and of every workload that is known to be behind it. One that is
//! silent may speak something else, and two that contradict each other prove that one is wrong; in both cases nothing is
//! certain. A number or an image alone is never more than likely.

mod claim;
mod sign;

use crate::checks::RelatedPlace;
use crate::checks::port_evidence::claim::{Claim, is_denied_as_database, is_denied_by};
use crate::checks::port_evidence::sign::{
    Sign, called, container_names, is_http_by_pods, is_http_by_service, likely_signs, own_signs, pod_signs, route_signs,
};
use crate::checks::shortened_to;
use crate::inventory::{Entry, Subject, WorkloadFacts};
use crate::manifest::ServicePort;
use crate::mesh::Protocol;

/// What a port speaks, and how that is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The protocol.
    pub protocol: Protocol,
    /// Where it is said, for people: ``the container port `grpc` of Deployment `cart` ``.
    pub words: String,
    /// The same in two or three words: `its container port`.
    pub source: String,
    /// Where it is said, if that is in another object that a file shows.
    pub place: Option<RelatedPlace>,
    /// How sure it is.
    pub strength: Strength,
}

/// How sure evidence is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strength {
    /// Somebody has said what the port speaks.
    Certain,
    /// It is the usual meaning of what was said, for this reason no more than that: one line, no full stop.
    Likely(String),
}

/// What a TCP port of the Service under review speaks, as all that is known says.
///
/// # Errors
/// Why it cannot be told: one line for people, no full stop.
pub fn evidence(subject: &Subject<'_>, port: &ServicePort<'_>) -> Result<Evidence, String> {
    if port.protocol != "TCP" {
        return Err(format!("nothing in manifests tells what speaks over {}", port.protocol));
    }
    let signs = signs(subject, port);
    let silence = silent_workload(subject, port);
    let told = agreed(&signs)?;
    if let Some((claim, first)) = told
        && let Some(name) = port.name.filter(|name| is_denied_as_database(claim, name))
    {
        return Err(denial(name, first));
    }
    match told {
        Some((claim, first)) if silence.is_none() && is_only_asked(subject, port, claim, &signs) => {
            answered(subject, port, first, &signs)
        }
        // A route of HTTP is about the Service, but there is no protocol in it that could be declared.
        Some((claim, first)) if claim != Claim::AnyHttp && silence.is_none() => Ok(certain(claim, first)),
        Some((claim, _)) if claim != Claim::AnyHttp => Err(silence.unwrap_or_default()),
        _ => likely(subject, port, &signs)?.ok_or_else(|| silence.unwrap_or_else(|| NOTHING.to_owned())),
    }
}

const NOTHING: &str = "no workload behind it is known that would tell what the port speaks";

/// Whether HTTP/1 is told by nothing but questions: a probe, or a monitor. Each workload must tell more, or the Service.
fn is_only_asked(subject: &Subject<'_>, port: &ServicePort<'_>, claim: Claim, signs: &[Sign]) -> bool {
    let is_told = |sign: &Sign| sign.claim == claim && !sign.is_question;
    let by_pods = |workload: &&Entry<WorkloadFacts>| {
        pod_signs(workload, port).iter().any(is_told) || is_http_by_pods(workload, port)
    };
    let by_service = || own_signs(port).into_iter().chain(route_signs(subject, port)).any(|sign| is_told(&sign));
    let workloads = subject.workloads();
    let is_asked = claim == Claim::Exactly(Protocol::Http) && signs.iter().any(|sign| sign.is_question);
    let by_all_pods = || !workloads.is_empty() && workloads.iter().all(by_pods);
    is_asked && !is_http_by_service(port) && !by_service() && !by_all_pods()
}

/// What is likely of a port that answers HTTP/1. Whatever knows it for something else is enough for silence.
fn answered(subject: &Subject<'_>, port: &ServicePort<'_>, asked: &Sign, signs: &[Sign]) -> Result<Evidence, String> {
    let names = subject.workloads().iter().flat_map(|workload| container_names(workload, port)).chain(port.name);
    if let Some(name) = names.into_iter().find(|name| is_denied_by(asked.claim, name)) {
        return Err(denial(name, asked));
    }
    let all: Vec<Sign> = signs.iter().cloned().chain(likely_signs(subject, port)).collect();
    agreed(&all)?;
    let reason = format!("only {} says so, and what answers HTTP/1 may speak gRPC there too", asked.words);
    Ok(Evidence { strength: Strength::Likely(reason), ..certain(asked.claim, asked) })
}

fn denial(name: &str, sign: &Sign) -> String {
    let name = shortened_to(LONGEST_NAME, name);
    format!("it is told in two ways what the port speaks: {} by {}, another by the name {name}", sign.claim, sign.words)
}

const LONGEST_NAME: usize = 24;

/// All that is said of a port, whether or not it agrees.
fn signs(subject: &Subject<'_>, port: &ServicePort<'_>) -> Vec<Sign> {
    let of_pods = subject.workloads().iter().flat_map(|workload| pod_signs(workload, port));
    own_signs(port).into_iter().chain(of_pods).chain(route_signs(subject, port)).collect()
}

/// Whether its name or the pods say that a port speaks something else than bytes. Routes do not count: which rule speaks of a
/// port must be the same where they are not known.
pub fn is_more_than_bytes(subject: &Subject<'_>, port: &ServicePort<'_>) -> bool {
    let of_pods = subject.workloads().iter().flat_map(|workload| pod_signs(workload, port));
    let mut signs = own_signs(port).into_iter().chain(of_pods);
    signs.any(|sign| sign.claim.and(Claim::Exactly(Protocol::Tcp)).is_none())
}

/// What signs say together, with the first that says so much; none without signs.
fn agreed(signs: &[Sign]) -> Result<Option<(Claim, &Sign)>, String> {
    let Some((first, rest)) = signs.split_first() else { return Ok(None) };
    let mut told = (first.claim, first);
    for sign in rest {
        let Some(claim) = told.0.and(sign.claim) else { return Err(contradiction(told.1, sign)) };
        if claim != told.0 {
            told = (claim, sign);
        }
    }
    Ok(Some(told))
}

fn contradiction(one: &Sign, other: &Sign) -> String {
    format!(
        "it is told in two ways what the port speaks: {} by {}, {} by {}",
        one.claim, one.words, other.claim, other.words
    )
}

/// Why the pods are not told of, if one of the workloads says nothing and nothing is said of the Service itself.
fn silent_workload(subject: &Subject<'_>, port: &ServicePort<'_>) -> Option<String> {
    let of_service = own_signs(port).into_iter().chain(route_signs(subject, port));
    if of_service.into_iter().any(|sign| sign.claim != Claim::AnyHttp) {
        return None;
    }
    let silent = subject.workloads().iter().find(|workload| pod_signs(workload, port).is_empty())?;
    Some(format!(
        "{} does not tell what the port speaks: no protocol in the name of its container port, no httpGet or gRPC probe of it",
        called(silent)
    ))
}

fn certain(claim: Claim, sign: &Sign) -> Evidence {
    let Sign { words, source, place, .. } = sign.clone();
    Evidence { protocol: claim.protocol(), words, source, place, strength: Strength::Certain }
}

/// What is likely where nothing is certain; none where nothing is.
fn likely(subject: &Subject<'_>, port: &ServicePort<'_>, told: &[Sign]) -> Result<Option<Evidence>, String> {
    let hints = likely_signs(subject, port);
    let all: Vec<Sign> = told.iter().chain(&hints).cloned().collect();
    let Some((claim, first)) = agreed(&all)? else { return Ok(None) };
    let reason = match &all[..] {
        [only] if only.claim == Claim::AnyHttp => {
            format!("{} tells HTTP but no version: for gRPC write `grpc`, for HTTP/2 `http2`", only.words)
        }
        [only] => format!("only {} says so", only.words),
        [one, other, ..] => format!("only {} and {} say so", one.words, other.words),
        [] => String::new(),
    };
    Ok(Some(Evidence { strength: Strength::Likely(reason), ..certain(claim, first) }))
}

#[cfg(test)]
mod tests;
