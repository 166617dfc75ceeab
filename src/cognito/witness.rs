//! Sees what leaves and what comes back, byte for byte, where the SDK would hand on its own reading of it.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_cognitoidentityprovider::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_cognitoidentityprovider::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_cognitoidentityprovider::error::BoxError;

/// What was seen of one attempt.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Where the request went.
    pub url: String,
    /// Status, body and request id of the answer.
    pub answer: Option<(u16, Vec<u8>, String)>,
}

/// The interceptor.
#[derive(Clone, Debug)]
pub(super) struct Witness {
    /// An endpoint whose path is the request's whole path: the SDK would add a `/`.
    pub path_is_whole: Option<String>,
    /// Where it keeps what it sees.
    pub seen: Arc<Mutex<Seen>>,
}

impl Intercept for Witness {
    fn name(&self) -> &'static str {
        "Witness"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(url) = &self.path_is_whole {
            let has_path = url.split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
            let url = if has_path { url.clone() } else { format!("{url}/") };
            context.request_mut().set_uri(url)?;
        }
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).url = context.request().uri().to_owned();
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let Some(body) = response.body().bytes() else { return Ok(()) };
        let request_id = response.headers().get("x-amzn-requestid").unwrap_or_default().to_owned();
        let answer = (response.status().as_u16(), body.to_vec(), request_id);
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).answer = Some(answer);
        Ok(())
    }
}
