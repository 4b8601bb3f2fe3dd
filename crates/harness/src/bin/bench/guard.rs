//! The guard: whether a ratio became worse than it was, by more than this run's own noise.

use std::process::ExitCode;

use crate::figure::Figure;

/// Compares each ratio with its earlier value, or with its goal if there is none; prints what became worse.
pub(crate) fn check(figures: &[Figure], earlier: &[Figure]) -> anyhow::Result<ExitCode> {
    let worse: Vec<_> = figures
        .iter()
        .filter_map(|figure| complaint(figure, earlier))
        .collect();
    anyhow::ensure!(
        figures.iter().any(|figure| figure.goal.is_some()),
        "no figure has a goal"
    );
    if worse.is_empty() {
        println!("nothing is worse by more than the rounds of this run differ");
        return Ok(ExitCode::SUCCESS);
    }
    for complaint in worse {
        println!("worse: {complaint}");
    }
    Ok(ExitCode::FAILURE)
}

fn complaint(figure: &Figure, earlier: &[Figure]) -> Option<String> {
    let goal = figure.goal?;
    let before = earlier.iter().find(|before| before.key == figure.key);
    let (what, wanted) = before.map_or(("the goal", goal.bound()), |before| {
        ("it was", before.value.median)
    });
    let noise = figure.value.most - figure.value.least;
    let by = goal.worse_by(figure.value.median, wanted);
    (by > noise).then(|| {
        let (label, median) = (&figure.label, figure.value.median);
        format!("{label}: {median:.2}; {what} {wanted:.2}, and the rounds differ by {noise:.2}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Goal;

    fn figure(values: [f64; 3]) -> Figure {
        Figure::new("key", "label", "times", values).goal(Goal::AtMost(1.0))
    }

    #[test]
    fn noise_is_no_complaint() {
        let earlier = [figure([2.0, 2.0, 2.0])];
        assert_eq!(complaint(&figure([2.0, 2.1, 2.2]), &earlier), None);
        assert!(complaint(&figure([2.4, 2.5, 2.6]), &earlier).is_some());
    }

    #[test]
    fn the_goal_stands_in_for_an_earlier_figure() {
        assert!(complaint(&figure([2.0, 2.1, 2.2]), &[]).is_some());
        assert_eq!(complaint(&figure([0.9, 1.0, 1.1]), &[]), None);
    }
}
