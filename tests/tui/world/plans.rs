//! The plans that the made-up PSA comes to.

use mothball::{
    domain::{
        ConfigId, Configuration, Links, Listing, Plan, RunId, SkipReason, State, StatusRef, Wanted,
        listing::Claim,
        plan::{Head, Kind},
        survey::{Found, Survey, SurveyedClient},
    },
    tui::desk::{Draft, Estimate, Mode, Pace, PlanView, Pool, UndoDraft},
};

use super::{World, no_links, now, tenant};

impl World {
    pub fn plan(&self, draft: &Draft) -> PlanView {
        self.plan_as(draft, head())
    }

    fn plan_as(&self, draft: &Draft, head: Head) -> PlanView {
        let listing = self.listing();
        let retired = StatusRef { id: "7".into(), name: "Decommissioned".into() };
        let plan = Plan::from_listing(head, &listing, &self.clients, |row| {
            draft.ticked.contains(&row.id).then(|| Wanted::inactive(Some(retired.clone())))
        });
        let touched = plan.clients();
        let clients: Vec<SurveyedClient> = self
            .clients
            .iter()
            .filter(|client| touched.contains(&client.client.id))
            .map(|client| {
                let mut surveyed = SurveyedClient::of(client.clone());
                surveyed.signs_of_life = self.signs.get(&client.client.id).cloned().unwrap_or_default();
                surveyed.found = self
                    .rows
                    .iter()
                    .filter(|row| row.configuration.client == client.client.id)
                    .map(|row| {
                        let id = &row.configuration.id;
                        let (skip, why) = match (&row.locked, draft.ticked.contains(id)) {
                            (Some(why), _) => (Some(SkipReason::Protected), Some(why.to_string())),
                            (None, true) => (None, None),
                            (None, false) => (Some(SkipReason::NotSelected), None),
                        };
                        let links = self.links.get(id).cloned().unwrap_or_else(no_links);
                        Found { configuration: row.configuration.clone(), skip, why, links }
                    })
                    .collect();
                surveyed
            })
            .collect();
        let count = plan.items().len() as u64;
        PlanView {
            digest: plan.digest(),
            plan,
            survey: Survey { clients, coverage: self.coverage(), warnings: Vec::new(), problems: Vec::new() },
            dry_run: draft.dry_run || self.setting.mode == Mode::DryRun,
            estimate: Estimate {
                requests: count + 4,
                seconds: count as f64 * 0.4 + 2.0,
                pace: Pace { requests: 500, window_seconds: 60, in_flight: 10, batch: 1 },
                pool: Some(Pool { takes: 0.02, used: 0.31, window_seconds: 3600 }),
            },
            warnings: Vec::new(),
            refused: self.refused.clone(),
            needs_approval: self.needs_approval.clone(),
            requested_by: self.setting.operator.clone(),
            reason: draft.reason.clone(),
            ticket: draft.ticket.clone(),
            notes: self.notes.clone(),
        }
    }

    /// The plan of a run that was stored: somebody else asked for it.
    pub fn stored_plan(&self, run: &RunId) -> PlanView {
        let draft = Draft {
            ticked: self.stored.clone(),
            reason: Some("Left in October".into()),
            ticket: Some("T-4711".into()),
            dry_run: false,
        };
        let view = self.plan_as(&draft, Head { run: run.clone(), ..head() });
        PlanView { requested_by: "joe@msp.example".into(), needs_approval: None, ..view }
    }

    /// What restores what a run changed. One of them was changed by somebody since.
    pub fn plan_undo(&self, wish: &UndoDraft) -> PlanView {
        let retired = State {
            active: false,
            status: Some(StatusRef { id: "7".into(), name: "Decommissioned".into() }),
            closed: Some(true),
        };
        let mut world = self.clone();
        for row in &mut world.rows {
            row.configuration.state = retired.clone();
        }
        let changed = ConfigId::from(103);
        let wanted = |id: &ConfigId| {
            self.stored.contains(id)
                && *id != changed
                && wish.only.as_ref().is_none_or(|only| only.contains(id))
        };
        let head = Head { parent: Some(wish.run.clone()), ..head() };
        let listing = world.listing();
        let active =
            Wanted { active: true, status: Some(StatusRef { id: "2".into(), name: "Active".into() }) };
        let plan = Plan::to_restore(head, &listing, |row| wanted(&row.id).then(|| active.clone()));
        let mut view = world.plan_as(&Draft::default(), self::head());
        view.survey.clients = self
            .clients
            .iter()
            .filter(|client| plan.clients().contains(&client.client.id))
            .map(|client| {
                let rows = world.rows.iter().filter(|row| row.configuration.client == client.client.id);
                let found = rows.filter(|row| self.stored.contains(&row.configuration.id)).map(|row| {
                    let id = &row.configuration.id;
                    let (skip, why) = match (*id == changed, wanted(id)) {
                        (true, _) => (
                            Some(SkipReason::ChangedSinceReview),
                            Some("it was left inactive, and is active, status \"In repair\" now".to_owned()),
                        ),
                        (false, true) => (None, None),
                        (false, false) => (Some(SkipReason::NotSelected), None),
                    };
                    Found { configuration: row.configuration.clone(), skip, why, links: Links::default() }
                });
                SurveyedClient {
                    id: Some(client.client.id.clone()),
                    name: Some(client.client.name.clone()),
                    found: found.collect(),
                    ..SurveyedClient::default()
                }
            })
            .collect();
        PlanView {
            digest: plan.digest(),
            plan,
            dry_run: wish.dry_run,
            reason: wish.reason.clone(),
            ticket: wish.ticket.clone(),
            ..view
        }
    }

    fn listing(&self) -> Listing<Configuration> {
        let all: Vec<Configuration> = self.rows.iter().map(|row| row.configuration.clone()).collect();
        let n = all.len() as u64;
        let claim = Claim {
            what: "configuration",
            before: n,
            after: n,
            id: &|row: &Configuration| row.id.to_string(),
            belongs: &|_| true,
        };
        Listing::prove(all, &claim).unwrap()
    }
}

fn head() -> Head {
    Head {
        run: RunId::from("20261124T020000-abcdefgh"),
        kind: Kind::Deactivate,
        parent: None,
        tenant: tenant(),
        made_at: now(),
        expires_at: now().plus_seconds(86_400),
    }
}
