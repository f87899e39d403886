//! A small mail server that notes what it is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// For localhost, signed by itself, and good for a hundred years.
pub const CERTIFICATE: &[u8] = include_bytes!("data/certificate.der");
const KEY: &[u8] = include_bytes!("data/key.der");

/// What the server does otherwise than usual.
#[derive(Debug, Clone, Default)]
pub struct Manners {
    /// TLS from the start.
    pub is_wrapped: bool,
    /// Offers STARTTLS.
    pub offers_tls: bool,
    /// Wants these credentials, `user` and `password`.
    pub wants: Option<(&'static str, &'static str)>,
    /// Answers this to a command that begins so.
    pub refuses: Option<(&'static str, &'static str)>,
    /// Takes connections, and says nothing.
    pub is_silent: bool,
}

/// A running server; it ends with the value.
pub struct Server {
    pub address: SocketAddr,
    lines: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub async fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&lines);
        let task = spawn(serve(listener, manners, noted));
        Self { address, lines, task }
    }

    /// Every line that clients have sent.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// The lines that begin so.
    pub fn count(&self, start: &str) -> usize {
        self.lines().iter().filter(|line| line.starts_with(start)).count()
    }
}

#[expect(clippy::disallowed_methods, reason = "the test's runtime ends the task")]
fn spawn(task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    tokio::task::spawn(task)
}

async fn serve(listener: TcpListener, manners: Manners, lines: Arc<Mutex<Vec<String>>>) {
    let key = PrivateKeyDer::try_from(KEY).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(CERTIFICATE)], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let mut open = Vec::new();
    while let Ok((stream, _)) = listener.accept().await {
        if manners.is_silent {
            open.push(stream);
            continue;
        }
        let (acceptor, manners, lines) = (acceptor.clone(), manners.clone(), Arc::clone(&lines));
        spawn(async move { drop(greet(stream, acceptor, &manners, &lines).await) });
    }
}

async fn greet(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    manners: &Manners,
    lines: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    if manners.is_wrapped {
        let mut stream = BufReader::new(acceptor.accept(stream).await?);
        stream.write_all(b"220 ready\r\n").await?;
        talk(&mut stream, manners, false, lines).await?;
        return Ok(());
    }
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 ready\r\n").await?;
    if talk(&mut stream, manners, manners.offers_tls, lines).await? {
        let mut stream = BufReader::new(acceptor.accept(stream.into_inner()).await?);
        talk(&mut stream, manners, false, lines).await?;
    }
    Ok(())
}

/// Answers until the client goes; true when it wants to go on encrypted.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    manners: &Manners,
    offers_tls: bool,
    lines: &Mutex<Vec<String>>,
) -> std::io::Result<bool> {
    let mut is_data = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(false);
        }
        let line = line.trim_end_matches("\r\n").to_owned();
        lines.lock().unwrap().push(line.clone());
        if is_data {
            if line == "." {
                is_data = false;
                stream.write_all(b"250 taken\r\n").await?;
            }
            continue;
        }
        let answer = match (&manners.refuses, line.split(' ').next().unwrap_or_default()) {
            (Some((start, answer)), _) if line.starts_with(start) => (*answer).to_owned(),
            (_, "EHLO") => {
                let tls = if offers_tls { "250-STARTTLS\r\n" } else { "" };
                let auth = if manners.wants.is_some() { "250-AUTH PLAIN\r\n" } else { "" };
                format!("250-localhost\r\n{tls}{auth}250 8BITMIME")
            }
            (_, "STARTTLS") => "220 go on".into(),
            (_, "AUTH") => {
                let is_right = manners.wants.is_some_and(|wanted| line == format!("AUTH PLAIN {}", packed(wanted)));
                if is_right { "235 come in".into() } else { "535 5.7.8 who are you".into() }
            }
            (_, "DATA") => {
                is_data = true;
                "354 go on".into()
            }
            (_, "QUIT") => "221 bye".into(),
            _ => "250 fine".into(),
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        match line.as_str() {
            "STARTTLS" => return Ok(true),
            "QUIT" => return Ok(false),
            _ => {}
        }
    }
}

/// User and password as RFC 4616 has them, in base64.
fn packed((user, password): (&str, &str)) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(format!("\0{user}\0{password}"))
}
