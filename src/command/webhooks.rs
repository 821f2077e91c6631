//! `mothball webhooks`: sets webhooks up at the PSA, lists and takes them away. The profile's `webhook` table says what
//! they prove themselves with; nothing of it is printed, but where a vendor has the address itself prove something.

use std::sync::Arc;

use serde_json::json;

use super::{
    args::{self, Global},
    context::{Context, load_settings, psa_failure},
    print::{self, Failure},
};
use crate::{
    domain::{
        ExitCode,
        text::{harmless_json, visible},
    },
    psa::{
        port::SignInMemory,
        registry::Field,
        webhook::{Address, Registered, Registrar, Registration},
    },
    settings::Profile,
    system::Clock,
    telemetry,
};

pub async fn webhooks(global: &Global, args: &args::Webhooks) -> Result<ExitCode, Failure> {
    match args {
        args::Webhooks::Register(args) => register(global, args).await,
        args::Webhooks::List { json } => list(global, *json).await,
        args::Webhooks::Remove { url, dry_run } => remove(global, url.as_deref(), *dry_run).await,
    }
}

/// The profile of a command, and what works at its PSA.
struct Opened {
    profile: Profile,
    registrar: Arc<dyn Registrar>,
    /// Nothing may be written: the settings say so.
    dry_run: bool,
}

async fn open(global: &Global) -> Result<Opened, Failure> {
    let settings = load_settings(global)?;
    let usage = |error: crate::settings::SettingsError| Failure::usage(error.to_string(), "");
    let profile = settings.profile(global.profile.as_deref()).map_err(usage)?.clone();
    let dry_run = settings.safeguards.dry_run;
    let context = Context::with_settings(settings, global, false).await?;
    let mut connection = profile.connection(Clock::system(), None).await.map_err(usage)?;
    connection.memory = Some(Arc::clone(&context.sign_in) as Arc<dyn SignInMemory>);
    let registrar = (profile.room.webhooks.registrar)(connection).map_err(|error| psa_failure(&error))?;
    Ok(Opened { profile, registrar, dry_run })
}

async fn register(global: &Global, args: &args::Register) -> Result<ExitCode, Failure> {
    let settings = load_settings(global)?;
    let usage = |error: crate::settings::SettingsError| Failure::usage(error.to_string(), "");
    let profile = settings.profile(global.profile.as_deref()).map_err(usage)?.clone();
    let wanted = registration(&profile, &args.url).await?;
    let steps = (profile.room.webhooks.steps)(&wanted);
    if args.steps {
        print_steps(&steps);
        return Ok(ExitCode::Success);
    }
    let Opened { registrar, dry_run, .. } = open(global).await?;
    if dry_run || args.dry_run {
        let there = registrar.list(&profile.name).await.map_err(|error| psa_failure(&error))?;
        let kept = there.iter().any(|hook| hook.ours && hook.active && wanted.address.is_of(&hook.url));
        let what = if kept { "are there already" } else { "would be made" };
        print::tell(&format!("dry run: webhooks to {} {what}; nothing was changed", wanted.address.url()));
        return Ok(ExitCode::Success);
    }
    match registrar.register(&wanted).await {
        Ok(hooks) => {
            for hook in &hooks {
                let what = if hook.new { "made" } else { "is there already" };
                print::tell(&format!("{what}: {}", words(hook)));
                if let Some(note) = &hook.note {
                    print::tell(&format!("  {note}"));
                }
            }
            print::tell(
                "`mothball serve` must be running there, with this profile's webhook table in its settings.",
            );
            Ok(ExitCode::Success)
        }
        Err(error) => {
            print::tell("The webhooks could not be set up by the API. By hand it goes so:");
            print_steps(&steps);
            Err(psa_failure(&error))
        }
    }
}

/// What shall be set up, with the secrets fetched.
async fn registration(profile: &Profile, url: &str) -> Result<Registration, Failure> {
    let Some(webhook) = &profile.webhook else {
        let message =
            format!("the profile \"{}\" has no webhook table, so no webhook would be let in", profile.name);
        return Err(Failure::usage(message, example(profile)));
    };
    let lock = webhook.lock(&profile.name).await.map_err(|error| Failure::usage(error.to_string(), ""))?;
    lock.secrets.values().for_each(telemetry::keep_secret);
    // What could be guessed is refused here as it is by the server.
    for key in lock.secrets.keys() {
        lock.secret(key).map_err(|error| psa_failure(&error))?;
    }
    let address = Address::of(url, &profile.name).map_err(|error| {
        Failure::usage(
            format!("--url: {error}"),
            "Name the address at which the PSA reaches this program's server.",
        )
    })?;
    Ok(Registration { address, lock, criteria: profile.criteria.clone() })
}

/// What to write into the settings file.
fn example(profile: &Profile) -> String {
    let way = profile.room.webhooks.ways.first().copied().unwrap_or_default();
    let line = |key: &&str| {
        let field: Option<&Field> = profile.room.webhooks.fields.iter().find(|field| field.key == *key);
        let example = field.map(|field| field.example).unwrap_or_default();
        match field.map(|field| field.kind) {
            Some(crate::psa::registry::FieldKind::Secret) => format!("{key} = {{ env = \"{example}\" }}"),
            _ => format!("{key} = \"{example}\""),
        }
    };
    let lines: Vec<String> = way.iter().map(line).collect();
    format!(
        "Add it to the settings file, with a secret such as `openssl rand -hex 32` prints:\n  [profiles.{}.webhook]\n  {}",
        profile.name,
        lines.join("\n  ")
    )
}

fn print_steps(steps: &[String]) {
    for (number, step) in (1..).zip(steps) {
        print::out(&format!("{number}. {}\n", visible(step)));
    }
}

async fn list(global: &Global, as_json: bool) -> Result<ExitCode, Failure> {
    let Opened { profile, registrar, .. } = open(global).await?;
    let hooks = registrar.list(&profile.name).await.map_err(|error| psa_failure(&error))?;
    if as_json {
        let list: Vec<_> = hooks.iter().map(document).collect();
        let text = serde_json::to_string_pretty(&list).unwrap_or_default();
        print::out(&format!("{}\n", harmless_json(&text)));
        return Ok(ExitCode::Success);
    }
    for hook in &hooks {
        let whose = if hook.ours { "ours " } else { "     " };
        print::out(&format!("{whose}{}\n", visible(&words(hook))));
    }
    if !hooks.iter().any(|hook| hook.ours) {
        print::tell(&format!(
            "none is this program's for the profile \"{}\"; `mothball webhooks register --url …` makes them",
            profile.name
        ));
    }
    Ok(ExitCode::Success)
}

async fn remove(global: &Global, url: Option<&str>, only_look: bool) -> Result<ExitCode, Failure> {
    let Opened { profile, registrar, dry_run } = open(global).await?;
    let address = url.map(|url| Address::of(url, &profile.name)).transpose().map_err(|error| {
        Failure::usage(format!("--url: {error}"), "`mothball webhooks list` shows where they go to.")
    })?;
    let hooks = registrar.list(&profile.name).await.map_err(|error| psa_failure(&error))?;
    let fits = |hook: &&Registered| address.as_ref().is_none_or(|address| address.is_of(&hook.url));
    let ours: Vec<&Registered> = hooks.iter().filter(|hook| hook.ours).filter(fits).collect();
    if ours.is_empty() {
        print::tell("there is none to remove; `mothball webhooks list` shows what is there");
        return Ok(ExitCode::Success);
    }
    for hook in ours {
        if dry_run || only_look {
            print::tell(&format!("dry run: would be removed: {}", words(hook)));
            continue;
        }
        registrar.remove(hook).await.map_err(|error| psa_failure(&error))?;
        print::tell(&format!("removed: {}", words(hook)));
    }
    Ok(ExitCode::Success)
}

fn words(hook: &Registered) -> String {
    let about = if hook.about.is_empty() { String::new() } else { format!(" ({})", hook.about) };
    let name = if hook.name.is_empty() { String::new() } else { format!(" \"{}\"", hook.name) };
    let inactive = if hook.active { "" } else { ", not active" };
    format!("{}{name}{about} to {}{inactive}", hook.id, hook.url)
}

fn document(hook: &Registered) -> serde_json::Value {
    json!({
        "id": hook.id, "about": hook.about, "name": hook.name, "url": hook.url, "active": hook.active, "ours": hook.ours,
    })
}
