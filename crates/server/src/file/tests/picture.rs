//! Pictures of contacts, inboxes and bots.

use std::io::Cursor;

use http::Method;
use image::{ImageFormat, RgbImage};
use serde_json::{Value, json};
use store::testing::db_test;

use super::{Desk, png};
use crate::testing::{Answer, Part, TestApp};

/// Something that has a picture: where it is changed and shown, and where its address stands.
struct Owner<'a> {
    desk: &'a Desk<'a>,
    path: String,
    pointer: &'static str,
}

impl Owner<'_> {
    async fn set(&self, parts: &[Part<'_>]) -> Answer {
        let administrator = &self.desk.administrator;
        let path = administrator.path(&self.path);
        self.desk.app.send_form(Method::PUT, &path, Some(&administrator.token), parts).await
    }

    async fn shown(&self) -> Value {
        self.desk.app.get(&self.desk.administrator, &self.path).await.expect(200).json()
    }

    async fn url(&self) -> String {
        self.shown().await.pointer(self.pointer).unwrap().as_str().unwrap().to_owned()
    }
}

async fn owners<'a>(desk: &'a Desk<'a>) -> [Owner<'a>; 3] {
    let inbox = desk.app.api_inbox(&desk.administrator).await;
    let contact = desk.app.contact(&desk.administrator).await;
    let bot = desk.app.post(&desk.administrator, "agent_bots", json!({ "name": "Night" })).await.expect(200).json();
    [
        Owner { desk, path: format!("agent_bots/{}", bot["id"]), pointer: "/thumbnail" },
        Owner { desk, path: format!("contacts/{contact}"), pointer: "/payload/thumbnail" },
        Owner { desk, path: format!("inboxes/{inbox}"), pointer: "/avatar_url" },
    ]
}

#[db_test]
async fn a_picture_is_shown_small_and_another_takes_its_place_with_its_file(app: TestApp) {
    let desk = Desk::new(&app).await;
    for (number, owner) in owners(&desk).await.iter().enumerate() {
        assert_eq!(owner.url().await, "");
        let (first, second) = (png(600, 400), png(20, 20));
        owner.set(&[Part::file("avatar", "Größe.png", "image/png", &first)]).await.expect(200);
        let old = owner.url().await;
        assert!(old.ends_with("/Gr%C3%B6%C3%9Fe.png"), "{old}");
        let small = desk.get(&desk.location(&old.clone().into()).await, &[]).await.expect(200).body;
        let small = image::load_from_memory(&small).unwrap();
        assert_eq!((small.width(), small.height()), (250, 250));

        owner.set(&[Part::file("avatar", "b.png", "image/png", &second)]).await.expect(200);
        assert!(owner.url().await.ends_with("/b.png"));
        desk.get(&old, &[]).await.expect(404);
        app.run_due_jobs().await;
        let count = i64::try_from(number).unwrap() + 1;
        assert_eq!(app.number("SELECT COUNT(*) FROM files", &[]).await, count);
        // The first one is gone with its small form; each of the others stands beside its own.
        assert_eq!(app.stored_files().len(), 2 * (number + 1));
    }
}

#[db_test]
async fn what_is_no_picture_is_refused_and_changes_nothing(app: TestApp) {
    let desk = Desk::new(&app).await;
    let mut webp = Vec::new();
    RgbImage::new(5, 5).write_to(&mut Cursor::new(&mut webp), ImageFormat::WebP).unwrap();
    let mut heavy = png(5, 5);
    heavy.resize(15 * 1024 * 1024 + 1, 0);
    // 50,000 by 50,000 pixels, and none, as the header says.
    let (mut huge, mut flat) = (png(10, 10), png(10, 10));
    huge[16..24].copy_from_slice(&[0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50]);
    flat[16..24].copy_from_slice(&[0, 0, 0, 0, 0, 0, 0, 10]);
    let cut = &png(900, 900)[..600];
    let pictures: [&[u8]; 8] = [b"", b"<svg onload='alert(1)'/>", b"GIF no more", &webp, &heavy, &huge, &flat, cut];
    for owner in owners(&desk).await {
        let before = owner.shown().await;
        for picture in pictures {
            let parts = [Part::text("name", "Changed"), Part::file("avatar", "a.png", "image/png", picture)];
            let refused = owner.set(&parts).await.expect(422).json();
            assert_eq!(refused["attributes"], json!(["avatar"]), "{refused}");
        }
        assert_eq!(owner.shown().await, before);
    }
    assert_eq!(app.stored_files(), Vec::<String>::new());
    assert_eq!(app.number("SELECT COUNT(*) FROM files", &[]).await, 0);
}

#[db_test]
async fn a_picture_with_more_in_it_than_its_header_says_is_no_larger_for_it(app: TestApp) {
    let desk = Desk::new(&app).await;
    // A megabyte of zeros for each kilobyte, where ten by ten pixels should be.
    let mut inflated = png(7_000, 7_000);
    inflated[16..24].copy_from_slice(&[0, 0, 0, 10, 0, 0, 0, 10]);
    for owner in owners(&desk).await {
        let answer = owner.set(&[Part::file("avatar", "a.png", "image/png", &inflated)]).await;
        match answer.status.as_u16() {
            200 => {
                let small = desk.get(&desk.location(&owner.url().await.into()).await, &[]).await.expect(200).body;
                let small = image::load_from_memory(&small).unwrap();
                assert!(small.width() <= 250 && small.height() <= 250);
            }
            status => assert_eq!((status, owner.url().await), (422, String::new())),
        }
    }
}

#[db_test]
async fn a_picture_keeps_the_name_that_people_gave_it(app: TestApp) {
    let desk = Desk::new(&app).await;
    let picture = png(5, 5);
    let long = format!("{}.png", "ä".repeat(300));
    for owner in owners(&desk).await {
        for (given, kept) in [
            ("Zoë 漢字.png", "Zoë 漢字.png"),
            ("👩\u{200d}👧.png", "👩\u{200d}👧.png"),
            ("שלום.png", "שלום.png"),
            ("e\u{301}.png", "e\u{301}.png"),
            ("photo\u{202e}gnp.exe", "photognp.exe"),
            ("..\\..\\../a b.png", "a b.png"),
            ("100%.png", "100%.png"),
            (&long, &format!("{}.png", "ä".repeat(125))),
        ] {
            owner.set(&[Part::file("avatar", given, "image/png", &picture)]).await.expect(200);
            let url = owner.url().await;
            let name = percent_encoding::percent_decode_str(url.rsplit('/').next().unwrap());
            assert_eq!(name.decode_utf8().unwrap(), kept, "{given}");
            let served = desk.get(&desk.location(&url.into()).await, &[]).await.expect(200);
            let disposition = super::header(&served, "content-disposition");
            assert!(disposition.starts_with("inline; filename=\""), "{disposition}");
        }
    }
}

#[db_test]
async fn a_picture_is_taken_with_its_file(app: TestApp) {
    let desk = Desk::new(&app).await;
    let [bot, contact, inbox] = owners(&desk).await;
    let picture = png(20, 20);
    for owner in [&contact, &inbox, &bot] {
        owner.set(&[Part::file("avatar", "a.png", "image/png", &picture)]).await.expect(200);
    }
    let agent = app.agent(desk.administrator.account).await;
    let path = |owner: &Owner<'_>| format!("{}/avatar", owner.path);
    // Every member takes a contact's; the others are the administrators'.
    app.delete(&agent, &path(&inbox)).await.expect(403);
    app.delete(&agent, &path(&bot)).await.expect(403);
    assert_ne!(inbox.url().await, "");
    for _ in 0..2 {
        let shown = app.delete(&agent, &path(&contact)).await.expect(200).json();
        assert_eq!((&shown["payload"]["thumbnail"], contact.url().await), (&json!(""), String::new()));
        assert!(app.delete(&desk.administrator, &path(&inbox)).await.expect(200).body.is_empty());
        assert_eq!(inbox.url().await, "");
        app.delete(&desk.administrator, &path(&bot)).await.expect(200);
    }
    let events = app.event_names(desk.administrator.account).await;
    let told = events.iter().filter(|name| *name == "inbox.updated").count();
    assert_eq!(told, 2, "set and taken, and nothing when there was none: {events:?}");
    for missing in ["contacts/999999/avatar", "inboxes/999999/avatar", "agent_bots/999999/avatar"] {
        app.delete(&desk.administrator, missing).await.expect(404);
    }
    app.run_due_jobs().await;
    assert_eq!(app.stored_files(), Vec::<String>::new());
    assert_eq!(app.number("SELECT COUNT(*) FROM files", &[]).await, 0);
}
