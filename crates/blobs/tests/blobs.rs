//! Blobs in a local folder.

use std::io;
use std::time::Duration;

use blobs::{Blobs, ByteStream, Error};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};

const KEY: &str = "0a112233445566778899aabbccddeeff";

async fn read(stream: ByteStream) -> Vec<u8> {
    stream.map_ok(|piece| piece.to_vec()).try_concat().await.unwrap()
}

#[tokio::test]
async fn what_was_put_is_read_whole_and_in_ranges_until_it_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::in_folder(folder.path()).unwrap();
    blobs.put(KEY, Bytes::from_static(b"0123456789")).await.unwrap();
    blobs.put(&format!("{KEY}.small"), Bytes::from_static(b"01")).await.unwrap();
    assert_eq!(read(blobs.stream(KEY, None).await.unwrap().unwrap()).await, b"0123456789");
    assert_eq!(read(blobs.stream(KEY, Some(2..5)).await.unwrap().unwrap()).await, b"234");
    assert_eq!(blobs.size(KEY).await.unwrap(), Some(10));

    let mut entries = blobs.list(0x0a).await.unwrap();
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    assert_eq!(entries.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), [KEY, &format!("{KEY}.small")]);
    assert!(entries.iter().all(|entry| entry.key() == KEY));
    assert!(blobs.list(0x0b).await.unwrap().is_empty());

    blobs.delete(KEY).await.unwrap();
    blobs.delete(KEY).await.unwrap();
    assert!(blobs.stream(KEY, None).await.unwrap().is_none());
    assert!(blobs.read(KEY).await.unwrap().is_none() && blobs.size(KEY).await.unwrap().is_none());
}

#[tokio::test]
async fn a_stream_is_stored_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::in_folder(folder.path()).unwrap();
    let pieces = (0..300).map(|number: u32| Ok(Bytes::from(vec![number.to_le_bytes()[0]; 10_007])));
    blobs.put_stream(KEY, stream::iter(pieces)).await.unwrap();
    let whole = blobs.read(KEY).await.unwrap().unwrap();
    assert_eq!(whole.len(), 300 * 10_007);
    assert!(whole.chunks(10_007).enumerate().all(|(number, piece)| piece[0] == number.to_le_bytes()[0]));

    let other = "0a000000000000000000000000000000";
    let broken = stream::iter((0..3).map(|number| match number {
        2 => Err(io::Error::other("cut off")),
        _ => Ok(Bytes::from(vec![1; 2_000_000])),
    }));
    assert!(matches!(blobs.put_stream(other, broken).await, Err(Error::Source(_))));
    assert!(blobs.size(other).await.unwrap().is_none());
    assert_eq!(std::fs::read_dir(folder.path().join("0a")).unwrap().count(), 1, "nothing is left of it");
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
