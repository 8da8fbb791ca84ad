//! Makes responses readable for the SDK where a server writes them a little differently from AWS.
//!
//! Invariant: changes how a response is written, never what it says. What requests of ours get is read by
//! `direct` instead.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextMut;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame};

use super::direct::DOCUMENT;
use super::documents::{self, Kind};

#[derive(Debug)]
pub(super) struct Answers;

#[dyn_dispatch_hint]
impl Intercept for Answers {
    fn name(&self) -> &'static str {
        "oarlock answers"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        // SeaweedFS sends it twice, and the SDK takes no header twice.
        response.headers_mut().remove("x-amz-server-side-encryption-customer-key-md5");
        if response.status().is_success()
            && let Some(kind) = bag.load::<Metadata>().and_then(|operation| documents::of(operation.name()))
        {
            let body = std::mem::replace(response.body_mut(), SdkBody::empty());
            *response.body_mut() =
                SdkBody::from_body_1_x(Mended { body, kind, read: BytesMut::new(), ended: false });
        }
        Ok(())
    }
}

/// A document's body, given as a whole once it is there.
struct Mended {
    body: SdkBody,
    kind: &'static Kind,
    read: BytesMut,
    ended: bool,
}

impl Body for Mended {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        while !this.ended {
            match ready!(Pin::new(&mut this.body).poll_frame(context)) {
                Some(Ok(frame)) => this.read.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data)),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => this.ended = true,
            }
            if this.read.len() > DOCUMENT {
                this.ended = true;
                return Poll::Ready(Some(Err("the document does not end".into())));
            }
        }
        let read = std::mem::take(&mut this.read).freeze();
        let whole = this.kind.mended(&read).map_or(read, Bytes::from);
        Poll::Ready((!whole.is_empty()).then(|| Ok(Frame::data(whole))))
    }
}
