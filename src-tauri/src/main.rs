//! The app on a computer.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

// What is freed is wiped, so that no password or token is left behind in memory for a core dump to show.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() {
    malote_app_lib::run();
}
