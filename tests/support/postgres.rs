//! A PostgreSQL of our own: one private server for all tests of this process, a schema for each test. Its data lie in a
//! folder of its own and go with the process, however it ends.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mothball::{
    store::postgres::{Address, Limits, PostgresStore},
    system::environment,
};
use sqlx::{Connection, Executor, PgConnection};
use tokio::sync::OnceCell;

/// The password of the account that the tests use: nobody may find it in anything that is written.
pub const PASSWORD: &str = "pg-Canary-7f3a9e";

const USER: &str = "team";

/// `required`: without PostgreSQL the tests fail instead of leaving something out.
const VARIABLE: &str = "MOTHBALL_POSTGRES";

/// Starts a server in a new folder and says where it lies; obeys `stop`, `crash`, `start` and `tls`; when nobody is at the other
/// end of its input any more, it ends the server and removes the folder.
const KEEPER: &str = r#"
set -eu
umask 077
trap '' INT HUP TERM
bin=$1 port=$2 password=$3
dir=$(mktemp -d "${TMPDIR:-/tmp}/mothball-pg-XXXXXX")
server=
end() { [ -z "$server" ] || { kill "-$1" "$server" 2>/dev/null && wait "$server" || true; }; server=; }
trap 'end QUIT; rm -rf "$dir"' EXIT
run() {
    set --
    [ ! -f "$dir/tls.key" ] || set -- -c ssl=on -c ssl_cert_file="$dir/tls.crt" -c ssl_key_file="$dir/tls.key"
    "$bin/postgres" "$@" -D "$dir/data" -h 127.0.0.1 -p "$port" -k "$dir" -c fsync=on -c max_connections=300 \
        -c shared_buffers=16MB -c wal_level=minimal -c max_wal_senders=0 >>"$dir/server.log" 2>&1 </dev/null &
    server=$!
}
printf '%s\n' "$password" >"$dir/password"
"$bin/initdb" -D "$dir/data" -U team -A scram-sha-256 --pwfile="$dir/password" -E UTF8 --locale=C --no-sync \
    >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }
run
echo "$dir"
while read -r word certificate key; do
    case $word in
        stop) end INT ;;
        crash) end QUIT ;;
        start) run ;;
        tls)
            echo "$certificate" | base64 -d >"$dir/tls.crt"
            echo "$key" | base64 -d >"$dir/tls.key"
            ;;
    esac
    echo "$word"
done
"#;

/// A server that is ours alone.
pub struct Server {
    port: u16,
    /// With it open the server lives.
    orders: Mutex<Option<(ChildStdin, BufReader<ChildStdout>)>>,
    keeper: Child,
}

/// A schema of its own.
pub struct Database {
    pub url: String,
}

static SERVER: OnceCell<Option<Server>> = OnceCell::const_new();
static SCHEMAS: AtomicU32 = AtomicU32::new(0);
static LEFT_OUT: AtomicU32 = AtomicU32::new(0);

/// A database for one test; `None` if there is no PostgreSQL here, which is said aloud.
pub async fn database() -> Option<Database> {
    let server = SERVER.get_or_init(async || Server::start().await).await.as_ref();
    if server.is_none() {
        LEFT_OUT.fetch_add(1, Ordering::Relaxed);
    }
    Some(server?.database().await)
}

/// A server for a test that stops it.
pub async fn server() -> Option<Server> {
    let found = Server::start().await;
    if found.is_none() {
        LEFT_OUT.fetch_add(1, Ordering::Relaxed);
    }
    found
}

/// How many tests were left out until now, because there is no PostgreSQL.
pub fn left_out() -> u32 {
    LEFT_OUT.load(Ordering::Relaxed)
}

impl Server {
    async fn start() -> Option<Self> {
        let Some(bin) = programs() else {
            let what =
                "PostgreSQL was not found (postgres, initdb): what a team's store promises is NOT TESTED";
            assert!(environment::variable(VARIABLE).as_deref() != Some("required"), "{what}");
            writeln!(
                std::io::stderr(),
                "\n{what}; install it, or see {VARIABLE} in tests/support/postgres.rs\n"
            )
            .expect("standard error is open");
            return None;
        };
        let port = free_port();
        let mut command = Command::new("sh");
        command
            .args(["-c", KEEPER, "keeper"])
            .arg(bin)
            .args([port.to_string(), PASSWORD.to_owned()])
            .current_dir("/")
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        // It refuses to run as the superuser.
        if rustix::process::getuid().is_root() {
            let (user, group) = account().expect("an account for the server");
            command.uid(user).gid(group).env_remove("TMPDIR");
        }
        let mut keeper = command.spawn().expect("a shell");
        let (orders, answers) = (keeper.stdin.take().unwrap(), keeper.stdout.take().unwrap());
        let server = Self { port, orders: Mutex::new(Some((orders, BufReader::new(answers)))), keeper };
        assert!(!server.answer().is_empty(), "initdb failed; what it says is above");
        server.wait_until_it_answers().await;
        Some(server)
    }

    fn answer(&self) -> String {
        let mut line = String::new();
        let mut orders = self.orders.lock().unwrap();
        orders.as_mut().expect("the server lives").1.read_line(&mut line).expect("the keeper answers");
        line.trim().to_owned()
    }

    fn order(&self, order: &str) {
        let mut orders = self.orders.lock().unwrap();
        writeln!(orders.as_mut().expect("the server lives").0, "{order}").expect("the keeper listens");
        drop(orders);
        assert_eq!(Some(self.answer().as_str()), order.split(' ').next());
    }

    /// From now on it shows this certificate to whoever wants one; both in PEM form.
    pub async fn show(&self, certificate: &str, key: &str) {
        self.stop();
        self.order(&format!("tls {} {}", STANDARD.encode(certificate), STANDARD.encode(key)));
        self.start_again().await;
    }

    /// Ends it in good order: who is at work on it is cut off.
    pub fn stop(&self) {
        self.order("stop");
    }

    /// Ends it as a power cut would.
    pub fn crash(&self) {
        self.order("crash");
    }

    pub async fn start_again(&self) {
        self.order("start");
        self.wait_until_it_answers().await;
    }

    async fn wait_until_it_answers(&self) {
        for _ in 0..1_200 {
            if PgConnection::connect(&self.url("")).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the server does not answer");
    }

    fn url(&self, more: &str) -> String {
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/postgres{more}", self.port)
    }

    pub async fn database(&self) -> Database {
        let schema = format!("t{}", SCHEMAS.fetch_add(1, Ordering::Relaxed));
        let mut connection = PgConnection::connect(&self.url("")).await.expect("the server answers");
        connection.execute(sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).await.unwrap();
        connection.close().await.unwrap();
        Database { url: self.url(&format!("?options[search_path]={schema}")) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(mut orders) = self.orders.lock() {
            orders.take();
        }
        // With its input closed it clears up.
        let _ = self.keeper.wait();
    }
}

impl Database {
    pub fn address(&self) -> Address {
        Address::parse(&self.url.clone().into()).expect("an address")
    }

    pub async fn open(&self) -> PostgresStore {
        PostgresStore::open(&self.address()).await.expect("the store opens")
    }

    pub async fn open_with(&self, limits: Limits) -> PostgresStore {
        PostgresStore::open_with(&self.address(), limits).await.expect("the store opens")
    }

    /// A connection past the store.
    pub async fn raw(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.expect("the server answers")
    }

    /// The same database at another port.
    pub fn at_port(&self, port: u16) -> Self {
        let (before, rest) = self.url.split_once("127.0.0.1:").expect("it has a port");
        let (_, after) = rest.split_once('/').expect("it has a database");
        Self { url: format!("{before}127.0.0.1:{port}/{after}") }
    }

    pub fn port(&self) -> u16 {
        let (_, rest) = self.url.split_once("127.0.0.1:").expect("it has a port");
        rest.split('/').next().and_then(|port| port.parse().ok()).expect("it is a number")
    }
}

/// The folder with the server's programs: on the way that the shell looks, or where Debian puts them.
fn programs() -> Option<PathBuf> {
    let path = environment::variable("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path);
    let mut debian: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    debian.sort();
    on_path.chain(debian.into_iter().rev()).find(|bin| has(bin, "postgres") && has(bin, "initdb"))
}

fn has(folder: &Path, program: &str) -> bool {
    folder.join(program).is_file()
}

/// The account that the server runs as when we are the superuser: its own, or nobody's.
fn account() -> Option<(u32, u32)> {
    let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
    ["postgres", "nobody"].iter().find_map(|name| {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    })
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}
