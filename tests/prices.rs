//! `surgeon prices`: what is shown, how much of a bill is priced, and lists refreshed from files, a mirror and the query API.
//!
//! The network is a server on this machine that answers as the Price List's documentation and recordings say.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use crate::common::{demo_file, surgeon};

/// An offer of one instance, one tiered price, and one price that is told apart by nothing.
const OFFER: &str = r#"{"formatVersion": "v1.0", "offerCode": "AmazonEC2", "publicationDate": "2026-11-20T00:00:00Z",
  "products": {
    "A": {"sku": "A", "attributes": {"usagetype": "EU-BoxUsage:m5.large", "operation": "RunInstances",
        "regionCode": "eu-west-1", "locationType": "AWS Region"}},
    "B": {"sku": "B", "attributes": {"usagetype": "EU-BoxUsage:m9z.large", "operation": "RunInstances",
        "regionCode": "eu-west-1", "locationType": "AWS Region"}},
    "L": {"sku": "L", "attributes": {"usagetype": "EU-BoxUsage:m5.large", "operation": "RunInstances",
        "regionCode": "eu-west-1-wl1", "locationType": "AWS Wavelength Zone"}}},
  "terms": {"OnDemand": {
    "A": {"A.1": {"sku": "A", "priceDimensions": {"A.1.1": {"unit": "Hrs", "beginRange": "0", "endRange": "Inf",
        "pricePerUnit": {"USD": "0.1010000000"}}}}},
    "B": {"B.1": {"sku": "B", "priceDimensions": {"B.1.1": {"unit": "Hrs", "beginRange": "0", "endRange": "Inf",
        "pricePerUnit": {"USD": "0.0500000000"}}}}},
    "L": {"L.1": {"sku": "L", "priceDimensions": {"L.1.1": {"unit": "Hrs", "beginRange": "0", "endRange": "Inf",
        "pricePerUnit": {"USD": "9"}}}}}}}}"#;

/// Answers requests by path (and, for the query API, by page token) until the test ends; gives its address.
fn server(answers: BTreeMap<&'static str, (u16, String)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            let (head, body) = loop {
                let read = stream.read(&mut buffer).unwrap();
                request.extend_from_slice(&buffer[..read]);
                let text = String::from_utf8_lossy(&request).into_owned();
                if let Some((head, body)) = text.split_once("\r\n\r\n") {
                    let length = head.lines().find_map(|l| {
                        let (name, value) = l.split_once(':')?;
                        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
                    });
                    if body.len() >= length.unwrap_or(0) {
                        break (head.to_owned(), body.to_owned());
                    }
                }
                assert!(read > 0, "a request that breaks off");
            };
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            let key = if body.contains("NextToken") { "page 2" } else { path.as_str() };
            let (status, text) = answers.get(key).cloned().unwrap_or((404, "<html>not here</html>".into()));
            let answer =
                format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}", text.len());
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    address
}

fn prices(args: &[&str]) -> (i32, String, String) {
    let mut all = vec!["prices"];
    all.extend(args);
    surgeon(&all)
}

#[test]
fn show_prints_every_origin_and_why_one_was_taken() {
    let (code, out, _) = prices(&["show", "AmazonEC2/BoxUsage:m6a.xlarge", "us-east-1"]);
    assert_eq!(code, 0);
    for part in [
        "own bill",
        "not charged on demand in the last 7 complete days",
        "price book",
        "refreshed list",
        "embedded list",
        "taken",
        "0.1728",
        "Standard reservation, 1 year",
        "0.106735",
        "Compute Savings Plan, 3 years",
        "±15 %",
        "Spot interruptions in a month: above 20 % (AWS Spot Instance Advisor, 2025-06-28)",
    ] {
        assert!(out.contains(part), "{part} is missing in\n{out}");
    }
    let bill = demo_file("cur2").display().to_string();
    let (code, out, _) = prices(&["show", "AmazonEC2/EBS:VolumeUsage.gp2", "eu-west-1", &bill]);
    assert_eq!(code, 0);
    assert!(out.contains("own bill: average on-demand price paid"), "{out}");
    assert!(out.contains("not needed"), "{out}");
}

#[test]
fn show_finds_a_meter_by_a_part_of_its_name() {
    let (code, out, _) = prices(&["show", "NatGateway", "us-east-1"]);
    assert_eq!(code, 4, "no price for it, which is a gap");
    assert!(out.contains("AmazonEC2/NatGateway-Hours  0.045 USD per Hours"), "{out}");
    let (_, out, _) = prices(&["show", "no such thing", "us-east-1"]);
    assert!(out.contains("No meter with \"no such thing\" in its name"), "{out}");
}

#[test]
fn coverage_is_a_share_of_dollars_with_what_is_missing() {
    let (code, out, _) = prices(&["coverage", &demo_file("cur2").display().to_string()]);
    assert_eq!(code, 0);
    assert!(
        out.starts_with("Billed usage 3,738.61 USD, of which 3,628.21 (97.05 %) has a price in the lists.\n"),
        "{out}"
    );
    assert!(out.contains("b8z3kq0v5acme1searchlens7/Soft"), "{out}");
    assert!(out.contains("sold on AWS Marketplace"), "{out}");
    assert!(
        out.contains("Of 41 meters for which the bill states a public rate, the lists have the same for 41."),
        "{out}"
    );
}

/// What pages write out as a meter; patterns and other clouds' ids are not meant.
#[test]
fn every_meter_that_a_page_names_has_a_price() {
    let list = scale_surgeon::prices::PriceList::embedded();
    // Not priced by a list of their own: what is looked into without a change, starts of meters that share another's price, fees
    // that go (the bill's own price), and transfer that is free.
    const OTHERWISE: [&str; 8] = [
        "AmazonEC2/CPUCredits:",
        "AmazonEC2/UnusedBox:",
        "AmazonEC2/UnusedDed:",
        "AmazonS3/EarlyDelete-SIA-SmObjects",
        "AmazonS3/EarlyDelete-ZIA-SmObjects",
        "AmazonS3/EarlyDelete-GIR-SmObjects",
        "AmazonS3/C3DataTransfer-In-Bytes",
        "AmazonS3/C3DataTransfer-Out-Bytes",
    ];
    let meters = list.meters();
    let mut missing: Vec<String> = Vec::new();
    let mut named = 0;
    for rule in scale_surgeon::rules::builtin().unwrap() {
        for meter in rule.query.split('\'').filter(|text| text.starts_with("Amazon") || text.starts_with("AWS")) {
            if meter.contains('/') && !meter.contains(['%', '^']) {
                let price = list.price(
                    &scale_surgeon::id::Meter(meter.to_owned()),
                    Some("eu-central-1"),
                    &scale_surgeon::prices::Term::OnDemand,
                );
                // Many pages compare with the start of meters.
                let start = || meters.iter().any(|listed| listed.starts_with(meter));
                if price.is_none() && !start() && !OTHERWISE.contains(&meter) {
                    missing.push(format!("{}: {meter}", rule.id));
                }
                named += 1;
            }
        }
    }
    assert!(named >= 10, "{named}");
    assert_eq!(missing, Vec::<String>::new(), "no list has these");
}

#[test]
fn sources_are_listed_with_date_and_licence() {
    let (code, out, _) = prices(&["sources"]);
    assert_eq!(code, 0);
    assert!(
        out.contains("ebs.csv") && out.contains("2022-02-10") && out.contains("MIT; derived, error up to 1.2 %"),
        "{out}"
    );
}

#[test]
fn a_refreshed_list_comes_before_the_embedded_one() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(at("index.json"), OFFER).unwrap();
    let (code, _, err) = prices(&["refresh", &at("index.json"), "-o", &at("list")]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("2 prices of 2 meters"), "{err}");
    std::fs::write(at("surgeon.toml"), "[prices]\nrefreshed = \"list\"\ndiscount_percent = 10\n").unwrap();
    let (code, out, _) = prices(&["show", "AmazonEC2/BoxUsage:m5.large", "eu-west-1", "--config", &at("surgeon.toml")]);
    assert_eq!(code, 0);
    assert!(out.contains("0.0909") && out.contains("90 % of list, price book: 10 % off"), "{out}");
    let (_, out, _) = prices(&["show", "AmazonEC2/BoxUsage:m9z.large", "eu-west-1", "--config", &at("surgeon.toml")]);
    assert!(out.contains("0.045"), "a type that the embedded list does not know yet\n{out}");
}

#[test]
fn what_is_no_offer_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.html").display().to_string();
    std::fs::write(&path, "<html>").unwrap();
    let out = folder.path().join("list").display().to_string();
    let (code, _, err) = prices(&["refresh", &path, "-o", &out]);
    assert_eq!(code, 3);
    assert!(err.contains("page.html: not an AWS offer file"), "{err}");
    assert!(!Path::new(&out).exists(), "nothing is written");
    let (code, _, err) = prices(&["refresh", "-o", &out]);
    assert_eq!(code, 2);
    assert!(err.contains("--region"), "{err}");
}

#[test]
fn bulk_lists_are_downloaded_by_their_region_index() {
    let index = r#"{"formatVersion": "v1.0", "regions": {"eu-west-1": {"regionCode": "eu-west-1",
        "currentVersionUrl": "/offers/v1.0/aws/AmazonEC2/20261120/eu-west-1/index.json"}}}"#;
    let address = server(
        [
            ("/offers/v1.0/aws/AmazonEC2/current/region_index.json", (200, index.to_owned())),
            ("/offers/v1.0/aws/AmazonEC2/20261120/eu-west-1/index.json", (200, OFFER.to_owned())),
        ]
        .into(),
    );
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("list").display().to_string();
    let refresh = |service: &str, region: &str| {
        prices(&["refresh", "--service", service, "--region", region, "--endpoint", &address, "-o", &out])
    };
    let (code, _, err) = refresh("AmazonEC2", "eu-west-1");
    assert_eq!(code, 0, "{err}");
    let list = std::fs::read_to_string(Path::new(&out).join("AmazonEC2.csv")).unwrap();
    assert!(
        list.ends_with(
            "AmazonEC2/BoxUsage:m5.large,,,Hours,offer,0.101\nAmazonEC2/BoxUsage:m9z.large,,,Hours,offer,0.05\n"
        ),
        "{list}"
    );
    let (code, _, err) = refresh("AmazonEC2", "atlantis-1");
    assert_eq!(code, 1);
    assert!(err.contains("AmazonEC2 has no price list for atlantis-1; it has eu-west-1"), "{err}");
    let (code, _, err) = refresh("AmazonNothing", "eu-west-1");
    assert_eq!(code, 1);
    assert!(err.contains("answered 404: no such service or region"), "{err}");
}

/// Two pages, as the paginator asks for them; credentials are those of the environment.
#[cfg(feature = "aws")]
#[test]
fn the_query_api_is_asked_page_by_page() {
    let product = |kind: &str, price: &str| {
        format!(
            r#"{{"serviceCode": "AmazonEC2", "publicationDate": "2026-11-20T00:00:00Z", "product": {{"sku": "{kind}",
            "attributes": {{"usagetype": "BoxUsage:{kind}", "operation": "RunInstances", "regionCode": "us-east-1",
            "locationType": "AWS Region"}}}}, "terms": {{"OnDemand": {{"{kind}.1": {{"sku": "{kind}", "priceDimensions":
            {{"a": {{"unit": "Hrs", "beginRange": "0", "pricePerUnit": {{"USD": "{price}"}}}}}}}}}}}}}}"#
        )
    };
    let page = |product: String, next: &str| {
        format!("{{\"FormatVersion\": \"aws_v1\", \"PriceList\": [{}]{next}}}", serde_json::json!(product))
    };
    let address = server(
        [
            ("/", (200, page(product("m5.large", "0.096"), ", \"NextToken\": \"two\""))),
            ("page 2", (200, page(product("m5.xlarge", "0.192"), ""))),
        ]
        .into(),
    );
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("list");
    let output = Command::new(env!("CARGO_BIN_EXE_surgeon"))
        .args([
            "prices",
            "refresh",
            "--api",
            "--service",
            "AmazonEC2",
            "--filter",
            "regionCode=us-east-1",
            "--endpoint",
            &address,
        ])
        .arg("-o")
        .arg(&out)
        .env("AWS_ACCESS_KEY_ID", "testing")
        .env("AWS_SECRET_ACCESS_KEY", "testing")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let list = std::fs::read_to_string(out.join("AmazonEC2.csv")).unwrap();
    assert!(
        list.contains("m5.large,,,Hours,offer,0.096\n") && list.contains("m5.xlarge,,,Hours,offer,0.192\n"),
        "{list}"
    );
}
