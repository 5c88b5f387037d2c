//! How the database came to be what it is, step by step: core/migrations.
//!
//! Listed here and not found by sqlx's macro: that compiles a second SQLite, for the compiler to link with.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use std::sync::LazyLock;

const STEPS: [(&str, &str); 13] = [
    ("0001_first", include_str!("../../migrations/0001_first.sql")),
    ("0002_wire", include_str!("../../migrations/0002_wire.sql")),
    ("0003_folders", include_str!("../../migrations/0003_folders.sql")),
    ("0004_policies", include_str!("../../migrations/0004_policies.sql")),
    ("0005_accounts", include_str!("../../migrations/0005_accounts.sql")),
    ("0006_outbox", include_str!("../../migrations/0006_outbox.sql")),
    ("0007_reports", include_str!("../../migrations/0007_reports.sql")),
    ("0008_search", include_str!("../../migrations/0008_search.sql")),
    ("0009_conversations", include_str!("../../migrations/0009_conversations.sql")),
    ("0010_events", include_str!("../../migrations/0010_events.sql")),
    ("0011_junk", include_str!("../../migrations/0011_junk.sql")),
    ("0012_ripe", include_str!("../../migrations/0012_ripe.sql")),
    ("0013_pins", include_str!("../../migrations/0013_pins.sql")),
];

/// Every step, the oldest first.
pub static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let steps = (1..).zip(STEPS).map(|(version, (name, sql))| {
        let what = name.split_once('_').map_or(name, |(_, what)| what).replace('_', " ");
        Migration::new(version, what.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    Migrator::with_migrations(steps.collect())
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Result;

    /// None is forgotten, and each has the number that its name begins with.
    #[test]
    fn all_are_listed() -> Result<()> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations"))? {
            files.push(entry?.file_name().to_string_lossy().into_owned());
        }
        files.sort();
        let listed: Vec<String> = STEPS.iter().map(|(name, _)| format!("{name}.sql")).collect();
        assert_eq!(listed, files);
        let numbers: Vec<String> = MIGRATIONS.iter().map(|m| format!("{:04}", m.version)).collect();
        assert!(numbers.iter().zip(&listed).all(|(number, name)| name.starts_with(number)), "{listed:?}");
        Ok(())
    }
}
