//! One bill in every packing gives one review: CSV, gzip, Parquet with text, doubles, decimals, integers, MAP columns; one
//! file or many whose columns differ.

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use polars::prelude::*;
use scale_surgeon::billing::Options;
use scale_surgeon::review::Review;

use crate::common::{FORMATS, aggregates, demo_file, demo_review, repository, reviewed};

fn read_text(path: &Path) -> DataFrame {
    LazyCsvReader::new(PlRefPath::new(path.to_str().unwrap()))
        .with_infer_schema_length(Some(0))
        .with_missing_is_null(true)
        .finish()
        .unwrap()
        .collect()
        .unwrap()
}

fn write_parquet(path: &Path, mut frame: DataFrame) {
    ParquetWriter::new(std::fs::File::create(path).unwrap()).finish(&mut frame).unwrap();
}

/// As the providers deliver Parquet: doubles for amounts, timestamps for times, lists of key and value for maps.
fn typed(frame: DataFrame) -> DataFrame {
    let number = |n: &str| {
        let cur = (n.contains("cost") || n.contains("fee") || n.contains("commitment") || n.ends_with("_amount"))
            && !n.contains("rate");
        let focus = n.ends_with("Cost") || n.ends_with("Quantity") || n.ends_with("UnitPrice");
        (cur || focus) && n != "cost_category"
    };
    let time = |n: &str| n.ends_with("_date") || n.ends_with("PeriodStart") || n.ends_with("PeriodEnd");
    let map = |n: &str| {
        ["product", "resource_tags", "cost_category", "discount", "Tags", "x_Discounts", "x_CostCategories"]
            .contains(&n)
    };
    let names: Vec<String> = frame.get_column_names().iter().map(|n| n.to_string()).collect();
    let columns: Vec<Column> = names
        .iter()
        .map(|name| {
            let column = frame.column(name).unwrap();
            if number(name) {
                column.strict_cast(&DataType::Float64).unwrap()
            } else if time(name) {
                let micros: Vec<Option<i64>> = column
                    .str()
                    .unwrap()
                    .iter()
                    .map(|t| t.map(|t| scale_surgeon::period::parse_time(t).unwrap().as_millisecond()))
                    .collect();
                Column::new(name.into(), micros).cast(&DataType::Datetime(TimeUnit::Milliseconds, None)).unwrap()
            } else if map(name) {
                entries(name, column.str().unwrap())
            } else {
                column.clone()
            }
        })
        .collect();
    DataFrame::new_infer_height(columns).unwrap()
}

/// JSON text as the list of key and value that a Parquet MAP reads as.
fn entries(name: &str, texts: &StringChunked) -> Column {
    let rows: Vec<Series> = texts
        .iter()
        .map(|text| {
            let object: serde_json::Map<String, serde_json::Value> =
                serde_json::from_str(text.unwrap_or("{}")).unwrap();
            let keys: Vec<&str> = object.keys().map(String::as_str).collect();
            let values: Vec<String> =
                object.values().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).collect();
            let fields = [Series::new("key".into(), keys), Series::new("value".into(), values)];
            StructChunked::from_series("".into(), fields[0].len(), fields.iter()).unwrap().into_series()
        })
        .collect();
    Column::new(name.into(), rows)
}

fn gz(from: &Path, to: &Path) {
    let mut encoder = GzEncoder::new(std::fs::File::create(to).unwrap(), Compression::fast());
    encoder.write_all(&std::fs::read(from).unwrap()).unwrap();
    encoder.finish().unwrap();
}

/// Everything but the names of the files.
fn comparable(mut review: Review) -> serde_json::Value {
    review.sources.clear();
    serde_json::to_value(review).unwrap()
}

#[test]
fn packings_of_one_bill_give_one_review() {
    let folder = tempfile::tempdir().unwrap();
    for (name, _) in FORMATS {
        let csv = demo_file(name);
        let zipped = folder.path().join(format!("{name}.bin"));
        gz(csv, &zipped);
        let parquet = folder.path().join(format!("{name}.parquet"));
        // Legacy Parquet has Athena's names and types of its own; here it keeps its headers and text.
        let frame = read_text(csv);
        write_parquet(&parquet, if name == "cur-legacy" { frame } else { typed(frame) });
        let expected = comparable(demo_review(name));
        assert_eq!(comparable(reviewed(&[zipped])), expected, "{name} gzipped, under a name that says nothing");
        assert_eq!(comparable(reviewed(&[parquet])), expected, "{name} as Parquet");
    }
}

#[test]
fn a_bill_in_parts_with_other_column_orders_and_missing_columns_is_the_same_bill() {
    let folder = tempfile::tempdir().unwrap();
    let whole = read_text(demo_file("cur2"));
    let half = whole.height() / 2;
    let first = whole.slice(0, half);
    let mut names: Vec<String> = whole.get_column_names().iter().map(|n| n.to_string()).collect();
    names.reverse();
    let second = whole.slice(half as i64, whole.height()).select(&names).unwrap();
    let (one, two) = (folder.path().join("part-1.parquet"), folder.path().join("part-2.csv"));
    write_parquet(&one, first);
    CsvWriter::new(std::fs::File::create(&two).unwrap()).finish(&mut second.clone()).unwrap();
    let expected = comparable(demo_review("cur2"));
    assert_eq!(comparable(reviewed(&[one.clone(), two])), expected);
    // A part without an optional column: its values are unknown, its totals hold.
    let without = whole.slice(half as i64, whole.height()).drop("savings_plan_end_time").unwrap();
    let three = folder.path().join("part-3.parquet");
    write_parquet(&three, without);
    let fewer = aggregates(&[one, three], Options::default());
    assert!(fewer.tie_out.as_ref().unwrap().ties());
    assert_eq!(fewer.tie_out.as_ref().unwrap().file_total.to_string(), "4149.120305629200");
}

#[test]
fn exact_decimals_and_integers_in_parquet_keep_every_digit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bill.parquet");
    let costs =
        Series::new("BilledCost".into(), ["0.1", "0.2", "0.000000000003"]).cast(&DataType::Decimal(38, 12)).unwrap();
    let frame = df!(
        "BillingCurrency" => ["USD"; 3], "ChargeCategory" => ["Usage"; 3], "SubAccountId" => [12_345_678_901_i64; 3],
        "ChargePeriodStart" => ["2026-10-01"; 3], "ChargePeriodEnd" => ["2026-10-02"; 3], "EffectiveCost" => [1_i64; 3],
    )
    .unwrap()
    .hstack(&[costs.into_column()])
    .unwrap();
    write_parquet(&path, frame);
    let bill = aggregates(&[path], Options::default());
    assert_eq!(bill.tie_out.as_ref().unwrap().reviewed_total.normalize().to_string(), "0.300000000003");
    let accounts =
        bill.tables["charge_totals"].column("SubAccountId").unwrap().str().unwrap().get(0).map(str::to_owned);
    assert_eq!(accounts.as_deref(), Some("012345678901"), "an account id stored as a number gets its zeros back");
}

/// A real MAP column as pyarrow writes it (`fixtures/edge/cur2-map/make.py`), not our imitation of one.
#[test]
fn a_real_parquet_map_gives_its_tags() {
    let bill = aggregates(&[repository("fixtures/edge/cur2-map/cur2.parquet")], Options::default());
    assert!(bill.tie_out.as_ref().unwrap().ties());
    assert_eq!(bill.tag_keys, ["environment", "team"]);
    let teams = bill.tables["resource_tags"].column("Tag_team").unwrap().str().unwrap().iter().flatten().count();
    assert_eq!(teams, 2);
}

/// The official FOCUS sample's spellings: quoted numbers, literal NULL, times with a blank.
#[test]
fn focus_with_literal_null_and_blanks_in_times_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("focus.csv");
    let text = "\"BilledCost\",\"EffectiveCost\",\"ListCost\",\"BillingCurrency\",\"ChargeCategory\",\"ChargePeriodStart\",\"ChargePeriodEnd\",\"ProviderName\",\"ServiceName\",\"SkuId\",\"ResourceId\",\"SubAccountId\",\"Tags\"\n\
        \"0.00000080000\",0.00000000000,NULL,\"USD\",\"Usage\",\"2024-09-18 22:00:00\",\"2024-09-18 23:00:00\",\"Microsoft\",\"Storage\",611182811,NULL,\"51738928782\",NULL\n\
        1E-7,1E-7,1E-7,USD,Usage,2024-09-18T23:00:00Z,2024-09-19T00:00:00Z,Microsoft,Storage,611182811,disk,51738928782,\"{\"\"team\"\": \"\"a\"\"}\"\n";
    std::fs::write(&path, text).unwrap();
    let bill = aggregates(&[path], Options::default());
    assert!(bill.tie_out.as_ref().unwrap().ties());
    assert_eq!(bill.tie_out.as_ref().unwrap().reviewed_total.normalize().to_string(), "0.0000009");
    assert_eq!((bill.as_of.to_string().as_str(), bill.tag_keys.as_slice()), ("2024-09-19", &["team".to_owned()][..]));
    let meters = bill.tables["resource_costs"].column("Meter").unwrap().str().unwrap().get(0).map(str::to_owned);
    assert_eq!(meters.as_deref(), Some("azure/611182811"));
}
