//! What the name service says about a domain: who receives its mail (RFC 5321 section 5), where its services are (RFC 6186,
//! RFC 8314 section 5.1).
//!
//! Only the resolvers that the system names are asked, never others in their stead: who looks up what is nobody else's business.

use crate::error::{Error, Kind, Result};
use crate::model::{Endpoint, Tls};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};
use std::net::SocketAddr;

/// A name service; nothing where the system names none.
#[derive(Clone, Default)]
pub struct Names(Option<TokioResolver>);

impl Names {
    /// As the system says.
    pub fn system() -> Self {
        let made = TokioResolver::builder_tokio().and_then(|builder| builder.build());
        Self(made.inspect_err(|e| tracing::info!(error = %e, "no name service for MX and SRV")).ok())
    }

    /// One at this address.
    pub fn at(server: SocketAddr) -> Result<Self> {
        let mut connection = ConnectionConfig::udp();
        connection.port = server.port();
        let server = NameServerConfig::new(server.ip(), true, vec![connection]);
        let config = ResolverConfig::from_name_servers(vec![server]);
        let built = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()).build();
        Ok(Self(Some(built.map_err(|e| Error::new(Kind::Usage, "resolver").because(e))?)))
    }

    async fn ask(&self, name: &str, kind: RecordType) -> Vec<RData> {
        let Some(resolver) = &self.0 else { return Vec::new() };
        // With the final dot no search list of this machine's network is tried.
        match resolver.lookup(format!("{name}."), kind).await {
            Ok(found) => found.answers().iter().map(|r| r.data.clone()).collect(),
            Err(_) => Vec::new(),
        }
    }

    /// Who receives a domain's mail, in order of preference.
    pub async fn exchangers(&self, domain: &str) -> Vec<String> {
        let mut found: Vec<(u16, String)> = self
            .ask(domain, RecordType::MX)
            .await
            .into_iter()
            .filter_map(|r| match r {
                RData::MX(mx) => Some((mx.preference, plain(&mx.exchange.to_string()))),
                _ => None,
            })
            .collect();
        found.sort();
        found.into_iter().map(|(_, name)| name).collect()
    }

    /// Where one of these services is, the first that there is: `("imaps", Tls::Implicit)` …
    pub async fn service(&self, domain: &str, services: &[(&str, Tls)]) -> Option<Endpoint> {
        for (service, tls) in services {
            let records = self.ask(&format!("_{service}._tcp.{domain}"), RecordType::SRV).await;
            let best = records
                .into_iter()
                .filter_map(|r| match r {
                    RData::SRV(srv) => Some(srv),
                    _ => None,
                })
                // A target of "." says that there is no such service (RFC 2782).
                .filter(|srv| !srv.target.is_root())
                .min_by_key(|srv| (srv.priority, u16::MAX - srv.weight));
            if let Some(srv) = best {
                return Some(Endpoint { host: plain(&srv.target.to_string()), port: srv.port, tls: *tls });
            }
        }
        None
    }
}

fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}
