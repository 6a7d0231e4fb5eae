//! Rules of other tools for sizes, as their documents state them: fixed percentile and fixed margin.
//!
//! Knows: AWS Compute Optimizer, Azure Advisor, Kubernetes' Vertical Pod Autoscaler, Robusta KRR. The last two size requests of
//! containers, not machines; they stand here because they are known. Does not know: risk.

use crate::derive::fit::need::{Points, quantile};
use crate::derive::fit::{Candidate, Dimension, Machine};

const SECONDS_PER_DAY: f64 = 86_400.0;

/// Whose rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Other {
    /// Compute Optimizer's default: P99.5 with a fifth of headroom (API_CustomizableMetricParameters).
    ComputeOptimizer,
    /// Its careful setting: P99.5 with 30 percent of headroom.
    ComputeOptimizerCareful,
    /// Azure Advisor, workloads that face no users: P95 at most 80 percent.
    AzureAdvisor,
    /// VPA: 90th percentile with weights that halve every day, and 15 percent (kubernetes/autoscaler 55c37cd).
    VerticalPodAutoscaler,
    /// KRR: 95th percentile of processor time; memory: the greatest and 15 percent (robusta-dev/krr d6baa74).
    Krr,
    /// The greatest of all points within the limit.
    Greatest,
}

impl Other {
    pub(super) const ALL: [Other; 6] = [
        Other::ComputeOptimizer,
        Other::ComputeOptimizerCareful,
        Other::AzureAdvisor,
        Other::VerticalPodAutoscaler,
        Other::Krr,
        Other::Greatest,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Other::ComputeOptimizer => "Compute Optimizer, P99.5 and 20 % headroom",
            Other::ComputeOptimizerCareful => "Compute Optimizer, P99.5 and 30 % headroom",
            Other::AzureAdvisor => "Azure Advisor, P95 at most 80 %",
            Other::VerticalPodAutoscaler => "VPA, decaying P90 × 1.15",
            Other::Krr => "KRR, P95",
            Other::Greatest => "greatest point within the limit",
        }
    }

    /// Whether the rule takes a candidate by what was measured before the cut.
    pub(super) fn takes(self, machine: &Machine, candidate: &Candidate) -> bool {
        machine.demands.iter().all(|demand| {
            let Some(room) = candidate.room.get(&demand.dimension) else { return true };
            // What the candidate has, in shares of what the machine has.
            let there = room / demand.room;
            let Some(needs) = self.needs(demand.dimension, &demand.points, demand.room) else { return false };
            needs <= there
        })
    }

    /// The share that the rule wants to be there.
    fn needs(self, dimension: Dimension, points: &Points, limit: f64) -> Option<f64> {
        let sorted = points.sorted();
        let at = |share| quantile(&sorted, share);
        if dimension == Dimension::Memory {
            let greatest = at(1.0)?;
            return Some(match self {
                Other::ComputeOptimizer | Other::ComputeOptimizerCareful | Other::AzureAdvisor => greatest / 0.8,
                Other::VerticalPodAutoscaler | Other::Krr => greatest * 1.15,
                Other::Greatest => greatest / limit,
            });
        }
        Some(match self {
            Other::ComputeOptimizer => at(0.995)? / 0.8,
            Other::ComputeOptimizerCareful => at(0.995)? / 0.7,
            Other::AzureAdvisor => at(0.95)? / 0.8,
            Other::VerticalPodAutoscaler => decaying(points, 0.9)? * 1.15,
            Other::Krr => at(0.95)?,
            Other::Greatest => at(1.0)? / limit,
        })
    }
}

/// A percentile with weights that halve every day into the past.
fn decaying(points: &Points, share: f64) -> Option<f64> {
    let last = points.values().len().checked_sub(1)?;
    let days = |at: usize| (last - at) as f64 * points.seconds() as f64 / SECONDS_PER_DAY;
    let measured = points.values().iter().enumerate().filter(|(_, value)| !value.is_nan());
    let mut weighted: Vec<(f64, f64)> = measured.map(|(at, value)| (f64::from(*value), (-days(at)).exp2())).collect();
    weighted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let wanted = share * weighted.iter().map(|(_, weight)| weight).sum::<f64>();
    let mut sum = 0.0;
    weighted.iter().find_map(|(value, weight)| {
        sum += weight;
        (sum >= wanted).then_some(*value)
    })
}
