//! What is never offered: the rules of the profile, and the MSP's own company.

use serde::{Deserialize, Serialize};

use super::{Client, Configuration, text::same_name};

/// The profile's rules. `*` stands for any text; case does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protection {
    pub types: Vec<String>,
    pub sites: Vec<String>,
    pub names: Vec<String>,
    /// Ids or exact names.
    pub clients: Vec<String>,
}

impl Protection {
    /// Why this configuration is protected, if it is.
    pub fn of(&self, configuration: &Configuration, client: &Client) -> Option<String> {
        self.of_client(client).or_else(|| self.of_configuration(configuration))
    }

    /// Why this configuration is protected, whoever its client is.
    pub fn of_configuration(&self, configuration: &Configuration) -> Option<String> {
        let type_rule = rule(&self.types, &configuration.config_type);
        let site_rule = configuration.site.as_deref().and_then(|site| rule(&self.sites, site));
        let name_rule = configuration.names.iter().find_map(|name| rule(&self.names, name));
        let name_rule = name_rule.or_else(|| rule(&self.names, &configuration.name));
        None.or(type_rule.map(|rule| format!("type rule \"{rule}\"")))
            .or(site_rule.map(|rule| format!("site rule \"{rule}\"")))
            .or(name_rule.map(|rule| format!("name rule \"{rule}\"")))
    }

    /// Why everything of this client is protected, if it is.
    pub fn of_client(&self, client: &Client) -> Option<String> {
        if let Some(own) = &client.own {
            return Some(own.clone());
        }
        self.clients
            .iter()
            .find(|entry| entry.trim() == client.id.as_str() || same_name(entry, &client.name))
            .map(|entry| format!("client rule \"{entry}\""))
    }
}

fn rule<'a>(patterns: &'a [String], text: &str) -> Option<&'a str> {
    patterns.iter().find(|pattern| matches(pattern, text)).map(String::as_str)
}

/// Whether `text` fits `pattern`, in which `*` stands for any text. Outer space and case do not matter.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.trim().to_lowercase(), text.trim().to_lowercase());
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let (between, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in between.split('*') {
        // The first place leaves the most for what follows.
        let Some((_, after)) = text.split_once(part) else { return false };
        text = after;
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, text, fits) in [
            ("SSL*", "ssl certificate", true),
            ("Domain", " domain ", true),
            ("Domain", "Domains", false),
            ("*srv*", "ACME-SRV-01", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("a*bc", "abbc", true),
            ("*aab", "aaab", true),
            ("ab*ba", "aba", false),
            ("ab*ba", "abba", true),
            ("**", "any", true),
            ("a*", "b", false),
            ("*", "", true),
            ("", "x", false),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} on {text}");
        }
    }
}
