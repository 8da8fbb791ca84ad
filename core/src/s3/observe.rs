//! Tells each attempt of a request to `observe`: operation, status, and why it is tried again.
//!
//! Law: never a URL, a header or a body; those may hold signatures and data.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::FinalizerInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use crate::observe::{Level, event, heard};

#[derive(Debug)]
pub(super) struct Observe;

#[dyn_dispatch_hint]
impl Intercept for Observe {
    fn name(&self) -> &'static str {
        "oarlock"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // A request that is only signed is not sent.
        if context.response().is_none() && context.output_or_error().is_none() {
            return Ok(());
        }
        let status = context.response().map(|response| response.status().as_u16());
        let failed = status.is_none_or(|status| status >= 500 || status == 429);
        let level = if failed { Level::Warning } else { Level::Debug };
        if heard(level) {
            let operation = bag.load::<Metadata>().map_or_else(|| "request".to_owned(), |metadata| metadata.name().to_owned());
            let attempt = bag.load::<RequestAttempts>().map_or(1, |attempts| attempts.attempts());
            let outcome = status.map_or_else(|| "no answer".to_owned(), |status| format!("status {status}"));
            event(level, format!("{operation}: {outcome} (attempt {attempt})"));
        }
        Ok(())
    }
}
