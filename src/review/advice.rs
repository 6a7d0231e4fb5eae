//! What the provider itself recommends, beside our findings, as the view shows it: nothing of it is in the plan.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Amount, FindingView, Gap, Standing};
use crate::advice::{self, Basis, Origin, Ours, Recommendation, Verdict};
use crate::finding::{Verb, Verdicts};
use crate::plan::{Item, Plan, Planned};
use crate::prices::{Plan as Kind, Term};
use crate::rules::Tables;
use crate::table::read::columns_of;
use crate::table::{COMPUTE_OPTIMIZER_RECOMMENDATIONS, HUB_RECOMMENDATIONS, PURCHASE_RECOMMENDATIONS};

/// What was asked of the provider over the network, by who says so; a record that cannot be read is a gap, and the others stand.
pub(crate) fn asked(tables: &Tables) -> (Vec<Given>, Vec<Gap>) {
    let mut records: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for table in [HUB_RECOMMENDATIONS, COMPUTE_OPTIMIZER_RECOMMENDATIONS, PURCHASE_RECOMMENDATIONS] {
        let Some(frame) = tables.get(table.name) else { continue };
        let [origins, texts] = columns_of(frame, ["Origin", "Record"]);
        for (origin, text) in origins.into_iter().zip(texts) {
            records.entry(origin.unwrap_or_default()).or_default().extend(text);
        }
    }
    let (mut given, mut gaps) = (Vec::new(), Vec::new());
    for (label, texts) in records {
        let Some(origin) = Origin::named(&label) else { continue };
        let read = texts.iter().map(|text| advice::answers(origin, &[text]));
        let (read, broken): (Vec<_>, Vec<_>) = read.partition(Result::is_ok);
        if let Some(Err(first)) = broken.first() {
            gaps.push(Gap {
                what: format!("{} of {} recommendations cannot be read: {first}", broken.len(), texts.len()),
                place: label,
                remedy: "a newer version of surgeon may know them; the others are shown".into(),
            });
        }
        let recommendations = read.into_iter().flatten().flatten().collect();
        given.push(Given { name: "asked of AWS".into(), origin, recommendations });
    }
    (given, gaps)
}

/// The provider's recommendations and ours.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Advice {
    /// Files read.
    pub files: Vec<AdviceFile>,
    /// Both say the same, at about the same figure.
    pub agree: usize,
    /// Both speak of one thing and say different things.
    pub disagree: usize,
    /// Only the provider says so.
    pub only_theirs: usize,
    /// Only we say so.
    pub only_ours: usize,
    /// Every recommendation once, then what only we say; agreement first, then by money.
    pub comparisons: Vec<ComparisonView>,
}

/// A file of recommendations.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AdviceFile {
    /// Name as given.
    pub name: String,
    /// Which service wrote it.
    pub origin: String,
    /// Recommendations in it.
    pub recommendations: usize,
}

/// One thing, as both sides see it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ComparisonView {
    /// How the sides stand.
    pub state: AdviceState,
    /// Account.
    pub account: Option<String>,
    /// Resource, or what is to be bought; absent: neither side names one.
    pub what: Option<String>,
    /// The provider's service; absent: only we say so.
    pub origin: Option<String>,
    /// Its other services that repeat it.
    pub also: Vec<String>,
    /// What it says to do, and into what.
    pub theirs: Option<String>,
    /// Its saving per month.
    pub their_saving: Option<Amount>,
    /// What its saving takes into account: after discounts, before discounts, not stated.
    pub their_basis: Option<String>,
    /// Our finding.
    pub finding: Option<String>,
    /// Our saving per month, effective, valued alone.
    pub our_saving: Option<Amount>,
    /// Why, in one sentence with the figures.
    pub reason: String,
}

/// How the two sides stand to each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AdviceState {
    /// The same.
    Agree,
    /// About one thing, not the same.
    Disagree,
    /// Only the provider.
    OnlyTheirs,
    /// Only we.
    OnlyOurs,
}

/// A file that was given, with what it says.
#[derive(Clone, Debug)]
pub struct Given {
    /// Name as given.
    pub name: String,
    /// Which service wrote it.
    pub origin: Origin,
    /// What it says.
    pub recommendations: Vec<Recommendation>,
}

/// The comparison; nothing when no file was given.
pub(super) fn compare(
    given: &[Given],
    findings: &[FindingView],
    plan: &Plan,
    verdicts: &[Verdicts],
    currency: &str,
) -> Option<Advice> {
    if given.is_empty() {
        return None;
    }
    let theirs: Vec<Recommendation> = given.iter().flat_map(|file| file.recommendations.iter().cloned()).collect();
    let items: BTreeMap<String, &[Item]> = plan
        .findings
        .iter()
        .filter_map(|one| Some((one.finding.id.to_string(), one.purchase.as_ref()?.items.as_slice())))
        .collect();
    let mut ours: Vec<Ours> = findings.iter().flat_map(|finding| ours(finding, &items, currency)).collect();
    // An offer of which nothing is bought speaks of its kind too.
    let offered: BTreeMap<String, String> = plan.findings.iter().filter_map(offered).collect();
    for one in ours.iter_mut().filter(|one| one.plan.is_none()) {
        one.plan = offered.get(&one.id).cloned();
    }
    let resources = |of: fn(&Verdicts) -> &Vec<crate::id::Target>| -> BTreeSet<(Option<String>, String)> {
        let targets = verdicts.iter().flat_map(|verdicts| of(verdicts).iter());
        targets.filter_map(|target| Some((target.account.clone(), target.resource.clone()?))).collect()
    };
    let all = advice::compare(&theirs, &ours, &resources(|v| &v.clean), &resources(|v| &v.unknown));
    let views: Vec<ComparisonView> = all.iter().map(view).collect();
    let count = |state: AdviceState| views.iter().filter(|view| view.state == state).count();
    Some(Advice {
        files: given
            .iter()
            .map(|file| AdviceFile {
                name: file.name.clone(),
                origin: file.origin.label().into(),
                recommendations: file.recommendations.len(),
            })
            .collect(),
        agree: count(AdviceState::Agree),
        disagree: count(AdviceState::Disagree),
        only_theirs: count(AdviceState::OnlyTheirs),
        only_ours: count(AdviceState::OnlyOurs),
        comparisons: views,
    })
}

/// One finding; one for each commitment of those that ask to buy.
fn ours(finding: &FindingView, items: &BTreeMap<String, &[Item]>, currency: &str) -> Vec<Ours> {
    let standing = match finding.standing {
        Standing::Chosen => "chosen",
        Standing::Outdone => "outdone",
        Standing::Unpriced => "unpriced",
        Standing::Waived => "waived",
        Standing::Hygiene | Standing::Risk | Standing::Vetoed | Standing::LeftOut => "hygiene",
    };
    let amount = |amount: Option<Amount>| amount.map(|amount| amount.0);
    let one = Ours {
        id: finding.id.clone(),
        rule: finding.rule.clone(),
        strategy: finding.strategy.clone(),
        action: finding.action.clone(),
        account: finding.account.clone(),
        region: finding.region.clone(),
        resource: finding.resource.clone(),
        new_meter: finding.changes.iter().find_map(|change| change.new_meter.clone()),
        plan: None,
        commitment: None,
        savings: amount(finding.effective),
        net: amount(finding.net),
        currency: Some(currency.to_owned()),
        standing: standing.into(),
        standing_reason: finding.standing_reason.clone(),
    };
    match items.get(&finding.id) {
        Some(items) if !items.is_empty() => {
            let share = |item: &Item| item.hourly.checked_div(items.iter().map(|item| item.hourly).sum());
            let part = |item: &Item| {
                let of = |amount: Option<Decimal>| Some((amount? * share(item)?).round_dp(12));
                let plan = Some(plan_name(item));
                Ours { plan, commitment: Some(item.hourly), savings: of(one.savings), net: of(one.net), ..one.clone() }
            };
            items.iter().map(part).collect()
        }
        _ => vec![one],
    }
}

/// The finding that offers a kind of commitment, and the name of its term.
fn offered(planned: &Planned) -> Option<(String, String)> {
    let term = planned.finding.changes.iter().find_map(|change| match change.verb {
        Verb::Commit(term) => Some(term),
        _ => None,
    })?;
    Some((planned.finding.id.to_string(), term.to_string()))
}

/// The name of the term; of a plan that is bound to a family, the family after it.
fn plan_name(item: &Item) -> String {
    let bound = matches!(item.term, Term::Committed { plan: Kind::Ec2InstanceSavingsPlan, .. });
    let family = item.scope.split(' ').next().filter(|_| bound);
    family.map_or_else(|| item.term.to_string(), |family| format!("{} {family}", item.term))
}

fn view(one: &advice::Comparison) -> ComparisonView {
    let state = match one.verdict {
        Verdict::Agree => AdviceState::Agree,
        Verdict::Disagree(_) => AdviceState::Disagree,
        Verdict::OnlyTheirs(_) => AdviceState::OnlyTheirs,
        Verdict::OnlyOurs => AdviceState::OnlyOurs,
    };
    let basis = |basis: Basis| match basis {
        Basis::AfterDiscounts => "after discounts",
        Basis::BeforeDiscounts => "before discounts",
        Basis::NotStated => "not stated",
    };
    let theirs = one.theirs.as_ref();
    let says = |one: &Recommendation| match &one.proposed {
        Some(proposed) => format!("{} to {proposed}", one.action.word()),
        None => one.action.word().to_owned(),
    };
    let ours = one.ours.as_ref();
    let resource = theirs.and_then(|theirs| theirs.resource.clone().or_else(|| theirs.plan.clone()));
    ComparisonView {
        state,
        account: theirs.and_then(|t| t.account.clone()).or_else(|| ours.and_then(|o| o.account.clone())),
        what: resource.or_else(|| ours.and_then(|ours| ours.resource.clone().or_else(|| ours.plan.clone()))),
        origin: theirs.map(|theirs| theirs.origin.label().to_owned()),
        also: one.also.iter().map(|origin| origin.label().to_owned()).collect(),
        theirs: theirs.map(says),
        their_saving: theirs.and_then(|theirs| theirs.savings).map(Amount),
        their_basis: theirs.map(|theirs| basis(theirs.basis).to_owned()),
        finding: ours.map(|ours| ours.id.clone()),
        our_saving: ours.and_then(|ours| ours.savings).map(Amount),
        reason: one.reason.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::inventory::{HubRecommendation, Recommended};
    use crate::table::rows::Rows;

    #[test]
    fn a_record_that_cannot_be_read_is_a_gap_and_the_others_stand() {
        let record = |record: &str| {
            let origin = Origin::CostOptimizationHub.label().to_owned();
            HubRecommendation(Recommended { origin, record: record.into(), ..Recommended::default() })
        };
        let rows =
            vec![record(r#"{"items": [{"actionType": "Stop", "resourceId": "i-1"}]}"#), record(r#"{"items": [{}]}"#)];
        let tables = Tables::from([("hub_recommendations".to_owned(), Rows::of(rows).frame().unwrap())]);
        let (given, gaps) = asked(&tables);
        assert_eq!((given.len(), given[0].recommendations.len(), gaps.len()), (1, 1, 1));
        assert!(gaps[0].what.starts_with("1 of 2 recommendations cannot be read"), "{}", gaps[0].what);
    }
}
