//! The other form of a body that may be signed: some letters inside of strings are written as `\uXXXX`, as .NET's
//! writers of JSON do [ART, N8N]. Whether a backslash is among them is not certain.

use std::fmt::Write;

/// What becomes of an escaped backslash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backslash {
    Kept,
    Coded,
}

/// The body in that form. What is no UTF-8 is left as it is: nothing of this vendor's is.
pub fn escaped(body: &[u8], backslash: Backslash) -> Vec<u8> {
    let Ok(body) = std::str::from_utf8(body) else { return body.to_vec() };
    let mut text = String::with_capacity(body.len() + 64);
    let mut inside = false;
    let mut letters = body.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                inside = !inside;
                text.push('"');
            }
            // What is escaped already stays so, except for a quote.
            '\\' if inside => match letters.next() {
                Some('"') => code(&mut text, '"'),
                Some('\\') if backslash == Backslash::Coded => code(&mut text, '\\'),
                Some(other) => {
                    text.push('\\');
                    text.push(other);
                }
                None => text.push('\\'),
            },
            '&' | '<' | '>' | '\'' | '`' | '+' if inside => code(&mut text, letter),
            letter if inside && !letter.is_ascii() => code(&mut text, letter),
            letter => text.push(letter),
        }
    }
    text.into_bytes()
}

fn code(text: &mut String, letter: char) {
    for unit in letter.encode_utf16(&mut [0; 2]) {
        write!(text, "\\u{unit:04X}").expect("a string takes all");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_stands_inside_of_strings() {
        for (body, wanted) in [
            (r#"{"a+":"<é>","n":1}"#, r#"{"a\u002B":"\u003C\u00E9\u003E","n":1}"#),
            (r#"{"a":"say \"hi\"\n🖥"}"#, r#"{"a":"say \u0022hi\u0022\n\uD83D\uDDA5"}"#),
            (r#"{"a":"C:\\&"}"#, r#"{"a":"C:\\\u0026"}"#),
            (r#"+&"x"#, r#"+&"x"#),
            (r#""\"#, r#""\"#),
        ] {
            assert_eq!(String::from_utf8(escaped(body.as_bytes(), Backslash::Kept)).unwrap(), wanted);
            let again = escaped(wanted.as_bytes(), Backslash::Kept);
            assert_eq!(String::from_utf8(again).unwrap(), wanted, "what is escaped stays as it is");
        }
        assert_eq!(escaped(b"\"\xff&\"", Backslash::Coded), b"\"\xff&\"");
        let coded = escaped(br#"{"a":"C:\\\u0026"}"#, Backslash::Coded);
        assert_eq!(String::from_utf8(coded).unwrap(), r#"{"a":"C:\u005C\u0026"}"#);
    }
}
