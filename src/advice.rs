//! What the provider itself recommends, read from its exports and set beside our findings.
//!
//! Knows: the exports of Cost Optimization Hub, Compute Optimizer, Trusted Advisor and the purchase recommendations of
//! Cost Explorer, and in what they differ from what we say. Does not know: bills, rules, how anything is valued or
//! shown. Nothing here is ever planned: a recommendation has dollars, but no changes that could be simulated. The files
//! are untrusted: their sizes are bounded, and their texts pass through as data.

use rust_decimal::Decimal;

mod compare;
mod compute_optimizer;
mod file;
mod hub;
mod identity;
mod purchases;
mod record;
mod trusted_advisor;
mod wording;

pub use compare::{Comparison, Ours, Reason, Verdict, compare};
pub use file::{answers, read, sniff};

use record::{Record, plain};

/// Which of the provider's services says so; the most trusted first, which stands for the others when several say the
/// same. The Hub leads because it takes the account's own prices and already drops what excludes each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Origin {
    /// AWS Cost Optimization Hub.
    CostOptimizationHub,
    /// AWS Compute Optimizer.
    ComputeOptimizer,
    /// Cost Explorer, Savings Plans to buy.
    SavingsPlansPurchase,
    /// Cost Explorer, reservations to buy.
    ReservationPurchase,
    /// AWS Trusted Advisor.
    TrustedAdvisor,
}

impl Origin {
    /// The name in reports.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Origin::CostOptimizationHub => "Cost Optimization Hub",
            Origin::ComputeOptimizer => "Compute Optimizer",
            Origin::SavingsPlansPurchase => "Cost Explorer (Savings Plans)",
            Origin::ReservationPurchase => "Cost Explorer (reservations)",
            Origin::TrustedAdvisor => "Trusted Advisor",
        }
    }
}

/// What to do, in the words of Cost Optimization Hub.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Action {
    /// A smaller one.
    Rightsize,
    /// Stop it.
    Stop,
    /// Delete it.
    Delete,
    /// A newer generation or type.
    Upgrade,
    /// To AWS Graviton processors.
    MigrateToGraviton,
    /// Savings Plans.
    PurchaseSavingsPlans,
    /// Reservations.
    PurchaseReservedInstances,
    /// Fewer of them.
    ScaleIn,
    /// What is not known here, as the export writes it.
    Other(String),
}

impl Action {
    /// From the word of an export, whatever its case and separators.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match plain(text).as_str() {
            "rightsize" => Action::Rightsize,
            "stop" => Action::Stop,
            "delete" => Action::Delete,
            "upgrade" => Action::Upgrade,
            "migratetograviton" => Action::MigrateToGraviton,
            "purchasesavingsplans" => Action::PurchaseSavingsPlans,
            "purchasereservedinstances" | "purchasereservations" => Action::PurchaseReservedInstances,
            "scalein" => Action::ScaleIn,
            _ => Action::Other(text.to_owned()),
        }
    }

    /// The word in reports, the same as that of our rules where they have it.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Action::Rightsize => "rightsize",
            Action::Stop => "stop",
            Action::Delete => "delete",
            Action::Upgrade => "upgrade",
            Action::MigrateToGraviton => "migrate-to-graviton",
            Action::PurchaseSavingsPlans => "purchase-savings-plans",
            Action::PurchaseReservedInstances => "purchase-reservations",
            Action::ScaleIn => "scale-in",
            Action::Other(word) => word,
        }
    }
}

/// What the stated saving already takes into account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Basis {
    /// The account's discounts, reservations and savings plans.
    AfterDiscounts,
    /// Nothing: on-demand prices.
    BeforeDiscounts,
    /// The export does not say; it depends on a preference of the account.
    NotStated,
}

/// One recommendation of the provider. What the export does not say is absent, never zero.
#[derive(Clone, PartialEq, Debug)]
pub struct Recommendation {
    /// Who says so.
    pub origin: Origin,
    /// File as given.
    pub file: String,
    /// Where in it: `row 12` (the header is row 1, as in a spreadsheet) or `items[3]` (as in jq).
    pub place: String,
    /// Account, twelve digits.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Canonical id. Where an export has a bare name, the end of the ARN: `db:orders`.
    pub resource: Option<String>,
    /// Type of the resource as the export writes it, such as `RdsDbInstanceStorage`.
    pub resource_type: Option<String>,
    /// What to do.
    pub action: Action,
    /// What there is, such as `m5.xlarge`.
    pub current: Option<String>,
    /// What there should be, such as `m5.large`; for purchases what to buy.
    pub proposed: Option<String>,
    /// Purchases: the name of a price term, and after a space the family that it is bound to, such as
    /// `ec2-instance-savings-plan-1y-no-upfront m5`; without the parts that the export does not say.
    pub plan: Option<String>,
    /// Purchases: per hour, upfront payments spread over the life.
    pub commitment: Option<Decimal>,
    /// Saving per month.
    pub savings: Option<Decimal>,
    /// What the saving and the cost take into account.
    pub basis: Basis,
    /// Currency code of all amounts.
    pub currency: Option<String>,
    /// What it costs today, per month; for purchases the usage that they would cover.
    pub cost: Option<Decimal>,
    /// Effort: very-low, low, medium, high, very-high.
    pub effort: Option<String>,
    /// Whether a restart is needed.
    pub restart_needed: Option<bool>,
    /// Whether it can be undone.
    pub rollback_possible: Option<bool>,
    /// Days of history that it rests on.
    pub lookback_days: Option<u32>,
    /// Date on which it was made.
    pub date: Option<String>,
}

impl Recommendation {
    /// Where it stands, and what to do; everything else is not known yet.
    fn blank(origin: Origin, record: &Record<'_>, action: Action) -> Self {
        Recommendation {
            origin,
            file: record.file.to_owned(),
            place: record.place.clone(),
            account: None,
            region: None,
            resource: None,
            resource_type: None,
            action,
            current: None,
            proposed: None,
            plan: None,
            commitment: None,
            savings: None,
            basis: Basis::NotStated,
            currency: None,
            cost: None,
            effort: None,
            restart_needed: None,
            rollback_possible: None,
            lookback_days: None,
            date: None,
        }
    }
}

/// Why a file of recommendations cannot be read. Each names the file and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum AdviceError {
    /// The file cannot be opened, read or inflated. The user's path, or the disk.
    #[error("{file}: {source}\nhelp: check the path, or copy the file again and compare the sizes")]
    Io {
        /// File.
        file: String,
        /// Cause.
        source: std::io::Error,
    },
    /// More than is held at once.
    #[error("{file}: holds more than 256 MiB\nhelp: split it, or export fewer accounts or regions at a time")]
    TooLarge {
        /// File.
        file: String,
    },
    /// Parquet: recommendations are small, and CSV and JSON are what every account can export.
    #[error(
        "{file}: is Parquet; recommendations are read from CSV and JSON\nhelp: let the export write gzip/CSV (Data Exports: text/csv), or convert the file to CSV"
    )]
    Parquet {
        /// File.
        file: String,
    },
    /// Nothing that is known. The user's file.
    #[error("{file}: {found}\nhelp: {help}")]
    NotAdvice {
        /// File.
        file: String,
        /// What was found instead.
        found: String,
        /// What to do.
        help: &'static str,
    },
    /// A record or a value cannot be read.
    #[error("{file}: {place}: {what}\nhelp: correct it or export the file again; nothing was skipped")]
    Malformed {
        /// File.
        file: String,
        /// Row or element.
        place: String,
        /// What is wrong with which field.
        what: String,
    },
    /// Results of Trusted Advisor are bare lists of values; another answer names their columns.
    #[error(
        "{file}: the columns of check {check} have no names in this file\nhelp: put the answer of `aws support describe-trusted-advisor-checks --language en` into the same file, before the results"
    )]
    NoHeadings {
        /// File.
        file: String,
        /// Id of the check.
        check: String,
    },
}

impl AdviceError {
    fn malformed(file: &str, place: &str, what: String) -> Self {
        AdviceError::Malformed { file: file.to_owned(), place: place.to_owned(), what }
    }
}

#[cfg(test)]
mod tests;
