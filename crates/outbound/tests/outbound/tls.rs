//! Encrypted calls. The certificate in `data` is for desk.example, signed by itself, and good for a hundred years.

use std::sync::Arc;

use outbound::{Error, Outbound, Settings};
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsAcceptor;

use crate::support::{Names, Server, get, naming, ok, redirect, settings};

const CERTIFICATE: &[u8] = include_bytes!("data/certificate.der");
const KEY: &[u8] = include_bytes!("data/key.der");

/// A server with the certificate that says `answer`.
async fn secure(answer: String) -> Server {
    let key = PrivateKeyDer::try_from(KEY).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(CERTIFICATE)], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    Server::unread(listener, move |stream| {
        let (acceptor, answer) = (acceptor.clone(), answer.clone());
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    })
}

fn names() -> Arc<Names> {
    Arc::new(Names::default().with("desk.example", &[&["127.0.0.1"]]).with("other.example", &[&["127.0.0.1"]]))
}

/// A client that trusts the certificate.
fn trusting() -> Outbound {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(CERTIFICATE)).unwrap();
    Outbound::with_resolver(Settings { roots, ..settings(&["127.0.0.0/8"]) }, names())
}

#[tokio::test]
async fn a_server_whose_certificate_is_trusted_is_called() {
    let server = secure(ok("secret")).await;
    let answer = get(&trusting(), &format!("https://desk.example:{}/", server.port())).await.unwrap();
    assert_eq!(answer.body, "secret");
}

#[tokio::test]
async fn an_unknown_certificate_or_one_for_another_name_is_no_connection() {
    let server = secure(ok("secret")).await;
    let port = server.port();
    for (client, host) in
        [(naming(&["127.0.0.0/8"], &names()), "desk.example"), (trusting(), "other.example"), (trusting(), "127.0.0.1")]
    {
        let answer = get(&client, &format!("https://{host}:{port}/")).await;
        assert!(matches!(answer, Err(Error::Connect(_))), "{host}: {answer:?}");
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plain = Server::unread(listener, |mut stream| async move {
        let _ = stream.write_all(ok("plain").as_bytes()).await;
    });
    let answer = get(&trusting(), &format!("https://desk.example:{}/", plain.port())).await;
    assert!(matches!(answer, Err(Error::Connect(_))), "{answer:?}");
}

#[tokio::test]
async fn an_encrypted_call_is_not_led_to_an_unencrypted_one() {
    let plain = Server::saying("127.0.0.1", ok("plain")).await;
    let server = secure(redirect(302, &plain.url())).await;
    let answer = get(&trusting(), &format!("https://desk.example:{}/", server.port())).await;
    assert_eq!(answer.unwrap_err(), Error::Redirect("to an unencrypted address"));
    assert_eq!(plain.connections(), 0);
}
