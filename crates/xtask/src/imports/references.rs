//! A module's references to others: the paths in its `use` declarations, its code, its macros and its attributes.
//!
//! A macro's tokens have no syntax before the macro is expanded: there, names joined by `::` are taken for a path.
//! Strings in attributes are taken for one too where they read as one: `#[serde(with = "crate::time")]`.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use proc_macro2::TokenTree::{Group, Ident, Literal, Punct};
use syn::{
    Attribute, ImplItem, Item, ItemMacro, ItemMod, ItemUse, Meta, Path, Token, UseTree,
    VisRestricted,
    punctuated::Punctuated,
    visit::{self, Visit},
};

/// A path, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) path: Vec<String>,
    pub(crate) line: usize,
}

/// The contents of one module, without the modules inside it and without the code that is for tests.
#[derive(Default)]
pub(crate) struct Collected<'a> {
    pub(crate) names: BTreeMap<String, Vec<String>>,
    pub(crate) globs: Vec<Vec<String>>,
    pub(crate) references: Vec<Reference>,
    pub(crate) modules: Vec<&'a ItemMod>,
    /// The macros with `#[macro_export]`.
    pub(crate) exported_macros: Vec<String>,
    in_attribute: bool,
}

/// Collects what the items of one module write.
pub(crate) fn collect(items: &[Item]) -> Collected<'_> {
    let mut collected = Collected::default();
    for item in items {
        collected.visit_item(item);
    }
    collected
}

impl Collected<'_> {
    fn refer(&mut self, path: Vec<String>, line: usize) {
        // A name alone is the module's own, or a `use` or the prelude has brought it.
        if path.len() > 1 {
            self.references.push(Reference { path, line });
        }
    }

    fn refer_to(&mut self, path: &Path) {
        if path.leading_colon.is_none()
            && let Some(first) = path.segments.first()
        {
            let names = path
                .segments
                .iter()
                .map(|segment| plain(&segment.ident))
                .collect();
            self.refer(names, first.ident.span().start().line);
        }
    }

    fn import(&mut self, tree: &UseTree, before: &[String]) {
        match tree {
            UseTree::Path(tree) => self.import(&tree.tree, &extended(before, &tree.ident)),
            UseTree::Group(group) => group
                .items
                .iter()
                .for_each(|tree| self.import(tree, before)),
            UseTree::Name(name) => self.import_name(before, &name.ident, None),
            UseTree::Rename(renamed) => {
                self.import_name(before, &renamed.ident, Some(&renamed.rename));
            }
            UseTree::Glob(glob) => {
                let line = glob
                    .star_token
                    .spans
                    .first()
                    .map_or(1, |span| span.start().line);
                self.references.push(Reference {
                    path: before.to_vec(),
                    line,
                });
                self.globs.push(before.to_vec());
            }
        }
    }

    fn import_name(&mut self, before: &[String], ident: &syn::Ident, renamed: Option<&syn::Ident>) {
        let path = extended(before, ident);
        let name = renamed
            .map(plain)
            .or_else(|| path.last().cloned())
            .unwrap_or_default();
        if path.as_slice() != [name.as_str()] {
            self.names.insert(name, path.clone());
        }
        self.refer(path, ident.span().start().line);
    }

    fn scan(&mut self, tokens: TokenStream) {
        let (mut path, mut line) = (Vec::new(), 1);
        // How many colons stand before the next token.
        let mut colons = 0;
        for token in tokens {
            if let Punct(punct) = &token
                && punct.as_char() == ':'
            {
                colons += 1;
                continue;
            }
            if colons != 2 || !matches!(token, Ident(_)) {
                self.refer(std::mem::take(&mut path), line);
            }
            colons = 0;
            match token {
                Ident(ident) => {
                    if path.is_empty() {
                        line = ident.span().start().line;
                    }
                    path.push(plain(&ident));
                }
                Group(group) => self.scan(group.stream()),
                Literal(literal) if self.in_attribute => {
                    if let syn::Lit::Str(text) = syn::Lit::new(literal)
                        && let Ok(path) = text.parse::<Path>()
                    {
                        self.refer_to(&path);
                    }
                }
                _ => {}
            }
        }
        self.refer(path, line);
    }
}

impl<'a> Visit<'a> for Collected<'a> {
    fn visit_item(&mut self, item: &'a Item) {
        if !only_for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'a ImplItem) {
        let attributes = match item {
            ImplItem::Fn(function) => function.attrs.as_slice(),
            ImplItem::Const(constant) => &constant.attrs,
            _ => &[],
        };
        if !only_for_tests(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'a ItemMod) {
        self.modules.push(module);
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        if item.leading_colon.is_none() {
            self.import(&item.tree, &[]);
        }
    }

    fn visit_item_macro(&mut self, item: &'a ItemMacro) {
        if let Some(name) = &item.ident
            && item
                .attrs
                .iter()
                .any(|attribute| attribute.path().is_ident("macro_export"))
        {
            self.exported_macros.push(plain(name));
        }
        visit::visit_item_macro(self, item);
    }

    fn visit_path(&mut self, path: &'a Path) {
        self.refer_to(path);
        visit::visit_path(self, path);
    }

    /// A visibility is no import: `pub(in crate::inbox)`.
    fn visit_vis_restricted(&mut self, _: &'a VisRestricted) {}

    fn visit_attribute(&mut self, attribute: &'a Attribute) {
        self.in_attribute = true;
        visit::visit_attribute(self, attribute);
        self.in_attribute = false;
    }

    fn visit_token_stream(&mut self, tokens: &'a TokenStream) {
        self.scan(tokens.clone());
    }
}

/// An identifier's name: `r#type` is `type`.
pub(crate) fn plain(ident: &syn::Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
}

/// A path in a `use` tree with one more name; the `self` of `a::{self, b}` adds none.
fn extended(before: &[String], ident: &syn::Ident) -> Vec<String> {
    let name = plain(ident);
    let mut path = before.to_vec();
    if name != "self" || path.is_empty() {
        path.push(name);
    }
    path
}

/// `true` if the item is compiled for tests alone: `#[test]`, `#[cfg(test)]`, `#[cfg(all(test, …))]`.
fn only_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute
                    .parse_args::<Meta>()
                    .is_ok_and(|condition| needs_test(&condition))
    })
}

fn needs_test(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => list
            .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .is_ok_and(|conditions| conditions.iter().any(needs_test)),
        _ => false,
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The paths that a module's text writes, each with its line.
    fn paths(text: &str) -> Vec<String> {
        let items = syn::parse_file(text).unwrap().items;
        let references = collect(&items).references;
        references
            .iter()
            .map(|reference| format!("{} {}", reference.line, reference.path.join("::")))
            .collect()
    }

    #[test]
    fn use_trees_give_one_path_for_each_name() {
        assert_eq!(
            paths("use crate::{a::{self, B as C},\n d::*};\nuse ::serde::Value;"),
            ["1 crate::a", "1 crate::a::B", "2 crate::d"],
        );
    }

    #[test]
    fn paths_in_code_types_and_bounds_are_seen() {
        assert_eq!(
            paths(
                "fn f<T: crate::a::Bound>(x: super::b::Thing) -> Vec<c::Row> {\n    <T as d::Way>::go(e::VALUE)\n}"
            ),
            [
                "1 crate::a::Bound",
                "1 super::b::Thing",
                "1 c::Row",
                "2 d::Way::go",
                "2 e::VALUE"
            ],
        );
    }

    #[test]
    fn paths_in_macros_are_seen() {
        assert_eq!(
            paths(
                "fn f() {\n    json!({ \"id\": crate::a::ID, \"b\": [b::make(x)] , \"c\": y })\n}"
            ),
            ["2 crate::a::ID", "2 b::make"],
        );
        assert_eq!(
            paths("macro_rules! list { ($x:expr) => { $crate::a::take($x as super::b::T) } }"),
            ["1 crate::a::take", "1 super::b::T"],
        );
    }

    #[test]
    fn paths_in_attributes_are_seen_as_tokens_and_as_strings() {
        assert_eq!(
            paths(
                "#[derive(serde::Serialize)]\nstruct A {\n    #[serde(with = \"crate::time\", default)]\n    at: u64,\n}"
            ),
            ["1 serde::Serialize", "3 crate::time"],
        );
    }

    #[test]
    fn comments_visibility_and_strings_are_no_imports() {
        assert_eq!(
            paths("/// See [`crate::a`].\npub(in crate::b) fn f() { print!(\"crate::c {}\", x) }"),
            Vec::<String>::new(),
        );
    }

    #[test]
    fn what_is_for_tests_alone_is_left_out() {
        assert_eq!(
            paths(
                "#[cfg(test)] use crate::a::A;\n#[test] fn t() { b::go() }\nimpl X { #[cfg(test)] fn t() { c::go() } }"
            ),
            Vec::<String>::new(),
        );
    }
}
