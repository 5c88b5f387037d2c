//! `make bench`: ours beside the floor and the peers in the same run, as ratios (DESIGN section 13). `make bench ROWS=sync` runs
//! one part.

mod first;
mod headers;
mod pop3;
mod push;
mod search;
mod sync;

fn main() {
    let rows = std::env::var("ROWS").unwrap_or_default();
    let mut met = true;
    if rows.is_empty() || rows == "headers" {
        met &= headers::run();
    }
    if rows.is_empty() || rows == "first" {
        met &= first::run();
    }
    if rows.is_empty() || rows == "sync" {
        met &= sync::run();
    }
    if rows.is_empty() || rows == "pop3" {
        met &= pop3::run();
    }
    if rows.is_empty() || rows == "push" {
        met &= push::run();
    }
    if rows.is_empty() || rows == "search" {
        met &= search::run();
    }
    if !met {
        std::process::exit(1);
    }
}
