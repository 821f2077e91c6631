//! The setup screen: what its keys do, what it shows, and that no secret gets out of it.

mod behaviour;
mod screens;
mod secrets;

use std::path::PathBuf;

use jiff::civil::date;
use mothball::{
    domain::{Client, ClientId, Signals, client::ContractHistory},
    psa::registry::{FieldKind, ROOMS},
    tui::{
        desk::Trouble,
        key::Key,
        keymap::Keymap,
        model::Look,
        setup::{
            Leave,
            desk::{At, Census, Check, Field, Preview, Refusal, Saved, Start, Tested, Vendor, Verdict},
            form::Row,
            model::{Effect, Message, Page, Setup},
            update::update,
            view::view,
        },
        theme::Theme,
        view::Picture,
    },
};
use secrecy::zeroize::Zeroizing;

use super::world::lines;

/// What is typed as a secret. It must not be seen anywhere.
pub const CANARY: &str = "cAnArY-of-the-setup";

pub fn vendors() -> Vec<Vendor> {
    ROOMS
        .iter()
        .map(|room| Vendor {
            key: room.key,
            nouns: room.nouns,
            statuses: room.criteria.statuses,
            tags: room.criteria.tags,
            fields: room
                .fields
                .iter()
                .map(|field| Field {
                    key: field.key,
                    secret: field.kind == FieldKind::Secret,
                    required: field.required,
                    help: field.help,
                    example: field.example,
                })
                .collect(),
        })
        .collect()
}

pub fn start(first: bool) -> Start {
    Start {
        path: PathBuf::from("/home/jane/.config/mothball/config.toml"),
        exists: false,
        first,
        vendors: vendors(),
        profile: "main".to_owned(),
        keyring: true,
    }
}

fn client(id: i64, name: &str, signals: Signals) -> Client {
    Client {
        id: ClientId::from(id),
        name: name.to_owned(),
        identifier: None,
        parent: None,
        signals,
        own: None,
        record_url: None,
    }
}

pub fn census() -> Census {
    let signals = |status: &str, tag: Option<&str>, inactive: bool| Signals {
        inactive: Some(inactive),
        status: Some(status.to_owned()),
        tags: tag.into_iter().map(str::to_owned).collect(),
        custom_field: None,
        contracts: Some(ContractHistory::default()),
    };
    let ended = |on| Some(ContractHistory { existed: true, running: false, last_ended: Some(on) });
    let mut clients = vec![
        client(2, "Alpine Dental", signals("Active", None, false)),
        client(3, "Birch & Sons", signals("Former Client", Some("Offboarded"), true)),
        client(4, "Cobalt Freight", signals("former client ", None, true)),
        client(5, "Delta Bakery", signals("Active", Some("Offboarded"), false)),
        client(6, "Echo Legal", signals("Inactive", None, true)),
    ];
    clients[0].signals.contracts = ended(date(2026, 9, 1));
    clients[1].signals.contracts = ended(date(2026, 10, 1));
    clients[2].signals.contracts = ended(date(2026, 11, 20));
    let mut own = client(1, "Acme MSP", signals("Former Client", Some("Offboarded"), true));
    own.own = Some("the MSP's own company: its identifier is the login company id".to_owned());
    clients.push(own);
    Census {
        clients,
        statuses: ["Active", "Former Client", "Inactive", "Prospect"].map(str::to_owned).into(),
        tags: ["Offboarded", "Vendor"].map(str::to_owned).into(),
        no_contracts: None,
        statuses_to_set: ["Decommissioned", "Retired"].map(str::to_owned).into(),
        today: date(2026, 11, 26),
    }
}

pub fn check(name: &str, verdict: Verdict, text: &str) -> Check {
    Check { name: name.to_owned(), verdict, text: text.to_owned(), advice: None, at: None }
}

pub fn passed() -> Tested {
    Tested {
        checks: vec![
            check("address", Verdict::Passed, "https://api-na.myconnectwise.net answers for Acme MSP"),
            check("sign-in", Verdict::Passed, "the key pair and the client id are accepted"),
        ],
        resting: false,
    }
}

pub fn refused_sign_in(resting: bool) -> Tested {
    let failed = Check {
        advice: Some("Check public_key, private_key and company_id (System > Members).".to_owned()),
        at: Some(At::Key("private_key")),
        ..check("sign-in", Verdict::Failed, "the PSA refused the sign-in: 401")
    };
    let address = check("address", Verdict::Passed, "it answers");
    Tested { checks: vec![address, failed], resting }
}

pub fn refusal(at: Option<At>, message: &str) -> Refusal {
    let trouble = Trouble { message: message.to_owned(), advice: "Do something about it.".to_owned() };
    Refusal { trouble, at }
}

/// A setup that is driven by keys without a terminal; its questions are kept for the test to answer.
pub struct Driver {
    pub model: Setup,
    pub asked: Vec<Effect>,
}

impl Driver {
    pub fn new(start: Start, width: u16, height: u16) -> Self {
        Self {
            model: Setup::new(start, (width, height), Look::new(Theme::Dark, false), Keymap::default()),
            asked: Vec::new(),
        }
    }

    /// At the form of this PSA.
    pub fn form(psa: &str, width: u16, height: u16) -> Self {
        let mut driver = Self::new(start(false), width, height);
        let at = vendors().iter().position(|vendor| vendor.key == psa).unwrap();
        for _ in 0..at {
            driver.keys("down");
        }
        driver.keys("enter");
        driver
    }

    /// With all fields of the form filled.
    pub fn filled(psa: &str, width: u16, height: u16) -> Self {
        let mut driver = Self::form(psa, width, height);
        driver.focus(Row::Profile);
        let rows = driver.model.form.as_ref().unwrap().rows();
        for row in rows {
            match row {
                Row::Text(at) => {
                    let example = driver.model.form.as_ref().unwrap().field(at).example;
                    driver.write(example);
                }
                Row::Secret(_) => driver.paste(CANARY),
                Row::Profile | Row::Keeping(_) | Row::Go => {}
            }
            if row != Row::Go {
                driver.keys("tab");
            }
        }
        driver
    }

    /// At the criteria.
    pub fn choosing(width: u16, height: u16) -> Self {
        let mut driver = Self::filled("connectwise", width, height);
        driver.keys("enter");
        driver.send(|generation| Message::Tested(generation, Ok(passed())));
        driver.keys("enter");
        driver.send(|generation| Message::Counted(generation, Ok(census())));
        driver
    }

    /// At the file.
    pub fn looking(width: u16, height: u16) -> Self {
        let mut driver = Self::choosing(width, height);
        driver.keys("space end enter");
        driver.send(|generation| Message::Previewed(generation, Ok(preview())));
        driver
    }

    pub fn send(&mut self, make: impl FnOnce(u64) -> Message) {
        let message = make(self.model.generation);
        let effects = update(&mut self.model, message);
        self.asked.extend(effects);
    }

    pub fn keys(&mut self, names: &str) -> &mut Self {
        for name in names.split_whitespace() {
            let key: Key = name.parse().unwrap();
            self.send(|_| Message::Key(key));
        }
        self
    }

    pub fn write(&mut self, text: &str) {
        for c in text.chars() {
            self.send(|_| Message::Key(Key::char(c)));
        }
    }

    pub fn paste(&mut self, text: &str) {
        self.send(|_| Message::Paste(Zeroizing::new(text.to_owned())));
    }

    pub fn focus(&mut self, row: Row) {
        self.model.form.as_mut().unwrap().focus_on(row);
    }

    pub fn row(&self) -> Row {
        assert!(matches!(self.model.page, Page::Form), "{}", self.text());
        self.model.form.as_ref().unwrap().row()
    }

    /// The field that has the focus, by its key.
    pub fn field(&self) -> &'static str {
        let form = self.model.form.as_ref().unwrap();
        match self.row() {
            Row::Text(at) | Row::Secret(at) | Row::Keeping(at) => form.field(at).key,
            Row::Profile => "profile",
            Row::Go => "go",
        }
    }

    pub fn picture(&self) -> Picture {
        view(&self.model)
    }

    pub fn text(&self) -> String {
        lines(&self.picture()).join("\n")
    }

    pub fn left(&self) -> Option<&Leave> {
        self.asked.iter().find_map(|effect| match effect {
            Effect::Leave(leave) => Some(leave),
            _ => None,
        })
    }
}

pub fn preview() -> Preview {
    Preview {
        text:
            "# Settings of mothball.\ndefault_profile = \"main\"\n\n[profiles.main]\npsa = \"connectwise\"\n"
                .to_owned(),
        before: None,
        secrets: vec![
            "private_key goes into /home/jane/.config/mothball/main.private_key (mode 0600).".to_owned(),
        ],
    }
}

pub fn saved() -> Saved {
    Saved {
        path: start(false).path,
        secrets: vec![
            "private_key lies in /home/jane/.config/mothball/main.private_key (mode 0600).".to_owned(),
        ],
    }
}
