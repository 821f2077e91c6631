//! What every request passes: for whom it is, how large, how slow, how many.

use std::time::Duration;

use mothball::service::Limits;
use reqwest::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::server::{Server, limits, uniform};
use crate::support::world::World;

/// One that waits for nobody who sends slowly.
async fn idle() -> Server {
    let narrow = Limits { read: Duration::from_millis(400), ..limits() };
    Server::limited(World::new(uniform(1)).await, 0, narrow).await
}

fn head(server: &Server, host: &str, more: &str) -> String {
    format!("POST /v1/runs HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {}\r\n{more}", server.token)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_for_another_host_is_refused_before_its_token_is_looked_at() {
    let server = idle().await;
    let port = server.address.port();
    let body = "content-type: application/json\r\nconnection: close\r\ncontent-length: 17\r\n\r\n{\"client_id\":\"1\"}";
    for host in
        ["localhost".to_owned(), format!("127.0.0.1:{port}"), format!("LOCALHOST:{port}"), "[::1]".to_owned()]
    {
        let heard = server.raw(head(&server, &host, body).as_bytes()).await;
        assert!(heard.starts_with("HTTP/1.1 202"), "{host}: {heard}");
    }
    // A page that points its own name at this address.
    for host in [
        "evil.example",
        "evil.example:80",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "",
        "10.0.0.1",
    ] {
        let heard = server.raw(head(&server, host, body).as_bytes()).await;
        assert!(heard.starts_with("HTTP/1.1 421"), "{host}: {heard}");
        assert!(!heard.to_lowercase().contains("access-control"), "{heard}");
    }
    let two = head(&server, "localhost", &format!("host: evil.example\r\n{body}"));
    assert!(server.raw(two.as_bytes()).await.starts_with("HTTP/1.1 421"));
    let absolute = head(&server, "localhost", body).replace("POST /v1", "POST http://evil.example/v1");
    assert!(server.raw(absolute.as_bytes()).await.starts_with("HTTP/1.1 421"));
    server.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_refused() {
    let server = idle().await;
    for (size, status) in [(limits().body, 202), (limits().body + 1, 413)] {
        let inputs = r#"{"client_id":"1"}"#;
        let body = format!("{inputs}{}", " ".repeat(size - inputs.len()));
        let request = server.request(&Method::POST, "/v1/runs", &server.token).body(body);
        let request = request.header("content-type", "application/json");
        assert_eq!(server.send(&Method::POST, "/v1/runs", request).await.status, status);
    }
    // One that says so itself, and one that does not say how large it is.
    let claimed =
        head(&server, "localhost", "content-type: application/json\r\ncontent-length: 1000000000\r\n\r\n{");
    assert!(server.raw(claimed.as_bytes()).await.starts_with("HTTP/1.1 413"));
    let chunk = format!("{:x}\r\n{}\r\n0\r\n\r\n", limits().body + 1, "x".repeat(limits().body + 1));
    let chunked = "content-type: application/json\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
    let heard = server.raw((head(&server, "localhost", chunked) + &chunk).as_bytes()).await;
    assert!(heard.starts_with("HTTP/1.1 413"), "{heard}");
    server.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sends_slowly_is_hung_up_on_and_others_are_served() {
    let server = idle().await;
    // All places but some are taken by those who send half a head, or half a body, and no more.
    let mut slow = Vec::new();
    for n in 0..limits().connections {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let whole =
            head(&server, "localhost", "content-type: application/json\r\ncontent-length: 100\r\n\r\n{");
        let half = if n % 2 == 0 { "POST /v1/runs HTTP/1.1\r\nhost: loc" } else { whole.as_str() };
        stream.write_all(half.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    // Waits for a place, and gets one once they are hung up on.
    assert_eq!(server.get("/v1/runs").await.status, 200);
    for mut stream in slow {
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.ok();
        let heard = String::from_utf8_lossy(&heard);
        assert!(heard.is_empty() || heard.starts_with("HTTP/1.1 408"), "{heard}");
    }
    server.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_read_what_is_answered_loses_the_place_to_others() {
    let narrow = Limits { connections: 1, write: Duration::from_millis(400), ..limits() };
    let server = Server::limited(World::new(uniform(1)).await, 0, narrow).await;
    let mut greedy = TcpStream::connect(server.address).await.unwrap();
    // Far more than the system keeps for whoever reads it later.
    let asked = "GET /v1/openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(1_000);
    // Once it is hung up on, the rest cannot be sent.
    greedy.write_all(asked.as_bytes()).await.ok();
    assert_eq!(server.get("/v1/runs").await.status, 200);
    drop(greedy);
    server.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_http_is_no_harm() {
    let server = idle().await;
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00"[..],
        b"\r\n\r\n",
        b"GET",
        b"\0\0\0\0\0\0\0\0",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let heard = server.raw(bytes).await;
        assert!(heard.is_empty() || heard.starts_with("HTTP/1.1 4"), "{heard}");
    }
    let many = "x-header: 1\r\n".repeat(200);
    let heard = server.raw(head(&server, "localhost", &format!("{many}\r\n")).as_bytes()).await;
    assert!(heard.starts_with("HTTP/1.1 431"), "{heard}");
    server.check().await;
}
