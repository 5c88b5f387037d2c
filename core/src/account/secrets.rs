//! One master key in the operating system's secret store; passwords sealed with it in the database.
//!
//! So the store asks the user once, not once for each account, and a long token fits where a store has a small limit.
//! XChaCha20-Poly1305 with a random nonce; the address is authenticated with it, so that a sealed password cannot be
//! moved to another account.

use crate::error::{Error, Kind, Result};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Where the master key is kept. Calls may block.
pub trait Secrets: Send + Sync {
    /// The secret, if it is there.
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>>;
    /// Keeps a secret.
    fn set(&self, name: &str, secret: &[u8]) -> Result<()>;
}

/// Secrets that end with the process: for tests, and where the user is asked each time.
#[derive(Default)]
pub struct MemorySecrets(Mutex<HashMap<String, Vec<u8>>>);

impl Secrets for MemorySecrets {
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned())
    }
    fn set(&self, name: &str, secret: &[u8]) -> Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), secret.to_vec());
        Ok(())
    }
}

const NAME: &str = "master-key";
const NONCE: usize = 24;

/// The key that seals passwords.
pub struct MasterKey(XChaCha20Poly1305);

impl MasterKey {
    /// One that ends with the process: what is kept in memory is kept sealed, so that no dump of it shows a password.
    pub fn passing() -> Result<Self> {
        Self::load(&MemorySecrets::default(), true)
    }

    /// Reads the key; makes one where there is none and `make` is set.
    pub fn load(secrets: &dyn Secrets, make: bool) -> Result<Self> {
        let bytes = match secrets.get(NAME)? {
            Some(bytes) => bytes,
            None if make => {
                let mut fresh = [0u8; 32];
                getrandom::fill(&mut fresh).map_err(|e| Error::new(Kind::SecretStore, "").because(e))?;
                secrets.set(NAME, &fresh)?;
                fresh.to_vec()
            }
            None => return Err(Error::new(Kind::SecretMissing, "")),
        };
        Self::of(&bytes)
    }

    /// The key of these 32 bytes.
    pub fn of(bytes: &[u8]) -> Result<Self> {
        let cipher = XChaCha20Poly1305::new_from_slice(bytes)
            .map_err(|_| Error::new(Kind::SecretStore, "").because("the key has the wrong length"))?;
        Ok(Self(cipher))
    }

    /// The key that these hex digits spell.
    pub fn of_hex(digits: &str) -> Result<Self> {
        let bytes = digits
            .as_bytes()
            .chunks(2)
            .map(|two| std::str::from_utf8(two).ok().and_then(|two| u8::from_str_radix(two, 16).ok()));
        let bad = || Error::new(Kind::SecretStore, "").because("that is no key");
        Self::of(&bytes.collect::<Option<Vec<u8>>>().ok_or_else(bad)?)
    }

    /// Nonce and ciphertext.
    pub fn seal(&self, address: &str, password: &str) -> Result<Vec<u8>> {
        let mut nonce = [0u8; NONCE];
        getrandom::fill(&mut nonce).map_err(|e| Error::new(Kind::SecretStore, "").because(e))?;
        let payload = Payload { msg: password.as_bytes(), aad: address.as_bytes() };
        let sealed = self.0.encrypt(XNonce::from_slice(&nonce), payload);
        let sealed = sealed.map_err(|_| Error::new(Kind::SecretStore, "").because("sealing failed"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// The password; an error when the key or the address is another one.
    pub fn open(&self, address: &str, sealed: &[u8]) -> Result<String> {
        let missing = || Error::new(Kind::SecretMissing, address).because("sealed with another key");
        let (nonce, sealed) = sealed.split_at_checked(NONCE).ok_or_else(missing)?;
        let payload = Payload { msg: sealed, aad: address.as_bytes() };
        let password = self.0.decrypt(XNonce::from_slice(nonce), payload).map_err(|_| missing())?;
        String::from_utf8(password).map_err(|_| missing())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_with_the_same_key_and_address() -> Result<()> {
        let secrets = MemorySecrets::default();
        let sealed = MasterKey::load(&secrets, true)?.seal("a@x", "çé-secret")?;
        let key = MasterKey::load(&secrets, false)?;
        assert_eq!(key.open("a@x", &sealed)?, "çé-secret");
        assert_eq!(key.open("b@x", &sealed).map_err(|e| e.kind), Err(Kind::SecretMissing));
        assert!(key.open("a@x", &sealed[..10]).is_err());
        let other = MasterKey::load(&MemorySecrets::default(), true)?;
        assert!(other.open("a@x", &sealed).is_err());
        assert!(!sealed.windows(6).any(|w| w == b"secret"));
        Ok(())
    }
}
