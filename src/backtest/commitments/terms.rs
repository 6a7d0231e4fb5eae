//! What can be bought in a backtest: Compute Savings Plans for all compute, EC2 Instance Savings Plans by family and
//! region. Does not know: rates.

use crate::period::HOURS_PER_YEAR;
use crate::prices::{Plan, Term};

/// At most one term of each kind, and at least one.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Terms {
    /// Of Compute Savings Plans.
    pub(super) wide: Option<Term>,
    /// Of EC2 Instance Savings Plans.
    pub(super) narrow: Option<Term>,
}

impl Terms {
    /// Terms that can be bought together.
    ///
    /// # Errors
    /// What is wrong: none at all, another kind of commitment, two terms of one kind.
    pub fn new(terms: &[Term]) -> Result<Terms, String> {
        let mut all = Terms { wide: None, narrow: None };
        for term in terms {
            let place = match term {
                Term::Committed { plan: Plan::ComputeSavingsPlan, .. } => &mut all.wide,
                Term::Committed { plan: Plan::Ec2InstanceSavingsPlan, .. } => &mut all.narrow,
                _ => {
                    let known = "compute-savings-plan-… and ec2-instance-savings-plan-…";
                    return Err(format!("{}: cannot be backtested; {known} can", term.words()));
                }
            };
            if place.replace(*term).is_some() {
                return Err(format!("{}: a second term of this kind; give one of each", term.words()));
            }
        }
        if terms.is_empty() { Err("a backtest needs a term to buy at".into()) } else { Ok(all) }
    }

    /// The terms as people say them.
    pub(super) fn words(&self) -> Vec<String> {
        self.all().map(|term| term.words()).collect()
    }

    /// Hours until the first of them ends.
    pub(super) fn hours(&self) -> usize {
        let years = self.all().filter_map(|term| match term {
            Term::Committed { years, .. } => Some(usize::from(years)),
            Term::OnDemand => None,
        });
        years.min().unwrap_or(1) * HOURS_PER_YEAR as usize
    }

    fn all(&self) -> impl Iterator<Item = Term> {
        self.wide.into_iter().chain(self.narrow)
    }
}
