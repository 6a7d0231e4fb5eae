//! Lists as text on the left, what is found on the right; and every embedded row.

use super::*;

const HEAD: &str =
    "# title = \"Test\"\n# [source.a]\n# title = \"List A\"\n# date = \"2026-05\"\n# licence = \"facts\"\n";

fn list(rows: &str) -> PriceList {
    PriceList::of([("test.csv", &*String::leak(format!("{HEAD}{rows}")))].into_iter()).unwrap()
}

fn price(list: &PriceList, meter: &str, region: Option<&str>) -> Option<String> {
    let found = list.price(&Meter(meter.into()), region, &Term::OnDemand)?;
    Some(format!("{} {} per {} ({})", found.unit_price(), found.currency, found.unit, found.source.title))
}

#[test]
fn a_price_is_found_by_meter_region_and_term() {
    let list = list(
        "meter,term,from,unit,source,eu-west-1,us-east-1\n\
         AmazonEC2/BoxUsage:m5.large,,,Hours,a,0.107,0.096\n\
         AmazonEC2/BoxUsage:m5.large,standard-1y-all-upfront,,Hours,a,,0.0577\n\
         AmazonEC2/BoxUsage:m5.large/RunInstances:0002,,,Hours,a,0.199,\n",
    );
    let meter = "AmazonEC2/BoxUsage:m5.large";
    assert_eq!(price(&list, meter, Some("us-east-1")).as_deref(), Some("0.096 USD per Hours (List A)"));
    assert_eq!(
        price(&list, &format!("{meter}/RunInstances:0002"), Some("eu-west-1")).as_deref(),
        Some("0.199 USD per Hours (List A)")
    );
    for (meter, region) in [
        (meter, Some("atlantis-1")),
        (meter, None),
        ("AmazonEC2/BoxUsage:m5", Some("us-east-1")),
        ("AmazonEC2/BoxUsage:m5.large/RunInstances:0002", Some("us-east-1")),
    ] {
        assert_eq!(price(&list, meter, region), None, "{meter} {region:?}");
    }
    let terms: Vec<String> =
        list.terms(&Meter(meter.into()), Some("us-east-1")).iter().map(ToString::to_string).collect();
    assert_eq!(terms, ["", "standard-1y-all-upfront"]);
}

#[test]
fn a_free_tier_is_never_the_price() {
    let list = list(
        "meter,term,from,unit,source,us-east-1\n\
         AmazonCloudWatch/CW:MetricMonitorUsage,,,Metrics,a,0\n\
         AmazonCloudWatch/CW:MetricMonitorUsage,,10,Metrics,a,0.3\n\
         AmazonCloudWatch/CW:MetricMonitorUsage,,10010,Metrics,a,0.1\n",
    );
    let meter = Meter("AmazonCloudWatch/CW:MetricMonitorUsage".into());
    let found = list.price(&meter, Some("us-east-1"), &Term::OnDemand).unwrap();
    assert_eq!((found.tiers.len(), found.unit_price()), (3, Decimal::new(3, 1)));
}

#[test]
fn meters_that_cost_the_same_are_found_by_each_other() {
    let list = list(
        "meter,term,from,unit,source,global,us-east-1\n\
         AWSDataTransfer/DataTransfer-Out-Bytes,,,GB,a,,0.09\n\
         AmazonEC2/BoxUsage:m5.large,,,Hours,a,,0.096\n\
         AmazonEC2/BoxUsage:m5.large/RunInstances:0002,,,Hours,a,,0.188\n\
         AmazonNeptune/InstanceUsage:db.r5.large/*,,,Hours,a,,0.348\n\
         AmazonRoute53/HostedZone,,,HostedZones,a,0.5,\n",
    );
    for (meter, found) in [
        ("AWSLambda/DataTransfer-Out-Bytes", Some("0.09 USD per GB (List A)")),
        ("AmazonEC2/BoxUsage:m5.large/RunInstances:0800", Some("0.096 USD per Hours (List A)")),
        ("AmazonEC2/BoxUsage:m5.large/RunInstances:0102", None), // another licence is another price
        ("AmazonEC2/UnusedBox:m5.large/RunInstances:0002", Some("0.188 USD per Hours (List A)")),
        ("AmazonNeptune/InstanceUsage:db.r5.large/CreateDBInstance:0026", Some("0.348 USD per Hours (List A)")),
        ("AmazonNeptune/InstanceUsage:db.r5.large", Some("0.348 USD per Hours (List A)")),
        ("AmazonRoute53/HostedZone", Some("0.5 USD per HostedZones (List A)")),
    ] {
        assert_eq!(price(&list, meter, Some("us-east-1")).as_deref(), found, "{meter}");
    }
}

#[test]
fn a_malformed_list_names_file_and_line() {
    let cases = [
        ("meter,term,from,unit,source,us-east-1\nA/B,,,Hours,a,0.1,0.2\n", "test.csv:7: 7 fields, expected 6"),
        (
            "meter,term,from,unit,source,us-east-1\nA/B,,,Hours,b,0.1\n",
            "test.csv:7: the head of the file does not describe the source \"b\"",
        ),
        (
            "meter,term,from,unit,source,us-east-1\nA/B,,,Hrs,a,0.1\n",
            "test.csv:7: the unit \"Hrs\" is written Hours in price lists",
        ),
        ("meter,term,from,unit,source,us-east-1\nA/B,often,,Hours,a,0.1\n", "test.csv:7: \"often\" is no term"),
        ("meter,term,from,unit,source,us-east-1\nA/B,,,Hours,a,cheap\n", "test.csv:7: \"cheap\" is no price"),
        ("meter,term,from,unit,source,us-east-1\nA/B,,,Hours,a,-1\n", "test.csv:7: \"-1\" is no price"),
    ];
    for (rows, error) in cases {
        assert_eq!(list(rows).check().unwrap_err().to_string(), error);
    }
    let refused = |text: &'static str| PriceList::of([("test.csv", text)].into_iter()).unwrap_err().to_string();
    assert!(refused("price,region\n").starts_with("test.csv:1: "), "{}", refused("price,region\n"));
    assert_eq!(
        refused("# title = \"x\"\nmeter,region\n"),
        "test.csv:2: expected the columns meter,term,from,unit,source, then one per region"
    );
}

#[test]
fn every_embedded_price_can_be_read_and_has_a_source() {
    let list = PriceList::embedded();
    let prices = list.check().unwrap();
    assert!(prices > 400_000, "{prices}");
    for (file, title, sources) in list.files() {
        assert!(!title.is_empty() && !sources.is_empty(), "{file}");
        for source in sources.values() {
            assert!(!source.title.is_empty() && !source.date.is_empty() && !source.licence.is_empty(), "{file}");
            assert_eq!(
                source.derived.is_some(),
                source.error_percent.is_some(),
                "{file}: a derived price has an error band"
            );
        }
    }
}

/// The index keeps one place per meter and file: rows of a meter stand together.
#[test]
fn rows_of_a_meter_stand_together() {
    let list = PriceList::embedded();
    for meter in list.meters() {
        let mut sheets: Vec<u16> = list.places(meter).map(|p| p.0).collect();
        let places = sheets.len();
        sheets.dedup();
        assert_eq!(sheets.len(), places, "{meter} stands apart in one file");
    }
}

#[test]
fn the_catalogue_is_small() {
    let bytes: usize = EMBEDDED.iter().map(|(_, text)| text.len()).sum();
    assert!(bytes < 8 << 20, "{bytes} bytes of prices");
}
