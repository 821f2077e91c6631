//! A stream whose other end must go on reading: whoever asks for something and then takes nothing would keep one of the few
//! places for as long as they like.

use std::{
    io::{self, ErrorKind, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// Fails once something is to be written and nothing of it could be for so long. However slowly it goes, as long as it goes
/// on nothing happens; and a stream that has nothing to say may be silent for ever.
pub struct Steady<S> {
    stream: S,
    limit: Duration,
    /// Runs while something waits to be written.
    stuck: Option<Pin<Box<Sleep>>>,
}

impl<S> Steady<S> {
    pub fn new(stream: S, limit: Duration) -> Self {
        Self { stream, limit, stuck: None }
    }

    fn judge<T>(&mut self, context: &mut Context<'_>, went: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if went.is_ready() {
            self.stuck = None;
            return went;
        }
        let limit = self.limit;
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(stuck.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(ErrorKind::TimedOut, "nobody reads what is answered")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Steady<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Steady<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let went = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judge(context, went)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let went = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.judge(context, went)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let went = Pin::new(&mut self.stream).poll_flush(context);
        self.judge(context, went)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let went = Pin::new(&mut self.stream).poll_shutdown(context);
        self.judge(context, went)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn whoever_reads_nothing_is_given_up() {
        let (ours, _theirs) = duplex(64);
        let error = Steady::new(ours, LIMIT).write_all(&[7; 65]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_reads_slowly_hears_all_of_it() {
        let (ours, mut theirs) = duplex(64);
        let told: Vec<u8> = (0..6_400).map(|n| n as u8).collect();
        let said = told.clone();
        let saying = tokio::spawn(async move { Steady::new(ours, LIMIT).write_all(&said).await });
        let mut heard = Vec::new();
        let mut piece = [0; 16];
        while heard.len() < told.len() {
            sleep(LIMIT.mul_f64(0.99)).await;
            let taken = theirs.read(&mut piece).await.unwrap();
            heard.extend_from_slice(&piece[..taken]);
        }
        saying.await.unwrap().unwrap();
        assert!(heard == told, "in order, and complete");
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_no_harm() {
        let (ours, mut theirs) = duplex(64);
        let mut ours = Steady::new(ours, LIMIT);
        for word in [&b"one"[..], b"two"] {
            ours.write_all(word).await.unwrap();
            sleep(1_000 * LIMIT).await;
            let mut heard = [0; 3];
            theirs.read_exact(&mut heard).await.unwrap();
            assert_eq!(&heard[..], word);
        }
    }
}
