//! A screen that is driven by keys without a terminal.

use mothball::{
    domain::{ConfigId, Event, Phase, SkipReason, event::End},
    tui::{
        desk::{Completion, Confirm, Draft, Hold, LogLevel, LogLine, Parked, Recheck, RunNews, Saved},
        effect::{Aside, Effect},
        filter,
        key::Key,
        message::Message,
        model::{Look, Model, overlay::Overlay},
        options::Leave,
        order,
        theme::Theme,
        update,
        view::{Picture, view},
    },
};

use super::{World, now, past::waiting, stamped};

/// The model with its effects answered at once by the world, and everything that was asked for.
pub struct Screen {
    pub world: World,
    pub model: Model,
    pub asked: Vec<Effect>,
    pub left: Option<Leave>,
    /// What the next path that is typed could become.
    pub completion: Completion,
    /// Effects are kept for the test to answer.
    pub by_hand: bool,
}

impl Screen {
    /// Before anything was loaded.
    pub fn empty(world: World, width: u16, height: u16) -> Self {
        let model = Model::new(world.setting.clone(), now(), (width, height), Look::new(Theme::Dark, false));
        Self {
            world,
            model,
            asked: Vec::new(),
            left: None,
            completion: Completion::default(),
            by_hand: false,
        }
    }

    pub fn new(world: World, width: u16, height: u16) -> Self {
        let mut screen = Self::empty(world, width, height);
        let effects = update::start(&mut screen.model);
        screen.answer(effects);
        screen
    }

    pub fn small(width: u16, height: u16) -> Self {
        Self::new(World::small(), width, height)
    }

    pub fn send(&mut self, message: Message) {
        let effects = update::update(&mut self.model, message);
        self.answer(effects);
    }

    /// Keys by their names, blanks between them.
    pub fn keys(&mut self, names: &str) -> &mut Self {
        for name in names.split_whitespace() {
            self.send(Message::Key(name.parse().unwrap()));
        }
        self
    }

    pub fn write(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.send(Message::Key(Key::char(c)));
        }
        self
    }

    fn answer(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.asked.push(effect.clone());
            if self.by_hand {
                continue;
            }
            for message in self.reply(effect) {
                self.send(message);
            }
        }
    }

    fn reply(&mut self, effect: Effect) -> Vec<Message> {
        match effect {
            Effect::Load { generation } => {
                let mut news: Vec<Message> =
                    self.world.load().into_iter().map(|news| Message::Load(generation, news)).collect();
                news.push(Message::LoadEnded(generation, Ok(())));
                news
            }
            Effect::Order { generation, sort, places } => {
                vec![Message::Ordered(generation, order::ordered(places, &sort))]
            }
            Effect::CountHidden { generation, query, ticked, hidden } => {
                let mut matcher = filter::matcher();
                let fits = |row: &&Aside| query.fits(row.entry.candidate(&row.links), &mut matcher);
                let shown = ticked.iter().filter(fits).count();
                vec![Message::CountedHidden(generation, hidden + ticked.len() - shown)]
            }
            Effect::LoadClient { generation, client } => {
                let read = self.world.read_client(&client);
                vec![Message::ClientLoaded(generation, client, Ok(Box::new(read)))]
            }
            Effect::ReadLinks { clients } => {
                let read = self.world.read_links(&clients);
                vec![Message::LinksRead(clients, Ok(read))]
            }
            Effect::After { message, .. } => match *message {
                Message::LeaveNow => Vec::new(),
                message => vec![message],
            },
            Effect::Plan { generation, draft } => {
                vec![Message::Planned(generation, Ok(Box::new(self.world.plan(&draft))))]
            }
            Effect::PlanUndo { generation, draft } => {
                vec![Message::Planned(generation, Ok(Box::new(self.world.plan_undo(&draft))))]
            }
            Effect::StoredPlan { generation, run } => {
                vec![Message::Planned(generation, Ok(Box::new(self.world.stored_plan(&run))))]
            }
            Effect::Reopen { generation, run } => {
                vec![Message::Reopened(generation, Ok(Box::new(self.world.stored_plan(&run))))]
            }
            Effect::Start { serial, .. } | Effect::Resume { serial, .. } | Effect::Follow { serial, .. } => {
                let run = self.model.run.as_ref().unwrap().run.clone();
                vec![Message::Started(serial, Ok(run)), self.events(vec![Event::Applying])]
            }
            Effect::Approve { serial, run, items, .. } => {
                let view = self.model.run.as_ref().unwrap().view.clone();
                let left = view.plan.items().iter().filter(|item| !items.contains(&item.config_id));
                let mut events: Vec<Event> = left
                    .map(|item| Event::skipped(item.config_id.clone(), SkipReason::NotSelected, None))
                    .collect();
                events.push(Event::Applying);
                vec![Message::Started(serial, Ok(run)), self.events(events)]
            }
            Effect::Park { .. } => {
                let view = self.model.plan.as_ref().unwrap().view().unwrap().clone();
                let run = view.plan.head().run.clone();
                let waits = waiting(&run, view.plan.items().len() as u64, &self.world.setting.operator);
                self.world.past.insert(0, waits);
                vec![Message::Parked(Ok(Parked { run, until: view.plan.head().expires_at }))]
            }
            Effect::Reject { run } => {
                for past in self.world.past.iter_mut().filter(|past| past.run == run) {
                    past.phase = Phase::Rejected;
                }
                vec![Message::Rejected(run, Ok(()))]
            }
            Effect::Recheck { run } => {
                let result = Recheck { run: run.clone(), as_of: now(), found: self.world.found.clone() };
                vec![Message::Rechecked(run, Ok(result))]
            }
            Effect::Hold(wish) => {
                let hold =
                    Hold { reason: wish.reason, by: self.world.setting.operator.clone(), until: wish.until };
                vec![Message::Held(wish.config_id, Ok(Some(hold)))]
            }
            Effect::Release { config_id } => vec![Message::Held(config_id, Ok(None))],
            Effect::Save(request) => vec![Message::Saved(Ok(Saved { path: request.path, files: 1 }))],
            Effect::Complete { typed } => {
                let completion = self.completion.clone();
                vec![Message::Completed(typed, completion)]
            }
            Effect::Story { run } => {
                let lines = vec![
                    format!("run      {run}"),
                    "2026-11-23T23:15:00Z  applying".to_owned(),
                    "2026-11-23T23:15:04Z  ended: Interrupted".to_owned(),
                ];
                vec![Message::Story(run, Ok(lines))]
            }
            Effect::History => vec![Message::History(Ok(self.world.past.clone()))],
            Effect::Log => vec![Message::Log(vec![LogLine {
                at: now(),
                level: LogLevel::Info,
                text: "GET /company/companies 200".into(),
            }])],
            Effect::Leave(leave) => {
                self.left = Some(leave);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    pub fn events(&self, events: Vec<Event>) -> Message {
        let run = self.model.run.as_ref().unwrap();
        Message::Run(run.serial, RunNews::Events(events.into_iter().map(|event| stamped(1, event)).collect()))
    }

    /// Lets these items of the plan come to their end.
    pub fn settle(&mut self, range: std::ops::Range<usize>) {
        let view = self.model.run.as_ref().unwrap().view.clone();
        let ids: Vec<ConfigId> = view.plan.items()[range].iter().map(|item| item.config_id.clone()).collect();
        let story = |id| self.world.story(id, view.dry_run, view.is_undo());
        let events = ids.iter().flat_map(story).collect();
        self.send(self.events(events));
    }

    pub fn end(&mut self, how: End) {
        self.send(self.events(vec![Event::Ended { how }]));
        let run = self.model.run.as_ref().unwrap();
        let ending = self.world.ending(&run.view, &run.state);
        let serial = run.serial;
        self.send(Message::Run(serial, RunNews::Ended(Box::new(ending))));
    }

    /// Ticks these ids as the keys would, whatever the cursor is on.
    pub fn tick(&mut self, ids: &[i64]) {
        let ids = ids.iter().map(|id| ConfigId::from(*id)).collect();
        let step = self.model.review.ticks.change(ids, Vec::new());
        for id in step.on {
            let at = self.model.review.data.row(&id).unwrap();
            let client = self.model.review.data.entry(at).client;
            self.model.review.data.clients[client].ticked += 1;
        }
    }

    pub fn untick(&mut self, ids: &[i64]) {
        let ids = ids.iter().map(|id| ConfigId::from(*id)).collect();
        let step = self.model.review.ticks.change(Vec::new(), ids);
        for id in step.off {
            let at = self.model.review.data.row(&id).unwrap();
            let client = self.model.review.data.entry(at).client;
            self.model.review.data.clients[client].ticked -= 1;
        }
    }

    /// To the confirmation, and through it.
    pub fn confirm(&mut self) {
        self.keys("x");
        assert!(matches!(self.model.overlay, Some(Overlay::Confirm(_))), "{}", self.text());
        let typed = self.asked_to_type();
        self.write(&typed).keys("enter enter");
    }

    /// What the confirmation that is open asks for.
    pub fn asked_to_type(&self) -> String {
        let Some(Overlay::Confirm(confirm)) = &self.model.overlay else { panic!("{}", self.text()) };
        match &confirm.wanted {
            Confirm::Client { id, .. } => id.to_string(),
            Confirm::Count(n) => n.to_string(),
            Confirm::CountAndProfile { count, profile } => format!("{count} {profile}"),
        }
    }

    pub fn ticked(&self) -> Vec<String> {
        let mut ids: Vec<ConfigId> = self.model.review.ticks.iter().cloned().collect();
        ids.sort();
        ids.iter().map(ToString::to_string).collect()
    }

    pub fn picture(&self) -> Picture {
        view(&self.model)
    }

    pub fn text(&self) -> String {
        lines(&self.picture()).join("\n")
    }

    pub fn note(&self) -> &str {
        self.model.note.as_ref().map_or("", |note| note.text.as_str())
    }

    pub fn drafts(&self) -> Vec<Draft> {
        let draft = |effect: &Effect| match effect {
            Effect::Plan { draft, .. } => Some(draft.clone()),
            _ => None,
        };
        self.asked.iter().filter_map(draft).collect()
    }

    pub fn started(&self) -> usize {
        let begins = |effect: &&Effect| matches!(effect, Effect::Start { .. } | Effect::Approve { .. });
        self.asked.iter().filter(begins).count()
    }
}

/// The characters of a picture, line by line; a wide character takes its two cells.
pub fn lines(picture: &Picture) -> Vec<String> {
    let area = *picture.cells.area();
    (0..area.height)
        .map(|y| {
            let mut line = String::new();
            let mut skip = 0;
            for x in 0..area.width {
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                let symbol = picture.cells[(x, y)].symbol();
                skip = mothball::tui::cells::width(symbol).saturating_sub(1);
                line.push_str(symbol);
            }
            line.trim_end().to_owned()
        })
        .collect()
}
