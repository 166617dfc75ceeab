//! How alike two words are, as Python's difflib measures it: for the remark `Maybe you meant`.

use std::cmp::Ordering;

/// The words of `choices` that are 0.8 or more like `word`, the likest first, at most three.
pub(super) fn close_to(word: &str, choices: &[&'static str]) -> Vec<&'static str> {
    let mut scored: Vec<(f64, &'static str)> = choices.iter().map(|choice| (ratio(choice, word), *choice)).collect();
    scored.retain(|(score, _)| *score >= 0.8);
    scored.sort_by(|a, b| b.0.partial_cmp(&a.0).unwrap_or(Ordering::Equal).then_with(|| b.1.cmp(a.1)));
    scored.truncate(3);
    scored.into_iter().map(|(_, choice)| choice).collect()
}

/// Twice the characters that match, over the characters of both.
fn ratio(a: &str, b: &str) -> f64 {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let length = a.len() + b.len();
    if length == 0 {
        return 1.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "names of options are short")]
    let ratio = 2.0 * matching(&a, &b) as f64 / length as f64;
    ratio
}

/// The longest block that both have, and the same again to its left and to its right.
fn matching(a: &[char], b: &[char]) -> usize {
    let (mut at_a, mut at_b, mut longest) = (0, 0, 0);
    let mut ends = vec![0; b.len() + 1];
    for (i, of_a) in a.iter().enumerate() {
        let mut ends_here = vec![0; b.len() + 1];
        for (j, of_b) in b.iter().enumerate() {
            if of_a == of_b {
                let run = ends[j] + 1;
                ends_here[j + 1] = run;
                if run > longest {
                    (at_a, at_b, longest) = (i + 1 - run, j + 1 - run, run);
                }
            }
        }
        ends = ends_here;
    }
    if longest == 0 {
        return 0;
    }
    matching(&a[..at_a], &b[..at_b]) + longest + matching(&a[at_a + longest..], &b[at_b + longest..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_with_one_letter_too_many_is_close_and_half_a_word_is_not() {
        assert_eq!(close_to("inputs", &["input", "output", "yaml-input"]), ["input"]);
        assert!(close_to("yaml", &["input", "output", "yaml-input"]).is_empty());
        assert!(close_to("JSON", &["json"]).is_empty());
    }
}
