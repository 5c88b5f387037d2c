//! Where the operating system has no secret store: the master key, locked with a passphrase of the user's.
//!
//! Argon2id with the parameters that RFC 9106 section 4 recommends second (64 MiB, 3 passes, 4 lanes) makes a guess cost about what
//! opening costs here. The passphrase itself is kept nowhere; forgotten, the passwords are typed again.

use super::secrets::MasterKey;
use crate::error::{Error, Kind, Result};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};

/// Characters that a passphrase has at least (NIST SP 800-63B section 5.1.1.1).
pub const SHORTEST: usize = 8;
/// What the locked key is bound to.
const NAME: &str = "passphrase";
const MEMORY: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;
/// A file that asks for more memory than this was not written by us. KiB.
const MOST_MEMORY: u32 = 1024 * 1024;

/// A locked master key, as it is kept in the database.
#[derive(Debug, Serialize, Deserialize)]
pub struct LockedKey {
    salt: Vec<u8>,
    memory: u32,
    passes: u32,
    lanes: u32,
    sealed: Vec<u8>,
}

impl LockedKey {
    /// Locks a key (32 bytes, in hex). Takes about a tenth of a second.
    pub fn lock(key: &str, passphrase: &str) -> Result<Self> {
        if passphrase.chars().count() < SHORTEST {
            return Err(Error::new(Kind::Usage, "passphrase").because("too short"));
        }
        let mut salt = vec![0u8; 16];
        getrandom::fill(&mut salt).map_err(|e| Error::new(Kind::SecretStore, "").because(e))?;
        let mut locked = Self { salt, memory: MEMORY, passes: PASSES, lanes: LANES, sealed: Vec::new() };
        locked.sealed = locked.derive(passphrase)?.seal(NAME, key)?;
        Ok(locked)
    }

    /// The key in hex; [`Kind::PassphraseWrong`] with another passphrase.
    pub fn open(&self, passphrase: &str) -> Result<String> {
        let wrong = |_| Error::new(Kind::PassphraseWrong, "");
        self.derive(passphrase)?.open(NAME, &self.sealed).map_err(wrong)
    }

    fn derive(&self, passphrase: &str) -> Result<MasterKey> {
        let bad = |e: argon2::Error| Error::new(Kind::SecretStore, "").because(e);
        let params =
            Params::new(self.memory.min(MOST_MEMORY), self.passes, self.lanes, Some(32)).map_err(bad)?;
        let mut key = [0u8; 32];
        // Spelled with other code points it is the same passphrase (RFC 8265 section 4.2.2).
        let passphrase = stringprep::saslprep(passphrase).unwrap_or(passphrase.into());
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), &self.salt, &mut key)
            .map_err(bad)?;
        MasterKey::of(&key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_with_its_passphrase_only() -> Result<()> {
        let locked = LockedKey::lock("abcd", "correto cavalo ção")?;
        let text = serde_json::to_string(&locked).unwrap_or_default();
        assert!(!text.contains("cavalo") && !text.contains("abcd"));
        let again: LockedKey = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(again.open("correto cavalo ção")?, "abcd");
        // The same letters from a keyboard that composes them otherwise.
        assert_eq!(again.open("correto cavalo c\u{327}a\u{303}o")?, "abcd");
        assert_eq!(again.open("Correto cavalo ção").map_err(|e| e.kind), Err(Kind::PassphraseWrong));
        assert_eq!(LockedKey::lock("abcd", "curta").map_err(|e| e.kind).err(), Some(Kind::Usage));
        Ok(())
    }
}
