//! From the description to charges that are not yet in any format.
//!
//! Knows: quantities, costs, and what reservations and savings plans do to them; every amount has at most 10 decimal
//! places and every identity of BILLING section 4 holds exactly. Does not know: the columns of any format.

use std::collections::BTreeMap;
use std::rc::Rc;

use rust_decimal::{Decimal, RoundingStrategy};

use super::DemoError;
use super::calendar::Calendar;
use super::description::{
    Account, Description, HowMuch, Line, Meter, Once, OnceKind, Prefix, Region, Reservation, Resource, SavingsPlan,
    Service, When, find,
};
use super::organisation::{Organisation, Source};
use super::random::Random;
use crate::id::{canonical_resource_id, resource_type};
use crate::simulate;

/// Decimal places of AWS's own amounts.
const PLACES: u32 = 10;
/// Hours of a one-year term, over which upfront fees are amortized.
const HOURS_PER_TERM: u32 = 8760;
/// Product code of savings plan fees.
const SAVINGS_PLANS: &str = "ComputeSavingsPlans";

/// An amount as AWS rounds it.
pub(crate) fn round(number: Decimal) -> Decimal {
    number.round_dp_with_strategy(PLACES, RoundingStrategy::MidpointNearestEven)
}

/// An amount as AWS writes it, `0.0268817204`.
pub(crate) fn ten_places(number: Decimal) -> String {
    let mut number = number;
    number.rescale(PLACES);
    number.to_string()
}

/// Everything about a charge that stays the same from hour to hour.
#[derive(Clone)]
pub(crate) struct Item {
    pub account: Account,
    pub region: Option<Region>,
    /// Empty: not in one zone.
    pub zone: String,
    pub service: Service,
    pub usage_type: String,
    pub operation: String,
    pub unit: String,
    pub family: String,
    pub instance_type: String,
    pub sku: String,
    pub text: String,
    /// List price of a unit.
    pub rate: Decimal,
    /// Empty: no resource.
    pub resource: String,
    pub resource_type: &'static str,
    pub tags: BTreeMap<String, String>,
}

/// What kind of charge it is, with what only that kind has.
#[derive(Clone, Copy)]
pub(crate) enum Kind<'a> {
    /// On demand.
    Usage,
    /// Covered by a reservation, with its share of the fees.
    Reserved { reservation: &'a Reservation, upfront: Decimal, recurring: Decimal },
    /// Covered by a savings plan, at its rate.
    Covered { plan: &'a SavingsPlan, rate: Decimal, effective: Decimal },
    /// Takes back the on-demand cost of covered usage (CUR only).
    Negation { plan: &'a SavingsPlan },
    /// The commitment of an hour, and what of it was used.
    PlanFee { plan: &'a SavingsPlan, used: Decimal },
    /// The fee of a month, the amortized upfront fee, and what of both covered nothing.
    ReservationFee {
        reservation: &'a Reservation,
        upfront: Decimal,
        unused_hours: Decimal,
        unused_upfront: Decimal,
        unused_recurring: Decimal,
    },
    /// Not for usage.
    Once(OnceKind),
}

/// One charge.
pub(crate) struct Charge<'a> {
    pub item: Rc<Item>,
    /// First hour of the month.
    pub start: usize,
    /// The hour after the last.
    pub end: usize,
    pub quantity: Decimal,
    /// Usage: at list price. Others: the fee or amount.
    pub cost: Decimal,
    pub kind: Kind<'a>,
}

impl<'a> Charge<'a> {
    /// What the invoice has for it, savings plan negations already taken off.
    pub(crate) fn billed(&self) -> Decimal {
        match self.kind {
            Kind::Reserved { .. } | Kind::Covered { .. } | Kind::Negation { .. } => Decimal::ZERO,
            Kind::Usage | Kind::PlanFee { .. } | Kind::ReservationFee { .. } | Kind::Once(_) => self.cost,
        }
    }

    /// What CUR calls the unblended cost.
    pub(crate) fn unblended(&self) -> Decimal {
        if let Kind::Reserved { .. } = self.kind { Decimal::ZERO } else { self.cost }
    }

    /// Amortized cost; that of a fee is on the usage and in [`Charge::unused`].
    pub(crate) fn effective(&self) -> Decimal {
        match self.kind {
            Kind::Usage | Kind::Once(_) => self.cost,
            Kind::Reserved { upfront, recurring, .. } => upfront + recurring,
            Kind::Covered { effective, .. } => effective,
            Kind::Negation { .. } | Kind::PlanFee { .. } | Kind::ReservationFee { .. } => Decimal::ZERO,
        }
    }

    /// The part of a fee that covered nothing.
    pub(crate) fn unused(&self) -> Decimal {
        match self.kind {
            Kind::PlanFee { used, .. } => self.cost - used,
            Kind::ReservationFee { unused_upfront, unused_recurring, .. } => unused_upfront + unused_recurring,
            _ => Decimal::ZERO,
        }
    }

    /// Cost at list price; zero for what is no usage.
    pub(crate) fn list(&self) -> Decimal {
        match self.kind {
            Kind::Usage | Kind::Reserved { .. } | Kind::Covered { .. } => self.cost,
            _ => Decimal::ZERO,
        }
    }

    /// The reservation that it belongs to.
    pub(crate) fn reservation(&self) -> Option<&'a Reservation> {
        match self.kind {
            Kind::Reserved { reservation, .. } | Kind::ReservationFee { reservation, .. } => Some(reservation),
            _ => None,
        }
    }

    /// The savings plan that it belongs to.
    pub(crate) fn plan(&self) -> Option<&'a SavingsPlan> {
        match self.kind {
            Kind::Covered { plan, .. } | Kind::Negation { plan } | Kind::PlanFee { plan, .. } => Some(plan),
            _ => None,
        }
    }
}

/// All charges of the month, in order of their start.
pub(crate) struct Bill<'a> {
    pub calendar: Calendar,
    pub payer: &'a Account,
    pub description: &'a Description,
    pub charges: Vec<Charge<'a>>,
}

impl<'a> Bill<'a> {
    /// The bill of a description.
    pub(crate) fn new(description: &'a Description) -> Result<Self, DemoError> {
        let calendar = Calendar::new(&description.month)?;
        let payer = find(&description.accounts, "account", &description.payer, |account| account.key.as_str())?;
        let mut bill = Bill { calendar, payer, description, charges: Vec::new() };
        for resource in &description.resources {
            bill.add_resource(resource)?;
        }
        let used = bill.apply_commitments()?;
        for (index, plan) in description.savings_plans.iter().enumerate() {
            bill.add_plan(index, plan, &used)?;
        }
        for (index, reservation) in description.reservations.iter().enumerate() {
            bill.add_reservation(index, reservation, &used)?;
        }
        for once in &description.once {
            bill.add_once(once)?;
        }
        bill.charges.sort_by_key(|charge| charge.start);
        Ok(bill)
    }

    fn add_resource(&mut self, resource: &'a Resource) -> Result<(), DemoError> {
        let from = resource.from.as_deref().map_or(Ok(0), |date| self.calendar.hour_of(date))?;
        let until = resource.until.as_deref().map_or(Ok(self.calendar.hours()), |date| self.calendar.hour_of(date))?;
        for line in &resource.charges {
            let meter = find(&self.description.meters, "meter", &line.meter, |meter| meter.name.as_str())?;
            let item = Rc::new(self.resource_item(resource, meter)?);
            let how_much = line.how_much()?;
            let name = format!("{}/{}/{}/{}", resource.account, resource.region, resource.id, meter.name);
            let mut random = Random::for_line(self.description.seed, &name);
            for start in from..until {
                let end = if line.when == When::Daily { start + 24 } else { start + 1 };
                let quantity = if self.is_active(line, start) {
                    match how_much {
                        HowMuch::Quantity(quantity) => quantity,
                        HowMuch::Held(held) => {
                            round(held * Decimal::from(end - start) / Decimal::from(self.calendar.hours()))
                        }
                        HowMuch::Between(low, high) => random.between(low, high),
                    }
                } else if let Some(otherwise) = line.otherwise {
                    otherwise.0
                } else {
                    continue;
                };
                let cost = round(quantity * item.rate);
                let kind = Kind::Usage;
                self.charges.push(Charge { item: Rc::clone(&item), start, end, quantity, cost, kind });
            }
        }
        Ok(())
    }

    fn is_active(&self, line: &Line, hour: usize) -> bool {
        match line.when {
            When::Always => true,
            When::Office => self.calendar.is_office(hour),
            When::Daily => hour.is_multiple_of(24),
            When::EverySixHours => hour.is_multiple_of(6),
            When::OnDays => hour % 24 == 3 && line.days.contains(&self.calendar.day(hour)),
            When::Bursts => self.calendar.is_office(hour) || self.bursts(hour),
        }
    }

    /// Each hour of the week falls to one of the last four weeks: a weekend as a whole, other hours by chance.
    fn bursts(&self, hour: usize) -> bool {
        let of_week = self.calendar.hour_of_week(hour);
        let day = self.calendar.day(hour);
        if of_week >= 5 * 24 {
            // The weekend that ends two weeks before the month does.
            let last_day = self.calendar.hours() / 24;
            (last_day.saturating_sub(14)..=last_day.saturating_sub(13)).contains(&day)
        } else {
            let week = Random::for_line(self.description.seed, &format!("burst {of_week}")).draw() % 4;
            self.calendar.weeks_before_end(hour) as u64 == week
        }
    }

    fn resource_item(&self, resource: &Resource, meter: &Meter) -> Result<Item, DemoError> {
        let region = self.region(&resource.region)?;
        let rate = meter
            .price
            .get(&region.id)
            .ok_or_else(|| DemoError::NoPrice { meter: meter.name.clone(), region: region.id.clone() })?;
        let usage_type = meter.prefix.apply(region, &meter.usage_type);
        let service = self.service(&meter.service)?;
        let canonical = canonical_resource_id(&resource.id).unwrap_or_default();
        let bucket = if service.code == "AmazonS3" && !resource.id.is_empty() { "bucket" } else { "" };
        Ok(Item {
            account: self.account(&resource.account)?.clone(),
            region: Some(region.clone()),
            zone: resource.zone.clone(),
            sku: Random::for_line(0, &format!("{} {usage_type} {}", service.code, meter.operation)).sku(),
            service: service.clone(),
            usage_type,
            operation: meter.operation.clone(),
            unit: meter.unit.clone(),
            family: meter.family.clone(),
            instance_type: meter.instance_type.clone(),
            text: format!("${} per {}", rate.0.normalize(), meter.text),
            rate: rate.0,
            resource: resource.id.clone(),
            resource_type: resource_type(&canonical).unwrap_or(bucket),
            tags: resource.tags.clone(),
        })
    }

    /// Splits instance hours by what pays for them, in the provider's own order, and notes what commitments gave.
    fn apply_commitments(&mut self) -> Result<Used, DemoError> {
        let description: &'a Description = self.description;
        let eligible = |charge: &Charge<'_>| !charge.item.instance_type.is_empty() && charge.end == charge.start + 1;
        let (mut rows, others): (Vec<_>, Vec<_>) = self.charges.drain(..).partition(|charge| eligible(charge));
        self.charges = others;
        rows.sort_by_key(|charge| charge.start);
        let organisation = Organisation::new(description, &rows)?;
        let mut used = Used::default();
        for hour in rows.chunk_by(|a, b| a.start == b.start) {
            let bill = simulate::hour(&organisation.usage, &organisation.hour(hour), &organisation.portfolio);
            for row in bill.rows {
                let charge = self.paid_by(&hour[row.cell], &row, &organisation, &mut used);
                self.charges.push(charge);
            }
        }
        Ok(used)
    }

    /// The part of an instance's hour that one thing pays for.
    fn paid_by(
        &self,
        charge: &Charge<'a>,
        row: &simulate::Row,
        organisation: &Organisation,
        used: &mut Used,
    ) -> Charge<'a> {
        let description: &'a Description = self.description;
        let (item, start) = (&charge.item, charge.start);
        let quantity = round(row.quantity);
        let cost = round(quantity * item.rate);
        let kind = match row.commitment.map(|at| organisation.source[at]) {
            None => Kind::Usage,
            Some(Source::Reservation(index)) => {
                let reservation = &description.reservations[index];
                *used.reserved_hours.entry(index).or_default() += quantity;
                let upfront = round(upfront_per_hour(reservation) * quantity);
                let recurring = round(reservation.hourly_fee.0 * quantity);
                Kind::Reserved { reservation, upfront, recurring }
            }
            Some(Source::Plan(index)) => {
                let plan = &description.savings_plans[index];
                let effective = round(row.cost);
                *used.commitment.entry((index, start)).or_default() += effective;
                let key = (index, item.account.id.clone(), item.usage_type.clone());
                let group = used.covered.entry(key).or_insert_with(|| (Rc::clone(item), BTreeMap::new()));
                let sum = group.1.entry(start).or_default();
                sum.0 += quantity;
                sum.1 += cost;
                Kind::Covered { plan, rate: organisation.rate(index, item), effective }
            }
        };
        Charge { item: Rc::clone(item), start, end: charge.end, quantity, cost, kind }
    }

    fn add_plan(&mut self, index: usize, plan: &'a SavingsPlan, used: &Used) -> Result<(), DemoError> {
        let region = plan.region.as_deref().map(|id| self.region(id)).transpose()?;
        let prefixed = |region: &Region| Prefix::Plain.apply(region, &plan.usage_type);
        let usage_type = region.map_or_else(|| plan.usage_type.clone(), prefixed);
        let fee = Rc::new(Item {
            region: region.cloned(),
            usage_type,
            unit: "Hrs".to_owned(),
            rate: plan.commitment.0,
            text: format!("1 year No Upfront {} commitment", plan.offering),
            ..self.fee_item(&plan.account, SAVINGS_PLANS)?
        });
        for hour in 0..self.calendar.hours() {
            let cost = plan.commitment.0;
            let used = used.commitment.get(&(index, hour)).copied().unwrap_or_default();
            let kind = Kind::PlanFee { plan, used };
            let item = Rc::clone(&fee);
            self.charges.push(Charge { item, start: hour, end: hour + 1, quantity: Decimal::ONE, cost, kind });
        }
        for ((_, account, usage_type), (covered, hours)) in used.covered.iter().filter(|(key, _)| key.0 == index) {
            let item = Rc::new(Item {
                resource: String::new(),
                resource_type: "",
                tags: BTreeMap::new(),
                text: format!("SavingsPlanNegation used by AccountId : {account} and UsageSku : {usage_type}"),
                ..Item::clone(covered)
            });
            for (&start, &(quantity, cost)) in hours {
                let kind = Kind::Negation { plan };
                let item = Rc::clone(&item);
                self.charges.push(Charge { item, start, end: start + 1, quantity, cost: -cost, kind });
            }
        }
        Ok(())
    }

    fn add_reservation(&mut self, index: usize, reservation: &'a Reservation, used: &Used) -> Result<(), DemoError> {
        let meter = find(&self.description.meters, "meter", &reservation.meter, |meter| meter.name.as_str())?;
        let region = self.region(&reservation.region)?;
        let hours = Decimal::from(self.calendar.hours()) * Decimal::from(reservation.count);
        let used_hours = used.reserved_hours.get(&index).copied().unwrap_or_default();
        let item = Item {
            region: Some(region.clone()),
            usage_type: meter.prefix.apply(region, &format!("HeavyUsage:{}", meter.instance_type)),
            operation: meter.operation.clone(),
            unit: meter.unit.clone(),
            family: meter.family.clone(),
            instance_type: meter.instance_type.clone(),
            rate: reservation.hourly_fee.0,
            text: format!(
                "USD {} hourly fee per Linux/UNIX (Amazon VPC), {} instance",
                reservation.hourly_fee.0, meter.instance_type
            ),
            ..self.fee_item(&reservation.account, &meter.service)?
        };
        let unused_hours = hours - used_hours;
        let kind = Kind::ReservationFee {
            reservation,
            upfront: upfront_per_hour(reservation) * hours,
            unused_hours,
            unused_upfront: upfront_per_hour(reservation) * unused_hours,
            unused_recurring: reservation.hourly_fee.0 * unused_hours,
        };
        let cost = reservation.hourly_fee.0 * hours;
        let end = self.calendar.hours();
        self.charges.push(Charge { item: Rc::new(item), start: 0, end, quantity: hours, cost, kind });
        Ok(())
    }

    fn add_once(&mut self, once: &Once) -> Result<(), DemoError> {
        let region = once.region.as_deref().map(|id| self.region(id)).transpose()?;
        let item = Rc::new(Item {
            region: region.cloned(),
            usage_type: once.usage_type.clone(),
            text: once.text.clone(),
            rate: once.amount.0,
            ..self.fee_item(&once.account, &once.service)?
        });
        let (cost, kind) = (once.amount.0, Kind::Once(once.kind));
        let end = self.calendar.hours();
        self.charges.push(Charge { item, start: 0, end, quantity: Decimal::ONE, cost, kind });
        Ok(())
    }

    /// An item of no resource, to be filled in.
    fn fee_item(&self, account: &str, service: &str) -> Result<Item, DemoError> {
        Ok(Item {
            account: self.account(account)?.clone(),
            region: None,
            zone: String::new(),
            service: self.service(service)?.clone(),
            usage_type: String::new(),
            operation: String::new(),
            unit: String::new(),
            family: String::new(),
            instance_type: String::new(),
            sku: String::new(),
            text: String::new(),
            rate: Decimal::ZERO,
            resource: String::new(),
            resource_type: "",
            tags: BTreeMap::new(),
        })
    }

    fn account(&self, key: &str) -> Result<&'a Account, DemoError> {
        find(&self.description.accounts, "account", key, |account| account.key.as_str())
    }

    fn region(&self, id: &str) -> Result<&'a Region, DemoError> {
        find(&self.description.regions, "region", id, |region| region.id.as_str())
    }

    fn service(&self, code: &str) -> Result<&'a Service, DemoError> {
        find(&self.description.services, "service", code, |service| service.code.as_str())
    }
}

/// One of the covered items, and quantity and on-demand cost by hour.
type Covered = (Rc<Item>, BTreeMap<usize, (Decimal, Decimal)>);

/// What usage took of the commitments, by their place in the description.
#[derive(Default)]
struct Used {
    reserved_hours: BTreeMap<usize, Decimal>,
    /// By plan and hour.
    commitment: BTreeMap<(usize, usize), Decimal>,
    /// By plan, account id and usage type: one of the items, and quantity and on-demand cost by hour.
    covered: BTreeMap<(usize, String, String), Covered>,
}

/// Hourly share of the upfront fee, rounded once so that every sum of it is exact.
pub(super) fn upfront_per_hour(reservation: &Reservation) -> Decimal {
    round(reservation.upfront.0 / Decimal::from(HOURS_PER_TERM))
}
