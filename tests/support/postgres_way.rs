//! The way to the database, with somebody at it who can cut it: altogether, or just as a commit is asked for or answered.

use std::sync::{
    Arc,
    atomic::{AtomicU8, AtomicU32, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

/// What happens on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Cut {
    Nothing = 0,
    /// The next commit does not arrive at the server.
    BeforeCommit = 1,
    /// The answer to the next commit does not arrive.
    AfterCommit = 2,
}

pub struct Way {
    pub port: u16,
    cut: Arc<AtomicU8>,
    cuts: Arc<AtomicU32>,
    open: watch::Sender<bool>,
}

impl Way {
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let (open, is_open) = watch::channel(true);
        let (cut, cuts) = (Arc::new(AtomicU8::new(0)), Arc::new(AtomicU32::new(0)));
        let way = Self { port: own, cut: Arc::clone(&cut), cuts: Arc::clone(&cuts), open };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if !*is_open.borrow() {
                    continue;
                }
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                let (cut, cuts, mut closed) = (Arc::clone(&cut), Arc::clone(&cuts), is_open.clone());
                tokio::spawn(async move {
                    // Whichever side ends first takes the other one with it.
                    tokio::select! {
                        () = pass(from_client, to_server, &cut, &cuts, Cut::BeforeCommit, b"COMMIT") => {}
                        () = pass(from_server, to_client, &cut, &cuts, Cut::AfterCommit, b"COMMIT\0") => {}
                        _ = closed.wait_for(|open| !open) => {}
                    }
                });
            }
        });
        way
    }

    /// The next commit is cut so.
    pub fn cut_next(&self, cut: Cut) {
        self.cut.store(cut as u8, Ordering::SeqCst);
    }

    /// How often a commit was cut.
    pub fn cuts(&self) -> u32 {
        self.cuts.load(Ordering::SeqCst)
    }

    /// Cuts what there is and lets nobody through.
    pub fn close(&self) {
        self.open.send_replace(false);
    }

    pub fn reopen(&self) {
        self.open.send_replace(true);
    }
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    cut: &AtomicU8,
    cuts: &AtomicU32,
    here: Cut,
    word: &[u8],
) {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let Ok(read @ 1..) = from.read(&mut bytes).await else { return };
        let part = &bytes[..read];
        if part.windows(word.len()).any(|window| window == word)
            && cut.compare_exchange(here as u8, 0, Ordering::SeqCst, Ordering::SeqCst).is_ok()
        {
            cuts.fetch_add(1, Ordering::SeqCst);
            return;
        }
        if to.write_all(part).await.is_err() {
            return;
        }
    }
}
