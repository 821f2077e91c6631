//! Which entity and which of its services an address means. Case does not count, a trailing slash is nothing.

use super::entities::{self, CHILDREN, Children, Entity};

/// Where the API lies below the site's root.
const ROOT: &str = "atservicesrest";

#[derive(Debug, Clone, Copy)]
pub(super) enum Endpoint {
    VersionInformation,
    ZoneInformation,
    Version,
    Threshold,
    Query(&'static Entity),
    /// The page that a link leads to; `true`: the next one, else the one before.
    Page(&'static Entity, bool),
    Count(&'static Entity),
    Collection(&'static Entity),
    One(&'static Entity, i64),
    Information(&'static Entity),
    Fields(&'static Entity),
    UserDefinedFields(&'static Entity),
    Children(&'static Children, i64),
    Child(&'static Children, i64, i64),
    ChildFields(&'static Children),
    Unknown,
}

#[derive(Debug, Clone)]
pub(super) struct Address {
    /// What stands before the API's root: empty, or the zone's own path.
    pub zone: String,
    pub endpoint: Endpoint,
}

impl Address {
    pub fn of(path: &str) -> Self {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let Some(root) = parts.iter().position(|part| part.eq_ignore_ascii_case(ROOT)) else {
            return Self { zone: String::new(), endpoint: Endpoint::Unknown };
        };
        let zone = parts[..root].join("/").to_ascii_lowercase();
        let lower: Vec<String> = parts[root + 1..].iter().map(|part| part.to_ascii_lowercase()).collect();
        let below: Vec<&str> = lower.iter().map(String::as_str).collect();
        let endpoint = match &below[..] {
            ["versioninformation"] => Endpoint::VersionInformation,
            ["v1.0" | "v1", rest @ ..] => service(rest),
            _ => Endpoint::Unknown,
        };
        Self { zone, endpoint }
    }

    /// The route with place holders: `/ConfigurationItems/{id}`.
    pub fn pattern(&self) -> String {
        match self.endpoint {
            Endpoint::VersionInformation => "/VersionInformation".to_owned(),
            Endpoint::ZoneInformation => "/ZoneInformation".to_owned(),
            Endpoint::Version => "/Version".to_owned(),
            Endpoint::Threshold => "/ThresholdInformation".to_owned(),
            Endpoint::Query(entity) => format!("/{}/query", entity.path),
            Endpoint::Page(entity, true) => format!("/{}/query/next", entity.path),
            Endpoint::Page(entity, false) => format!("/{}/query/previous", entity.path),
            Endpoint::Count(entity) => format!("/{}/query/count", entity.path),
            Endpoint::Collection(entity) => format!("/{}", entity.path),
            Endpoint::One(entity, _) => format!("/{}/{{id}}", entity.path),
            Endpoint::Information(entity) => format!("/{}/entityInformation", entity.path),
            Endpoint::Fields(entity) => format!("/{}/entityInformation/fields", entity.path),
            Endpoint::UserDefinedFields(entity) => {
                format!("/{}/entityInformation/userDefinedFields", entity.path)
            }
            Endpoint::Children(kin, _) => format!("/{}/{{parentId}}/{}", kin.parent, kin.segment),
            Endpoint::Child(kin, ..) => format!("/{}/{{parentId}}/{}/{{id}}", kin.parent, kin.segment),
            Endpoint::ChildFields(kin) => {
                format!("/{}/{{parentId}}/{}/entityInformation/fields", kin.parent, kin.segment)
            }
            Endpoint::Unknown => "(unknown)".to_owned(),
        }
    }

    /// The object endpoint that its threads are counted for; `None` is exempt.
    pub fn object(&self) -> Option<&'static str> {
        match self.endpoint {
            Endpoint::Version => Some("Version"),
            Endpoint::Threshold => Some("ThresholdInformation"),
            endpoint => endpoint.entity().map(|entity| entity.path),
        }
    }
}

impl Endpoint {
    /// The entity whose records it is about.
    pub fn entity(self) -> Option<&'static Entity> {
        match self {
            Self::VersionInformation
            | Self::ZoneInformation
            | Self::Version
            | Self::Threshold
            | Self::Unknown => None,
            Self::Query(entity)
            | Self::Page(entity, _)
            | Self::Count(entity)
            | Self::Collection(entity)
            | Self::One(entity, _)
            | Self::Information(entity)
            | Self::Fields(entity)
            | Self::UserDefinedFields(entity) => Some(entity),
            Self::Children(kin, _) | Self::Child(kin, ..) | Self::ChildFields(kin) => {
                Some(entities::named(kin.entity))
            }
        }
    }
}

/// What stands below the version, in small letters.
fn service(parts: &[&str]) -> Endpoint {
    match parts {
        ["zoneinformation"] => return Endpoint::ZoneInformation,
        ["version"] => return Endpoint::Version,
        ["thresholdinformation"] => return Endpoint::Threshold,
        _ => {}
    }
    let Some((first, rest)) = parts.split_first() else { return Endpoint::Unknown };
    let Some(entity) = entities::by_path(first).filter(|entity| !entity.child) else {
        return Endpoint::Unknown;
    };
    let id = |text: &str| text.parse::<i64>().ok();
    match rest {
        [] => Endpoint::Collection(entity),
        ["query"] => Endpoint::Query(entity),
        ["query", "next"] => Endpoint::Page(entity, true),
        ["query", "previous"] => Endpoint::Page(entity, false),
        ["query", "count"] => Endpoint::Count(entity),
        ["entityinformation"] => Endpoint::Information(entity),
        ["entityinformation", "fields"] => Endpoint::Fields(entity),
        ["entityinformation", "userdefinedfields"] => Endpoint::UserDefinedFields(entity),
        [one] => id(one).map_or(Endpoint::Unknown, |id| Endpoint::One(entity, id)),
        [parent, segment, rest @ ..] => {
            let kin = CHILDREN
                .iter()
                .find(|kin| kin.parent == entity.path && kin.segment.eq_ignore_ascii_case(segment));
            match (kin, id(parent), rest) {
                (Some(kin), Some(parent), []) => Endpoint::Children(kin, parent),
                (Some(kin), Some(_), ["entityinformation", "fields"]) if kin.described => {
                    Endpoint::ChildFields(kin)
                }
                (Some(kin), Some(parent), [one]) => {
                    id(one).map_or(Endpoint::Unknown, |id| Endpoint::Child(kin, parent, id))
                }
                _ => Endpoint::Unknown,
            }
        }
    }
}
