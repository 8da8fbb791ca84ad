//! Says in the user agent that oarlock asks: servers' logs tell programs apart by it.
//!
//! Law: adds to what the SDK says of itself and of the host's `app_name`, and says nothing of the machine.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

#[derive(Debug)]
pub(super) struct Agent;

#[dyn_dispatch_hint]
impl Intercept for Agent {
    fn name(&self) -> &'static str {
        "oarlock agent"
    }

    // After the signature, which leaves this header out.
    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.request_mut().headers_mut();
        let said = headers.get("user-agent").unwrap_or_default().to_owned();
        headers
            .try_insert("user-agent", format!("oarlock/{} {said}", crate::VERSION).trim_end().to_owned())?;
        Ok(())
    }
}
