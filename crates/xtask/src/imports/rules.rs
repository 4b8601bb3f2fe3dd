//! The import rules, from the tables of ARCHITECTURE.md: one for each crate, one row for each module.
//!
//! ```text
//! | module of `edge-core` | may import | what it is |
//! |---|---|---|
//! | `lib.rs` | everything | the list of modules |
//! | `name` | nothing | names of sources and destinations |
//! | `config` | `name`, `secret` | what `wrangler.toml` says, checked |
//! | `inbox` | `inbox::*`, `config` | the object itself |
//! ```

use std::{
    collections::{BTreeMap, BTreeSet},
    mem::take,
};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::circles::{self, Graph};
use crate::{fault::Fault, lines::Lines};

/// The file that has the tables.
pub(crate) const MAP: &str = "ARCHITECTURE.md";

/// The rules of one crate.
#[derive(Debug)]
pub(crate) struct Rules {
    /// The package's name.
    pub(crate) package: String,
    /// Where the table begins.
    pub(crate) line: usize,
    /// The modules in the order of their rows, as paths without `crate`, or as the root's file.
    pub(crate) rows: Vec<Row>,
}

#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) module: String,
    pub(crate) line: usize,
    /// The other rows that this one may import.
    pub(crate) may: BTreeSet<String>,
}

impl Rules {
    /// Reads all import tables of a document; the faults are in the tables themselves.
    pub(crate) fn read(markdown: &str) -> (Vec<Self>, Vec<Fault>) {
        let (mut all, mut faults) = (Vec::new(), Vec::new());
        for table in tables(markdown) {
            let Some((header, rows)) = table.split_first() else {
                continue;
            };
            let Some(Cell { words, codes }) = header.cells.first() else {
                continue;
            };
            if let ("module of", [package]) = (words.trim(), codes.as_slice()) {
                let rows = read_rows(rows, &mut faults);
                let rules = Self {
                    package: package.clone(),
                    line: header.line,
                    rows,
                };
                rules.find_circles(&mut faults);
                all.push(rules);
            }
        }
        (all, faults)
    }

    pub(crate) fn row(&self, module: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.module == module)
    }

    fn find_circles(&self, faults: &mut Vec<Fault>) {
        let arrows = self.rows.iter().map(|row| {
            (
                row.module.as_str(),
                row.may.iter().map(String::as_str).collect(),
            )
        });
        let graph: Graph<'_> = arrows.collect();
        for circle in circles::find(graph) {
            let line = circle
                .first()
                .and_then(|module| self.row(module))
                .map_or(self.line, |row| row.line);
            let what = format!(
                "the rows of `{}` form a circle: {}",
                self.package,
                circles::written(&circle)
            );
            faults.push(fault(line, what, circles::REMEDY));
        }
    }
}

fn fault(line: usize, what: String, remedy: &str) -> Fault {
    Fault {
        file: MAP.to_owned(),
        line,
        what,
        remedy: remedy.to_owned(),
    }
}

fn read_rows(written: &[TableRow], faults: &mut Vec<Fault>) -> Vec<Row> {
    let mut lines = BTreeMap::new();
    for row in written {
        match row.cells.first().map(|cell| cell.codes.as_slice()) {
            Some([module]) => {
                if let Some(first) = lines.insert(module.as_str(), row.line) {
                    let what = format!("`{module}` has another row in line {first}");
                    faults.push(fault(row.line, what, "make them one row"));
                }
            }
            _ => faults.push(fault(
                row.line,
                "the first cell names no module".to_owned(),
                "write one module in backticks, as a path without `crate::`",
            )),
        }
    }
    let modules: Vec<&str> = lines.keys().copied().collect();
    let mut rows = Vec::new();
    for row in written {
        if let Some([module]) = row.cells.first().map(|cell| cell.codes.as_slice()) {
            let may = row
                .cells
                .get(1)
                .map_or(Err("may import: the cell is missing".to_owned()), |cell| {
                    may_import(module, cell, &modules)
                });
            let may = may.unwrap_or_else(|what| {
                let remedy = "write other rows' modules in backticks with commas between them, or the word nothing, \
                              or the word everything";
                faults.push(fault(row.line, what, remedy));
                BTreeSet::new()
            });
            rows.push(Row {
                module: module.clone(),
                line: row.line,
                may,
            });
        }
    }
    rows
}

/// The rows that a cell lists.
fn may_import(module: &str, cell: &Cell, modules: &[&str]) -> Result<BTreeSet<String>, String> {
    let others = || {
        modules
            .iter()
            .filter(|other| **other != module)
            .map(|other| (*other).to_owned())
    };
    match (
        cell.words.replace([',', ' '], "").as_str(),
        cell.codes.as_slice(),
    ) {
        ("nothing", []) => Ok(BTreeSet::new()),
        ("everything", []) => Ok(others().collect()),
        ("", [_, ..]) => {
            let mut may = BTreeSet::new();
            for name in &cell.codes {
                let below = name.strip_suffix('*').filter(|below| below.ends_with("::"));
                let named: Vec<String> = others()
                    .filter(|other| below.map_or(other == name, |below| other.starts_with(below)))
                    .collect();
                if named.is_empty() {
                    return Err(format!(
                        "`{module}` may import `{name}`, which has no row of its own"
                    ));
                }
                may.extend(named);
            }
            Ok(may)
        }
        _ => Err(format!("what `{module}` may import is not clear")),
    }
}

#[derive(Default)]
struct TableRow {
    line: usize,
    cells: Vec<Cell>,
}

#[derive(Default)]
struct Cell {
    /// The cell's text without its code.
    words: String,
    codes: Vec<String>,
}

/// All tables of a document, each with its header as the first row.
fn tables(markdown: &str) -> Vec<Vec<TableRow>> {
    let lines = Lines::of(markdown);
    let (mut tables, mut table, mut row, mut cell) =
        (Vec::new(), Vec::new(), TableRow::default(), Cell::default());
    for (event, range) in Parser::new_ext(markdown, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(Tag::TableHead | Tag::TableRow) => row.line = lines.at(range.start),
            Event::Start(Tag::TableCell) => cell = Cell::default(),
            Event::Text(text) => cell.words.push_str(&text),
            Event::Code(code) => cell.codes.push(code.to_string()),
            Event::End(TagEnd::TableCell) => row.cells.push(take(&mut cell)),
            Event::End(TagEnd::TableHead | TagEnd::TableRow) => table.push(take(&mut row)),
            Event::End(TagEnd::Table) => tables.push(take(&mut table)),
            _ => {}
        }
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a table with these rows below its header, which is line 1.
    fn read(rows: &[&str]) -> (Rules, Vec<String>) {
        let table = format!(
            "| module of `a` | may import | what it is |\n|---|---|---|\n{}\n",
            rows.join("\n")
        );
        let (mut all, faults) = Rules::read(&table);
        (
            all.remove(0),
            faults
                .iter()
                .map(|fault| format!("{} {}", fault.line, fault.what))
                .collect(),
        )
    }

    fn may(rules: &Rules, module: &str) -> Vec<String> {
        rules.row(module).unwrap().may.iter().cloned().collect()
    }

    #[test]
    fn a_row_lists_modules_or_says_nothing_or_everything() {
        let (rules, faults) = read(&[
            "| `lib.rs` | everything | |",
            "| `b` | nothing | uses `c` |",
            "| `c` | `b` | |",
            "| `d` | `d::*`, `c` | |",
            "| `d::e` | `b`,`c` | |",
        ]);
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(may(&rules, "lib.rs"), ["b", "c", "d", "d::e"]);
        assert_eq!(may(&rules, "b"), Vec::<String>::new());
        assert_eq!(may(&rules, "d"), ["c", "d::e"]);
        assert_eq!(may(&rules, "d::e"), ["b", "c"]);
    }

    #[test]
    fn other_tables_and_the_text_around_are_left_alone() {
        let (all, faults) = Rules::read(
            "# Map\n\n| `b` | x |\n|---|---|\n| y | z |\n\n\
             | module of `b` | may import | |\n|---|---|---|\n| `c` | nothing | |\n\nand `d`, everything\n",
        );
        assert_eq!(faults, []);
        assert_eq!(
            all.iter()
                .map(|rules| (rules.package.as_str(), rules.line))
                .collect::<Vec<_>>(),
            [("b", 7)]
        );
    }

    #[test]
    fn a_circle_cannot_be_declared() {
        let (_, faults) = read(&["| `b` | `c` | |", "| `c` | `d` | |", "| `d` | `b` | |"]);
        assert_eq!(
            faults,
            ["3 the rows of `a` form a circle: b -> c -> d -> b"]
        );
        let (_, faults) = read(&["| `lib.rs` | everything | |", "| `b` | `lib.rs` | |"]);
        assert_eq!(
            faults,
            ["4 the rows of `a` form a circle: b -> lib.rs -> b"]
        );
    }

    #[test]
    fn an_unclear_row_is_a_fault() {
        for (row, what) in [
            (
                "| `b` | `x` | |",
                "3 `b` may import `x`, which has no row of its own",
            ),
            (
                "| `b` | `b` | |",
                "3 `b` may import `b`, which has no row of its own",
            ),
            (
                "| `b` | `b::*` | |",
                "3 `b` may import `b::*`, which has no row of its own",
            ),
            ("| `b` | | |", "3 what `b` may import is not clear"),
            (
                "| `b` | `c` and so on | |",
                "3 what `b` may import is not clear",
            ),
            ("| `b` | c | |", "3 what `b` may import is not clear"),
            ("| b | nothing | |", "3 the first cell names no module"),
        ] {
            let (_, faults) = read(&[row, "| `c` | nothing | |"]);
            assert_eq!(faults, [what], "{row}");
        }
    }

    #[test]
    fn a_module_has_one_row() {
        let (_, faults) = read(&["| `b` | nothing | |", "| `b` | nothing | |"]);
        assert_eq!(faults, ["4 `b` has another row in line 3"]);
    }
}
