//! What the provider's own services recommend, each recommendation as the service says it.
//!
//! Knows: three tables of the same columns, one for each service that is asked. Does not know: what a recommendation says: `advice` reads
//! it. Written by hand, because a purchase has no resource, and often no region.

use super::kind::Text;
use crate::table::rows::{Cell, Row};
use crate::table::{Column, Table, column};

const COLUMNS: &[Column] = &[
    column("SubAccountId", Text, "", true, "Account that it is for."),
    column("RegionId", Text, "", true, "Region; null: the purchase is for all."),
    column("ResourceId", Text, "", true, "Canonical resource id; null: a purchase."),
    column(
        "Origin",
        Text,
        "",
        true,
        "Who says so: Cost Optimization Hub, Compute Optimizer, Cost Explorer (Savings Plans), Cost Explorer (reservations).",
    ),
    column(
        "Record",
        Text,
        "",
        true,
        "An answer of its interface with this recommendation alone, in JSON, as far as it is read here.",
    ),
];

/// A recommendation.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Recommended {
    /// Account that it is for.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Canonical id of the resource.
    pub id: Option<String>,
    /// Who says so, as reports name it.
    pub origin: String,
    /// What it says, in JSON.
    pub record: String,
}

/// A table and its row: constant, row, name, what one row is.
macro_rules! recommended {
    ($($(#[$doc:meta])* $constant:ident $row:ident $name:literal $one:literal)*) => {$(
        $(#[$doc])*
        pub const $constant: Table =
            Table { name: $name, row: $one, from: super::FROM, in_rules: false, columns: COLUMNS };

        #[doc = concat!("One ", $one, ".")]
        #[derive(Clone, PartialEq, Debug)]
        pub struct $row(pub Recommended);

        impl Row for $row {
            const TABLE: &'static Table = &$constant;

            fn cells(self) -> Vec<Cell> {
                let Recommended { account, region, id, origin, record } = self.0;
                let known = [Some(origin), Some(record)];
                [account, region, id].into_iter().chain(known).map(Cell::Text).collect()
            }
        }
    )*};
}

recommended! {
    /// What Cost Optimization Hub recommends, of all accounts that it sees.
    HUB_RECOMMENDATIONS HubRecommendation "hub_recommendations" "recommendation of Cost Optimization Hub"

    /// What Compute Optimizer recommends.
    COMPUTE_OPTIMIZER_RECOMMENDATIONS ComputeOptimizerRecommendation "compute_optimizer_recommendations" "recommendation of Compute Optimizer"

    /// What Cost Explorer recommends to buy.
    PURCHASE_RECOMMENDATIONS PurchaseRecommendation "purchase_recommendations" "savings plan or reservation that Cost Explorer would buy"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_cells_of_its_table() {
        assert_eq!(HubRecommendation(Recommended::default()).cells().len(), HUB_RECOMMENDATIONS.columns.len());
    }
}
