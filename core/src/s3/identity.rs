//! The keys that a store signs with, for a host that hands them on.
//!
//! Invariant: they go to the caller and nowhere else.

use super::client::S3;
use crate::credentials::CredentialSource as Source;
use crate::error::{Result, fail};
use crate::mailbox::Mailbox;
use crate::options::NoOptions;
use crate::reply::Identity;
use crate::value::SecretText;

pub(crate) async fn credentials(at: &S3, _: &Mailbox, _: NoOptions) -> Result<Identity> {
    let keys = match at.identity().await? {
        Source::Anonymous => fail!(Credentials, "this store's requests go unsigned; it has no credentials"),
        Source::Keys(keys) => keys.clone(),
        Source::Fetched(provider) => provider.get().await?,
    };
    let (provider, keys) = (keys.provider, keys.credentials);
    Ok(Identity {
        provider: provider.to_owned(),
        access_key_id: keys.access_key_id().to_owned(),
        secret_access_key: SecretText(keys.secret_access_key().to_owned()),
        session_token: keys.session_token().map(|token| SecretText(token.to_owned())),
        expires: keys.expiry(),
        account_id: keys.account_id().map(|account| account.as_str().to_owned()),
        region: at.region().await?,
    })
}
