//! Migrations of a database by flyway and liquibase: without a task both tell about themselves only.
//!
//! Sources: `CMD` of <https://github.com/flyway/flyway-docker/blob/main/dockerfiles/Dockerfile> and of
//! <https://github.com/liquibase/docker/blob/main/Dockerfile>.

use crate::mesh::wrapper::network_call::Callee;
use crate::mesh::wrapper::network_call::address::{is_local, url_host};
use crate::mesh::wrapper::shell::variables::Variables;

const OF_FLYWAY: [&str; 7] = ["migrate", "info", "validate", "clean", "repair", "baseline", "undo"];
const OF_LIQUIBASE: [&str; 7] =
    ["update", "status", "rollback", "updateCount", "update-count", "releaseLocks", "release-locks"];

/// Whom flyway or liquibase calls with these arguments. A database may also be a file, or stand in the pod.
pub(super) fn migration_call(program: &str, arguments: &[&str], variables: &Variables<'_>) -> Option<Callee> {
    let tasks = if program == "flyway" { OF_FLYWAY } else { OF_LIQUIBASE };
    let runs = arguments.iter().any(|word| tasks.contains(word));
    let texts = || arguments.iter().copied().chain(variables.values());
    let tells = arguments.iter().any(|word| matches!(*word, "--help" | "help" | "--version"));
    if !runs || tells || texts().any(is_local) {
        return None;
    }
    let database = |text| str::split_once(text, "jdbc:").and_then(|(_, url)| url_host(url));
    let named = texts().find_map(database);
    Some(named.map_or(Callee::Others, |host| Callee::Host(host.to_owned())))
}
