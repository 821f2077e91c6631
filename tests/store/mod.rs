//! What all stores promise, checked on each; and what only the one on disk, or only a team's, promises.

mod copying;
mod decisions;
mod disk;
mod journal;
mod leases;
mod memory_of_things;
mod pruning;
mod queue;
pub(crate) mod samples;
mod schedules;
mod seats;
mod team;
mod tokens;
mod watching;

/// Makes one test per store from a check that is given a `&dyn Store`.
macro_rules! on_every_store {
    ($($check:ident),+ $(,)?) => {
        $(mod $check {
            #[tokio::test]
            async fn in_memory() {
                super::$check(&mothball::store::MemoryStore::new()).await;
            }

            #[tokio::test]
            async fn on_disk() {
                let folder = tempfile::tempdir().unwrap();
                let store = mothball::store::SqliteStore::open(folder.path()).await.unwrap();
                super::$check(&store).await;
                mothball::store::Store::close(&store).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                let Some(database) = crate::support::postgres::database().await else { return };
                let store = database.open().await;
                super::$check(&store).await;
                mothball::store::Store::close(&store).await;
            }
        })+
    };
}
pub(crate) use on_every_store;
