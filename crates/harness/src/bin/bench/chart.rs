//! The chart for the README: processor time as bars, readable on a light and on a dark page.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::figure::Figure;

/// The groups of bars: a title, and the figures' common key.
const GROUPS: [(&str, &str); 3] = [
    ("an ingest, 16 connections", "ingest_cpu_16"),
    ("an ingest, 1 connection", "ingest_cpu_1"),
    ("an ingest and two deliveries", "event_cpu"),
];
/// The candidates, each with its words.
const BARS: [(&str, &str); 3] = [
    ("ours", "threescale-edge"),
    ("twin", "the same job in JavaScript"),
    ("floor", "JavaScript that only stores the body"),
];
const WIDTH: f64 = 720.0;
const LEFT: f64 = 250.0;
/// The room for a value to the right of its bar.
const RIGHT: f64 = 90.0;
const BAR: f64 = 20.0;

const STYLE: &str = "text { font: 13px system-ui, sans-serif; fill: #1f2328 } .title { font-weight: 600 } \
    .ours { fill: #b7410e } .twin { fill: #57606a } .floor { fill: #9aa4ae } \
    @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .ours { fill: #f0883e } .twin { fill: #8b949e } \
    .floor { fill: #57606a } }";

/// Draws the groups whose figures are there.
pub(crate) fn draw(file: &Path, figures: &[Figure]) -> anyhow::Result<()> {
    let svg = svg(figures)?;
    fs::write(file, svg).with_context(|| format!("{} cannot be written", file.display()))
}

fn svg(figures: &[Figure]) -> anyhow::Result<String> {
    let value = |key: &str, name: &str| {
        let key = format!("{key}_{name}");
        let figure = figures.iter().find(|figure| figure.key == key);
        figure.map(|figure| figure.value.median)
    };
    let all = GROUPS
        .iter()
        .flat_map(|(_, key)| BARS.map(|(name, _)| value(key, name)));
    let most = all.flatten().fold(f64::MIN_POSITIVE, f64::max);
    let (mut bars, mut y) = (String::new(), 46.0);
    for (title, key) in GROUPS {
        writeln!(
            bars,
            "<text class=\"title\" x=\"10\" y=\"{y}\">{title}</text>"
        )?;
        y += 8.0;
        for (name, words) in BARS {
            let Some(value) = value(key, name) else {
                continue;
            };
            let (width, middle) = (value / most * (WIDTH - LEFT - RIGHT), y + 15.0);
            writeln!(
                bars,
                "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{words}</text>\
                 <rect class=\"{name}\" x=\"{LEFT}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR}\" rx=\"2\"/>\
                 <text x=\"{:.1}\" y=\"{middle}\">{value:.0} µs</text>",
                LEFT - 8.0,
                LEFT + width + 6.0,
            )?;
            y += BAR + 4.0;
        }
        y += 26.0;
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {y}\" width=\"{WIDTH}\" height=\"{y}\" \
         role=\"img\" aria-label=\"Processor time of the whole runtime, in microseconds\">\n<style>{STYLE}</style>\n\
         <text x=\"10\" y=\"20\">Processor time of the whole runtime, µs; less is better</text>\n{bars}</svg>\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_fits_and_what_was_not_measured_has_none() {
        let figures = [
            Figure::new("ingest_cpu_16_ours", "", "µs", [200.0]),
            Figure::new("ingest_cpu_16_floor", "", "µs", [100.0]),
        ];
        let svg = svg(&figures).unwrap();
        assert!(svg.contains("width=\"380.0\"") && svg.contains("width=\"190.0\""));
        assert_eq!(svg.matches("<rect").count(), 2);
    }
}
