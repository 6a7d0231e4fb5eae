//! What pages offer to commit to, and what of the week's usage each offer covers at which rate.
//!
//! Knows: kinds of commitments, families, what a swap of the plan could bring in the place of a meter. Does not know: how much of an offer
//! is worth buying.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::finding::Verb;
use crate::id::Meter;
use crate::plan::week::Week;
use crate::plan::{Planned, Standing};
use crate::prices::{Plan, PriceBook, Term};
use crate::simulate::{Pool, eligible};

/// What an offer covers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Scope {
    Reserved(usize),
    Narrow(String, String),
    Wide,
}

/// An offer of a page.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Offer {
    pub(super) planned: usize,
    pub(super) term: Term,
    pub(super) plan: Plan,
    pub(super) scope: Scope,
    /// Rate as a share of the on-demand price, by class.
    pub(super) shares: BTreeMap<usize, Decimal>,
}

impl Offer {
    /// Whether it covers a class.
    pub(in crate::plan) fn covers(&self, class: usize) -> bool {
        self.shares.contains_key(&class)
    }
}

/// What findings offer; one whose rates are not known is unpriced.
pub(in crate::plan) fn read(offers: &mut [Planned], week: &Week<'_>, prices: &PriceBook) -> Vec<Offer> {
    let mut all: Vec<Offer> = Vec::new();
    for (planned, one) in offers.iter_mut().enumerate().filter(|(_, one)| one.standing == Standing::Hygiene) {
        let known = all.len();
        let mut unpriced: Vec<String> = Vec::new();
        for change in &one.finding.changes {
            let Verb::Commit(term) = change.verb else { continue };
            let Term::Committed { plan, .. } = term else { continue };
            let region = one.finding.target.region.clone();
            let scopes = match plan {
                Plan::Ec2InstanceSavingsPlan => families(week, region.as_deref()),
                Plan::ComputeSavingsPlan | Plan::DatabaseSavingsPlan => vec![Scope::Wide],
                _ => change.meter.as_ref().map(|meter| reserved(meter, region.as_ref(), week)).unwrap_or_default(),
            };
            for scope in scopes {
                // Two meters of a finding may bring the same.
                if all[known..].iter().any(|offer| offer.plan == plan && offer.scope == scope) {
                    continue;
                }
                let shares = shares(&scope, plan, &term, week, prices);
                if !shares.is_empty() {
                    all.push(Offer { planned, term, plan, scope, shares });
                }
            }
            // A meter that has no rate itself is unpriced, whatever the plan could bring in its place.
            let own = change.meter.as_ref().and_then(|meter| week.class(&(region.clone(), meter.clone())));
            let priced =
                |offer: &Offer| own.is_none_or(|own| !matches!(offer.scope, Scope::Reserved(_)) || offer.covers(own));
            if !all[known..].iter().any(priced) {
                let of = change.meter.as_ref().map(|meter| format!(" of {meter}")).unwrap_or_default();
                unpriced.push(format!("{term}{of}"));
            }
        }
        let Some(first) = unpriced.first() else { continue };
        if all.len() == known {
            one.standing = Standing::Unpriced(first.clone());
        } else {
            let others = match unpriced.len() - 1 {
                0 => String::new(),
                others => format!(" and {others} more"),
            };
            one.finding.message.push_str(&format!(" No price is known for {first}{others}: not in this figure."));
        }
    }
    all
}

/// A meter that can be reserved, and what the plan could bring in its place: what is charged in the same way, and nobody uses yet.
fn reserved(meter: &Meter, region: Option<&String>, week: &Week<'_>) -> Vec<Scope> {
    let Some(own) = week.class(&(region.cloned(), meter.clone())) else { return Vec::new() };
    let used: BTreeSet<usize> =
        week.usage().hours.iter().flat_map(|hour| hour.cells.iter().map(|cell| cell.class)).collect();
    // `AmazonRDS/InstanceUsage` of `AmazonRDS/InstanceUsage:db.r5.large`.
    let charged_as = |meter: &Meter| meter.0.split(':').next().map(str::to_owned);
    let brought = week.usage().classes.iter().enumerate().filter(|(place, class)| {
        let is_new = *place != own && !used.contains(place) && class.region.as_ref() == region;
        is_new && charged_as(&class.meter) == charged_as(meter)
    });
    // Its own first: that is the one whose terms are compared.
    std::iter::once(own).chain(brought.map(|(place, _)| place)).map(Scope::Reserved).collect()
}

/// Families of a region, those that the plan brings included.
fn families(week: &Week<'_>, region: Option<&str>) -> Vec<Scope> {
    let classes = week.usage().classes.iter().filter(|class| class.region.as_deref() == region);
    let compute = classes.filter(|class| eligible(&class.meter).is_some_and(|known| known.pool == Pool::Compute));
    let families: BTreeSet<String> = compute.filter_map(|class| class.family.clone()).collect();
    let region = region.unwrap_or_default();
    families.into_iter().map(|family| Scope::Narrow(family, region.to_owned())).collect()
}

/// Rates as shares of the on-demand price, by class, where they are known.
pub(super) fn shares(
    scope: &Scope,
    plan: Plan,
    term: &Term,
    week: &Week<'_>,
    prices: &PriceBook,
) -> BTreeMap<usize, Decimal> {
    let mut shares = BTreeMap::new();
    for (place, class) in week.usage().classes.iter().enumerate() {
        let pool = eligible(&class.meter).map(|known| known.pool);
        let inside = match scope {
            Scope::Reserved(only) => *only == place,
            Scope::Narrow(family, region) => {
                pool == Some(Pool::Compute)
                    && class.family.as_ref() == Some(family)
                    && class.region.as_ref() == Some(region)
            }
            Scope::Wide if plan == Plan::DatabaseSavingsPlan => pool == Some(Pool::Database),
            Scope::Wide => pool == Some(Pool::Compute),
        };
        let share = inside.then(|| prices.committed_share(&class.meter, class.region.as_deref(), term)).flatten();
        if let Some(share) = share.filter(|share| *share > Decimal::ZERO && *share < Decimal::ONE) {
            shares.insert(place, share);
        }
    }
    shares
}
