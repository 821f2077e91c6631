//! The real binary from outside: the contract's commands, exit codes and report.

mod approval;
mod audit;
mod bad_disk;
mod bad_input;
mod exports;
mod full_disk;
mod help;
mod holds;
mod killed;
mod locks;
mod notes;
mod power_cut;
mod run;
mod schedules;
mod screen_settings;
mod secrets;
mod setup;
mod sign_in;
mod simulate;
mod team;
mod team_tls;
mod tls;
mod unattended;
mod undo;
mod webhooks;

use mothball::simulator::CompanyTruth;

use crate::support::program::Program;

/// Offboarded companies with active configurations, and a name that nobody shares.
fn offboarded(program: &Program) -> Vec<CompanyTruth> {
    let truth = program.simulator.truth();
    let shared = |name: &str| {
        let same = |company: &&CompanyTruth| company.name.trim().to_lowercase() == name.trim().to_lowercase();
        truth.companies.values().filter(same).count() > 1
    };
    let mut list: Vec<CompanyTruth> = truth
        .companies
        .values()
        .filter(|company| company.offboarded.any() && !company.own && !company.deleted)
        .filter(|company| !shared(&company.name))
        .filter(|company| {
            truth.configurations.values().filter(|one| one.company == company.id && one.is_active()).count()
                >= 3
        })
        .cloned()
        .collect();
    list.sort_by_key(|company| company.id.parse::<u64>().unwrap());
    list
}

fn active(program: &Program, client: &str) -> Vec<String> {
    let truth = program.simulator.truth();
    truth
        .configurations
        .values()
        .filter(|one| one.company == client && one.is_active())
        .map(|one| one.id.clone())
        .collect()
}
