//! The operating system's secret store through keyring: Secret Service on Linux, Keychain on Apple's, Credential Manager on
//! Windows.

use super::secrets::Secrets;
use crate::error::{Error, Kind, Result};
use keyring_core::Entry;
use std::sync::OnceLock;

/// The operating system's secret store.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsSecrets;

const SERVICE: &str = "org.malote.Malote";

/// Chooses the platform's store once for the process.
fn store() -> Result<()> {
    static CHOSEN: OnceLock<Result<()>> = OnceLock::new();
    CHOSEN
        .get_or_init(|| {
            #[cfg(target_os = "linux")]
            let store = zbus_secret_service_keyring_store::Store::new();
            #[cfg(target_os = "macos")]
            let store = apple_native_keyring_store::keychain::Store::new();
            #[cfg(target_os = "ios")]
            let store = apple_native_keyring_store::protected::Store::new();
            #[cfg(target_os = "windows")]
            let store = windows_native_keyring_store::Store::new();
            #[cfg(not(any(
                target_os = "linux",
                target_os = "macos",
                target_os = "ios",
                target_os = "windows"
            )))]
            let store: keyring_core::Result<std::sync::Arc<keyring_core::mock::Store>> =
                Err(keyring_core::Error::NoDefaultStore);
            keyring_core::set_default_store(store.map_err(failed)?);
            Ok(())
        })
        .clone()
}

fn failed(e: keyring_core::Error) -> Error {
    Error::new(Kind::SecretStore, "").because(e)
}

impl Secrets for OsSecrets {
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        store()?;
        match Entry::new(SERVICE, name).and_then(|e| e.get_secret()) {
            Ok(secret) => Ok(Some(secret)),
            Err(keyring_core::Error::NoEntry) => Ok(None),
            Err(e) => Err(failed(e)),
        }
    }
    fn set(&self, name: &str, secret: &[u8]) -> Result<()> {
        store()?;
        // A locked store lets itself be opened and asked; only writing tells (it fails here, and nothing is kept).
        Entry::new(SERVICE, name).and_then(|e| e.set_secret(secret)).map_err(failed)
    }
}
