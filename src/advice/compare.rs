//! Agree, disagree and why, only theirs and why, only ours.
//!
//! Knows: which of our findings speaks of the same thing as a recommendation, and when two figures are the same. Does
//! not know: how either side came to its figure.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::identity::{Facet, Index, bucket, facet, meets, repeats, same_plan, same_terms, shapes};
use super::wording::{amount, both, both_commitments, our_target, short, their_target, they};
use super::{Action, Basis, Origin, Recommendation};
use crate::period::HOURS_PER_MONTH;
use crate::ratio::Ratio;

/// What we say about a thing, filled from the plan.
#[derive(Clone, PartialEq, Debug)]
pub struct Ours {
    /// Id of the finding.
    pub id: String,
    /// Rule.
    pub rule: String,
    /// Strategy word.
    pub strategy: String,
    /// Action word.
    pub action: String,
    /// Account.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Canonical id of the resource.
    pub resource: Option<String>,
    /// Meter afterwards.
    pub new_meter: Option<String>,
    /// Purchases: the name of a price term, and after a space the family that it is bound to, as in
    /// [`Recommendation::plan`].
    pub plan: Option<String>,
    /// Purchases: per hour.
    pub commitment: Option<Decimal>,
    /// Effective saving, valued alone, per month.
    pub savings: Option<Decimal>,
    /// Saving per month from now, net of commitments in force.
    pub net: Option<Decimal>,
    /// Currency code of the amounts.
    pub currency: Option<String>,
    /// chosen, outdone, unpriced, hygiene, waived or refused.
    pub standing: String,
    /// Why it is not in the plan; of a chosen one, what commitments hold back and until when.
    pub standing_reason: Option<String>,
}

/// Why the two sides differ.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reason {
    /// The same kind of change, to another size or type; of a purchase, another term or payment.
    AnotherTarget,
    /// The same change, worth another amount.
    AnotherAmount,
    /// The same change; a commitment in force holds back what we count.
    Held,
    /// Another kind of change of the same resource.
    AnotherAction,
    /// Ours too, but another change of the resource saves more.
    Outdone,
    /// Ours too, but its owner accepts it.
    Waived,
    /// Ours too, but without a figure: no price, or something to look at first.
    NoFigure,
    /// Ours too, but the figure of our rule is refused as impossible.
    Refused,
    /// Our rules examined the resource and found it in order.
    FoundInOrder,
    /// A rule of ours could not judge the resource.
    CouldNotLook,
    /// No rule of ours looks at it, or it is not on the bill.
    NotExamined,
}

/// How the two sides stand to each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// The same, at about the same figure.
    Agree,
    /// About one thing, not the same.
    Disagree(Reason),
    /// Only the provider says so.
    OnlyTheirs(Reason),
    /// Only we say so.
    OnlyOurs,
}

/// One thing, as both sides see it.
#[derive(Clone, PartialEq, Debug)]
pub struct Comparison {
    /// How they stand to each other.
    pub verdict: Verdict,
    /// What the provider says, in the words of the most trusted export that says so.
    pub theirs: Option<Recommendation>,
    /// Exports of the provider that repeat it.
    pub also: Vec<Origin>,
    /// What we say.
    pub ours: Option<Ours>,
    /// One plain sentence with the figures.
    pub reason: String,
}

/// Sets what the provider recommends beside what we say: every recommendation once, whatever exports repeat it, and
/// every finding of ours that is in the plan, or only lacks a price, once at least. Agreement first, then by money.
///
/// `examined` and `unknown` are the resources (account, id) that our rules found in order, and could not judge.
#[must_use]
pub fn compare(
    theirs: &[Recommendation],
    ours: &[Ours],
    examined: &BTreeSet<(Option<String>, String)>,
    unknown: &BTreeSet<(Option<String>, String)>,
) -> Vec<Comparison> {
    let findings = Index::of_findings(ours);
    let (examined, unknown) = (Index::of_resources(examined), Index::of_resources(unknown));
    let mut used = BTreeSet::new();
    let mut out = Vec::new();
    for (theirs, also) in grouped(theirs) {
        let counterpart = counterpart(theirs, ours, &findings);
        used.extend(counterpart);
        let found = counterpart.and_then(|place| ours.get(place));
        let (verdict, reason) = match found {
            Some(ours) => judge(theirs, ours),
            None => alone(theirs, !unknown.find(theirs).is_empty(), !examined.find(theirs).is_empty()),
        };
        out.push(Comparison { verdict, theirs: Some(theirs.clone()), also, ours: found.cloned(), reason });
    }
    let proposed = |ours: &Ours| ["chosen", "unpriced"].contains(&ours.standing.as_str());
    for (_, ours) in ours.iter().enumerate().filter(|(place, ours)| !used.contains(place) && proposed(ours)) {
        let reason = match ours.savings {
            Some(savings) => {
                format!("Not in their exports; we save {} a month.", amount(savings, ours.currency.as_deref()))
            }
            None => "Not in their exports; we have no figure.".into(),
        };
        out.push(Comparison {
            verdict: Verdict::OnlyOurs,
            theirs: None,
            also: Vec::new(),
            ours: Some(ours.clone()),
            reason,
        });
    }
    out.sort_by(|a, b| group(a).cmp(&group(b)).then_with(|| money(b).cmp(&money(a))));
    out
}

fn group(comparison: &Comparison) -> u8 {
    match comparison.verdict {
        Verdict::Agree => 0,
        Verdict::Disagree(_) => 1,
        Verdict::OnlyTheirs(_) => 2,
        Verdict::OnlyOurs => 3,
    }
}

fn money(comparison: &Comparison) -> Option<Decimal> {
    let theirs = comparison.theirs.as_ref().and_then(|theirs| theirs.savings);
    theirs.or(comparison.ours.as_ref().and_then(|ours| ours.savings))
}

/// Each recommendation once, with the other origins that repeat it. Of one origin only the very same is a repetition,
/// another day's; two different lines of one export are never made one.
fn grouped(theirs: &[Recommendation]) -> Vec<(&Recommendation, Vec<Origin>)> {
    let mut order: Vec<&Recommendation> = theirs.iter().collect();
    // The most trusted leads its group, and of one origin the latest.
    order.sort_by(|a, b| a.origin.cmp(&b.origin).then_with(|| b.date.cmp(&a.date)));
    let mut groups: Vec<Vec<&Recommendation>> = Vec::new();
    let mut buckets: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for one in order {
        let known = buckets.entry(bucket(one)).or_default();
        let takes = |members: &[&Recommendation]| {
            let same_origin = members.iter().find(|member| member.origin == one.origin);
            members.first().is_some_and(|lead| repeats(lead, one))
                && same_origin.is_none_or(|member| member.current == one.current && member.proposed == one.proposed)
        };
        let place = known.iter().copied().find(|place| groups.get(*place).is_some_and(|members| takes(members)));
        match place {
            Some(place) => groups[place].push(one),
            None => {
                known.push(groups.len());
                groups.push(vec![one]);
            }
        }
    }
    let led = groups.into_iter().filter_map(|members| {
        let lead = *members.first()?;
        let others: BTreeSet<Origin> = members.iter().map(|member| member.origin).collect();
        Some((lead, others.into_iter().filter(|origin| *origin != lead.origin).collect()))
    });
    led.collect()
}

/// What kind of change a word means; changes of one kind exclude each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It goes away.
    Remove,
    /// It becomes another one.
    Change,
    /// A commitment.
    Buy,
    /// Somebody has to look.
    Look,
}

fn kind(word: &str) -> Kind {
    match word {
        "delete" | "stop" => Kind::Remove,
        "purchase-savings-plans" | "purchase-reservations" => Kind::Buy,
        "investigate" => Kind::Look,
        _ => Kind::Change,
    }
}

/// The finding of ours that answers a recommendation best: of the same kind, then to the same target, then in the plan,
/// then worth most. One about another part of the resource answers nothing.
fn counterpart(theirs: &Recommendation, ours: &[Ours], findings: &Index<'_>) -> Option<usize> {
    let candidates: Vec<(usize, &Ours)> = if buys(theirs) {
        let plan = theirs.plan.as_deref()?;
        let fits = |ours: &Ours| {
            ours.plan.as_deref().is_some_and(|ours| same_plan(plan, ours))
                && meets(theirs.account.as_ref(), ours.account.as_ref())
                && meets(theirs.region.as_ref(), ours.region.as_ref())
        };
        ours.iter().enumerate().filter(|(_, ours)| fits(ours)).collect()
    } else {
        let about = facet(&target(theirs)).or_else(|| {
            let storage = theirs.resource_type.as_deref().is_some_and(|kind| kind.ends_with("Storage"));
            storage.then_some(Facet::Storage)
        });
        let found = findings.find(theirs).into_iter().filter_map(|place| Some((place, ours.get(place)?)));
        found.filter(|(_, ours)| meets(about, facet(&our_shapes(ours)))).collect()
    };
    let rank = |ours: &Ours| {
        let same_kind = kind(theirs.action.word()) == kind(&ours.action);
        (same_kind, same_target(theirs, ours), ours.standing == "chosen", ours.savings)
    };
    candidates.into_iter().max_by(|a, b| rank(a.1).cmp(&rank(b.1)).then_with(|| b.0.cmp(&a.0))).map(|(place, _)| place)
}

fn buys(theirs: &Recommendation) -> bool {
    matches!(theirs.action, Action::PurchaseSavingsPlans | Action::PurchaseReservedInstances)
}

fn target(theirs: &Recommendation) -> BTreeSet<String> {
    theirs.proposed.as_deref().map(shapes).unwrap_or_default()
}

fn our_shapes(ours: &Ours) -> BTreeSet<String> {
    ours.new_meter.as_deref().map(shapes).unwrap_or_default()
}

/// Whether both want the same instead; a side that names no type or size leaves it open.
fn same_target(theirs: &Recommendation, ours: &Ours) -> bool {
    if let (Some(theirs), Some(ours)) = (&theirs.plan, &ours.plan) {
        return same_terms(theirs, ours);
    }
    let (theirs, ours) = (target(theirs), our_shapes(ours));
    theirs.is_empty() || ours.is_empty() || !theirs.is_disjoint(&ours)
}

/// One thing that both sides name.
fn judge(theirs: &Recommendation, ours: &Ours) -> (Verdict, String) {
    let why = |otherwise: &str| ours.standing_reason.clone().unwrap_or_else(|| otherwise.to_owned());
    let (they_do, we_do) = (kind(theirs.action.word()), kind(&ours.action));
    let (they, both) = (they(theirs), both(theirs, ours));
    let (reason, text) = match ours.standing.as_str() {
        "waived" if we_do == they_do || we_do == Kind::Look => {
            let why = why("no reason is given");
            (Reason::Waived, format!("We found it too, and its owner accepts it: {why}; {they}."))
        }
        _ if we_do == Kind::Look => {
            (Reason::NoFigure, format!("We ask for a look at it first and put no figure on it; {they}."))
        }
        _ if we_do != they_do => {
            let (their, our) = (short(theirs.action.word()), &ours.action);
            (Reason::AnotherAction, format!("They say {their}, we say {our}: {both}."))
        }
        "outdone" => {
            let why = why("another change of the same resource saves more");
            let hub = theirs.origin == Origin::CostOptimizationHub;
            let keeps = if hub { "; the Hub keeps the change that it values most" } else { "" };
            (Reason::Outdone, format!("We found it too, but {why}{keeps}; {both}."))
        }
        "refused" => {
            let why = why("it is impossible");
            (Reason::Refused, format!("A rule of ours fires too, but its figure is refused: {why}; {they}."))
        }
        "unpriced" | "hygiene" => {
            let why = why("nothing on the bill would change");
            (Reason::NoFigure, format!("We found it too, without a figure ({why}); {they}."))
        }
        _ if !same_target(theirs, ours) => {
            let (their, our) = (their_target(theirs), our_target(ours));
            (Reason::AnotherTarget, format!("To another target: they say {their}, we say {our}; {both}."))
        }
        _ if buys(theirs) => return bought(theirs, ours),
        _ => return priced(theirs, ours, &both),
    };
    (Verdict::Disagree(reason), text)
}

/// The same change, in the plan: are the figures the same?
fn priced(theirs: &Recommendation, ours: &Ours, figures: &str) -> (Verdict, String) {
    let (Some(they_save), Some(we_save)) = (theirs.savings, ours.savings) else {
        return (Verdict::Agree, format!("The same change; {figures}."));
    };
    if !meets(theirs.currency.as_ref(), ours.currency.as_ref()) {
        return (Verdict::Agree, format!("The same change, in two currencies that are not compared; {figures}."));
    }
    let net = ours.net.unwrap_or(we_save);
    let now = format!(", of which {} now", amount(net, ours.currency.as_deref()));
    if close(they_save, net) {
        let now = if close(we_save, net) { "" } else { now.as_str() };
        return (Verdict::Agree, format!("The same change; {figures}{now}."));
    }
    // Without a commitment that holds it back, net is lower only by what other changes of the plan save as well.
    if let Some(held) = ours.standing_reason.as_deref().filter(|_| !close(we_save, net)) {
        return (Verdict::Disagree(Reason::Held), format!("The same change; {figures}{now}: {held}."));
    }
    if close(they_save, we_save) {
        return (Verdict::Agree, format!("The same change; {figures}."));
    }
    let hint = if theirs.basis == Basis::BeforeDiscounts { "; ours is at the prices that the bill pays" } else { "" };
    (Verdict::Disagree(Reason::AnotherAmount), format!("The same change at another amount: {figures}{hint}."))
}

/// The same plan: is as much committed?
fn bought(theirs: &Recommendation, ours: &Ours) -> (Verdict, String) {
    let figures = both_commitments(theirs, ours);
    let month = |hour: Option<Decimal>| hour.and_then(|hour| hour.checked_mul(Decimal::from(HOURS_PER_MONTH)));
    match (month(theirs.commitment), month(ours.commitment)) {
        (Some(one), Some(other)) if !close(one, other) => (
            Verdict::Disagree(Reason::AnotherAmount),
            format!("The same plan, more or less of it: {figures}; {}.", both(theirs, ours)),
        ),
        _ => (Verdict::Agree, format!("The same plan: {figures}; {}.", both(theirs, ours))),
    }
}

/// What we do not name.
fn alone(theirs: &Recommendation, unknown: bool, examined: bool) -> (Verdict, String) {
    let (reason, why) = match (unknown, examined) {
        (true, _) => (Reason::CouldNotLook, "A rule of ours could not judge it: something is missing in the input"),
        (false, true) => (Reason::FoundInOrder, "Our rules examined it and found it in order"),
        (false, false) => (Reason::NotExamined, "No rule of ours looks at it, or it is not on the bill"),
    };
    (Verdict::OnlyTheirs(reason), format!("{why}; {}.", they(theirs)))
}

/// The same figure per month: within one unit of the currency, or within 10 % of the larger. Both sides round, look at
/// different days, and normalise to 730 hours.
fn close(one: Decimal, other: Decimal) -> bool {
    let Some(difference) = one.checked_sub(other).map(|difference| difference.abs()) else { return false };
    let larger = one.abs().max(other.abs());
    difference <= Decimal::ONE || difference <= larger * Ratio::percent(Decimal::TEN).fraction()
}
