//! The same questions line by line, for screen readers and whoever wants no full screen. The form and the choices are the
//! screen's own.

use std::io;

use secrecy::zeroize::Zeroizing;
use tokio::sync::oneshot;
use tui_input::Input;

use super::desk::RealSetupDesk;
use crate::{
    command::{
        fold,
        print::{self, Failure},
    },
    domain::{ExitCode, criteria::Matching},
    system::{
        signals::{Stop, Stops},
        terminal::{self, Unseen},
    },
    tui::setup::{
        choices::{Choices, Line},
        desk::{Census, Choice, Draft, Preview, Refusal, SetupDesk, Tested, Vendor, Verdict},
        form::{Form, Keeping, Row},
    },
};

/// Why no more is asked.
enum Left {
    /// The input ended, or a person wrote `q`.
    Quit,
    Stopped(Stop),
    Broken(io::Error),
}

/// Asks everything, tests it, and writes the file.
pub async fn ask(desk: &RealSetupDesk) -> Result<ExitCode, Failure> {
    let stops = Stops::listen()
        .map_err(|error| Failure::usage(format!("signals cannot be listened for: {error}"), ""))?;
    let asked = Plain { desk, stops }.go().await;
    Ok(match asked {
        Ok(()) => ExitCode::Success,
        Err(Left::Quit) => {
            say("Nothing was saved.");
            ExitCode::Success
        }
        Err(Left::Stopped(Stop::Hangup)) => ExitCode::Hangup,
        Err(Left::Stopped(Stop::Interrupt)) => ExitCode::Interrupted,
        Err(Left::Stopped(Stop::Terminate)) => ExitCode::Terminated,
        Err(Left::Broken(error)) => {
            return Err(Failure::usage(format!("the answer cannot be read: {error}"), ""));
        }
    })
}

struct Plain<'d> {
    desk: &'d RealSetupDesk,
    stops: Stops,
}

impl Plain<'_> {
    async fn go(&mut self) -> Result<(), Left> {
        let start = self.desk.start();
        say("mothball setup. Nothing is changed in the PSA, and nothing is saved before the last question.");
        say("An empty answer takes what stands in brackets; q leaves.");
        let vendor = self.vendor(&start.vendors).await?;
        let mut form = Form::new(vendor, &start);
        self.fill(&mut form, Row::Profile).await?;
        let (draft, census) = self.tested(&mut form).await?;
        let mut choices = Choices::new(census);
        loop {
            let choice = self.choose(&mut choices, &form.vendor).await?;
            match self.desk.preview(draft.clone(), choice.clone()).await {
                Ok(preview) => {
                    if self.write(&draft, &choice, preview).await? {
                        return Ok(());
                    }
                }
                Err(refusal) => told(&refusal),
            }
        }
    }

    async fn vendor(&mut self, vendors: &[Vendor]) -> Result<Vendor, Left> {
        say("\nWhich PSA do you work with?");
        for (n, vendor) in vendors.iter().enumerate() {
            say(&format!("  {} {}", n + 1, vendor.nouns.product));
        }
        loop {
            let answer = self.line("Number: ").await?;
            match answer.trim().parse::<usize>().ok().and_then(|n| vendors.get(n.checked_sub(1)?)) {
                Some(vendor) => return Ok(vendor.clone()),
                None => say(&format!("A number from 1 to {}, please.", vendors.len())),
            }
        }
    }

    /// Asks for every row from this one on.
    async fn fill(&mut self, form: &mut Form, from: Row) -> Result<(), Left> {
        let rows = form.rows();
        let first = rows.iter().position(|row| *row == from).unwrap_or(0);
        for row in rows.into_iter().skip(first) {
            self.fill_row(form, row).await?;
        }
        Ok(())
    }

    async fn fill_row(&mut self, form: &mut Form, row: Row) -> Result<(), Left> {
        match row {
            Row::Profile => {
                let given = form.profile.value().to_owned();
                let name = self.line(&format!("\nName of the profile [{given}]: ")).await?;
                if !name.trim().is_empty() {
                    form.profile = Input::new(name.trim().to_owned());
                }
            }
            Row::Text(at) => {
                let field = form.field(at).clone();
                let optional = if field.required { "" } else { " May be left empty." };
                say(&format!("\n{}: {}.{optional} Looks like {}", field.key, field.help, field.example));
                let before = form.texts.get(&at).map(|input| input.value().to_owned()).unwrap_or_default();
                let shown = if before.is_empty() { String::new() } else { format!(" [{before}]") };
                loop {
                    let answer = self.line(&format!("{}{shown}: ", field.key)).await?;
                    let answer = if answer.trim().is_empty() { before.as_str() } else { answer.trim() };
                    if !answer.is_empty() || !field.required {
                        form.texts.insert(at, Input::new(answer.to_owned()));
                        break;
                    }
                    say("This is needed.");
                }
            }
            // Where it is kept is asked first: then it is known what to ask for.
            Row::Keeping(_) | Row::Go => {}
            Row::Secret(at) => self.secret(form, at).await?,
        }
        Ok(())
    }

    async fn secret(&mut self, form: &mut Form, at: usize) -> Result<(), Left> {
        let field = form.field(at).clone();
        say(&format!("\n{}: {}. Where shall it be kept?", field.key, field.help));
        let ways = Keeping::all(form.keyring);
        for (n, way) in ways.iter().enumerate() {
            say(&format!("  {} {}. {}", n + 1, way.words(), way.help()));
        }
        let keeping = loop {
            let answer = self.line("Number [1]: ").await?;
            let answer = if answer.trim().is_empty() { "1" } else { answer.trim() };
            match answer.parse::<usize>().ok().and_then(|n| ways.get(n.checked_sub(1)?)) {
                Some(way) => break *way,
                None => say(&format!("A number from 1 to {}, please.", ways.len())),
            }
        };
        let question = match keeping {
            Keeping::File | Keeping::Keyring => {
                format!("{} (not shown while you type or paste): ", field.key)
            }
            Keeping::Command => "Command: ".to_owned(),
            Keeping::Env => format!("Name of the variable [{}]: ", field.example),
        };
        loop {
            let answer =
                if keeping.is_ours() { self.unseen(&question).await? } else { self.line(&question).await? };
            let Some(secret) = form.secrets.get_mut(&at) else { return Ok(()) };
            secret.keeping = keeping;
            match keeping {
                Keeping::File | Keeping::Keyring => secret.secret.paste(&answer),
                Keeping::Command => secret.command = Input::new(answer.trim().to_owned()),
                Keeping::Env if answer.trim().is_empty() => {}
                Keeping::Env => secret.variable = Input::new(answer.trim().to_owned()),
            }
            match secret.way() {
                Ok(_) => return Ok(()),
                Err(what) => say(what),
            }
        }
    }

    /// Tests what was typed until it works, and reads all clients.
    async fn tested(&mut self, form: &mut Form) -> Result<(Draft, Census), Left> {
        let mut again = false;
        loop {
            let draft = match form.draft() {
                Ok(draft) => draft,
                Err((row, what)) => {
                    say(&what);
                    self.fill_row(form, row).await?;
                    continue;
                }
            };
            say(&format!("\nAsking {}. Nothing is changed there.", form.vendor.nouns.product));
            let answer = self.desk.test(draft.clone(), again).await;
            let wrong = match &answer {
                Ok(tested) => {
                    tell(tested);
                    if tested.works() {
                        say(&format!("\nReading all {}.", form.vendor.nouns.clients));
                        match self.desk.census(draft.clone()).await {
                            Ok(census) => return Ok((draft, census)),
                            Err(refusal) => told(&refusal),
                        }
                    }
                    tested
                        .checks
                        .iter()
                        .find(|check| check.verdict == Verdict::Failed)
                        .and_then(|check| check.at)
                }
                Err(refusal) => {
                    told(refusal);
                    refusal.at
                }
            };
            again = false;
            let row = wrong.map_or(Row::Profile, |at| form.row_at(at));
            let resting = matches!(&answer, Ok(tested) if tested.resting);
            let once = if resting { ", s to sign in again now, once" } else { "" };
            let question =
                format!("\nEnter to type again what is wrong, a to type all again, t to test again{once}: ");
            match self.line(&question).await?.trim() {
                "a" => self.fill(form, Row::Profile).await?,
                "t" => {}
                "s" if resting => again = true,
                _ => self.fill_row(form, row).await?,
            }
        }
    }

    async fn choose(&mut self, choices: &mut Choices, vendor: &Vendor) -> Result<Choice, Left> {
        let nouns = vendor.nouns;
        loop {
            say(&format!(
                "\nWhich {} count as offboarded? {} were read; beside each criterion is how many it matches.",
                nouns.clients,
                choices.clients()
            ));
            let lines: Vec<Line> = choices.lines().into_iter().filter(Line::is_criterion).collect();
            for (n, line) in lines.iter().enumerate() {
                say(&format!("  {} {}", n + 1, choices.in_words(line, vendor)));
            }
            for (name, why) in choices.own() {
                say(&format!("Never offered: {name}, {why}"));
            }
            let answer = self.line("Numbers, separated by commas: ").await?;
            let numbers: Option<Vec<usize>> = answer
                .split([',', ' '])
                .filter(|part| !part.is_empty())
                .map(|part| part.parse().ok().filter(|n| (1..=lines.len()).contains(n)))
                .collect();
            let Some(numbers) = numbers.filter(|numbers| !numbers.is_empty()) else {
                say(&format!("At least one number from 1 to {}, please.", lines.len()));
                continue;
            };
            choices.tick_only(numbers.into_iter().filter_map(|n| lines.get(n - 1)));
            if choices.criteria().contract_ended_days.is_some() {
                self.days(choices).await?;
            }
            if choices.ticked() > 1 {
                let answer =
                    self.line("Is any one of them enough, or must all match? any or all [any]: ").await?;
                choices.set_matching(if answer.trim() == "all" { Matching::All } else { Matching::Any });
            }
            self.status(choices, vendor).await?;
            say(&format!(
                "{} of {} {} count as offboarded: {}.",
                choices.matched,
                choices.clients(),
                nouns.clients,
                if choices.examples.is_empty() { "none".to_owned() } else { choices.examples.join(", ") }
            ));
            if self.yes("Is that what you mean? yes or no [yes]: ", true).await? {
                return Ok(choices.choice());
            }
        }
    }

    async fn days(&mut self, choices: &mut Choices) -> Result<(), Left> {
        loop {
            let answer = self.line(&format!("How many days ago or more [{}]: ", choices.days)).await?;
            if answer.trim().is_empty() {
                return Ok(());
            }
            match answer.trim().parse() {
                Ok(days) if days <= 36_500 => {
                    choices.set_days(days);
                    return Ok(());
                }
                _ => say("A whole number of days, please."),
            }
        }
    }

    async fn status(&mut self, choices: &mut Choices, vendor: &Vendor) -> Result<(), Left> {
        if choices.statuses_to_set().is_empty() {
            return Ok(());
        }
        say(&format!(
            "Shall a status be set together with the inactive mark of {}?",
            vendor.nouns.configurations
        ));
        say("  0 none");
        for (n, name) in choices.statuses_to_set().iter().enumerate() {
            say(&format!("  {} {name}", n + 1));
        }
        loop {
            let answer = self.line("Number [0]: ").await?;
            let number = if answer.trim().is_empty() { Some(0) } else { answer.trim().parse::<usize>().ok() };
            match number.filter(|n| *n <= choices.statuses_to_set().len()) {
                Some(n) => {
                    choices.status_to_set = n.checked_sub(1);
                    return Ok(());
                }
                None => say(&format!("A number from 0 to {}, please.", choices.statuses_to_set().len())),
            }
        }
    }

    async fn write(&mut self, draft: &Draft, choice: &Choice, preview: Preview) -> Result<bool, Left> {
        let path = self.desk.start().path;
        let new = match &preview.before {
            None => preview.text.clone(),
            Some(before) => {
                preview.text.replacen(before.as_str(), "# (what stands there already, unchanged)\n", 1)
            }
        };
        say(&format!("\nThis is written to {}:\n\n{new}", path.display()));
        preview.secrets.iter().for_each(|line| say(line));
        if !self.yes("Write it? yes or no [no]: ", false).await? {
            return Ok(false);
        }
        match self.desk.save(draft.clone(), choice.clone(), preview).await {
            Ok(saved) => {
                say(&format!("Written: {}", saved.path.display()));
                saved.secrets.iter().for_each(|line| say(line));
                say(&format!(
                    "`mothball --profile {}` opens Review; `mothball doctor` tests the profile again.",
                    draft.profile
                ));
                Ok(true)
            }
            Err(refusal) => {
                told(&refusal);
                Ok(false)
            }
        }
    }

    async fn yes(&mut self, question: &str, unless_said: bool) -> Result<bool, Left> {
        loop {
            match self.line(question).await?.trim().to_lowercase().as_str() {
                "" => return Ok(unless_said),
                "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => say("yes or no, please."),
            }
        }
    }

    async fn line(&mut self, question: &str) -> Result<Zeroizing<String>, Left> {
        print::ask(question);
        let answer = self.read().await?;
        if answer.trim() == "q" { Err(Left::Quit) } else { Ok(answer) }
    }

    async fn unseen(&mut self, question: &str) -> Result<Zeroizing<String>, Left> {
        let _unseen = Unseen::begin().map_err(Left::Broken)?;
        print::ask(question);
        self.read().await
    }

    /// A thread of its own waits for the line: it cannot be called back, and nothing waits for it at the end.
    async fn read(&mut self) -> Result<Zeroizing<String>, Left> {
        let (send, answer) = oneshot::channel();
        std::thread::spawn(move || send.send(terminal::read_line()));
        tokio::select! {
            answer = answer => match answer {
                Ok(Ok(Some(line))) => Ok(line),
                Ok(Ok(None)) | Err(_) => Err(Left::Quit),
                Ok(Err(error)) => Err(Left::Broken(error)),
            },
            stop = self.stops.next() => Err(Left::Stopped(stop)),
        }
    }
}

/// A line for a person, folded between words.
fn say(text: &str) {
    for line in text.split('\n') {
        for line in fold::lines(line, print::columns().unwrap_or(80)) {
            // An empty line is one, too.
            print::tell(if line.is_empty() { "\n" } else { &line });
        }
    }
}

fn tell(tested: &Tested) {
    for check in &tested.checks {
        let word = match check.verdict {
            Verdict::Passed => "ok",
            Verdict::Warned => "warning",
            Verdict::Failed => "FAILED",
            Verdict::Unknown => "cannot be told",
        };
        say(&format!("{word}: {}: {}", check.name, check.text));
        if let Some(advice) = check.advice.as_ref().filter(|_| check.verdict != Verdict::Passed) {
            say(&format!("  {advice}"));
        }
    }
}

fn told(refusal: &Refusal) {
    say(&refusal.trouble.message);
    if !refusal.trouble.advice.is_empty() {
        say(&format!("  {}", refusal.trouble.advice));
    }
}
