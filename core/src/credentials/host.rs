//! Calls the host's own functions: for keys, and for the codes of MFA devices.
//!
//! Invariant: a question rides on calls that someone waits for. It is offered to every call that waits for
//! the same keys, so one that is not served holds up no other; a call that is cancelled leaves the question
//! to those that are left. An answer is checked like a file.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use tokio::sync::watch;

use super::answer::unexpired;
use crate::error::{Error, ErrorKind, Result, fail};
use crate::observe;
use crate::question::Question;
use crate::table::{Record, record};
use crate::value::{Callback, SecretText, Value, owned};

record! {
    /// What a function for the setting `credentials` answers.
    pub struct HostKeys {
        /// The access key id.
        access_key_id: String,
        /// The secret.
        secret_access_key: SecretText,
        /// The session token of temporary keys.
        session_token: Option<SecretText>,
        /// When they expire; without it they never do, unless a server rejects them as expired.
        expires: Option<SystemTime>,
        /// The account they belong to.
        account_id: Option<String>,
    }
}

/// The host, as one source of credentials asks it: one question at a time.
#[derive(Default)]
pub(super) struct Host(watch::Sender<Option<Arc<Question>>>);

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Host")
    }
}

impl Host {
    /// Calls the host's function, and waits for its result.
    async fn ask(&self, callback: &Callback, setting: &str, facts: &[(&str, &str)]) -> Result<Value> {
        let Some(mailbox) = observe::current() else {
            fail!(
                Credentials,
                "the function given as `{setting}` can only be called while a thread waits for a call"
            );
        };
        let pair = |(name, fact): &(&str, &str)| ((*name).to_owned(), Value::Str((*fact).to_owned()));
        let value = Value::map([("setting", setting)].iter().chain(facts).map(pair));
        // Another call may have been cancelled while it asked the same, and a third one's thread be at it.
        let under_way = self.0.borrow().clone();
        let same = |question: &Arc<Question>| {
            question.open() && question.callback == *callback && question.value == value
        };
        let question = under_way
            .filter(same)
            .unwrap_or_else(|| Arc::new(Question::new(callback.clone(), value.clone())));
        self.0.send_replace(Some(question.clone()));
        let answer = tokio::select! {
            biased;
            answer = question.answered() => answer,
            () = mailbox.offer(&question) => fail!(Cancelled, "the call was cancelled"),
        };
        self.0.send_replace(None);
        answer.map_err(|error| {
            let why: String =
                error.message().chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
            Error::new(error.kind(), format!("the function given as `{setting}` failed: {why}"))
        })
    }

    /// Offers the calls of host functions to the thread that waits for this call; never ends.
    pub(super) async fn lend(&self) -> Infallible {
        let mailbox = observe::current();
        let mut asked = self.0.subscribe();
        loop {
            let question = asked.borrow_and_update().clone();
            let offering = async {
                if let (Some(mailbox), Some(question)) = (&mailbox, &question) {
                    mailbox.offer(question).await;
                }
                std::future::pending::<()>().await;
            };
            tokio::select! {
                () = offering => {}
                // The sender is this source's own, so it is there.
                _ = asked.changed() => {}
            }
        }
    }

    /// Keys from the function given as `credentials`.
    pub(super) async fn keys(&self, callback: &Callback, region: &str) -> Result<Credentials> {
        const NAME: &str = "the function given as `credentials`";
        let answer = match self.ask(callback, "credentials", &[("region", region)]).await? {
            Value::Map(pairs) => HostKeys::from_pairs(ErrorKind::Credentials, "the answer's", owned(pairs))
                .map_err(|error| {
                Error::new(error.kind(), format!("{NAME} gave junk: {}", error.message()))
            })?,
            other => fail!(
                Credentials,
                "{NAME} answered {}, not a map of access_key_id, secret_access_key and so on",
                other.type_name()
            ),
        };
        for (name, text) in
            [("access_key_id", &answer.access_key_id), ("secret_access_key", &answer.secret_access_key.0)]
        {
            if text.trim().is_empty() {
                fail!(Credentials, "{NAME} answered without {name}");
            }
        }
        let given = |text: &String| !text.is_empty();
        let mut keys = Credentials::builder()
            .access_key_id(answer.access_key_id)
            .secret_access_key(answer.secret_access_key.0.clone())
            .provider_name("oarlock");
        keys.set_session_token(answer.session_token.map(|token| token.0.clone()).filter(given));
        keys.set_expiry(answer.expires);
        keys.set_account_id(answer.account_id.filter(given).map(Into::into));
        unexpired(keys.build(), &format!("the credentials that {NAME} answered"))
    }

    /// A code from the function given as `mfa_token`.
    pub(super) async fn mfa_code(
        &self,
        callback: &Callback,
        device: &str,
        role: &str,
        profile: &str,
    ) -> Result<String> {
        match self
            .ask(callback, "mfa_token", &[("device", device), ("role", role), ("profile", profile)])
            .await?
        {
            Value::Str(code) if !code.trim().is_empty() => Ok(code.trim().to_owned()),
            other => fail!(
                Credentials,
                "the function given as `mfa_token` answered {}, not the device's code as text",
                match other {
                    Value::Str(_) => "nothing",
                    other => other.type_name(),
                }
            ),
        }
    }
}
