//! `mothball runs undo`: what was set inactive is set back to what it was.

use super::super::{
    args::{Global, Undo},
    conduct::{conclude, see_through, tell_parked},
    context::Context,
    print::Failure,
    progress::Style,
};
use crate::{
    domain::{ConfigId, ExitCode, event::End},
    engine::{self, Begun, Finished, UndoOf, UndoOrder, Who},
    store::StoredRun,
    system::{
        process::user,
        signals::{Stop, Stops},
    },
};

/// Undoes `run`, or all of a client, on the profile of the run unless another is named.
pub async fn undo(global: &Global, args: &Undo, run: Option<StoredRun>) -> Result<ExitCode, Failure> {
    let mut stops = Stops::listen()
        .map_err(|error| Failure::usage(format!("signals cannot be listened for: {error}"), ""))?;
    let of_run = run.as_ref().map(|run| run.header.profile.clone());
    let profile = global.profile.clone().or(of_run);
    let context = Context::open(&Global { profile, ..global.clone() }, false).await?;
    let style = Style::chosen(args.output.progress, global.quiet);
    let order = UndoOrder {
        undo: wish(args),
        require_approval: args.require_approval,
        who: who(args, run.as_ref(), &context),
    };
    let (finished, stopped) = carry_out(&context, style, &order, &mut stops).await?;
    conclude(&context, &args.output, style, &finished, stopped).await
}

async fn carry_out(
    context: &Context,
    style: Style,
    order: &UndoOrder,
    stops: &mut Stops,
) -> Result<(Finished, Option<Stop>), Failure> {
    let engine = &context.engine;
    let drafted = tokio::select! {
        drafted = engine.draft_undo(&order.undo, &order.who) => drafted,
        stop = stops.next() => {
            let message = format!("The undo was {} before anything was planned; nothing was changed.", stop.words());
            return Ok((engine.conclude_stopped_undo(order, End::Interrupted, message).await, Some(stop)));
        }
    };
    match engine.begin_undo(order, drafted).await? {
        Begun::Applies(handle) => Ok(see_through(engine, style, handle, stops).await),
        Begun::Parked(parked) => {
            tell_parked(style, &parked);
            Ok((parked, None))
        }
        Begun::Ended { finished, .. } => Ok((finished, None)),
    }
}

fn wish(args: &Undo) -> engine::Undo {
    let of = match (&args.id, &args.client_id) {
        (Some(run), _) => UndoOf::Run(run.as_str().into()),
        (None, client) => UndoOf::Client(client.as_deref().unwrap_or_default().trim().into()),
    };
    let only = args.only.iter().map(|id| ConfigId::from(id.trim())).collect();
    engine::Undo { of, only }
}

fn who(args: &Undo, run: Option<&StoredRun>, context: &Context) -> Who {
    let said = |text: &Option<String>| {
        text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    Who {
        operator: context.operator.clone(),
        user: user(),
        requested_by: said(&args.requested_by),
        ticket: said(&args.ticket).or_else(|| run.and_then(|run| run.header.ticket.clone())),
        reason: said(&args.reason),
        dry_run: args.dry_run,
        attended: true,
        parent: run.map(|run| run.header.run.clone()),
        ..Who::default()
    }
}
