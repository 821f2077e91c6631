//! A plan at work.

use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{Kind, Plan, Rule, Scope, Target};

/// What a rule may look at in a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight<'a> {
    pub route: &'a str,
    /// The kinds and ids of the records that it is about.
    pub items: &'a [(&'a str, &'a str)],
    pub write: bool,
    pub list: bool,
    pub count: bool,
}

/// A plan at work: it counts, and it throws seeded dice.
#[derive(Debug)]
pub(crate) struct Dice {
    plan: Plan,
    hits: Vec<u64>,
    rng: StdRng,
    requests: u64,
    writes: u64,
}

impl Dice {
    pub fn new(plan: Plan, seed: u64) -> Self {
        let hits = vec![0; plan.rules.len()];
        Self { plan, hits, rng: StdRng::seed_from_u64(seed), requests: 0, writes: 0 }
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Whether connections are to be short-lived, so that refusals meet new ones.
    pub fn refuses(&self) -> bool {
        self.plan.rules.iter().any(|rule| rule.kind == Kind::Refused)
    }

    /// Whether a connection that has just been made is to be reset.
    pub fn refuse_connection(&mut self) -> bool {
        let Self { plan, hits, rng, .. } = self;
        plan.rules.iter().zip(hits).any(|(rule, hits)| {
            let meets = rule.kind == Kind::Refused
                && rule.target == Target::All
                && rule.times.is_none_or(|times| *hits < times)
                && (rule.rate >= 1.0 || rng.random::<f64>() < rule.rate);
            *hits += u64::from(meets);
            meets
        })
    }

    /// The rules that meet a request: at most one that decides the answer, and those of slowness before it.
    pub fn throw(&mut self, sight: Sight<'_>) -> Vec<Rule> {
        let request = self.requests;
        self.requests += 1;
        let write = self.writes;
        self.writes += u64::from(sight.write);
        let mut met = Vec::new();
        let Self { plan, hits, rng, .. } = self;
        for (rule, hits) in plan.rules.iter().zip(hits) {
            if rule.times.is_some_and(|times| *hits >= times) || !applies(rule, sight, request, write) {
                continue;
            }
            // The dice are thrown for each rule that applies, so that one rule's luck does not shift another's.
            if rule.rate < 1.0 && rng.random::<f64>() >= rule.rate {
                continue;
            }
            *hits += 1;
            let mut rule = rule.clone();
            if rule.kind == Kind::Jitter {
                rule = rule.clone().lasting(rule.parameter().time().mul_f64(rng.random()));
            }
            let decides = !rule.kind.only_adds();
            met.push(rule);
            if decides {
                break;
            }
        }
        met
    }
}

fn applies(rule: &Rule, sight: Sight<'_>, request: u64, write: u64) -> bool {
    let scope = match rule.kind.scope() {
        Scope::Any => true,
        Scope::Writes => sight.write,
        Scope::Lists => sight.list,
        Scope::Counts => sight.count,
        // A page that tells how many rows there are is a read all the same.
        Scope::Reads => !sight.write && (sight.list || !sight.count),
    };
    // New connections are where a refusal of all is met.
    let at_connection = rule.kind == Kind::Refused && rule.target == Target::All;
    scope
        && !at_connection
        && match &rule.target {
            Target::All => true,
            // A poisoned record is looked for in the rows, not in the path.
            Target::Item(..) if rule.kind == Kind::PoisonRow => true,
            Target::Item(kind, id) => sight.items.iter().any(|(k, i)| k == kind && i == id),
            Target::Route(text) => sight.route.contains(text.as_str()),
            Target::Request(index) => *index == request,
            Target::Write(index) => sight.write && *index == write,
            Target::Reads => !sight.write,
            Target::Writes => sight.write,
        }
}
