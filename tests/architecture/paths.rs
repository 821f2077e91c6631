//! Every path of a source file that leads to another module of the crate.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    ItemUse, Macro, Path, UseTree,
    spanned::Spanned,
    visit::{self, Visit},
};

/// A path from the crate's root, such as `store::Store`.
pub struct Used {
    pub path: String,
    pub line: usize,
}

pub fn used_in(source: &str, file: &str, modules: &BTreeSet<&str>) -> Vec<Used> {
    let mut found = Vec::new();
    match syn::parse_file(source) {
        Ok(tree) => {
            // A file `a/b/c.rs` is the module `a::b::c`; `mod.rs` is its folder.
            let mut place: Vec<String> =
                file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
            if place.last().is_some_and(|name| name == "mod") {
                place.pop();
            }
            let mut reader = Reader { place, modules, found: &mut found };
            reader.visit_file(&tree);
        }
        // A planted fragment may be a statement: read its tokens then.
        Err(_) => match source.parse::<TokenStream>() {
            Ok(tokens) => in_tokens(tokens, modules, &mut found),
            Err(error) => panic!("{file} cannot be parsed: {error}"),
        },
    }
    found
}

struct Reader<'a> {
    place: Vec<String>,
    modules: &'a BTreeSet<&'a str>,
    found: &'a mut Vec<Used>,
}

impl Reader<'_> {
    fn take(&mut self, segments: &[String], line: usize) {
        if let Some(path) = self.from_root(segments) {
            self.found.push(Used { path, line });
        }
    }

    /// The path from the crate's root, if it is one of the crate.
    fn from_root(&self, segments: &[String]) -> Option<String> {
        let first = segments.first()?.as_str();
        let rest = match first {
            "crate" | "mothball" => segments[1..].to_vec(),
            "super" => {
                let ups = segments.iter().take_while(|segment| *segment == "super").count();
                let mut place = self.place.clone();
                place.truncate(place.len().checked_sub(ups)?);
                place.extend(segments[ups..].iter().cloned());
                place
            }
            _ => return None,
        };
        let module = rest.first()?.as_str();
        self.modules.contains(module).then(|| rest.join("::"))
    }

    fn in_use(&mut self, tree: &UseTree, before: &mut Vec<String>) {
        match tree {
            UseTree::Path(part) => {
                before.push(part.ident.to_string());
                self.in_use(&part.tree, before);
                before.pop();
            }
            UseTree::Name(name) => {
                before.push(name.ident.to_string());
                self.take(&before.clone(), name.span().start().line);
                before.pop();
            }
            UseTree::Rename(rename) => {
                before.push(rename.ident.to_string());
                self.take(&before.clone(), rename.span().start().line);
                before.pop();
            }
            UseTree::Glob(glob) => self.take(&before.clone(), glob.span().start().line),
            UseTree::Group(group) => group.items.iter().for_each(|item| self.in_use(item, before)),
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.in_use(&item.tree, &mut Vec::new());
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.place.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.place.pop();
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let segments: Vec<String> = path.segments.iter().map(|part| part.ident.to_string()).collect();
        self.take(&segments, path.span().start().line);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast Macro) {
        in_tokens(item.tokens.clone(), self.modules, self.found);
        visit::visit_macro(self, item);
    }
}

/// Paths in tokens that nobody parses: the insides of macros. `crate::a::b` is seen, groups are opened.
fn in_tokens(tokens: TokenStream, modules: &BTreeSet<&str>, found: &mut Vec<Used>) {
    let mut path: Vec<String> = Vec::new();
    let mut line = 0;
    let mut finish = |path: &mut Vec<String>, line: usize| {
        if path.first().is_some_and(|first| first == "crate" || first == "mothball")
            && path.get(1).is_some_and(|module| modules.contains(module.as_str()))
        {
            found.push(Used { path: path[1..].join("::"), line });
        }
        path.clear();
    };
    let mut groups = Vec::new();
    let mut colons = 0;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                if colons != 2 {
                    finish(&mut path, line);
                }
                colons = 0;
                line = ident.span().start().line;
                path.push(ident.to_string());
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
            TokenTree::Group(group) => {
                finish(&mut path, line);
                colons = 0;
                groups.push(group.stream());
            }
            _ => {
                finish(&mut path, line);
                colons = 0;
            }
        }
    }
    finish(&mut path, line);
    for group in groups {
        in_tokens(group, modules, found);
    }
}
