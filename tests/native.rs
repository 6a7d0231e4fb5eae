//! Native exports of Azure, Google Cloud and Oracle Cloud: what becomes of each kind of record, and what is refused.

use std::collections::BTreeMap;
use std::path::PathBuf;

use polars::prelude::*;
use rust_decimal::Decimal;
use scale_surgeon::billing::{self, Aggregates, Options};
use scale_surgeon::table::read::{integers, numbers, texts};

use crate::common::{aggregates, repository, reviewed};

/// A CSV file of lines whose fields are separated by bars, so that quotes and commas need no escaping here.
fn file(folder: &tempfile::TempDir, name: &str, lines: &[String]) -> PathBuf {
    let path = folder.path().join(name);
    let mut writer = csv::Writer::from_path(&path).unwrap();
    for line in lines {
        writer.write_record(line.split('|')).unwrap();
    }
    writer.flush().unwrap();
    path
}

fn lines(header: &str, records: &[&str]) -> Vec<String> {
    [header].iter().chain(records).map(|line| (*line).to_owned()).collect()
}

/// Billed and effective cost and the number of charges, by keys.
fn sums(bill: &Aggregates, table: &str, keys: &[&str]) -> Vec<String> {
    let frame = &bill.tables[table];
    let keys: Vec<Vec<Option<String>>> = keys.iter().map(|key| texts(frame, key)).collect();
    let (billed, effective) = (numbers(frame, "BilledCost"), numbers(frame, "EffectiveCost"));
    let charges = integers(frame, "Charges");
    let mut groups: BTreeMap<String, (Decimal, Decimal, i64)> = BTreeMap::new();
    for (row, ((billed, effective), charges)) in billed.iter().zip(&effective).zip(&charges).enumerate() {
        let key: Vec<&str> = keys.iter().map(|column| column[row].as_deref().unwrap_or("-")).collect();
        let group = groups.entry(key.join("|")).or_default();
        group.0 += billed.unwrap();
        group.1 += effective.unwrap();
        group.2 += charges.unwrap();
    }
    let line = |(key, (billed, effective, charges)): (String, (Decimal, Decimal, i64))| {
        format!("{key}: {} {} ({charges})", billed.normalize(), effective.normalize())
    };
    groups.into_iter().map(line).collect()
}

/// Columns of a table, one line a row; numbers without trailing zeros.
fn rows(bill: &Aggregates, table: &str, columns: &[&str]) -> Vec<String> {
    let frame = &bill.tables[table];
    let columns: Vec<Vec<Option<String>>> = columns.iter().map(|name| texts(frame, name)).collect();
    let shown = |value: &Option<String>| match value {
        Some(text) => text.parse::<Decimal>().map_or_else(|_| text.clone(), |number| number.normalize().to_string()),
        None => "-".to_owned(),
    };
    let mut out: Vec<String> = (0..frame.height())
        .map(|row| columns.iter().map(|column| shown(&column[row])).collect::<Vec<_>>().join("|"))
        .collect();
    out.sort();
    out
}

/// The error of a file of these lines.
fn refusal(lines: &[String]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "bill.csv", lines);
    let outcome = billing::open(&[path], Options::default(), &|_| {}).and_then(|bill| billing::aggregate(&bill));
    outcome.map(|bill| bill.tie_out.as_ref().unwrap().explain()).unwrap_err().to_string()
}

const AZURE: &str = "BillingAccountId|BillingPeriodStartDate|SubscriptionId|Date|Product|MeterId|MeterCategory|Quantity|Cost|\
    BillingCurrency|ResourceLocation|ResourceId|Tags|UnitOfMeasure|ReservationId|ChargeType|PayGPrice|PricingModel|benefitId";
const ON_DEMAND: &str = "100|10/01/2026|sub-1|10/02/2026|Virtual Machines Ddv5 Series - D2d v5 - US East|m-1|Virtual Machines|24|2.4|\
    USD|EastUS|/subscriptions/sub-1/resourceGroups/Web/providers/Microsoft.Compute/virtualMachines/VM1|\"team\": \"web\",\"env\": \"\"|\
    1 Hour||Usage|0.1|OnDemand|";
const RESERVATION: &str = "/providers/Microsoft.Capacity/reservationOrders/o-1/reservations/r-1";

/// A record of the reserved machine.
fn reserved(kind: &str, quantity: &str, cost: &str) -> String {
    format!(
        "100|10/01/2026|sub-1|10/02/2026|Reserved D2d v5|m-1|Virtual Machines|{quantity}|{cost}|USD|EastUS|||1 Hour|r-1|{kind}|0|\
         Reservation|{RESERVATION}"
    )
}

#[test]
fn an_amortized_azure_export_spreads_commitments_and_says_what_is_unused() {
    let folder = tempfile::tempdir().unwrap();
    let mut records = lines(AZURE, &[ON_DEMAND]);
    records.push(reserved("Usage", "24", "1.2"));
    records.push(reserved("UnusedReservation", "8", "0.8"));
    let rest = "100|10/01/2026|sub-1|10/03/2026|";
    let plan = "/providers/Microsoft.BillingBenefits/savingsPlanOrders/o-2/savingsPlans/s-1";
    records
        .push(format!("{rest}D4d v5|m-2|Virtual Machines|10|0.5|USD|US East 2|||1 Hour||Usage|0|SavingsPlan|{plan}"));
    records.push(format!("{rest}D4d v5|m-2|Virtual Machines|1|-1|USD|Unassigned|||1||Refund|0||"));
    records.push(format!("{rest}Odd|m-3|Odd|1|0.25|USD||||10K||Levitation|0||"));
    let path = file(&folder, "amortized.csv", &records);
    let bill = billing::open(&[path], Options::default(), &|_| {}).unwrap();
    assert!(bill.files[0].amortized);
    let bill = billing::aggregate(&bill).unwrap();
    assert!(bill.tie_out.as_ref().unwrap().ties(), "{}", bill.tie_out.as_ref().unwrap().explain());
    assert_eq!(bill.tie_out.as_ref().unwrap().file_total.normalize().to_string(), "4.15");
    assert_eq!(
        sums(&bill, "charge_totals", &["BillingPeriodStart", "ChargeCategory", "x_ChargeType"]),
        [
            "2026-10-01|-|Levitation: 0.25 0.25 (1)",
            "2026-10-01|Adjustment|Refund: -1 -1 (1)",
            "2026-10-01|Usage|UnusedReservation: 0.8 0.8 (1)",
            "2026-10-01|Usage|Usage: 4.1 4.1 (3)",
        ]
    );
    assert_eq!(
        sums(
            &bill,
            "commitment_costs",
            &["CommitmentDiscountType", "CommitmentDiscountId", "CommitmentDiscountStatus"]
        ),
        [
            "Reservation|/providers/microsoft.capacity/reservationorders/o-1/reservations/r-1|Unused: 0.8 0.8 (1)",
            "Reservation|/providers/microsoft.capacity/reservationorders/o-1/reservations/r-1|Used: 1.2 1.2 (1)",
            "Savings Plan|/providers/microsoft.billingbenefits/savingsplanorders/o-2/savingsplans/s-1|Used: 0.5 0.5 (1)",
        ]
    );
    let machine = "/subscriptions/sub-1/resourcegroups/web/providers/microsoft.compute/virtualmachines/vm1";
    let columns = [
        "ResourceId",
        "Day",
        "RegionId",
        "Meter",
        "MeterName",
        "ServiceName",
        "PricingUnit",
        "PricingQuantity",
        "ListCost",
    ];
    let found = rows(&bill, "resource_costs", &columns);
    let expected = format!(
        "{machine}|2026-10-02|eastus|azure/m-1|Virtual Machines Ddv5 Series - D2d v5 - US East|Virtual Machines|Hours|24|2.4"
    );
    assert!(found.contains(&expected), "{found:?}");
    assert!(found.iter().any(|row| row.starts_with("-|2026-10-03|useast2|azure/m-2")), "{found:?}");
    assert!(found.contains(&"-|2026-10-03|-|azure/m-3|Odd|Odd|10K|1|-".to_owned()), "{found:?}");
    assert_eq!(bill.tag_keys, ["env", "team"]);
    assert!(rows(&bill, "resource_tags", &["ResourceId", "Tag_team", "Tag_env"]).contains(&format!("{machine}|web|-")));
}

#[test]
fn an_actual_azure_export_does_not_say_what_commitments_are_worth() {
    let folder = tempfile::tempdir().unwrap();
    let mut records = lines(AZURE, &[ON_DEMAND]);
    records.push(reserved("Usage", "24", "0"));
    records.push(reserved("Purchase", "1", "60"));
    let bill = billing::open(&[file(&folder, "actual.csv", &records)], Options::default(), &|_| {}).unwrap();
    assert!(!bill.files[0].amortized);
    let bill = billing::aggregate(&bill).unwrap();
    assert!(bill.tie_out.as_ref().unwrap().ties(), "{}", bill.tie_out.as_ref().unwrap().explain());
    assert_eq!(
        sums(&bill, "charge_totals", &["ChargeCategory", "x_ChargeType"]),
        ["Purchase|Purchase: 60 60 (1)", "Usage|Usage: 2.4 2.4 (2)"]
    );
    assert!(bill.gaps.iter().any(|gap| gap.what.starts_with("2 charges have no effective cost")), "{:?}", bill.gaps);
}

#[test]
fn azure_exports_of_other_ages_have_other_names_for_the_same() {
    let folder = tempfile::tempdir().unwrap();
    // A Microsoft Customer Agreement: camel case, prices in another currency, no billing period.
    let header = "billingAccountId|billingPeriodStartDate|invoiceId|date|subscriptionId|meterId|meterCategory|product|InstanceName|\
        resourceLocation|quantity|unitOfMeasure|chargeType|billingCurrency|pricingCurrency|costInBillingCurrency|\
        paygCostInBillingCurrency|payGPrice|tags";
    let stored = |name: &str, list: &str| {
        format!(
            "b-1||I-7|10/31/2026|sub-1|m-1|Storage|Blob Storage|/subscriptions/sub-1/{name}|eastus|100|1 GB/Month|Usage|EUR|USD|\
             1.8|{list}|0.02|{{\"team\":\"web\"}}"
        )
    };
    let agreement = file(&folder, "agreement.csv", &lines(header, &[&stored("a", "1.9"), &stored("b", "")]));
    let bill = aggregates(&[agreement], Options::default());
    assert!(bill.tie_out.as_ref().unwrap().ties(), "{}", bill.tie_out.as_ref().unwrap().explain());
    assert_eq!(
        sums(&bill, "charge_totals", &["BillingPeriodStart", "BillingAccountId", "InvoiceId", "BillingCurrency"]),
        ["2026-10-01|b-1|I-7|EUR: 3.6 3.6 (2)"]
    );
    assert_eq!(
        rows(&bill, "resource_costs", &["ResourceId", "PricingUnit", "PricingQuantity", "ListCost"]),
        ["/subscriptions/sub-1/a|GB-Months|100|1.9", "/subscriptions/sub-1/b|GB-Months|100|-"]
    );
    // The oldest: cost before tax, no charge type, no product.
    let header = "SubscriptionGuid|UsageDateTime|MeterId|MeterCategory|MeterSubcategory|MeterName|UsageQuantity|PreTaxCost|\
        InstanceId|Currency";
    let record = "sub-1|2026-10-02 00:00:00|m-1|Bandwidth||Data Transfer Out - Free|3|0.3|VM1|USD";
    let bill = aggregates(&[file(&folder, "oldest.csv", &lines(header, &[record]))], Options::default());
    assert!(bill.tie_out.as_ref().unwrap().ties(), "{}", bill.tie_out.as_ref().unwrap().explain());
    assert_eq!(
        sums(&bill, "charge_totals", &["BillingPeriodStart", "ChargeCategory", "x_ChargeType"]),
        ["2026-10-01|Usage|-: 0.3 0.3 (1)"]
    );
    assert_eq!(
        rows(&bill, "resource_costs", &["Day", "ResourceId", "MeterName"]),
        ["2026-10-02|VM1|Bandwidth - Data Transfer Out - Free"]
    );
}

#[test]
fn an_azure_value_that_does_not_convert_names_column_and_value() {
    for (given, written, words) in [
        ("|10/02/2026|", "|31/10/2026|", ["column Date", "\"31/10/2026\" is not a time"]),
        ("|24|", "|many|", ["Quantity", "many"]),
        ("|2.4|", "|$2.4|", ["record 1 has a cost that is not a number", "$2.4"]),
        ("\"team\": \"web\"", "team: web", ["column Tags", "is not a JSON object"]),
        ("|USD|", "|MC|", ["\"MC\" is not a currency code", "help"]),
    ] {
        let error = refusal(&lines(AZURE, &[&ON_DEMAND.replace(given, written)]));
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    }
}

#[test]
fn an_azure_export_without_records_has_no_charges() {
    assert!(refusal(&lines(AZURE, &[])).starts_with("no charges in "));
}

const GOOGLE: &str = "billing_account_id|service.description|sku.id|sku.description|usage_start_time|usage_end_time|project.id|labels|\
    location.location|location.region|cost|currency|usage.amount_in_pricing_units|usage.pricing_unit|credits|invoice.month|cost_type|\
    resource.name|resource.global_name|cost_at_list";
const CORE: &str = "01AB-CDEF|Compute Engine|AAAA-1|N2 Instance Core running in Americas|2026-10-01 23:00:00+00:00|\
    2026-10-02 00:00:00+00:00|shop|[{'key': 'team', 'value': 'web'}]|us|us-central1|10|USD|96|hour|\
    [{'name': \"it's used\", 'amount': -2.0, 'type': 'SUSTAINED_USAGE_DISCOUNT'}, \
    {'name': 'Trial', 'amount': -5e-06, 'full_name': None, 'type': 'PROMOTION'}]|202610|regular|i-1|\
    //compute.googleapis.com/projects/shop/zones/us-central1-a/instances/1|12";
const LOG: &str = "01AB-CDEF|Cloud Logging|BBBB-2|Log Storage cost|2026-10-02 00:00:00 UTC|2026-10-02 01:00:00 UTC|shop|[]|global||\
    1|USD|2|gibibyte|[]|202610|regular|||1";
const TAX: &str = "01AB-CDEF|Invoice|CCCC-3|Tax|2026-10-31 23:00:00+00:00|2026-11-01 00:00:00+00:00||[]|||0.5|USD|0||[]|202610|tax|||";

/// One bill of 10 + 1 + 0.5 with credits of 2.000005, of which 2 are a discount.
fn check_google(bill: &Aggregates) {
    assert!(bill.tie_out.as_ref().unwrap().ties(), "{}", bill.tie_out.as_ref().unwrap().explain());
    assert_eq!(
        (
            bill.tie_out.as_ref().unwrap().file_total.normalize().to_string().as_str(),
            bill.tie_out.as_ref().unwrap().rows_in_files
        ),
        ("9.499995", 4)
    );
    assert_eq!(
        sums(bill, "charge_totals", &["BillingPeriodStart", "ChargeCategory", "x_ChargeType"]),
        [
            "2026-10-01|Credit|credit: -2.000005 -0.000005 (1)",
            "2026-10-01|Tax|tax: 0.5 0.5 (1)",
            "2026-10-01|Usage|regular: 11 9 (2)",
        ]
    );
    let columns = [
        "ChargeCategory",
        "Day",
        "SubAccountId",
        "RegionId",
        "ResourceId",
        "Meter",
        "MeterName",
        "PricingUnit",
        "PricingQuantity",
        "ListCost",
    ];
    let machine = "//compute.googleapis.com/projects/shop/zones/us-central1-a/instances/1";
    let core = "gcp/AAAA-1|N2 Instance Core running in Americas";
    assert_eq!(
        rows(bill, "resource_costs", &columns),
        [
            format!("Credit|2026-10-01|shop|us-central1|-|{core}|-|-|-"),
            "Tax|2026-10-31|-|-|-|gcp/CCCC-3|Tax|-|0|-".to_owned(),
            format!("Usage|2026-10-01|shop|us-central1|{machine}|{core}|Hours|96|12"),
            "Usage|2026-10-02|shop|global|-|gcp/BBBB-2|Log Storage cost|gibibyte|2|1".to_owned(),
        ]
    );
    assert_eq!(bill.tag_keys, ["team"]);
    assert!(rows(bill, "resource_tags", &["ResourceId", "Tag_team"]).contains(&format!("{machine}|web")));
}

#[test]
fn google_credits_are_charges_of_their_own_and_discounts_lower_what_usage_costs() {
    let folder = tempfile::tempdir().unwrap();
    let python = lines(GOOGLE, &[CORE, LOG, TAX]);
    check_google(&aggregates(&[file(&folder, "python.csv", &python)], Options::default()));
    // The same as JSON, in the names that some pipelines give.
    let json = |line: &String| line.replace("\"it's used\"", "'used'").replace('\'', "\"").replace("None", "null");
    let mut records: Vec<String> = python.iter().map(json).collect();
    records[0] = records[0].replace('.', "_");
    check_google(&aggregates(&[file(&folder, "json.csv", &records)], Options::default()));
}

/// As BigQuery exports Parquet: records in records, lists of records, doubles, timestamps.
#[test]
fn google_parquet_with_nested_records_is_the_same_bill() {
    let record = |name: &str, fields: &[Series]| {
        StructChunked::from_series(name.into(), fields[0].len(), fields.iter()).unwrap().into_series().into_column()
    };
    let words = |name: &str, values: [&str; 3]| {
        Series::new(name.into(), values.map(|value| Some(value).filter(|value| !value.is_empty())))
    };
    let lists = |name: &str, first: Vec<Series>| {
        let none: Vec<Series> = first.iter().map(Series::clear).collect();
        let rows: Vec<Series> =
            [&first, &none, &none].map(|fields| record("", fields).as_materialized_series().clone()).to_vec();
        Column::new(name.into(), rows)
    };
    let times = |name: &str, values: [&str; 3]| {
        let millis = values.map(|value| scale_surgeon::period::parse_time(value).unwrap().as_millisecond());
        Column::new(name.into(), millis).cast(&DataType::Datetime(TimeUnit::Milliseconds, None)).unwrap()
    };
    let entry = |key: &str, value: &str| [Series::new("key".into(), [key]), Series::new("value".into(), [value])];
    let credits = vec![
        Series::new("name".into(), ["used", "Trial"]),
        Series::new("amount".into(), [-2.0_f64, -5e-6]),
        Series::new("type".into(), ["SUSTAINED_USAGE_DISCOUNT", "PROMOTION"]),
    ];
    let columns = vec![
        words("billing_account_id", ["01AB-CDEF"; 3]).into_column(),
        record("service", &[words("description", ["Compute Engine", "Cloud Logging", "Invoice"])]),
        record(
            "sku",
            &[
                words("id", ["AAAA-1", "BBBB-2", "CCCC-3"]),
                words("description", ["N2 Instance Core running in Americas", "Log Storage cost", "Tax"]),
            ],
        ),
        times("usage_start_time", ["2026-10-01T23:00:00Z", "2026-10-02T00:00:00Z", "2026-10-31T23:00:00Z"]),
        times("usage_end_time", ["2026-10-02T00:00:00Z", "2026-10-02T01:00:00Z", "2026-11-01T00:00:00Z"]),
        record("project", &[words("id", ["shop", "shop", ""])]),
        lists("labels", entry("team", "web").to_vec()),
        record("location", &[words("location", ["us", "global", ""]), words("region", ["us-central1", "", ""])]),
        Column::new("cost".into(), [10.0_f64, 1.0, 0.5]),
        words("currency", ["USD"; 3]).into_column(),
        record(
            "usage",
            &[
                Series::new("amount_in_pricing_units".into(), [96.0_f64, 2.0, 0.0]),
                words("pricing_unit", ["hour", "gibibyte", ""]),
            ],
        ),
        lists("credits", credits),
        record("invoice", &[words("month", ["202610"; 3])]),
        words("cost_type", ["regular", "regular", "tax"]).into_column(),
        record(
            "resource",
            &[words("global_name", ["//compute.googleapis.com/projects/shop/zones/us-central1-a/instances/1", "", ""])],
        ),
        Column::new("cost_at_list".into(), [Some(12.0_f64), Some(1.0), None]),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export.parquet");
    let mut frame = DataFrame::new_infer_height(columns).unwrap();
    ParquetWriter::new(std::fs::File::create(&path).unwrap()).finish(&mut frame).unwrap();
    check_google(&aggregates(&[path], Options::default()));
}

#[test]
fn a_google_value_that_does_not_convert_names_column_and_value() {
    let credits = &CORE[CORE.find("[{'name'").unwrap()..CORE.find("|202610").unwrap()];
    for (given, written, words) in [
        (credits, "free", ["column credits", "\"free\" is not a list"]),
        (credits, "[{'type': 'DISCOUNT'}]", ["column credits", "missing field `amount`"]),
        (credits, "[{'amount': 'much'}]", ["record 1", "credits: \"much\""]),
        ("|202610|", "|2026-10|", ["column invoice.month", "\"2026-10\" is not a time"]),
        ("[{'key'", "[{'key", ["column labels", "is not a list"]),
    ] {
        let error = refusal(&lines(GOOGLE, &[&CORE.replace(given, written)]));
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    }
}

#[test]
fn an_oracle_report_is_usage_and_corrections_of_it() {
    let header = "lineItem/tenantId|lineItem/intervalUsageStart|lineItem/intervalUsageEnd|product/service|product/region|\
        product/resourceId|usage/billedQuantity|cost/subscriptionId|cost/productSku|product/Description|cost/myCost|cost/currencyCode|\
        cost/skuUnitDescription|lineItem/isCorrection|tags/ops.team";
    let record = |day: &str, quantity: &str, cost: &str, correction: &str| {
        format!(
            "ocid1.tenancy.oc1..example|2026-10-{day}T10:00Z|2026-10-{day}T11:00:00Z|DATABASE|eu-frankfurt-1|ocid1.db.oc1..example|\
             {quantity}|ocid1.subscription.oc1..example|B1|Database - Node|{cost}|EUR|Hours|{correction}|web"
        )
    };
    let folder = tempfile::tempdir().unwrap();
    let records = [record("01", "1.500000000000000000", "2.5E-2", "false"), record("02", "-0.3", "-0.005", "true")];
    let path = file(&folder, "report.csv", &lines(header, &[&records[0], &records[1]]));
    let bill = aggregates(&[path], Options::default());
    assert!(bill.tie_out.as_ref().unwrap().ties(), "{}", bill.tie_out.as_ref().unwrap().explain());
    assert_eq!(
        sums(&bill, "charge_totals", &["BillingPeriodStart", "BillingAccountId", "ChargeCategory", "x_ChargeType"]),
        [
            "2026-10-01|ocid1.subscription.oc1..example|Usage|Correction: -0.005 -0.005 (1)",
            "2026-10-01|ocid1.subscription.oc1..example|Usage|Usage: 0.025 0.025 (1)",
        ]
    );
    let columns =
        ["Day", "SubAccountId", "RegionId", "ResourceId", "Meter", "MeterName", "PricingUnit", "PricingQuantity"];
    assert_eq!(
        rows(&bill, "resource_costs", &columns)[0],
        "2026-10-01|ocid1.tenancy.oc1..example|eu-frankfurt-1|ocid1.db.oc1..example|oci/B1|Database - Node|Hours|1.5"
    );
    assert_eq!(bill.tag_keys, ["ops.team"]);
    let broken = records[0].replace("2026-10-01T10:00Z", "yesterday");
    let error = refusal(&lines(header, &[&broken]));
    assert!(error.contains("column lineItem/intervalUsageStart: \"yesterday\" is not a time"), "{error}");
}

/// The planted bills of `fixtures/clouds`, which are FOCUS exports, told in the provider's own format: the same findings.
#[test]
fn a_native_export_has_the_findings_of_the_focus_export() {
    let folder = tempfile::tempdir().unwrap();
    let day = |time: &str| format!("{}/{}/{}", &time[5..7], &time[8..10], &time[..4]);
    let measure = |unit: &str| match unit {
        "Hours" => "1 Hour".to_owned(),
        "Units" => "1".to_owned(),
        "Units/Month" => "1/Month".to_owned(),
        other => format!("1 {other}"),
    };
    for (name, header) in [("azure", AZURE), ("gcp", GOOGLE)] {
        let focus = repository(&format!("fixtures/clouds/{name}.csv"));
        let mut reader = csv::Reader::from_path(&focus).unwrap();
        let mut records = vec![header.to_owned()];
        for record in reader.deserialize::<BTreeMap<String, String>>().map(Result::unwrap) {
            let of = |column: &str| record[column].as_str();
            records.push(if name == "azure" {
                let id = of("ResourceId").replace("resourcegroups", "resourceGroups");
                let (start, unit) = (day(of("ChargePeriodStart")), measure(of("PricingUnit")));
                [
                    of("BillingAccountId"),
                    &day(of("BillingPeriodStart")),
                    of("SubAccountId"),
                    &start,
                    of("ChargeDescription"),
                    of("SkuId"),
                    of("ServiceName"),
                    of("PricingQuantity"),
                    of("BilledCost"),
                    "USD",
                    of("RegionId"),
                    &id,
                    "",
                    &unit,
                    "",
                    "Usage",
                    of("ListUnitPrice"),
                    "OnDemand",
                    "",
                ]
                .join("|")
            } else {
                [
                    of("BillingAccountId"),
                    of("ServiceName"),
                    of("SkuId"),
                    of("ChargeDescription"),
                    of("ChargePeriodStart"),
                    of("ChargePeriodEnd"),
                    of("SubAccountId"),
                    "[]",
                    of("RegionId"),
                    "",
                    of("BilledCost"),
                    "USD",
                    of("PricingQuantity"),
                    of("PricingUnit"),
                    "[]",
                    "202610",
                    "regular",
                    "",
                    of("ResourceId"),
                    of("ListCost"),
                ]
                .join("|")
            });
        }
        let native = file(&folder, &format!("{name}.csv"), &records);
        let findings = |path: PathBuf| {
            let mut found: Vec<String> = reviewed(&[path])
                .findings
                .iter()
                .map(|f| {
                    let worth = f.effective.map(|amount| amount.0.round_dp(6).normalize().to_string());
                    format!("{} {:?} {:?} {:?} {worth:?}", f.rule, f.account, f.region, f.resource)
                })
                .collect();
            found.sort();
            found
        };
        let expected = findings(focus);
        assert!(expected.len() >= 8, "{expected:?}");
        assert_eq!(findings(native), expected);
    }
}
