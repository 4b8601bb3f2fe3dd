//! Figures: one number a round, told as the median with the least and the most.

use serde::{Deserialize, Serialize};

/// The median of the rounds, with the lowest and the highest.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Spread {
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut all: Vec<f64> = values.into_iter().collect();
        all.sort_by(f64::total_cmp);
        let at = |index: usize| all.get(index).copied().unwrap_or(f64::NAN);
        Self {
            median: at(all.len() / 2),
            least: at(0),
            most: at(all.len().saturating_sub(1)),
        }
    }

    pub(crate) fn text(self, digits: usize) -> String {
        let Self {
            median,
            least,
            most,
        } = self;
        format!("{median:.digits$} ({least:.digits$} to {most:.digits$})")
    }
}

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

impl Goal {
    pub(crate) fn holds(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }

    /// By how much one value is worse than another.
    pub(crate) fn worse_by(self, value: f64, than: f64) -> f64 {
        match self {
            Self::AtMost(_) => value - than,
            Self::AtLeast(_) => than - value,
        }
    }

    pub(crate) fn bound(self) -> f64 {
        match self {
            Self::AtMost(bound) | Self::AtLeast(bound) => bound,
        }
    }

    pub(crate) fn text(self) -> String {
        match self {
            Self::AtMost(most) => format!("≤ {most}"),
            Self::AtLeast(least) => format!("≥ {least}"),
        }
    }
}

/// One line of the table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Figure {
    /// Its name in the results.
    pub(crate) key: String,
    pub(crate) label: String,
    pub(crate) unit: String,
    #[serde(flatten)]
    pub(crate) value: Spread,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) goal: Option<Goal>,
}

impl Figure {
    pub(crate) fn new(
        key: &str,
        label: &str,
        unit: &str,
        values: impl IntoIterator<Item = f64>,
    ) -> Self {
        Self {
            key: key.into(),
            label: label.into(),
            unit: unit.into(),
            value: Spread::of(values),
            goal: None,
        }
    }

    /// A ratio with a goal: of these two lists, round by round.
    pub(crate) fn ratio(key: &str, label: &str, of: &[f64], to: &[f64], goal: Goal) -> Self {
        let ratios = of.iter().zip(to).map(|(of, to)| of / to);
        Self::new(key, label, "times", ratios).goal(goal)
    }

    pub(crate) fn goal(mut self, goal: Goal) -> Self {
        self.goal = Some(goal);
        self
    }
}

/// The value below which this part of all is, from 0 to 1.
pub(crate) fn quantile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index into a list that fits into memory"
    )]
    let index = (values.len() as f64 * part) as usize;
    let index = index.min(values.len().saturating_sub(1));
    values.get(index).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_taken_within_each_round() {
        let slow_machine_in_round_two = ([10.0, 100.0, 10.0], [5.0, 50.0, 4.0]);
        let (of, to) = slow_machine_in_round_two;
        let figure = Figure::ratio("key", "label", &of, &to, Goal::AtMost(2.0));
        assert!(figure.value.least >= 2.0 && figure.value.most <= 2.5);
        assert!(Goal::AtMost(2.0).holds(figure.value.median));
    }

    #[test]
    fn worse_depends_on_the_goal() {
        assert!(Goal::AtMost(1.0).worse_by(1.2, 1.1) > 0.0);
        assert!(Goal::AtLeast(1.0).worse_by(1.2, 1.1) < 0.0);
    }

    #[test]
    fn the_99th_of_a_hundred_is_next_to_the_worst() {
        let mut values: Vec<f64> = (0..100).rev().map(f64::from).collect();
        assert!((quantile(&mut values, 0.99) - 99.0).abs() < 0.1);
        assert!((quantile(&mut values, 0.5) - 50.0).abs() < 0.1);
    }
}
