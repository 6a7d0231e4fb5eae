//! Figures that look natural and are always the same.
//!
//! Knows: SplitMix64 (Steele, Lea, Flood 2014, the constants of the published algorithm), started from the seed of
//! the description and the name of the line, so that a new line leaves the others as they are. Does not know: the
//! clock or any other source of chance.

use rust_decimal::Decimal;

use super::charges::round;

/// A stream of 64-bit numbers.
pub(crate) struct Random(u64);

impl Random {
    /// The stream of one named line: its start is the 64-bit FNV-1a of the name, begun from `seed`.
    pub(crate) fn for_line(seed: u64, name: &str) -> Self {
        let start = 0xcbf2_9ce4_8422_2325_u64 ^ seed;
        Random(name.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    /// The next number.
    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A quantity between two bounds, in a million steps.
    pub(crate) fn between(&mut self, low: Decimal, high: Decimal) -> Decimal {
        let share = Decimal::from(self.draw() % 1_000_001) / Decimal::from(1_000_000_u64);
        round(low + (high - low) * share)
    }

    /// A name of 16 capital letters and digits, as AWS gives to its SKUs.
    pub(crate) fn sku(&mut self) -> String {
        const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        (0..16).map(|_| char::from(LETTERS[(self.draw() % 32) as usize])).collect()
    }
}
