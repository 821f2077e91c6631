//! What the notes say: the same words in every PSA, plain text, of bounded length, with foreign words made harmless.

use super::{
    ApprovedPlan, Outcome, PlanItem, RunId, RunState, Statistics,
    plan::Kind,
    survey::{Found, Header, Survey},
    tenant::Nouns,
    text::{count, one_line},
};

/// The longest text, in characters; every vendor takes more.
pub const LONGEST: usize = 8_000;
/// Configurations that are named one by one under each heading.
const NAMED: usize = 40;
/// What people wrote is kept to so many characters.
const SAYING: usize = 500;

/// What tells the note of one run from every other, those that only speak of that run included.
pub fn mark(run: &RunId) -> String {
    format!("[mothball {run}]")
}

pub fn title(header: &Header) -> String {
    match header.kind {
        Kind::Deactivate => format!("mothball: set inactive, run {}", header.run),
        Kind::Undo => format!("mothball: restored, run {}", header.run),
    }
}

/// Said before the change, so it does not say that it was made.
pub fn before_change(approved: &ApprovedPlan, item: &PlanItem, header: &Header, nouns: Nouns) -> String {
    let noun = nouns.configuration;
    let does = match header.kind {
        Kind::Deactivate => format!("mothball is about to set this {noun} inactive."),
        Kind::Undo => format!("mothball is about to set this {noun} back to what it was."),
    };
    let mut lines = vec![format!("{} {does}", mark(&header.run))];
    let status =
        item.before.status_name().map_or_else(String::new, |status| format!(", status \"{}\"", said(status)));
    let active = if item.before.active { "active" } else { "inactive" };
    lines.push(format!("Until now: {active}{status}"));
    lines.extend(who(approved, header));
    bounded(&lines)
}

/// Said at the end of the run.
pub fn summary(
    approved: &ApprovedPlan,
    header: &Header,
    survey: &Survey,
    state: &RunState,
    nouns: Nouns,
) -> String {
    let outcomes: Vec<(&Found, Outcome)> =
        survey.found().map(|found| (found, found.outcome(state, header.dry_run))).collect();
    let mut statistics = Statistics::default();
    for (_, outcome) in &outcomes {
        statistics.count(outcome);
    }
    let (done, did) = match header.kind {
        Kind::Deactivate => (statistics.configs_deactivated, "set inactive"),
        Kind::Undo => (statistics.configs_restored.unwrap_or(0), "restored"),
    };
    let mut lines = vec![format!(
        "{} mothball: {} {did}, {} left as they are, {} not done ({} looked at).",
        mark(&header.run),
        count(usize::try_from(done).unwrap_or(usize::MAX), nouns.configuration, nouns.configurations),
        statistics.configs_skipped,
        statistics.errors,
        statistics.configs_found,
    )];
    lines.extend(who(approved, header));
    let is_done =
        |outcome: &Outcome| matches!(outcome, Outcome::Deactivated { .. } | Outcome::Restored { .. });
    let troubled =
        |outcome: &Outcome| outcome.is_error() || matches!(outcome, Outcome::ChangedSinceReview { .. });
    // What went wrong comes first: it must not fall behind the limit.
    let wrong = outcomes.iter().filter(|(_, outcome)| troubled(outcome));
    named(
        &mut lines,
        "Not done:",
        wrong.map(|(found, outcome)| format!("{}: {}", name(found), said(&outcome.words()))),
    );
    let left = state.follow_up.len();
    if left > 0 {
        lines.push(format!("Left for a person: {} (the report lists them).", count(left, "thing", "things")));
    }
    let heading = match header.kind {
        Kind::Deactivate => "Set inactive:",
        Kind::Undo => "Restored:",
    };
    named(
        &mut lines,
        heading,
        outcomes.iter().filter(|(_, outcome)| is_done(outcome)).map(|(found, _)| name(found)),
    );
    bounded(&lines)
}

fn name(found: &Found) -> String {
    let configuration = &found.configuration;
    format!("{} ({})", one_line(&configuration.title(), 80), configuration.id)
}

fn said(text: &str) -> String {
    one_line(text, SAYING)
}

fn named(lines: &mut Vec<String>, heading: &str, names: impl Iterator<Item = String>) {
    let names: Vec<String> = names.collect();
    if names.is_empty() {
        return;
    }
    lines.push(heading.to_owned());
    lines.extend(names.iter().take(NAMED).map(|name| format!("- {name}")));
    if names.len() > NAMED {
        lines.push(format!("- and {} more", names.len() - NAMED));
    }
}

/// Run, people and reason, each on a line of its own.
fn who(approved: &ApprovedPlan, header: &Header) -> Vec<String> {
    let given = |text: &Option<String>| text.as_deref().map(said).filter(|text| !text.is_empty());
    [
        Some(("Run", header.run.to_string())),
        header
            .parent
            .as_ref()
            .map(|run| (if header.kind == Kind::Undo { "Undoes run" } else { "After run" }, run.to_string())),
        Some(("Operator", said(&header.operator))),
        given(&header.requested_by).map(|by| ("Requested by", by)),
        Some(("Approved by", said(&approved.approval().approver))),
        given(&header.ticket).map(|ticket| ("Ticket", ticket)),
        given(&header.reason).map(|reason| ("Reason", reason)),
    ]
    .into_iter()
    .flatten()
    .map(|(label, value)| format!("{label}: {value}"))
    .collect()
}

/// The lines that fit, and a word if some do not.
fn bounded(lines: &[String]) -> String {
    let mut text = String::new();
    let mut length = 0;
    for (at, line) in lines.iter().enumerate() {
        let more = line.chars().count() + 1;
        if length + more > LONGEST - 40 {
            text.push_str("\n… (shortened)");
            break;
        }
        if at > 0 {
            text.push('\n');
        }
        text.push_str(line);
        length += more;
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{
        Approval, Code, Criteria, Event, Links, Stamped, note::NotePolicy, plan::samples,
        survey::SurveyedClient, tenant::Consequences,
    };

    const NOUNS: Nouns = Nouns {
        product: "Paper PSA",
        client: "company",
        clients: "companies",
        configuration: "configuration",
        configurations: "configurations",
        agreement: "Agreement",
        consequences: Consequences {
            billing: "Units stay billed until you change them.",
            tickets: "They stay open until you close or move them.",
            children: "They stay active unless they are ticked, too.",
            rmm: "Stop the sync first, or it brings them back.",
        },
    };

    fn header(reason: &str) -> Header {
        let head = samples::head();
        Header {
            run: head.run,
            kind: head.kind,
            parent: None,
            profile: "main".into(),
            psa: "connectwise".into(),
            tenant: None,
            operator: "jane@msp.example".into(),
            user: "jane".into(),
            origin: crate::domain::Origin::default(),
            requested_by: None,
            ticket: Some("4711".into()),
            reason: Some(reason.to_owned()),
            dry_run: false,
            attended: true,
            criteria: Criteria::default(),
            links: false,
            notes: NotePolicy::default(),
            single: true,
            started_at: head.made_at,
        }
    }

    fn approved(items: u32) -> ApprovedPlan {
        let plan = samples::plan(items);
        let now = samples::head().made_at;
        let approval = Approval::of_all(&plan, "joe", now);
        ApprovedPlan::new(plan, approval, now).unwrap()
    }

    fn surveyed(items: u32, name: &str) -> Survey {
        let found = (1..=items).map(|id| {
            let mut configuration = samples::configuration(id, 1);
            configuration.name = name.into();
            Found { configuration, skip: None, why: None, links: Links::default() }
        });
        let client = SurveyedClient { found: found.collect(), ..SurveyedClient::of(samples::offboarded(1)) };
        Survey { clients: vec![client], ..Survey::default() }
    }

    fn settled(approved: &ApprovedPlan, outcome: &Outcome) -> RunState {
        let mut state = RunState::of(approved.plan());
        for item in approved.plan().items() {
            let event = Event::settled(item.config_id.clone(), outcome.clone(), None);
            state.apply(&Stamped { at: samples::head().made_at, event });
        }
        state
    }

    #[test]
    fn before_a_change_it_does_not_say_that_it_was_made() {
        let approved = approved(1);
        let text = before_change(&approved, &approved.plan().items()[0], &header("left"), NOUNS);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "[mothball 20261124T014719-abcdefgh] mothball is about to set this configuration inactive.",
                "Until now: active, status \"Active\"",
                "Run: 20261124T014719-abcdefgh",
                "Operator: jane@msp.example",
                "Approved by: joe",
                "Ticket: 4711",
                "Reason: left",
            ]
        );
    }

    #[test]
    fn the_summary_names_what_went_wrong_before_what_went_well() {
        let approved = approved(3);
        let mut state = settled(&approved, &Outcome::Deactivated { verified: true });
        let failed =
            Outcome::Failed { code: Code::ConfigUpdateFailed, message: "disposal class is required".into() };
        let event = Event::settled("2".into(), failed, None);
        state.apply(&Stamped { at: samples::head().made_at, event });
        let text = summary(&approved, &header("left"), &surveyed(3, "SRV"), &state, NOUNS);
        assert!(text.starts_with("[mothball 20261124T014719-abcdefgh] mothball: 2 configurations set inactive, 0 left as they are, 1 not done (3 looked at)."), "{text}");
        let (wrong, well) = (text.find("disposal class").unwrap(), text.find("Set inactive:").unwrap());
        assert!(wrong < well, "{text}");
    }

    #[test]
    fn a_long_list_is_cut_and_says_so() {
        let approved = approved(300);
        let state = settled(&approved, &Outcome::Deactivated { verified: true });
        let text = summary(&approved, &header("left"), &surveyed(300, "SRV"), &state, NOUNS);
        assert!(text.contains("- and 260 more") && text.chars().count() <= LONGEST, "{text}");
    }

    proptest! {
        #[test]
        fn foreign_words_neither_break_a_line_nor_the_limit(name in ".{0,400}", reason in ".{0,3000}") {
            let approved = approved(40);
            let failed = Outcome::Failed { code: Code::ConfigUpdateFailed, message: name.clone() };
            let state = settled(&approved, &failed);
            let text = summary(&approved, &header(&reason), &surveyed(40, &name), &state, NOUNS);
            prop_assert!(text.chars().count() <= LONGEST);
            prop_assert!(text.starts_with(&mark(&samples::head().run)));
            prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
            // A name or a reason cannot begin a line of its own.
            let known = ["[mothball", "Run:", "Operator:", "Approved by:", "Ticket:", "Reason:", "Not done:", "- ", "… (shortened)"];
            for line in text.lines() {
                prop_assert!(known.iter().any(|begin| line.starts_with(begin)), "{}", line);
            }
        }
    }
}
