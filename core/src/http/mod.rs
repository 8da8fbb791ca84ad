//! HTTP clients: one for the process and each way of trusting and reaching servers, so that connections and root certificates are shared.
//!
//! Law: a bad bundle is an error, never a panic. Not for metadata services, which are asked directly and never through a proxy.
//! Knows nothing of S3.

mod trusting;
mod way;

use std::env;

use aws_sdk_s3::config::SharedHttpClient;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Builder, tls};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::config::Settings;
use crate::error::{Error, ErrorKind, Result, fail};
use crate::observe::{Level, event};
use crate::runtime;
pub(crate) use way::way;

/// The variables that name proxies; lower case is asked first.
const PROXIES: &[&str] = &["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

/// The client for S3 and the other services, by settings that the surroundings have completed. `plain`: nothing needs TLS.
pub(crate) fn client(settings: &Settings, plain: bool) -> Result<SharedHttpClient> {
    let proxy = Proxy::of(settings);
    let generation = runtime::current()?;
    if settings.verify == Some(false) {
        event(Level::Warning, "`verify` is false: whoever answers is trusted, and may read and change everything".to_owned());
        if proxy != Proxy::None {
            fail!(Unsupported, "`verify` = false does not go together with a proxy; name the proxy's certificates by `ca_bundle` instead");
        }
        let client = generation.shared("http trusting", trusting::client);
        return (*client).clone().map_err(|error| Error::new(ErrorKind::Internal, format!("cannot set up TLS: {error}")));
    }
    if plain && proxy == Proxy::None {
        return Ok((*generation.shared("http plain", || Builder::new().build_http())).clone());
    }
    let (context, bundle) = trust(settings)?;
    let config = proxy.config()?;
    let client = generation.shared(&format!("http {proxy:?} {bundle}"), || tls_client(context, config));
    Ok((*client).clone())
}

fn tls_client(context: tls::TlsContext, proxy: ProxyConfig) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = aws_smithy_http_client::Connector::builder()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
            .tls_context(context.clone())
            .proxy_config(proxy.clone());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.build()
    })
}

/// Whom to trust: the bundle's certificates, else the system's; and the bundle's name.
fn trust(settings: &Settings) -> Result<(tls::TlsContext, String)> {
    let mut store = tls::TrustStore::default();
    if let Some(path) = &settings.ca_bundle {
        store = tls::TrustStore::empty().with_pem_certificate(bundle(path)?);
    }
    let context = tls::TlsContext::builder().with_trust_store(store).build();
    let context = context.map_err(|error| Error::new(ErrorKind::Config, format!("cannot use the trusted certificates: {error}")))?;
    Ok((context, settings.ca_bundle.clone().unwrap_or_default()))
}

/// The certificates of a PEM file, each of them looked at first: the SDK would panic at a bad one.
fn bundle(path: &str) -> Result<Vec<u8>> {
    let bad = |why: String| Error::new(ErrorKind::Config, format!("setting `ca_bundle`: {path:?} {why}"));
    let pem = std::fs::read(path).map_err(|error| bad(format!("can't be read: {error}")))?;
    let certificates: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let certificates = certificates.map_err(|error| bad(format!("is no PEM file: {error}")))?;
    if certificates.is_empty() {
        return Err(bad("holds no certificate".to_owned()));
    }
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate).map_err(|error| bad(format!("holds a certificate that can't be trusted: {error}")))?;
    }
    Ok(pem)
}

/// What requests are sent through.
#[derive(Debug, PartialEq)]
enum Proxy {
    None,
    /// The environment's proxies, told so that a changed environment gets a client of its own.
    Environment(Vec<Option<String>>),
    /// The setting's, and the hosts reached without it.
    Named(String, Option<String>),
}

impl Proxy {
    fn of(settings: &Settings) -> Proxy {
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let except = || variable("no_proxy").or_else(|| variable("NO_PROXY"));
        if let Some(proxy) = &settings.proxy {
            return Proxy::Named(proxy.0.clone(), except());
        }
        let mut found: Vec<_> = PROXIES.iter().map(|name| variable(name)).collect();
        if found.iter().all(Option::is_none) {
            return Proxy::None;
        }
        found.push(except());
        Proxy::Environment(found)
    }

    fn config(&self) -> Result<ProxyConfig> {
        Ok(match self {
            Proxy::None => ProxyConfig::disabled(),
            Proxy::Environment(_) => ProxyConfig::from_env(),
            Proxy::Named(url, except) => {
                let config =
                    ProxyConfig::all(url.as_str()).map_err(|_| Error::new(ErrorKind::Config, "setting `proxy` takes http://host:port"))?;
                except.as_ref().map_or(config.clone(), |except| config.no_proxy(except))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_bundles_are_errors() {
        let directory = tempfile::tempdir().unwrap();
        for (name, text, word) in [
            ("empty", "", "no certificate"),
            ("key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no certificate"),
            ("cut", "-----BEGIN CERTIFICATE-----\nAAAA\n", "PEM"),
            ("junk", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "trusted"),
        ] {
            let path = directory.path().join(name);
            std::fs::write(&path, text).unwrap();
            let error = bundle(path.to_str().unwrap()).unwrap_err();
            assert!(error.message().contains(word) && error.message().contains(name), "{error}");
        }
        assert!(bundle("/no/such/file").unwrap_err().message().contains("/no/such/file"));
    }
}
