//! Attacks over TCP, byte by byte, and the right way.

mod running;

use super::*;
use crate::limits::FORM_BYTES;
use running::{Running, check, check_empty, status};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};

#[test]
fn the_link_leads_to_the_application() {
    let server = Running::start();
    assert!(server.address.ip().is_loopback());
    let answer = server.follow_link();
    check(&answer, "303");
    assert!(
        answer.contains("location: /\r\n") && answer.contains("; HttpOnly; SameSite=Strict; Path=/\r\n"),
        "{answer}"
    );
    let set = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    let cookie = format!("Cookie: {}", set.split(';').next().unwrap());
    let page = server.send(server.head("GET /", &[&cookie]));
    check(&page, "200");
    assert!(page.ends_with("\r\n\r\nGet "), "{page}");
    let form = "name=Zo%C3%AB+M&card=1";
    let lines = [&cookie, &server.origin(), "Content-Type: application/x-www-form-urlencoded", "Content-Length: 22"];
    let answer = server.send(server.head("POST /form", &lines) + form);
    check(&answer, "200");
    assert!(answer.ends_with(r#"[("name", "Zoë M"), ("card", "1")]"#), "{answer}");
    let head = server.send(server.head("HEAD /people", &[&cookie]));
    check(&head, "200");
    assert!(head.contains("content-length: 10\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    let events = server.send(server.head("GET /events", &[&cookie]));
    check(&events, "200");
    assert!(events.contains("data: 1 of 2\n\n") && events.contains("data: 2 of 2\n\n"), "{events}");
    assert_eq!(server.reached(), ["Get ", "Post form", "Get people", "Get events"]);
}

#[test]
fn a_link_opens_one_session() {
    let server = Running::start();
    for target in ["/?token=", &format!("/?token={}", "0".repeat(64))] {
        check(&server.send(server.head(&format!("GET {target}"), &[])), "403");
    }
    let cookie = server.cookie();
    let again = server.follow_link();
    check(&again, "403");
    assert!(again.contains("Start the program again") && !again.contains("set-cookie"), "{again}");
    let target = server.link.split_once("/?").unwrap().1;
    let with_cookie = server.send(server.head(&format!("GET /?{target}"), &[&cookie]));
    check(&with_cookie, "303");
    assert!(!with_cookie.contains("set-cookie"), "{with_cookie}");
    assert!(server.reached().is_empty());
}

#[test]
fn requests_of_others_do_not_reach_the_application() {
    let server = Running::start();
    let (cookie, origin, here) = (server.cookie(), server.origin(), format!("Host: {}", server.address));
    let wrong = format!("Cookie: desk={}", "0".repeat(64));
    for (line, lines, expected) in [
        ("GET /", &[&here[..]][..], "403"),
        ("GET /", &[&here, &wrong], "403"),
        ("GET /presence", &[&here], "403"),
        ("POST /form", &[&here, &origin], "403"),
        ("GET /", &[&cookie], "421"),
        ("GET /", &["Host: evil.example", &cookie], "421"),
        ("GET /", &["Host: rebound.evil.example:80", &here, &cookie], "421"),
        ("GET /", &[&here, &here, &cookie], "421"),
        ("POST /form", &[&here, &cookie], "403"),
        ("POST /form", &[&here, &cookie, "Origin: http://evil.example"], "403"),
        ("POST /form", &[&here, &cookie, "Origin: null"], "403"),
        ("POST /form", &[&here, &cookie, &origin, "Sec-Fetch-Site: cross-site"], "403"),
        ("GET /", &[&here, &cookie, "Sec-Fetch-Site: cross-site"], "403"),
        ("PUT /a", &[&here, &cookie, &origin], "405"),
        ("DELETE /a", &[&here, &cookie, &origin], "405"),
        ("OPTIONS /a", &[&here, "Origin: http://evil.example", "Access-Control-Request-Method: POST"], "405"),
        ("TRACE /a", &[&here, &cookie, &origin], "405"),
        ("CONNECT 127.0.0.1:22", &[&here, &cookie, &origin], "400"),
        ("GET http://evil.example/", &[&here, &cookie], "400"),
        ("OPTIONS *", &[&here, &cookie], "400"),
        ("GET /../a", &[&here, &cookie], "400"),
        ("GET /%2e%2e/a", &[&here, &cookie], "400"),
        ("GET /a%2f..%2fb", &[&here, &cookie], "400"),
        ("GET /a%5cb", &[&here, &cookie], "400"),
        ("GET /a%00", &[&here, &cookie], "400"),
        ("GET /a%ff", &[&here, &cookie], "400"),
        ("GET /a?b=%ff", &[&here, &cookie], "400"),
        ("GET //evil.example", &[&here, &cookie], "400"),
    ] {
        let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        println!("{line} {lines}");
        check(&server.send(format!("{line} HTTP/1.1\r\n{lines}\r\n")), expected);
    }
    assert!(server.reached().is_empty(), "{:?}", server.reached());
    let overridden = server.head("GET /people?_method=POST", &[&cookie, "X-HTTP-Method-Override: DELETE"]);
    check(&server.send(overridden), "200");
    assert_eq!(server.reached(), ["Get people"]);
}

#[test]
fn what_is_not_http_is_not_answered_with_content() {
    let server = Running::start();
    let cookie = server.cookie();
    let large = format!("X: {}", "x".repeat(20_000));
    let many = "X: x\r\n".repeat(70);
    for (request, expected) in [
        (server.head("GET /", &[&cookie, &large]), "431"),
        (server.head("GET /", &[&cookie, many.trim_end()]), "431"),
        (server.head(&format!("GET /{}", "x".repeat(20_000)), &[&cookie]), "431"),
        (server.head("GET /a b", &[&cookie]), "400"),
        (server.head("GET /a\0", &[&cookie]), "400"),
        (server.head("GET /", &[&cookie, "X : 1"]), "400"),
        (server.head("GET /", &[&cookie, "X: 1", " 2"]), "400"),
        (server.head("GET /", &[&cookie, "X: 1\r2"]), "400"),
        (server.head("GET /", &[&cookie, "X: \0"]), "400"),
        ("\x16\x03\x01\x02\0\x01\0\x01\u{7f}".to_owned(), "400"),
        ("GET / HTTP/7.1\r\n\r\n".to_owned(), "400"),
    ] {
        println!("{}", request.escape_debug().take(200).collect::<String>());
        check_empty(&server.send(request), expected);
    }
    assert_eq!(status(&server.send(b"GET /\xff HTTP/1.1\r\n\r\n")), "400");
    assert!(server.reached().is_empty(), "{:?}", server.reached());
}

#[test]
fn no_second_request_hides_in_the_first() {
    let server = Running::start();
    let (cookie, origin) = (server.cookie(), server.origin());
    let hidden = format!("GET /hidden HTTP/1.1\r\nHost: {}\r\n{cookie}\r\n\r\n", server.address);
    let length = format!("Content-Length: {}", hidden.len() + 5);
    let chunked = "Transfer-Encoding: chunked";
    for (lines, body, expected) in [
        (&[chunked, &length][..], "0\r\n\r\n", "411"),
        (&[&length[..], chunked], "0\r\n\r\n", "411"),
        (&[chunked], "0\r\n\r\n", "411"),
        (&[chunked, "Transfer-Encoding: identity"], "0\r\n\r\n", "400"),
        (&["Transfer-Encoding: xchunked"], "0\r\n\r\n", "400"),
        (&["Transfer-Encoding:\u{b}chunked"], "0\r\n\r\n", "400"),
        (&["Content-Length: 0", &length], "", "400"),
        (&["Content-Length: +5"], "a=b&c", "400"),
        (&["Content-Length: 5, 5"], "a=b&c", "400"),
        (&["Content-Length: 99999999999999999999"], "", "400"),
        (&["Content-Length: -1"], "", "400"),
        (&["Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__", chunked], "0\r\n\r\n", "411"),
    ] {
        // Without `Connection: close`: the server itself must give the connection up.
        let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let head = format!("POST /form HTTP/1.1\r\nHost: {}\r\n{cookie}\r\n{origin}\r\n{lines}\r\n", server.address);
        println!("{lines}");
        let answer = server.send(format!("{head}{body}{hidden}"));
        if expected == "411" { check(&answer, expected) } else { check_empty(&answer, expected) }
    }
    assert!(server.reached().is_empty(), "{:?}", server.reached());
    let lines = [&cookie[..], &format!("Content-Length: {}", hidden.len())];
    check(&server.send(server.head("GET /first", &lines) + &hidden), "200");
    assert_eq!(server.reached(), ["Get first"], "the body of a GET is a body");
}

#[test]
fn a_body_is_what_it_says_and_not_too_long() {
    let server = Running::start();
    let (cookie, origin) = (server.cookie(), server.origin());
    let post = |path: &str, lines: &[&str], body: &[u8]| {
        let head = server.head(&format!("POST {path}"), &[&[&cookie[..], &origin], lines].concat());
        server.send([head.as_bytes(), body].concat())
    };
    let form = "Content-Type: application/x-www-form-urlencoded";
    let too_long = format!("Content-Length: {}", FORM_BYTES + 1);
    for (path, lines, body, expected) in [
        ("/form", &[form, "Content-Length: 3"][..], &b"a=b"[..], "200"),
        ("/form", &[form], b"", "200"),
        (
            "/form",
            &["Content-Type: application/x-www-form-urlencoded; charset=UTF-8", "Content-Length: 3"],
            b"a=b",
            "200",
        ),
        ("/form", &["Content-Length: 3"], b"a=b", "415"),
        ("/form", &["Content-Type: text/plain", "Content-Length: 3"], b"a=b", "415"),
        ("/form", &["Content-Type: multipart/form-data; boundary=a", "Content-Length: 3"], b"a=b", "415"),
        ("/form", &[form, &too_long], b"", "413"),
        ("/form", &[form, "Content-Length: 9999999999999"], b"", "413"),
        ("/form", &[form, "Content-Length: 3"], b"a=\xff", "400"),
        ("/form", &[form, "Content-Length: 5"], b"a=%ff", "400"),
        ("/form", &[form, "Content-Length: 3"], b"a=%", "400"),
        ("/bytes", &["Content-Length: 10"], b"\x00123456789", "200"),
        ("/bytes", &["Content-Length: 11"], b"\x00123456789a", "413"),
    ] {
        println!("{path} {lines:?}");
        check(&post(path, lines, body), expected);
    }
}

#[test]
fn a_body_that_is_cut_off_is_not_read_as_a_form() {
    let server = Running::start();
    let lines = [
        &server.cookie()[..],
        &server.origin(),
        "Content-Type: application/x-www-form-urlencoded",
        "Content-Length: 9",
    ];
    let mut stream = server.connect();
    stream.write_all((server.head("POST /form", &lines) + "a=b").as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_ne!(status(&answer), "200", "{answer}");
}

#[test]
fn a_bug_of_the_application_ends_one_request() {
    let server = Running::start();
    let cookie = server.cookie();
    let answer = server.send(server.head("GET /bug", &[&cookie]));
    check(&answer, "500");
    assert!(!answer.contains("a bug"), "{answer}");
    check(&server.send(server.head("GET /people", &[&cookie])), "200");
}

#[test]
fn more_connections_than_the_limit_wait() {
    let server = Running::within(Limits { head: Duration::from_secs(600), ..Limits::USUAL });
    let cookie = server.cookie();
    let request = format!("GET /people HTTP/1.1\r\nHost: {}\r\n{cookie}\r\n\r\n", server.address);
    let mut answer = [0; 12];
    let mut open: Vec<TcpStream> = (0..CONNECTIONS).map(|_| server.connect()).collect();
    for stream in &mut open {
        stream.write_all(request.as_bytes()).unwrap();
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
    }
    let mut one_more = server.connect();
    one_more.write_all(request.as_bytes()).unwrap();
    one_more.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert_eq!(one_more.read_exact(&mut answer).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(server.reached().len(), CONNECTIONS);
    open.pop();
    one_more.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    one_more.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
}

#[test]
fn the_server_ends_after_its_last_page() {
    let brief = Duration::from_millis(50);
    let server = Running::within(Limits { last_page: brief, ..Limits::USUAL });
    let cookie = server.cookie();
    let mut page = server.connect();
    page.write_all(server.head("GET /presence", &[&cookie]).as_bytes()).unwrap();
    let mut answer = [0; 12];
    page.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    check(&server.send(server.head("GET /people", &[&cookie])), "200");
    drop(page);
    assert_eq!(server.end(), Ended::NobodyLeft);
    let never_opened = Running::within(Limits { first_page: brief, ..Limits::USUAL });
    assert_eq!(never_opened.end(), Ended::NobodyLeft);
}

#[test]
fn the_server_ends_when_it_is_stopped() {
    let server = Running::start();
    let cookie = server.cookie();
    let mut page = server.connect();
    page.write_all(server.head("GET /presence", &[&cookie]).as_bytes()).unwrap();
    server.stop.stop();
    assert_eq!(server.end(), Ended::Stopped);
}

#[test]
fn a_server_needs_its_port() {
    let first = LocalServer::listen(0).unwrap();
    let second = LocalServer::listen(first.address().port());
    assert_eq!(second.err().map(|error| error.kind()), Some(ErrorKind::AddrInUse));
    assert_eq!(LocalServer::listen(80).err().map(|error| error.kind()), Some(ErrorKind::InvalidInput));
    assert_ne!(first.link(), LocalServer::listen(0).unwrap().link());
}
