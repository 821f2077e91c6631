//! A case from its beginning to its end: a life in which things go wrong, the check, perhaps another such life, and a
//! healthy one that finishes what was left; and the check again after each.

use std::{panic::AssertUnwindSafe, time::Duration};

use mothball::{domain::RunId, engine::EngineError, simulator::faults};

use super::{
    check::Evidence,
    wire::{Exchange, Script},
    world::{Ended, Job, Making, World},
};

/// Nothing takes longer than this, whatever goes wrong: a PSA that is away is waited for ten minutes, and one that asks for
/// ninety seconds after every second request gets them.
pub const LONGEST: Duration = Duration::from_hours(12);

/// What a case did.
#[derive(Debug, Default, Clone)]
pub struct Counted {
    /// Requests that a fault met, or that something happened at.
    pub met: u64,
    /// The requests of the first life, from when its plan stood.
    pub requests: Vec<Exchange>,
    /// How long its run took.
    pub took: Duration,
    pub crashed: bool,
    pub interrupted: bool,
    pub unknown: usize,
    pub success: bool,
}

/// What a person does about a run that was stopped.
#[derive(Debug, Clone)]
pub enum Then {
    /// Resumes it once all is well.
    Resume,
    /// Resumes it while things still go wrong, and once more when all is well.
    ResumeUnder(faults::Plan, Script),
    /// Begins a new run once all is well.
    Again,
}

pub struct Case {
    pub name: String,
    pub making: Making,
    pub faults: faults::Plan,
    pub script: Script,
    pub from_the_beginning: bool,
    pub then: Then,
}

impl Case {
    pub fn new(name: String, making: Making, faults: faults::Plan) -> Self {
        // No two worlds draw the same numbers: a run's id is known to the whole process while it goes on.
        let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self {
            name,
            making: Making { seed, ..making },
            faults,
            script: Script::default(),
            from_the_beginning: false,
            then: Then::Resume,
        }
    }

    /// Runs it. A broken promise comes back in words, with the name of the case in front.
    pub fn run(self) -> Result<Counted, String> {
        let name = self.name.clone();
        std::panic::catch_unwind(AssertUnwindSafe(|| self.go())).map_err(|why| {
            let text = why.downcast_ref::<String>().map(String::as_str);
            format!("{name}: {}", text.or_else(|| why.downcast_ref().copied()).unwrap_or_default())
        })
    }

    fn go(self) -> Counted {
        let world = World::new(self.making);
        let (faults, script) = (self.faults, self.script);
        let job = Job::Deactivate { faults, script, from_the_beginning: self.from_the_beginning };
        let mut counted = Counted::default();
        let ended = live(&world, &job, &mut counted);
        counted.requests = world.tap.since_the_plan();
        let mut evidence = judge(&world, &ended);
        let Some(run) = world.runs().first().cloned() else { return counted };
        counted.interrupted = evidence.last_end(&run) == Some("interrupted");
        counted.unknown = evidence.unknown(&run).len();
        counted.success = matches!(&ended, Ended::Finished(finished) if finished.state.is_success());
        match self.then {
            Then::Resume => {}
            Then::ResumeUnder(faults, script) => {
                if is_left(&evidence, &run) {
                    let job = Job::Resume { run: run.clone(), faults, script };
                    let ended = live(&world, &job, &mut counted);
                    evidence = judge(&world, &ended);
                }
            }
            Then::Again => {
                world.bury(&run);
                let ended = live(&world, &Job::Again, &mut counted);
                evidence = judge(&world, &ended);
            }
        }
        finish(&world, evidence, &mut counted);
        counted
    }
}

/// One life. Afterwards nothing goes wrong any more.
fn live(world: &World, job: &Job, counted: &mut Counted) -> Ended {
    let before = world.tap.spoilt();
    let (ended, took) = world.live(job, LONGEST);
    if counted.took.is_zero() {
        counted.took = took;
    }
    counted.met += world.tap.spoilt() - before + world.tap.happened();
    counted.crashed |= matches!(ended, Ended::Crashed);
    ended
}

/// Everything that must hold after a life.
fn judge(world: &World, ended: &Ended) -> Evidence {
    world.heal();
    let evidence = Evidence::gather(world);
    evidence.check(world);
    match ended {
        Ended::Hung => {
            let exchanges = world.tap.history().exchanges;
            let last = exchanges.iter().rev().take(12).rev();
            let last: Vec<String> = last
                .map(|one| {
                    format!("{} {} {} met {:?}: {:?}", one.at, one.method, one.path, one.met, one.answer)
                })
                .collect();
            panic!("it hangs after {} requests, the last: {last:#?}", exchanges.len())
        }
        Ended::Finished(finished) => evidence.check_report(&finished.header.run, &world.report(finished)),
        Ended::Crashed | Ended::Refused(EngineError::Psa(_) | EngineError::Refused(_)) => {}
        Ended::Refused(error) => panic!("{error}"),
    }
    evidence
}

/// Whether there is something to resume.
fn is_left(evidence: &Evidence, run: &RunId) -> bool {
    !evidence.unknown(run).is_empty() || matches!(evidence.last_end(run), None | Some("interrupted"))
}

/// Later lives in which nothing goes wrong: every run that was left is resumed, once, and nothing is left unknown.
fn finish(world: &World, mut before: Evidence, counted: &mut Counted) {
    for run in world.runs() {
        if !is_left(&before, &run) {
            continue;
        }
        let job = Job::Resume { run: run.clone(), faults: faults::Plan::none(), script: Script::default() };
        let ended = live(world, &job, counted);
        let evidence = judge(world, &ended);
        match &ended {
            Ended::Finished(_) => {
                assert_eq!(evidence.unsettled(&run), 0, "not settled after a healthy resume");
            }
            // It had not come to its approval.
            Ended::Refused(EngineError::Refused(why)) if before.unknown(&run).is_empty() => {
                assert!(why.contains("approved") || why.contains("nothing to resume"), "{why}");
            }
            other => panic!("a healthy resume: {other:?}"),
        }
        let unknown = evidence.unknown(&run);
        assert!(unknown.is_empty(), "unknown after a healthy resume: {unknown:?}");
        before = evidence;
    }
}

/// Prints a line; `--nocapture` shows it.
#[expect(clippy::disallowed_macros, reason = "the counts are what the campaign is for")]
pub fn tell(line: &str) {
    println!("{line}");
}

/// What many cases came to.
#[derive(Default)]
pub struct Tally {
    /// Cases in which what was planned did happen.
    cases: u64,
    /// Those in which it did not, because the run did not come that far.
    missed: u64,
    unknown: u64,
    interrupted: u64,
    crashed: u64,
    broken: Vec<String>,
}

impl Tally {
    pub fn add(&mut self, went: Result<Counted, String>) {
        match went {
            Ok(counted) => {
                *(if counted.met > 0 { &mut self.cases } else { &mut self.missed }) += 1;
                self.unknown += counted.unknown as u64;
                self.interrupted += u64::from(counted.interrupted);
                self.crashed += u64::from(counted.crashed);
            }
            Err(why) => self.broken.push(why),
        }
    }

    /// Prints the counts; panics with the first broken cases if there are any.
    pub fn tell(&self, what: &str) {
        let Self { cases, missed, unknown, interrupted, crashed, broken } = self;
        tell(&format!(
            "campaign: {what}: {cases} cases, {} broken ({interrupted} interrupted, {crashed} crashed, {unknown} items \
             unknown until a healthy resume; in {missed} more nothing went wrong)",
            broken.len()
        ));
        let first: Vec<&String> = broken.iter().take(20).collect();
        assert!(broken.is_empty(), "{} broken cases, the first: {first:#?}", broken.len());
    }
}
