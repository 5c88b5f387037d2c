//! SCRAM-SHA-1 and SCRAM-SHA-256, with and without channel binding (RFC 5802, RFC 7677): the server learns that we know
//! the password without getting it, and we learn that it does.

use super::tls::ChannelBinding;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// More rounds than this are no protection but an attack on our processor: a second or so on a telephone.
const MOST_ROUNDS: u32 = 500_000;
/// Fewer than this protect nothing (RFC 7677 section 4).
const FEWEST_ROUNDS: u32 = 4096;

/// Which hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SHA-1
    Sha1,
    /// SHA-256
    Sha256,
}

impl Hash {
    fn hmac(self, key: &[u8], data: &[u8]) -> Vec<u8> {
        match self {
            Hash::Sha1 => mac::<Hmac<Sha1>>(key, data),
            Hash::Sha256 => mac::<Hmac<Sha256>>(key, data),
        }
    }

    fn digest(self, data: &[u8]) -> Vec<u8> {
        match self {
            Hash::Sha1 => Sha1::digest(data).to_vec(),
            Hash::Sha256 => Sha256::digest(data).to_vec(),
        }
    }

    /// `Hi(str, salt, i)` of RFC 5802 section 2.2, which is PBKDF2.
    fn stretch(self, password: &[u8], salt: &[u8], rounds: u32) -> Vec<u8> {
        match self {
            Hash::Sha1 => {
                let mut out = vec![0; 20];
                pbkdf2::pbkdf2_hmac::<Sha1>(password, salt, rounds, &mut out);
                out
            }
            Hash::Sha256 => {
                let mut out = vec![0; 32];
                pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, rounds, &mut out);
                out
            }
        }
    }
}

fn mac<M: Mac + hmac::digest::KeyInit>(key: &[u8], data: &[u8]) -> Vec<u8> {
    // An HMAC takes a key of any length; were it not so, an empty proof would simply be refused.
    let Ok(mut mac) = <M as Mac>::new_from_slice(key) else { return Vec::new() };
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

/// How far the exchange is.
enum Step {
    First,
    Final,
    Verify { signature: Vec<u8> },
    Done,
}

/// One sign-in.
pub struct Scram {
    hash: Hash,
    password: String,
    /// `gs2-header`: whether the channel is bound, and that we act for ourselves.
    header: String,
    binding: Vec<u8>,
    first_bare: String,
    nonce: String,
    step: Step,
}

impl Scram {
    /// Begins one. `bound` is what the mechanism ties itself to (…-PLUS); `could` says that we could have tied it and the
    /// server did not offer to, so that a downgrade in between is noticed (RFC 5802 section 6).
    pub fn new(
        hash: Hash,
        user: &str,
        password: &str,
        nonce: String,
        bound: Option<&ChannelBinding>,
        could: bool,
    ) -> Self {
        let header = match (bound, could) {
            (Some(binding), _) => format!("p={},,", binding.name),
            (None, true) => "y,,".to_owned(),
            (None, false) => "n,,".to_owned(),
        };
        // saslname: "=2C" for a comma and "=3D" for an equals sign.
        let name = prepared(user).replace('=', "=3D").replace(',', "=2C");
        Self {
            hash,
            password: prepared(password),
            header,
            binding: bound.map(|b| b.data.clone()).unwrap_or_default(),
            first_bare: format!("n={name},r={nonce}"),
            nonce,
            step: Step::First,
        }
    }

    /// The answer to a challenge, the first one being empty; an error says what is wrong with the server.
    pub fn respond(&mut self, challenge: &[u8]) -> Result<Vec<u8>, &'static str> {
        match std::mem::replace(&mut self.step, Step::Done) {
            Step::First => {
                self.step = Step::Final;
                Ok(format!("{}{}", self.header, self.first_bare).into_bytes())
            }
            Step::Final => self.prove(challenge),
            Step::Verify { signature } => {
                let text = std::str::from_utf8(challenge).map_err(|_| "its last word is no text")?;
                let said =
                    text.split(',').find_map(|part| part.strip_prefix("v=")).ok_or("it proves nothing")?;
                // v=: compared in constant time by the HMAC crate's rules would gain nothing; it is not secret.
                if STANDARD.decode(said).is_ok_and(|said| said == signature) {
                    Ok(Vec::new())
                } else {
                    Err("it does not know the password")
                }
            }
            Step::Done => Err("it asks for more than there is"),
        }
    }

    /// True when the server has proved that it knows the password.
    pub fn is_done(&self) -> bool {
        matches!(self.step, Step::Done)
    }

    fn prove(&mut self, challenge: &[u8]) -> Result<Vec<u8>, &'static str> {
        let first = std::str::from_utf8(challenge).map_err(|_| "its challenge is no text")?;
        let attribute = |name: &str| first.split(',').find_map(|part| part.strip_prefix(name));
        if attribute("m=").is_some() {
            return Err("it demands an extension that we do not know");
        }
        let nonce = attribute("r=").ok_or("it sends no nonce")?;
        if !nonce.starts_with(&self.nonce) || nonce.len() <= self.nonce.len() {
            return Err("its nonce is not ours");
        }
        let salt = attribute("s=").and_then(|s| STANDARD.decode(s).ok()).ok_or("it sends no salt")?;
        let rounds: u32 = attribute("i=").and_then(|i| i.parse().ok()).ok_or("it names no rounds")?;
        if !(FEWEST_ROUNDS..=MOST_ROUNDS).contains(&rounds) {
            return Err("it wants too few or too many rounds");
        }
        let mut bound = self.header.clone().into_bytes();
        bound.extend_from_slice(&self.binding);
        let without_proof = format!("c={},r={nonce}", STANDARD.encode(&bound));
        let message = format!("{},{first},{without_proof}", self.first_bare);

        let salted = self.hash.stretch(self.password.as_bytes(), &salt, rounds);
        let client_key = self.hash.hmac(&salted, b"Client Key");
        let signature = self.hash.hmac(&self.hash.digest(&client_key), message.as_bytes());
        let proof: Vec<u8> = client_key.iter().zip(&signature).map(|(a, b)| a ^ b).collect();
        let server_key = self.hash.hmac(&salted, b"Server Key");
        self.step = Step::Verify { signature: self.hash.hmac(&server_key, message.as_bytes()) };
        Ok(format!("{without_proof},p={}", STANDARD.encode(proof)).into_bytes())
    }
}

/// SASLprep (RFC 4013) where it can be done; else as it is typed, as most servers do.
fn prepared(text: &str) -> String {
    stringprep::saslprep(text).map_or_else(|_| text.to_owned(), |t| t.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(hash: Hash, nonce: &str, server: [&str; 2], client: [&str; 2]) {
        let mut scram = Scram::new(hash, "user", "pencil", nonce.to_owned(), None, false);
        let said = |r: Result<Vec<u8>, _>| r.map(|b| String::from_utf8_lossy(&b).into_owned());
        assert_eq!(said(scram.respond(b"")), Ok(client[0].to_owned()));
        assert_eq!(said(scram.respond(server[0].as_bytes())), Ok(client[1].to_owned()));
        assert!(!scram.is_done());
        assert_eq!(said(scram.respond(server[1].as_bytes())), Ok(String::new()));
        assert!(scram.is_done());
    }

    /// RFC 5802 section 5 and RFC 7677 section 3.
    #[test]
    fn the_examples_of_the_standards() {
        play(
            Hash::Sha1,
            "fyko+d2lbbFgONRv9qkxdawL",
            [
                "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
                "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
            ],
            [
                "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
                "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
            ],
        );
        play(
            Hash::Sha256,
            "rOprNGfwEbeRWgbNEkqO",
            [
                "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
                "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
            ],
            [
                "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
                "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            ],
        );
    }

    /// `c=` holds the header and what the channel gave, so that a sign-in relayed over another channel fails.
    #[test]
    fn the_channel_is_bound() {
        let binding = ChannelBinding { name: "tls-exporter", data: (0..32).collect() };
        let mut scram = Scram::new(Hash::Sha256, "user", "pencil", "abc".into(), Some(&binding), true);
        assert!(scram.respond(b"").is_ok_and(|b| b.starts_with(b"p=tls-exporter,,n=user,r=abc")));
        let last = scram.respond(b"r=abcd,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096").unwrap_or_default();
        let text = String::from_utf8_lossy(&last).into_owned();
        let c = text.strip_prefix("c=").and_then(|t| t.split(',').next()).unwrap_or_default();
        let mut want = b"p=tls-exporter,,".to_vec();
        want.extend(0..32u8);
        assert_eq!(STANDARD.decode(c).ok(), Some(want));
    }

    #[test]
    fn a_server_that_cheats_is_found_out() {
        for (challenge, why) in [
            ("r=other,s=QSXCR+Q6sek8bf92,i=4096", "its nonce is not ours"),
            ("r=abc,s=QSXCR+Q6sek8bf92,i=4096", "its nonce is not ours"),
            ("r=abcd,s=QSXCR+Q6sek8bf92,i=1", "it wants too few or too many rounds"),
            ("r=abcd,s=QSXCR+Q6sek8bf92,i=4000000000", "it wants too few or too many rounds"),
            ("m=x,r=abcd,s=QSXCR+Q6sek8bf92,i=4096", "it demands an extension that we do not know"),
            ("e=unknown-user", "it sends no nonce"),
        ] {
            let mut scram = Scram::new(Hash::Sha256, "u", "p", "abc".into(), None, false);
            assert!(scram.respond(b"").is_ok());
            assert_eq!(scram.respond(challenge.as_bytes()), Err(why), "{challenge}");
        }
        let mut scram = Scram::new(Hash::Sha1, "u", "p", "abc".into(), None, true);
        assert!(scram.respond(b"").is_ok_and(|b| b.starts_with(b"y,,")));
        assert!(scram.respond(b"r=abcd,s=QSXCR+Q6sek8bf92,i=4096").is_ok());
        assert_eq!(scram.respond(b"v=AAAA"), Err("it does not know the password"));
    }
}
