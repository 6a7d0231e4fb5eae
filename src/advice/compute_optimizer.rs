//! Compute Optimizer: what `get-…-recommendations` prints, and the CSV files of its export jobs.
//!
//! Knows: the fields of each kind of resource (API reference; user guide, "Exported files") and that the first option
//! is the one to take. Does not know: the other options, and utilization.

use rust_decimal::Decimal;

use super::record::{Document, Record, kebab, plain, resource_id};
use super::{Action, AdviceError, Basis, Origin, Recommendation};

/// One thing that is said of a resource: the names under which the API or an export has it, and its unit.
type Part = (&'static [&'static str], &'static str);

/// A kind of recommendation.
struct Kind {
    /// The resource, in the words of Cost Optimization Hub.
    resource_type: &'static str,
    arn: &'static str,
    finding: &'static [&'static str],
    current: &'static [Part],
    /// What the first option is behind: the list of the API, the columns of an export.
    options: &'static [&'static str],
    proposed: &'static [Part],
    /// Whether another type is a newer one, not just another size.
    types: bool,
}

const FINDING: &[&str] = &["finding", "findings"];
const OPTIONS: &[&str] = &["recommendationoptions1"];

const KINDS: [Kind; 8] = [
    Kind {
        resource_type: "Ec2Instance",
        arn: "instancearn",
        finding: FINDING,
        current: &[(&["currentinstancetype"], "")],
        options: OPTIONS,
        proposed: &[(&["instancetype"], "")],
        types: true,
    },
    Kind {
        resource_type: "Ec2AutoScalingGroup",
        arn: "autoscalinggrouparn",
        finding: FINDING,
        current: &[(&["currentconfigurationinstancetype"], "")],
        options: OPTIONS,
        proposed: &[(&["configurationinstancetype"], "")],
        types: true,
    },
    Kind {
        resource_type: "EbsVolume",
        arn: "volumearn",
        finding: FINDING,
        current: &[(&["currentconfigurationvolumetype"], ""), (&["currentconfigurationvolumesize"], " GiB")],
        options: &["volumerecommendationoptions1", "recommendationoptions1"],
        proposed: &[(&["configurationvolumetype"], ""), (&["configurationvolumesize"], " GiB")],
        types: true,
    },
    Kind {
        resource_type: "LambdaFunction",
        arn: "functionarn",
        finding: FINDING,
        current: &[(&["currentmemorysize", "currentconfigurationmemorysize"], " MB")],
        options: &["memorysizerecommendationoptions1", "recommendationoptions1"],
        proposed: &[(&["memorysize", "configurationmemorysize"], " MB")],
        types: false,
    },
    Kind {
        resource_type: "EcsService",
        arn: "servicearn",
        finding: FINDING,
        current: &[
            (&["currentserviceconfigurationcpu"], " CPU units"),
            (&["currentserviceconfigurationmemory"], " MiB"),
        ],
        options: &["servicerecommendationoptions1", "recommendationoptions1"],
        proposed: &[(&["cpu"], " CPU units"), (&["memory"], " MiB")],
        types: false,
    },
    Kind {
        resource_type: "RdsDbInstance",
        arn: "resourcearn",
        finding: &["instancefinding"],
        current: &[(&["currentdbinstanceclass"], "")],
        options: &["instancerecommendationoptions1"],
        proposed: &[(&["dbinstanceclass"], "")],
        types: true,
    },
    Kind {
        resource_type: "RdsDbInstanceStorage",
        arn: "resourcearn",
        finding: &["storagefinding"],
        current: &[
            (&["currentstorageconfigurationstoragetype"], ""),
            (&["currentstorageconfigurationallocatedstorage"], " GiB"),
        ],
        options: &["storagerecommendationoptions1"],
        proposed: &[
            (&["storageconfigurationstoragetype", "storagetype"], ""),
            (&["storageconfigurationallocatedstorage", "allocatedstorage"], " GiB"),
        ],
        types: true,
    },
    Kind {
        resource_type: "License",
        arn: "resourcearn",
        finding: FINDING,
        current: &[(&["currentlicenseconfigurationlicenseedition"], "")],
        options: &["licenserecommendationoptions1", "recommendationoptions1"],
        proposed: &[(&["licenseedition"], "")],
        types: false,
    },
];

/// The lists of the APIs.
const LISTS: [&str; 8] = [
    "instanceRecommendations",
    "autoScalingGroupRecommendations",
    "volumeRecommendations",
    "lambdaFunctionRecommendations",
    "ecsServiceRecommendations",
    "rdsDBRecommendations",
    "licenseRecommendations",
    "idleRecommendations",
];

/// The recommendations of an answer; nothing when it is another service's.
pub(super) fn read(document: &Document<'_>) -> Result<Option<Vec<Recommendation>>, AdviceError> {
    for list in LISTS {
        let Some(items) = document.list(list)? else { continue };
        let mut out = Vec::new();
        for item in items {
            out.extend(recommendations(&item.record()?)?);
        }
        return Ok(Some(out));
    }
    Ok(None)
}

/// What is recommended for one resource: of a database both its class and its storage. Nothing where Compute Optimizer
/// finds it optimized, or says that it could not tell.
pub(super) fn recommendations(record: &Record<'_>) -> Result<Vec<Recommendation>, AdviceError> {
    if record.text(&["errorcode"]).is_some() {
        return Ok(Vec::new());
    }
    let arns =
        ["resourcearn", "instancearn", "autoscalinggrouparn", "volumearn", "functionarn", "servicearn", "resourceid"];
    record.required(&arns)?;
    let mut out = Vec::new();
    for kind in &KINDS {
        out.extend(of_kind(record, kind)?);
    }
    if out.is_empty() {
        out.extend(idle(record)?);
    }
    Ok(out)
}

fn of_kind(record: &Record<'_>, kind: &Kind) -> Result<Option<Recommendation>, AdviceError> {
    let option = kind.options.iter().find_map(|option| Some((*option, described(record, option, kind.proposed)?)));
    let (Some(arn), Some((option, proposed))) = (record.text(&[kind.arn]), option) else { return Ok(None) };
    let current = described(record, "", kind.current);
    let finding = plain(record.text(kind.finding).unwrap_or_default());
    let (savings, currency, basis) = saving(record, option)?;
    // Optimized may still come with a newer type that costs less; without a saving it is no advice.
    if finding == "optimized" && savings.is_none_or(|saving| saving <= Decimal::ZERO) {
        return Ok(None);
    }
    let other_type = current.as_deref().is_some_and(|current| current.split(',').next() != proposed.split(',').next());
    let action = match finding.as_str() {
        _ if other_architecture(record, option) => Action::MigrateToGraviton,
        "overprovisioned" | "underprovisioned" => Action::Rightsize,
        _ if kind.types && other_type => Action::Upgrade,
        _ => Action::Rightsize,
    };
    Ok(Some(Recommendation {
        account: record.account(Some(arn)),
        region: record.region(Some(arn)),
        resource: resource_id(arn, ""),
        resource_type: Some(kind.resource_type.to_owned()),
        current,
        proposed: Some(proposed),
        savings,
        basis,
        currency,
        effort: record.text_at(option, &["migrationeffort"]).map(kebab),
        lookback_days: record.days(&["lookbackperiodindays"])?,
        date: refreshed(record),
        ..Recommendation::blank(Origin::ComputeOptimizer, record, action)
    }))
}

/// Idle, unattached or unused: the saving stands beside the finding, without options.
fn idle(record: &Record<'_>) -> Result<Option<Recommendation>, AdviceError> {
    let Some(finding) = record.text(&["finding"]) else { return Ok(None) };
    let resource_type = record.text(&["resourcetype"]);
    if resource_type.is_none() && !["idle", "unattached", "unused"].contains(&plain(finding).as_str()) {
        return Ok(None);
    }
    // The strategies of Cost Optimization Hub for what is idle; databases are stopped where their engine allows it.
    let (resource_type, action) = match resource_type.map(plain).unwrap_or_default().as_str() {
        "ec2instance" => (Some("Ec2Instance"), Action::Stop),
        "rdsdbinstance" => (Some("RdsDbInstance"), Action::Stop),
        "autoscalinggroup" => (Some("Ec2AutoScalingGroup"), Action::ScaleIn),
        "ebsvolume" => (Some("EbsVolume"), Action::Delete),
        "ecsservice" => (Some("EcsService"), Action::Delete),
        "natgateway" => (Some("NatGateway"), Action::Delete),
        _ => (resource_type, Action::Other(finding.to_owned())),
    };
    let arn = record.text(&["resourcearn"]);
    let (savings, currency, basis) = saving(record, "")?;
    Ok(Some(Recommendation {
        account: record.account(arn),
        region: record.region(arn),
        resource: arn.or_else(|| record.text(&["resourceid"])).and_then(|id| resource_id(id, "")),
        resource_type: resource_type.map(str::to_owned),
        current: Some(kebab(finding)),
        savings,
        basis,
        currency,
        lookback_days: record.days(&["lookbackperiodindays"])?,
        date: refreshed(record),
        ..Recommendation::blank(Origin::ComputeOptimizer, record, action)
    }))
}

/// `gp2, 500 GiB`; nothing without the first part.
fn described(record: &Record<'_>, prefix: &str, parts: &[Part]) -> Option<String> {
    record.text_at(prefix, parts.first()?.0)?;
    let said = parts.iter().filter_map(|part| Some(format!("{}{}", record.text_at(prefix, part.0)?, part.1)));
    Some(said.collect::<Vec<_>>().join(", "))
}

/// The saving behind a prefix, its currency, and whether discounts are in it. Exports name what the API nests.
fn saving(record: &Record<'_>, prefix: &str) -> Result<(Option<Decimal>, Option<String>, Basis), AdviceError> {
    let after = record.number_at(
        prefix,
        &[
            "estimatedmonthlysavingsvalueafterdiscounts",
            "estimatedmonthlysavingsafterdiscountsvalue",
            "savingsopportunityafterdiscountsestimatedmonthlysavingsvalue",
        ],
    )?;
    let before = record
        .number_at(prefix, &["estimatedmonthlysavingsvalue", "savingsopportunityestimatedmonthlysavingsvalue"])?;
    let currency = record.text_at(
        prefix,
        &[
            "estimatedmonthlysavingscurrency",
            "savingsopportunityestimatedmonthlysavingscurrency",
            "estimatedmonthlysavingscurrencyafterdiscounts",
            "estimatedmonthlysavingsafterdiscountscurrency",
            "savingsopportunityafterdiscountsestimatedmonthlysavingscurrency",
        ],
    );
    // Without the savings estimation mode, what is called after discounts is at public prices all the same.
    let mode = record.text(&[
        "effectiverecommendationpreferencessavingsestimationmodesource",
        "effectiverecommendationpreferencessavingsestimationmode",
    ]);
    let public = mode.is_some_and(|mode| plain(mode) == "publicpricing");
    let (amount, basis) = match (after, before) {
        (Some(after), _) if !public => (Some(after), Basis::AfterDiscounts),
        (after, before) => (before.or(after), Basis::BeforeDiscounts),
    };
    Ok((amount, currency.map(str::to_owned), if amount.is_some() { basis } else { Basis::NotStated }))
}

/// Whether the option runs on processors of another architecture: a list in the API, a column for each difference in an
/// export.
fn other_architecture(record: &Record<'_>, option: &str) -> bool {
    let differences = format!("{option}platformdifferences");
    record.starting(&differences).any(|(name, text)| {
        text == "Architecture" || name.ends_with("isarchitecturedifferent") && plain(text) == "true"
    })
}

fn refreshed(record: &Record<'_>) -> Option<String> {
    record.date(&["lastrefreshtimestamp", "lastrefreshtimestamputc"])
}
