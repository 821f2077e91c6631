//! What entities there are and what fields they have: the table in `entities.txt`, read once.

use std::sync::LazyLock;

/// The kinds of value that a field can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Long,
    Double,
    Text,
    Flag,
    Date,
}

/// One field of an entity.
#[derive(Debug)]
pub(super) struct Field {
    pub name: &'static str,
    pub kind: Kind,
    /// The greatest length of a text.
    pub length: Option<usize>,
    pub required: bool,
    pub read_only: bool,
    pub picklist: bool,
    pub queryable: bool,
    /// A webhook can watch it.
    pub watched: bool,
    /// The entity whose id it holds.
    pub refers: Option<&'static str>,
}

/// One entity.
#[derive(Debug)]
pub(super) struct Entity {
    /// As in the address: `ConfigurationItems`.
    pub path: &'static str,
    /// As in the metadata: `ConfigurationItem`.
    pub name: &'static str,
    pub create: bool,
    pub update: bool,
    pub delete: bool,
    /// It has user-defined fields.
    pub udfs: bool,
    pub callouts: bool,
    /// It is reached through its parent alone.
    pub child: bool,
    pub fields: Vec<Field>,
}

/// Records that are written through their parent: `/ConfigurationItems/{id}/Notes`.
#[derive(Debug)]
pub(super) struct Children {
    pub parent: &'static str,
    pub segment: &'static str,
    pub entity: &'static str,
    /// The field that holds the parent's id.
    pub by: &'static str,
    pub update: bool,
    pub delete: bool,
    /// `…/entityInformation/fields` answers.
    pub described: bool,
}

const fn children(
    parent: &'static str,
    segment: &'static str,
    entity: &'static str,
    by: &'static str,
    (update, delete, described): (bool, bool, bool),
) -> Children {
    Children { parent, segment, entity, by, update, delete, described }
}

pub(super) const CHILDREN: [Children; 10] = [
    children(
        "ConfigurationItems",
        "Notes",
        "ConfigurationItemNotes",
        "configurationItemID",
        (true, false, false),
    ),
    children("Tickets", "Notes", "TicketNotes", "ticketID", (true, false, false)),
    children(
        "ConfigurationItems",
        "BillingProductAssociations",
        "ConfigurationItemBillingProductAssociations",
        "configurationItemID",
        (true, true, false),
    ),
    children(
        "ConfigurationItems",
        "RelatedItems",
        "ConfigurationItemRelatedItems",
        "configurationItemID",
        (false, true, false),
    ),
    children("CompanyWebhooks", "Fields", "CompanyWebhookFields", "webhookID", (true, true, true)),
    children("CompanyWebhooks", "UdfFields", "CompanyWebhookUdfFields", "webhookID", (true, true, true)),
    children(
        "CompanyWebhooks",
        "ExcludedResources",
        "CompanyWebhookExcludedResources",
        "webhookID",
        (false, true, true),
    ),
    children(
        "ConfigurationItemWebhooks",
        "Fields",
        "ConfigurationItemWebhookFields",
        "webhookID",
        (true, true, true),
    ),
    children(
        "ConfigurationItemWebhooks",
        "UdfFields",
        "ConfigurationItemWebhookUdfFields",
        "webhookID",
        (true, true, true),
    ),
    children(
        "ConfigurationItemWebhooks",
        "ExcludedResources",
        "ConfigurationItemWebhookExcludedResources",
        "webhookID",
        (false, true, true),
    ),
];

static ENTITIES: LazyLock<Vec<Entity>> = LazyLock::new(|| read(include_str!("entities.txt")));

pub(super) fn entities() -> &'static [Entity] {
    &ENTITIES
}

/// An entity by its place in the address, whatever the case.
pub(super) fn by_path(path: &str) -> Option<&'static Entity> {
    entities().iter().find(|entity| entity.path.eq_ignore_ascii_case(path))
}

/// An entity that this program names; the table has it.
pub(super) fn named(path: &str) -> &'static Entity {
    by_path(path).unwrap_or(&entities()[0])
}

impl Entity {
    /// A field, whatever the case.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }
}

fn read(table: &'static str) -> Vec<Entity> {
    let mut entities: Vec<Entity> = Vec::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        if line.starts_with(' ') {
            if let Some(entity) = entities.last_mut() {
                entity.fields.extend(line.split_whitespace().filter_map(field));
            }
            continue;
        }
        let mut words = line.split_whitespace();
        let (Some(path), Some(name), Some(access)) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        let flags: Vec<&str> = words.collect();
        entities.push(Entity {
            path,
            name,
            create: access.contains('C'),
            update: access.contains('U'),
            delete: access.contains('D'),
            udfs: flags.contains(&"udf"),
            callouts: flags.contains(&"webhook"),
            child: flags.contains(&"child"),
            fields: Vec::new(),
        });
    }
    entities
}

fn field(word: &'static str) -> Option<Field> {
    let (name, rest) = word.split_once(':')?;
    let (rest, refers) = rest.split_once('>').map_or((rest, None), |(rest, entity)| (rest, Some(entity)));
    let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (kind, rest) = rest.split_at(letters);
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (length, marks) = rest.split_at(digits);
    let kind = match kind {
        "int" => Kind::Int,
        "long" => Kind::Long,
        "double" => Kind::Double,
        "flag" => Kind::Flag,
        "date" => Kind::Date,
        _ => Kind::Text,
    };
    Some(Field {
        name,
        kind,
        length: length.parse().ok(),
        required: marks.contains('*'),
        read_only: marks.contains('='),
        picklist: marks.contains('#'),
        queryable: !marks.contains('!'),
        watched: marks.contains('~'),
        refers,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_as_it_is_written() {
        let items = by_path("configurationitems").unwrap();
        assert_eq!(
            (items.path, items.name, items.create, items.delete),
            ("ConfigurationItems", "ConfigurationItem", true, false)
        );
        assert!(items.udfs && items.callouts && !items.child);
        let company = items.field("companyid").unwrap();
        assert_eq!((company.name, company.kind, company.refers), ("companyID", Kind::Int, Some("Company")));
        assert!(
            company.required
                && company.read_only
                && company.queryable
                && company.watched
                && !company.picklist
        );
        assert!(!items.field("lastActivityPersonType").unwrap().queryable);
        let title = by_path("ConfigurationItemNotes").unwrap().field("title").unwrap();
        assert_eq!((title.kind, title.length, title.required), (Kind::Text, Some(250), true));
        assert!(entities().iter().all(|entity| entity.field("id").is_some_and(|id| id.read_only)));
        assert!(
            CHILDREN
                .iter()
                .all(|kin| by_path(kin.entity).is_some_and(|entity| entity.field(kin.by).is_some()))
        );
    }
}
