//! Watches the attempts of a request that must not be done twice: one without an answer may have been carried out all the same.
//!
//! Law: says only what was seen; what the server made of it, a look at the object tells.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::FinalizerInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use crate::error::Error;

#[derive(Clone, Debug, Default)]
pub(super) struct Unsure(Arc<AtomicBool>);

impl Unsure {
    /// The error, which knows now whether the work may be done behind it.
    pub(super) fn mark(&self, error: Error) -> Error {
        if self.0.load(Ordering::Relaxed) { error.unsure() } else { error }
    }
}

#[dyn_dispatch_hint]
impl Intercept for Unsure {
    fn name(&self) -> &'static str {
        "oarlock unsure"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // An error inside of a 200 and an answer that broke off count as well.
        let answered = context.response().is_some_and(|response| (300..500).contains(&response.status().as_u16()));
        if !answered && !matches!(context.output_or_error(), Some(Ok(_))) {
            self.0.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}
