//! What `--help` prints. docs/wait.md holds the same texts; a test compares them.

/// Of the program.
pub const ALL: &str = include_str!("help/all.txt");

/// Of one task; none where there is no such task.
pub fn of(task: &str) -> Option<&'static str> {
    Some(match task {
        "run" => include_str!("help/run.txt"),
        "job" => include_str!("help/job.txt"),
        "drain" => include_str!("help/drain.txt"),
        "identity" => include_str!("help/identity.txt"),
        "install" => include_str!("help/install.txt"),
        "help" | "--help" | "-h" => ALL,
        _ => return None,
    })
}
