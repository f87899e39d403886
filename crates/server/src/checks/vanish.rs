//! What was deleted shows in no answer of any GET route: before the job has run, and after.

use http::Method;
use serde_json::json;
use store::testing::{Engine, OnEngine, db_test};

use super::site::Site;
use super::{Sent, operations};
use crate::testing::{Caller, TestApp};

/// Stands in everything that is deleted.
const MARK: &str = "vanishing";

/// A site with more of everything, named by [`MARK`].
struct Scene {
    app: TestApp,
    site: Site,
    platform_token: String,
    user: Caller,
    inbox: i64,
    contact: i64,
}

impl OnEngine for Scene {
    async fn on(engine: Engine) -> Self {
        let app = TestApp::on(engine).await;
        let site = Site::new(&app).await;
        let platform_token = site.granted_app(&app).await;
        let user = app.agent(site.account).await;
        let scene = Self { app, site, platform_token, user, inbox: 0, contact: 0 };
        scene.name_user().await;
        let (admin, app) = (&scene.site.administrator, &scene.app);
        let body = json!({ "name": format!("{MARK}-inbox"), "channel": { "type": "api" } });
        let inbox = app.post(admin, "inboxes", body).await.expect(200).json()["id"].as_i64().unwrap();
        let body = json!({ "name": format!("{MARK}-contact"), "email": format!("{MARK}@sample.test"), "inbox_id": scene.site.inbox });
        let made = app.post(admin, "contacts", body).await.expect(200).json();
        let contact = made["payload"]["contact"]["id"].as_i64().unwrap();
        for (inbox, contact) in [(scene.site.inbox.get(), contact), (inbox, scene.site.contact)] {
            let body = json!({ "inbox_id": inbox, "contact_id": contact, "message": { "content": MARK } });
            app.post(admin, "conversations", body).await.expect(200);
        }
        app.join(admin, scene.site.inbox, &[&scene.user]).await;
        let number = scene.site.conversation;
        let assign = json!({ "assignee_id": scene.user.id });
        app.post(admin, &format!("conversations/{number}/assignments"), assign).await.expect(200);
        let body = json!({ "content": "What the user wrote stays." });
        app.post(&scene.user, &format!("conversations/{number}/messages"), body).await.expect(200);
        Self { inbox, contact, ..scene }
    }
}

impl Scene {
    async fn name_user(&self) {
        let id = self.user.id;
        let named = self.app.app.store.write(move |tx| {
            // What happened is told by the name for others, and stays.
            let change = crate::user::UserChange {
                name: Some(format!("{MARK}-user")),
                display_name: edge::field::Maybe::Value("Olu".into()),
                ..Default::default()
            };
            crate::user::service::update(tx, id, &change, &crate::events::Actor::Operator)?;
            let (app,) = tx.query_one::<(types::PlatformAppId,)>(
                store::sql!("SELECT id FROM platform_apps WHERE name = 'Granted' ORDER BY id"),
                (),
            )?;
            crate::access::grant_user(tx, app, id)
        });
        named.await.unwrap();
    }

    /// The addresses of the GET routes whose answers show `mark`, as somebody who may see all of it.
    async fn shown(&self, mark: &str) -> Vec<String> {
        let mut shown = Vec::new();
        for operation in operations().iter().filter(|operation| operation.method == Method::GET) {
            let path = self.site.path(operation);
            let joiner = if path.contains('?') { '&' } else { '?' };
            let q =
                if path.ends_with("/search?q=a") { path.replace("?q=a", &format!("?q={mark}")) } else { path.clone() };
            let token = match operation.path.split('/').nth(1) {
                Some("platform") => Some(self.platform_token.as_str()),
                Some("api") => Some(self.site.administrator.token.as_str()),
                _ => None,
            };
            for path in [path.clone(), q, format!("{path}{joiner}status=all&sort=name")] {
                let answer = Sent::new(&Method::GET, &path, token).to(&self.app).await;
                if String::from_utf8_lossy(&answer.body).contains(mark) {
                    shown.push(path);
                }
            }
        }
        shown
    }

    /// Deletes, and fails if any route shows `mark` afterwards, or if fewer than `least` did before.
    async fn check(&self, path: &str, token: &str, mark: &str, least: usize) {
        let before = self.shown(mark).await;
        assert!(before.len() >= least, "{before:#?}");
        self.app.call(Method::DELETE, path, Some(token), None).await.expect(200);
        assert_eq!(self.shown(mark).await, Vec::<String>::new(), "at once");
        self.app.run_due_jobs().await;
        assert_eq!(self.shown(mark).await, Vec::<String>::new(), "in the end");
    }
}

#[db_test]
async fn a_deleted_contact_shows_in_no_answer(scene: Scene) {
    let path = scene.site.administrator.path(&format!("contacts/{}", scene.contact));
    scene.check(&path, &scene.site.administrator.token, "vanishing-contact", 4).await;
}

#[db_test]
async fn a_deleted_inbox_shows_in_no_answer(scene: Scene) {
    let path = scene.site.administrator.path(&format!("inboxes/{}", scene.inbox));
    scene.check(&path, &scene.site.administrator.token, "vanishing-inbox", 2).await;
}

#[db_test]
async fn a_deleted_user_shows_in_no_answer(scene: Scene) {
    let path = format!("/platform/api/v1/users/{}", scene.user.id);
    scene.check(&path, &scene.platform_token, "vanishing-user", 4).await;
}

#[db_test]
async fn of_a_deleted_account_nothing_is_shown(scene: Scene) {
    let path = format!("/platform/api/v1/accounts/{}", scene.site.account);
    scene.check(&path, &scene.platform_token, MARK, 8).await;
}
