//! From what was found to what shall happen: the survey tells all of it, the plan the part that may go.

use std::collections::{BTreeMap, BTreeSet};

use super::{Discovery, Engine};
use crate::domain::{
    ClientId, Code, ConfigId, Configuration, Criteria, Links, Origin, Plan, Problem, RunId, SignOfLife,
    SkipReason, Tenant, Timestamp,
    client::Offboarded,
    document::ClientName,
    plan::{Head, Kind},
    selection::{Scope, Sieve, Verdict},
    survey::{Found, Header, Survey, SurveyedClient},
    text::count,
};
use crate::{
    store::{Deactivated, Held},
    system::random,
};

/// Who asked for a run, and how.
#[derive(Debug, Clone, Default)]
pub struct Who {
    pub operator: String,
    /// The user of the operating system.
    pub user: String,
    pub origin: Origin,
    /// The id that the run gets, where somebody was told it already.
    pub run: Option<RunId>,
    pub requested_by: Option<String>,
    pub ticket: Option<String>,
    pub reason: Option<String>,
    pub dry_run: bool,
    pub attended: bool,
    /// One client was asked for.
    pub single: bool,
    pub parent: Option<RunId>,
    /// Whether links are read, before and after.
    pub links: bool,
}

/// A run that may start once it is approved.
#[derive(Debug, Clone)]
pub struct Draft {
    pub header: Header,
    pub survey: Survey,
    /// `None` if there was nothing to plan on.
    pub plan: Option<Plan>,
}

/// What picks configurations out of those found.
#[derive(Debug, Clone)]
pub enum Pick {
    /// Everything that the scope takes and no rule keeps.
    Scope(Scope),
    /// Exactly these, ticked by a person; rules still keep what they keep.
    Ticked(BTreeSet<ConfigId>),
}

impl Engine {
    /// Sifts what was found. Nothing is read and nothing is written.
    pub fn survey(&self, discovery: &Discovery, pick: &Pick, everything: bool) -> Survey {
        let mut survey = Survey { coverage: discovery.coverage.clone(), ..Survey::default() };
        survey.clients.extend(discovery.missing.iter().cloned());
        for offboarded in &discovery.clients {
            let rows: Vec<&Configuration> =
                discovery.listing.rows().iter().filter(|row| row.client == offboarded.client.id).collect();
            survey.clients.push(self.survey_client(discovery, offboarded, &rows, pick, everything));
        }
        survey.clients.sort_by(|a, b| a.id.cmp(&b.id));
        survey
    }

    fn survey_client(
        &self,
        discovery: &Discovery,
        offboarded: &Offboarded,
        rows: &[&Configuration],
        pick: &Pick,
        everything: bool,
    ) -> SurveyedClient {
        let nouns = self.psa.nouns();
        let mut client = SurveyedClient::of(offboarded.clone());
        let ticked_scope = Scope { include_mixed: true, ..Scope::default() };
        let scope = match pick {
            Pick::Scope(scope) => scope,
            Pick::Ticked(_) => &ticked_scope,
        };
        let sieve = Sieve {
            scope,
            protection: &self.profile.protection,
            wanted: &discovery.wanted,
            holds: &discovery.holds,
        };
        let mut hidden = 0;
        for row in rows {
            let mut verdict = sieve.judge(row, &offboarded.client);
            if let Pick::Ticked(ids) = pick
                && verdict == Verdict::Offer
                && !ids.contains(&row.id)
            {
                verdict = Verdict::Leave { reason: SkipReason::NotSelected, why: None };
            }
            let (skip, why) = match verdict {
                Verdict::Offer => (None, None),
                Verdict::Leave { reason, why } => (Some(reason), why),
                Verdict::Hide => {
                    hidden += 1;
                    continue;
                }
            };
            client.found.push(Found { configuration: (*row).clone(), skip, why, links: Links::default() });
        }
        let came_back = rows.iter().filter(|row| row.state.active);
        client
            .warnings
            .extend(came_back.filter_map(|row| active_again(row, discovery.set_inactive.get(&row.id)?)));
        let name = &offboarded.client.name;
        if rows.is_empty() {
            let message = format!("{} \"{name}\" has no {} at all.", nouns.client, nouns.configurations);
            if everything {
                client.warnings.push(message);
            } else {
                client.problems.push(Problem::new(Code::ConfigNotFound, message, self.now()));
            }
        } else if client.found.is_empty() {
            client.warnings.push(format!(
                "all {} of \"{name}\" are inactive already",
                count(hidden, nouns.configuration, nouns.configurations)
            ));
        }
        client
    }

    /// Keeps the first `limit` clients, by id, that have something to change; the coverage names the rest.
    /// Clients without any change would only hide them, so they go as well.
    pub fn limit_clients(survey: &mut Survey, limit: usize) {
        let mut kept = 0;
        let mut left_out = Vec::new();
        survey.clients.retain(|client| {
            if client.found.iter().all(|found| found.skip.is_some()) {
                return !client.problems.is_empty();
            }
            kept += 1;
            if kept > limit
                && let (Some(id), Some(name)) = (&client.id, &client.name)
            {
                left_out.push(ClientName { client_id: id.clone(), client_name: name.clone() });
            }
            kept <= limit
        });
        survey.coverage.clients_in_run = survey.clients.len() as u64;
        survey.coverage.clients_left_out = left_out;
    }

    /// Puts links and signs of life where they belong.
    pub fn attach_links(
        survey: &mut Survey,
        links: &BTreeMap<ConfigId, Links>,
        signs: &BTreeMap<ClientId, Vec<SignOfLife>>,
    ) {
        for client in &mut survey.clients {
            if let Some(signs) = client.id.as_ref().and_then(|id| signs.get(id)) {
                client.signs_of_life.clone_from(signs);
            }
            for found in &mut client.found {
                if let Some(links) = links.get(&found.configuration.id) {
                    found.links = links.clone();
                }
            }
        }
    }

    /// Leaves out clients that another run is at work on. Where others are left to do that is a
    /// warning, else it is the reason why nothing happened.
    pub fn leave_out_held(&self, survey: &mut Survey, held: &[Held], others_left: bool) {
        for client in &mut survey.clients {
            let Some(holder) = held.iter().find(|one| Some(&one.client) == client.id.as_ref()) else {
                continue;
            };
            for found in client.found.iter_mut().filter(|found| found.skip.is_none()) {
                found.skip = Some(SkipReason::NotStarted);
                found.why = Some(format!("run {} is at work on this client", holder.run));
            }
            let text = format!(
                "run {} ({}) has been at work on this client since {}; nothing of it was touched",
                holder.run,
                holder.by,
                holder.since.minutes()
            );
            if others_left {
                client.warnings.push(format!("RunLocked: {text}"));
            } else {
                client.problems.push(Problem::new(Code::RunLocked, text, self.now()));
            }
        }
    }

    /// Leaves out what the profile's `when_linked` keeps.
    pub fn obey_when_linked(&self, survey: &mut Survey) {
        for found in survey.clients.iter_mut().flat_map(|client| &mut client.found) {
            if found.skip.is_none() {
                found.skip = self.profile.safeguards.when_linked.judge(&found.links);
                if found.skip.is_some() {
                    found.why = Some(found.links.summary());
                }
            }
        }
    }

    /// The plan over what the survey leaves to go, bound to the tenant.
    pub fn draft(&self, discovery: &Discovery, mut survey: Survey, who: &Who) -> Draft {
        let made_at = self.now();
        let run = self.id_for(who);
        let hours = i64::from(self.profile.safeguards.plan_expires_hours);
        let head = Head {
            run: run.clone(),
            kind: Kind::Deactivate,
            parent: who.parent.clone(),
            tenant: discovery.tenant.clone(),
            made_at,
            expires_at: made_at.plus_seconds(hours * 3600),
        };
        let chosen: BTreeSet<&ConfigId> = survey
            .found()
            .filter(|found| found.skip.is_none())
            .map(|found| &found.configuration.id)
            .collect();
        let plan = Plan::from_listing(head, &discovery.listing, &discovery.clients, |row| {
            chosen.contains(&row.id).then(|| discovery.wanted.clone())
        });
        let tenant = Some(discovery.tenant.clone());
        let header = self.header(Kind::Deactivate, run, who, made_at, tenant, discovery.criteria.clone());
        survey.warnings.extend(header.lacks_note_ticket());
        Draft { header, plan: (!plan.items().is_empty()).then_some(plan), survey }
    }

    /// A run that failed before it could look at anything still has a header and a report.
    pub fn draft_of_failure(&self, who: &Who, asked: &[SurveyedClient], problem: Problem) -> Draft {
        let now = self.now();
        let run = self.id_for(who);
        let header = self.header(Kind::Deactivate, run, who, now, None, self.profile.criteria.clone());
        let survey = Survey { clients: asked.to_vec(), problems: vec![problem], ..Survey::default() };
        Draft { header, survey, plan: None }
    }

    /// The id that was given beforehand, or a new one.
    pub(super) fn id_for(&self, who: &Who) -> RunId {
        who.run.clone().unwrap_or_else(|| RunId::new(random::run_id(self.clock.now())))
    }

    pub(super) fn header(
        &self,
        kind: Kind,
        run: RunId,
        who: &Who,
        started_at: Timestamp,
        tenant: Option<Tenant>,
        criteria: Criteria,
    ) -> Header {
        Header {
            run,
            kind,
            parent: who.parent.clone(),
            profile: self.profile.name.clone(),
            psa: self.profile.psa.clone(),
            tenant,
            operator: who.operator.clone(),
            user: who.user.clone(),
            origin: who.origin.clone(),
            requested_by: who.requested_by.clone(),
            ticket: who.ticket.clone(),
            reason: who.reason.clone(),
            dry_run: who.dry_run || self.profile.safeguards.dry_run,
            attended: who.attended,
            criteria,
            links: who.links,
            notes: self.profile.notes,
            single: who.single,
            started_at,
        }
    }
}

/// A configuration that a run of ours set inactive, and that is active now.
fn active_again(row: &Configuration, change: &Deactivated) -> Option<String> {
    (row.client == change.client_id).then(|| {
        let rmm = row.rmm.as_ref().map(|rmm| format!("; its RMM link is {rmm}")).unwrap_or_default();
        format!(
            "{} ({}) is active again: run {} set it inactive on {}{rmm}",
            row.title(),
            row.id,
            change.run,
            change.at.day()
        )
    })
}
