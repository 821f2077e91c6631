//! What vendors send as they please: members that are missing, null, or numbers written as text.

use std::{marker::PhantomData, ops::Deref};

use serde::{Deserializer, de};

use crate::domain::text::same_name;

macro_rules! lenient {
    ($name:ident, $type:ty, $visitor:ident, $what:literal, { $($body:tt)* }) => {
        struct $visitor;

        impl<'de> de::Visitor<'de> for $visitor {
            type Value = Option<$type>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($what)
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_none<E>(self) -> Result<Self::Value, E> {
                Ok(None)
            }

            $($body)*
        }

        /// Also what stands there as another type; what means nothing is `None`.
        pub fn $name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<$type>, D::Error> {
            deserializer.deserialize_any($visitor)
        }
    };
}

lenient!(integer, i64, IntegerVisitor, "a whole number", {
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).ok())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok((value.fract() == 0.0).then_some(value as i64))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(value.trim().parse().ok())
    }
});

lenient!(flag, bool, FlagVisitor, "true or false", {
    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value != 0))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value != 0))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(match value.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" => Some(true),
            "false" | "0" | "no" => Some(false),
            _ => None,
        })
    }
});

struct TextVisitor<T>(PhantomData<T>);

impl<T: Readable> de::Visitor<'_> for TextVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("text")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Some(T::from(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(T::from(&value.to_string())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(T::from(&value.to_string())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(T::from(&value.to_string())))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(T::from(&value.to_string())))
    }
}

/// As what a text may be kept: a `String`, a [`Text`](crate::domain::Text), a [`Label`](crate::domain::Label).
pub trait Readable: Clone + Deref<Target = str> + for<'a> From<&'a str> {}

impl<T: Clone + Deref<Target = str> + for<'a> From<&'a str>> Readable for T {}

/// Also what stands there as another type.
pub fn text<'de, T: Readable, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_any(TextVisitor(PhantomData))
}

/// A row with an id, whatever it is.
pub trait Row {
    fn id(&self) -> Option<i64>;
}

/// The calendar day of a date or a moment; the vendor's "no date" is none.
pub fn day(text: Option<&String>) -> Option<jiff::civil::Date> {
    let date: jiff::civil::Date = text?.get(..10)?.parse().ok()?;
    (date.year() > 1901).then_some(date)
}

/// The text, if there is any.
pub fn filled(text: Option<&impl Readable>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

/// The same to be kept; what needs no trimming is shared.
pub fn kept<T: Readable>(text: Option<&T>) -> Option<T> {
    let filled = filled(text)?;
    text.map(|text| if filled.len() == text.len() { text.clone() } else { T::from(filled) })
}

/// The id of a row, for proofs and messages.
pub fn id_of<T: Row>(row: &T) -> String {
    row.id().map_or_else(|| "without an id".to_owned(), |id| id.to_string())
}

/// The value of a custom field as text. A tick box says true; a person may have written "Yes" for it in `wanted`.
pub fn field_text(value: &serde_json::Value, wanted: &str) -> Option<String> {
    match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Bool(ticked) => {
            let words: [&str; 2] = if *ticked { ["true", "yes"] } else { ["false", "no"] };
            let meant = words.into_iter().find(|word| same_name(word, wanted));
            Some(meant.unwrap_or(words[0]).to_owned())
        }
        other => Some(other.to_string()),
    }
}
