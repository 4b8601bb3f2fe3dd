//! Charts, drawn as SVG with attributes and classes alone: the page allows no style in it.

use edge_core::api::stats::Hour;

use crate::{markup::Markup, moment};

/// The width of an hour, and of the gap after its bar.
const STEP: i64 = 20;
const GAP: i64 = 4;
const HEIGHT: i64 = 64;

/// A bar for each hour: events that came in, and below, in another colour, attempts that failed.
#[must_use]
pub fn hours(hours: &[Hour]) -> Markup {
    let most = hours
        .iter()
        .map(|hour| hour.events)
        .max()
        .unwrap_or_default();
    let most_failed = hours
        .iter()
        .map(|hour| hour.failed)
        .max()
        .unwrap_or_default();
    let width = wide(hours.len());
    let mut svg = Markup::default();
    svg.raw("<svg class=\"chart\" role=\"img\" preserveAspectRatio=\"none\" viewBox=\"0 0 ")
        .number(width)
        .raw(" 84\"><title>Events and failed attempts by hour</title>");
    svg.raw("<path class=\"axis\" d=\"M0 64.5H")
        .number(width)
        .raw("\"/>");
    for (at, hour) in hours.iter().enumerate() {
        let x = wide(at);
        svg.raw("<g><title>")
            .text(&moment::words(hour.at))
            .raw(": ")
            .text(&moment::counted(hour.events, "event", "events"))
            .raw(", ")
            .text(&moment::counted(
                hour.failed,
                "failed attempt",
                "failed attempts",
            ))
            .raw("</title><rect class=\"hover\" x=\"")
            .number(x)
            .raw("\" y=\"0\" width=\"20\" height=\"84\"/>");
        let tall = scaled(hour.events, most, HEIGHT);
        bar(
            &mut svg,
            "<rect class=\"bar\" x=\"",
            x,
            HEIGHT.saturating_sub(tall),
            tall,
        );
        let tall = scaled(hour.failed, most_failed, 16);
        bar(
            &mut svg,
            "<rect class=\"bad\" x=\"",
            x,
            HEIGHT.saturating_add(3),
            tall,
        );
        svg.raw("</g>");
    }
    svg.raw("</svg>");
    svg
}

/// A small chart of a destination's attempts: what succeeded, and on top what failed.
#[must_use]
pub fn attempts(delivered: &[u64], failed: &[u64]) -> Markup {
    let both = |at: usize| {
        let of = |counts: &[u64]| counts.get(at).copied().unwrap_or_default();
        (of(delivered), of(failed))
    };
    let hours = delivered.len().max(failed.len());
    let most = (0..hours)
        .map(|at| both(at).0.saturating_add(both(at).1))
        .max();
    let most = most.unwrap_or_default();
    let mut svg = Markup::default();
    svg.raw("<svg class=\"spark\" role=\"img\" preserveAspectRatio=\"none\" viewBox=\"0 0 ")
        .number(wide(hours))
        .raw(" 32\"><title>Attempts by hour, the last one at the right</title>");
    for at in 0..hours {
        let (good, bad) = both(at);
        let all = scaled(good.saturating_add(bad), most, 32);
        let red = scaled(bad, most, 32);
        bar(
            &mut svg,
            "<rect class=\"good\" x=\"",
            wide(at),
            32_i64.saturating_sub(all),
            all,
        );
        bar(
            &mut svg,
            "<rect class=\"bad\" x=\"",
            wide(at),
            32_i64.saturating_sub(all),
            red,
        );
    }
    svg.raw("</svg>");
    svg
}

fn bar(svg: &mut Markup, start: &'static str, x: i64, y: i64, height: i64) {
    if height > 0 {
        svg.raw(start)
            .number(x.saturating_add(GAP / 2))
            .raw("\" y=\"")
            .number(y)
            .raw("\" width=\"")
            .number(STEP - GAP)
            .raw("\" height=\"")
            .number(height)
            .raw("\"/>");
    }
}

fn wide(steps: usize) -> i64 {
    i64::try_from(steps)
        .unwrap_or_default()
        .saturating_mul(STEP)
}

/// So much of `height`, and a line at least if there is anything.
fn scaled(value: u64, most: u64, height: i64) -> i64 {
    if value == 0 || most == 0 {
        return 0;
    }
    let share = u64::try_from(height)
        .unwrap_or_default()
        .saturating_mul(value);
    i64::try_from(share.div_euclid(most))
        .unwrap_or(height)
        .max(2)
}

#[cfg(test)]
mod tests {
    use edge_core::time::UnixMillis;

    use super::*;

    #[test]
    fn an_hour_with_anything_in_it_shows() {
        let hour = |events, failed| Hour {
            at: UnixMillis(0),
            events,
            delivered: 0,
            failed,
        };
        let svg = hours(&[hour(1000, 0), hour(1, 5), hour(0, 0)]).to_string();
        assert_eq!(svg.matches("class=\"bar\"").count(), 2);
        assert!(
            svg.contains("height=\"64\"") && svg.contains("height=\"2\""),
            "{svg}"
        );
        assert!(!svg.contains("style="));
        let empty = hours(&[]).to_string();
        assert!(empty.ends_with("</svg>"));
        assert_eq!(
            attempts(&[4, 0], &[0, 1])
                .to_string()
                .matches("<rect")
                .count(),
            3
        );
    }
}
