//! `mothball tokens`: who may call the server.

use secrecy::ExposeSecret;
use serde_json::json;

use super::{
    args::{Global, MakeToken, TokenScope, Tokens},
    print::{self, Failure},
    stores,
};
use crate::{
    domain::{
        ExitCode, Timestamp,
        text::{harmless_json, visible},
    },
    service,
    store::{Right, Store, Token},
    system::Clock,
};

pub async fn tokens(global: &Global, args: &Tokens) -> Result<ExitCode, Failure> {
    let store = stores::which(global).await?.open().await?;
    let now = Timestamp::new(Clock::system().now());
    match args {
        Tokens::Make(args) => make(store.as_ref(), args, now).await,
        Tokens::List { json } => list(store.as_ref(), *json, now).await,
        Tokens::Revoke { id } => revoke(store.as_ref(), id, now).await,
    }
}

async fn make(store: &dyn Store, args: &MakeToken, now: Timestamp) -> Result<ExitCode, Failure> {
    let name = args.name.trim();
    if name.is_empty() || name.chars().count() > 100 {
        return Err(Failure::usage("a token needs a name of at most 100 characters", "Say whose it is."));
    }
    let expires = match args.until.as_deref() {
        None => None,
        Some(day) => {
            let end = Timestamp::after_day(day).filter(|end| *end > now);
            let wrong =
                || Failure::usage(format!("--until \"{day}\" is no day to come"), "Write it as 2026-12-31.");
            Some(end.ok_or_else(wrong)?)
        }
    };
    let mut rights: Vec<Right> = args.scopes.iter().map(|scope| right(*scope)).collect();
    rights.sort();
    rights.dedup();
    let (token, secret) = service::tokens::make(name, &rights, expires, now);
    store.put_token(&token).await?;
    print::tell(&format!("token {} of {name} may {}; it is not shown again", token.id, words(&rights)));
    print::out(&format!("{}\n", secret.expose_secret()));
    Ok(ExitCode::Success)
}

async fn list(store: &dyn Store, as_json: bool, now: Timestamp) -> Result<ExitCode, Failure> {
    let tokens = store.tokens().await?;
    if as_json {
        let list: Vec<_> = tokens.iter().map(document).collect();
        let text = serde_json::to_string_pretty(&list).unwrap_or_default();
        print::out(&format!("{}\n", harmless_json(&text)));
    } else if tokens.is_empty() {
        print::tell("no tokens yet; make one with: mothball tokens make NAME --scope read");
    } else {
        for token in &tokens {
            print::out(&format!("{}\n", visible(&line(token, now))));
        }
    }
    Ok(ExitCode::Success)
}

async fn revoke(store: &dyn Store, id: &str, now: Timestamp) -> Result<ExitCode, Failure> {
    if store.revoke_token(id, now).await? {
        print::tell(&format!("token {id} opens nothing any more"));
        return Ok(ExitCode::Success);
    }
    let message = match store.token(id).await? {
        Some(_) => format!("token {id} was revoked already"),
        None => format!("there is no token {id}"),
    };
    Err(Failure::usage(message, "`mothball tokens list` lists them."))
}

fn right(scope: TokenScope) -> Right {
    match scope {
        TokenScope::Read => Right::Read,
        TokenScope::Trigger => Right::Trigger,
        TokenScope::Approve => Right::Approve,
    }
}

fn words(rights: &[Right]) -> String {
    rights.iter().map(|right| right.word()).collect::<Vec<_>>().join(", ")
}

fn line(token: &Token, now: Timestamp) -> String {
    let state = match (token.revoked, token.expires) {
        (Some(at), _) => format!("revoked {}", at.minutes()),
        (None, Some(end)) if end <= now => format!("expired {}", end.minutes()),
        (None, Some(end)) => format!("until {}", end.minutes()),
        (None, None) => "no end".to_owned(),
    };
    let used = token.last_used.map_or_else(|| "never used".to_owned(), |at| format!("used {}", at.minutes()));
    format!(
        "{}  {:20}  {:22}  made {}  {used}  {state}",
        token.id,
        token.name,
        words(&token.rights),
        token.made_at.minutes()
    )
}

fn document(token: &Token) -> serde_json::Value {
    json!({
        "id": token.id,
        "name": token.name,
        "scopes": token.rights,
        "made_at": token.made_at,
        "expires": token.expires,
        "revoked": token.revoked,
        "last_used": token.last_used,
    })
}
