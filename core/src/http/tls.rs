//! Whom a connection trusts, and the certificate it shows of its own.
//!
//! Invariant: what a file holds is looked at here, so that a bad one is an error that names it. `verify` =
//! false is the only way to trust blindly; even then the server proves that it holds the key of the
//! certificate it shows.

use std::fs;
use std::sync::Arc;
use std::time::SystemTime;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::certificate::is_a_ca;
use crate::config::Settings;
use crate::error::{Error, ErrorKind, Result};
use crate::observe::{Level, event};
use crate::runtime;

/// What the settings say of certificates.
#[derive(Clone, Debug, Default)]
pub(super) struct Trust {
    blind: bool,
    bundle: Option<Pem>,
    certificate: Option<Pem>,
    key: Option<Pem>,
}

/// A PEM file that a setting names, as it was when a store asked first: one that was replaced is read again.
#[derive(Clone, Debug)]
struct Pem {
    setting: &'static str,
    path: String,
    #[expect(dead_code, reason = "distinguishes states of the file")]
    state: Option<(u64, SystemTime)>,
}

impl Pem {
    fn of(setting: &'static str, path: &Option<String>) -> Option<Pem> {
        let path = path.clone()?;
        let found = fs::metadata(&path).ok();
        Some(Pem {
            setting,
            state: found.and_then(|found| Some((found.len(), found.modified().ok()?))),
            path,
        })
    }

    fn read(&self) -> Result<Vec<u8>> {
        fs::read(&self.path).map_err(|error| self.bad(format!("can't be read: {error}")))
    }

    fn certificates(&self) -> Result<Vec<CertificateDer<'static>>> {
        let pem = self.read()?;
        let certificates: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let certificates = certificates.map_err(|error| self.bad(format!("is no PEM file: {error}")))?;
        if certificates.is_empty() {
            return Err(self.bad("holds no certificate".to_owned()));
        }
        Ok(certificates)
    }

    fn private_key(&self) -> Result<PrivateKeyDer<'static>> {
        let pem = self.read()?;
        PrivateKeyDer::from_pem_slice(&pem).map_err(|_| {
            let locked = pem.windows(9).any(|word| word == b"ENCRYPTED");
            let why = if locked {
                "holds an encrypted key; decrypt it with `openssl pkey`"
            } else {
                "holds no private key"
            };
            self.bad(why.to_owned())
        })
    }

    fn bad(&self, why: String) -> Error {
        Error::new(ErrorKind::Config, format!("setting `{}`: {:?} {why}", self.setting, self.path))
    }
}

impl Trust {
    pub(super) fn of(settings: &Settings) -> Trust {
        let certificate = Pem::of("client_certificate", &settings.client_certificate);
        Trust {
            blind: settings.verify == Some(false),
            bundle: Pem::of("ca_bundle", &settings.ca_bundle),
            key: Pem::of("client_key", &settings.client_key),
            certificate,
        }
    }

    pub(super) fn is_blind(&self) -> bool {
        self.blind
    }

    /// The certificates that count, in words.
    pub(super) fn believed(&self) -> String {
        self.bundle
            .as_ref()
            .map_or_else(|| "this machine".to_owned(), |bundle| format!("`ca_bundle` ({:?})", bundle.path))
    }

    /// Decides on servers' certificates, where that is not left to the system's.
    fn verifier(&self, provider: &Arc<CryptoProvider>) -> Result<Option<Arc<dyn ServerCertVerifier>>> {
        if self.blind {
            return Ok(Some(Arc::new(Anyone(provider.clone()))));
        }
        let Some(bundle) = &self.bundle else { return Ok(None) };
        let (mut roots, own) = (RootCertStore::empty(), bundle.certificates()?);
        for certificate in &own {
            let added = roots.add(certificate.clone());
            added
                .map_err(|error| bundle.bad(format!("holds a certificate that can't be trusted: {error}")))?;
        }
        let issued = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build();
        let issued = issued.map_err(|error| bundle.bad(format!("holds nothing to trust: {error}")))?;
        Ok(Some(Arc::new(Bundled { issued, own })))
    }
}

/// The configurations for servers and for proxies, which get to see no certificate of ours. Without trust,
/// nobody is believed.
pub(super) fn configs(
    trust: Option<&Trust>,
    system: Arc<RootCertStore>,
) -> Result<(Arc<ClientConfig>, Arc<ClientConfig>)> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = || {
        let builder =
            ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
        builder.map_err(|error| Error::new(ErrorKind::Internal, format!("cannot set up TLS: {error}")))
    };
    let Some(trust) = trust else {
        let nobody = Arc::new(builder()?.with_root_certificates(system).with_no_client_auth());
        return Ok((nobody.clone(), nobody));
    };
    let verifier = trust.verifier(&provider)?;
    let believing = || {
        let builder = builder()?;
        Ok::<_, Error>(match &verifier {
            Some(verifier) => builder.dangerous().with_custom_certificate_verifier(verifier.clone()),
            None => builder.with_root_certificates(system.clone()),
        })
    };
    let hop = Arc::new(believing()?.with_no_client_auth());
    let Some(certificate) = &trust.certificate else { return Ok((hop.clone(), hop)) };
    let file = trust.key.as_ref().unwrap_or(certificate);
    let server = believing()?.with_client_auth_cert(certificate.certificates()?, file.private_key()?);
    let server = server.map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            file.bad(format!("holds a key that does not belong to the certificate in {:?}", certificate.path))
        }
        rustls::Error::InvalidCertificate(why) => {
            certificate.bad(format!("holds a certificate that can't be used: {why}"))
        }
        error => file.bad(format!("holds a key that can't be used: {error}")),
    })?;
    Ok((Arc::new(server), hop))
}

/// The system's certificates, loaded once, or none where they don't count.
pub(super) fn system(trust: Option<&Trust>) -> Result<Arc<RootCertStore>> {
    if trust.is_none_or(|trust| trust.blind || trust.bundle.is_some()) {
        return Ok(Arc::new(RootCertStore::empty()));
    }
    let load = || {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            event(
                Level::Warning,
                "this machine has no certificates to trust; install ca-certificates, or name a file by \
                 `ca_bundle`"
                    .to_owned(),
            );
        }
        roots
    };
    Ok(runtime::current()?.shared("system certificates", load))
}

/// Trusts whom a certificate of the user's bundle vouches for, and a server that shows a certificate of the
/// bundle itself, byte for byte. So a self-signed certificate works that may sign others (CA:TRUE, as
/// `openssl req -x509` makes it), and a server's certificate without its issuer's. Name and time limits hold
/// for these, too.
#[derive(Debug)]
struct Bundled {
    issued: Arc<WebPkiServerVerifier>,
    own: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Bundled {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let verified = self.issued.verify_server_cert(certificate, intermediates, name, ocsp, now);
        let Err(rustls::Error::InvalidCertificate(fault)) = &verified else { return verified };
        // webpki checks the dates before any of these; a test proves it.
        let is_unissued = matches!(fault, CertificateError::UnknownIssuer | CertificateError::BadSignature)
            || is_a_ca(fault);
        if !is_unissued || !self.own.iter().any(|own| own == certificate) {
            return verified;
        }
        verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.issued.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.issued.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.issued.supported_verify_schemes()
    }
}

/// Takes any certificate for any name.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JUNK: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

    #[test]
    fn bad_files_are_errors_that_name_them() {
        let directory = tempfile::tempdir().unwrap();
        for (setting, name, text, word) in [
            ("ca_bundle", "empty", "", "no certificate"),
            (
                "ca_bundle",
                "key",
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                "no certificate",
            ),
            ("ca_bundle", "cut", "-----BEGIN CERTIFICATE-----\nAAAA\n", "PEM"),
            ("ca_bundle", "junk", JUNK, "trusted"),
            ("client_certificate", "none", "", "no certificate"),
            ("client_certificate", "alone", JUNK, "no private key"),
            (
                "client_certificate",
                "locked",
                &format!(
                    "{JUNK}-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"
                ),
                "openssl pkey",
            ),
        ] {
            let path = directory.path().join(name);
            fs::write(&path, text).unwrap();
            let file = Pem::of(setting, &Some(path.to_str().unwrap().to_owned()));
            let (bundle, certificate) = if setting == "ca_bundle" { (file, None) } else { (None, file) };
            let error = configs(
                Some(&Trust { bundle, certificate, ..Trust::default() }),
                Arc::new(RootCertStore::empty()),
            )
            .unwrap_err();
            assert!([word, name, setting].iter().all(|word| error.message().contains(word)), "{error}");
        }
        let bundle = Pem::of("ca_bundle", &Some("/no/such/file".to_owned()));
        assert!(
            configs(Some(&Trust { bundle, ..Trust::default() }), Arc::new(RootCertStore::empty()))
                .unwrap_err()
                .message()
                .contains("/no/such/file")
        );
    }
}
