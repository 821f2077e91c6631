//! What a list was asked for: the parameters of its query, read as the vendor reads them.

use super::{
    conditions::{self, Condition, Dialect},
    errors,
    lists::{DEFAULT_PAGE, LARGEST_PAGE, Lister, Source},
    names::{Kind, Names},
    show::Field,
};
use crate::simulator::{exchange::Reply, faults, query::Query};

/// How a list was asked for.
pub(super) struct Asked<'a> {
    pub names: Names,
    pub conditions: Condition,
    pub child: Condition,
    pub custom: Condition,
    pub order: Vec<(String, bool)>,
    pub fields: Option<Vec<Field>>,
    pub page: usize,
    pub size: usize,
    /// Forward-only: ids greater than this.
    pub after: Option<i64>,
    /// Forward-only was asked for where it is not to be had.
    pub lacks_mode: bool,
    pub query: &'a Query,
}

impl<'a> Lister<'a> {
    pub(super) fn asked(&self, source: Source, forward_allowed: bool) -> Result<Asked<'a>, Reply> {
        let names = source.names(self.state);
        let switches = &self.state.switches;
        let dialect = |lists| (lists, switches.quote_escape, switches.dates);
        let parse = |parameter: &str, lists: bool, resolve: &dyn Fn(&str) -> Option<(String, Kind)>| {
            let Some(text) = self.query.get(parameter) else { return Ok(Condition::All) };
            if self.has(faults::Kind::FilterIgnored) {
                return Ok(Condition::All);
            }
            let (lists, escape, dates) = dialect(lists);
            conditions::parse(text, Dialect { resolve, lists, escape, dates })
                .map_err(|why| errors::conditions(&why))
        };
        let by_member = |name: &str| self.resolve(source, names, name);
        let by_child = |name: &str| child_member(names, name);
        let by_field = |name: &str| custom_member(name);
        let conditions = parse("conditions", true, &by_member)?;
        if conditions.paths().iter().filter(|path| **path == "configuration/id").count() > 1 {
            return Err(errors::conditions("configuration/id can be used only once."));
        }
        let child = parse("childConditions", false, &by_child)?;
        let custom = parse("customFieldConditions", false, &by_field)?;
        let wants_forward = self
            .request
            .header("pagination-type")
            .is_some_and(|value| value.trim().eq_ignore_ascii_case("forward-only"));
        let has_forward = switches.forward_only
            && forward_allowed
            && !switches.forward_only_refused_on.iter().any(|refused| refused == self.path);
        let after = match self.number("pageId")? {
            id if wants_forward && has_forward => Some(id.unwrap_or(0)),
            _ => None,
        };
        let order = if after.is_some() { Vec::new() } else { self.order(source, names)? };
        let size = self.at_least_one("pageSize", LARGEST_PAGE)?.unwrap_or(DEFAULT_PAGE);
        let page = self.at_least_one("page", i32::MAX as usize)?.unwrap_or(1);
        Ok(Asked {
            names,
            conditions,
            child,
            custom,
            order,
            fields: self.fields(names)?,
            page,
            size: size.min(LARGEST_PAGE),
            after,
            lacks_mode: wants_forward && !has_forward,
            query: self.query,
        })
    }

    fn resolve(&self, source: Source, names: Names, name: &str) -> Option<(String, Kind)> {
        if source.kind == "ticket" && name.eq_ignore_ascii_case("configuration/id") {
            return self.state.switches.ticket_filter.then(|| ("configuration/id".to_owned(), Kind::Number));
        }
        let found = conditions::resolve(names, name)?;
        let refused = source.kind == "configuration"
            && found.0 == "activeFlag"
            && !self.state.switches.active_flag_in_conditions;
        (!refused).then_some(found)
    }

    fn order(&self, source: Source, names: Names) -> Result<Vec<(String, bool)>, Reply> {
        let text = self.query.get("orderBy").unwrap_or_default();
        let parts = text.split(',').map(|part| part.split_whitespace().collect::<Vec<_>>());
        parts
            .filter(|words| !words.is_empty())
            .map(|words| {
                let name = words[0];
                let unknown = || errors::conditions(&format!("{name} is not a recognized name."));
                let (path, _) = self.resolve(source, names, name).ok_or_else(unknown)?;
                match words[1..] {
                    [] => Ok((path, false)),
                    [way] if way.eq_ignore_ascii_case("asc") => Ok((path, false)),
                    [way] if way.eq_ignore_ascii_case("desc") => Ok((path, true)),
                    _ => Err(errors::conditions(&format!(
                        "Expected asc or desc after {name}, not '{}'.",
                        words[1..].join(" ")
                    ))),
                }
            })
            .collect()
    }

    /// A number of the query. One that is left empty was not asked for.
    fn number(&self, name: &str) -> Result<Option<i64>, Reply> {
        let Some(text) = self.query.get(name).map(str::trim).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        text.parse::<i32>().map(|number| Some(i64::from(number))).map_err(|_| {
            let message = format!("The value '{text}' is not valid for {name}.");
            errors::invalid(name, "InvalidField", &message, name)
        })
    }

    /// A page or a size of pages. Too large a size is capped without a word, too small a one refused.
    fn at_least_one(&self, name: &str, largest: usize) -> Result<Option<usize>, Reply> {
        let Some(number) = self.number(name)? else { return Ok(None) };
        usize::try_from(number).ok().filter(|number| *number > 0).map(Some).ok_or_else(|| {
            let message = format!("The field {name} must be between 1 and {largest}.");
            errors::invalid(name, "OutOfRange", &message, name)
        })
    }
}

fn child_member(names: Names, name: &str) -> Option<(String, Kind)> {
    let (head, tail) = name.split_once('/')?;
    names.iter().find_map(|(known, kind)| match kind {
        Kind::List(members) if known.eq_ignore_ascii_case(head) => members
            .iter()
            .find(|member| member.eq_ignore_ascii_case(tail))
            .map(|member| (format!("{known}/{member}"), conditions::reference_kind(member))),
        _ => None,
    })
}

fn custom_member(name: &str) -> Option<(String, Kind)> {
    // The value can be of any kind, which is what `Info` stands for in a comparison.
    [("caption", Kind::Text), ("value", Kind::Info), ("id", Kind::Number), ("type", Kind::Text)]
        .into_iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(known, kind)| (known.to_owned(), kind))
}
