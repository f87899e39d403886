//! Pictures that are fetched from addresses.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::time::Duration;

use futures_util::future::join;
use http::header::LOCATION;
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use store::testing::{Engine, OnEngine, db_test};

use super::gallery::Gallery;
use super::png;
use crate::testing::{Part, TestApp};

const A_MINUTE: Duration = Duration::from_mins(1);

#[db_test]
async fn a_picture_is_fetched_from_its_address_once(hall: Gallery) {
    let (app, server) = (&hall.app, &hall.server);
    let url = server.say("/people/Zo%C3%AB%20%E6%BC%A2.png", 200, &png(600, 400));
    let contact = hall.contact(&url).await;
    assert_eq!(app.run_due_jobs().await, 1);
    let thumbnail = hall.thumbnail(&contact).await;
    assert!(thumbnail.ends_with("/avatar/Zo%C3%AB%20%E6%BC%A2.png"), "{thumbnail}");
    assert_eq!(app.stored_files().len(), 2, "the picture and its small form");
    assert_eq!((app.run_due_jobs().await, server.calls()), (0, 1));

    // Clients say it again and again.
    hall.change(&contact, &url).await;
    hall.change(&contact, "").await;
    app.clock.advance(A_MINUTE);
    assert_eq!((app.run_due_jobs().await, server.calls()), (0, 1));
    assert_eq!(hall.thumbnail(&contact).await, thumbnail);
    // A picture alone is no news (realtime.md §2.4).
    assert_eq!(app.event_names(hall.administrator.account).await.last().unwrap(), "contact.created");
}

#[db_test]
async fn another_address_gives_another_picture_a_minute_later_at_the_earliest(hall: Gallery) {
    let (app, server) = (&hall.app, &hall.server);
    let contact = hall.contact(&server.say("/a.png", 200, &png(10, 10))).await;
    app.run_due_jobs().await;
    let first = hall.thumbnail(&contact).await;
    let changed = hall.change(&contact, &server.say("/b.png", 200, &png(20, 20))).await;
    assert_eq!(changed["thumbnail"], first, "the answer still shows the old picture");
    hall.change(&contact, &server.say("/c.png", 200, &png(30, 30))).await;
    app.run_due_jobs().await;
    assert_eq!((hall.thumbnail(&contact).await, server.calls()), (first, 1));
    app.clock.advance(A_MINUTE);
    app.run_due_jobs().await;
    assert!(hall.thumbnail(&contact).await.ends_with("/c.png"));
    assert_eq!(server.calls(), 2, "the address between them was never called");
    app.run_due_jobs().await;
    assert_eq!(app.stored_files().len(), 2, "the first picture is gone");
    assert_eq!(app.number("SELECT COUNT(*) FROM files", &[]).await, 1);
}

#[db_test]
async fn whatever_came_while_a_picture_was_fetched_wins(hall: Gallery) {
    let (app, server) = (&hall.app, &hall.server);
    let slow = server.say("/slow.png", 200, &png(10, 10));
    let newer = server.say("/newer.png", 200, &png(20, 20));
    let sent = png(30, 30);
    let parts = [Part::file("avatar", "sent.png", "image/png", &sent)];
    for case in ["newer", "sent", "removed", "deleted"] {
        let contact = hall.contact(&slow).await;
        let meanwhile = async {
            server.slow_asked().await;
            let (path, token) = (hall.administrator.path(&contact), &hall.administrator.token);
            match case {
                "newer" => drop(hall.change(&contact, &newer).await),
                "sent" => drop(app.send_form(Method::PUT, &path, Some(token), &parts).await.expect(200)),
                "removed" => {
                    drop(app.delete(&hall.administrator, &format!("{contact}/avatar")).await.expect(200));
                }
                _ => drop(app.delete(&hall.administrator, &contact).await.expect(200)),
            }
            server.answer_slow(1);
        };
        join(app.run_due_jobs(), meanwhile).await;
        app.clock.advance(A_MINUTE);
        app.run_due_jobs().await;
        match case {
            "deleted" => drop(app.get(&hall.administrator, &contact).await.expect(404)),
            "removed" => assert_eq!(hall.thumbnail(&contact).await, ""),
            name => assert!(hall.thumbnail(&contact).await.ends_with(&format!("/{name}.png"))),
        }
        app.run_due_jobs().await;
    }
    assert_eq!(app.stored_files().len(), 4, "two pictures, each with its small form");
    assert_eq!(hall.fetches().await, []);
}

#[db_test]
async fn a_job_that_runs_twice_leaves_one_picture(hall: Gallery) {
    let (app, server) = (&hall.app, &hall.server);
    let contact = hall.contact(&server.say("/slow.png", 200, &png(10, 10))).await;
    // The lease of the first run ends while it waits for the server, and another worker takes the job.
    let meanwhile = async {
        server.slow_asked().await;
        app.clock.advance(A_MINUTE);
        let answered = async {
            server.slow_asked().await;
            server.answer_slow(2);
        };
        join(app.run_due_jobs(), answered).await;
    };
    join(app.run_due_jobs(), meanwhile).await;
    assert!(hall.thumbnail(&contact).await.ends_with("/slow.png"));
    assert_eq!((server.calls(), app.stored_files().len()), (2, 2));
    assert_eq!(hall.fetches().await, []);
}

#[db_test]
async fn what_fails_leaves_the_old_picture_and_is_seen_among_the_jobs(hall: Gallery) {
    let (app, server) = (&hall.app, &hall.server);
    let contact = hall.contact(&server.say("/a.png", 200, &png(10, 10))).await;
    app.run_due_jobs().await;
    let (picture, files) = (hall.thumbnail(&contact).await, app.stored_files().len());
    let mut heavy = png(5, 5);
    heavy.resize(15 * 1024 * 1024 + 1, 0);
    let mut huge = png(10, 10);
    huge[16..24].copy_from_slice(&[0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50]);
    let to = |address: &str| HeaderMap::from_iter([(LOCATION, address.parse().unwrap())]);
    let cases = [
        (server.say("/gone.png", 410, b""), "answered 410"),
        (server.say("/page.png", 200, b"<!DOCTYPE html><html>"), "neither JPEG"),
        (server.say("/heavy.png", 200, &heavy), "larger than"),
        (server.say("/huge.png", 200, &huge), "too many pixels"),
        (server.say("/cut.png", 200, &png(900, 900)[..600]), "no picture that can be read"),
        (server.say_with("/inside", 302, to("http://10.0.0.1/a.png"), b""), "public machine"),
        (server.say_with("/mail", 302, to("http://127.0.0.1:25/"), b""), "may not be called"),
        (format!("http://127.0.0.1:25/{}", "a"), "a port that is not for the web"),
        ("http://user:password@127.0.0.1/a.png".to_owned(), "a name or a password"),
    ];
    for (number, (url, problem)) in cases.iter().enumerate() {
        app.clock.advance(A_MINUTE);
        hall.change(&contact, url).await;
        app.run_due_jobs().await;
        let jobs = hall.fetches().await;
        assert_eq!(jobs.len(), number + 1, "{jobs:?}");
        assert!(jobs.iter().any(|(state, error)| state == "dead" && error.contains(problem)), "{url}: {jobs:?}");
        assert_eq!((hall.thumbnail(&contact).await, app.stored_files().len()), (picture.clone(), files), "{url}");
    }
    // The operator tries the last one again, in vain; the next address works.
    app.clock.advance(A_MINUTE);
    hall.change(&contact, &server.say("/b.png", 200, &png(20, 20))).await;
    app.run_due_jobs().await;
    assert!(hall.thumbnail(&contact).await.ends_with("/b.png"));
}

#[db_test]
async fn a_server_that_is_down_is_called_again_later_and_given_up_at_last(hall: Gallery) {
    let (app, server) = (&hall.app, &hall.server);
    let contact = hall.contact(&server.say("/a.png", 503, b"")).await;
    app.run_due_jobs().await;
    assert_eq!(hall.fetches().await, [("waiting".to_owned(), "the server answered 503".to_owned())]);
    assert_eq!((app.run_due_jobs().await, server.calls()), (0, 1));
    app.clock.advance(Duration::from_secs(7));
    server.say("/a.png", 200, &png(10, 10));
    app.run_due_jobs().await;
    assert!(hall.thumbnail(&contact).await.ends_with("/a.png"));
    assert_eq!(hall.fetches().await, []);

    let second = hall.contact(&server.say("/down.png", 500, b"")).await;
    for _ in 0..10 {
        app.run_due_jobs().await;
        app.clock.advance(Duration::from_hours(1));
    }
    assert_eq!(hall.fetches().await, [("dead".to_owned(), "the server answered 500".to_owned())]);
    assert_eq!((server.calls(), hall.thumbnail(&second).await), (12, String::new()));
    // An operator may try it again, and so may whoever gives the address again.
    server.say("/down.png", 200, &png(10, 10));
    hall.change(&second, &format!("http://{}/down.png", server.address)).await;
    app.run_due_jobs().await;
    assert!(hall.thumbnail(&second).await.ends_with("/down.png"));
}

#[db_test]
async fn bots_have_pictures_that_are_sent_fetched_and_taken(hall: Gallery) {
    let (app, server, admin) = (&hall.app, &hall.server, &hall.administrator);
    let sent = png(30, 30);
    let parts = [Part::text("name", "Größe"), Part::file("avatar", "Größe.png", "image/png", &sent)];
    let path = admin.path("agent_bots");
    let bot = app.send_form(Method::POST, &path, Some(&admin.token), &parts).await.expect(200).json();
    assert_eq!(bot["name"], "Größe");
    assert!(bot["thumbnail"].as_str().unwrap().ends_with("/Gr%C3%B6%C3%9Fe.png"), "{bot}");
    let path = format!("agent_bots/{}", bot["id"]);
    assert_eq!(app.get(admin, &path).await.expect(200).json(), bot);

    let url = server.say("/bot.png", 200, &png(20, 20));
    let changed = app.patch(admin, &path, json!({ "avatar_url": url })).await.expect(200).json();
    assert_eq!(changed["thumbnail"], bot["thumbnail"]);
    app.run_due_jobs().await;
    let changed = app.get(admin, &path).await.expect(200).json();
    assert!(changed["thumbnail"].as_str().unwrap().ends_with("/bot.png"), "{changed}");

    let parts = [Part::file("avatar", "b.gif", "image/gif", b"GIF no more")];
    let form = app.send_form(Method::PATCH, &admin.path(&path), Some(&admin.token), &parts).await.expect(422).json();
    assert_eq!(form["attributes"], json!(["avatar"]));
    for _ in 0..2 {
        let without = app.delete(admin, &format!("{path}/avatar")).await.expect(200).json();
        assert_eq!((&without["id"], &without["thumbnail"]), (&bot["id"], &json!("")));
        assert_eq!(without["access_token"], bot["access_token"]);
    }
    app.run_due_jobs().await;
    assert_eq!(app.stored_files(), Vec::<String>::new());
}

#[db_test]
async fn platform_apps_give_bots_pictures_and_take_them(hall: Gallery) {
    let (app, server, admin) = (&hall.app, &hall.server, &hall.administrator);
    let (token, other) = (app.platform_app().await, app.platform_app().await);
    let bots = "/platform/api/v1/agent_bots";
    let sent = png(30, 30);
    let parts = [Part::text("name", "Night"), Part::file("avatar", "night.png", "image/png", &sent)];
    let bot = app.send_form(Method::POST, bots, Some(&token), &parts).await.expect(200).json();
    let shown = |bot: Value| async move {
        app.get(admin, &format!("agent_bots/{}", bot["id"])).await.expect(200).json()["thumbnail"].clone()
    };
    assert!(shown(bot.clone()).await.as_str().unwrap().ends_with("/night.png"));

    let path = format!("{bots}/{}", bot["id"]);
    let body = json!({ "avatar_url": server.say("/day.png", 200, &png(20, 20)) });
    app.call(Method::PATCH, &path, Some(&token), Some(&body)).await.expect(200);
    app.run_due_jobs().await;
    assert!(shown(bot.clone()).await.as_str().unwrap().ends_with("/day.png"));

    // A bot of the installation is nobody's in an account, and the other app was not granted it.
    let path = format!("{path}/avatar");
    app.delete(admin, &format!("agent_bots/{}/avatar", bot["id"])).await.expect(404);
    app.call(Method::DELETE, &path, Some(&other), None).await.expect(403);
    let without = app.call(Method::DELETE, &path, Some(&token), None).await.expect(200).json();
    assert_eq!(without, bot);
    assert_eq!(shown(bot).await, "");
    app.run_due_jobs().await;
    assert_eq!(app.stored_files(), Vec::<String>::new());
}

#[db_test]
async fn a_bot_that_gets_another_owner_takes_its_picture_along(hall: Gallery) {
    let (app, admin) = (&hall.app, &hall.administrator);
    let token = app.platform_app().await;
    let platform = async |method: Method, path: &str, body: Value| {
        app.call(method, &format!("/platform/api/v1/{path}"), Some(&token), Some(&body)).await.expect(200)
    };
    let account = platform(Method::POST, "accounts", json!({ "name": "Lark Bikes" })).await.json()["id"].clone();
    let bot = platform(Method::POST, "agent_bots", json!({ "name": "Night", "account_id": account })).await.json();
    let path = format!("agent_bots/{}", bot["id"]);
    let picture = png(10, 10);
    let parts = [Part::file("avatar", "night.png", "image/png", &picture)];
    let form = app.send_form(Method::PATCH, &format!("/platform/api/v1/{path}"), Some(&token), &parts).await;
    form.expect(200);
    platform(Method::PATCH, &path, json!({ "account_id": null })).await;
    platform(Method::DELETE, &format!("accounts/{account}"), json!({})).await;
    while app.run_due_jobs().await > 0 {}
    let shown = app.get(admin, &path).await.expect(200).json();
    assert!(shown["thumbnail"].as_str().unwrap().ends_with("/night.png"), "{shown}");
    assert_eq!(app.stored_files().len(), 2);
}

#[db_test]
async fn contacts_bring_a_picture_and_replace_none(hall: Gallery) {
    let (app, server, admin) = (&hall.app, &hall.server, &hall.administrator);
    let body = json!({ "name": "Api", "channel": { "type": "api" } });
    let inbox = app.post(admin, "inboxes", body).await.expect(200).json();
    let contacts = format!("/public/api/v1/inboxes/{}/contacts", inbox["inbox_identifier"].as_str().unwrap());
    let (first, second) = (server.say("/a.png", 200, &png(10, 10)), server.say("/b.png", 200, &png(20, 20)));
    let body = json!({ "email": "ada@reed.example", "avatar_url": first });
    let made = app.call(Method::POST, &contacts, None, Some(&body)).await.expect(200).json();
    app.run_due_jobs().await;
    let contact = format!("contacts/{}", made["id"]);
    assert!(hall.thumbnail(&contact).await.ends_with("/a.png"));

    // Known by its address: it is given unchanged. By itself it has a picture already.
    let body = json!({ "email": "ada@reed.example", "avatar_url": second });
    let again = app.call(Method::POST, &contacts, None, Some(&body)).await.expect(200).json();
    assert_eq!(again["id"], made["id"]);
    let own = format!("{contacts}/{}", made["source_id"].as_str().unwrap());
    app.call(Method::PATCH, &own, None, Some(&json!({ "avatar_url": second }))).await.expect(200);
    app.clock.advance(A_MINUTE);
    assert_eq!((app.run_due_jobs().await, server.calls()), (0, 1));

    app.delete(admin, &format!("{contact}/avatar")).await.expect(200);
    app.call(Method::PATCH, &own, None, Some(&json!({ "avatar_url": second }))).await.expect(200);
    app.run_due_jobs().await;
    assert!(hall.thumbnail(&contact).await.ends_with("/b.png"));
}

#[db_test]
async fn what_is_no_address_of_the_web_is_named(hall: Gallery) {
    let (app, admin) = (&hall.app, &hall.administrator);
    let contact = hall.contact("").await;
    let before = app.row_counts().await;
    let long = format!("https://a.example/{}", "x".repeat(2_048));
    for url in ["a.png", "ftp://a.example/a.png", "file:///etc/passwd", "data:image/png;base64,AA==", "http://", &long]
    {
        for (path, method) in [("contacts", Method::POST), (&*contact, Method::PUT), ("agent_bots", Method::POST)] {
            let body = json!({ "name": "Bo", "avatar_url": url });
            let answer = app.call(method, &admin.path(path), Some(&admin.token), Some(&body)).await;
            assert_eq!(answer.expect(422).json()["attributes"], json!(["avatar_url"]), "{path} {url}");
        }
    }
    assert_eq!(app.row_counts().await, before);
}

/// A product with the settings of an installation: it calls no machine but public ones.
struct Guarded(Gallery);

impl OnEngine for Guarded {
    async fn on(engine: Engine) -> Self {
        Self(Gallery::new(TestApp::on(engine).await).await)
    }
}

#[db_test]
async fn no_address_makes_the_server_call_its_own_machine_or_network(Guarded(hall): Guarded) {
    let app = &hall.app;
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let hosts = [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0177.0.0.1",
        "0x7f000001",
        "127.0.0.1.",
        "0",
        "0.0.0.0",
        "127.0.0.2",
        "%31%32%37.0.0.1",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "localhost",
        "10.0.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "[fd00::1]",
        "[fe80::1]",
    ];
    for host in hosts {
        let contact = hall.contact(&format!("http://{host}:{port}/a.png")).await;
        app.run_due_jobs().await;
        assert_eq!(hall.thumbnail(&contact).await, "", "{host}");
    }
    let arrived = listener.accept();
    assert_eq!(arrived.unwrap_err().kind(), ErrorKind::WouldBlock, "no connection was made");
    let fetches = hall.fetches().await;
    assert_eq!(fetches.len(), hosts.len());
    for (state, error) in fetches {
        assert_eq!((&*state, &*error), ("dead", "the address does not lead to a public machine"));
    }
    assert_eq!(app.stored_files(), Vec::<String>::new());
}
