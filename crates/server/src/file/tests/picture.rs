//! Pictures of contacts and inboxes.

use std::io::Cursor;

use http::Method;
use image::{ImageFormat, RgbImage};
use serde_json::Value;
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

async fn owners<'a>(desk: &'a Desk<'a>) -> [Owner<'a>; 2] {
    let inbox = desk.app.api_inbox(&desk.administrator).await;
    let contact = desk.app.contact(&desk.administrator).await;
    [
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
    let pictures: [&[u8]; 5] = [b"", b"<svg onload='alert(1)'/>", b"GIF no more", &webp, &heavy];
    for owner in owners(&desk).await {
        let before = owner.shown().await;
        for picture in pictures {
            let parts = [Part::text("name", "Changed"), Part::file("avatar", "a.png", "image/png", picture)];
            let refused = owner.set(&parts).await.expect(422).json();
            assert_eq!(refused["attributes"], serde_json::json!(["avatar"]), "{refused}");
        }
        assert_eq!(owner.shown().await, before);
    }
    assert_eq!(app.stored_files(), Vec::<String>::new());
    assert_eq!(app.number("SELECT COUNT(*) FROM files", &[]).await, 0);
}
