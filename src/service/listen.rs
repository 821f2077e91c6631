//! Sockets: where the server listens, how many may talk to it at once, and TLS.

use std::{
    convert::Infallible,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::{Router, body::Body, http::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use thiserror::Error;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::{Limits, Service, Stopping, doors::Peer, steady::Steady};

/// How long calls that go on may take when the server ends.
const FAREWELL: Duration = Duration::from_secs(10);

/// So few places are left that callers are asked not to keep theirs after their answer.
const FEW: usize = 16;

#[derive(Debug, Error)]
pub enum ListenError {
    #[error("nothing can listen at {address}: {reason}")]
    Bind { address: SocketAddr, reason: String },
    #[error("{} cannot be used for TLS: {reason}", path.display())]
    Tls { path: PathBuf, reason: String },
}

/// The files of TLS.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

pub struct Listener {
    tcp: TcpListener,
    tls: Option<TlsAcceptor>,
}

impl Listener {
    pub async fn bind(address: SocketAddr, tls: Option<&TlsFiles>) -> Result<Self, ListenError> {
        let tls = tls.map(acceptor).transpose()?;
        let tcp = TcpListener::bind(address)
            .await
            .map_err(|error| ListenError::Bind { address, reason: error.to_string() })?;
        Ok(Self { tcp, tls })
    }

    /// Where it really listens, if a port was to be picked.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// Answers until the server is to end, and then lets those who are being answered have their answer.
    pub async fn serve(self, router: Router, service: Arc<Service>) {
        let limits = service.doors.limits;
        let places = Arc::new(Semaphore::new(limits.connections));
        let calls = TaskTracker::new();
        let stop = service.stop.clone();
        loop {
            // Whoever comes when all places are taken waits before the door.
            let place = tokio::select! {
                place = Arc::clone(&places).acquire_owned() => place,
                () = stop.soon.cancelled() => break,
            };
            let Ok(place) = place else { break };
            let accepted = tokio::select! {
                accepted = self.tcp.accept() => accepted,
                () = stop.soon.cancelled() => break,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a call could not be taken");
                    // Out of files, most likely: some are given back meanwhile.
                    service.clock.sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let call = Call {
                router: router.clone(),
                peer: Peer(peer.ip()),
                places: Arc::clone(&places),
                limits,
                stop: stop.clone(),
            };
            let tls = self.tls.clone();
            calls.spawn(async move {
                let _place = place;
                call.take(stream, tls).await;
            });
        }
        drop(self.tcp);
        calls.close();
        tokio::select! {
            () = calls.wait() => {}
            () = stop.now.cancelled() => {}
            () = service.clock.sleep(FAREWELL) => tracing::warn!("some calls were cut off"),
        }
    }
}

/// One connection.
struct Call {
    router: Router,
    peer: Peer,
    places: Arc<Semaphore>,
    limits: Limits,
    stop: Stopping,
}

impl Call {
    async fn take(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        // Answers are small and wanted at once; without it they only come later.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
        let stream = Steady::new(stream, self.limits.write);
        let Some(tls) = tls else { return self.talk(stream).await };
        match tokio::time::timeout(self.limits.read, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.talk(stream).await,
            Ok(Err(error)) => tracing::debug!(%error, "TLS could not be agreed on"),
            Err(_) => tracing::debug!("TLS took too long"),
        }
    }

    async fn talk(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let (router, peer, places) = (self.router, self.peer, self.places);
        let answer = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            let (router, places) = (router.clone(), Arc::clone(&places));
            async move {
                let mut response = router
                    .oneshot(request.map(Body::new))
                    .await
                    .unwrap_or_else(|never: Infallible| match never {});
                if places.available_permits() < FEW {
                    let close = axum::http::HeaderValue::from_static("close");
                    response.headers_mut().insert(axum::http::header::CONNECTION, close);
                }
                Ok::<_, Infallible>(response)
            }
        });
        let talking = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.read)
            .max_headers(64)
            .serve_connection(TokioIo::new(stream), answer);
        tokio::pin!(talking);
        let ended = tokio::select! {
            ended = talking.as_mut() => ended,
            () = self.stop.soon.cancelled() => {
                talking.as_mut().graceful_shutdown();
                talking.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a call ended early");
        }
    }
}

fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, ListenError> {
    let unusable = |path: &Path, reason: String| ListenError::Tls { path: path.to_owned(), reason };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unusable(&files.certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(unusable(&files.certificate, "it has no certificate in PEM form".to_owned()));
    }
    // What is wrong with a key is not told in its words.
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|_| {
        unusable(&files.key, "it has no private key in PEM form, or cannot be read".to_owned())
    })?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| unusable(&files.certificate, error.to_string()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use axum::{body::Bytes, routing::get};
    use futures_util::stream;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    const EVENTS: u64 = 200;
    const BETWEEN: Duration = Duration::from_mins(1);

    /// Somebody who follows a stream of events, and the connection that they are told on.
    async fn follower() -> (DuplexStream, tokio::task::JoinHandle<()>) {
        let events = || async {
            Body::from_stream(stream::unfold(0, |n| async move {
                // Half of them come one by one, the rest at once.
                if n < EVENTS / 2 {
                    tokio::time::sleep(BETWEEN).await;
                }
                let event = Bytes::from(format!("id: {n}\ndata: {}\n\n", "x".repeat(200)));
                (n < EVENTS).then_some((Ok::<_, Infallible>(event), n + 1))
            }))
        };
        let limits = Limits::default();
        let (ours, mut theirs) = duplex(1024);
        let call = Call {
            router: Router::new().route("/events", get(events)),
            peer: Peer([127, 0, 0, 1].into()),
            places: Arc::new(Semaphore::new(limits.connections)),
            limits,
            stop: Stopping::default(),
        };
        let talking = tokio::spawn(call.talk(Steady::new(ours, limits.write)));
        theirs.write_all(b"GET /events HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
        (theirs, talking)
    }

    #[tokio::test(start_paused = true)]
    async fn events_that_are_read_slowly_but_steadily_are_told_to_the_end() {
        let (mut theirs, talking) = follower().await;
        let mut heard = Vec::new();
        let mut piece = [0; 100];
        loop {
            tokio::time::sleep(Duration::from_secs(20)).await;
            let taken = theirs.read(&mut piece).await.unwrap();
            if taken == 0 {
                break;
            }
            heard.extend_from_slice(&piece[..taken]);
        }
        talking.await.unwrap();
        let heard = String::from_utf8(heard).unwrap();
        let told = (0..EVENTS).filter(|n| heard.contains(&format!("id: {n}\n"))).count() as u64;
        assert_eq!(told, EVENTS);
        assert!(heard.ends_with("0\r\n\r\n"), "the answer is whole");
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_is_taken_from_whoever_reads_nothing_more() {
        let (mut theirs, talking) = follower().await;
        let mut piece = [0; 100];
        theirs.read_exact(&mut piece).await.unwrap();
        // Ends though the other end is still there.
        talking.await.unwrap();
        drop(theirs);
    }
}
