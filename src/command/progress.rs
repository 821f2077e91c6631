//! Progress of a run without a screen: a bar, JSON lines, or nothing; always on standard error.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use tokio::{sync::broadcast, task::JoinHandle, time::MissedTickBehavior};

use super::{args, print};
use crate::{
    domain::{RunId, Timestamp, event::Notice},
    engine::Feed,
    system::Clock,
};

/// How progress is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Bar,
    Json,
    Silent,
}

impl Style {
    pub fn chosen(wish: args::Progress, quiet: bool) -> Self {
        match wish {
            args::Progress::Json => Self::Json,
            args::Progress::Auto if !quiet && print::stderr_is_terminal() => Self::Bar,
            args::Progress::Auto | args::Progress::Never => Self::Silent,
        }
    }
}

impl Style {
    /// A line for a person, or for a program where JSON lines were asked for.
    pub fn tell(self, kind: &str, text: &str) {
        if self == Self::Json {
            let at = Timestamp::new(Clock::system().now());
            print::tell_json(&json!({ "type": kind, "timestamp": at, "text": text }));
        } else if kind == "warning" {
            print::tell(&format!("warning: {text}"));
        } else {
            print::tell(text);
        }
    }
}

/// Follows a run until it has ended. It never holds the run up: whoever is slow sees fewer steps.
pub fn follow(
    style: Style,
    run: RunId,
    mut feed: Feed,
    mut notices: broadcast::Receiver<Notice>,
    clock: Clock,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        if style == Style::Silent {
            return;
        }
        let mut teller = Teller::new(style, run, clock);
        let mut tick = tokio::time::interval(Duration::from_millis(200));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut news = true;
        loop {
            tokio::select! {
                more = feed.changed() => {
                    news = true;
                    if !more {
                        break;
                    }
                }
                notice = notices.recv() => match notice {
                    Ok(notice) => teller.notice(&notice),
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => break,
                },
                _ = tick.tick(), if news => {
                    news = false;
                    teller.step(&feed);
                    if feed.with(|state| state.phase.is_over()) {
                        break;
                    }
                }
            }
        }
        teller.step(&feed);
        teller.end();
    })
}

struct Teller {
    bar: Option<ProgressBar>,
    run: RunId,
    clock: Clock,
}

impl Teller {
    fn new(style: Style, run: RunId, clock: Clock) -> Self {
        let bar = (style == Style::Bar).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
            let template = "{prefix} [{bar:30}] {pos}/{len} {msg}";
            // The template is ours and fixed; should it ever be wrong, the default bar serves.
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("=> "));
            }
            bar
        });
        Self { bar, run, clock }
    }

    fn step(&mut self, feed: &Feed) {
        let now = Timestamp::new(self.clock.now());
        let (phase, totals, progress) = feed.with(|state| (state.phase, state.totals, state.progress(now)));
        match &self.bar {
            Some(bar) => {
                bar.set_length(progress.total);
                bar.set_position(progress.done);
                bar.set_prefix(phase.words());
                let left =
                    progress.seconds_left.map(|left| format!(", {left:.0} s left")).unwrap_or_default();
                bar.set_message(format!(
                    "{:.1}/s{left}; {} failed, {} changed since review",
                    progress.rate,
                    totals.failed + totals.unknown,
                    totals.changed
                ));
            }
            None => print::tell_json(&json!({
                "type": "progress", "timestamp": now, "run_id": self.run, "state": phase,
                "done": progress.done, "total": progress.total, "rate": progress.rate,
                "seconds_left": progress.seconds_left, "deactivated": totals.done,
                "skipped": totals.skipped, "changed_since_review": totals.changed,
                "failed": totals.failed, "unknown": totals.unknown,
            })),
        }
    }

    fn notice(&mut self, notice: &Notice) {
        match &self.bar {
            Some(bar) => bar.println(crate::domain::text::visible(&notice.to_string())),
            None => print::tell_json(
                &json!({ "type": "notice", "timestamp": Timestamp::new(self.clock.now()), "text": notice.to_string() }),
            ),
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
