//! `google-account`: the Google service account that a ServiceAccount names must be one that can exist.
//!
//! Sources: <https://cloud.google.com/iam/docs/service-account-types>, for the length of names
//! <https://cloud.google.com/iam/docs/service-accounts-create>, for those of projects
//! <https://cloud.google.com/resource-manager/docs/creating-managing-projects>.

use crate::base::{Path, PodRepair};
use crate::checks::workload_identity::ACCOUNT_ANNOTATION;
use crate::checks::{Check, NoParams, Observation, bind, schema_of, with_name};
use crate::inventory::Subject;

/// The check.
pub const CHECK: Check = Check {
    id: "google-account",
    summary: "whether a ServiceAccount names a Google service account that can exist",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

fn run(_: &NoParams, subject: &Subject<'_>) -> Vec<Observation> {
    if !subject.object.is("", "ServiceAccount") {
        return Vec::new();
    }
    let Some(account) = subject.object.annotations().get(ACCOUNT_ANNOTATION) else { return Vec::new() };
    let Some(mistake) = account_mistake(account) else { return Vec::new() };
    let path = Path::keys("metadata.annotations").key(ACCOUNT_ANNOTATION);
    let message = with_name(40, account, |account| {
        format!(
            "{account} is no Google service account, {mistake}: want NAME@PROJECT.iam.gserviceaccount.com at {path}"
        )
    });
    let remedy = "which Google service account is meant only its owner knows";
    vec![Observation::new(path, message).unfixed(remedy)]
}

/// The end of every domain of service accounts.
const DOMAIN: &str = ".gserviceaccount.com";
/// The domain of the accounts that people make, behind their project.
const OF_PROJECTS: &str = ".iam.gserviceaccount.com";

/// Why a text can be no service account; none where it can be one. An empty text stands for none, and a text with a `$` or `{{` is filled
/// in by something else before it is applied.
pub fn account_mistake(account: &str) -> Option<&'static str> {
    if account.is_empty() || account.contains('$') || account.contains("{{") {
        return None;
    }
    if account.trim() != account {
        return Some("there is a blank before or behind it");
    }
    if account.starts_with("serviceAccount:") {
        return Some("it has the prefix `serviceAccount:` of IAM");
    }
    let Some((name, domain)) = account.split_once('@') else { return Some("it has no `@`") };
    let Some(project) = domain.strip_suffix(OF_PROJECTS) else {
        return mistake_of_googles(name, domain);
    };
    if !is_made_of(project, ".:-") {
        return Some("its project is no project id");
    }
    let is_agent = project.starts_with("gcp-") || name.starts_with("service-");
    let starts = name.starts_with(|it: char| it.is_ascii_lowercase());
    match name {
        _ if has_odd_ends(name) && is_made_of(name.trim_matches('-'), "-") => Some("its name has `-` at an end"),
        _ if !is_made_of(name, "-") => Some("its name is not of a-z, 0-9 and `-`"),
        _ if is_agent => None,
        _ if !starts => Some("its name does not start with a letter"),
        _ if !(6..=30).contains(&name.len()) => Some("its name is not 6 to 30 characters long"),
        _ => None,
    }
}

/// The same of an account that Google makes, such as 123-compute@developer.gserviceaccount.com. Their domains have one plain word in
/// front; a project's id there has lost the `.iam` behind it.
fn mistake_of_googles(name: &str, domain: &str) -> Option<&'static str> {
    match domain.strip_suffix(DOMAIN) {
        Some("iam") => Some("it names no project"),
        Some(project) if is_made_of(project, "-:.") && !project.chars().all(|it| it.is_ascii_lowercase()) => {
            Some("its domain lacks `.iam`")
        }
        Some(word) if !is_made_of(word, "") => Some("its domain is another"),
        Some(_) if !is_made_of(name, ".:-") => Some("its name holds other characters"),
        Some(_) => None,
        None => Some("its domain is another"),
    }
}

fn has_odd_ends(name: &str) -> bool {
    name.starts_with('-') || name.ends_with('-')
}

/// Whether a text is of small letters, digits and these, with a letter or digit at both ends.
fn is_made_of(text: &str, others: &str) -> bool {
    let is_word = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit();
    text.starts_with(is_word) && text.ends_with(is_word) && text.chars().all(|it| is_word(it) || others.contains(it))
}

#[cfg(test)]
mod tests {
    use super::account_mistake;

    #[test]
    fn accounts_that_can_exist_are_told_from_those_that_cannot() {
        let (name, domain, project) = ("its name", "its domain", "its project");
        for (account, wanted) in [
            ("orders@example-shop.iam.gserviceaccount.com", None),
            ("a23456@p.iam.gserviceaccount.com", None),
            ("a23456789012345678901234567890@p.iam.gserviceaccount.com", None),
            ("orders@shop.example.com.iam.gserviceaccount.com", None),
            ("orders@example.com:shop.iam.gserviceaccount.com", None),
            ("123456789-compute@developer.gserviceaccount.com", None),
            ("example-shop@appspot.gserviceaccount.com", None),
            ("example.com:shop@appspot.gserviceaccount.com", None),
            ("123456789@cloudservices.gserviceaccount.com", None),
            ("service-123456789@container-engine-robot.iam.gserviceaccount.com", None),
            ("p123456789-1a@gcp-sa-cloud-sql.iam.gserviceaccount.com", None),
            ("123456789@gcp-sa-x.iam.gserviceaccount.com", None),
            ("", None),
            ("${GSA}", None),
            ("$(GSA)@shop.iam.gserviceaccount.com", None),
            ("{{ gsa }}", None),
            ("orders", Some("it has no `@`")),
            ("images-@p.iam.gserviceaccount.com", Some("its name has `-` at an end")),
            ("-images@p.iam.gserviceaccount.com", Some("its name has `-` at an end")),
            ("im_ges-@p.iam.gserviceaccount.com", Some("its name is not of")),
            ("GSA_ID", Some("it has no `@`")),
            ("orders@example.com", Some(domain)),
            ("orders@gserviceaccount.com", Some(domain)),
            ("orders@example-shop.gserviceaccount.com", Some("its domain lacks `.iam`")),
            ("orders@shop2.gserviceaccount.com", Some("its domain lacks `.iam`")),
            ("orders@example.com:shop.gserviceaccount.com", Some("its domain lacks `.iam`")),
            ("orders@SHOP.gserviceaccount.com", Some(domain)),
            ("orders@iam.gserviceaccount.com", Some("it names no project")),
            ("orders@example-shop.iam.gserviceaccount.com.", Some(domain)),
            ("orders@example-shop.iam.gserviceaccounts.com", Some(domain)),
            ("orders@example-shop.iam.xgserviceaccount.com", Some(domain)),
            ("orders@other@developer.gserviceaccount.com", Some(domain)),
            ("Orders@developer.gserviceaccount.com", Some(name)),
            ("orders@.iam.gserviceaccount.com", Some(project)),
            ("orders@PROJECT_ID.iam.gserviceaccount.com", Some(project)),
            ("orders@-shop.iam.gserviceaccount.com", Some(project)),
            ("orders@shop-.iam.gserviceaccount.com", Some(project)),
            ("orders@a@b.iam.gserviceaccount.com", Some(project)),
            ("GSA_NAME@example-shop.iam.gserviceaccount.com", Some(name)),
            ("order_s@example-shop.iam.gserviceaccount.com", Some(name)),
            (" orders@example-shop.iam.gserviceaccount.com", Some("there is a blank")),
            ("orders@example-shop.iam.gserviceaccount.com ", Some("there is a blank")),
            ("orders@example-shop.iam.gserviceaccount.com\n", Some("there is a blank")),
            ("serviceAccount:orders@example-shop.iam.gserviceaccount.com", Some("it has the prefix")),
            ("orders-@example-shop.iam.gserviceaccount.com", Some(name)),
            ("1orders@example-shop.iam.gserviceaccount.com", Some("its name does not start")),
            ("order@example-shop.iam.gserviceaccount.com", Some("its name is not 6")),
            ("a234567890123456789012345678901@example-shop.iam.gserviceaccount.com", Some("its name is not 6")),
            ("@example-shop.iam.gserviceaccount.com", Some(name)),
        ] {
            let found = account_mistake(account);
            assert_eq!(found.is_some(), wanted.is_some(), "{account:?}: {found:?}");
            assert!(
                found.zip(wanted).is_none_or(|(found, wanted)| found.starts_with(wanted)),
                "{account:?}: {found:?}"
            );
        }
    }
}
