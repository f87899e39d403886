//! What comes back from servers that behave and from servers that do not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue};
use outbound::{Error, Excess, Limits, Outbound, Settings};
use tokio::io::AsyncWriteExt;
use tokio::sync::Notify;

use crate::support::{LIMITS, Names, Server, allowing, get, naming, ok, redirect, settings, start};

const HERE: &[&str] = &["127.0.0.0/8"];

#[tokio::test]
async fn an_answer_has_status_type_body_and_address() {
    let names = Arc::new(Names::default().with("desk.example", &[&["127.0.0.1"]]));
    let server = Server::start("127.0.0.1", |mut stream, head| async move {
        assert!(head.starts_with("GET /a?b=c HTTP/1.1\r\n"), "{head}");
        let head = head.to_lowercase();
        assert!(head.contains("host: desk.example"), "{head}");
        assert!(head.contains("user-agent: ooctopus/"), "{head}");
        assert!(head.contains("accept-encoding: identity"), "{head}");
        let answer = "HTTP/1.1 404 Gone\r\ncontent-type: image/png; x=y\r\ncontent-length: 3\r\n\r\nabc";
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let url = format!("http://desk.example:{}/a?b=c", server.port());
    let answer = get(&naming(HERE, &names), &format!("{url}#part")).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.content_type()), (404, Some("image/png; x=y")));
    assert_eq!((answer.body.as_ref(), answer.url.as_str()), (b"abc".as_slice(), url.as_str()));
}

#[tokio::test]
async fn a_post_carries_its_headers_and_body_and_is_not_led_on() {
    let other = Server::saying("127.0.0.1", ok("other")).await;
    let location = other.url();
    let server = Server::start("127.0.0.1", move |mut stream, request| {
        let location = location.clone();
        async move {
            assert!(request.starts_with("POST / HTTP/1.1\r\n"), "{request}");
            assert!(request.contains("x-signature: abc"), "{request}");
            assert!(request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");
            stream.write_all(redirect(307, &location).as_bytes()).await.unwrap();
        }
    })
    .await;
    let mut headers = HeaderMap::new();
    headers.insert("x-signature", HeaderValue::from_static("abc"));
    let answer = allowing(HERE).post(&server.url(), headers, r#"{"a":1}"#, LIMITS).await.unwrap();
    assert_eq!(answer.status.as_u16(), 307);
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn an_answer_without_end_comes_piece_by_piece_and_not_later_than_it_must() {
    let server = Server::start("127.0.0.1", |mut stream, head| async move {
        assert!(head.contains("x-key: abc"), "{head}");
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n").await.unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    let key = HeaderMap::from_iter([(http::HeaderName::from_static("x-key"), HeaderValue::from_static("abc"))]);
    let client = allowing(HERE);
    let mut opened = client.open(&server.url(), key, LIMITS.time).await.unwrap();
    assert_eq!(opened.head.status.as_u16(), 200);
    assert_eq!(opened.next(LIMITS.time).await.unwrap().unwrap().as_ref(), b"one");
    assert_eq!(opened.next(Duration::from_millis(20)).await, Err(Error::TimedOut));

    let other = Server::saying("127.0.0.1", ok("other")).await;
    let led = Server::saying("127.0.0.1", redirect(302, &other.url())).await;
    assert_eq!(client.open(&led.url(), HeaderMap::new(), LIMITS.time).await.unwrap().head.status.as_u16(), 302);
    assert_eq!(other.connections(), 0);
    let refused = allowing(&[]).open(&led.url(), HeaderMap::new(), LIMITS.time).await.map(drop);
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
}

#[tokio::test]
async fn five_redirects_are_followed_and_not_six() {
    for (hops, fine) in [(5, true), (6, false)] {
        let mut server = Server::saying("127.0.0.1", ok("end")).await;
        let end = server.url();
        for _ in 0..hops {
            server = Server::saying("127.0.0.1", redirect(302, &server.url())).await;
        }
        match get(&allowing(HERE), &server.url()).await {
            Ok(answer) => assert_eq!((fine, answer.body.as_ref(), answer.url), (true, b"end".as_slice(), end)),
            Err(error) => assert_eq!((fine, error), (false, Error::Redirect("too often"))),
        }
    }
    let nowhere = Server::saying("127.0.0.1", "HTTP/1.1 302 On\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(get(&allowing(HERE), &nowhere.url()).await.unwrap_err(), Error::Redirect("to nowhere"));
}

#[tokio::test]
async fn a_relative_redirect_stays_on_its_server() {
    let server = Server::start("127.0.0.1", |mut stream, head| async move {
        let answer = if head.starts_with("GET /b ") { ok("b") } else { redirect(302, "/b") };
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let answer = get(&allowing(HERE), &server.url()).await.unwrap();
    assert_eq!((answer.body.as_ref(), answer.url), (b"b".as_slice(), format!("{}b", server.url())));
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit_and_no_further() {
    let endless = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let written = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&written);
    let server = Server::start("127.0.0.1", move |mut stream, _| {
        let count = Arc::clone(&count);
        async move {
            stream.write_all(endless.as_bytes()).await.unwrap();
            while stream.write_all(b"400\r\n").await.is_ok()
                && stream.write_all(&[b'x'; 1024]).await.is_ok()
                && stream.write_all(b"\r\n").await.is_ok()
            {
                count.fetch_add(1024, Ordering::SeqCst);
            }
        }
    })
    .await;
    let client = allowing(HERE);
    let limits = Limits { bytes: 10_000, ..LIMITS };
    assert_eq!(client.get(&server.url(), limits).await.unwrap_err(), Error::TooLarge(10_000));
    let cut = client.get(&server.url(), Limits { excess: Excess::Cut, ..limits }).await.unwrap();
    assert_eq!(cut.body.len(), 10_000);
    // The buffers of both sockets, not more.
    assert!(written.load(Ordering::SeqCst) < 32 * 1024 * 1024);

    let exact = Server::saying("127.0.0.1", ok(&"x".repeat(1024))).await;
    assert_eq!(get(&client, &exact.url()).await.unwrap().body.len(), 1024);
    let one_more = Server::saying("127.0.0.1", ok(&"x".repeat(1025))).await;
    assert_eq!(get(&client, &one_more.url()).await.unwrap_err(), Error::TooLarge(1024));
}

#[tokio::test]
async fn a_compressed_answer_is_not_unpacked() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc";
    let server = Server::saying("127.0.0.1", answer).await;
    assert_eq!(get(&allowing(HERE), &server.url()).await.unwrap_err(), Error::Compressed);
}

#[tokio::test]
async fn a_server_that_is_slow_at_any_point_costs_the_time_limit_and_no_more() {
    let limits = Limits { time: Duration::from_millis(300), ..LIMITS };
    for said in ["", "HTTP/1.1 200 O", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"] {
        let server = Server::start("127.0.0.1", move |mut stream, _| async move {
            stream.write_all(said.as_bytes()).await.unwrap();
            tokio::time::sleep(Duration::from_mins(1)).await;
        })
        .await;
        let began = Instant::now();
        let error = allowing(HERE).get(&server.url(), limits).await.unwrap_err();
        assert_eq!(error, Error::TimedOut, "{said:?}");
        assert!(error.is_transient());
        assert!(began.elapsed() < Duration::from_secs(5), "{said:?}");
    }
    // A byte now and then does not prolong it.
    let server = Server::start("127.0.0.1", |mut stream, _| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await.unwrap();
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    assert_eq!(allowing(HERE).get(&server.url(), limits).await.unwrap_err(), Error::TimedOut);
}

#[tokio::test]
async fn a_name_that_is_never_found_costs_the_connect_time() {
    struct Silent;
    impl outbound::Resolve for Silent {
        fn resolve(&self, _: String) -> outbound::Addresses {
            Box::pin(std::future::pending())
        }
    }
    let settings = Settings { connect_timeout: Duration::from_millis(100), ..Settings::default() };
    let client = Outbound::with_resolver(settings, Arc::new(Silent));
    assert_eq!(get(&client, "http://desk.example/").await.unwrap_err(), Error::TimedOut);
}

#[tokio::test]
async fn servers_that_break_off_or_talk_nonsense_are_errors() {
    let many = "x: y\r\n".repeat(200);
    for (said, what) in [
        (String::new(), "nothing"),
        ("HTTP/1.1 200 OK\r\ncontent-le".into(), "half a head"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc".into(), "half a body"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab".into(), "half a chunk"),
        ("SSH-2.0-OpenSSH_9.2\r\n".into(), "another protocol"),
        (format!("HTTP/1.1 200 OK\r\nx: {}\r\ncontent-length: 0\r\n\r\n", "y".repeat(200_000)), "a huge header"),
        (format!("HTTP/1.1 200 OK\r\n{many}content-length: 0\r\n\r\n"), "many headers"),
    ] {
        let server = Server::saying("127.0.0.1", said).await;
        let answer = get(&allowing(HERE), &server.url()).await;
        assert!(matches!(answer, Err(Error::Broken(_))), "{what}: {answer:?}");
    }
}

#[tokio::test]
async fn nobody_there_and_no_such_name_are_told_apart() {
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let client = naming(HERE, &Arc::new(Names::default()));
    assert!(matches!(get(&client, &format!("http://{gone}/")).await, Err(Error::Connect(_))));
    assert!(matches!(get(&client, "http://no.example/").await, Err(Error::Resolve(_))));
}

#[tokio::test]
async fn the_next_address_of_a_name_is_tried_when_the_first_is_deaf() {
    let server = Server::saying("127.0.0.1", ok("here")).await;
    let names = Arc::new(Names::default().with("desk.example", &[&["127.0.0.9", "127.0.0.1"]]));
    let url = format!("http://desk.example:{}/", server.port());
    assert_eq!(get(&naming(HERE, &names), &url).await.unwrap().body, "here");
}

#[tokio::test]
async fn calls_at_once_are_bounded_for_each_server_and_for_all() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let go = Arc::new(Notify::new());
    let parts = (Arc::clone(&running), Arc::clone(&most), Arc::clone(&go));
    let slow = Server::start("127.0.0.1", move |mut stream, _| {
        let (running, most, go) = parts.clone();
        async move {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            go.notified().await;
            running.fetch_sub(1, Ordering::SeqCst);
            let _ = stream.write_all(ok("slow").as_bytes()).await;
        }
    })
    .await;
    let client = Outbound::new(Settings { calls: 3, calls_per_host: 2, waiting: 5, ..settings(HERE) });
    let calls: Vec<_> = (0..4)
        .map(|_| {
            let (client, url) = (client.clone(), slow.url());
            start(async move { get(&client, &url).await })
        })
        .collect();
    while running.load(Ordering::SeqCst) < 2 {
        tokio::task::yield_now().await;
    }
    // Two run and two wait: another server is called all the same, and a sixth call is one too many.
    let other = Server::saying("127.0.0.2", ok("other")).await;
    assert_eq!(get(&client, &other.url()).await.unwrap().body, "other");
    let fifth = start({
        let (client, url) = (client.clone(), slow.url());
        async move { get(&client, &url).await }
    });
    tokio::task::yield_now().await;
    assert_eq!(get(&client, &other.url()).await.unwrap_err(), Error::Busy);
    for call in calls.into_iter().chain([fifth]) {
        while !call.is_finished() {
            go.notify_one();
            tokio::task::yield_now().await;
        }
        assert_eq!(call.await.unwrap().unwrap().body, "slow");
    }
    assert_eq!(most.load(Ordering::SeqCst), 2);
    assert_eq!(get(&client, &other.url()).await.unwrap().body, "other");
}
