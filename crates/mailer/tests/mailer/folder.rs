//! Mails as files.

use std::os::unix::fs::PermissionsExt;

use mailer::{Mail, Mailer};

use crate::{NOW, mail, sender};

#[tokio::test]
async fn each_mail_is_a_file_that_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = folder.path().join("data/outbox");
    let mailer = Mailer::into_folder(sender(), &outbox);
    mailer.check().await.unwrap();
    assert!(!outbox.exists(), "nothing is made before there is a mail");
    for _ in 0..3 {
        let mail = Mail { text: format!("Hello Zoë,\n{}", mail("").text), ..mail("zoë@bücher.example") };
        mailer.send(&mail, NOW).await.unwrap();
    }
    let files: Vec<_> = std::fs::read_dir(&outbox).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 3);
    for file in &files {
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("2026-01-05T10-00-00.000Z-"), "{name}");
        assert_eq!(file.extension().unwrap(), "eml");
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.contains("To: zoë@xn--bcher-kva.example\r\n"), "{text}");
        assert!(text.contains("your link: https://desk.example.com/?a=b\r\n"), "links can be copied: {text}");
    }
    assert_eq!(std::fs::metadata(&outbox).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_may_be_mended() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let mailer = Mailer::into_folder(sender(), file.join("outbox"));
    let failure = mailer.send(&mail("ada@example.com"), NOW).await.unwrap_err();
    assert!(!failure.is_permanent() && failure.to_string().contains("failed"), "{failure}");
}

#[tokio::test]
async fn an_address_that_is_none_fails_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let mailer = Mailer::into_folder(sender(), folder.path());
    let failure = mailer.send(&mail("no address"), NOW).await.unwrap_err();
    assert!(failure.is_permanent(), "{failure}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
