//! Mails by SMTP.

use std::time::Duration;

use mailer::{Failure, Mailer, Security, Smtp};

use crate::server::{CERTIFICATE, Manners, Server};
use crate::{NOW, mail, sender};

fn to(server: &Server, security: Security) -> Smtp {
    Smtp {
        host: "localhost".into(),
        port: server.address.port(),
        security,
        credentials: None,
        timeout: Duration::from_secs(5),
        roots: vec![CERTIFICATE.to_vec()],
    }
}

async fn send(smtp: &Smtp) -> Result<(), Failure> {
    Mailer::by_smtp(sender(), smtp).unwrap().send(&mail("ada@example.com"), NOW).await
}

#[tokio::test]
async fn a_mail_goes_to_one_address_and_keeps_its_dots() {
    let server = Server::start(Manners::default()).await;
    let mailer = Mailer::by_smtp(sender(), &to(&server, Security::None)).unwrap();
    mailer.check().await.unwrap();
    for _ in 0..3 {
        mailer.send(&mail("ada@example.com"), NOW).await.unwrap();
    }
    let lines = server.lines();
    assert_eq!(server.count("RCPT TO:<ada@example.com>"), 3);
    assert_eq!(server.count("RCPT TO:"), 3);
    assert_eq!(server.count("MAIL FROM:<desk@example.com>"), 3);
    assert!((1..3).contains(&server.count("EHLO example.com")), "a connection serves several mails: {lines:#?}");
    assert!(lines.iter().any(|line| line == "...your link: https://desk.example.com/?a=b"), "{lines:#?}");
}

#[tokio::test]
async fn mails_go_encrypted_both_ways_and_only_with_the_right_password() {
    let wants = Some(("desk", "päss word"));
    for (security, manners) in [
        (Security::StartTls, Manners { offers_tls: true, wants, ..Manners::default() }),
        (Security::Tls, Manners { is_wrapped: true, wants, ..Manners::default() }),
    ] {
        let server = Server::start(manners).await;
        let right = Smtp { credentials: Some(("desk".into(), "päss word".into())), ..to(&server, security) };
        send(&right).await.unwrap();
        assert_eq!(server.count("RCPT TO:<ada@example.com>"), 1);
        let wrong = Smtp { credentials: Some(("desk".into(), "other".into())), ..right };
        let failure = send(&wrong).await.unwrap_err();
        assert!(!failure.is_permanent() && failure.to_string().contains("535"), "settings can be mended: {failure}");
        assert!(
            !failure.to_string().contains("other")
                && !format!("{wrong:?}", wrong = Mailer::by_smtp(sender(), &wrong).unwrap()).contains("other")
        );
        assert_eq!(server.count("RCPT TO:<ada@example.com>"), 1);
    }
}

#[tokio::test]
async fn nothing_is_said_in_the_clear_where_tls_is_wanted() {
    let plain = Server::start(Manners::default()).await;
    let failure = send(&to(&plain, Security::StartTls)).await.unwrap_err();
    assert!(!failure.is_permanent(), "{failure}");
    assert_eq!(plain.count("MAIL") + plain.count("AUTH"), 0);

    let unknown = Server::start(Manners { offers_tls: true, ..Manners::default() }).await;
    let failure = send(&Smtp { roots: Vec::new(), ..to(&unknown, Security::StartTls) }).await.unwrap_err();
    assert!(!failure.is_permanent(), "{failure}");
    assert_eq!(unknown.count("MAIL"), 0);
}

#[tokio::test]
async fn what_is_refused_for_good_is_told_from_what_passes() {
    for (command, answer, is_permanent) in [
        ("RCPT", "550 5.1.1 no such user <ada@example.com>", true),
        ("RCPT", "450 4.2.1 try again later", false),
        ("MAIL", "530 5.7.0 sign in first", false),
        ("DATA", "552 5.3.4 too large", true),
        ("EHLO", "421 4.3.2 going down", false),
    ] {
        let server = Server::start(Manners { refuses: Some((command, answer)), ..Manners::default() }).await;
        let failure = send(&to(&server, Security::None)).await.unwrap_err();
        assert_eq!(failure.is_permanent(), is_permanent, "{answer}: {failure}");
        assert!(!failure.to_string().contains("ada@example.com"), "{failure}");
    }
}

#[tokio::test]
async fn a_server_that_is_away_or_silent_may_come_back() {
    let silent = Server::start(Manners { is_silent: true, ..Manners::default() }).await;
    let impatient = Smtp { timeout: Duration::from_millis(50), ..to(&silent, Security::None) };
    assert!(!send(&impatient).await.unwrap_err().is_permanent());
    let gone = to(&silent, Security::None);
    drop(silent);
    let failure = Mailer::by_smtp(sender(), &gone).unwrap().check().await.unwrap_err();
    assert!(!failure.is_permanent(), "{failure}");
}

#[tokio::test]
async fn an_address_that_the_server_cannot_write_fails_for_good() {
    let server = Server::start(Manners::default()).await;
    let mailer = Mailer::by_smtp(sender(), &to(&server, Security::None)).unwrap();
    let failure = mailer.send(&mail("zoë@example.com"), NOW).await.unwrap_err();
    assert!(failure.is_permanent(), "{failure}");
}
