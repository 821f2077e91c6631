//! Who plays in a generated tenant, whatever the vendor: clients in their roles, how many configurations each has, and
//! what machines are called. How a role shows (a status, a type, a contract) is each vendor's own matter.

use rand::{Rng, rngs::StdRng};

use super::people::{People, odd_names};

/// What the generator makes of the clients, over and over. The words are those of [`super::CompanyTruth::role`].
pub(crate) const ROLES: [&str; 20] = [
    "active",
    "status_inactive",
    "active_odd",
    "former_client",
    "lookalike_name",
    "tag_offboarded",
    "active_odd",
    "custom_field",
    "lookalike_recent_end",
    "contract_ended",
    "active",
    "lookalike_parent_agreement",
    "status_inactive_odd",
    "lookalike_credit_hold",
    "lookalike_type_removed",
    "former_client_odd",
    "lookalike_bill_to",
    "several",
    "parent_with_child",
    "legal_hold",
];

/// A client in its role.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub name: String,
    /// The short name that its machines carry.
    pub prefix: String,
    pub role: &'static str,
}

/// So many clients, the roles in turn, with plain and odd names, look-alikes, and two of one name.
pub(crate) fn clients(people: &People, count: usize) -> Vec<Client> {
    let mut odd = odd_names().into_iter();
    let mut plain = 0;
    let mut clients: Vec<Client> = Vec::with_capacity(count);
    for number in 0..count {
        let role = ROLES[number % ROLES.len()];
        let mut name = people.company(plain);
        if role.ends_with("_odd") || number % 20 == 10 && number > 20 {
            name = odd.next().unwrap_or(name);
        } else {
            plain += 1;
        }
        if role == "lookalike_name" {
            name = format!("Former {name}");
        }
        // Two offboarded clients of one name: only the id tells them apart.
        if role == "several" && number >= 17 {
            name.clone_from(&clients[number - 14].name);
        }
        let prefix = prefix_of(&name, number);
        clients.push(Client { name, prefix, role });
    }
    clients
}

/// How many configurations a client gets, and whether they are all retired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    pub count: usize,
    pub retired: bool,
}

/// Shares `wanted` configurations out; one offboarded client gets none, another only retired ones.
pub(crate) fn shares(rng: &mut StdRng, roles: &[&str], wanted: usize) -> Vec<Share> {
    let few = roles.len() <= 3;
    let empty = roles.iter().rposition(|role| role.starts_with("former_client")).filter(|_| !few);
    let retired = roles.iter().rposition(|role| role.starts_with("status_inactive")).filter(|_| !few);
    let weights: Vec<u32> =
        (0..roles.len()).map(|at| if Some(at) == empty { 0 } else { rng.random_range(2..30) }).collect();
    let total = u64::from(weights.iter().sum::<u32>().max(1));
    let (mut made, mut weighed) = (0, 0u64);
    weights
        .iter()
        .enumerate()
        .map(|(at, weight)| {
            weighed += u64::from(*weight);
            let until = (wanted as u64 * weighed / total) as usize;
            let count = until - made;
            made = until;
            Share { count, retired: Some(at) == retired }
        })
        .collect()
}

/// What a machine is called. Where odd names may be, a few of them are what real tenants have and programs trip over.
pub(crate) fn machine_name(rng: &mut StdRng, odd: bool, prefix: &str, word: &str, index: usize) -> String {
    match (odd, rng.random_range(0..200)) {
        (true, 0) => String::new(),
        (true, 1) => format!("{prefix}-サーバー{index:02}"),
        (true, 2) => format!("=cmd|'/C calc'!A{index}"),
        (true, 3) => format!("{prefix} \"old\" printer, 2nd floor; don't touch"),
        (true, 4) => format!("{prefix}-{}", "very-long-host-name-".repeat(8)),
        (true, 5) => format!("{prefix}\u{1b}[2J{index:02} 🖥"),
        _ => format!("{prefix}-{word}{:02}", index + 1),
    }
}

/// The short name that a client's machines carry.
pub(crate) fn prefix_of(name: &str, number: usize) -> String {
    let letters: String = name.chars().filter(char::is_ascii_alphabetic).take(5).collect();
    if letters.len() < 3 {
        format!("C{number:03}")
    } else {
        format!("{}{number}", letters.to_ascii_uppercase())
    }
}
