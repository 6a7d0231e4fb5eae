//! Puts the view together from what the stages found; adds up, decides nothing.

use std::collections::BTreeMap;

use jiff::civil::Date;
use polars::prelude::DataFrame;
use rust_decimal::Decimal;

use super::cost_explorer::cost_explorer;
use super::estimate::estimate;
use super::{
    AccountLine, Alert, Amount, Breakdown, BreakdownRow, ChangeView, DayCost, EvidenceView, FindingView, Gap, Line,
    MonthLine, MonthState, NetFrom, Owner, ParameterView, Period, PlanView, Review, RuleLine, Simulation, Source,
    Spend, Stage, Standing, StrategyLine, TagCoverage, TagValue, TieOut, TieOutLine, VERSION, advice, commitments,
    next, unjudged,
};
use crate::billing::tie_out;
use crate::derive::baseline::Baseline;
use crate::derive::breakdown::{self, Cost};
use crate::derive::groups::Group;
use crate::estimate::Unpriced;
use crate::finding::{Finding, Verb, Verdicts};
use crate::id::Target;
use crate::money::Currency;
use crate::period::AsOf;
use crate::plan::{Plan, Planned, Standing as PlanStanding, Value};
use crate::ratio::Ratio;
use crate::rules::{Effort, Rule};
use crate::table::read::{columns_of, integers, numbers};
use crate::waivers::Waiver;

/// What the stages found.
pub struct Inputs<'a> {
    /// Whether this is the embedded demo.
    pub demo: bool,
    /// Files read.
    pub sources: Vec<Source>,
    /// The proof; `None`: no bill was given.
    pub tie_out: Option<&'a tie_out::TieOut>,
    /// What has no price, where an inventory was estimated for want of a bill.
    pub unpriced: Option<&'a Unpriced>,
    /// Aggregates and derived tables.
    pub tables: &'a BTreeMap<String, DataFrame>,
    /// Currency of everything.
    pub currency: Currency,
    /// As-of.
    pub as_of: AsOf,
    /// First day with a charge.
    pub first: Date,
    /// Last day with a charge.
    pub last: Date,
    /// Whether usage is billed by the hour.
    pub hourly: bool,
    /// Allocation keys.
    pub tag_keys: &'a [String],
    /// Rules that ran.
    pub rules: &'a [Rule],
    /// Their verdicts, in the same order.
    pub verdicts: &'a [Verdicts],
    /// Rules that wait for an inventory, or without a bill for one.
    pub waiting: &'a [&'a Rule],
    /// The plan.
    pub plan: &'a Plan,
    /// The simulator's proof on the bill.
    pub simulation: Option<Simulation>,
    /// What breaks first as load grows, where somebody asked.
    pub growth: Option<super::GrowthView>,
    /// Files of what the provider recommends.
    pub advice: &'a [advice::Given],
    /// Accepted findings.
    pub waived: &'a [(Finding, Waiver)],
    /// Costs by target.
    pub baseline: &'a Baseline,
    /// What is changed as one.
    pub groups: &'a BTreeMap<Target, Group>,
    /// `tag:team`, `account`, `service`, `region`.
    pub by: Option<String>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

impl Inputs<'_> {
    /// Whether the bill states when any commitment ends.
    pub(super) fn says_ends(&self) -> bool {
        let commitments = self.tables.get("commitments");
        commitments.is_some_and(|table| integers(table, "CommitmentEnd").iter().any(Option::is_some))
    }
}

/// The view.
#[must_use]
pub fn assemble(inputs: Inputs<'_>) -> Review {
    let context = Context::new(&inputs);
    let findings = context.findings();
    let breakdowns = context.breakdowns();
    let owners = context.owners(&findings, &breakdowns);
    let mut gaps = inputs.gaps.clone();
    gaps.extend(inputs.plan.findings.iter().filter_map(|p| match &p.standing {
        PlanStanding::Refused(why) => Some(Gap {
            what: why.clone(),
            place: p.finding.target.to_string(),
            remedy: "the rule page is wrong here; the finding counts nowhere".into(),
        }),
        _ => None,
    }));
    let measured = next::Measured::of(inputs.tables, inputs.rules, inputs.verdicts);
    let need = |rule: &Rule, target: &Target| next::Need::of(rule, target, &inputs, &measured);
    let unjudged = unjudged::unjudged(inputs.verdicts, inputs.rules, inputs.baseline, need);
    let spend = inputs.tie_out.map(|_| context.spend());
    Review {
        version: VERSION.into(),
        tool: env!("CARGO_PKG_VERSION").into(),
        demo: inputs.demo,
        as_of: inputs.as_of.to_string(),
        currency: inputs.currency.to_string(),
        period: Period { first: inputs.first.to_string(), last: inputs.last.to_string() },
        sources: inputs.sources.clone(),
        next: next::asks(&inputs, &measured, spend.as_ref().map(|spend| spend.by_month.as_slice()).unwrap_or_default()),
        spend,
        tie_out: inputs.tie_out.map(tie_out_view),
        estimate: inputs.unpriced.map(|unpriced| estimate(&context.table("resource_monthly_costs"), unpriced)),
        cost_explorer: cost_explorer(inputs.tables),
        plan: context.plan_view(),
        alerts: context.alerts(),
        advice: advice::compare(inputs.advice, &findings, inputs.plan, inputs.verdicts, inputs.currency.code()),
        findings,
        unknown: unjudged.lines,
        unknown_cost: unjudged.cost,
        unknown_guard_cost: unjudged.guard_cost,
        unknown_most: unjudged.most,
        rules: context.rule_lines(),
        commitments: commitments::in_force(&context.table("commitments")),
        outlook: inputs.plan.outlook.as_ref().map(commitments::outlook),
        simulation: inputs.simulation.clone(),
        growth: inputs.growth.clone(),
        breakdowns,
        tag_coverage: context.tag_coverage(),
        days: context.days(),
        owners,
        by: inputs.by.clone(),
        gaps,
    }
}

struct Context<'a> {
    inputs: &'a Inputs<'a>,
    rules: BTreeMap<&'a str, &'a Rule>,
    tags: BTreeMap<Target, Vec<TagValue>>,
    month: String,
    previous: String,
}

impl<'a> Context<'a> {
    fn new(inputs: &'a Inputs<'a>) -> Self {
        let last = inputs.as_of.date().yesterday().unwrap_or(inputs.as_of.date());
        let before = last.first_of_month().yesterday().unwrap_or(last);
        let month = |d: Date| d.to_string().chars().take(7).collect::<String>();
        Context {
            inputs,
            rules: inputs.rules.iter().map(|r| (r.id.as_str(), r)).collect(),
            tags: tags(inputs),
            month: month(last),
            previous: month(before),
        }
    }

    fn table(&self, name: &str) -> DataFrame {
        self.inputs.tables.get(name).cloned().unwrap_or_default()
    }

    fn spend(&self) -> Spend {
        let totals = self.table("charge_totals");
        let lines = |by: BTreeMap<Option<String>, Cost>, absent: &str| {
            let mut lines: Vec<Line> = by
                .into_iter()
                .map(|(key, cost)| Line {
                    key: key.unwrap_or_else(|| absent.to_owned()),
                    billed: Amount(cost.billed),
                    effective: Amount(cost.effective),
                })
                .collect();
            lines.sort_by(|a, b| b.billed.cmp(&a.billed).then_with(|| a.key.cmp(&b.key)));
            lines
        };
        let by_category = lines(breakdown::totals_by(&totals, "ChargeCategory"), "(not stated)");
        let run_rates = self.table("resource_monthly_costs");
        let sum = |name: &str| numbers(&run_rates, name).into_iter().flatten().sum::<Decimal>();
        Spend {
            billed: Amount(by_category.iter().map(|l| l.billed.0).sum()),
            effective: Amount(by_category.iter().map(|l| l.effective.0).sum()),
            amortized: Amount(numbers(&totals, "AmortizedCost").into_iter().flatten().sum()),
            list: breakdown::list_total(&totals).map(Amount),
            billed_run_rate: Amount(sum("BilledRunRate")),
            effective_run_rate: Amount(sum("EffectiveRunRate")),
            by_category,
            by_type: lines(breakdown::totals_by(&totals, "x_ChargeType"), "(not stated)"),
            account: account(&totals),
            by_month: self.months(&totals),
        }
    }

    fn months(&self, totals: &DataFrame) -> Vec<MonthLine> {
        // Formats that have an invoice number once a bill is final: CUR, and FOCUS since 1.2.
        let states = |format: &str| {
            format.starts_with("CUR") || format.strip_prefix("FOCUS ").is_some_and(|version| version >= "1.2")
        };
        let stated = self.inputs.sources.iter().any(|source| states(&source.format));
        let open = breakdown::without(totals, "BillingPeriodStart", "InvoiceId");
        let state = |key: &Option<String>| {
            let next = key.as_ref().and_then(|k| k.parse::<Date>().ok()).map(|d| d.last_of_month());
            match () {
                () if next.is_some_and(|last| self.inputs.as_of.date() <= last) => MonthState::InProgress,
                () if !stated => MonthState::Over,
                () if open.contains(key) => MonthState::NotFinal,
                () => MonthState::Invoiced,
            }
        };
        let months = breakdown::totals_by(totals, "BillingPeriodStart").into_iter();
        months
            .map(|(key, cost)| MonthLine {
                state: state(&key),
                key,
                billed: Amount(cost.billed),
                effective: Amount(cost.effective),
            })
            .collect()
    }

    fn plan_view(&self) -> PlanView {
        let plan = self.inputs.plan;
        let count = |f: fn(&PlanStanding) -> bool| plan.findings.iter().filter(|p| f(&p.standing)).count();
        let risks = plan.findings.iter().filter(|p| is_risk(p)).count();
        let mut strategies: BTreeMap<&str, StrategyLine> = BTreeMap::new();
        for planned in plan.findings.iter().filter(|p| p.standing == PlanStanding::Chosen) {
            let Some(rule) = self.rules.get(planned.finding.rule.as_str()) else { continue };
            let word = rule.strategy.word();
            let line = strategies.entry(word).or_insert_with(|| StrategyLine {
                strategy: word.into(),
                findings: 0,
                effective: Amount::default(),
                net: Amount::default(),
            });
            line.findings += 1;
            line.effective.0 += planned.share.as_ref().map(|v| v.effective).unwrap_or_default();
            line.net.0 += planned.share.as_ref().map(Value::net).unwrap_or_default();
        }
        let mut by_strategy: Vec<StrategyLine> = strategies.into_values().collect();
        by_strategy.sort_by(|a, b| b.net.cmp(&a.net).then_with(|| a.strategy.cmp(&b.strategy)));
        // Dated first, oldest first; what the export does not date comes last.
        let (dated, undated): (Vec<_>, Vec<_>) = plan.held_until.iter().partition(|(date, _)| date.is_some());
        let net_from = dated.into_iter().chain(undated).filter(|(_, adds)| !adds.round_dp(2).is_zero());
        let net_from = net_from.map(|(date, adds)| NetFrom { date: date.clone(), adds: Amount(*adds) });
        PlanView {
            gross: Amount(plan.gross),
            overlap: Amount(plan.overlap()),
            committed: Amount(plan.joint.covered),
            net: Amount(plan.net()),
            list: Amount(plan.list),
            without_list: plan.without_list,
            effective: Amount(plan.joint.effective),
            once: Amount(plan.joint.once),
            net_from: net_from.collect(),
            chosen: count(|s| *s == PlanStanding::Chosen),
            unpriced: count(|s| matches!(s, PlanStanding::Unpriced(_))),
            hygiene: count(|s| *s == PlanStanding::Hygiene) - risks,
            risks,
            by_strategy,
            order: self.order(),
        }
    }

    /// Usage before rate: commitments are sized on what the changes leave. Among changes first what takes an hour at most.
    fn order(&self) -> Vec<Stage> {
        let chosen = self.inputs.plan.findings.iter().filter(|p| p.standing == PlanStanding::Chosen);
        let net = |p: &Planned| p.share.as_ref().map(Value::net).unwrap_or_default();
        let stage = |p: &Planned| {
            let effort = self.rules.get(p.finding.rule.as_str()).map(|rule| rule.effort);
            match effort {
                _ if p.purchase.is_some() => 2,
                _ if net(p).round_dp(2).is_zero() => 3,
                Some(Effort::VeryLow | Effort::Low) => 0,
                _ => 1,
            }
        };
        let mut stages = ["Quick wins", "Changes", "Commitments", "Later"].map(|name| Stage {
            name: name.into(),
            findings: Vec::new(),
            net: Amount::default(),
            so_far: Amount::default(),
        });
        for planned in chosen {
            let one = &mut stages[stage(planned)];
            one.findings.push(planned.finding.id.to_string());
            one.net.0 += net(planned);
        }
        let mut so_far = Decimal::ZERO;
        for one in &mut stages {
            so_far += one.net.0;
            one.so_far = Amount(so_far);
        }
        stages.into_iter().filter(|one| !one.findings.is_empty()).collect()
    }

    fn findings(&self) -> Vec<FindingView> {
        let planned = self.inputs.plan.findings.iter().filter(|p| !matches!(p.standing, PlanStanding::Refused(_)));
        let mut views: Vec<FindingView> = planned.filter_map(|p| self.planned_view(p)).collect();
        views.extend(self.inputs.waived.iter().filter_map(|(finding, waiver)| {
            let mut view = self.view(finding)?;
            view.standing = Standing::Waived;
            view.standing_reason = Some(format!("{} ({}, until {})", waiver.reason, waiver.owner, waiver.until));
            Some(view)
        }));
        views
    }

    fn planned_view(&self, planned: &Planned) -> Option<FindingView> {
        let mut view = self.view(&planned.finding)?;
        (view.standing, view.standing_reason) = match &planned.standing {
            PlanStanding::Chosen => (Standing::Chosen, None),
            PlanStanding::Outdone => {
                (Standing::Outdone, Some("another change of the same resource or group saves as much or more".into()))
            }
            PlanStanding::Covered => {
                let why = "commitments in force would stand idle: until they end it costs more than it saves";
                (Standing::Outdone, Some(why.into()))
            }
            PlanStanding::Outbid => {
                let why = "what the plan buys covers the same usage for less; without that purchase, do this";
                (Standing::Outdone, Some(why.into()))
            }
            PlanStanding::Unpriced(meter) => (Standing::Unpriced, Some(format!("no price for {meter}"))),
            PlanStanding::Vetoed(why) => (Standing::Vetoed, Some(why.clone())),
            PlanStanding::LeftOut(why) => (Standing::LeftOut, Some(why.clone())),
            PlanStanding::Hygiene if is_risk(planned) => (Standing::Risk, None),
            PlanStanding::Hygiene if planned.finding.changes.iter().any(|c| matches!(c.verb, Verb::Commit(_))) => {
                (Standing::Hygiene, Some("the plan and better offers leave nothing that is worth committing to".into()))
            }
            PlanStanding::Hygiene | PlanStanding::Refused(_) => (Standing::Hygiene, None),
        };
        if let Some(alone) = &planned.alone {
            view.list = alone.list.map(Amount);
            view.effective = Some(Amount(alone.effective));
            let value = planned.share.as_ref().unwrap_or(alone);
            let later = later(value);
            view.committed = !later.is_empty();
            view.net_from = later.first().and_then(|(date, _)| date.clone());
            view.once = (!alone.once.is_zero()).then_some(Amount(alone.once));
            view.changes = alone
                .changes
                .iter()
                .map(|c| ChangeView {
                    verb: c.verb.into(),
                    meter: c.meter.as_ref().map(ToString::to_string),
                    new_meter: c.new_meter.as_ref().map(ToString::to_string),
                    less: c.new_meter.is_none() && c.meter.is_some() && c.new_cost < c.cost && c.verb != "drop",
                    cost: Some(Amount(c.cost.round_dp(12))),
                    new_cost: Some(Amount(c.new_cost.round_dp(12))),
                    price_source: c.source.clone(),
                })
                .collect();
        }
        view.purchase = planned.purchase.as_ref().map(commitments::purchase);
        if let Some(purchase) = &view.purchase {
            view.message = format!("{} {}", view.message, purchase.sentence());
        }
        if planned.standing == PlanStanding::Chosen {
            view.standing_reason = planned.share.as_ref().and_then(held);
            view.net = planned.share.as_ref().map(|v| Amount(v.net()));
        }
        Some(view)
    }

    fn view(&self, finding: &Finding) -> Option<FindingView> {
        let rule = self.rules.get(finding.rule.as_str())?;
        let cost = self
            .inputs
            .baseline
            .lines
            .get(&finding.target)
            .map(|_| Amount(self.inputs.baseline.cost_of(&finding.target)));
        Some(FindingView {
            id: finding.id.to_string(),
            rule: finding.rule.to_string(),
            title: rule.title.clone(),
            strategy: rule.strategy.word().into(),
            action: rule.action.word().into(),
            effort: rule.effort.word().into(),
            restart_needed: rule.restart_needed,
            rollback_possible: rule.rollback_possible,
            account: finding.target.account.clone(),
            region: finding.target.region.clone(),
            resource: finding.target.resource.clone(),
            group: self.inputs.groups.get(&finding.target).and_then(|group| group.place.resource.clone()),
            service: self.inputs.baseline.service_of(&finding.target),
            message: finding.message.clone(),
            standing: Standing::Hygiene,
            standing_reason: None,
            cost,
            list: None,
            effective: None,
            net: None,
            net_from: None,
            committed: false,
            purchase: None,
            once: None,
            changes: Vec::new(),
            evidence: finding
                .evidence
                .iter()
                .map(|e| EvidenceView { name: e.name.clone(), value: e.value.clone(), unit: e.unit.clone() })
                .collect(),
            parameters: rule
                .parameters
                .iter()
                .map(|p| ParameterView {
                    name: p.name.clone(),
                    value: p.value.to_string(),
                    unit: p.unit.clone(),
                    why: p.why.clone(),
                    changed: p.changed,
                })
                .collect(),
            tags: self.tags.get(&finding.target).cloned().unwrap_or_default(),
            what_to_do: rule.what_to_do.clone(),
            when_to_leave: rule.when_to_leave.clone(),
            risk: finding.risk.map(Amount),
            apply: super::apply::commands(finding, self.inputs.as_of.timestamp()),
        })
    }

    fn rule_lines(&self) -> Vec<RuleLine> {
        let mut net: BTreeMap<&str, Decimal> = BTreeMap::new();
        for planned in self.inputs.plan.findings.iter().filter(|p| p.standing == PlanStanding::Chosen) {
            *net.entry(planned.finding.rule.as_str()).or_default() +=
                planned.share.as_ref().map(Value::net).unwrap_or_default();
        }
        let line = |v: &Verdicts| {
            let rule = self.rules.get(v.rule.as_str())?;
            Some(RuleLine {
                rule: v.rule.to_string(),
                title: rule.title.clone(),
                strategy: rule.strategy.word().into(),
                examined: v.findings.len() + v.clean.len() + v.unknown.len(),
                fires: v.findings.len(),
                clean: v.clean.len(),
                unknown: v.unknown.len(),
                net: Amount(net.get(v.rule.as_str()).copied().unwrap_or_default()),
            })
        };
        self.inputs.verdicts.iter().filter_map(line).collect()
    }

    fn alerts(&self) -> Vec<Alert> {
        let levelled = self.inputs.plan.findings.iter().filter_map(|p| Some((p.finding.level?, &p.finding)));
        let mut alerts: Vec<_> = levelled.collect();
        alerts.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.id.cmp(&b.1.id)));
        let title = |f: &Finding| self.rules.get(f.rule.as_str()).map(|r| r.title.clone()).unwrap_or_default();
        let alert = |(level, f): (crate::finding::Level, &Finding)| Alert {
            level: level.word().into(),
            finding: f.id.to_string(),
            title: title(f),
            account: f.target.account.clone(),
            region: f.target.region.clone(),
            resource: f.target.resource.clone(),
            message: f.message.clone(),
        };
        alerts.into_iter().map(alert).collect()
    }

    fn breakdowns(&self) -> Vec<Breakdown> {
        let daily = self.table("daily_costs");
        let mut dimensions: Vec<(String, String)> =
            [("service", "ServiceName"), ("account", "SubAccountId"), ("region", "RegionId")]
                .map(|(d, c)| (d.into(), c.into()))
                .into();
        dimensions.extend(self.inputs.tag_keys.iter().map(|key| (format!("tag:{key}"), format!("Tag_{key}"))));
        dimensions
            .into_iter()
            .map(|(dimension, column)| self.breakdown(dimension, breakdown::by(&daily, &column)))
            .collect()
    }

    fn breakdown(&self, dimension: String, by: breakdown::ByKeyAndMonth) -> Breakdown {
        let total: Decimal = by.values().filter_map(|m| m.get(&self.month)).map(|c| c.effective).sum();
        let has_previous = by.values().any(|m| m.contains_key(&self.previous));
        let mut rows: Vec<BreakdownRow> = by
            .into_iter()
            .filter(|(_, months)| months.contains_key(&self.month) || months.contains_key(&self.previous))
            .map(|(key, months)| {
                let now = months.get(&self.month).copied().unwrap_or_default();
                let before = has_previous.then(|| months.get(&self.previous).copied().unwrap_or_default().billed);
                BreakdownRow {
                    key,
                    billed: Amount(now.billed),
                    effective: Amount(now.effective),
                    previous: before.map(Amount),
                    change: before.map(|b| Amount(now.billed - b)),
                    share: Ratio::of(now.effective, total).map(|r| Amount(r.fraction())),
                }
            })
            .collect();
        rows.sort_by(|a, b| b.effective.cmp(&a.effective).then_with(|| a.key.cmp(&b.key)));
        Breakdown { dimension, month: self.month.clone(), rows }
    }

    fn tag_coverage(&self) -> Vec<TagCoverage> {
        let daily = self.table("daily_costs");
        let one = |key: &String| {
            let c = breakdown::coverage(&daily, &format!("Tag_{key}"));
            TagCoverage {
                key: key.clone(),
                tagged: Amount(c.tagged),
                untagged: Amount(c.untagged),
                coverage: Ratio::of(c.tagged, c.tagged + c.untagged).map(|r| Amount(r.fraction())),
                values: c.values,
            }
        };
        let mut all: Vec<TagCoverage> = self.inputs.tag_keys.iter().map(one).collect();
        all.sort_by(|a, b| b.tagged.cmp(&a.tagged).then_with(|| a.key.cmp(&b.key)));
        all
    }

    fn days(&self) -> Vec<DayCost> {
        let by_day = breakdown::by_day(&self.table("daily_costs"));
        by_day
            .into_iter()
            .map(|(day, c)| DayCost { day, billed: Amount(c.billed), effective: Amount(c.effective) })
            .collect()
    }

    fn owners(&self, findings: &[FindingView], breakdowns: &[Breakdown]) -> Vec<Owner> {
        let Some(by) = &self.inputs.by else { return Vec::new() };
        let owner_of = |f: &FindingView| match by.as_str() {
            "account" => f.account.clone(),
            "region" => f.region.clone(),
            "service" => f.service.clone(),
            tag => {
                tag.strip_prefix("tag:").and_then(|key| f.tags.iter().find(|t| t.key == key)).map(|t| t.value.clone())
            }
        };
        let mut owners: BTreeMap<Option<String>, Owner> = BTreeMap::new();
        let blank = |name: Option<String>| Owner {
            name,
            effective: Amount::default(),
            net: Amount::default(),
            findings: Vec::new(),
        };
        for row in breakdowns.iter().filter(|b| b.dimension == *by).flat_map(|b| &b.rows) {
            owners.entry(row.key.clone()).or_insert_with(|| blank(row.key.clone())).effective = row.effective;
        }
        for finding in findings {
            let name = owner_of(finding);
            let owner = owners.entry(name.clone()).or_insert_with(|| blank(name));
            owner.net.0 += finding.net.unwrap_or_default().0;
            owner.findings.push(finding.id.clone());
        }
        let mut all: Vec<Owner> = owners.into_values().collect();
        all.sort_by(|a, b| {
            b.net.cmp(&a.net).then_with(|| b.effective.cmp(&a.effective)).then_with(|| a.name.cmp(&b.name))
        });
        all
    }
}

/// What warns and saves nothing: it has a level.
fn is_risk(planned: &Planned) -> bool {
    planned.standing == PlanStanding::Hygiene && planned.finding.level.is_some()
}

/// Kinds of charges with their rows and three views, largest cash first.
fn account(totals: &DataFrame) -> Vec<AccountLine> {
    let mut kinds: BTreeMap<String, AccountLine> = BTreeMap::new();
    let [names] = columns_of(totals, ["x_ChargeKind"]);
    let [cash, amortized, net] = ["BilledCost", "AmortizedCost", "EffectiveCost"].map(|name| numbers(totals, name));
    for ((row, name), charges) in names.into_iter().enumerate().zip(integers(totals, "Charges")) {
        let at = |values: &[Option<Decimal>]| values.get(row).copied().flatten().unwrap_or_default();
        let kind = name.unwrap_or_else(|| "Type not stated".into());
        let line = kinds.entry(kind.clone()).or_insert_with(|| AccountLine {
            kind,
            charges: 0,
            cash: Amount::default(),
            amortized: Amount::default(),
            net: Amount::default(),
        });
        line.charges += charges.unwrap_or_default().unsigned_abs();
        line.cash.0 += at(&cash);
        line.amortized.0 += at(&amortized);
        line.net.0 += at(&net);
    }
    let mut lines: Vec<AccountLine> = kinds.into_values().collect();
    lines.sort_by(|a, b| b.cash.cmp(&a.cash).then_with(|| a.kind.cmp(&b.kind)));
    lines
}

/// When a saving grows because commitments end: dated first, oldest first. Less than a hundredth of it is not worth a date:
/// whatever ends moves what others cover a little.
fn later(value: &Value) -> Vec<(Option<String>, Decimal)> {
    let least = (value.effective / Decimal::ONE_HUNDRED).max(Decimal::new(1, 2));
    let (undated, mut dated): (Vec<_>, Vec<_>) =
        value.held_until.iter().filter(|(_, more)| **more >= least).partition(|(date, _)| date.is_none());
    dated.extend(undated);
    dated.into_iter().map(|(date, more)| (date.clone(), *more)).collect()
}

/// What commitments hold back of a saving, in words.
fn held(share: &Value) -> Option<String> {
    let part = |(date, more): (Option<String>, Decimal)| {
        let from = date.map_or("when its commitment ends (this export does not say when)".into(), |date| {
            format!("from {date}, when a commitment ends")
        });
        format!("{} more a month {from}", more.round_dp(2))
    };
    let parts: Vec<String> = later(share).into_iter().map(part).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn tags(inputs: &Inputs<'_>) -> BTreeMap<Target, Vec<TagValue>> {
    let Some(frame) = inputs.tables.get("resource_tags") else { return BTreeMap::new() };
    let [accounts, regions, resources] = columns_of(frame, ["SubAccountId", "RegionId", "ResourceId"]);
    let mut out: BTreeMap<Target, Vec<TagValue>> = BTreeMap::new();
    for key in inputs.tag_keys {
        let [values] = columns_of(frame, [&format!("Tag_{key}")]);
        for (row, value) in values.into_iter().enumerate() {
            let at = |column: &[Option<String>]| column.get(row).cloned().flatten();
            let (Some(resource), Some(value)) = (at(&resources), value) else { continue };
            let target = Target { account: at(&accounts), region: at(&regions), resource: Some(resource) };
            out.entry(target).or_default().push(TagValue { key: key.clone(), value });
        }
    }
    out
}

fn tie_out_view(proof: &tie_out::TieOut) -> TieOut {
    let line = |l: &tie_out::Line| TieOutLine {
        what: l.what.clone(),
        expected: Amount(l.expected),
        found: Amount(l.found),
        residual: Amount(l.residual()),
        ties: l.ties(),
    };
    let mut aggregates: Vec<TieOutLine> = proof.aggregates.iter().map(line).collect();
    aggregates.extend(proof.lost_rows.iter().map(|(name, rows)| TieOutLine {
        what: format!("rows of {name}"),
        expected: Amount(proof.rows_in_files.into()),
        found: Amount((*rows).into()),
        residual: Amount(Decimal::from(proof.rows_in_files) - Decimal::from(*rows)),
        ties: false,
    }));
    TieOut {
        ties: proof.ties(),
        file_total: Amount(proof.file_total),
        reviewed_total: Amount(proof.reviewed_total),
        residual: Amount(proof.file_total - proof.reviewed_total),
        rows_in_files: proof.rows_in_files,
        rows_reviewed: proof.rows_reviewed,
        aggregates,
        dimensions: proof.dimensions.iter().map(line).collect(),
        identities: proof.identities.iter().map(line).collect(),
        life_identities: proof.life_identities.iter().map(line).collect(),
        invoice: proof.invoice.as_ref().map(line),
    }
}
