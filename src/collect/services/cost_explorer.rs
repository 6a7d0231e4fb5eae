//! What Cost Explorer counts and would buy, of all accounts that the one asked pays for.
//!
//! Knows: Cost Explorer's answers, and that each request costs a cent, so that few and large ones are made. Does not know: bills. Nothing is
//! filtered: taxes, credits and fees are in the costs, so that they add up to its total.

use std::collections::BTreeMap;
use std::error::Error;

use aws_sdk_costexplorer::Client;
use aws_sdk_costexplorer::operation::get_reservation_purchase_recommendation::GetReservationPurchaseRecommendationOutput;
use aws_sdk_costexplorer::operation::get_savings_plans_purchase_recommendation::GetSavingsPlansPurchaseRecommendationOutput;
use aws_sdk_costexplorer::types::{
    AccountScope, Coverage, DateInterval, Dimension, DimensionValues, Expression, Granularity, Group, GroupDefinition,
    GroupDefinitionType, InstanceDetails, LookbackPeriodInDays, PaymentOption, ReservationAggregates,
    ReservationPurchaseRecommendationDetail, ResultByTime, SavingsPlansCoverageData,
    SavingsPlansPurchaseRecommendationDetail, SavingsPlansUtilizationByTime, SupportedSavingsPlansType, TermInYears,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::collect::ask::{Asked, Call, Collector, Purpose, Refusal};
use crate::collect::session::{Session, client};
use crate::money::parse_decimal;
use crate::period::parse_time;
use crate::ratio::Ratio;
use crate::table;
use crate::table::inventory::{CommitmentDay, DailyCost, PurchaseRecommendation, Recommended};
use crate::table::rows::Rows;

use super::advised::{record, say_off};
use super::each::ask;
use super::text;

const fn call(operation: &'static str) -> Call {
    Call { service: "ce", operation }
}

const COSTS: Call = call("GetCostAndUsage");
const PLANS_USED: Call = call("GetSavingsPlansUtilization");
const PLANS_COVER: Call = call("GetSavingsPlansCoverage");
const RESERVATIONS_USED: Call = call("GetReservationUtilization");
const RESERVATIONS_COVER: Call = call("GetReservationCoverage");
const BUY_PLANS: Call = call("GetSavingsPlansPurchaseRecommendation");
const BUY_RESERVATIONS: Call = call("GetReservationPurchaseRecommendation");

/// The region that answers for all (AWS General Reference, endpoints of Cost Explorer).
const HOME: &str = "us-east-1";
/// Days before as-of that are asked for.
const DAYS: i32 = 60;
/// Services with reservations, in the words of Cost Explorer. Whoever names none is told of EC2 alone (API reference, GetReservationUtilization).
const SERVICES: [&str; 5] = [
    "Amazon Elastic Compute Cloud - Compute",
    "Amazon Relational Database Service",
    "Amazon ElastiCache",
    "Amazon OpenSearch Service",
    "Amazon Redshift",
];
/// The names in reports.
const ORIGIN_PLANS: &str = "Cost Explorer (Savings Plans)";
const ORIGIN_RESERVATIONS: &str = "Cost Explorer (reservations)";
const REMEDY: &str = "open Cost Explorer once in the console of the account that pays, and wait a day";

/// One for each table.
pub(in crate::collect) const COLLECTORS: &[Collector] = &[
    // By service and by region; each tag is one more, a cent for each page.
    Collector::of_payer(&table::COST_EXPLORER_COSTS, &[COSTS], |session| Box::pin(costs(session)))
        .for_purpose(Purpose::Costs)
        .in_requests(2),
    Collector::of_payer(
        &table::COST_EXPLORER_COMMITMENTS,
        &[PLANS_USED, PLANS_COVER, RESERVATIONS_USED, RESERVATIONS_COVER],
        |session| Box::pin(commitments(session)),
    )
    .for_purpose(Purpose::Costs)
    .in_requests(2 + 2 * SERVICES.len() as u32),
    Collector::of_payer(&table::PURCHASE_RECOMMENDATIONS, &[BUY_PLANS, BUY_RESERVATIONS], |session| {
        Box::pin(purchases(session))
    })
    .in_requests(2 + SERVICES.len() as u32),
];

/// All pages of an operation: for most of them the SDK has no stream. `$ask` notes what is refused.
macro_rules! all {
    ($ask:ident, $call:expr, $refused:expr, $request:expr, $set:ident, $next:ident, |$page:ident| $take:block) => {
        let mut token: Option<String> = None;
        loop {
            let Some($page) = $ask($call, $request.clone().$set(token.clone()).send(), $refused).await else { break };
            $take
            // Each page is paid for: one that repeats itself is the last.
            let next = $page.$next().filter(|next| !next.is_empty() && Some(*next) != token.as_deref());
            token = next.map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
    };
}

/// The days before as-of, but for so many of the last.
fn days(session: &Session, less: i32) -> Option<DateInterval> {
    let day = |before: i32| {
        let time = session.as_of.checked_sub(SignedDuration::from_hours(24 * i64::from(before))).ok()?;
        Some(time.to_zoned(TimeZone::UTC).date().to_string())
    };
    DateInterval::builder().start(day(DAYS)?).end(day(less)?).build().ok()
}

fn number(text: Option<&str>) -> Option<Decimal> {
    parse_decimal(text?).ok()
}

/// A share of a percentage.
fn share(percent: Option<&str>) -> Option<Decimal> {
    number(percent).map(|percent| Ratio::percent(percent).fraction())
}

async fn costs(session: &Session) -> Asked {
    let client = client!(session.in_region(HOME), aws_sdk_costexplorer);
    let (mut rows, mut refused) = (Vec::new(), Vec::new());
    let mut groups = vec![
        (GroupDefinitionType::Dimension, "SERVICE".to_owned()),
        (GroupDefinitionType::Dimension, "REGION".to_owned()),
    ];
    groups.extend(session.tag_keys.iter().map(|key| (GroupDefinitionType::Tag, key.clone())));
    let account = GroupDefinition::builder().r#type(GroupDefinitionType::Dimension).key("LINKED_ACCOUNT").build();
    for (kind, key) in &groups {
        let asked = client
            .get_cost_and_usage()
            .set_time_period(days(session, 0))
            .granularity(Granularity::Daily)
            .metrics("UnblendedCost")
            .metrics("NetAmortizedCost")
            .metrics("AmortizedCost")
            .group_by(account.clone())
            .group_by(GroupDefinition::builder().r#type(kind.clone()).key(key).build());
        let tag = (*kind == GroupDefinitionType::Tag).then_some(key.as_str());
        all!(ask, COSTS, &mut refused, asked, set_next_page_token, next_page_token, |page| {
            for day in page.results_by_time() {
                rows.extend(day.groups().iter().filter_map(|group| cost(day, group, key, tag)));
            }
        });
    }
    say_off(&mut refused, REMEDY);
    Asked { rows: Rows::of(rows), refused }
}

/// A day's cost of an account and a value.
fn cost(day: &ResultByTime, group: &Group, dimension: &str, tag: Option<&str>) -> Option<DailyCost> {
    let [account, value] = group.keys() else { return None };
    let metric = |name: &str| group.metrics()?.get(name);
    let amount = |name: &str| number(metric(name)?.amount());
    // Of a tag it is `key$value`, with nothing behind it where the tag is not set.
    let value = tag.and_then(|key| value.strip_prefix(key)?.strip_prefix('$')).unwrap_or(value);
    Some(DailyCost {
        account: account.clone(),
        day: start(day.time_period()),
        dimension: tag.map_or(dimension, |_| "TAG").to_owned(),
        key: tag.map(str::to_owned),
        value: text(Some(value)),
        billed: amount("UnblendedCost"),
        effective: amount("NetAmortizedCost").or_else(|| amount("AmortizedCost")),
        amortized: amount("AmortizedCost"),
        currency: metric("UnblendedCost").and_then(|metric| text(metric.unit())),
        estimated: Some(day.estimated()),
    })
}

fn start(period: Option<&DateInterval>) -> Option<Timestamp> {
    parse_time(period?.start())
}

/// Commitments by service of the reservations (none: savings plans) and day.
type Days = BTreeMap<(Option<&'static str>, Timestamp), CommitmentDay>;

async fn commitments(session: &Session) -> Asked {
    let client = client!(session.in_region(HOME), aws_sdk_costexplorer);
    let (mut found, mut refused) = (Days::new(), Vec::new());
    plans(session, &client, &mut found, &mut refused).await;
    for service in SERVICES {
        reservations(session, &client, service, &mut found, &mut refused).await;
    }
    say_off(&mut refused, REMEDY);
    let row = |((service, day), told): ((Option<&str>, Timestamp), CommitmentDay)| CommitmentDay {
        account: session.scope.account.clone(),
        day: Some(day),
        kind: service.map_or("SavingsPlans", |_| "Reservations").to_owned(),
        service: service.map(str::to_owned),
        ..told
    };
    Asked { rows: Rows::of(found.into_iter().map(row).collect()), refused }
}

/// An answer; that there is no data means that there is no commitment.
async fn held<T, E: ProvideErrorMetadata + Error + 'static>(
    call: Call,
    sent: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    refused: &mut Vec<Refusal>,
) -> Option<T> {
    let told = async {
        match sent.await {
            Err(error) if error.code() == Some("DataUnavailableException") => Ok(None),
            other => other.map(Some),
        }
    };
    ask(call, told, refused).await.flatten()
}

async fn plans(session: &Session, client: &Client, found: &mut Days, refused: &mut Vec<Refusal>) {
    // The end must lie before the day on which it is asked (API reference, GetSavingsPlansUtilization), and as-of may be that day.
    let asked =
        client.get_savings_plans_utilization().set_time_period(days(session, 1)).granularity(Granularity::Daily);
    if let Some(page) = held(PLANS_USED, asked.send(), refused).await {
        for one in page.savings_plans_utilizations_by_time() {
            let Some(day) = start(one.time_period()) else { continue };
            plans_used(one, found.entry((None, day)).or_default());
        }
    }
    let asked = client
        .get_savings_plans_coverage()
        .set_time_period(days(session, 1))
        .granularity(Granularity::Daily)
        // Its own pages have twenty days.
        .max_results(DAYS);
    all!(held, PLANS_COVER, refused, asked, set_next_token, next_token, |page| {
        for one in page.savings_plans_coverages() {
            let (Some(day), Some(covered)) = (start(one.time_period()), one.coverage()) else { continue };
            plans_cover(covered, found.entry((None, day)).or_default());
        }
    });
}

fn plans_used(one: &SavingsPlansUtilizationByTime, row: &mut CommitmentDay) {
    if let Some(used) = one.utilization() {
        row.utilization = share(used.utilization_percentage());
        row.total = number(used.total_commitment());
        row.used = number(used.used_commitment());
        row.unused = number(used.unused_commitment());
    }
    if let Some(saved) = one.savings() {
        row.on_demand_equivalent = number(saved.on_demand_cost_equivalent());
        row.net_savings = number(saved.net_savings());
    }
}

fn plans_cover(covered: &SavingsPlansCoverageData, row: &mut CommitmentDay) {
    row.coverage = share(covered.coverage_percentage());
    row.on_demand = number(covered.on_demand_cost());
}

async fn reservations(
    session: &Session,
    client: &Client,
    service: &'static str,
    found: &mut Days,
    refused: &mut Vec<Refusal>,
) {
    let of_service = DimensionValues::builder().key(Dimension::Service).values(service).build();
    let filter = Expression::builder().dimensions(of_service).build();
    let asked = client
        .get_reservation_utilization()
        .set_time_period(days(session, 0))
        .granularity(Granularity::Daily)
        .filter(filter.clone());
    all!(held, RESERVATIONS_USED, refused, asked, set_next_page_token, next_page_token, |page| {
        for one in page.utilizations_by_time() {
            let (Some(day), Some(used)) = (start(one.time_period()), one.total()) else { continue };
            reservations_used(used, found.entry((Some(service), day)).or_default());
        }
    });
    let asked = client
        .get_reservation_coverage()
        .set_time_period(days(session, 0))
        .granularity(Granularity::Daily)
        .metrics("Hour")
        .metrics("Cost")
        .filter(filter);
    all!(held, RESERVATIONS_COVER, refused, asked, set_next_page_token, next_page_token, |page| {
        for one in page.coverages_by_time() {
            let (Some(day), Some(covered)) = (start(one.time_period()), one.total()) else { continue };
            reservations_cover(covered, found.entry((Some(service), day)).or_default());
        }
    });
}

fn reservations_used(used: &ReservationAggregates, row: &mut CommitmentDay) {
    row.utilization = share(used.utilization_percentage());
    row.total = number(used.total_amortized_fee());
    row.unused = number(used.ri_cost_for_unused_hours());
    row.on_demand_equivalent = number(used.on_demand_cost_of_ri_hours_used());
    row.net_savings = number(used.net_ri_savings());
}

fn reservations_cover(covered: &Coverage, row: &mut CommitmentDay) {
    row.coverage = covered.coverage_hours().and_then(|hours| share(hours.coverage_hours_percentage()));
    row.on_demand = covered.coverage_cost().and_then(|cost| number(cost.on_demand_cost()));
}

/// One year without an upfront payment, on thirty days, for all accounts together.
async fn purchases(session: &Session) -> Asked {
    let client = client!(session.in_region(HOME), aws_sdk_costexplorer);
    let (mut rows, mut refused) = (Vec::new(), Vec::new());
    for kind in [SupportedSavingsPlansType::ComputeSp, SupportedSavingsPlansType::Ec2InstanceSp] {
        let asked = client
            .get_savings_plans_purchase_recommendation()
            .savings_plans_type(kind)
            .account_scope(AccountScope::Payer)
            .term_in_years(TermInYears::OneYear)
            .payment_option(PaymentOption::NoUpfront)
            .lookback_period_in_days(LookbackPeriodInDays::ThirtyDays);
        all!(ask, BUY_PLANS, &mut refused, asked, set_next_page_token, next_page_token, |page| {
            rows.extend(plans_to_buy(&page).into_iter().map(|offer| offered(session, ORIGIN_PLANS, offer)));
        });
    }
    for service in SERVICES {
        let asked = client
            .get_reservation_purchase_recommendation()
            .service(service)
            .account_scope(AccountScope::Payer)
            .term_in_years(TermInYears::OneYear)
            .payment_option(PaymentOption::NoUpfront)
            .lookback_period_in_days(LookbackPeriodInDays::ThirtyDays);
        all!(ask, BUY_RESERVATIONS, &mut refused, asked, set_next_page_token, next_page_token, |page| {
            let offers = reservations_to_buy(&page).into_iter();
            rows.extend(offers.map(|offer| offered(session, ORIGIN_RESERVATIONS, offer)));
        });
    }
    say_off(&mut refused, REMEDY);
    Asked { rows: Rows::of(rows), refused }
}

/// What is offered to which account and for which region, and the record that says so.
struct Offer {
    account: Option<String>,
    region: Option<String>,
    record: String,
}

fn offered(session: &Session, origin: &str, offer: Offer) -> PurchaseRecommendation {
    PurchaseRecommendation(Recommended {
        account: offer.account.or_else(|| Some(session.scope.account.clone())),
        region: offer.region,
        id: None,
        origin: origin.to_owned(),
        record: offer.record,
    })
}

fn plans_to_buy(page: &GetSavingsPlansPurchaseRecommendationOutput) -> Vec<Offer> {
    let Some(plans) = page.savings_plans_purchase_recommendation() else { return Vec::new() };
    let made = page.metadata().and_then(|metadata| metadata.generation_timestamp());
    let offer = |detail: &SavingsPlansPurchaseRecommendationDetail| {
        let bound = detail.savings_plans_details();
        let region = bound.and_then(|bound| text(bound.region()));
        let bound = bound.map(|bound| json!({ "InstanceFamily": bound.instance_family(), "Region": bound.region() }));
        let record = record(json!({
            "Metadata": { "GenerationTimestamp": made },
            "SavingsPlansPurchaseRecommendation": {
                "LookbackPeriodInDays": plans.lookback_period_in_days().map(|days| days.as_str()),
                "PaymentOption": plans.payment_option().map(|option| option.as_str()),
                "SavingsPlansPurchaseRecommendationDetails": [{
                    "AccountId": detail.account_id(),
                    "CurrencyCode": detail.currency_code(),
                    "EstimatedMonthlySavingsAmount": detail.estimated_monthly_savings_amount(),
                    "HourlyCommitmentToPurchase": detail.hourly_commitment_to_purchase(),
                    "SavingsPlansDetails": bound,
                }],
                "SavingsPlansType": plans.savings_plans_type().map(|kind| kind.as_str()),
                "TermInYears": plans.term_in_years().map(|term| term.as_str()),
            },
        }));
        Offer { account: text(detail.account_id()), region, record }
    };
    plans.savings_plans_purchase_recommendation_details().iter().map(offer).collect()
}

fn reservations_to_buy(page: &GetReservationPurchaseRecommendationOutput) -> Vec<Offer> {
    let made = page.metadata().and_then(|metadata| metadata.generation_timestamp());
    let mut offers = Vec::new();
    for group in page.recommendations() {
        let class = group.service_specification().and_then(|service| service.ec2_specification());
        let class = class.and_then(|specification| specification.offering_class()).map(|class| class.as_str());
        for detail in group.recommendation_details() {
            let record = record(json!({
                "Metadata": { "GenerationTimestamp": made },
                "Recommendations": [{
                    "LookbackPeriodInDays": group.lookback_period_in_days().map(|days| days.as_str()),
                    "PaymentOption": group.payment_option().map(|option| option.as_str()),
                    "RecommendationDetails": [reservation(detail)],
                    "ServiceSpecification": { "EC2Specification": { "OfferingClass": class } },
                    "TermInYears": group.term_in_years().map(|term| term.as_str()),
                }],
            }));
            let region = detail.instance_details().and_then(region_of);
            offers.push(Offer { account: text(detail.account_id()), region, record });
        }
    }
    offers
}

fn reservation(detail: &ReservationPurchaseRecommendationDetail) -> Value {
    json!({
        "AccountId": detail.account_id(),
        "CurrencyCode": detail.currency_code(),
        "EstimatedMonthlyOnDemandCost": detail.estimated_monthly_on_demand_cost(),
        "EstimatedMonthlySavingsAmount": detail.estimated_monthly_savings_amount(),
        "InstanceDetails": detail.instance_details().map(instance),
        "RecommendedNumberOfInstancesToPurchase": detail.recommended_number_of_instances_to_purchase(),
        "RecurringStandardMonthlyCost": detail.recurring_standard_monthly_cost(),
        "UpfrontCost": detail.upfront_cost(),
    })
}

/// One of the members has a value: that of the service.
fn instance(details: &InstanceDetails) -> Value {
    json!({
        "EC2InstanceDetails": details.ec2_instance_details().map(|made| json!({
            "InstanceType": made.instance_type(),
            "Platform": made.platform(),
            "Region": made.region(),
            "Tenancy": made.tenancy(),
        })),
        "ESInstanceDetails": details.es_instance_details().map(|made| json!({
            "InstanceClass": made.instance_class(),
            "InstanceSize": made.instance_size(),
            "Region": made.region(),
        })),
        "ElastiCacheInstanceDetails": details.elasti_cache_instance_details().map(|made| json!({
            "NodeType": made.node_type(),
            "ProductDescription": made.product_description(),
            "Region": made.region(),
        })),
        "RDSInstanceDetails": details.rds_instance_details().map(|made| json!({
            "DatabaseEngine": made.database_engine(),
            "DeploymentOption": made.deployment_option(),
            "InstanceType": made.instance_type(),
            "Region": made.region(),
        })),
        "RedshiftInstanceDetails": details.redshift_instance_details().map(|made| json!({
            "NodeType": made.node_type(),
            "Region": made.region(),
        })),
    })
}

/// Where it would be bought.
fn region_of(details: &InstanceDetails) -> Option<String> {
    let told = instance(details);
    told.as_object()?.values().find_map(|member| member.get("Region")?.as_str()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use aws_sdk_costexplorer::types::{
        Ec2InstanceDetails, Ec2Specification, EsInstanceDetails, MetricValue, OfferingClass,
        ReservationPurchaseRecommendation, ReservationPurchaseRecommendationMetadata, SavingsPlansDetails,
        SavingsPlansPurchaseRecommendation, SavingsPlansUtilization, ServiceSpecification,
    };

    use super::*;
    use crate::advice::{self, Origin, Recommendation};

    fn decimal(text: &str) -> Option<Decimal> {
        Some(parse_decimal(text).unwrap())
    }

    fn day() -> ResultByTime {
        let period = DateInterval::builder().start("2026-10-31").end("2026-11-01").build().unwrap();
        ResultByTime::builder().time_period(period).estimated(true).build()
    }

    fn group(value: &str, metrics: &[(&str, &str)]) -> Group {
        let metric = |amount: &str| MetricValue::builder().amount(amount).unit("USD").build();
        let group = Group::builder().keys("111122223333").keys(value);
        metrics.iter().fold(group, |group, (name, amount)| group.metrics(*name, metric(amount))).build()
    }

    #[test]
    fn a_cost_is_net_where_the_answer_has_net() {
        let all = [("UnblendedCost", "-1.5E-7"), ("AmortizedCost", "2"), ("NetAmortizedCost", "1.25")];
        let told = cost(&day(), &group("Tax", &all), "SERVICE", None).unwrap();
        assert_eq!(told.day, Some("2026-10-31T00:00:00Z".parse().unwrap()));
        assert_eq!(
            (told.billed, told.effective, told.amortized),
            (decimal("-0.00000015"), decimal("1.25"), decimal("2"))
        );
        assert_eq!((told.dimension.as_str(), told.value.as_deref(), told.key), ("SERVICE", Some("Tax"), None));
        assert_eq!((told.currency.as_deref(), told.estimated), (Some("USD"), Some(true)));
        let told = cost(&day(), &group("Tax", &all[..2]), "SERVICE", None).unwrap();
        assert_eq!(told.effective, decimal("2"));
    }

    #[test]
    fn the_value_of_a_tag_stands_behind_its_key() {
        for (value, expected) in [("a$b$c", Some("c")), ("a$b$", None)] {
            let told = cost(&day(), &group(value, &[]), "a$b", Some("a$b")).unwrap();
            assert_eq!((told.dimension.as_str(), told.key.as_deref()), ("TAG", Some("a$b")));
            assert_eq!((told.value.as_deref(), told.billed), (expected, None));
        }
    }

    #[test]
    fn percentages_become_shares() {
        let used = SavingsPlansUtilization::builder().utilization_percentage("92.5").unused_commitment("1.8").build();
        let mut row = CommitmentDay::default();
        plans_used(&SavingsPlansUtilizationByTime::builder().utilization(used).build(), &mut row);
        assert_eq!((row.utilization, row.unused, row.total), (decimal("0.925"), decimal("1.8"), None));
    }

    fn read(origin: Origin, offers: &[Offer]) -> Vec<Recommendation> {
        let texts: Vec<&str> = offers.iter().map(|offer| offer.record.as_str()).collect();
        advice::answers(origin, &texts).unwrap()
    }

    #[test]
    fn advice_reads_savings_plans_to_buy() {
        let detail = SavingsPlansPurchaseRecommendationDetail::builder()
            .account_id("111122223333")
            .currency_code("USD")
            .estimated_monthly_savings_amount("840.0")
            .hourly_commitment_to_purchase("3.200")
            .savings_plans_details(SavingsPlansDetails::builder().region("eu-west-1").instance_family("m5").build());
        let plans = SavingsPlansPurchaseRecommendation::builder()
            .savings_plans_type(SupportedSavingsPlansType::Ec2InstanceSp)
            .term_in_years(TermInYears::OneYear)
            .payment_option(PaymentOption::NoUpfront)
            .lookback_period_in_days(LookbackPeriodInDays::ThirtyDays)
            .savings_plans_purchase_recommendation_details(detail.build())
            .build();
        let page =
            GetSavingsPlansPurchaseRecommendationOutput::builder().savings_plans_purchase_recommendation(plans).build();
        let offers = plans_to_buy(&page);
        assert_eq!((offers.len(), offers[0].region.as_deref()), (1, Some("eu-west-1")));
        let found = read(Origin::SavingsPlansPurchase, &offers);
        assert_eq!(found[0].plan.as_deref(), Some("ec2-instance-savings-plan-1y-no-upfront m5"));
        assert_eq!((found[0].commitment, found[0].savings), (decimal("3.2"), decimal("840")));
        assert_eq!((found[0].lookback_days, found[0].date.as_deref()), (Some(30), None));
        assert_eq!(Origin::named(ORIGIN_PLANS), Some(Origin::SavingsPlansPurchase));
    }

    #[test]
    fn advice_reads_reservations_to_buy_one_a_record() {
        let detail = |details: InstanceDetails| {
            ReservationPurchaseRecommendationDetail::builder()
                .account_id("111122223333")
                .currency_code("USD")
                .recommended_number_of_instances_to_purchase("2")
                .recurring_standard_monthly_cost("73.0")
                .upfront_cost("0.0")
                .instance_details(details)
                .build()
        };
        let machine =
            Ec2InstanceDetails::builder().instance_type("m5.large").region("eu-west-1").platform("Linux/UNIX");
        let node = EsInstanceDetails::builder().instance_class("r6g").instance_size("large.search");
        let class = Ec2Specification::builder().offering_class(OfferingClass::Standard).build();
        let group = ReservationPurchaseRecommendation::builder()
            .term_in_years(TermInYears::OneYear)
            .payment_option(PaymentOption::NoUpfront)
            .lookback_period_in_days(LookbackPeriodInDays::ThirtyDays)
            .service_specification(ServiceSpecification::builder().ec2_specification(class).build())
            .recommendation_details(detail(InstanceDetails::builder().ec2_instance_details(machine.build()).build()))
            .recommendation_details(detail(InstanceDetails::builder().es_instance_details(node.build()).build()));
        let made = ReservationPurchaseRecommendationMetadata::builder().generation_timestamp("2026-10-30T06:00:00Z");
        let page = GetReservationPurchaseRecommendationOutput::builder()
            .metadata(made.build())
            .recommendations(group.build())
            .build();
        let offers = reservations_to_buy(&page);
        assert_eq!((offers[0].region.as_deref(), offers[1].region.as_deref()), (Some("eu-west-1"), None));
        let found = read(Origin::ReservationPurchase, &offers);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].plan.as_deref(), Some("standard-1y-no-upfront m5"));
        assert_eq!(
            (found[0].current.as_deref(), found[0].proposed.as_deref()),
            (Some("Linux/UNIX"), Some("2 × m5.large"))
        );
        assert_eq!((found[0].commitment, found[0].date.as_deref()), (decimal("0.1"), Some("2026-10-30")));
        assert_eq!(found[1].proposed.as_deref(), Some("2 × r6g.large.search"));
        assert_eq!(Origin::named(ORIGIN_RESERVATIONS), Some(Origin::ReservationPurchase));
    }
}
