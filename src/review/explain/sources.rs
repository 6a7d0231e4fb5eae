//! What the figures of a finding rest on: prices with everyone who states one, rows and charges of the bill; and what else
//! could be done with the target.
//!
//! Knows: the price book's candidates, the target's rows. Computes nothing but sums of rows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::formula::exact;
use super::{
    Alternative, Amount, CandidateLine, ChargeLine, ChargeList, Inputs, MeterPrices, Period, Relation, RowGroup,
    RowLine, Rows,
};
use crate::billing::{Charge, Charges, DayRow};
use crate::finding::{Change, Finding, Verb};
use crate::id::Meter;
use crate::period::{AsOf, midnight};
use crate::plan::composes;
use crate::prices::{Candidate, Term};

/// The days of the run rate, both inclusive.
pub(super) fn window(as_of: AsOf) -> Period {
    let first = as_of.run_rate_window().start().to_zoned(TimeZone::UTC).date();
    let last = as_of.date().yesterday().unwrap_or(as_of.date());
    Period { first: first.to_string(), last: last.to_string() }
}

/// As what a meter takes part.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Today,
    New,
    Once,
}

impl Role {
    fn word(self) -> &'static str {
        match self {
            Role::Today => "today",
            Role::New => "new",
            Role::Once => "once",
        }
    }
}

/// Every meter that the finding names, today's first.
pub(super) fn prices(of: &Inputs<'_>, finding: &Finding) -> Vec<MeterPrices> {
    let lines = of.baseline.lines.get(&finding.target).map(Vec::as_slice).unwrap_or_default();
    let mut meters: BTreeSet<(Role, &Meter)> = BTreeSet::new();
    for change in &finding.changes {
        let own = change.meter.as_ref();
        match &change.verb {
            Verb::Once(_) => meters.extend(own.map(|meter| (Role::Once, meter))),
            Verb::Swap { meter, .. } if is_addition(change) => {
                meters.extend(meter.as_ref().or(own).map(|meter| (Role::New, meter)));
            }
            verb => {
                let today = lines.iter().filter_map(|line| line.meter.as_ref());
                meters.extend(today.filter(|meter| own.is_none_or(|own| own == *meter)).map(|m| (Role::Today, m)));
                if let Verb::Swap { meter, .. } = verb {
                    meters.extend(meter.as_ref().filter(|new| Some(*new) != own).map(|meter| (Role::New, meter)));
                }
            }
        }
    }
    let region = finding.target.region.as_deref();
    let of_meter = |(role, meter): (Role, &Meter)| MeterPrices {
        meter: meter.to_string(),
        region: finding.target.region.clone(),
        role: role.word().into(),
        candidates: candidates(of.prices.candidates(meter, region, &Term::OnDemand), role),
    };
    meters.into_iter().map(of_meter).collect()
}

/// A meter that is not charged today.
fn is_addition(change: &Change) -> bool {
    matches!(change.verb, Verb::Swap { .. }) && change.quantity == Some(Decimal::ZERO)
}

fn candidates(all: Vec<Candidate>, role: Role) -> Vec<CandidateLine> {
    let first = all.iter().position(|candidate| candidate.price.is_ok());
    all.into_iter()
        .enumerate()
        .map(|(place, Candidate { origin, price, .. })| {
            let price = price.map_err(|why| format!("states none: {why}"));
            let taken = role != Role::Today && first == Some(place);
            let verdict = match &price {
                Err(why) => why.clone(),
                Ok(_) if taken => "taken".into(),
                Ok(_) if role == Role::Today => "not needed: today's cost is what was charged".into(),
                Ok(_) => "not needed: an earlier one is trusted more".into(),
            };
            let price = price.ok();
            CandidateLine {
                origin: origin.words().into(),
                price: price.as_ref().map(|price| exact(price.effective)),
                list: price.as_ref().and_then(|price| price.list).map(exact),
                unit: price.as_ref().map(|price| price.unit.to_string()),
                source: price.map(|price| price.source),
                taken,
                verdict,
            }
        })
        .collect()
}

/// What rows are grouped by: meter, charge category, commitment status, unit.
type GroupKey<'a> = (Option<&'a Meter>, Option<&'a str>, Option<&'a str>, Option<&'a str>);

/// The target's rows of the window and of the month.
pub(super) fn rows(of: &Inputs<'_>) -> Rows {
    let window = of.as_of.run_rate_window();
    let last = of.as_of.date().yesterday().unwrap_or(of.as_of.date());
    let in_month = |row: &&DayRow| row.day.is_some_and(|day| day.first_of_month() == last.first_of_month());
    let in_window = |row: &&DayRow| {
        let reaches = row.long && row.end.is_some_and(|end| end > window.start());
        row.day.map(midnight).is_some_and(|start| start < window.end() && (reaches || start >= window.start()))
    };
    let mut by_key: BTreeMap<GroupKey<'_>, Vec<&DayRow>> = BTreeMap::new();
    for row in of.rows.days.iter().filter(|row| in_window(row) || in_month(row)) {
        let key = (row.meter.as_ref(), row.category.as_deref(), row.status.as_deref(), row.unit.as_deref());
        by_key.entry(key).or_default().push(row);
    }
    let group = |((meter, category, status, unit), rows): (GroupKey<'_>, Vec<&DayRow>)| {
        let mut days: Vec<&DayRow> = rows.iter().copied().filter(in_window).collect();
        days.sort_by_key(|row| row.day);
        RowGroup {
            meter: meter.map(ToString::to_string),
            category: category.map(str::to_owned),
            commitment_status: status.map(str::to_owned),
            unit: unit.map(str::to_owned),
            window: total(&days, true),
            month: total(&rows.iter().copied().filter(in_month).collect::<Vec<_>>(), true),
            days: days.into_iter().map(line).collect(),
        }
    };
    let mut groups: Vec<RowGroup> = by_key.into_iter().map(group).collect();
    groups.sort_by(|a, b| b.month.effective.cmp(&a.month.effective).then_with(|| a.meter.cmp(&b.meter)));
    let all = |wanted: &dyn Fn(&&DayRow) -> bool| total(&of.rows.days.iter().filter(wanted).collect::<Vec<_>>(), false);
    Rows {
        month: last.to_string().chars().take(7).collect(),
        groups,
        window_total: all(&in_window),
        month_total: all(&in_month),
    }
}

fn line(row: &DayRow) -> RowLine {
    RowLine {
        day: row.day.map(|day| day.to_string()),
        long: row.long,
        quantity: row.quantity.map(Amount),
        billed: Amount(row.billed),
        effective: Amount(row.effective),
        list: row.list.map(Amount),
        charges: row.charges,
    }
}

/// A sum of rows; quantities only of one meter. What is unknown of one row is unknown of all.
fn total(rows: &[&DayRow], one_meter: bool) -> RowLine {
    let quantity: Option<Decimal> = rows.iter().map(|row| row.quantity).sum();
    let list: Option<Decimal> = rows.iter().map(|row| row.list).sum();
    RowLine {
        day: None,
        long: false,
        quantity: quantity.filter(|_| one_meter).map(Amount),
        billed: Amount(rows.iter().map(|row| row.billed).sum()),
        effective: Amount(rows.iter().map(|row| row.effective).sum()),
        list: list.map(Amount),
        charges: rows.iter().map(|row| row.charges).sum(),
    }
}

/// The raw charges, or why there are none to show.
pub(super) fn charges(charges: Option<&Charges>) -> ChargeList {
    let Some(Charges { in_all, largest }) = charges else {
        let note = Some("the Dataset holds no charges; give the bill itself".to_owned());
        return ChargeList { note, in_all: None, files: Vec::new(), shown: Vec::new() };
    };
    let files: BTreeSet<&str> = largest.iter().map(|charge| charge.file.as_str()).collect();
    ChargeList {
        note: None,
        in_all: Some(*in_all),
        files: files.into_iter().map(str::to_owned).collect(),
        shown: largest.iter().map(charge_line).collect(),
    }
}

fn charge_line(charge: &Charge) -> ChargeLine {
    ChargeLine {
        file: charge.file.clone(),
        start: charge.start.map(|start| start.to_string()),
        end: charge.end.map(|end| end.to_string()),
        meter: charge.meter.as_ref().map(ToString::to_string),
        category: charge.category.clone(),
        charge_type: charge.kind.clone(),
        quantity: charge.quantity.map(Amount),
        unit: charge.unit.clone(),
        billed: Amount(charge.billed),
        effective: charge.effective.map(Amount),
        commitment: charge.commitment.clone(),
    }
}

/// The other findings of the target, in the order of the review.
pub(super) fn alternatives(of: &Inputs<'_>, finding: &Finding) -> Vec<Alternative> {
    let planned = of.plan.findings.iter().map(|planned| (&planned.finding, planned.share.as_ref()));
    let waived = of.waived.iter().map(|(finding, _)| (finding, None));
    planned
        .chain(waived)
        .filter(|(other, _)| other.target == finding.target && other.id != finding.id)
        .filter_map(|(other, share)| {
            let view = of.review.findings.iter().find(|view| view.id == other.id.as_str())?;
            let (relation, why) = relation(finding, other);
            Some(Alternative {
                finding: view.id.clone(),
                title: view.title.clone(),
                standing: view.standing,
                effective: view.effective,
                share: share.map(|share| exact(share.effective)),
                net: view.net,
                relation,
                why: why.into(),
            })
        })
        .collect()
}

/// How a finding goes together with another of its target.
fn relation(this: &Finding, other: &Finding) -> (Relation, &'static str) {
    match () {
        () if this.changes.is_empty() || other.changes.is_empty() => {
            (Relation::Unrelated, "one of the two changes nothing on the bill by itself")
        }
        () if drops(this, other) => {
            (Relation::Absorbs, "this finding drops what that one changes: nothing is left of it")
        }
        () if drops(other, this) => {
            (Relation::Absorbed, "it drops what this finding changes: nothing is left of this one")
        }
        () if !composes(&[this, other]) => {
            (Relation::Competes, "both put something in the place of the same meter: only one of them can be done")
        }
        () => (Relation::Composes, "both can be done; what both would save is counted once"),
    }
}

/// Whether a finding drops every meter that another changes.
fn drops(this: &Finding, other: &Finding) -> bool {
    let gone = |change: &Change| {
        this.changes.iter().any(|c| c.verb == Verb::Drop && (c.meter.is_none() || c.meter == change.meter))
    };
    let mut changed =
        other.changes.iter().filter(|change| !is_addition(change) && !matches!(change.verb, Verb::Once(_))).peekable();
    changed.peek().is_some() && changed.all(gone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{FindingId, RuleId, Target};

    fn finding(rule: &str, changes: Vec<(Option<&str>, Option<i64>, Verb)>) -> Finding {
        let rule: RuleId = rule.parse().unwrap();
        let target = Target { account: None, region: None, resource: Some("x-1".into()) };
        let change = |(row, (meter, quantity, verb)): (usize, (Option<&str>, Option<i64>, Verb))| Change {
            meter: meter.map(|meter| Meter(meter.into())),
            quantity: quantity.map(Decimal::from),
            verb,
            row: row + 1,
        };
        Finding {
            id: FindingId::new(&rule, &target),
            rule,
            target,
            changes: changes.into_iter().enumerate().map(change).collect(),
            evidence: Vec::new(),
            message: String::new(),
            level: None,
            risk: None,
        }
    }

    #[test]
    fn two_findings_compete_compose_or_absorb() {
        let swap = |to: &str| Verb::Swap { meter: Some(Meter(to.into())), quantity: None };
        let add = || Verb::Swap { meter: None, quantity: Some(Decimal::TEN) };
        let gp3 = finding("ebs-volume-gp2", vec![(Some("gp2"), None, swap("gp3")), (Some("iops"), Some(0), add())]);
        let st1 = finding("ebs-volume-cold", vec![(Some("gp2"), None, swap("st1"))]);
        let unused = finding("ebs-volume-unattached", vec![(None, None, Verb::Drop)]);
        let surcharge = finding("support-surcharge", vec![(Some("support"), None, Verb::Drop)]);
        let look = finding("ebs-look", Vec::new());
        for (this, other, expected) in [
            (&gp3, &st1, Relation::Competes),
            (&unused, &gp3, Relation::Absorbs),
            (&gp3, &unused, Relation::Absorbed),
            (&gp3, &surcharge, Relation::Composes),
            (&gp3, &look, Relation::Unrelated),
        ] {
            assert_eq!(relation(this, other).0, expected, "{} {}", this.id, other.id);
        }
    }
}
