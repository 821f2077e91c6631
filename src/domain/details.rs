//! What else a record says, as label and text. Records of one kind have the same labels, so these are kept once for all
//! of them.

use std::{
    fmt,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Label, Text, kept::Once};

/// Labels and texts, in the order in which they were told. Written as a list of pairs.
#[derive(Clone, PartialEq, Eq)]
pub struct Details {
    labels: Arc<[Label]>,
    /// As many as there are labels.
    texts: Box<[Text]>,
}

static LABELS: LazyLock<Mutex<Once<[Label]>>> = LazyLock::new(Mutex::default);

impl Details {
    pub fn iter(&self) -> impl Iterator<Item = (&Label, &Text)> {
        self.labels.iter().zip(&self.texts)
    }

    /// The text that has this label.
    pub fn get(&self, label: &str) -> Option<&Text> {
        self.iter().find_map(|(known, text)| (*known == *label).then_some(text))
    }
}

impl FromIterator<(Label, Text)> for Details {
    fn from_iter<I: IntoIterator<Item = (Label, Text)>>(pairs: I) -> Self {
        let (labels, texts): (Vec<Label>, Vec<Text>) = pairs.into_iter().unzip();
        // The set is whole between any two steps, whoever fell over with it.
        let labels = LABELS.lock().unwrap_or_else(PoisonError::into_inner).once(&labels);
        Self { labels, texts: texts.into() }
    }
}

impl Default for Details {
    fn default() -> Self {
        Self::from_iter([])
    }
}

impl fmt::Debug for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Serialize for Details {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Details {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<(Label, Text)>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_written_as_pairs_and_share_their_labels() {
        let text = r#"[["Model","R640"],["Tag",""],["Model","again"]]"#;
        let read: Details = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        assert_eq!(read.get("Model").map(Text::as_str), Some("R640"));
        assert_eq!(read.get("model"), None);
        let other: Details =
            ["Model", "Tag", "Model"].into_iter().map(|label| (label.into(), "x".into())).collect();
        assert!(Arc::ptr_eq(&read.labels, &other.labels));
        assert_ne!(read, other);
        assert_eq!(Details::default().iter().count(), 0);
        assert_eq!(serde_json::to_string(&Details::default()).unwrap(), "[]");
    }
}
