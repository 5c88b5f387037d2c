//! A certificate authority of our own, and a certificate for this machine from it.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::path::{Path, PathBuf};

/// PEM files in a directory.
pub struct Certificates {
    /// The authority: what a client is told to trust.
    pub ca: PathBuf,
    /// The server's certificate.
    pub cert: PathBuf,
    /// The server's key.
    pub key: PathBuf,
}

/// Makes a certificate for `localhost` and 127.0.0.1.
pub fn make(dir: &Path) -> Certificates {
    make_for(dir, &["localhost", "127.0.0.1"])
}

/// Makes a certificate for these names.
pub fn make_for(dir: &Path, names: &[&str]) -> Certificates {
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().expect("key");
    let ca = authority.self_signed(&authority_key).expect("authority");
    let issuer = Issuer::new(authority, authority_key);
    let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
    let key = KeyPair::generate().expect("key");
    let cert = CertificateParams::new(names).expect("names").signed_by(&key, &issuer).expect("certificate");
    let files = Certificates { ca: dir.join("ca.pem"), cert: dir.join("cert.pem"), key: dir.join("key.pem") };
    std::fs::write(&files.ca, ca.pem()).expect("ca.pem");
    std::fs::write(&files.cert, cert.pem()).expect("cert.pem");
    std::fs::write(&files.key, key.serialize_pem()).expect("key.pem");
    files
}

/// What a server in this process shows.
pub fn server_config(files: &Certificates) -> rustls::ServerConfig {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let chain: Vec<_> =
        CertificateDer::pem_file_iter(&files.cert).expect("cert.pem").collect::<Result<_, _>>().expect("PEM");
    let key = PrivateKeyDer::from_pem_file(&files.key).expect("key.pem");
    rustls::ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate")
}
