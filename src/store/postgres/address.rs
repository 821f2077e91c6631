//! Where the database is, read from `store.url`, and whether the way there is safe: over a network only encrypted, to a
//! server that proves who it is.

use std::{net::IpAddr, path::PathBuf, str::FromStr};

use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    ConnectOptions,
    postgres::{PgConnectOptions, PgSslMode},
};
use url::Url;

use crate::store::{Result, StoreError};

/// The address of a database. Its password is shown by nothing.
#[derive(Clone)]
pub struct Address {
    options: Box<PgConnectOptions>,
    place: String,
    /// The file with the authority that is trusted, if one is named.
    authority: Option<PathBuf>,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Address({})", self.place)
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.place)
    }
}

impl Address {
    /// Reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…&sslrootcert=…`.
    pub fn parse(text: &SecretString) -> Result<Self> {
        let text = text.expose_secret().trim();
        let wrong = |reason: &str| StoreError::Address { reason: reason.to_owned() };
        let url = Url::parse(text).map_err(|error| wrong(&format!("it is no address: {error}")))?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(wrong(&format!("it begins with {}://", url.scheme())));
        }
        // What sqlx says of a text that it cannot read may quote it, and the password with it.
        let options = PgConnectOptions::from_str(text)
            .map_err(|_| {
                wrong("a part of it cannot be read; special characters in a password are written as %XX")
            })?
            .application_name(&format!("mothball {}", std::process::id()))
            .disable_statement_logging();
        let named = |names: [&str; 2]| {
            url.query_pairs().find(|(key, _)| names.contains(&&**key)).map(|(_, value)| value.into_owned())
        };
        let mode = named(["sslmode", "ssl-mode"]).map(|mode| mode.to_ascii_lowercase());
        let options = secured(options, mode.as_deref())?;
        let place = place(&options);
        let authority = named(["sslrootcert", "ssl-root-cert"]).map(PathBuf::from);
        Ok(Self { options: Box::new(options), place, authority })
    }

    /// A file that cannot be read looks like a server that cannot be reached, later on.
    pub(super) fn check_authority(&self) -> std::result::Result<(), sqlx::Error> {
        let Some(path) = &self.authority else { return Ok(()) };
        std::fs::File::open(path).map(drop).map_err(|error| {
            sqlx::Error::Configuration(format!("sslrootcert {}: {error}", path.display()).into())
        })
    }

    pub(super) fn options(&self) -> &PgConnectOptions {
        &self.options
    }
}

/// The options with a way that is safe. Within this computer it may be any; over a network it is encrypted, and the
/// server's certificate is checked with its name. Less than that cannot be asked for: a copy of the whole record, and
/// the password, would go to whoever answers.
fn secured(options: PgConnectOptions, asked: Option<&str>) -> Result<PgConnectOptions> {
    let host = options.get_host();
    if options.get_socket().is_some() || host.starts_with('/') || is_loopback(host) {
        return Ok(options);
    }
    match asked {
        None | Some("verify-full") => Ok(options.ssl_mode(PgSslMode::VerifyFull)),
        Some(weaker) => Err(StoreError::Address {
            reason: format!("sslmode={weaker} does not make sure that {host} is the right server"),
        }),
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The address as it may be shown.
fn place(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or_else(|| options.get_username());
    match options.get_socket() {
        Some(socket) => format!("postgres://{}@{}/{database}", options.get_username(), socket.display()),
        None => format!(
            "postgres://{}@{}:{}/{database}",
            options.get_username(),
            options.get_host(),
            options.get_port()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Address> {
        Address::parse(&SecretString::from(text.to_owned()))
    }

    #[test]
    fn an_address_is_shown_without_its_password() {
        let address = parse("postgres://team:pa%40ss@127.0.0.1:5433/mothball").unwrap();
        assert_eq!(address.to_string(), "postgres://team@127.0.0.1:5433/mothball");
        assert!(!format!("{address:?}").contains("pa"), "{address:?}");
    }

    #[test]
    fn over_a_network_the_server_must_prove_who_it_is() {
        for (text, full) in [
            ("postgres://t:p@db.example/mothball", true),
            ("postgres://t:p@db.example/mothball?sslmode=verify-full&sslrootcert=/etc/ca.pem", true),
            ("postgres://t:p@192.0.2.7/mothball", true),
            ("postgres://t:p@127.0.0.1/mothball", false),
            ("postgres://t:p@[::1]/mothball", false),
            ("postgres://t:p@localhost/mothball?sslmode=disable", false),
            ("postgres://t@%2Fvar%2Frun%2Fpostgresql/mothball", false),
        ] {
            let mode = parse(text).unwrap().options.get_ssl_mode();
            assert_eq!(matches!(mode, PgSslMode::VerifyFull), full, "{text}: {mode:?}");
        }
        for weaker in ["disable", "allow", "prefer", "require", "verify-ca"] {
            for place in ["db.example", "127.0.0.1.example", "10.0.0.1"] {
                let error = parse(&format!("postgres://t:p@{place}/m?sslmode={weaker}")).unwrap_err();
                assert!(error.to_string().contains(place), "{error}");
                assert!(error.advice().contains("verify-full"), "{error:?}");
            }
            let error = parse(&format!("postgres://t:p@127.0.0.1/m?host=db.example&sslmode={weaker}"));
            assert!(error.is_err(), "a host that is named behind the question mark is one, too");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for text in [
            "mothball.db",
            "mysql://t:canary@h/db",
            "postgres://t:canary@h:99999/db",
            "postgres://t:can%FFary@h/db",
        ] {
            let error = parse(text).unwrap_err();
            let told = format!("{error} {error:?} {}", error.advice());
            assert!(!told.contains("canary") && !told.contains("can%FF"), "{told}");
        }
    }
}
