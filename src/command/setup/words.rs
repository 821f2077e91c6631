//! A command line as people type it, taken apart without a shell.

/// Words between blanks; quotes hold blanks together.
pub fn split(line: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut rest = line.trim().chars();
    while let Some(c) = rest.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => {
                let next = rest.next().ok_or("it ends with a backslash")?;
                word.get_or_insert_default().push(next);
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err("a quote is not closed");
    }
    words.extend(word);
    if words.first().is_none_or(String::is_empty) {
        return Err("it names no program");
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_part_words_and_quotes_hold_them_together() {
        let of = |line: &str| split(line).unwrap();
        assert_eq!(of("pass show cw"), ["pass", "show", "cw"]);
        assert_eq!(of(r#" op read "op://MSP Vault/cw/key" "#), ["op", "read", "op://MSP Vault/cw/key"]);
        assert_eq!(of(r"a 'b \ $c' d\ e ''"), ["a", r"b \ $c", "d e", ""]);
        for wrong in ["", "  ", "pass 'show", "pass \\", "'' x"] {
            assert!(split(wrong).is_err(), "{wrong}");
        }
    }
}
