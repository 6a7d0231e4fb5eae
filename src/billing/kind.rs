//! Which line of the account a charge belongs to: what finance adds up when it checks a bill.
//!
//! Knows: AWS's line item types, FOCUS charge categories, who sells through a marketplace. Does not know: amounts. A charge type
//! that is not known here gets a line of its own under its own name; none is dropped.

use polars::prelude::{Expr, coalesce, concat_str, lit};

use super::columns::mapped;

/// The line of each charge: from its category, type, commitment status, commitment type, service, seller and meter.
pub(super) fn kind_of(parts: [Expr; 7]) -> Expr {
    let parts: Vec<Expr> = parts.into_iter().map(|part| coalesce(&[part, lit("")])).collect();
    mapped(concat_str(parts, "\u{1f}", false), |joined| {
        let parts: Vec<&str> = joined.split('\u{1f}').collect();
        let [category, kind, status, commitment, service, seller, meter] = parts.as_slice() else { return None };
        Some(line(Charge { category, kind, status, commitment, service, seller, meter }))
    })
}

/// What the kind is told from.
#[derive(Clone, Copy, Debug, Default)]
struct Charge<'a> {
    /// FOCUS category; empty: unknown.
    category: &'a str,
    /// The provider's own type (CUR line item type; FOCUS: category, class and commitment status).
    kind: &'a str,
    /// `Used`, `Unused` or empty.
    status: &'a str,
    /// `Reservation`, `Savings Plan`, … or empty.
    commitment: &'a str,
    /// Service name or product code.
    service: &'a str,
    /// Who sells it, where the export says: publisher or billing entity.
    seller: &'a str,
    /// The meter.
    meter: &'a str,
}

/// Sellers that are the provider itself, by the first word of their name.
const PROVIDERS: [&str; 6] = ["AWS", "Amazon", "Microsoft", "Azure", "Google", "Oracle"];

/// The line of the account.
fn line(charge: Charge<'_>) -> String {
    let Charge { category, kind, status, commitment, service, seller, meter } = charge;
    let word = match kind {
        "SavingsPlanCoveredUsage" => "Usage covered by savings plans",
        "SavingsPlanNegation" => "Savings plan negation",
        "SavingsPlanRecurringFee" => "Savings plan recurring fee",
        "SavingsPlanUpfrontFee" => "Savings plan upfront fee",
        "DiscountedUsage" => "Usage covered by reservations",
        "RIFee" => "Reservation recurring fee",
        "Fee" if commitment == "Reservation" => "Reservation upfront fee",
        "BundledDiscount" => "Bundled discount",
        // EdpDiscount, PrivateRateDiscount, SppDiscount, …: the names vary, the ending does not.
        kind if kind.ends_with("Discount") => "Private discount",
        "Refund" => "Refund",
        _ if category == "Tax" => "Tax",
        _ if category == "Credit" => "Credit",
        _ if category == "Adjustment" => "Adjustment",
        _ if by_marketplace(seller) => "Marketplace",
        // AWSSupportBusiness, OCBPremiumSupport, AWS Support (Enterprise), …
        _ if service.contains("Support") => "Support",
        _ if status == "Unused" => "Unused commitment",
        _ if status == "Used" && commitment == "Savings Plan" => "Usage covered by savings plans",
        _ if status == "Used" && commitment == "Reservation" => "Usage covered by reservations",
        _ if status == "Used" => "Usage covered by commitments",
        _ if category == "Purchase" && !commitment.is_empty() => "Commitment purchase",
        _ if category == "Purchase" => "Subscriptions and other fees",
        _ if category == "Usage" && meter.contains("SpotUsage") => "Spot usage",
        _ if category == "Usage" => "Usage on demand",
        "" => "Type not stated",
        other => return format!("Other: {other}"),
    };
    word.to_owned()
}

fn by_marketplace(seller: &str) -> bool {
    let first = seller.split([' ', ',']).next().unwrap_or_default();
    !seller.is_empty() && (seller.contains("Marketplace") || !PROVIDERS.contains(&first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_charge_has_its_line() {
        let cur = |kind, category| Charge { kind, category, ..Charge::default() };
        for (charge, expected) in [
            (cur("Usage", "Usage"), "Usage on demand"),
            (Charge { meter: "AmazonEC2/SpotUsage:m5.large", ..cur("Usage", "Usage") }, "Spot usage"),
            (Charge { seller: "AWS", ..cur("Usage", "Usage") }, "Usage on demand"),
            (Charge { seller: "AWS Marketplace", ..cur("Usage", "Usage") }, "Marketplace"),
            (Charge { seller: "Amazon Web Services EMEA SARL", ..cur("Usage", "Usage") }, "Usage on demand"),
            (Charge { seller: "Red Hat Inc.", ..cur("Usage", "Usage") }, "Marketplace"),
            (Charge { service: "AWSSupportBusiness", ..cur("Fee", "Purchase") }, "Support"),
            (Charge { commitment: "Reservation", ..cur("Fee", "Purchase") }, "Reservation upfront fee"),
            (cur("Fee", "Purchase"), "Subscriptions and other fees"),
            (cur("EdpDiscount", "Usage"), "Private discount"),
            (cur("BundledDiscount", "Usage"), "Bundled discount"),
            (Charge { seller: "AWS Marketplace", ..cur("Tax", "Tax") }, "Tax"),
            (cur("Refund", "Adjustment"), "Refund"),
            (Charge { status: "Unused", ..cur("Usage Unused", "Usage") }, "Unused commitment"),
            (
                Charge { status: "Used", commitment: "Reservation", ..cur("Usage Used", "Usage") },
                "Usage covered by reservations",
            ),
            (cur("Levitation", ""), "Other: Levitation"),
        ] {
            assert_eq!(line(charge), expected, "{charge:?}");
        }
    }
}
