//! `ooctopus serve`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use axum::Router;
use server::{App, BaseUrl, Files, MultipartLimit, SecretKey, Settings, Uploads};
use tokio::net::TcpListener;
use tracing::{error, info, warn};
use types::SystemClock;

use crate::cli::ServeArgs;
use crate::config::Config;
use crate::data_folder::{DataFolder, Lock};
use crate::demo::Demo;
use crate::metrics::Metrics;
use crate::shutdown::{Parts, Signals};
use crate::{database, file_store, listener, mail, output};

/// Where the demo's webhooks may lead beside the public internet, if nothing else is set: to this machine.
const DEMO_ALLOW: &str = "127.0.0.0/8";

/// Serves until a signal says stop.
pub async fn run(config: &Config, args: ServeArgs) -> Result<()> {
    let mut signals = Signals::listen()?;
    let server = tokio::select! {
        started = Server::start(config, args) => started?,
        () = signals.next() => return Ok(()),
    };
    server.announce()?;
    let stop = server.parts.stop();
    let failed = tokio::select! {
        () = signals.next() => false,
        () = stop.cancelled() => true,
    };
    server.finish(config, &mut signals).await;
    if failed {
        bail!("a part of the server ended by itself; the log says why");
    }
    Ok(())
}

/// A running server. The order is that of dropping: the database goes after all that uses it, the lock last.
struct Server {
    parts: Parts,
    url: String,
    demo: Option<Demo>,
    /// Whether webhooks may lead to this machine because this is a demo.
    allows_itself: bool,
    /// Sets up the first account, when nobody can sign in.
    setup_link: Option<String>,
    app: App,
    lock: Lock,
}

impl Server {
    async fn start(config: &Config, args: ServeArgs) -> Result<Self> {
        listener::raise_file_limit();
        // First, so that a taken port is found before anything is made or changed.
        let listener = bind(config.listen).await?;
        let metrics_listener = match config.metrics_listen {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        let allows_itself = args.demo && config.outbound_allow.0.is_empty();
        let outbound_allow = if allows_itself { vec![DEMO_ALLOW.parse()?] } else { config.outbound_allow.0.clone() };
        let folder = DataFolder::open(&config.data_dir)?;
        let lock = folder.lock()?;
        let secret = folder.ensure_key()?;
        let options = database::options(config, &folder);
        for name in database::migrate(&options).await? {
            info!(name, "ran migration {name}");
        }
        let store = database::open(&options).await?;
        let demo = if args.demo { Some(Demo::ensure(&store, config).await?) } else { None };

        let url = local_url(listener.local_addr().context("asking for the address that was chosen")?);
        let files = Files::new(file_store::open(config, &folder)?);
        let app = App::new(
            store,
            files,
            Arc::new(SystemClock),
            Settings { outbound_allow, ..settings(config, &folder, &url, &secret, &lock)? },
        );
        server::file::jobs::keep_sweeping(&app).await?;
        server::delivery::jobs::keep_sweeping(&app).await?;
        let setup_link = server::setup::service::link_at_start(&app).await?;
        let parts = Parts::default();
        if let Some(listener) = metrics_listener {
            start_metrics(listener, &app, &parts)?;
        }
        parts.start(server::cable::tail(&app).run(parts.stop()));
        parts.start(app.streams.clone().run(parts.stop()));
        let dispatcher = server::delivery::dispatcher(&app);
        parts.start(server::delivery::Courier::new(&app, dispatcher.lease()).run(parts.stop()));
        parts.start(dispatcher.run(parts.stop()));
        let worker = server::jobs::worker(&app);
        parts.start(worker.run(parts.stop()));
        parts.start(listener::serve(listener, server::router(app.clone()), parts.stop()));
        Ok(Self { parts, url, demo, allows_itself, setup_link, app, lock })
    }

    /// Says where the server is: to the log, and to whoever started it.
    fn announce(&self) -> Result<()> {
        let (version, engine, url) = (env!("CARGO_PKG_VERSION"), self.app.store.engine(), self.url.as_str());
        info!(version, engine, url, "ooctopus {version} on {engine} listens on {url}");
        output::print_line(&format!("# Ooctopus listens on {url}"))?;
        if let Some(link) = &self.setup_link {
            // The only secret in the log: who reads the log can set up a server that has no users.
            warn!("nobody can sign in yet; this link sets up the first account, once, within a day: {link}");
        }
        if self.allows_itself {
            let said = format!("# Webhooks may lead to this machine, as with OOCTOPUS_OUTBOUND_ALLOW={DEMO_ALLOW}");
            output::print_line(&said)?;
        }
        if let Some(demo) = &self.demo {
            output::print(&demo.text(url))?;
        }
        Ok(())
    }

    async fn finish(self, config: &Config, signals: &mut Signals) {
        self.parts.finish(config.shutdown_grace, signals).await;
        drop(self.app);
        drop(self.lock);
    }
}

/// What the product is told.
fn settings(config: &Config, folder: &DataFolder, url: &str, secret: &SecretKey, lock: &Lock) -> Result<Settings> {
    let url = config.base_url.as_ref().map_or(url, |base| &base.0);
    let in_memory = config.upload_memory.0;
    Ok(Settings {
        base_url: BaseUrl::new(url, secret),
        api_version: config.api_version.0.clone(),
        mail_sender: config.mail_sender.as_ref().map(|sender| sender.0.clone()),
        mailer: mail::open(config, folder)?,
        enable_signup: config.enable_signup,
        slack_client_id: config.slack_client_id.as_ref().map(|id| id.0.clone()),
        inbound_mail_domain: config.inbound_mail_domain.0.clone(),
        body_limit: config.body_limit.0,
        multipart_limit: MultipartLimit {
            request_bytes: config.upload_request_limit.0,
            file_bytes: config.upload_file_limit.0,
        },
        uploads: Uploads::new(folder.empty_uploads()?, config.uploads_at_once.get().into(), in_memory),
        outbound_allow: Vec::new(),
        webhook_timeout: config.webhook_timeout,
        deliveries_kept: config.webhook_deliveries_kept,
        process: folder.ensure_name(lock)?,
        request_timeout: config.request_timeout,
        upload_timeout: config.upload_timeout,
        sign_in_limits: config.sign_in_limits,
        trusted_proxies: config.trusted_proxies.0.clone(),
        socket_limits: server::SocketLimits::default(),
    })
}

/// The address of a listener as a program on this machine reaches it.
pub fn local_url(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}

async fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("listening on {address}"))
}

fn start_metrics(listener: TcpListener, app: &App, parts: &Parts) -> Result<()> {
    let address = listener.local_addr().context("asking for the address that was chosen")?;
    let metrics = Metrics::start(app.clone())?;
    let router: Router = metrics.router();
    let stop = parts.stop();
    parts.start(async move {
        let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
        if let Err(cause) = served.await {
            error!(%cause, "the listener of the metrics failed");
        }
    });
    parts.start(metrics.keep_up(parts.stop()));
    info!(%address, "metrics are at http://{address}/metrics");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::local_url;

    #[test]
    fn a_wildcard_address_is_reached_locally() {
        for (address, url) in [
            ("0.0.0.0:3000", "http://127.0.0.1:3000"),
            ("[::]:3000", "http://[::1]:3000"),
            ("192.0.2.7:80", "http://192.0.2.7:80"),
        ] {
            assert_eq!(local_url(address.parse().unwrap()), url);
        }
    }
}
