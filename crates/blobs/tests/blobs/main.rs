//! Blobs in a folder, in a bucket and in memory: one promise.

mod server;

use std::io;
use std::time::Duration;

use blobs::{Blobs, ByteStream, Error};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use server::Server;

const KEY: &str = "0a112233445566778899aabbccddeeff";

async fn read(stream: ByteStream) -> Vec<u8> {
    stream.map_ok(|piece| piece.to_vec()).try_concat().await.unwrap()
}

/// Every place where blobs can be; the folder stays as long as the test.
async fn places() -> (tempfile::TempDir, Server, [(&'static str, Blobs); 3]) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start().await;
    let places = [
        ("folder", Blobs::in_folder(folder.path()).unwrap()),
        ("bucket", Blobs::in_bucket(&server.bucket("secret")).unwrap()),
        ("memory", Blobs::in_memory()),
    ];
    (folder, server, places)
}

#[tokio::test]
async fn what_was_put_is_read_whole_and_in_ranges_until_it_is_deleted() {
    let (_folder, _server, places) = places().await;
    for (place, blobs) in places {
        blobs.put(KEY, Bytes::from_static(b"0123456789")).await.unwrap();
        blobs.put(&format!("{KEY}.small"), Bytes::from_static(b"01")).await.unwrap();
        assert_eq!(read(blobs.stream(KEY, None).await.unwrap().unwrap()).await, b"0123456789", "{place}");
        assert_eq!(read(blobs.stream(KEY, Some(2..5)).await.unwrap().unwrap()).await, b"234", "{place}");
        assert_eq!(blobs.size(KEY).await.unwrap(), Some(10), "{place}");

        let mut entries = blobs.list(0x0a).await.unwrap();
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, [KEY, &format!("{KEY}.small")], "{place}");
        assert!(entries.iter().all(|entry| entry.key() == KEY));
        assert!(blobs.list(0x0b).await.unwrap().is_empty(), "{place}");

        blobs.delete(KEY).await.unwrap();
        blobs.delete(KEY).await.unwrap();
        assert!(blobs.stream(KEY, None).await.unwrap().is_none(), "{place}");
        assert!(blobs.read(KEY).await.unwrap().is_none() && blobs.size(KEY).await.unwrap().is_none(), "{place}");
    }
}

#[tokio::test]
async fn a_stream_is_stored_whole_or_not_at_all() {
    let (folder, server, places) = places().await;
    for (place, blobs) in places {
        for (key, count) in
            [(KEY, 1_200), ("0a222222222222222222222222222222", 3), ("0a333333333333333333333333333333", 0)]
        {
            let pieces = (0..count).map(|number: u32| Ok(Bytes::from(vec![number.to_le_bytes()[0]; 10_007])));
            blobs.put_stream(key, stream::iter(pieces)).await.unwrap();
            let whole = blobs.read(key).await.unwrap().unwrap();
            assert_eq!(whole.len(), usize::try_from(count).unwrap() * 10_007, "{place}");
            let pieces = whole.chunks(10_007).enumerate();
            assert!(pieces.into_iter().all(|(number, piece)| piece[0] == number.to_le_bytes()[0]), "{place}");
        }
        let other = "0a000000000000000000000000000000";
        for size in [20_000, 4_000_000] {
            let broken = stream::iter((0..3).map(|number| match number {
                2 => Err(io::Error::other("cut off")),
                _ => Ok(Bytes::from(vec![1; size])),
            }));
            assert!(matches!(blobs.put_stream(other, broken).await, Err(Error::Source(_))), "{place}");
            assert!(blobs.size(other).await.unwrap().is_none(), "{place}");
        }
    }
    assert_eq!(std::fs::read_dir(folder.path().join("0a")).unwrap().count(), 3, "nothing is left of it");
    assert_eq!(server.unfinished(), 0);
}

#[tokio::test]
async fn a_bucket_is_called_by_its_name_with_a_signature() {
    let server = Server::start().await;
    let blobs = Blobs::in_bucket(&server.bucket("secret")).unwrap();
    blobs.put(KEY, Bytes::from_static(b"01")).await.unwrap();
    assert_eq!(server.requests(), [format!("PUT /pictures/0a/{KEY}")]);

    let stranger = blobs::Bucket { access_key: "somebody".into(), ..server.bucket("secret") };
    assert!(!format!("{stranger:?}").contains("secret"));
    let blobs = Blobs::in_bucket(&stranger).unwrap();
    let refused = blobs.read(KEY).await;
    assert!(matches!(refused, Err(Error::Storage(_))), "{refused:?}");

    let nowhere = blobs::Bucket { endpoint: Some("http://127.0.0.1:1".into()), ..server.bucket("secret") };
    assert!(matches!(Blobs::in_bucket(&nowhere).unwrap().read(KEY).await, Err(Error::Storage(_))));
}

#[tokio::test]
async fn what_a_killed_write_left_is_deleted_when_it_is_old() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::in_folder(folder.path()).unwrap();
    blobs.put(KEY, Bytes::from_static(b"whole")).await.unwrap();
    std::fs::write(folder.path().join("0a").join(format!("{KEY}#1")), b"half").unwrap();
    assert_eq!(blobs.list(0x0a).await.unwrap().len(), 1);
    assert_eq!(blobs.delete_unfinished(0x0a, Duration::from_hours(1)).await.unwrap(), 0);
    assert_eq!(blobs.delete_unfinished(0x0a, Duration::ZERO).await.unwrap(), 1);
    assert_eq!(blobs.delete_unfinished(0x0b, Duration::ZERO).await.unwrap(), 0);
    assert_eq!(blobs.read(KEY).await.unwrap().unwrap(), "whole");
}

#[tokio::test]
async fn names_that_are_no_keys_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::in_folder(folder.path()).unwrap();
    let long = "a".repeat(33);
    for name in [
        "",
        "..",
        "../../etc/passwd",
        "0A112233445566778899AABBCCDDEEFF",
        &long,
        &format!("{KEY}."),
        &format!("{KEY}./x"),
        &format!("{KEY}#1"),
    ] {
        assert!(matches!(blobs.put(name, Bytes::new()).await, Err(Error::BadName(_))), "{name}");
        assert!(blobs.stream(name, None).await.is_err(), "{name}");
    }
    assert!(stream::iter(std::fs::read_dir(folder.path()).unwrap()).next().await.is_none());
}
