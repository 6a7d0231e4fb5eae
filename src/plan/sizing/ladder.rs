//! Commitment bought in monthly parts, so that not all of it ends on one day and each part is decided anew.

use super::Levels;

/// Equal parts, one a month; the last takes what rounding leaves, so that the parts sum to the levels. After each part
/// size again with what is then in force: the parts to come are an intention.
#[must_use]
pub fn tranches(levels: &Levels, months: usize) -> Vec<Levels> {
    let Some(before) = months.checked_sub(1) else { return Vec::new() };
    let part = levels.scaled(1.0 / months as f64);
    let rest = |all: f64, part: f64| all - part * before as f64;
    let last = Levels {
        narrow: levels.narrow.iter().zip(&part.narrow).map(|(all, part)| rest(*all, *part)).collect(),
        wide: rest(levels.wide, part.wide),
    };
    let mut out = vec![part; before];
    out.push(last);
    out
}
