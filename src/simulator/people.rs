//! Names of people, companies and places: word lists, and the odd ones that break other people's programs.

use rand::{Rng, rngs::StdRng, seq::IndexedRandom};

const COMPANIES: &str = include_str!("../../assets/demo/companies.txt");
const CITIES: &str = include_str!("../../assets/demo/cities.txt");
const FIRST_NAMES: &str = include_str!("../../assets/demo/first-names.txt");
const LAST_NAMES: &str = include_str!("../../assets/demo/last-names.txt");
const TICKETS: &str = include_str!("../../assets/demo/tickets.txt");

/// The word lists, read once.
pub(crate) struct People {
    companies: Vec<&'static str>,
    cities: Vec<&'static str>,
    first: Vec<&'static str>,
    last: Vec<&'static str>,
    tickets: Vec<&'static str>,
}

/// A place: city, state, postal code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub city: &'static str,
    pub state: &'static str,
    pub zip: &'static str,
}

impl People {
    pub fn new() -> Self {
        let lines = |text: &'static str| text.lines().filter(|line| !line.is_empty()).collect();
        Self {
            companies: lines(COMPANIES),
            cities: lines(CITIES),
            first: lines(FIRST_NAMES),
            last: lines(LAST_NAMES),
            tickets: lines(TICKETS),
        }
    }

    /// The company name with this number; beyond the list they are numbered.
    pub fn company(&self, number: usize) -> String {
        let name = self.companies[number % self.companies.len()];
        match number / self.companies.len() {
            0 => name.to_owned(),
            round => format!("{name} {}", round + 1),
        }
    }

    pub fn place(&self, rng: &mut StdRng) -> Place {
        let line = pick(&self.cities, rng);
        let (rest, zip) = line.rsplit_once(' ').unwrap_or((line, ""));
        let (city, state) = rest.rsplit_once(' ').unwrap_or((rest, ""));
        Place { city, state, zip }
    }

    pub fn person(&self, rng: &mut StdRng) -> (&'static str, &'static str) {
        (pick(&self.first, rng), pick(&self.last, rng))
    }

    pub fn ticket(&self, rng: &mut StdRng) -> &'static str {
        pick(&self.tickets, rng)
    }
}

/// The word lists are compiled in and never empty.
fn pick(list: &[&'static str], rng: &mut StdRng) -> &'static str {
    list.choose(rng).copied().unwrap_or_default()
}

/// A chance of one in `n`.
pub(crate) fn one_in(rng: &mut StdRng, n: u32) -> bool {
    rng.random_ratio(1, n)
}

/// Names that real tenants have and programs trip over.
pub(crate) fn odd_names() -> Vec<String> {
    vec![
        "株式会社さくら歯科クリニック".to_owned(),
        "O'Brien \"Bud\" & Sons, Inc. [West]".to_owned(),
        "مكتب النور للمحاماة".to_owned(),
        "Café Müller 🥐 & Töchter".to_owned(),
        "=HYPERLINK(\"http://example.invalid\",\"Click\")".to_owned(),
        "100% Solar * + Storage & Co_ %20".to_owned(),
        "Acme\u{1b}[31m Red\u{7} Alarm\u{1b}[0m".to_owned(),
        format!("The Very Long {} Company", "Name of a Holding With Many Subsidiaries and ".repeat(4))
            .chars()
            .take(200)
            .collect(),
        "עמית ייעוץ \u{202e}moc.live\u{202c} בע\"מ".to_owned(),
        "+1 Fitness; DROP TABLE--".to_owned(),
        "👩‍👩‍👧‍👦 Family Practice 한국".to_owned(),
        "  Leading and trailing  ".to_owned(),
        "@SUM(1+1)*cmd|' /C calc'!A0".to_owned(),
        "Zo\u{308}e & Rene\u{301} (combining)".to_owned(),
        "Tab\tand\nnewline Ltd".to_owned(),
    ]
}
