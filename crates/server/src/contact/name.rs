//! Made-up names for contacts that come without one: `frosty-grass-307` (rest.md §5.21).

const FIRST: &[&str] = &[
    "amber", "bold", "calm", "crimson", "dawn", "dusty", "eager", "frosty", "gentle", "green", "hidden", "icy",
    "jolly", "late", "lively", "misty", "odd", "pale", "proud", "quiet", "rapid", "silent", "snowy", "swift", "warm",
    "wild",
];
const SECOND: &[&str] = &[
    "bird", "brook", "cloud", "dew", "dream", "field", "fire", "flower", "fog", "forest", "frost", "grass", "haze",
    "hill", "lake", "leaf", "meadow", "moon", "night", "pine", "rain", "river", "sea", "shadow", "star", "sun", "wave",
];

/// Two words and a number below 1000.
pub fn random() -> String {
    let mut bytes = [0u8; 8];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    let number = u64::from_le_bytes(bytes);
    let pick = |words: &[&'static str], number: u64| {
        words[usize::try_from(number % words.len() as u64).expect("smaller than a list's length")]
    };
    format!("{}-{}-{}", pick(FIRST, number), pick(SECOND, number >> 16), (number >> 32) % 1000)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_is_two_words_and_a_number() {
        let name = super::random();
        let parts: Vec<&str> = name.split('-').collect();
        assert_eq!(parts.len(), 3, "{name}");
        assert!(parts[2].parse::<u32>().unwrap() < 1000);
    }
}
