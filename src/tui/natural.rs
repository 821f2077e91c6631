//! Natural order: PC-2 before PC-10, case aside.

/// A text whose byte order is the natural order of `text`.
pub fn key(text: &str) -> String {
    let mut key = String::with_capacity(text.len() + 4);
    let mut digits = String::new();
    for c in text.trim().chars().take(200) {
        if c.is_ascii_digit() {
            digits.push(c);
        } else {
            flush(&mut key, &mut digits);
            key.extend(c.to_lowercase());
        }
    }
    flush(&mut key, &mut digits);
    key
}

/// Numbers sort by how many digits they have, then by those digits.
fn flush(key: &mut String, digits: &mut String) {
    if digits.is_empty() {
        return;
    }
    let number = digits.trim_start_matches('0');
    let length = number.len().min(15) as u8;
    key.push(char::from(b'0' + length));
    key.push_str(number);
    digits.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_as_numbers() {
        let mut names = vec!["PC-10", "pc-2", "PC-1", "Alpha", "PC-007", "PC-2b", "9", "10"];
        names.sort_by_key(|name| key(name));
        assert_eq!(names, ["9", "10", "Alpha", "PC-1", "pc-2", "PC-2b", "PC-007", "PC-10"]);
    }
}
