//! Webhooks on their way: one small HTTP client, for loopback only, so that a simulator never calls out.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use url::{Host, Url};

use crate::system::Clock;

/// Each try ends after this.
const LIMIT: Duration = Duration::from_secs(5);
/// Waited before a second and a third try.
const PAUSES: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(4)];
/// Statuses that are tried again.
const AGAIN: [u16; 4] = [404, 409, 419, 429];

/// One webhook call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Delivery {
    /// Calls until it is taken, three times at most.
    pub async fn send(&self, clock: &Clock) -> Result<(), String> {
        let mut pauses = PAUSES.iter();
        loop {
            let answered =
                timeout(LIMIT, self.call()).await.map_err(|_| "no answer within 5 s".to_owned())??;
            match (answered, pauses.next()) {
                (200..300, _) => return Ok(()),
                (status, Some(pause)) if AGAIN.contains(&status) => clock.sleep(*pause).await,
                (status, _) => return Err(format!("answered {status}")),
            }
        }
    }

    async fn call(&self) -> Result<u16, String> {
        let url = Url::parse(&self.url).map_err(|error| error.to_string())?;
        let loopback = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        if url.scheme() != "http" || !loopback {
            return Err("the simulator only calls http:// on loopback".to_owned());
        }
        let address = url.socket_addrs(|| None).map_err(|error| error.to_string())?;
        let address = address.first().ok_or("the address names no host")?;
        let mut stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let mut head =
            format!("POST {}{query} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n", url.path());
        for (name, value) in &self.headers {
            head.push_str(&[name, ": ", value, "\r\n"].concat());
        }
        head.push_str(
            &["content-type: application/json\r\ncontent-length: ", &self.body.len().to_string()].concat(),
        );
        head.push_str("\r\n\r\n");
        let request = [head.as_bytes(), self.body.as_bytes()].concat();
        stream.write_all(&request).await.map_err(|error| error.to_string())?;
        let mut answer = Vec::new();
        stream.take(4096).read_to_end(&mut answer).await.map_err(|error| error.to_string())?;
        let line = String::from_utf8_lossy(&answer);
        line.split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .ok_or_else(|| "no HTTP answer".to_owned())
    }
}
