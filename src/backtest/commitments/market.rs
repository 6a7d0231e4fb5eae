//! What Savings Plans could cover, hour by hour in on-demand dollars, and at which rates.
//!
//! Knows: usage on demand, prices, terms. Does not know: which level is bought, when.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::Timestamp;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::{Bought, Terms};
use crate::plan::sizing::{self, Demand, Levels};
use crate::prices::{PriceBook, Term};
use crate::simulate::{Class, Pool, Usage, eligible};

/// Usage that the terms are for.
pub(super) struct Market {
    start: Timestamp,
    terms: Terms,
    /// What is priced alike.
    classes: Vec<sizing::Class>,
    /// Family and region of each narrow plan.
    scopes: Vec<(String, String)>,
    /// The class of each cell, which is one meter and region in one account.
    cells: Vec<usize>,
    /// By hour: cell, dollars.
    rows: Vec<Vec<(usize, f64)>>,
    /// Largest error of a rate, in percent; `None`: all are listed.
    error_percent: Option<f64>,
}

impl Market {
    /// Reads the hours from the start (inclusive) to the end (exclusive).
    pub(super) fn new(
        usage: &Usage,
        terms: &Terms,
        prices: &PriceBook,
        (start, end): (Timestamp, Timestamp),
    ) -> Market {
        let hours = usize::try_from(hours_between(start, end)).unwrap_or_default();
        let mut market = Market {
            start,
            terms: *terms,
            classes: Vec::new(),
            scopes: Vec::new(),
            cells: Vec::new(),
            rows: vec![Vec::new(); hours],
            error_percent: None,
        };
        let mut known: Vec<Option<usize>> = Vec::with_capacity(usage.classes.len());
        for class in &usage.classes {
            known.push(market.class(class, prices));
        }
        let mut cells: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for hour in &usage.hours {
            let Some(row) = market.hour(hour.start).filter(|row| *row < market.rows.len()) else { continue };
            for cell in &hour.cells {
                let class = known.get(cell.class).copied().flatten().zip(usage.classes.get(cell.class));
                let Some((place, class)) = class else { continue };
                let at = *cells.entry((cell.account, cell.class)).or_insert_with(|| {
                    market.cells.push(place);
                    market.cells.len() - 1
                });
                let dollars = (cell.quantity * class.on_demand).to_f64().unwrap_or_default();
                market.rows[row].push((at, dollars.max(0.0)));
            }
        }
        market
    }

    /// The class of a meter in a region; `None`: no plan of the terms is for its kind.
    fn class(&mut self, class: &Class, prices: &PriceBook) -> Option<usize> {
        let compute = eligible(&class.meter).is_some_and(|known| known.pool == Pool::Compute);
        if !compute || (self.terms.wide.is_none() && class.family.is_none()) {
            return None;
        }
        let wide = self.terms.wide.and_then(|term| self.rate(class, &term, prices));
        let home = class.family.clone().zip(class.region.clone());
        let narrow = self.terms.narrow.filter(|_| home.is_some()).and_then(|term| self.rate(class, &term, prices));
        let scope = home.filter(|_| narrow.is_some()).map(|home| place(&mut self.scopes, home));
        let class = sizing::Class { scope, narrow: narrow.unwrap_or(1.0), wide };
        Some(place(&mut self.classes, class))
    }

    /// The rate of a term as a share of the on-demand price.
    fn rate(&mut self, class: &Class, term: &Term, prices: &PriceBook) -> Option<f64> {
        let region = class.region.as_deref();
        let share = prices.committed_share(&class.meter, region, term)?;
        let rate = share.to_f64().filter(|_| share > Decimal::ZERO && share < Decimal::ONE)?;
        let candidates = prices.candidates(&class.meter, region, term);
        let error = candidates.into_iter().find_map(|one| one.price.ok()).and_then(|price| price.error_percent);
        self.error_percent = self.error_percent.into_iter().chain(error).reduce(f64::max);
        Some(rate)
    }

    /// Whether anything can be bought.
    pub(super) fn has_rates(&self) -> bool {
        self.classes.iter().any(is_rated)
    }

    /// What the rates leave out, for the reader.
    pub(super) fn notes(&self) -> Vec<String> {
        let dollars = |wanted: &dyn Fn(&sizing::Class) -> bool| -> f64 {
            let all = self.rows.iter().flatten();
            all.filter(|(cell, _)| wanted(&self.classes[self.cells[*cell]])).map(|(_, dollars)| dollars).sum()
        };
        let (all, unrated) = (dollars(&|_| true), dollars(&|class| !is_rated(class)));
        let mut notes = Vec::new();
        if unrated > 0.0 {
            let percent = 100.0 * unrated / all;
            notes.push(format!("{percent:.1} % of the dollars on demand have no known rate: they stay on demand"));
        }
        if let Some(error) = self.error_percent {
            notes.push(format!(
                "rates are derived, with an error of up to {error} %: surgeon prices refresh lists them"
            ));
        }
        notes
    }

    /// Hours of the whole.
    pub(super) fn hours(&self) -> usize {
        self.rows.len()
    }

    /// Hours of the shortest term.
    pub(super) fn term(&self) -> usize {
        self.terms.hours()
    }

    /// The hour of a moment, counted from the start; `None`: before it.
    pub(super) fn hour(&self, moment: Timestamp) -> Option<usize> {
        usize::try_from(hours_between(self.start, moment)).ok()
    }

    /// Cells that are used in some hours.
    pub(super) fn present(&self, hours: Range<usize>) -> Vec<bool> {
        let mut present = vec![false; self.cells.len()];
        for (cell, _) in self.rows.get(hours).unwrap_or_default().iter().flatten() {
            present[*cell] = true;
        }
        present
    }

    /// Dollars on demand of some hours, of all cells or of some.
    pub(super) fn demand(&self, hours: Range<usize>, cells: Option<&[bool]>) -> Demand {
        let width = self.classes.len();
        let mut dollars = vec![0.0; width * hours.len()];
        let rows = self.rows.get(hours.clone()).unwrap_or_default();
        for (row, into) in rows.iter().zip(dollars.chunks_exact_mut(width.max(1))) {
            for (cell, amount) in row.iter().filter(|(cell, _)| cells.is_none_or(|cells| cells[*cell])) {
                into[self.cells[*cell]] += amount;
            }
        }
        Demand { classes: self.classes.clone(), scopes: self.scopes.len(), hours: hours.len(), dollars }
    }

    /// Levels as what is bought.
    pub(super) fn bought(&self, levels: &Levels) -> Vec<Bought> {
        let bought = |term: Option<Term>, scope: String, level: f64| {
            let hourly = super::judge::amount(level);
            term.filter(|_| level > 0.0).map(|term| Bought { term: term.words(), scope, hourly })
        };
        let narrow = self.scopes.iter().zip(&levels.narrow);
        let narrow = narrow
            .filter_map(|((family, region), level)| bought(self.terms.narrow, format!("{family} in {region}"), *level));
        narrow.chain(bought(self.terms.wide, String::new(), levels.wide)).collect()
    }
}

fn is_rated(class: &sizing::Class) -> bool {
    class.scope.is_some() || class.wide.is_some()
}

/// Where a value stands in a list, to which it is added when it is new.
fn place<T: PartialEq>(list: &mut Vec<T>, value: T) -> usize {
    list.iter().position(|known| *known == value).unwrap_or_else(|| {
        list.push(value);
        list.len() - 1
    })
}

fn hours_between(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_secs().div_euclid(3600)
}
