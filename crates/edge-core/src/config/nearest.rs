//! "Did you mean …?": the known name that is nearest to one that is not known.

/// A suggestion to put behind a message; empty if no candidate is near.
pub(crate) fn did_you_mean<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> String {
    nearest(word, candidates).map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// The candidate that differs least: in a third of the letters at most, or only by what follows (`timeout`).
pub(super) fn nearest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    // What is longer than any name is no misspelt one, and the distance takes time by its length.
    if word.len() > 64 {
        return None;
    }
    let most = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != word)
        .map(|candidate| {
            let is_beginning = word.len() >= 4 && candidate.starts_with(word);
            let distance = strsim::damerau_levenshtein(word, candidate);
            (
                if is_beginning {
                    distance.min(most)
                } else {
                    distance
                },
                candidate,
            )
        })
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_told_from_another_one() {
        let known = ["url", "kv", "rate", "timeout_ms", "account.*", "user_key"];
        let near = |word| nearest(word, known);
        assert_eq!(near("ur"), Some("url"));
        assert_eq!(near("acount.*"), Some("account.*"));
        assert_eq!(near("timeout"), Some("timeout_ms"));
        assert_eq!(near("user_kye"), Some("user_key"));
        assert_eq!(near("retries"), None);
        assert_eq!(near(&"u".repeat(1_000_000)), None);
        assert_eq!(did_you_mean("ur", known), "; did you mean `url`?");
        assert_eq!(did_you_mean("other", known), "");
    }
}
