//! Dates, sums and days from what was found.

use polars::prelude::Column;

use super::*;
use crate::id::Target;

fn as_of() -> AsOf {
    "2026-11-01".parse().unwrap()
}

fn text(amount: Amount) -> String {
    amount.0.normalize().to_string()
}

fn resource(id: &str, breaks_at: f64, holding: Option<Result<Holding, Unheld>>) -> Resource {
    Resource {
        target: Target {
            account: Some("111122223333".into()),
            region: Some("eu-west-1".into()),
            resource: Some(id.into()),
        },
        shape: "m5.xlarge".into(),
        instances: None,
        most_instances: None,
        what: "processor",
        breaks_at,
        when: Outlook::TooShort { days: 3 },
        memory: true,
        holding,
    }
}

fn to(shape: &str, additional: f64) -> Option<Result<Holding, Unheld>> {
    Some(Ok(Holding { shape: shape.into(), instances: None, additional, risk: Some(0.05) }))
}

fn viewed(resources: Vec<Resource>, unjudged: &[(Unjudged, usize)]) -> GrowthView {
    let found = Growth { times: 3.0, resources, unjudged: unjudged.iter().copied().collect() };
    growth(&found, &BTreeMap::new(), Decimal::from(3), as_of())
}

#[test]
fn what_breaks_is_counted_and_what_holds_it_is_added_up() {
    let view = viewed(
        vec![
            resource("i-1", 1.5, to("m5.2xlarge", 146.0)),
            resource("i-2", 2.0, to("m5.4xlarge", 438.25)),
            resource("i-3", 2.5, Some(Err(Unheld::NoPrice))),
            resource("i-4", 4.0, None),
        ],
        &[],
    );
    assert_eq!((view.judged, view.breaks, view.not_held, text(view.cost)), (4, 3, 1, "584.25".to_owned()));
    let said: Vec<Option<&str>> = view.resources.iter().map(|line| line.not_held.as_deref()).collect();
    assert_eq!(said, [None, None, Some("what it costs today is not known"), None]);
    assert_eq!(text(view.resources[0].breaks_at), "1.5");
    assert!(view.gaps().is_empty());
}

/// Twenty days after the first of November; the interval to whole days outwards.
#[test]
fn a_break_has_a_date_with_its_interval() {
    let crossing =
        Outlook::Crossing { days: 19.96, low: 12.7, high: 30.2, per_day: 0.0225, accelerating: false, shift_day: None };
    let line = |when: Outlook| {
        let view = viewed(vec![Resource { when, ..resource("i-1", 1.5, to("m5.2xlarge", 146.0)) }], &[]);
        view.resources[0].clone()
    };
    let dated = line(crossing);
    assert_eq!(dated.when, "2026-11-21 (2026-11-13 to 2026-12-02)");
    assert_eq!((dated.date.as_deref(), dated.growth_per_day.map(text)), (Some("2026-11-21"), Some("0.0225".into())));
    assert_eq!(line(Outlook::Full).when, "today");
    assert_eq!(line(Outlook::TooShort { days: 3 }).when, "not known: measured on 3 days, of 14 that a trend needs");
    let none = line(Outlook::NoCrossing { horizon_days: 140.0 });
    assert_eq!((none.when.as_str(), none.date), ("no growth measured that gets there in 140 days", None));
}

#[test]
fn what_could_not_be_judged_is_a_gap() {
    let gaps = viewed(vec![resource("i-1", 4.0, None)], &[(Unjudged::Unseen, 2), (Unjudged::Full, 1)]).gaps();
    let said: Vec<&str> = gaps.iter().map(|gap| gap.what.as_str()).collect();
    assert_eq!(
        said,
        [
            "how much load 2 resources would bear is unknown: nothing was measured, or the kind has no sizes here",
            "how much load 1 resource would bear is unknown: more was asked for than there was, so nobody knows how much is needed today",
        ]
    );
    assert_eq!(gaps[0].place, "--growth 3x");
    let nothing = viewed(Vec::new(), &[]).gaps();
    assert_eq!(nothing[0].what, "how much load anything bears is unknown: there is no inventory with metrics");
}

/// 26 days at today's pace are 26 ÷ 3 at three times that.
#[test]
fn disks_fill_so_many_times_sooner() {
    let column = |name: &'static str, values: [Option<&str>; 3]| Column::new(name.into(), values.to_vec());
    let risks = DataFrame::new_infer_height(vec![
        column("SubAccountId", [Some("111122223333"); 3]),
        column("RegionId", [Some("eu-west-1"); 3]),
        column("ResourceId", [Some("i-1"), Some("i-2"), Some("i-3")]),
        column("MetricName", [Some("disk_used_percent"); 3]),
        column("UsedShare", [Some("0.69"), Some("0.4"), Some("0.97")]),
        column("Outlook", [Some("fills"), Some("does not fill"), Some("full")]),
        column("DaysToFull", [Some("26"), None, None]),
        column("EarliestDays", [Some("24"), None, None]),
        column("LatestDays", [Some("30"), None, None]),
    ])
    .unwrap();
    let filling = filling(&risks, Decimal::from(3));
    let of = |one: &Filling| (one.resource.clone().unwrap(), text(one.days), text(one.days_then));
    let shown: Vec<_> = filling.iter().map(of).collect();
    let expected = [("i-3", "0", "0"), ("i-1", "26", "8.666667")];
    assert_eq!(shown, expected.map(|(id, days, then)| (id.to_owned(), days.to_owned(), then.to_owned())));
    let between = filling[1].days_then_between.map(|(low, high)| (text(low), text(high)));
    assert_eq!((filling[0].days_between, between), (None, Some(("8".into(), "10".into()))));
}
