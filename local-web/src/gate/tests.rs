//! Requests, and what the gate says about them.

use super::*;
use hyper::Request;

const PORT: u16 = 4321;
const HERE: &str = "host: 127.0.0.1:4321";
const KNOWN: &str = "cookie: desk=known";
const ORIGIN_HERE: &str = "origin: http://127.0.0.1:4321";

fn judged(method: &str, target: &str, lines: &[&str]) -> Result<Passed, Refusal> {
    let mut request = Request::builder().method(method).uri(target);
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    let (head, ()) = request.body(()).unwrap().into_parts();
    judge(&head, PORT, |cookies| cookies.contains(&&b"desk=known"[..]))
}

fn verdict(method: &str, target: &str, lines: &[&str]) -> Option<Refusal> {
    judged(method, target, lines).err()
}

#[test]
fn a_page_and_a_form_pass() {
    let request = |method, parts: &[&str], query| Passed::Request {
        method,
        parts: parts.iter().map(|part| (*part).to_owned()).collect(),
        query: Pairs::read(query).unwrap(),
    };
    let of_this_page = "sec-fetch-site: same-origin";
    for (method, target, more, expected) in [
        ("GET", "/", &[][..], request(Method::Get, &[], "")),
        ("HEAD", "/people", &[], request(Method::Get, &["people"], "")),
        ("GET", "/people/Zo%C3%AB?by=name", &[of_this_page], request(Method::Get, &["people", "Zoë"], "by=name")),
        ("POST", "/people", &[ORIGIN_HERE], request(Method::Post, &["people"], "")),
        ("GET", "/people?token=1", &[], request(Method::Get, &["people"], "token=1")),
        ("GET", "/?token=1&a=2", &[], request(Method::Get, &[], "token=1&a=2")),
        ("HEAD", "/?token=1", &[], request(Method::Get, &[], "token=1")),
        ("GET", "/?token=1", &[], Passed::Link { token: "1".to_owned(), has_session: true }),
    ] {
        let lines = [&[HERE, KNOWN], more].concat();
        assert_eq!(judged(method, target, &lines), Ok(expected), "{method} {target}");
    }
}

#[test]
fn only_the_link_passes_without_the_cookie() {
    for (method, target, expected) in [
        ("GET", "/?token=1", None),
        ("HEAD", "/?token=1", Some(Refusal::Session)),
        ("GET", "/", Some(Refusal::Session)),
        ("GET", "/favicon.ico", Some(Refusal::Session)),
        ("GET", "/presence", Some(Refusal::Session)),
        ("GET", "/people?token=1", Some(Refusal::Session)),
        ("GET", "/?token=1&token=2", Some(Refusal::Session)),
        ("GET", "/?token=1&a=2", Some(Refusal::Session)),
        ("GET", "/?Token=1", Some(Refusal::Session)),
    ] {
        for cookie in ["cookie: desk=unknown", "cookie: theme=dark", "x: y"] {
            assert_eq!(verdict(method, target, &[HERE, cookie]), expected, "{method} {target}");
        }
    }
    assert_eq!(verdict("POST", "/?token=1", &[HERE, ORIGIN_HERE]), Some(Refusal::Session));
}

#[test]
fn no_other_target_passes() {
    for target in [
        "http://127.0.0.1:4321/",
        "http://evil.example/",
        "127.0.0.1:4321",
        "*",
        "/../etc/passwd",
        "/a/%2e%2e/b",
        "/a%2fb",
        "/a%5cb",
        "/a%00",
        "//evil.example/",
        "/a?b=%ff",
        "/a?b=%",
    ] {
        assert_eq!(verdict("GET", target, &[HERE, KNOWN]), Some(Refusal::Target), "{target}");
    }
}

#[test]
fn no_other_method_passes() {
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "BREW"] {
        assert_eq!(verdict(method, "/", &[HERE, KNOWN, ORIGIN_HERE]), Some(Refusal::Method), "{method}");
    }
}

#[test]
fn no_other_host_passes() {
    for (hosts, expected) in [
        (&["host: 127.0.0.1:4321"][..], None),
        (&["host: localhost:4321"], None),
        (&[], Some(Refusal::Host)),
        (&["host: "], Some(Refusal::Host)),
        (&["host: 127.0.0.1"], Some(Refusal::Host)),
        (&["host: 127.0.0.1:80"], Some(Refusal::Host)),
        (&["host: 127.1:4321"], Some(Refusal::Host)),
        (&["host: [::1]:4321"], Some(Refusal::Host)),
        (&["host: localhost.:4321"], Some(Refusal::Host)),
        (&["host: localhost.evil.example:4321"], Some(Refusal::Host)),
        (&["host: rebound.evil.example:4321"], Some(Refusal::Host)),
        (&["host: user@127.0.0.1:4321"], Some(Refusal::Host)),
        (&["host: 127.0.0.1:4321, evil.example"], Some(Refusal::Host)),
        (&["host: 127.0.0.1:4321", "host: 127.0.0.1:4321"], Some(Refusal::Host)),
        (&["host: 127.0.0.1:4321", "host: evil.example"], Some(Refusal::Host)),
        (&["host: evil.example", "x-forwarded-host: 127.0.0.1:4321"], Some(Refusal::Host)),
    ] {
        for target in ["/", "/?token=1"] {
            assert_eq!(verdict("GET", target, &[hosts, &[KNOWN]].concat()), expected, "{hosts:?} {target}");
        }
    }
}

#[test]
fn no_other_site_passes() {
    let (another, no_origin) = (Some(Refusal::AnotherSite), Some(Refusal::Origin));
    for (method, lines, expected) in [
        ("GET", &["sec-fetch-site: none"][..], None),
        ("GET", &["sec-fetch-site: none", "sec-fetch-mode: navigate"], None),
        ("HEAD", &["sec-fetch-site: none", "sec-fetch-mode: navigate"], None),
        ("GET", &["sec-fetch-site: none", "sec-fetch-mode: no-cors"], another),
        ("GET", &["sec-fetch-site: cross-site", "sec-fetch-mode: navigate"], another),
        ("GET", &["sec-fetch-site: same-site"], another),
        ("GET", &["sec-fetch-site: Same-Origin"], another),
        ("GET", &["sec-fetch-site: same-origin", "sec-fetch-site: cross-site"], another),
        ("GET", &["origin: http://evil.example"], another),
        ("GET", &["origin: null"], another),
        ("GET", &[ORIGIN_HERE], None),
        ("POST", &[ORIGIN_HERE], None),
        ("POST", &[ORIGIN_HERE, "sec-fetch-site: same-origin"], None),
        ("POST", &[ORIGIN_HERE, "sec-fetch-site: none"], another),
        ("POST", &[ORIGIN_HERE, "sec-fetch-site: cross-site"], another),
        ("POST", &[], no_origin),
        ("POST", &["referer: http://127.0.0.1:4321/"], no_origin),
        ("POST", &["sec-fetch-site: same-origin"], no_origin),
        ("POST", &["origin: null"], another),
        ("POST", &["origin: https://127.0.0.1:4321"], another),
        ("POST", &["origin: http://localhost:4321"], another),
        ("POST", &["origin: http://127.0.0.1:4322"], another),
        ("POST", &["origin: http://127.0.0.1"], another),
        ("POST", &["origin: http://127.0.0.1:4321.evil.example"], another),
        ("POST", &[ORIGIN_HERE, ORIGIN_HERE], another),
    ] {
        assert_eq!(verdict(method, "/people", &[&[HERE, KNOWN], lines].concat()), expected, "{method} {lines:?}");
    }
    let under_its_name = ["host: localhost:4321", "origin: http://localhost:4321", KNOWN];
    assert_eq!(verdict("POST", "/people", &under_its_name), None);
}

#[test]
fn a_method_in_a_header_is_not_the_method() {
    for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
        let passed = judged("GET", "/people?_method=POST", &[HERE, KNOWN, &format!("{name}: POST")]).unwrap();
        assert!(matches!(passed, Passed::Request { method: Method::Get, .. }), "{name}: {passed:?}");
    }
}

#[test]
fn a_body_states_its_length() {
    let lines = [HERE, KNOWN, ORIGIN_HERE, "transfer-encoding: chunked"];
    assert_eq!(verdict("POST", "/people", &lines), Some(Refusal::Length));
}
