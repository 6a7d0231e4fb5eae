//! What the bill charges for and the account did not show: the dollars behind a question that was not answered.
//!
//! Knows: which tables were not collected in full, and what the bill says of the resources that they would hold. Does not know: why.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::derive::baseline::Baseline;
use crate::id::resource_type;
use crate::rules::Tables;
use crate::table::COLLECTED;
use crate::table::inventory::resource_type_of;
use crate::table::read::{columns_of, texts};

/// Dollars a month by place and action, and their share of the place's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unseen {
    hidden: BTreeMap<(String, String), (Decimal, Decimal)>,
}

/// Of everything that was not collected in full.
pub(crate) fn unseen(tables: &Tables, baseline: &Baseline) -> Unseen {
    let mut hidden: BTreeMap<(String, String), (Decimal, Decimal)> = BTreeMap::new();
    let Some(collected) = tables.get(COLLECTED.name) else { return Unseen::default() };
    let [accounts, regions, names] = columns_of(collected, ["SubAccountId", "RegionId", "TableName"]);
    for (((account, region), name), missing) in
        accounts.into_iter().zip(regions).zip(names).zip(texts(collected, "Missing"))
    {
        let (Some(kind), Some(missing)) = (name.as_deref().and_then(resource_type_of), missing) else { continue };
        let (mut of_kind, mut all) = (Decimal::ZERO, Decimal::ZERO);
        for target in baseline.lines.keys().filter(|target| target.account == account && target.region == region) {
            let cost = baseline.cost_of(target);
            all += cost;
            if target.resource.as_deref().and_then(resource_type) == Some(kind) {
                of_kind += cost;
            }
        }
        let place = format!("{} {}", account.unwrap_or_default(), region.unwrap_or_default());
        for action in missing.split(' ') {
            let sums = hidden.entry((place.clone(), action.to_owned())).or_insert((Decimal::ZERO, all));
            sums.0 += of_kind;
        }
    }
    Unseen { hidden }
}

impl Unseen {
    /// A gap's words with the dollars that it hides.
    pub(crate) fn with_dollars(&self, place: &str, what: &str) -> String {
        let of_gap = self.hidden.iter().find(|((at, action), _)| at == place && what.contains(action.as_str()));
        let Some((_, (cost, all))) = of_gap.filter(|(_, (cost, _))| *cost > Decimal::ZERO) else {
            return what.to_owned();
        };
        let percent = (*cost * Decimal::ONE_HUNDRED).checked_div(*all).unwrap_or_default().round_dp(0);
        format!("could not look at {:.2} a month ({percent} % of this account and region): {what}", cost.round_dp(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derive::baseline::Line;
    use crate::id::Target;
    use crate::table::inventory::Collected;
    use crate::table::rows::Rows;

    #[test]
    fn a_gap_says_what_it_hides() {
        let target = |id: &str| Target {
            account: Some("111122223333".into()),
            region: Some("eu-west-1".into()),
            resource: Some(id.into()),
        };
        let line = |cost: i64| {
            vec![Line {
                meter: None,
                service: None,
                unit: None,
                quantity: None,
                effective: cost.into(),
                list: None,
                covered: Decimal::ZERO,
                committed_until: None,
            }]
        };
        let baseline =
            Baseline { lines: [(target("vol-1"), line(30)), (target("i-1"), line(90))].into(), ..Baseline::default() };
        let row = Collected {
            account: "111122223333".into(),
            region: "eu-west-1".into(),
            id: "111122223333".into(),
            table: Some("ebs_volumes".into()),
            complete: Some(false),
            missing: Some("ec2:DescribeVolumes".into()),
            rows: Some(0),
            as_of: Some("2026-11-01T00:00:00Z".parse().unwrap()),
        };
        let tables = [(COLLECTED.name.to_owned(), Rows::of(vec![row]).frame().unwrap())].into();
        let unseen = unseen(&tables, &baseline);
        let said = unseen.with_dollars("111122223333 eu-west-1", "could not ask ec2:DescribeVolumes: denied");
        assert_eq!(
            said,
            "could not look at 30.00 a month (25 % of this account and region): could not ask ec2:DescribeVolumes: denied"
        );
        assert_eq!(
            unseen.with_dollars("111122223333 us-east-1", "could not ask ec2:DescribeVolumes"),
            "could not ask ec2:DescribeVolumes"
        );
    }
}
