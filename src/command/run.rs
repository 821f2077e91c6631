//! `mothball run`: the main job without a screen. It never asks.

use super::{
    args::{Global, Run},
    conduct::{conclude, see_through, tell_parked},
    context::Context,
    print::{self, Failure},
    progress::Style,
};
use crate::{
    domain::{ClientId, ConfigId, ExitCode, Origin, event::End, selection::Scope},
    engine::{Ask, Begun, Finished, Order, Who},
    system::{
        process::user,
        signals::{Stop, Stops},
    },
};

pub async fn run(global: &Global, args: &Run) -> Result<ExitCode, Failure> {
    let ask = asked(args)?;
    let mut stops = Stops::listen()
        .map_err(|error| Failure::usage(format!("signals cannot be listened for: {error}"), ""))?;
    let context = Context::open(global, false).await?;
    let style = Style::chosen(args.output.progress, global.quiet);
    for warning in &context.settings.warnings {
        style.tell("warning", warning);
    }
    let order = order(args, ask, &context);
    let (finished, stopped, usage) = carry_out(&context, style, &order, &mut stops).await?;
    let code = conclude(&context, &args.output, style, &finished, stopped).await?;
    Ok(if usage { ExitCode::Usage } else { code })
}

/// From the order to the end of its run; the last value says whether the inputs contradict each other.
async fn carry_out(
    context: &Context,
    style: Style,
    order: &Order,
    stops: &mut Stops,
) -> Result<(Finished, Option<Stop>, bool), Failure> {
    let engine = &context.engine;
    let planning = async {
        for found in engine.look_again_first().await {
            style.tell("warning", &found);
        }
        engine.plan(order).await
    };
    let planned = tokio::select! {
        planned = planning => planned,
        stop = stops.next() => {
            let message = format!("The run was {} before anything was planned; nothing was changed.", stop.words());
            return Ok((engine.conclude_stopped(order, End::Interrupted, message).await, Some(stop), false));
        }
    };
    match engine.begin(order, planned).await? {
        Begun::Applies(handle) => {
            let (finished, stopped) = see_through(engine, style, handle, stops).await;
            Ok((finished, stopped, false))
        }
        Begun::Parked(parked) => {
            tell_parked(style, &parked);
            Ok((parked, None, false))
        }
        Begun::Ended { finished, usage } => Ok((finished, None, usage)),
    }
}

fn order(args: &Run, ask: Ask, context: &Context) -> Order {
    let scope = Scope {
        types: args.types.clone(),
        sites: args.sites.clone(),
        ids: args.config_ids.iter().map(|id| ConfigId::from(id.trim())).collect(),
        include_mixed: args.include_mixed,
        include_archived: args.include_archived,
    };
    Order {
        who: who(args, &ask, context),
        ask,
        statuses: args.offboarded_status.clone(),
        scope,
        require_approval: args.require_approval,
        limit_clients: args.limit_clients,
        max_changes: args.max_changes,
    }
}

fn asked(args: &Run) -> Result<Ask, Failure> {
    if args.all {
        return Ok(Ask::All);
    }
    let mut ids: Vec<ClientId> = args.client_id.iter().map(|id| ClientId::from(id.trim())).collect();
    ids.sort();
    ids.dedup();
    let mut names = args.client_name.clone();
    names.dedup();
    let blank = |text: &str| text.trim().is_empty();
    if ids.iter().any(|id| blank(id.as_str())) || names.iter().any(|name| blank(name)) {
        return Err(Failure::usage(
            "an empty client id or name means nobody",
            "Leave it out, or name a client.",
        ));
    }
    if ids.is_empty() && names.is_empty() {
        return Err(Failure::usage(
            "which clients?",
            "Name them with --client-id or --client-name, or take every offboarded one with --all.",
        ));
    }
    Ok(Ask::Named { ids, names })
}

fn who(args: &Run, ask: &Ask, context: &Context) -> Who {
    let attended = match (args.attended, args.unattended) {
        (true, _) => true,
        (_, true) => false,
        _ => *ask != Ask::All || print::stdin_is_terminal(),
    };
    let single = match ask {
        Ask::All => false,
        Ask::Named { ids, names } => ids.len().max(names.len()) == 1,
    };
    Who {
        operator: context.operator.clone(),
        user: user(),
        origin: Origin::Person,
        run: None,
        requested_by: said(args.requested_by.as_deref()),
        ticket: said(args.ticket.as_deref()),
        reason: said(args.reason.as_deref()),
        dry_run: args.dry_run,
        attended,
        single,
        parent: None,
        links: !args.no_links,
    }
}

/// What was really said: blanks are nothing.
fn said(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}
