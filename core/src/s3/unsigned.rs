//! Leaves an upload's bytes out of its signature: where TLS keeps them, a SHA-256 of them all buys nothing.
//!
//! Law: only the two operations that carry an object's bytes; their length and, by default, a checksum are signed all the same.

use aws_runtime::auth::PayloadSigningOverride;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

#[derive(Debug)]
pub(super) struct Unsigned;

#[dyn_dispatch_hint]
impl Intercept for Unsigned {
    fn name(&self) -> &'static str {
        "oarlock unsigned"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let carries = bag.load::<Metadata>().is_some_and(|metadata| matches!(metadata.name(), "PutObject" | "UploadPart"));
        // A body that streams has chosen its own way by now.
        if carries && context.request().body().bytes().is_some() {
            bag.interceptor_state().store_put(PayloadSigningOverride::unsigned_payload());
        }
        Ok(())
    }
}
