//! Case folding that both databases share.

/// Folds case letter by letter, also beyond ASCII; for texts that are compared without case.
///
/// The databases fold ASCII only or by their collation, so that the folding is done here. One letter stays one
/// letter: `ß` and `SS` differ (contract rest.md §5.9).
pub fn fold(text: &str) -> String {
    text.chars()
        .map(|letter| {
            let mut lower = letter.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(single), None) => single,
                _ => letter,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn folding_knows_letters_beyond_ascii() {
        assert_eq!(fold("ÉCLAIR Straße ΣΑΣ"), "éclair straße σασ");
    }
}
