//! Numbers that are others in every run, unless a run is to be repeated.

use std::hash::{BuildHasher as _, RandomState};

/// The environment variable with the seed of a run that is to be repeated.
const VARIABLE: &str = "OOCTOPUS_TEST_SEED";

/// How often something is done: `usual`, or as often as the environment says where there is more time than in tests.
pub fn times(variable: &str, usual: usize) -> usize {
    std::env::var(variable).map_or(usual, |times| times.parse().expect("how often is a number"))
}

/// A generator of 64-bit numbers (`SplitMix64`).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// With a seed that is printed, so that whoever reads of a failure can run it again.
    pub fn printed() -> Self {
        let given = std::env::var(VARIABLE).ok().map(|seed| seed.parse().expect("a seed is a number"));
        let seed = given.unwrap_or_else(|| RandomState::new().hash_one(0));
        eprintln!("{VARIABLE}={seed}");
        Self(seed)
    }

    /// A number below `end`.
    pub const fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }

    /// Another generator, for something that goes on at the same time.
    #[must_use]
    pub const fn split(&mut self) -> Self {
        Self(self.below(u64::MAX))
    }
}
