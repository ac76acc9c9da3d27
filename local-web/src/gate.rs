//! Which requests may pass. The gate looks at the head of a request only, and passes nothing that a page of another site, another
//! program or a changed host name could have sent.
//!
//! The rules, in this order: the target is a path of this server; the method is GET, HEAD or POST; the one `Host` is this
//! server's address, so that no name of somebody else that leads to 127.0.0.1 is served; the browser says that a page of this
//! server sent it, or, for a page itself, the user; a POST names this server as its origin; the length of a body is stated; the
//! session's cookie is there. The link's token stands for the cookie, once.

use crate::asked::Method;
use crate::pairs::Pairs;
use crate::path::parts_of;
use crate::refusal::Refusal;
use hyper::header::{COOKIE, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, TRANSFER_ENCODING};
use hyper::http::request::Parts;

/// What passes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Passed {
    /// A request within the session.
    Request { method: Method, parts: Vec<String>, query: Pairs },
    /// Somebody follows the link; whether this browser has the session already.
    Link { token: String, has_session: bool },
}

/// Judges a request for the server on this port. `is_known` says whether `Cookie` lines have the session's cookie.
///
/// # Errors
/// [`Refusal`]
pub(crate) fn judge(head: &Parts, port: u16, is_known: impl Fn(&[&[u8]]) -> bool) -> Result<Passed, Refusal> {
    let target = &head.uri;
    if target.scheme().is_some() || target.authority().is_some() {
        return Err(Refusal::Target);
    }
    let parts = parts_of(target.path())?;
    let query = Pairs::read(target.query().unwrap_or_default()).ok_or(Refusal::Target)?;
    let method = match head.method {
        hyper::Method::GET | hyper::Method::HEAD => Method::Get,
        hyper::Method::POST => Method::Post,
        _ => return Err(Refusal::Method),
    };
    let host = host_of(&head.headers, port)?;
    judge_site(&head.headers, method)?;
    judge_origin(&head.headers, method, &host)?;
    // Two readers may see the end of such a body at different places, and it need not have one.
    if head.headers.contains_key(TRANSFER_ENCODING) {
        return Err(Refusal::Length);
    }
    let cookies: Vec<&[u8]> = head.headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    let has_session = is_known(&cookies);
    let token = query.one("token").filter(|_| parts.is_empty() && query.iter().len() == 1);
    match token {
        Some(token) if head.method == hyper::Method::GET => Ok(Passed::Link { token: token.to_owned(), has_session }),
        _ if has_session => Ok(Passed::Request { method, parts, query }),
        _ => Err(Refusal::Session),
    }
}

/// The one host, which is this server's address.
fn host_of(headers: &HeaderMap, port: u16) -> Result<String, Refusal> {
    let host = only(headers, &HOST)?.ok_or(Refusal::Host)?;
    let mut hosts = ["127.0.0.1", "localhost"].into_iter().map(|name| format!("{name}:{port}"));
    hosts.find(|known| *host == **known).ok_or(Refusal::Host)
}

/// What a browser says about the page that a request comes from. `none` is the user: an address that was typed, a bookmark, the
/// link. Programs and old browsers say nothing.
fn judge_site(headers: &HeaderMap, method: Method) -> Result<(), Refusal> {
    const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
    const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
    let is_page = |mode: Option<&HeaderValue>| method == Method::Get && mode.is_none_or(|mode| mode == "navigate");
    match only(headers, &SITE)?.map(HeaderValue::as_bytes) {
        None | Some(b"same-origin") => Ok(()),
        Some(b"none") if is_page(only(headers, &MODE)?) => Ok(()),
        Some(_) => Err(Refusal::AnotherSite),
    }
}

fn judge_origin(headers: &HeaderMap, method: Method, host: &str) -> Result<(), Refusal> {
    match only(headers, &ORIGIN)? {
        Some(origin) if *origin == format!("http://{host}") => Ok(()),
        Some(_) => Err(Refusal::AnotherSite),
        None if method == Method::Get => Ok(()),
        None => Err(Refusal::Origin),
    }
}

/// The only line of this name. Of two, another reader could take the other one.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a HeaderValue>, Refusal> {
    let mut lines = headers.get_all(name).iter();
    match (lines.next(), lines.next()) {
        (line, None) => Ok(line),
        _ if *name == HOST => Err(Refusal::Host),
        _ => Err(Refusal::AnotherSite),
    }
}

#[cfg(test)]
mod tests;
