//! The real binary before a team's database that has a certificate of the house's own authority, or a bad one.

use mothball::simulator::Options;

use crate::support::{
    postgres::{self, Database},
    program::{Ended, Program},
    tls::{Flaw, shown},
};

/// The address with the certificate checked in full, and whom to trust.
fn trusting(plain: &str, authority: &str) -> Database {
    Database { url: format!("{plain}&sslmode=verify-full&sslrootcert={authority}") }
}

async fn at(program: &mut Program, database: Database) -> Ended {
    program.team = Some(database);
    program.run(&["runs", "list"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_database_that_proves_who_it_is_is_talked_to() {
    let Some(server) = postgres::server().await else { return };
    let plain = server.database().await.url;
    let few = Options { clients: 5, configurations: 10, ..Options::default() };
    let mut program = Program::of_a_team(few, Database { url: plain.clone() }).await;

    let good = shown(Flaw::None);
    server.show(&good.certificate, &good.key).await;
    let authority = good.authority.path().display().to_string();
    let ended = at(&mut program, trusting(&plain, &authority)).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let encrypted: bool = sqlx::query_scalar("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        .fetch_one(&mut trusting(&plain, &authority).raw().await)
        .await
        .unwrap();
    assert!(encrypted);

    let stranger = shown(Flaw::None).authority;
    let nowhere = program.folder.path().join("nowhere.pem");
    for wrong in [stranger.path(), &nowhere] {
        let refused = at(&mut program, trusting(&plain, &wrong.display().to_string())).await;
        assert_refused(&refused, wrong.to_str().unwrap());
    }
    for flaw in Flaw::BAD {
        let bad = shown(flaw);
        server.show(&bad.certificate, &bad.key).await;
        let authority = bad.authority.path().display().to_string();
        let refused = at(&mut program, trusting(&plain, &authority)).await;
        assert_refused(&refused, &format!("{flaw:?}"));
        assert!(refused.stderr.contains("certificate"), "{flaw:?}: {}", refused.stderr);
    }
    program.team = Some(Database { url: plain });
    program.check().await;
}

/// It says that it is the certificate, and what to do.
fn assert_refused(ended: &Ended, what: &str) {
    assert_eq!(ended.code, 2, "{what}: {}", ended.stderr);
    assert!(ended.stderr.contains("no safe connection to the database"), "{what}: {}", ended.stderr);
    assert!(ended.stderr.contains("?sslrootcert=FILE"), "{what}: {}", ended.stderr);
}
