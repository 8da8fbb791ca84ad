//! The start of a multipart upload, which no cancelled call leaves behind.

use std::sync::Arc;
use std::time::Duration;

use crate::error::Result;
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::observe::inherited;
use crate::runtime::workers;
use crate::s3::{Creation, S3, abort};
use crate::transfer::tasks::joined;

/// How long a successful upload may look for one that was started before it and lost.
const LOOK_LIMIT: Duration = Duration::from_secs(5);

/// Starts an upload, which is aborted should the call be abandoned. The request runs on a task of its own,
/// which a cancelled call does not stop: the server may have created the upload already, and without its id
/// nobody could abort it.
pub(crate) async fn start<F>(
    at: &S3,
    mailbox: &Mailbox,
    key: &Arc<Key>,
    create: impl FnOnce(Arc<Creation>) -> F,
) -> Result<(Arc<str>, u64)>
where
    F: Future<Output = Result<String>> + Send + 'static,
{
    let creation = Arc::new(Creation::new(at, key).await?);
    let (tell, mut told) = tokio::sync::watch::channel(None::<Arc<str>>);
    let (creating, settled) = (create(creation.clone()), creation.clone());
    let creating = workers().spawn(inherited(async move {
        let outcome = creating.await;
        settled.settle();
        let upload_id: Arc<str> = outcome?.into();
        tell.send_replace(Some(upload_id.clone()));
        Ok(upload_id)
    }));
    let (at, key, lost) = (at.clone(), key.clone(), creation.clone());
    let cleanup = mailbox.on_abandon(async move {
        // An error here means that no id was read.
        let upload_id = told.wait_for(Option::is_some).await.map(|told| told.clone());
        if let Ok(Some(upload_id)) = upload_id {
            let _ = abort(&at, &key, &upload_id).await;
        }
        lost.abort_lost().await;
    });
    let upload_id = joined(Some(creating.await))?;
    if creation.has_lost() {
        // An attempt before this one may have started an upload, too.
        let _ = tokio::time::timeout(LOOK_LIMIT, creation.abort_lost()).await;
    }
    Ok((upload_id, cleanup))
}
