//! AWS offer files and GetProducts answers as a price list.
//!
//! Knows: the Price List's JSON (offer files of a service, of savings plans, products as GetProducts returns them) and how its
//! terms become ours. Does not know: where the files come from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Read;

use rust_decimal::Decimal;
use serde::Deserialize;

use super::term::{Payment, Plan, Term};
use crate::id::Meter;
use crate::money::parse_decimal;
use crate::quantity::PricingUnit;

/// AWS pricing location names by region code, for offers that state only the name.
const LOCATIONS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/prices/locations.csv"));

/// Why an offer cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OfferError {
    /// Not JSON of the expected form.
    #[error("{name}: not an AWS offer file (index.json of the Price List, or GetProducts output): {error}")]
    Form {
        /// The file.
        name: String,
        /// Cause.
        error: serde_json::Error,
    },
    /// Nothing that has a price in a region.
    #[error("{0}: no price of a region in it")]
    Nothing(String),
}

/// A price list in the making: files by service code, and what was left out.
#[derive(Debug, Default)]
pub struct Refreshed {
    services: BTreeMap<String, Sheet>,
    /// Meters with several prices in one region, told apart by something that bills do not state: left out.
    pub ambiguous: BTreeSet<String>,
    /// Prices in the list.
    pub prices: usize,
    /// Prices read, those stated twice included.
    read: usize,
}

#[derive(Debug, Default)]
struct Sheet {
    published: String,
    currency: BTreeSet<String>,
    /// (meter, term, from, unit) to region to price.
    rows: BTreeMap<(String, String, Decimal, String), BTreeMap<String, Decimal>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Document {
    SavingsPlans(SavingsPlans),
    Offer(Offer),
    Product(Box<Product>),
    /// `PriceList` of GetProducts: products, as JSON or as text of JSON.
    Products(Vec<Listed>),
    Answer {
        #[serde(rename = "PriceList")]
        list: Vec<Listed>,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Listed {
    Product(Box<Product>),
    Text(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Offer {
    offer_code: String,
    #[serde(default)]
    publication_date: String,
    products: BTreeMap<String, ProductBody>,
    terms: Terms,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Product {
    product: ProductBody,
    service_code: String,
    #[serde(default)]
    publication_date: String,
    terms: Terms,
}

#[derive(Deserialize)]
struct ProductBody {
    #[serde(default)]
    sku: String,
    attributes: Attributes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attributes {
    #[serde(default)]
    usagetype: String,
    #[serde(default)]
    operation: String,
    region_code: Option<String>,
    from_region_code: Option<String>,
    location: Option<String>,
    from_location: Option<String>,
    location_type: Option<String>,
}

/// Term kind (OnDemand, Reserved) to SKU to offer term.
#[derive(Deserialize, Default)]
struct Terms {
    #[serde(default, rename = "OnDemand")]
    on_demand: BTreeMap<String, OfferTerms>,
    #[serde(default, rename = "Reserved")]
    reserved: BTreeMap<String, OfferTerms>,
}

/// An offer file nests terms under their SKU; GetProducts, which speaks of one product, does not.
#[derive(Deserialize)]
#[serde(untagged)]
enum OfferTerms {
    One(OfferTerm),
    OfSku(BTreeMap<String, OfferTerm>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfferTerm {
    #[serde(default)]
    sku: String,
    price_dimensions: BTreeMap<String, Dimension>,
    #[serde(default)]
    term_attributes: TermAttributes,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
struct TermAttributes {
    lease_contract_length: Option<String>,
    offering_class: Option<String>,
    purchase_option: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dimension {
    unit: String,
    begin_range: Option<String>,
    price_per_unit: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SavingsPlans {
    #[serde(default)]
    publication_date: String,
    products: Vec<SavingsPlan>,
    terms: SavingsPlanTerms,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SavingsPlan {
    sku: String,
    product_family: String,
    attributes: SavingsPlanAttributes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SavingsPlanAttributes {
    purchase_term: String,
    purchase_option: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SavingsPlanTerms {
    savings_plan: Vec<SavingsPlanTerm>,
}

#[derive(Deserialize)]
struct SavingsPlanTerm {
    sku: String,
    rates: Vec<SavingsPlanRate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SavingsPlanRate {
    discounted_usage_type: String,
    #[serde(default)]
    discounted_operation: String,
    discounted_service_code: String,
    discounted_region_code: Option<String>,
    #[serde(default)]
    unit: String,
    discounted_rate: SavingsPlanPrice,
}

#[derive(Deserialize)]
struct SavingsPlanPrice {
    price: String,
    currency: String,
}

impl Refreshed {
    /// Adds an offer.
    ///
    /// # Errors
    /// [`OfferError`] when it is no offer, or has no price of a region.
    pub fn add(&mut self, name: &str, text: impl Read) -> Result<(), OfferError> {
        let form = |error| OfferError::Form { name: name.to_owned(), error };
        let before = self.read;
        match serde_json::from_reader(text).map_err(form)? {
            Document::Offer(offer) => self.offer(&offer),
            Document::Product(product) => self.product(&product),
            Document::SavingsPlans(plans) => self.savings_plans(&plans),
            Document::Products(list) | Document::Answer { list } => {
                for one in list {
                    match one {
                        Listed::Product(product) => self.product(&product),
                        Listed::Text(text) => self.product(&serde_json::from_str(&text).map_err(form)?),
                    }
                }
            }
        }
        if self.read == before { Err(OfferError::Nothing(name.to_owned())) } else { Ok(()) }
    }

    fn offer(&mut self, offer: &Offer) {
        for (committed, terms) in [(false, &offer.terms.on_demand), (true, &offer.terms.reserved)] {
            for (sku, of_sku) in terms {
                let (Some(product), OfferTerms::OfSku(of_sku)) = (offer.products.get(sku), of_sku) else { continue };
                for term in of_sku.values() {
                    self.term(&offer.offer_code, &offer.publication_date, &product.attributes, term, committed);
                }
            }
        }
    }

    fn product(&mut self, product: &Product) {
        for (committed, terms) in [(false, &product.terms.on_demand), (true, &product.terms.reserved)] {
            for term in terms.values() {
                let one = match term {
                    OfferTerms::One(term) => vec![term],
                    OfferTerms::OfSku(of_sku) => of_sku.values().collect(),
                };
                for term in one.into_iter().filter(|t| t.sku.is_empty() || t.sku == product.product.sku) {
                    let attributes = &product.product.attributes;
                    self.term(&product.service_code, &product.publication_date, attributes, term, committed);
                }
            }
        }
    }

    fn term(&mut self, service: &str, published: &str, product: &Attributes, term: &OfferTerm, committed: bool) {
        let outside = product.location_type.as_ref().is_some_and(|kind| kind != "AWS Region");
        let (Some(region), false) = (region(product), outside || product.usagetype.is_empty()) else { return };
        let meter = Meter::aws(service, &product.usagetype, &product.operation);
        if committed {
            if let Some((kind, price, currency)) = reserved(service, term) {
                self.insert(service, published, &meter, kind, Decimal::ZERO, "Hrs", &region, price, &currency);
            }
            return;
        }
        for dimension in term.price_dimensions.values() {
            let start = dimension.begin_range.as_deref().and_then(|s| parse_decimal(s).ok()).unwrap_or_default();
            for (currency, price) in &dimension.price_per_unit {
                if let Ok(price) = parse_decimal(price) {
                    let unit = &dimension.unit;
                    self.insert(service, published, &meter, Term::OnDemand, start, unit, &region, price, currency);
                }
            }
        }
    }

    fn savings_plans(&mut self, plans: &SavingsPlans) {
        for term in &plans.terms.savings_plan {
            let Some(plan) = plans.products.iter().find(|p| p.sku == term.sku) else { continue };
            let kind = match plan.product_family.as_str() {
                "ComputeSavingsPlans" => Plan::ComputeSavingsPlan,
                "EC2InstanceSavingsPlans" => Plan::Ec2InstanceSavingsPlan,
                "DatabaseSavingsPlans" => Plan::DatabaseSavingsPlan,
                _ => continue,
            };
            let attributes = &plan.attributes;
            let (Some(years), Some(payment)) = (years(&attributes.purchase_term), payment(&attributes.purchase_option))
            else {
                continue;
            };
            let kind = Term::Committed { plan: kind, years, payment };
            for rate in &term.rates {
                let service = &rate.discounted_service_code;
                let meter = Meter::aws(service, &rate.discounted_usage_type, &rate.discounted_operation);
                if let (Some(region), Ok(price)) =
                    (&rate.discounted_region_code, parse_decimal(&rate.discounted_rate.price))
                {
                    let (date, currency) = (&plans.publication_date, &rate.discounted_rate.currency);
                    self.insert(service, date, &meter, kind, Decimal::ZERO, &rate.unit, region, price, currency);
                }
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one price")]
    fn insert(
        &mut self,
        service: &str,
        published: &str,
        meter: &Meter,
        term: Term,
        start: Decimal,
        unit: &str,
        region: &str,
        price: Decimal,
        currency: &str,
    ) {
        // Lists quote China in CNY only; a second currency of a price would be the same price again.
        if !["USD", "CNY"].contains(&currency) {
            return;
        }
        // These become a file name, a TOML string and CSV fields: an offer is text from elsewhere.
        let word = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let inert = |text: &str| !text.contains([',', '"', '\\']) && !text.contains(char::is_control);
        if service.is_empty() || !word(service) || !word(region) || !inert(&meter.0) || !inert(unit) {
            return;
        }
        let sheet =
            self.services.entry(format!("{service}{}", if currency == "CNY" { "-CNY" } else { "" })).or_default();
        let day = published.get(..10).unwrap_or_default();
        if day > sheet.published.as_str() && day.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
            sheet.published = day.to_owned();
        }
        sheet.currency.insert(currency.to_owned());
        let unit = PricingUnit::new(unit).as_str().to_owned();
        let row = sheet.rows.entry((meter.0.clone(), term.to_string(), start, unit)).or_default();
        self.read += 1;
        match row.insert(region.to_owned(), price) {
            Some(other) if other != price => {
                self.ambiguous.insert(meter.0.clone());
            }
            Some(_) => {}
            None => self.prices += 1,
        }
    }

    /// The files: (name, text), in the form that [`super::PriceList::read`] reads.
    #[must_use]
    pub fn files(&self) -> Vec<(String, String)> {
        let files = self.services.iter().map(|(service, sheet)| {
            let regions: BTreeSet<&str> = sheet.rows.values().flat_map(|cells| cells.keys().map(String::as_str)).collect();
            let currency = sheet.currency.iter().next().cloned().unwrap_or_default();
            let mut text = format!(
                "# title = \"{service}\"\n# currency = \"{currency}\"\n# [source.offer]\n# title = \"AWS Price List, {service}\"\n\
                 # date = \"{}\"\n# licence = \"public list prices are facts\"\nmeter,term,from,unit,source,{}\n",
                sheet.published,
                regions.iter().copied().collect::<Vec<_>>().join(",")
            );
            for ((meter, term, start, unit), cells) in &sheet.rows {
                if self.ambiguous.contains(meter) {
                    continue;
                }
                let from = if start.is_zero() { String::new() } else { start.normalize().to_string() };
                let _ = write!(text, "{meter},{term},{from},{unit},offer");
                for region in &regions {
                    text.push(',');
                    if let Some(price) = cells.get(*region) {
                        text.push_str(&price.normalize().to_string());
                    }
                }
                text.push('\n');
            }
            (format!("{service}.csv"), text)
        });
        files.collect()
    }
}

fn region(product: &Attributes) -> Option<String> {
    let code = product.region_code.as_ref().or(product.from_region_code.as_ref());
    if let Some(code) = code.filter(|c| !c.is_empty()) {
        return Some(code.clone());
    }
    let name = product.location.as_deref().or(product.from_location.as_deref())?;
    LOCATIONS.lines().find_map(|line| {
        let (code, location) = line.split_once(',')?;
        (location == name).then(|| code.to_owned())
    })
}

fn years(text: &str) -> Option<u8> {
    match text {
        "1yr" => Some(1),
        "3yr" => Some(3),
        _ => None,
    }
}

fn payment(text: &str) -> Option<Payment> {
    match text {
        "No Upfront" => Some(Payment::NoUpfront),
        "Partial Upfront" => Some(Payment::PartialUpfront),
        "All Upfront" => Some(Payment::AllUpfront),
        _ => None,
    }
}

/// A reservation's hourly rate with its upfront fee spread over 8760 hours a year.
fn reserved(service: &str, term: &OfferTerm) -> Option<(Term, Decimal, String)> {
    let attributes = &term.term_attributes;
    let years = years(attributes.lease_contract_length.as_deref()?)?;
    let payment = payment(attributes.purchase_option.as_deref()?)?;
    let plan = match (service, attributes.offering_class.as_deref()) {
        ("AmazonEC2", Some("convertible")) => Plan::Convertible,
        ("AmazonEC2", _) => Plan::Standard,
        _ => Plan::Reserved,
    };
    let mut rate = Decimal::ZERO;
    let mut currency = String::new();
    for dimension in term.price_dimensions.values() {
        let (code, price) = dimension.price_per_unit.iter().next()?;
        let price = parse_decimal(price).ok()?;
        currency.clone_from(code);
        rate += match dimension.unit.as_str() {
            "Quantity" => price / (Decimal::from(8760) * Decimal::from(years)),
            "Hrs" | "Hours" => price,
            _ => return None,
        };
    }
    Some((Term::Committed { plan, years, payment }, rate.round_dp(10), currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The form of GetProducts, cut to what is read: on demand, and a partly upfront reservation of 2017.
    const PRODUCT: &str = r#"{"serviceCode": "AmazonEC2", "publicationDate": "2026-11-01T00:00:00Z",
        "product": {"sku": "S", "attributes": {"usagetype": "EUC1-BoxUsage:m5.large", "operation": "RunInstances:0002",
            "location": "EU (Frankfurt)", "locationType": "AWS Region"}},
        "terms": {"OnDemand": {"S.A": {"sku": "S", "priceDimensions": {"S.A.1": {"unit": "Hrs", "beginRange": "0",
                "pricePerUnit": {"USD": "0.2070000000"}}}, "termAttributes": {}}},
            "Reserved": {"S.B": {"sku": "S", "priceDimensions": {
                "S.B.1": {"unit": "Quantity", "pricePerUnit": {"USD": "876"}},
                "S.B.2": {"unit": "Hrs", "beginRange": "0", "pricePerUnit": {"USD": "0.03"}}},
                "termAttributes": {"LeaseContractLength": "1yr", "OfferingClass": "convertible",
                    "PurchaseOption": "Partial Upfront"}}}}}"#;

    #[test]
    fn a_product_becomes_rows_of_a_list() {
        for text in
            [PRODUCT.to_owned(), format!("[{PRODUCT}]"), format!("{{\"PriceList\": [{}]}}", serde_json::json!(PRODUCT))]
        {
            let mut list = Refreshed::default();
            list.add("offer", text.as_bytes()).unwrap();
            let [(name, file)] = &list.files()[..] else { panic!("one file") };
            assert_eq!(name, "AmazonEC2.csv");
            let rows: Vec<&str> = file.lines().filter(|l| !l.starts_with('#')).collect();
            assert_eq!(
                rows,
                [
                    "meter,term,from,unit,source,eu-central-1",
                    "AmazonEC2/BoxUsage:m5.large/RunInstances:0002,,,Hours,offer,0.207",
                    // 876 / 8760 + 0.03
                    "AmazonEC2/BoxUsage:m5.large/RunInstances:0002,convertible-1y-partial-upfront,,Hours,offer,0.13",
                ]
            );
        }
    }

    #[test]
    fn an_offer_file_has_tiers_and_savings_plans_have_rates() {
        let offer = r#"{"offerCode": "AWSLambda", "publicationDate": "2026-11-01T00:00:00Z",
            "products": {"S": {"sku": "S", "attributes": {"usagetype": "Lambda-GB-Second", "operation": "Invoke",
                "regionCode": "us-east-1", "locationType": "AWS Region"}}},
            "terms": {"OnDemand": {"S": {"S.A": {"sku": "S", "priceDimensions": {
                "a": {"unit": "Lambda-GB-Second", "beginRange": "0", "pricePerUnit": {"USD": "0.0000166667"}},
                "b": {"unit": "Lambda-GB-Second", "beginRange": "6000000000", "pricePerUnit": {"USD": "0.0000150000"}}}}}}}}"#;
        let plans = r#"{"publicationDate": "2026-11-01T00:00:00Z",
            "products": [{"sku": "P", "productFamily": "ComputeSavingsPlans",
                "attributes": {"purchaseTerm": "3yr", "purchaseOption": "No Upfront"}}],
            "terms": {"savingsPlan": [{"sku": "P", "rates": [{"discountedUsageType": "USE1-BoxUsage:m5.large",
                "discountedOperation": "RunInstances", "discountedServiceCode": "AmazonEC2",
                "discountedRegionCode": "us-east-1", "unit": "Hrs",
                "discountedRate": {"price": "0.0461", "currency": "USD"}}]}]}}"#;
        let mut list = Refreshed::default();
        list.add("lambda", offer.as_bytes()).unwrap();
        list.add("plans", plans.as_bytes()).unwrap();
        let files = list.files();
        assert!(files[0].1.ends_with("AWSLambda/Lambda-GB-Second,,,GB-Seconds,offer,0.0000166667\nAWSLambda/Lambda-GB-Second,,6000000000,GB-Seconds,offer,0.000015\n"), "{}", files[0].1);
        assert!(
            files[1]
                .1
                .ends_with("AmazonEC2/BoxUsage:m5.large,compute-savings-plan-3y-no-upfront,,Hours,offer,0.0461\n"),
            "{}",
            files[1].1
        );
    }

    #[test]
    fn a_meter_with_two_prices_is_left_out_and_said_so() {
        let mut list = Refreshed::default();
        list.add("one", PRODUCT.as_bytes()).unwrap();
        list.add("two", PRODUCT.replace("0.2070000000", "0.3").as_bytes()).unwrap();
        assert_eq!(list.ambiguous.len(), 1);
        assert_eq!(list.files()[0].1.lines().filter(|l| l.starts_with("AmazonEC2/")).count(), 0);
    }

    #[test]
    fn an_offer_names_no_file_and_writes_no_field() {
        for hostile in [
            PRODUCT.replace("\"serviceCode\": \"AmazonEC2\"", "\"serviceCode\": \"../../AmazonEC2\""),
            PRODUCT.replace("EUC1-BoxUsage:m5.large", "EUC1-BoxUsage:m5.large,,0.1"),
            PRODUCT.replace("EUC1-BoxUsage:m5.large", "EUC1-BoxUsage:m5.large\\nAmazonEC2/BoxUsage:x"),
        ] {
            let mut list = Refreshed::default();
            assert!(list.add("hostile", hostile.as_bytes()).is_err(), "{:?}", list.files());
        }
    }

    #[test]
    fn what_is_no_offer_is_refused() {
        let mut list = Refreshed::default();
        let error = list.add("page.html", b"<html>".as_slice()).unwrap_err().to_string();
        assert!(error.starts_with("page.html: not an AWS offer file"), "{error}");
    }
}
