//! The facts about vendors that nobody outside can be sure of: each has both values, and a good client survives
//! either.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{autotask, connectwise, faults::nearest, halopsa};

/// The switches of every vendor. `default()` is the likeliest setting, `contrary()` all the other values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    pub autotask: autotask::Switches,
    pub connectwise: connectwise::Switches,
    pub halopsa: halopsa::Switches,
}

/// A switch that cannot be set, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SwitchError(String);

impl Switches {
    /// Every switch at its less likely value.
    pub fn contrary() -> Self {
        Self {
            autotask: autotask::Switches::contrary(),
            connectwise: connectwise::Switches::contrary(),
            halopsa: halopsa::Switches::contrary(),
        }
    }

    /// Sets one switch of a vendor from a `name=value` pair, as the command line gives it: `forward_only=false`. The
    /// value is JSON, or a bare word.
    pub fn set(&mut self, psa: &str, pair: &str) -> Result<(), SwitchError> {
        let (name, value) = pair
            .split_once('=')
            .ok_or_else(|| SwitchError(format!("switch \"{pair}\": write it as name=value")))?;
        let value = value.trim();
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
        self.set_json(psa, name.trim(), value)
    }

    pub(crate) fn set_json(&mut self, psa: &str, name: &str, value: Value) -> Result<(), SwitchError> {
        let mut all = serde_json::to_value(&*self).map_err(|error| SwitchError(error.to_string()))?;
        let Some(Value::Object(switches)) = all.get_mut(psa) else {
            return Err(SwitchError(format!("no simulator for \"{psa}\" has switches")));
        };
        if !switches.contains_key(name) {
            let near = nearest(name, switches.keys().map(String::as_str)).to_owned();
            return Err(SwitchError(format!("no switch is called \"{name}\"; did you mean \"{near}\"?")));
        }
        switches.insert(name.to_owned(), value);
        *self = serde_json::from_value(all)
            .map_err(|error| SwitchError(format!("switch \"{name}\": {error}")))?;
        Ok(())
    }
}
