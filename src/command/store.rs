//! `mothball store`: a team's tables are made, and what is kept moves from one store to another.

use super::{
    args::{Copy, Global, Store},
    context::{data_dir, load_settings},
    print::{self, Failure},
    stores::{self, Which},
};
use crate::{
    domain::{ExitCode, text::count},
    store::{
        copy::{CopyError, copy},
        postgres::{Form, PostgresStore},
    },
};

pub async fn store(global: &Global, args: &Store) -> Result<ExitCode, Failure> {
    match args {
        Store::Migrate => migrate(global).await,
        Store::Copy(args) => copied(global, args).await,
    }
}

async fn migrate(global: &Global) -> Result<ExitCode, Failure> {
    let settings = load_settings(global)?;
    let Which::Team(address) = Which::of(Some(&settings), &data_dir(global)?).await? else {
        return Err(Failure::usage(
            format!("there is no store.url in {}", settings.path.display()),
            "The file in the data directory needs no such step.",
        ));
    };
    let found = PostgresStore::migrate(&address).await?;
    print::tell(&match found {
        Form::Empty => format!("{address} has its tables now"),
        Form::Older(_) => format!("the tables in {address} are in the form of this version now"),
        Form::Ours | Form::Newer(_) => {
            format!("the tables in {address} were in the form of this version already")
        }
    });
    Ok(ExitCode::Success)
}

async fn copied(global: &Global, args: &Copy) -> Result<ExitCode, Failure> {
    let data_dir = data_dir(global)?;
    let from = match &args.from {
        Some(named) => Which::named(named)?,
        None => Which::Folder(data_dir.clone()),
    };
    let to = match &args.to {
        Some(named) => Which::named(named)?,
        None => match Which::of(stores::settings(global)?.as_ref(), &data_dir).await? {
            team @ Which::Team(_) => team,
            Which::Folder(_) => {
                return Err(Failure::usage(
                    "it is not said where to copy to",
                    "Name a place with --to, or set store.url in the settings.",
                ));
            }
        },
    };
    if let Which::Folder(folder) = &from
        && !folder.join(crate::store::sqlite::FILE).exists()
    {
        let text = format!("there is no store in {}", folder.display());
        return Err(Failure::usage(text, "Name another place with --from."));
    }
    let (source, target) = (from.open().await?, to.open().await?);
    let done = copy(source.as_ref(), target.as_ref()).await.map_err(failure)?;
    source.close().await;
    target.close().await;
    print::tell(&format!(
        "{} with {} copied from {from} to {to}, and checked there; {from} was left as it is",
        count(done.runs as usize, "run", "runs"),
        count(done.records as usize, "record", "records"),
    ));
    Ok(ExitCode::Success)
}

fn failure(error: CopyError) -> Failure {
    let (code, advice) = match error {
        CopyError::Store(error) => return error.into(),
        CopyError::NotWhole(_) => (ExitCode::Safeguard, "`mothball audit verify` names what is wrong."),
        CopyError::InUse(_) => (ExitCode::Locked, "Wait until that run has ended, or cancel it."),
        CopyError::InHand(_) => (ExitCode::Locked, "Stop `mothball serve` everywhere, and copy again."),
        CopyError::NotEmpty(_) => {
            (ExitCode::Safeguard, "Nothing was changed there. Copy into an empty place.")
        }
        CopyError::Differs(_) => {
            (ExitCode::Safeguard, "Do not use the copy; empty it and copy again while nobody works.")
        }
    };
    Failure { code, message: error.to_string(), advice: advice.to_owned() }
}
