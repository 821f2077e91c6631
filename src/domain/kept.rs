//! Texts that are kept in great number. A clone of one shares it, and what many records say alike is there once: a
//! hundred thousand configurations then take no more memory than they must.

use std::{
    borrow::Borrow,
    collections::HashSet,
    fmt,
    hash::Hash,
    marker::PhantomData,
    ops::Deref,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

macro_rules! kept {
    ($(#[$doc:meta])* $name:ident by $keep:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::from("")
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&*self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self($keep(text))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::from(text.as_str())
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.as_str().to_owned()
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                *self.0 == *other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                *self.0 == **other
            }
        }

        impl PartialEq<String> for $name {
            fn eq(&self, other: &String) -> bool {
                *self.0 == **other
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Reader(PhantomData))
            }
        }
    };
}

kept!(
    /// A text of one record: its name, its serial number.
    Text by on_its_own
);
kept!(
    /// A text that many records say alike: a type, a site, a status. Equal ones are kept once in this process,
    /// wherever they come from.
    Label by once
);

impl From<Label> for Text {
    fn from(label: Label) -> Self {
        Self(label.0)
    }
}

struct Reader<T>(PhantomData<T>);

impl<T: for<'a> From<&'a str>> de::Visitor<'_> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(T::from(text))
    }
}

/// Nothing is said so often that it has a place of its own.
static NOTHING: LazyLock<Arc<str>> = LazyLock::new(|| "".into());

static LABELS: LazyLock<Mutex<Once<str>>> = LazyLock::new(Mutex::default);

/// All values of a sort that are kept once.
pub(super) struct Once<T: ?Sized> {
    known: HashSet<Arc<T>>,
    /// So many may be known before those are let go that nobody holds any more.
    room: usize,
}

impl<T: ?Sized> Default for Once<T> {
    fn default() -> Self {
        Self { known: HashSet::new(), room: 0 }
    }
}

/// Fewer are not worth looking through.
const FEW: usize = 4096;

impl<T: ?Sized + Hash + Eq> Once<T>
where
    Arc<T>: for<'a> From<&'a T>,
{
    pub fn once(&mut self, value: &T) -> Arc<T> {
        if let Some(known) = self.known.get(value) {
            return Arc::clone(known);
        }
        if self.known.len() >= self.room.max(FEW) {
            self.known.retain(|known| Arc::strong_count(known) > 1);
            self.known.shrink_to(FEW);
            self.room = 2 * self.known.len();
        }
        let kept: Arc<T> = value.into();
        self.known.insert(Arc::clone(&kept));
        kept
    }
}

fn on_its_own(text: &str) -> Arc<str> {
    if text.is_empty() { Arc::clone(&NOTHING) } else { text.into() }
}

fn once(text: &str) -> Arc<str> {
    // A set of texts is whole between any two steps, whoever fell over with it.
    LABELS.lock().unwrap_or_else(PoisonError::into_inner).once(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_labels_are_one_wherever_they_come_from() {
        let said = Label::from("Managed Server");
        let read: Label = serde_json::from_str(r#""Managed\u0020Server""#).unwrap();
        assert!(Arc::ptr_eq(&said.0, &read.0));
        assert!(!Arc::ptr_eq(&said.0, &Label::from("Managed server").0));
        let text = Text::from(said.clone());
        assert!(Arc::ptr_eq(&said.0, &text.0), "a label is a text as it is");
        assert!(Arc::ptr_eq(&Text::from("").0, &Text::default().0));
    }

    #[test]
    fn they_are_written_and_read_as_plain_text() {
        let json = serde_json::to_string(&(Text::from("a \"b\""), Label::from(""))).unwrap();
        assert_eq!(json, r#"["a \"b\"",""]"#);
        assert_eq!(serde_json::from_str::<(Text, Label)>(&json).unwrap(), ("a \"b\"".into(), "".into()));
        let refused = serde_json::from_str::<Label>("7").unwrap_err().to_string();
        assert!(refused.starts_with("invalid type: integer `7`, expected a string"), "{refused}");
    }

    #[test]
    fn labels_that_nobody_holds_any_more_are_let_go() {
        let mut labels = Once::<str>::default();
        let held = labels.once("held");
        for number in 0..20 * FEW {
            labels.once(&number.to_string());
            assert!(labels.known.len() <= FEW, "{}", labels.known.len());
        }
        assert!(Arc::ptr_eq(&held, &labels.once("held")));
        // Those that are held are never in the way of more.
        let many: Vec<_> = (0..3 * FEW).map(|number| labels.once(&number.to_string())).collect();
        assert!(labels.known.len() > many.len());
        assert!(many.iter().zip(0..).all(|(label, number)| **label == *number.to_string()));
    }
}
