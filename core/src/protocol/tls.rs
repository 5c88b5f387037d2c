//! TLS: what is trusted, what was shown, and what binds a sign-in to the channel.
//!
//! Trust is the platform's roots, those in a file of the user's, and one certificate that the user looked at and chose
//! (RFC 8314 section 3.3, "certificate pinning"): exactly that one, whatever its name and dates say.

use crate::error::{Error, Kind, Result};
use crate::model::{Certificate, CertificateFault};
use rustls::RootCertStore;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject};
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};
use sha2::{Digest, Sha256, Sha384, Sha512};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// What TLS trusts, and who we are to it.
#[derive(Clone, Default)]
pub struct Trust {
    extra: Vec<CertificateDer<'static>>,
    /// SHA-256 of the one certificate that the user chose, in lower-case hex.
    pin: Option<String>,
    identity: Option<Identity>,
}

#[derive(Clone)]
struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: Arc<PrivateKeyDer<'static>>,
}

/// Where the certificate of a failed handshake is put, so that it can be shown.
pub(super) type Seen = Arc<Mutex<Option<CertificateDer<'static>>>>;

impl Trust {
    /// Adds the certificates of a PEM file.
    pub fn with_file(mut self, path: &Path) -> Result<Self> {
        self.extra = read_chain(path)?;
        Ok(self)
    }

    /// Trusts exactly the certificate with this fingerprint (SHA-256, hex) besides.
    pub fn with_pin(mut self, fingerprint: &str) -> Self {
        self.pin = (!fingerprint.is_empty()).then(|| fingerprint.to_ascii_lowercase());
        self
    }

    /// Shows a certificate of our own, for SASL EXTERNAL (RFC 4422 appendix A): PEM files with the chain and the key.
    pub fn with_identity(mut self, chain: &Path, key: &Path) -> Result<Self> {
        let subject = key.display().to_string();
        let key =
            PrivateKeyDer::from_pem_file(key).map_err(|e| Error::new(Kind::Usage, subject).because(e))?;
        self.identity = Some(Identity { chain: read_chain(chain)?, key: Arc::new(key) });
        Ok(self)
    }

    pub(super) fn config(&self, seen: &Seen) -> Result<rustls::ClientConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = |e: rustls::Error| Error::new(Kind::Certificate, "").because(e);
        let verifier = Verifier {
            inner: self.platform(&provider)?,
            provider: provider.clone(),
            pin: self.pin.clone(),
            seen: seen.clone(),
        };
        // The safe defaults are TLS 1.2 and 1.3 (RFC 8314 section 4.1, RFC 8996).
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(tls)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        match &self.identity {
            None => Ok(builder.with_no_client_auth()),
            Some(own) => builder.with_client_auth_cert(own.chain.clone(), own.key.clone_key()).map_err(tls),
        }
    }

    fn platform(&self, provider: &Arc<CryptoProvider>) -> Result<Option<Arc<dyn ServerCertVerifier>>> {
        #[cfg(all(unix, not(any(target_os = "android", target_os = "ios", target_os = "macos"))))]
        let platform = rustls_platform_verifier::Verifier::new_with_extra_roots(
            self.extra.iter().cloned(),
            provider.clone(),
        );
        #[cfg(not(all(unix, not(any(target_os = "android", target_os = "ios", target_os = "macos")))))]
        let platform = if self.extra.is_empty() {
            rustls_platform_verifier::Verifier::new(provider.clone())
        } else {
            Err(rustls::Error::General("own roots replace the platform's here".into()))
        };
        let fails = |e: &dyn std::fmt::Display| Error::new(Kind::Certificate, "").because(e);
        match platform {
            Ok(verifier) => Ok(Some(Arc::new(verifier))),
            // A machine without any root of its own still has the user's file.
            Err(_) if !self.extra.is_empty() => {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(self.extra.iter().cloned());
                let built = rustls::client::WebPkiServerVerifier::builder_with_provider(
                    roots.into(),
                    provider.clone(),
                );
                Ok(Some(built.build().map_err(|e| fails(&e))?))
            }
            // And one certificate that was chosen needs none.
            Err(_) if self.pin.is_some() => Ok(None),
            Err(e) => Err(fails(&e)),
        }
    }
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let subject = path.display().to_string();
    let certs = CertificateDer::pem_file_iter(path)
        .and_then(|found| found.collect::<std::result::Result<Vec<_>, _>>())
        .map_err(|e| Error::new(Kind::Usage, subject.clone()).because(e))?;
    if certs.is_empty() {
        return Err(Error::new(Kind::Usage, subject).because("no certificate in it"));
    }
    Ok(certs)
}

/// The platform's judgement, overruled for the one certificate that the user chose.
#[derive(Debug)]
struct Verifier {
    inner: Option<Arc<dyn ServerCertVerifier>>,
    provider: Arc<CryptoProvider>,
    pin: Option<String>,
    seen: Seen,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        if self.pin.as_deref() == Some(fingerprint(end_entity).as_str()) {
            return Ok(ServerCertVerified::assertion());
        }
        let verdict = match &self.inner {
            Some(inner) => {
                inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            }
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        if verdict.is_err() {
            *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(end_entity.clone().into_owned());
        }
        verdict
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn fingerprint(cert: &[u8]) -> String {
    hex(&Sha256::digest(cert))
}

/// Tells "not trusted" from "does not speak TLS" from "hung up"; a certificate that was refused comes with what it says.
pub(super) fn handshake_error(host: &str, e: std::io::Error, seen: &Seen) -> Error {
    let cause = e.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let (kind, fault) = match cause {
        Some(rustls::Error::InvalidCertificate(why)) => (Kind::Certificate, Some(fault(why))),
        Some(rustls::Error::NoCertificatesPresented) => (Kind::Certificate, None),
        Some(rustls::Error::InvalidMessage(_) | rustls::Error::InappropriateMessage { .. }) => {
            (Kind::NoTls, None)
        }
        Some(_) => (Kind::Certificate, None),
        None => (Kind::ConnectionLost, None),
    };
    let shown = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
    let mut error = Error::new(kind, host).because(e);
    if let (Some(cert), Some(fault)) = (shown, fault) {
        error.certificate = Some(Box::new(describe(&cert, fault)));
    }
    error
}

fn fault(why: &CertificateError) -> CertificateFault {
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => CertificateFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            CertificateFault::NotYetValid
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateFault::OtherName
        }
        CertificateError::UnknownIssuer => CertificateFault::UnknownIssuer,
        CertificateError::Revoked => CertificateFault::Revoked,
        _ => CertificateFault::Invalid,
    }
}

/// What a certificate says of itself, for the user's eyes. Texts in it are the server's: bounded and without controls.
fn describe(der: &[u8], fault: CertificateFault) -> Certificate {
    let mut shown = Certificate { fingerprint: fingerprint(der), fault, ..Certificate::default() };
    if let Ok((_, cert)) = X509Certificate::from_der(der) {
        let clean = |text: String| text.chars().filter(|c| !c.is_control()).take(200).collect::<String>();
        shown.subject = clean(cert.subject().to_string());
        shown.issuer = clean(cert.issuer().to_string());
        shown.not_before = cert.validity().not_before.timestamp();
        shown.not_after = cert.validity().not_after.timestamp();
        if let Ok(Some(names)) = cert.subject_alternative_name() {
            shown.names = names
                .value
                .general_names
                .iter()
                .filter_map(|n| match n {
                    GeneralName::DNSName(name) => Some(clean((*name).to_owned())),
                    _ => None,
                })
                .take(20)
                .collect();
        }
    }
    shown
}

/// What SCRAM-…-PLUS ties a sign-in to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelBinding {
    /// `tls-exporter` (RFC 9266) with TLS 1.3, `tls-server-end-point` (RFC 5929 section 4) before.
    pub name: &'static str,
    /// The data.
    pub data: Vec<u8>,
}

pub(super) fn channel_binding(connection: &rustls::ClientConnection) -> Option<ChannelBinding> {
    if connection.protocol_version() == Some(rustls::ProtocolVersion::TLSv1_3) {
        let data =
            connection.export_keying_material(vec![0u8; 32], b"EXPORTER-Channel-Binding", None).ok()?;
        return Some(ChannelBinding { name: "tls-exporter", data });
    }
    let cert = connection.peer_certificates()?.first()?;
    let (_, parsed) = X509Certificate::from_der(cert).ok()?;
    // "the hash function of the certificate's signature algorithm", SHA-256 instead of MD5 and SHA-1.
    let data = match parsed.signature_algorithm.algorithm.to_id_string().as_str() {
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" => Sha384::digest(cert).to_vec(),
        "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" => Sha512::digest(cert).to_vec(),
        "1.2.840.113549.1.1.10" | "1.3.101.112" | "1.3.101.113" => return None, // not defined for these
        _ => Sha256::digest(cert).to_vec(),
    };
    Some(ChannelBinding { name: "tls-server-end-point", data })
}
