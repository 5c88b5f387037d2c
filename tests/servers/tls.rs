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
    let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
    write(dir, CertificateParams::new(names).expect("names"), None).0
}

/// One whose time is over.
pub fn make_expired(dir: &Path) -> Certificates {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("names");
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    write(dir, params, None).0
}

/// One for this machine, and one for a user, from the same authority.
pub fn make_with_client(dir: &Path, user: &str) -> (Certificates, Certificates) {
    let server = CertificateParams::new(vec!["localhost".to_owned()]).expect("names");
    let mut client = CertificateParams::new(Vec::new()).expect("parameters");
    client.distinguished_name = rcgen::DistinguishedName::new();
    client.distinguished_name.push(rcgen::DnType::CommonName, user);
    client.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    let (server, client) = write(dir, server, Some(client));
    (server, client.expect("a client"))
}

fn write(
    dir: &Path,
    server: CertificateParams,
    client: Option<CertificateParams>,
) -> (Certificates, Option<Certificates>) {
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().expect("key");
    let ca = authority.self_signed(&authority_key).expect("authority");
    let issuer = Issuer::new(authority, authority_key);
    let ca_file = dir.join("ca.pem");
    std::fs::write(&ca_file, ca.pem()).expect("ca.pem");
    let make = |params: CertificateParams, name: &str| {
        let key = KeyPair::generate().expect("key");
        let cert = params.signed_by(&key, &issuer).expect("certificate");
        let files = Certificates {
            ca: ca_file.clone(),
            cert: dir.join(format!("{name}.pem")),
            key: dir.join(format!("{name}-key.pem")),
        };
        std::fs::write(&files.cert, cert.pem()).expect("a certificate");
        std::fs::write(&files.key, key.serialize_pem()).expect("a key");
        files
    };
    (make(server, "cert"), client.map(|params| make(params, "client")))
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
