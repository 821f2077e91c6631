//! Text that wants something: drive a terminal, hide, mislead, become a formula, a tag, a link. Generated from a seed, and
//! the checks for what became of it, written without a look at the code that is checked.

/// How many strings a test draws or writes: `MOTHBALL_FOREIGN`, else what `cargo test` has the time for.
pub fn wanted(by_default: usize) -> usize {
    let told = mothball::system::environment::variable("MOTHBALL_FOREIGN");
    told.and_then(|text| text.parse().ok()).unwrap_or(by_default)
}

/// The same seed makes the same strings.
pub struct Hostile {
    state: u64,
    pub made: usize,
}

const WORDS: [&str; 8] = ["SRV-01", "FW", "Acme", "client", "x", "0", "Büro", "привет"];
const SEQUENCES: [&str; 10] = [
    "\u{1b}[2J",
    "\u{1b}[31;5m",
    "\u{1b}]52;c;cm0gLXJm\u{7}",
    "\u{1b}]8;;http://evil.example\u{1b}\\x\u{1b}]8;;\u{1b}\\",
    "\u{1b}P1$r0m\u{1b}\\",
    "\u{9b}31m",
    "\u{9d}52;c;eA==\u{9c}",
    "\u{1b}]0;title\u{7}",
    "\u{1b}c",
    "\u{1b}[?1049l",
];
const HIDDEN: [char; 26] = [
    '\u{200b}',
    '\u{200c}',
    '\u{200d}',
    '\u{200e}',
    '\u{200f}',
    '\u{202a}',
    '\u{202b}',
    '\u{202c}',
    '\u{202d}',
    '\u{202e}',
    '\u{2060}',
    '\u{2066}',
    '\u{2067}',
    '\u{2068}',
    '\u{2069}',
    '\u{feff}',
    '\u{180e}',
    '\u{3164}',
    '\u{ad}',
    '\u{34f}',
    '\u{fe0f}',
    '\u{e0041}',
    '\u{115f}',
    '\u{61c}',
    '\u{fff9}',
    '\u{1d173}',
];
const EDGES: [char; 8] =
    ['\u{fffd}', '\u{fffe}', '\u{ffff}', '\u{d7ff}', '\u{e000}', '\u{10ffff}', '\u{10fffe}', '\u{f8ff}'];
const WIDE: [&str; 9] =
    ["日本語", "ＷＩＤＥ", "ｶﾅ", "👨‍👩‍👧‍👦", "🇩🇪", "1\u{fe0f}\u{20e3}", "👍🏽", "⚠\u{fe0f}", "﹨ெ"];
const FORMULAS: [&str; 14] = [
    "=cmd|' /C calc'!A0",
    "+1",
    "-1+2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "＝1",
    "＋1",
    "－1",
    "＠x",
    ";=1",
    "\"=1",
    " \u{a0}=1",
    "'=1",
];
const MARKUP: [&str; 18] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='x",
    "</td></tr></table>",
    "<!--",
    "-->",
    "]]>",
    "&lt;b&gt;",
    "&#60;",
    "&",
    "</style>",
    "</title>",
    "javascript:alert(1)",
    "<bdi>",
    "<a href=\"http://e\">",
    "`",
    "\"",
    "<th scope=\"row\">",
];
const MARKDOWN: [&str; 26] = [
    "[a](http://evil.example)",
    "![a](http://evil.example/x.png)",
    "`",
    "``",
    "```",
    "**b**",
    "_b_",
    "# h",
    "- x",
    "1. x",
    "1)",
    "> q",
    "|",
    "\\|",
    "\\",
    "\\`",
    "http://evil.example",
    "www.evil.example",
    "mail@evil.example",
    "@team",
    "#12",
    ":smile:",
    "~~s~~",
    "---",
    "$x$",
    "[x]: http://evil.example",
];
const SPACES: [&str; 9] = ["\n", "\r\n", "\r", "\u{2028}", "\u{2029}", "\t", "  ", "\u{a0}", "\u{3000}"];

impl Hostile {
    pub fn new(seed: u64) -> Self {
        Self { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, made: 0 }
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as usize % n
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    pub fn next(&mut self) -> String {
        self.made += 1;
        let mut text = String::new();
        if self.made.is_multiple_of(4096) {
            while text.chars().count() < 10_000 {
                self.piece(&mut text);
            }
            return text.chars().take(10_000).collect();
        }
        for _ in 0..=self.below(4) {
            self.piece(&mut text);
        }
        text
    }

    fn piece(&mut self, text: &mut String) {
        match self.below(14) {
            0 => text.push(char::from(self.below(32) as u8)),
            1 => text.push(char::from_u32(0x7f + self.below(33) as u32).unwrap()),
            2 => text.push_str(self.of(&SEQUENCES)),
            3 => text.push(self.of(&HIDDEN)),
            4 => text.push(self.of(&EDGES)),
            5 => {
                let many = if self.below(500) == 0 { 2_000 } else { self.below(20) };
                text.push('e');
                for _ in 0..many {
                    text.push(char::from_u32(0x300 + self.below(0x4f) as u32).unwrap());
                }
            }
            6 => text.push_str(self.of(&WIDE)),
            7 => text.push_str(self.of(&FORMULAS)),
            8 => text.push_str(self.of(&MARKUP)),
            9 => text.push_str(self.of(&MARKDOWN)),
            10 => text.push_str(self.of(&SPACES)),
            // Any character that there is.
            11 => text.push(char::from_u32(self.below(0x11_0000) as u32).unwrap_or('?')),
            _ => text.push_str(self.of(&WORDS)),
        }
    }
}

/// Drives a terminal, turns the direction of a line, or cannot be seen. A line feed does too; who writes lines leaves it out.
pub fn is_hostile(c: char) -> bool {
    let code = u32::from(c);
    code < 0x20
        || (0x7f..0xa0).contains(&code)
        || (0x200b..=0x200f).contains(&code)
        || (0x2028..=0x202e).contains(&code)
        || (0x2060..=0x206f).contains(&code)
        || (0xe_0000..=0xe_0fff).contains(&code)
        || matches!(code, 0xad | 0x34f | 0x61c | 0x115f | 0x1160 | 0x180e | 0x3164 | 0xfeff | 0xffa0)
        || (0xfff9..=0xfffb).contains(&code)
        || (0x1_d173..=0x1_d17a).contains(&code)
}

/// Panics, with what is around it, where something hostile got out.
pub fn assert_harmless(text: &str, allowed: &[char]) {
    if let Some((at, c)) = text.char_indices().find(|(_, c)| is_hostile(*c) && !allowed.contains(c)) {
        let from = text.floor_char_boundary(at.saturating_sub(60));
        let to = text.ceil_char_boundary((at + 60).min(text.len()));
        panic!("{c:?} got out: {:?}", &text[from..to]);
    }
}

/// Nothing but letters and sequences that move, colour and clear, as ratatui and crossterm write them, and links of ours.
pub fn assert_our_sequences(bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).expect("what is written is text");
    let mut parts = text.split('\u{1b}');
    assert_harmless(parts.next().unwrap_or_default(), &[]);
    for part in parts {
        if let Some(rest) = part.strip_prefix('[') {
            let parameters =
                rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, ';' | ':' | '?')).unwrap();
            let last = rest[parameters..].chars().next().unwrap();
            assert!("HJmhl".contains(last), "ESC[{rest:?}");
            assert_harmless(&rest[parameters + 1..], &[]);
        } else if let Some(link) = part.strip_prefix("]8;") {
            let (id, url) = link.split_once(';').unwrap();
            assert!(id.is_empty() || id.strip_prefix("id=").unwrap().bytes().all(|b| b.is_ascii_hexdigit()));
            let is_web = url.starts_with("https://") || url.starts_with("http://");
            assert!(url.is_empty() || (is_web && url.bytes().all(|b| b.is_ascii_graphic())), "{url:?}");
        } else {
            // The end of a link.
            let shown = part.strip_prefix('\\').unwrap_or_else(|| panic!("ESC before {part:?}"));
            assert_harmless(shown, &[]);
        }
    }
}
