//! One connection: HTTP/1.1 within the limits, the gate, and then the application.

use super::sent::Sent;
use crate::answer::Answer;
use crate::asked::{Asked, Method, media_type};
use crate::gate::{Passed, judge};
use crate::limits::{HEAD_BYTES, HEADERS, Limits};
use crate::pace::Paced;
use crate::pairs::Pairs;
use crate::presence::{Here, Presence};
use crate::refusal::Refusal;
use crate::session::Session;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderMap, HeaderValue, SET_COOKIE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::spawn_local;

/// The application.
type Handler = Box<dyn Fn(Asked) -> Pin<Box<dyn Future<Output = Answer>>>>;

/// What all connections share.
pub(crate) struct Served {
    pub(crate) port: u16,
    pub(crate) session: Session,
    pub(crate) presence: Rc<Presence>,
    pub(crate) limits: Limits,
    pub(crate) handler: Handler,
}

/// The path of the stream that a page keeps open.
const PRESENCE: &str = "presence";

/// Serves one connection to its end.
///
/// Bytes that are not HTTP never come as far as the gate: hyper answers them with a status, no content and the end of the
/// connection.
pub(crate) async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + 'static, served: Rc<Served>) {
    let stream = TokioIo::new(Paced::new(stream, served.limits.write));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(served.limits.head);
    http.max_buf_size(HEAD_BYTES).max_headers(HEADERS);
    let answering = service_fn(|request| {
        let served = served.clone();
        async move { Ok::<_, Infallible>(served.answer(request).await) }
    });
    if let Err(error) = http.serve_connection(stream, answering).await {
        tracing::debug!("a connection of the browser: {error}");
    }
}

impl Served {
    async fn answer(self: Rc<Self>, request: Request<Incoming>) -> Response<Sent> {
        let (head, body) = request.into_parts();
        let beat = self.limits.beat;
        let passed = judge(&head, self.port, |cookies| self.session.is_known(cookies.iter().copied()));
        let (answer, here) = match passed {
            Ok(Passed::Link { token, has_session }) => (self.follow_link(&token, has_session), None),
            Ok(Passed::Request { method, parts, query }) if parts == [PRESENCE] => self.presence(method, &query),
            Ok(Passed::Request { method, parts, query }) => {
                let content_type = content_type(&head.headers);
                let asked = Asked::new(method, parts, query, content_type, body, self.limits.body);
                self.ask_application(asked).await
            }
            // Whatever else comes on this connection is not worth reading.
            Err(refusal) => (Answer::from(refusal).with(CONNECTION, HeaderValue::from_static("close")), None),
        };
        answer.into_response(|content| Sent::new(content, beat, here))
    }

    fn follow_link(&self, token: &str, has_session: bool) -> Answer {
        match self.session.open(token.as_bytes()) {
            Some(cookie) => Answer::see("/").with(SET_COOKIE, cookie),
            // The link once more, or the page it led to loaded again.
            None if has_session => Answer::see("/"),
            None => Refusal::Link.into(),
        }
    }

    fn presence(&self, method: Method, query: &Pairs) -> (Answer, Option<Here>) {
        match method {
            Method::Get if query.is_empty() => (Answer::silence(), Some(self.presence.enter_page())),
            _ => (Answer::refused(404, "There is nothing here."), None),
        }
    }

    /// Has the application answer, in a task of its own: it is not left half done when the browser goes away.
    async fn ask_application(self: Rc<Self>, asked: Asked) -> (Answer, Option<Here>) {
        let here = self.presence.enter();
        let answering = spawn_local(async move { ((self.handler)(asked).await, here) });
        match answering.await {
            Ok((answer, here)) => (answer, Some(here)),
            Err(_) => (Answer::failed("The program failed at this. What it printed may say why."), None),
        }
    }
}

fn content_type(headers: &HeaderMap) -> Option<String> {
    Some(media_type(headers.get(CONTENT_TYPE)?.to_str().ok()?))
}
