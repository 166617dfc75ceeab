//! HTTP/1.1 on the caller's listener: reading requests, the headers of answers, cutting connections, stopping. What an answer says is
//! left to `calls`.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::SandboxError;
use super::calls::{Answer, Arrival, Desk, LateCall, Reply};
use super::clock::ClockShift;
use super::protocol::{TARGET_PREFIX, signed_region};

/// The longest body that is read. The largest sound request is a CreateUserPool, of some kilobytes.
const MAX_BODY: usize = 1 << 20;
/// Where the sandbox's clock is moved. The service has no such thing.
const CLOCK_PATH: &str = "/sandbox/clock";
/// Where the quota is changed.
const QUOTA_PATH: &str = "/sandbox/quota";
/// How long the calls under way may take to finish once the sandbox is told to stop.
const DRAIN: Duration = Duration::from_secs(2);
/// How long to wait when no connection can be accepted, for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The page that a proxy or a captive portal sends.
const HTML: &str = "<!DOCTYPE html>\n<html><head><title>Not Cognito</title></head><body><h1>Something between you and Cognito answered</h1></body></html>\n";

/// Serves until `stop` is cancelled or the call log fails, then finishes the calls under way.
pub(super) async fn serve(desk: Arc<Desk>, listener: TcpListener, stop: CancellationToken) -> Result<(), SandboxError> {
    let server = Server { desk: Arc::clone(&desk), tasks: TaskTracker::new(), closing: CancellationToken::new() };
    let served = loop {
        tokio::select! {
            () = stop.cancelled() => break Ok(()),
            failure = desk.log_failure() => break Err(SandboxError::LogWrite(failure)),
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    server.tasks.spawn(connection(server.clone(), stream));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
        }
    };
    server.closing.cancel();
    server.tasks.close();
    server.tasks.wait().await;
    served
}

/// Applies a call after its client was cut off, or when the sandbox stops: nothing is left half done.
async fn apply_late(desk: Arc<Desk>, late: LateCall, closing: CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(late.by) => {}
        () = closing.cancelled() => {}
    }
    desk.apply(&late);
}

/// What the connections share.
#[derive(Clone)]
struct Server {
    desk: Arc<Desk>,
    tasks: TaskTracker,
    closing: CancellationToken,
}

/// One client's connection, to its end.
async fn connection(server: Server, stream: TcpStream) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(|request| answer(&server, request));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let served = tokio::select! {
        served = &mut connection => served,
        () = server.closing.cancelled() => {
            Pin::new(&mut connection).graceful_shutdown();
            tokio::time::timeout(DRAIN, &mut connection).await.unwrap_or(Ok(()))
        }
    };
    let is_cut = served.is_err_and(|error| error.source().is_some_and(|source| source.is::<Cut>()));
    let stream = connection.into_parts().io.into_inner();
    if is_cut {
        // A socket that lingers for no time is closed with a reset. If even that is refused, the client sees it closed.
        stream.set_zero_linger().ok();
    }
}

/// The connection is to be reset instead of answered.
#[derive(Debug)]
struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is cut on purpose")
    }
}

impl Error for Cut {}

/// Answers one request.
async fn answer(server: &Server, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Cut> {
    let at = SystemTime::now();
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        return Ok(response(StatusCode::PAYLOAD_TOO_LARGE, Bytes::new()));
    };
    let body = body.to_bytes();
    if head.method == Method::POST && head.uri.path() == CLOCK_PATH {
        return Ok(move_clock(&server.desk, &body));
    }
    if head.method == Method::POST && head.uri.path() == QUOTA_PATH {
        return Ok(change_quota(&server.desk, &body));
    }
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let is_call = head.method == Method::POST && head.uri.path() == "/";
    let operation = header("x-amz-target").filter(|_| is_call).and_then(|target| target.strip_prefix(TARGET_PREFIX)).unwrap_or("");
    let region = header("authorization").and_then(signed_region);
    let Answer { request_id, delay, reply, late } =
        server.desk.take(&Arrival { at, operation, region, headers: &head.headers, body: &body });
    if let Some(late) = late {
        server.tasks.spawn(apply_late(Arc::clone(&server.desk), late, server.closing.clone()));
    }
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    respond(&request_id, reply)
}

/// Moves the sandbox's clock: `{"by": "8d"}`, for tests in other processes.
fn move_clock(desk: &Desk, body: &[u8]) -> Response<Full<Bytes>> {
    #[derive(Deserialize)]
    struct Move {
        by: ClockShift,
    }
    match serde_json::from_slice(body) {
        Ok(Move { by }) => {
            desk.service.clock.shift(by);
            response(StatusCode::NO_CONTENT, Bytes::new())
        }
        Err(error) => response(StatusCode::BAD_REQUEST, Bytes::from(format!("{error}\n"))),
    }
}

/// Changes the quota of UserAccountRecovery: `{"per_second": 10}`.
fn change_quota(desk: &Desk, body: &[u8]) -> Response<Full<Bytes>> {
    #[derive(Deserialize)]
    struct Change {
        per_second: f64,
    }
    match serde_json::from_slice(body) {
        Ok(Change { per_second }) if per_second > 0.0 && per_second.is_finite() => {
            desk.quotas.change(per_second);
            response(StatusCode::NO_CONTENT, Bytes::new())
        }
        Ok(_) => response(StatusCode::BAD_REQUEST, Bytes::from_static(b"per_second must be above 0\n")),
        Err(error) => response(StatusCode::BAD_REQUEST, Bytes::from(format!("{error}\n"))),
    }
}

/// The answer as the service, or whoever is in its place, sends it.
fn respond(request_id: &str, reply: Reply) -> Result<Response<Full<Bytes>>, Cut> {
    let (status, body, refusal) = match reply {
        Reply::Cut => return Err(Cut),
        Reply::Html(status) => {
            let mut answer = response(status_of(status), Bytes::from_static(HTML.as_bytes()));
            answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            return Ok(answer);
        }
        Reply::Output(body) => (StatusCode::OK, body, None),
        Reply::Refused(refusal) => (status_of(refusal.status), refusal.body(), Some(refusal)),
    };
    let mut answer = response(status, body);
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
    insert(headers, "x-amzn-requestid", request_id);
    if let Some(refusal) = refusal {
        insert(headers, "x-amzn-errortype", &format!("{}:", refusal.code));
        if !refusal.message.is_empty() {
            insert(headers, "x-amzn-errormessage", &refusal.message);
        }
    }
    Ok(answer)
}

fn response(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response
}

fn status_of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).expect("the sandbox answers with sound statuses only")
}

/// Adds a header, unless its text is one that a header cannot hold.
fn insert(headers: &mut HeaderMap, name: &'static str, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}
