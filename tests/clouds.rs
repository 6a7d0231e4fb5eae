//! Bills of other clouds, by FOCUS: the Azure page fires and is unpriced, unused commitments of any provider are found.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rust_decimal::Decimal;
use scale_surgeon::review::Standing;

use crate::common::{repository, reviewed};

const HEADER: &str = "BilledCost,EffectiveCost,ListCost,BillingCurrency,BillingPeriodStart,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,ProviderName,ServiceName,ChargeDescription,SkuId,PricingQuantity,PricingUnit,RegionId,SubAccountId,ResourceId,CommitmentDiscountId,CommitmentDiscountType,CommitmentDiscountStatus";

/// Ten days of one machine, a reservation of which a third is unused, and what else the lines say.
fn bill(folder: &std::path::Path, series: &str) -> PathBuf {
    let machine = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/build";
    let mut text = format!("{HEADER}\n");
    for day in 1..=10 {
        let times = format!("2026-10-01,Usage,2026-10-{day:02}T00:00:00Z,2026-10-{:02}T00:00:00Z", day + 1);
        let place = "Hours,eastus,sub-1";
        text.push_str(&format!(
            "4.8,4.8,4.8,USD,{times},Microsoft,Virtual Machines,{series},1009967,24,{place},{machine},,,\n"
        ));
        text.push_str(&format!(
            "0,2,3,USD,{times},Microsoft,Virtual Machines,VM reserved,77,24,{place},{machine}-2,r-1,Reservation,Used\n"
        ));
        text.push_str(&format!(
            "0,1,,USD,{times},Microsoft,Virtual Machines,Reservation,78,8,{place},,r-1,Reservation,Unused\n"
        ));
    }
    text.push_str("30,0,,USD,2026-10-01,Purchase,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,Microsoft,Virtual Machines,Reservation,78,1,Units,eastus,sub-1,,r-1,Reservation,\n");
    let path = folder.join("azure.csv");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_machine_of_a_retiring_series_fires_and_is_unpriced_not_free() {
    let folder = tempfile::tempdir().unwrap();
    let review = reviewed(&[bill(folder.path(), "Virtual Machines Dv2/DSv2 Series - D11 v2/DS11 v2 - US East 2")]);
    let machine = review.findings.iter().find(|f| f.rule == "azure-machine-previous-generation").unwrap();
    assert_eq!((machine.standing, machine.net), (Standing::Unpriced, None));
    assert_eq!(machine.standing_reason.as_deref(), Some("no price for azure/Virtual Machines Dv5 Series"));
    assert_eq!(review.plan.unpriced, 1);
    let review = reviewed(&[bill(folder.path(), "Virtual Machines Ddv5 Series - D4ds v5 - US East")]);
    assert!(review.findings.iter().all(|f| f.rule != "azure-machine-previous-generation"));
}

#[test]
fn an_unused_reservation_of_any_provider_is_held_until_an_end_that_focus_does_not_state() {
    let folder = tempfile::tempdir().unwrap();
    let review = reviewed(&[bill(folder.path(), "Virtual Machines Ddv5 Series")]);
    let unused = review.findings.iter().find(|f| f.rule == "commitments-unused").unwrap();
    // 10 of 30 were unused in 10 days: 10 × 730 / 240.
    assert_eq!(unused.effective.map(|a| a.0.round_dp(2).to_string()).as_deref(), Some("30.42"));
    assert_eq!((unused.net.map(|a| a.0.normalize().to_string()).as_deref(), &unused.net_from), (Some("0"), &None));
    // 20 used and 10 unused were billed as 30.
    let life = &review.tie_out.as_ref().unwrap().life_identities;
    assert_eq!((life.len(), life[0].expected.0.normalize().to_string().as_str(), life[0].ties), (1, "30", true));
    assert_eq!(review.commitments[0].utilization.map(|a| a.0.round_dp(4).to_string()).as_deref(), Some("0.6667"));
}

#[test]
fn a_correction_that_outweighs_usage_makes_unknown_not_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = bill(folder.path(), "Virtual Machines Dv2/DSv2 Series - D11 v2/DS11 v2 - US East 2");
    let text = std::fs::read_to_string(&path)
        .unwrap()
        .replace("4.8,4.8,4.8,USD", "-4.8,-4.8,-4.8,USD")
        .replace(",1009967,24,", ",1009967,-24,");
    std::fs::write(&path, text).unwrap();
    let review = reviewed(&[path]);
    assert!(review.findings.iter().all(|f| f.rule != "azure-machine-previous-generation"));
    assert!(review.unknown.iter().any(|u| u.rule == "azure-machine-previous-generation"));
}

/// Rule, account, region, resource.
type Key = [String; 4];

/// Two invented bills, of Azure and of Google Cloud: what is planted is found to the cent, and nothing else fires.
#[test]
fn what_is_planted_on_azure_and_gcp_bills_is_found_and_nothing_else_fires() {
    let mut planted: BTreeMap<Key, Option<Decimal>> = BTreeMap::new();
    let mut reader = csv::Reader::from_path(repository("fixtures/clouds/planted.csv")).unwrap();
    for row in reader.records().map(Result::unwrap) {
        let saving = (!row[5].is_empty()).then(|| row[5].parse::<Decimal>().unwrap());
        let known = planted.entry([0, 1, 2, 3].map(|i| row[i].to_owned())).or_default();
        *known = saving.map(|saving| saving + known.unwrap_or_default());
    }
    let mut found: BTreeMap<Key, Option<Decimal>> = BTreeMap::new();
    for bill in ["azure", "gcp"] {
        let review = reviewed(&[repository(&format!("fixtures/clouds/{bill}.csv"))]);
        assert!(review.findings.len() >= 8, "{bill}: {}", review.findings.len());
        for finding in &review.findings {
            let part = |p: &Option<String>| p.clone().unwrap_or_default();
            let key = [finding.rule.clone(), part(&finding.account), part(&finding.region), part(&finding.resource)];
            found.insert(key, finding.effective.map(|a| a.0).filter(|a| !a.is_zero()));
        }
    }
    assert_eq!(found.keys().collect::<Vec<_>>(), planted.keys().collect::<Vec<_>>());
    for (key, expected) in &planted {
        let apart = expected.unwrap_or_default() - found[key].unwrap_or_default();
        assert!(apart.abs() < Decimal::new(1, 2), "{key:?}: {expected:?}, found {:?}", found[key]);
        assert_eq!(expected.is_some(), found[key].is_some(), "{key:?}");
    }
}
