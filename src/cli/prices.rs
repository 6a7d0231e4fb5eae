//! `surgeon prices`: show a price with everyone who states one, the share of a bill that is priced, refresh the lists.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{CliError, Ending, input, say, settings, usage, write_out};
use crate::collect::price_list;
use crate::derive::baseline::Baseline;
use crate::id::Meter;
use crate::money::Currency;
use crate::prices::{self, Coverage, Payment, Plan, PriceBook, PriceList, Refreshed, Term};
use crate::report::{amount, grid};

#[derive(Debug, Subcommand)]
pub(super) enum PricesCommand {
    /// What everyone says about a meter in a region, which price is taken, and why.
    Show(ShowArgs),
    /// How many of a bill's dollars the price lists price, and what they do not.
    Coverage(CoverageArgs),
    /// Make a fresh price list from AWS's offer files.
    Refresh(RefreshArgs),
    /// Where the embedded prices come from: file, source, date, licence.
    Sources,
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The meter as surgeon prints it (AmazonEC2/BoxUsage:m5.large), or a part of one, to search.
    meter: String,
    /// The region, such as eu-west-1.
    region: String,
    /// Another term: standard-1y-all-upfront, compute-savings-plan-3y-no-upfront, …
    #[arg(long, default_value = "on-demand")]
    term: String,
    #[command(flatten)]
    input: input::InputArgs,
}

#[derive(Debug, Args)]
pub(super) struct CoverageArgs {
    /// List every meter, not only those without a price.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    input: input::InputArgs,
}

#[derive(Debug, Args)]
pub(super) struct RefreshArgs {
    /// Offer files: index.json of the Price List (a service, savings plans), or saved GetProducts output. None: download.
    #[arg(value_name = "OFFER")]
    offers: Vec<PathBuf>,
    /// Download the list of this service (AmazonEC2, AWSComputeSavingsPlan, …); those that matter most without it.
    #[arg(long, value_name = "SERVICE", conflicts_with = "offers", help_heading = "Download")]
    service: Vec<String>,
    /// Download the lists of this region. Needs no credentials. EC2 is several hundred megabytes a region.
    #[arg(long, value_name = "REGION", conflicts_with = "offers", help_heading = "Download")]
    region: Vec<String>,
    /// Ask pricing:GetProducts for what --filter names, with the credentials of the environment.
    #[arg(long, conflicts_with = "offers", help_heading = "Download")]
    api: bool,
    /// Only products with this attribute, such as instanceType=m5.large. May be repeated.
    #[arg(long, value_name = "FIELD=VALUE", requires = "api", help_heading = "Download")]
    filter: Vec<String>,
    /// Ask this address instead of AWS: a mirror, a test.
    #[arg(long, value_name = "URL", help_heading = "Download")]
    endpoint: Option<String>,
    /// Folder for the list; name it in surgeon.toml as prices.refreshed.
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

pub(super) fn run(command: PricesCommand) -> anyhow::Result<Ending> {
    match command {
        PricesCommand::Show(args) => show(&args),
        PricesCommand::Coverage(args) => coverage(&args),
        PricesCommand::Refresh(args) => refresh(&args),
        PricesCommand::Sources => sources(),
    }
}

/// The prices that apply: those of a bill, when one is given, and what surgeon.toml states.
fn book(args: &input::InputArgs) -> anyhow::Result<PriceBook> {
    let settings = settings::read(args.reading.config.as_deref())?;
    let terms = settings.prices()?;
    if args.inputs.is_empty() {
        let currency = args.reading.options(&settings, Vec::new())?.currency.unwrap_or(Currency::USD);
        return Ok(PriceBook::new(&Baseline::default(), currency, today(), terms));
    }
    let mut bill = args.aggregates(&args.reading.options(&settings, Vec::new())?)?;
    crate::derive::derive(&mut bill.tables, bill.as_of, &crate::derive::schedule::Calendar::default())?;
    let baseline = crate::derive::baseline::baseline(&bill.tables, bill.as_of);
    Ok(PriceBook::new(&baseline, bill.currency, bill.as_of.date(), terms))
}

#[expect(clippy::disallowed_methods, reason = "the age of a list price without a bill is counted to today")]
fn today() -> Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// A unit price with the digits that it has.
fn unit_price(price: Decimal) -> String {
    price.round_dp(10).normalize().to_string()
}

fn show(args: &ShowArgs) -> anyhow::Result<Ending> {
    let term: Term = args.term.parse().map_err(|e: prices::TermError| usage(e.to_string()))?;
    let book = book(&args.input)?;
    let meter = Meter(args.meter.clone());
    let region = Some(args.region.as_str());
    let candidates = book.candidates(&meter, region, &term);
    let terminal = super::terminal(true);
    let mut text = format!("{meter} in {}, {}\n\n", args.region, args.term);
    let mut taken = false;
    for candidate in &candidates {
        let who = candidate.origin.words();
        match &candidate.price {
            Ok(price) => {
                let verdict = if taken { "not needed: an earlier one is trusted more" } else { "taken" };
                taken = true;
                let list = price.list.filter(|list| *list != price.effective);
                let list = list.map(|list| format!(" (list {})", unit_price(list))).unwrap_or_default();
                let paid = unit_price(price.effective);
                text.push_str(&format!("  {who:<15} {paid} per {}{list}: {verdict}\n", price.unit));
                text.push_str(&format!("  {:<15} {}\n", "", price.source));
            }
            Err(why) => text.push_str(&format!("  {who:<15} - {why}\n")),
        }
    }
    for candidate in candidates.iter().filter(|c| !c.tiers.is_empty()) {
        text.push_str(&format!("\nTiers of the {}:\n", candidate.origin.words()));
        for (from, price) in &candidate.tiers {
            text.push_str(&format!("  from {:>14}  {}\n", from.normalize(), unit_price(*price)));
        }
    }
    text.push_str(&commitments(&book, &meter, region, &terminal));
    text.push_str(&spot(&meter, &args.region));
    if !taken {
        text.push_str(&similar(&args.meter, &args.region));
    }
    write_out(crate::report::plain_lines(&text).as_bytes())?;
    Ok(if taken { Ending::Done } else { Ending::Gaps })
}

/// Rates of every commitment that is listed or follows from one that is, one line for each plan and length.
fn commitments(book: &PriceBook, meter: &Meter, region: Option<&str>, terminal: &crate::report::Options) -> String {
    const PLANS: [(Plan, &str); 6] = [
        (Plan::Standard, "Standard reservation"),
        (Plan::Convertible, "Convertible reservation"),
        (Plan::Reserved, "Reservation"),
        (Plan::Ec2InstanceSavingsPlan, "EC2 Instance Savings Plan"),
        (Plan::ComputeSavingsPlan, "Compute Savings Plan"),
        (Plan::DatabaseSavingsPlan, "Database Savings Plan"),
    ];
    let mut rows = Vec::new();
    let mut why: Vec<String> = Vec::new();
    for (plan, name) in PLANS {
        for years in [1, 3] {
            let mut cells = vec![format!("{name}, {years} {}", if years == 1 { "year" } else { "years" })];
            for payment in [Payment::NoUpfront, Payment::PartialUpfront, Payment::AllUpfront] {
                let term = Term::Committed { plan, years, payment };
                let price = book.candidates(meter, region, &term).into_iter().find_map(|c| c.price.ok());
                cells.push(price.map_or_else(String::new, |price| {
                    let rate = price.effective.round_dp(6).normalize();
                    if !why.contains(&price.source) {
                        why.push(price.source.clone());
                    }
                    price.error_percent.map_or(rate.to_string(), |error| format!("~ {rate} ±{error} %"))
                }));
            }
            if cells[1..].iter().any(|cell| !cell.is_empty()) {
                rows.push(cells);
            }
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    let headers = [("Per hour (~ derived)", false), ("No upfront", true), ("Partial", true), ("All upfront", true)];
    let why: String = why.iter().map(|source| format!("  {source}\n")).collect();
    format!("\n{}\n{why}", grid(&headers, &rows, terminal))
}

/// What is known of spot for an EC2 instance.
fn spot(meter: &Meter, region: &str) -> String {
    let Some(rest) = meter.0.strip_prefix("AmazonEC2/BoxUsage:") else { return String::new() };
    let (kind, os) = match rest.split_once('/') {
        None => (rest, "linux"),
        Some((kind, "RunInstances:0002")) => (kind, "windows"),
        Some(_) => return String::new(),
    };
    let average = Meter(meter.0.replace("BoxUsage", "SpotUsage"));
    let price = PriceList::embedded().price(&average, Some(region), &Term::OnDemand);
    let mut text = String::new();
    if let Some(price) = price {
        let (price, source) = (unit_price(price.unit_price()), price.source);
        text.push_str(&format!("\nSpot: {price} on average ({}, {})", source.title, source.date));
    }
    if let Some(band) = prices::interruption(kind, os, region) {
        let (low, high) = band.percent();
        let band = high.map_or(format!("above {low} %"), |high| format!("{low} to {high} %"));
        let date = prices::interruptions_date();
        text.push_str(&format!("\nSpot interruptions in a month: {band} (AWS Spot Instance Advisor, {date})"));
    }
    if text.is_empty() { text } else { text + "\n" }
}

/// Meters whose name holds the text.
fn similar(text: &str, region: &str) -> String {
    const MOST: usize = 20;
    let list = PriceList::embedded();
    let folded = text.to_lowercase();
    let all: Vec<&str> = list.meters().into_iter().filter(|m| m.to_lowercase().contains(&folded)).collect();
    if all.is_empty() {
        return format!(
            "\nNo meter with {text:?} in its name; surgeon prices coverage BILL prints the meters of a bill.\n"
        );
    }
    let mut out = format!("\n{} meters have it in their name:\n", all.len());
    for meter in all.iter().take(MOST) {
        let price = list.price(&Meter((*meter).to_owned()), Some(region), &Term::OnDemand);
        let price = price.map_or_else(
            || "-".to_owned(),
            |p| format!("{} {} per {}", unit_price(p.unit_price()), p.currency, p.unit),
        );
        out.push_str(&format!("  {meter}  {price}\n"));
    }
    if all.len() > MOST {
        out.push_str(&format!("  … and {} more\n", all.len() - MOST));
    }
    out
}

fn coverage(args: &CoverageArgs) -> anyhow::Result<Ending> {
    let settings = settings::read(args.input.reading.config.as_deref())?;
    let mut bill = args.input.aggregates(&args.input.reading.options(&settings, Vec::new())?)?;
    crate::derive::derive(&mut bill.tables, bill.as_of, &crate::derive::schedule::Calendar::default())?;
    let baseline = crate::derive::baseline::baseline(&bill.tables, bill.as_of);
    let book = PriceBook::new(&baseline, bill.currency, bill.as_of.date(), settings.prices()?);
    let costs = bill.tables.get("resource_costs").context("the Dataset has no table resource_costs")?;
    let found = prices::coverage(costs, &book)?;
    write_out(describe(&found, &bill.currency, args.all).as_bytes())?;
    Ok(Ending::Done)
}

/// A coverage for people.
fn describe(found: &Coverage, currency: &Currency, all: bool) -> String {
    let terminal = super::terminal(true);
    let mut text = match found.percent() {
        None => "No usage was billed.\n".to_owned(),
        Some(percent) => format!(
            "Billed usage {} {currency}, of which {} ({percent} %) has a price in the lists.\n",
            amount(found.billed),
            amount(found.priced)
        ),
    };
    let mut services: BTreeMap<&str, (Decimal, Decimal, usize)> = BTreeMap::new();
    for one in &found.meters {
        let entry = services.entry(one.service.as_deref().unwrap_or("-")).or_default();
        entry.0 += one.billed;
        entry.1 += if one.listed.is_some() { one.billed } else { Decimal::ZERO };
        entry.2 += 1;
    }
    let mut services: Vec<_> = services.into_iter().collect();
    services.sort_by_key(|(_, totals)| std::cmp::Reverse(totals.0));
    let rows: Vec<Vec<String>> = services
        .iter()
        .map(|(service, (billed, priced, meters))| {
            let share = (*priced * Decimal::ONE_HUNDRED).checked_div(*billed);
            let share = share.map_or("-".to_owned(), |s| format!("{} %", s.round_dp(1)));
            vec![(*service).to_owned(), amount(*billed), amount(*priced), share, meters.to_string()]
        })
        .collect();
    let headers = [("Service", false), ("Billed", true), ("Priced", true), ("Share", true), ("Meters", true)];
    text.push_str(&format!("\n{}\n", grid(&headers, &rows, &terminal)));
    let unpriced: Vec<_> = found.meters.iter().filter(|m| m.reason.is_some() && (all || !m.billed.is_zero())).collect();
    text.push_str(&meters("Without a price", &unpriced, &terminal));
    let known = found.meters.iter().filter(|m| m.reproduced().is_some()).count();
    let differing: Vec<_> = found.meters.iter().filter(|m| m.reproduced() == Some(false)).collect();
    text.push_str(&format!(
        "\nOf {known} meters for which the bill states a public rate, the lists have the same for {}.\n",
        known - differing.len()
    ));
    text.push_str(&meters("Public rate of the bill differs from the list", &differing, &terminal));
    if all {
        let priced: Vec<_> = found.meters.iter().filter(|m| m.listed.is_some()).collect();
        text.push_str(&meters("With a price", &priced, &terminal));
    }
    text
}

fn meters(title: &str, meters: &[&prices::MeterCoverage], terminal: &crate::report::Options) -> String {
    if meters.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> = meters
        .iter()
        .map(|m| {
            let rate = |rate: Option<Decimal>| rate.map(unit_price).unwrap_or_default();
            vec![
                m.meter.as_ref().map_or("-".to_owned(), ToString::to_string),
                m.region.clone().unwrap_or_default(),
                amount(m.billed),
                rate(m.bill_rate),
                rate(m.listed),
                m.unit.clone().unwrap_or_default(),
                m.reason.clone().unwrap_or_default(),
            ]
        })
        .collect();
    let headers = [
        ("Meter", false),
        ("Region", false),
        ("Billed", true),
        ("Rate on bill", true),
        ("List", true),
        ("Per", false),
        ("", false),
    ];
    format!("\n{title}:\n{}\n", grid(&headers, &rows, terminal))
}

fn refresh(args: &RefreshArgs) -> anyhow::Result<Ending> {
    let mut list = Refreshed::default();
    let nothing = |e: prices::OfferError| CliError::NothingToLookAt(e.to_string());
    for path in &args.offers {
        let name = path.display().to_string();
        let file = File::open(path).with_context(|| name.clone())?;
        list.add(&name, BufReader::new(file)).map_err(nothing)?;
    }
    let services: Vec<&str> = match args.service.is_empty() {
        true => price_list::SERVICES.to_vec(),
        false => args.service.iter().map(String::as_str).collect(),
    };
    if args.api {
        for service in services {
            let products = ask(service, args)?;
            let text = serde_json::to_vec(&products)?;
            list.add(&format!("GetProducts of {service}"), text.as_slice()).map_err(nothing)?;
        }
    } else if args.offers.is_empty() {
        if args.region.is_empty() {
            return Err(usage("name an OFFER file, or --region REGION to download its lists".into()));
        }
        let base = args.endpoint.as_deref().unwrap_or(price_list::BULK).trim_end_matches('/');
        for service in services {
            for offer in price_list::bulk(base, service, &args.region, &|url| say(url))? {
                list.add(&offer.url, BufReader::new(offer.file.reopen()?)).map_err(nothing)?;
            }
        }
    }
    std::fs::create_dir_all(&args.output).with_context(|| args.output.display().to_string())?;
    for (name, text) in list.files() {
        let path = args.output.join(name);
        std::fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    // What was written must be readable: the same road as every review takes.
    let read = PriceList::read(&args.output)?;
    say(&format!(
        "{} prices of {} meters in {}; add refreshed = \"{}\" under [prices] of surgeon.toml",
        list.prices,
        read.meters().len(),
        args.output.display(),
        args.output.display()
    ));
    if !list.ambiguous.is_empty() {
        let some: Vec<&str> = list.ambiguous.iter().take(5).map(String::as_str).collect();
        say(&format!(
            "left out: {} meters with several prices that a bill does not tell apart ({}{})",
            list.ambiguous.len(),
            some.join(", "),
            if list.ambiguous.len() > some.len() { ", …" } else { "" }
        ));
    }
    Ok(Ending::Done)
}

#[cfg(feature = "aws")]
fn ask(service: &str, args: &RefreshArgs) -> anyhow::Result<Vec<String>> {
    let filters = args.filter.iter().map(|filter| {
        let (field, value) =
            filter.split_once('=').ok_or_else(|| usage(format!("--filter {filter:?} is not FIELD=VALUE")))?;
        Ok((field.to_owned(), value.to_owned()))
    });
    Ok(price_list::query(service, &filters.collect::<anyhow::Result<Vec<_>>>()?, args.endpoint.as_deref())?)
}

#[cfg(not(feature = "aws"))]
fn ask(_: &str, _: &RefreshArgs) -> anyhow::Result<Vec<String>> {
    Err(usage("this surgeon was built without the feature aws: download an offer file instead".into()))
}

fn sources() -> anyhow::Result<Ending> {
    let mut text = String::new();
    for (file, title, sources) in PriceList::embedded().files() {
        text.push_str(&format!("{file}: {title}\n"));
        for source in sources.values() {
            let error = source.error_percent.map_or(String::new(), |e| format!("; derived, error up to {e} %"));
            text.push_str(&format!("  {:<10}  {} ({}{error})\n", source.date, source.title, source.licence));
        }
    }
    write_out(text.as_bytes())?;
    Ok(Ending::Done)
}
