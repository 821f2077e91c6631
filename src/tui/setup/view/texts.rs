//! Pages of text: what the PSA said, the file, and what is written.

use super::{
    super::{
        super::{prose::Prose, theme::Meaning},
        desk::{Check, Preview, Refusal, Saved, Tested, Verdict},
        model::{FilePage, Setup, TestPage},
    },
    spinner,
};

pub fn test(model: &Setup, page: &TestPage, prose: &mut Prose<()>) {
    let product = model.form.as_ref().map_or("the PSA", |form| form.vendor.nouns.product);
    let clients = model.form.as_ref().map_or("clients", |form| form.vendor.nouns.clients);
    match &page.answer {
        _ if page.counting => {
            let text =
                format!("{} reading all {clients}, to count what each criterion would match", spinner(model));
            prose.say(0, Meaning::Info, &text);
        }
        None => {
            prose.say(0, Meaning::Info, &format!("{} asking {product}", spinner(model)));
            prose.say(0, Meaning::Muted, "Address, sign-in, rights. Nothing is changed there.");
        }
        Some(Ok(tested)) => told(model, tested, product, prose),
        Some(Err(refusal)) => refused(model, refusal, prose),
    }
}

fn told(model: &Setup, tested: &Tested, product: &str, prose: &mut Prose<()>) {
    let of = |verdict| tested.checks.iter().filter(move |check| check.verdict == verdict);
    let (failed, warned) = (of(Verdict::Failed).count(), of(Verdict::Warned).count());
    let (meaning, text) = match (failed, warned) {
        (0, 0) => (Meaning::Good, format!("{product} accepts this: the main job can be done.")),
        (0, _) => (
            Meaning::Good,
            format!(
                "{product} accepts this: the main job can be done. {warned} of the extras cannot; that can be mended later."
            ),
        ),
        _ if tested.resting => (Meaning::Bad, "Nothing was sent: see why.".to_owned()),
        _ => (
            Meaning::Bad,
            "The main job cannot be done yet. Nothing is lost: mend it and test again.".to_owned(),
        ),
    };
    prose.say(0, meaning, &text);
    prose.blank();
    // What must be mended stands at the top.
    for verdict in [Verdict::Failed, Verdict::Warned, Verdict::Unknown, Verdict::Passed] {
        for check in of(verdict) {
            line(model, check, prose);
        }
    }
}

fn line(model: &Setup, check: &Check, prose: &mut Prose<()>) {
    let symbols = model.look.symbols;
    let (sign, word, meaning) = match check.verdict {
        Verdict::Passed => (symbols.done, "", Meaning::Good),
        Verdict::Warned => (symbols.warning, "warning: ", Meaning::Warn),
        Verdict::Failed => (symbols.failed, "FAILED: ", Meaning::Bad),
        Verdict::Unknown => (symbols.unknown, "cannot be told: ", Meaning::Text),
    };
    prose.item(0, sign, meaning, &format!("{word}{}: {}", check.name, check.text));
    if let Some(advice) = &check.advice {
        prose.say(2, if check.verdict == Verdict::Failed { Meaning::Text } else { Meaning::Muted }, advice);
    }
}

fn refused(model: &Setup, refusal: &Refusal, prose: &mut Prose<()>) {
    prose.item(0, model.look.symbols.failed, Meaning::Bad, &refusal.trouble.message);
    if !refusal.trouble.advice.is_empty() {
        prose.say(2, Meaning::Text, &refusal.trouble.advice);
    }
}

pub fn file(model: &Setup, page: &FilePage, prose: &mut Prose<()>) {
    let path = model.start.path.display();
    match &page.answer {
        _ if page.saving => prose.say(0, Meaning::Info, &format!("{} writing {path}", spinner(model))),
        None => prose.say(0, Meaning::Info, &format!("{} making the file", spinner(model))),
        Some(Err(refusal)) => refused(model, refusal, prose),
        Some(Ok(preview)) => {
            let what = if preview.before.is_some() {
                format!("This is added to {path}. What stands there already stays as it is.")
            } else {
                format!("This is written to {path}, for you alone to read. It can be changed by hand later.")
            };
            prose.say(0, Meaning::Title, &what);
            for secret in &preview.secrets {
                prose.item(0, model.look.symbols.bullet, Meaning::Text, secret);
            }
            prose.blank();
            shown(preview, model.look.symbols.more, prose);
        }
    }
}

/// The text without what is there already.
fn shown(preview: &Preview, more: &str, prose: &mut Prose<()>) {
    let (head, tail) =
        match preview.before.as_ref().and_then(|before| preview.text.split_once(before.as_str())) {
            Some(parts) => parts,
            None => ("", preview.text.as_str()),
        };
    let mut lines = |text: &str| {
        for line in text.lines() {
            if line.trim().is_empty() {
                prose.blank();
            } else {
                prose.say(0, if line.starts_with('#') { Meaning::Muted } else { Meaning::Text }, line);
            }
        }
    };
    lines(head);
    if let Some(before) = &preview.before {
        let count = crate::domain::text::count(before.lines().count(), "line", "lines");
        lines(&format!("# {more} {count} of yours, unchanged {more}"));
    }
    lines(tail);
}

pub fn done(model: &Setup, saved: &Saved, prose: &mut Prose<()>) {
    prose.item(0, model.look.symbols.done, Meaning::Good, &format!("Written: {}", saved.path.display()));
    for secret in &saved.secrets {
        prose.item(0, model.look.symbols.bullet, Meaning::Text, secret);
    }
    prose.blank();
    let profile = model.tested.as_ref().map_or("main", |draft| draft.profile.as_str());
    prose.say(
        0,
        Meaning::Text,
        "Review shows the offboarded clients and what they left. Nothing is ticked there, and nothing is changed before you confirm it.",
    );
    let again = if model.start.exists { format!(" --profile {profile}") } else { String::new() };
    prose.say(
        0,
        Meaning::Muted,
        &format!(
            "From now on: mothball{again} opens Review, mothball{again} doctor tests the profile again."
        ),
    );
}
