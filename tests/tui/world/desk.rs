//! The same world behind a Desk, for the real loop.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use mothball::{
    domain::{ClientId, ConfigId, Event, RunId, RunState, Timestamp, document::Report, event::End},
    tui::desk::{
        ClientRead, Completion, Control, Desk, Draft, Hold, HoldRequest, LinksRead, LoadNews, LogLine,
        Parked, PastRun, PlanView, Recheck, RunNews, SaveError, SaveRequest, Saved, Setting, Trouble,
        UndoDraft, View,
    },
};
use tokio::sync::mpsc;

use super::{World, now, stamped};

/// What breaks, in tests of panics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// Whoever asks for the time.
    Clock,
    /// Whoever draws.
    Drawing,
}

/// A Desk with the world behind it, for the real loop.
pub struct ScriptedDesk {
    pub world: World,
    pub calls: Mutex<Vec<String>>,
    plan: Mutex<Option<PlanView>>,
    control: mpsc::UnboundedSender<Control>,
    controls: Mutex<Option<mpsc::UnboundedReceiver<Control>>>,
    /// Runs go on until they are cancelled.
    pub endless: bool,
    /// What breaks once the cursor came to the second client.
    pub breaks: Option<Where>,
    pub clock_breaks: AtomicBool,
    pub drawing_breaks: AtomicBool,
}

impl ScriptedDesk {
    pub fn new(world: World) -> Self {
        let (control, controls) = mpsc::unbounded_channel();
        Self {
            world,
            calls: Mutex::default(),
            plan: Mutex::default(),
            control,
            controls: Mutex::new(Some(controls)),
            endless: false,
            breaks: None,
            clock_breaks: AtomicBool::new(false),
            drawing_breaks: AtomicBool::new(false),
        }
    }

    pub fn note(&self, call: impl Into<String>) {
        self.calls.lock().unwrap().push(call.into());
    }

    pub fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }
}

#[async_trait]
impl Desk for ScriptedDesk {
    fn setting(&self) -> Setting {
        self.world.setting.clone()
    }

    fn now(&self) -> Timestamp {
        assert!(!self.clock_breaks.load(Ordering::SeqCst), "planted panic");
        now()
    }

    async fn load(&self, news: mpsc::Sender<LoadNews>) -> Result<(), Trouble> {
        self.note("load");
        for told in self.world.load() {
            news.send(told).await.unwrap();
        }
        Ok(())
    }

    async fn load_client(&self, client: ClientId) -> Result<ClientRead, Trouble> {
        self.note(format!("load {client}"));
        Ok(self.world.read_client(&client))
    }

    async fn remember(&self, serial: u64, view: View) {
        self.note(format!("remember {} {}", view.filter, view.sort));
        assert!(serial > 0);
    }

    async fn read_links(&self, clients: Vec<ClientId>) -> Result<Vec<LinksRead>, Trouble> {
        self.note(format!("links {}", clients.len()));
        if clients.contains(&ClientId::from(12)) {
            match self.breaks {
                Some(Where::Clock) => self.clock_breaks.store(true, Ordering::SeqCst),
                Some(Where::Drawing) => self.drawing_breaks.store(true, Ordering::SeqCst),
                None => {}
            }
        }
        Ok(self.world.read_links(&clients))
    }

    async fn plan(&self, draft: Draft) -> Result<PlanView, Trouble> {
        self.note(format!("plan {}", draft.ticked.len()));
        let view = self.world.plan(&draft);
        *self.plan.lock().unwrap() = Some(view.clone());
        Ok(view)
    }

    async fn start(&self, digest: String, news: mpsc::Sender<RunNews>) -> Result<RunId, Trouble> {
        let view = self.plan.lock().unwrap().clone().unwrap();
        assert_eq!(view.digest, digest);
        self.note(format!("start {}", view.plan.items().len()));
        let run = view.plan.head().run.clone();
        let world = self.world.clone();
        let mut controls = self.controls.lock().unwrap().take().unwrap();
        let endless = self.endless;
        tokio::spawn(async move {
            let mut state = RunState::of(&view.plan);
            let mut events = vec![Event::Applying];
            let mut how = End::Finished;
            if endless {
                while !matches!(
                    controls.recv().await,
                    Some(Control::Cancel | Control::Interrupt | Control::Stop) | None
                ) {}
                how = End::Cancelled;
            } else {
                events.extend(
                    view.plan
                        .items()
                        .iter()
                        .flat_map(|item| world.story(&item.config_id, view.dry_run, view.is_undo())),
                );
            }
            events.push(Event::Ended { how });
            for event in events {
                let event = stamped(1, event);
                state.apply(&event);
                news.send(RunNews::Events(vec![event])).await.unwrap();
            }
            let _ = news.send(RunNews::Ended(Box::new(world.ending(&view, &state)))).await;
        });
        Ok(run)
    }

    async fn control(&self, _run: RunId, control: Control) -> Result<(), Trouble> {
        self.note(format!("{control:?}"));
        self.control.send(control).unwrap();
        Ok(())
    }

    async fn plan_retry(&self, _run: RunId) -> Result<PlanView, Trouble> {
        Err(Trouble { message: "not here".into(), advice: "elsewhere".into() })
    }

    async fn park(&self, _digest: String) -> Result<Parked, Trouble> {
        let view = self.plan.lock().unwrap().clone().unwrap();
        self.note(format!("park {}", view.plan.items().len()));
        Ok(Parked { run: view.plan.head().run.clone(), until: view.plan.head().expires_at })
    }

    async fn stored_plan(&self, run: RunId) -> Result<PlanView, Trouble> {
        self.note("stored plan");
        let view = self.world.stored_plan(&run);
        *self.plan.lock().unwrap() = Some(view.clone());
        Ok(view)
    }

    async fn approve(
        &self,
        _run: RunId,
        digest: String,
        items: BTreeSet<ConfigId>,
        news: mpsc::Sender<RunNews>,
    ) -> Result<RunId, Trouble> {
        self.note(format!("approve {}", items.len()));
        self.start(digest, news).await
    }

    async fn reject(&self, _run: RunId) -> Result<(), Trouble> {
        self.note("reject");
        Ok(())
    }

    async fn follow(&self, _run: RunId, news: mpsc::Sender<RunNews>) -> Result<RunId, Trouble> {
        self.note("follow");
        let digest = self.plan.lock().unwrap().clone().unwrap().digest;
        self.start(digest, news).await
    }

    async fn resume(&self, _run: RunId, news: mpsc::Sender<RunNews>) -> Result<RunId, Trouble> {
        self.note("resume");
        let digest = self.plan.lock().unwrap().clone().unwrap().digest;
        self.start(digest, news).await
    }

    async fn plan_undo(&self, draft: UndoDraft) -> Result<PlanView, Trouble> {
        let view = self.world.plan_undo(&draft);
        *self.plan.lock().unwrap() = Some(view.clone());
        Ok(view)
    }

    async fn recheck(&self, run: RunId) -> Result<Recheck, Trouble> {
        self.note("recheck");
        Ok(Recheck { run, as_of: now(), found: self.world.found.clone() })
    }

    async fn hold(&self, wish: HoldRequest) -> Result<Hold, Trouble> {
        self.note(format!("hold {}", wish.config_id));
        Ok(Hold { reason: wish.reason, by: self.world.setting.operator.clone(), until: wish.until })
    }

    async fn release(&self, config_id: ConfigId) -> Result<(), Trouble> {
        self.note(format!("release {config_id}"));
        Ok(())
    }

    async fn save_report(&self, request: SaveRequest) -> Result<Saved, SaveError> {
        self.note(format!("save {}", request.overwrite));
        if request.overwrite {
            Ok(Saved { path: request.path, files: 1 })
        } else {
            Err(SaveError::Exists(request.path))
        }
    }

    async fn complete_path(&self, typed: String) -> Completion {
        Completion { text: format!("{typed}x"), names: Vec::new() }
    }

    async fn story(&self, run: RunId) -> Result<Vec<String>, Trouble> {
        Ok(vec![format!("run {run}")])
    }

    async fn history(&self) -> Result<Vec<PastRun>, Trouble> {
        Ok(self.world.past.clone())
    }

    async fn report(&self, _run: RunId) -> Result<Report, Trouble> {
        Err(Trouble { message: "This report was removed.".into(), advice: "Look at another one.".into() })
    }

    fn log(&self) -> Vec<LogLine> {
        Vec::new()
    }
}

pub fn shared(desk: ScriptedDesk) -> Arc<ScriptedDesk> {
    Arc::new(desk)
}
