//! The address guard: whatever an address is written like, no connection arrives where none may.

use std::sync::Arc;

use http::HeaderMap;
use outbound::Error;

use crate::support::{LIMITS, Names, Server, allowing, get, naming, ok, redirect};

/// All the ways to write an address of this machine that stay numbers.
fn written(port: u16) -> Vec<String> {
    [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0177.0.0.1",
        "017700000001",
        "0x7f.0.0.1",
        "0x7f000001",
        "0x7F.1",
        "127.0.0.1.",
        "2130706433.",
        "0",
        "0.0.0.0",
        "0x0",
        "127.255.255.254",
        "127.0.0.2",
        "%31%32%37.0.0.1",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "127.0.0.1",
        "[::]",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:0:127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[2002:7f00:1::1]",
    ]
    .iter()
    .map(|host| format!("http://{host}:{port}/"))
    .collect()
}

#[tokio::test]
async fn an_address_of_this_machine_is_refused_however_it_is_written() {
    let v4 = Server::saying("0.0.0.0", ok("inside")).await;
    let client = allowing(&[]);
    for url in written(v4.port()) {
        let answer = get(&client, &url).await;
        assert!(matches!(answer, Err(Error::Refused(_))), "{url}: {answer:?}");
    }
    assert_eq!(v4.connections(), 0);
}

#[tokio::test]
async fn private_link_local_and_metadata_addresses_are_refused() {
    let client = allowing(&[]);
    for host in [
        "10.0.0.1",
        "10.255.255.255",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "198.18.0.1",
        "192.0.2.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "0.0.0.1",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "[fe80::1]",
        "[fec0::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
        "[2001:db8::1]",
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b:1::a9fe:a9fe]",
        "[2001:0:a9fe:a9fe::1]",
        "[100::1]",
    ] {
        for scheme in ["http", "https"] {
            let answer = get(&client, &format!("{scheme}://{host}/latest/meta-data")).await;
            assert!(matches!(answer, Err(Error::Refused(_))), "{scheme}://{host}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn what_is_no_address_of_the_web_is_refused_before_anything_is_looked_up() {
    let server = Server::saying("127.0.0.1", ok("inside")).await;
    let port = server.port();
    let names = Arc::new(Names::default().with("desk.example", &[&["127.0.0.1"]]));
    let client = naming(&["127.0.0.0/8"], &names);
    for url in [
        String::new(),
        "desk.example".into(),
        "//desk.example/".into(),
        "/relative".into(),
        "http:".into(),
        "http://".into(),
        "http://./".into(),
        "http://?x".into(),
        "ftp://desk.example/".into(),
        "file:///etc/passwd".into(),
        "gopher://desk.example/".into(),
        "data:text/plain,hello".into(),
        "javascript:alert(1)".into(),
        "unix:/run/docker.sock".into(),
        "ws://desk.example/".into(),
        format!("http://ada@desk.example:{port}/"),
        format!("http://ada:secret@desk.example:{port}/"),
        format!("http://:secret@desk.example:{port}/"),
        format!("http://desk.example:80@127.0.0.1:{port}/"),
        format!("http://desk.example%40127.0.0.1:{port}/"),
        format!("http://desk.example:x\\@127.0.0.1:{port}/"),
        format!("http://[fe80::1%25eth0]:{port}/"),
        format!("http://[fe80::1%eth0]:{port}/"),
        format!("http://[127.0.0.1]:{port}/"),
        format!("http://[::1:{port}/"),
        format!("http://127.0.0.1.1.1:{port}/"),
        format!("http://256.0.0.1:{port}/"),
        format!("http://0x7f.0.0.0x1ff:{port}/"),
        format!("http://desk .example:{port}/"),
        format!("http://desk.example:{port}/ x"),
        format!("http://desk\texample:{port}/"),
        format!("http://desk.example:{port}/\r\nhost: other"),
        format!("http://desk.example:{port}/\0"),
        format!(" http://desk.example:{port}/"),
        "http://desk.example:0/".into(),
        "http://desk.example:22/".into(),
        "http://desk.example:25/".into(),
        "http://desk.example:6667/".into(),
        "http://desk.example:65536/".into(),
        "http://desk.example:-1/".into(),
        format!("http://desk.example:{port}/{}", "x".repeat(9000)),
    ] {
        let answer = get(&client, &url).await;
        assert!(matches!(answer, Err(Error::Url(_))), "{url:?}: {answer:?}");
    }
    assert_eq!(names.asked(), Vec::<String>::new());
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_backslash_and_an_at_sign_do_not_move_the_host() {
    let inside = Server::saying("127.0.0.1", ok("inside")).await;
    let names = Arc::new(Names::default().with("desk.example", &[&["10.0.0.1"]]));
    let client = naming(&[], &names);
    let url = format!("http://desk.example\\@127.0.0.1:{}/", inside.port());
    assert_eq!(get(&client, &url).await.unwrap_err(), Error::Refused("10.0.0.1".parse().unwrap()));
    let url = format!("http://desk.example#@127.0.0.1:{}/", inside.port());
    assert_eq!(get(&client, &url).await.unwrap_err(), Error::Refused("10.0.0.1".parse().unwrap()));
    assert_eq!(names.asked(), ["desk.example"; 2]);
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn names_that_lead_inside_are_refused_by_where_they_lead() {
    let server = Server::saying("127.0.0.1", ok("inside")).await;
    let client = allowing(&[]);
    for host in ["localhost", "LOCALHOST", "localhost.", "ｌocalhost"] {
        let answer = get(&client, &format!("http://{host}:{}/", server.port())).await;
        // Some machines do not know these names; none may lead to the server.
        assert!(matches!(answer, Err(Error::Refused(_) | Error::Resolve(_))), "{host}: {answer:?}");
    }
    assert!(matches!(get(&client, &format!("http://localhost:{}/", server.port())).await, Err(Error::Refused(_))));
    let names = Arc::new(
        Names::default()
            .with("inside.example", &[&["127.0.0.1"]])
            .with("inside.example.", &[&["127.0.0.1"]])
            .with("xn--bro-hoa.example", &[&["127.0.0.1"]])
            .with("six.example", &[&["::1"]])
            .with("mapped.example", &[&["::ffff:127.0.0.1"]]),
    );
    let client = naming(&[], &names);
    for host in
        ["inside.example", "inside.example.", "büro.example", "xn--bro-hoa.example", "six.example", "mapped.example"]
    {
        let answer = get(&client, &format!("http://{host}:{}/", server.port())).await;
        assert!(matches!(answer, Err(Error::Refused(_))), "{host}: {answer:?}");
        let answer = client.post(&format!("http://{host}:{}/", server.port()), HeaderMap::new(), "x", LIMITS).await;
        assert!(matches!(answer, Err(Error::Refused(_))), "{host}: {answer:?}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_name_with_one_inner_address_among_its_answers_is_not_called_at_all() {
    let outer = Server::saying("127.0.0.1", ok("outside")).await;
    let names = Arc::new(
        Names::default()
            .with("last.example", &[&["127.0.0.1", "127.0.0.2"]])
            .with("first.example", &[&["127.0.0.2", "127.0.0.1"]])
            .with("six.example", &[&["127.0.0.1", "::1"]]),
    );
    let client = naming(&["127.0.0.1/32"], &names);
    for host in ["last.example", "first.example", "six.example"] {
        let answer = get(&client, &format!("http://{host}:{}/", outer.port())).await;
        assert!(matches!(answer, Err(Error::Refused(_))), "{host}: {answer:?}");
    }
    assert_eq!(outer.connections(), 0);
}

#[tokio::test]
async fn the_address_that_was_checked_is_the_one_that_is_called() {
    // One port on two addresses of this machine: the first is let through, the second is not.
    let inner = Server::saying("127.0.0.2", ok("inside")).await;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", inner.port())).await.unwrap();
    let outer = Server::on(listener, |mut stream, _| async move {
        use tokio::io::AsyncWriteExt;
        stream.write_all(ok("outside").as_bytes()).await.unwrap();
    });
    let names = Arc::new(Names::default().with("turns.example", &[&["127.0.0.1"], &["127.0.0.2"]]));
    let client = naming(&["127.0.0.1/32"], &names);
    let url = format!("http://turns.example:{}/", inner.port());

    assert_eq!(get(&client, &url).await.unwrap().body, "outside");
    assert_eq!(names.asked(), ["turns.example"], "one look-up for one connection");
    let second = get(&client, &url).await;
    assert_eq!(second.unwrap_err(), Error::Refused("127.0.0.2".parse().unwrap()));
    assert_eq!((outer.connections(), inner.connections()), (1, 0));
}

#[tokio::test]
async fn a_redirect_is_checked_like_an_address_that_was_given() {
    let inner = Server::saying("127.0.0.2", ok("inside")).await;
    let port = inner.port();
    let names = Arc::new(Names::default().with("inside.example", &[&["127.0.0.2"]]));
    for (location, refused) in [
        (format!("http://127.0.0.2:{port}/"), true),
        (format!("http://2130706434:{port}/"), true),
        (format!("//127.0.0.2:{port}/"), true),
        (format!("/\\127.0.0.2:{port}/"), true),
        (format!("http://inside.example:{port}/"), true),
        (format!("http://[::ffff:127.0.0.2]:{port}/"), true),
        ("http://169.254.169.254/latest/meta-data".into(), true),
        (format!("http://ada@127.0.0.2:{port}/"), false),
        ("file:///etc/passwd".into(), false),
        ("gopher://127.0.0.2/".into(), false),
        ("ftp://127.0.0.2/".into(), false),
        ("javascript:alert(1)".into(), false),
        ("http://127.0.0.1:25/".into(), false),
    ] {
        for status in [301, 302, 303, 307, 308] {
            let outer = Server::saying("127.0.0.1", redirect(status, &location)).await;
            let client = naming(&["127.0.0.1/32"], &names);
            let answer = get(&client, &outer.url()).await;
            let fits = match answer {
                Err(Error::Refused(_)) => refused,
                Err(Error::Redirect(_)) => !refused,
                _ => false,
            };
            assert!(fits, "{status} {location}: {answer:?}");
        }
    }
    assert_eq!(inner.connections(), 0);
}

#[tokio::test]
async fn only_named_ranges_are_let_through() {
    let (first, second) = (Server::saying("127.0.0.1", ok("a")).await, Server::saying("127.0.0.2", ok("b")).await);
    let client = allowing(&["127.0.0.1/32"]);
    assert_eq!(get(&client, &first.url()).await.unwrap().body, "a");
    assert!(matches!(get(&client, &second.url()).await, Err(Error::Refused(_))));
    assert_eq!((first.connections(), second.connections()), (1, 0));
}

#[tokio::test]
async fn a_refusal_does_not_say_where_a_name_leads() {
    let names = Arc::new(Names::default().with("inside.example", &[&["10.20.30.40"]]));
    let error = get(&naming(&[], &names), "http://inside.example/").await.unwrap_err();
    assert!(!error.to_string().contains("10.20"), "{error}");
    assert!(!error.is_transient());
}
