//! The app on a computer.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

fn main() {
    malote_app_lib::run();
}
