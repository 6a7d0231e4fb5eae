//! Targets that are changed as one: the instances of an Auto Scaling group come from one launch template, the tasks of a service of ECS
//! from one task definition.
//!
//! Knows: which targets go together, and the sets of findings that each of them could have. Does not know: what a set is worth, except
//! to choose where no commitment is asked.
//!
//! A choice is a set of rules; each target takes the findings that it has of them. So a page that leaves some instances of a group on
//! demand leaves them alone, and nothing else happens to those.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::joint::{Choice, Resource};
use super::target::OnTarget;
use super::value::Move;
use super::week::Shift;
use crate::derive::groups::Group;
use crate::id::{RuleId, Target};

/// Targets that choose together.
pub(super) struct Unit {
    /// Places among the targets.
    members: Vec<usize>,
    /// The set of each member in each choice. The first is to keep things as they are.
    choices: Vec<Vec<usize>>,
}

/// All targets as units; those of a group choose what is best for the group.
pub(super) fn units(targets: &mut [OnTarget], groups: &BTreeMap<Target, Group>) -> Vec<Unit> {
    let mut of_group: BTreeMap<&Group, Vec<usize>> = BTreeMap::new();
    let mut units = Vec::new();
    for (at, one) in targets.iter().enumerate() {
        match groups.get(one.target()) {
            Some(group) => of_group.entry(group).or_default().push(at),
            None => {
                units.push(Unit { members: vec![at], choices: (0..one.sets().len()).map(|set| vec![set]).collect() })
            }
        }
    }
    for members in of_group.into_values() {
        let unit = Unit { choices: choices(&members, targets), members };
        unit.choose_alone(targets);
        units.push(unit);
    }
    units
}

/// Every set of rules that some member could follow, fewest first, as sets of all members.
fn choices(members: &[usize], targets: &[OnTarget]) -> Vec<Vec<usize>> {
    let sets = members.iter().flat_map(|at| (0..targets[*at].sets().len()).map(|set| targets[*at].rules_of(set)));
    let mut wanted: Vec<BTreeSet<&RuleId>> = sets.collect::<BTreeSet<_>>().into_iter().collect();
    // What each would take alone: rules of different members may stand beside each other.
    wanted.push(members.iter().flat_map(|at| targets[*at].rules_of(targets[*at].chosen)).collect());
    wanted.sort_by_key(BTreeSet::len);
    let mut all: Vec<Vec<usize>> = Vec::new();
    for rules in wanted {
        let choice: Vec<usize> = members.iter().map(|at| targets[*at].set_within(&rules)).collect();
        if !all.contains(&choice) {
            all.push(choice);
        }
    }
    all
}

impl Unit {
    /// The choice that saves most at the prices paid; of equal ones that with the fewest changes.
    fn choose_alone(&self, targets: &mut [OnTarget]) {
        let worth = |choice: &Vec<usize>| {
            let values = self.members.iter().zip(choice).map(|(at, set)| &targets[*at].sets()[*set].value);
            let none = (Decimal::ZERO, Decimal::ZERO);
            values.fold(none, |(net, effective), value| (net + value.net(), effective + value.effective))
        };
        let mut best = 0;
        for at in 1..self.choices.len() {
            if worth(&self.choices[at]) > worth(&self.choices[best]) {
                best = at;
            }
        }
        self.take(best, targets);
    }

    /// Makes a choice.
    pub(super) fn take(&self, choice: usize, targets: &mut [OnTarget]) {
        for (at, set) in self.members.iter().zip(self.choices.get(choice).into_iter().flatten()) {
            targets[*at].chosen = *set;
        }
    }

    /// Tells members with which nothing is done that something is with others.
    pub(super) fn set_aside(&self, targets: &mut [OnTarget]) {
        let is_changed = self.members.iter().any(|at| targets[*at].chosen != 0);
        for at in &self.members {
            targets[*at].aside = is_changed && targets[*at].chosen == 0;
        }
    }

    /// The choices as a search sees them, in dollars of the week; `None` when no choice does what the world weighs: there the
    /// saving is the price paid.
    pub(super) fn resource(
        &self,
        targets: &[OnTarget],
        weighed: impl Fn(&Target, &Move) -> bool,
    ) -> Option<Resource<Shift>> {
        if !self.members.iter().any(|at| targets[*at].is_weighed(&weighed)) {
            return None;
        }
        let choice = |sets: &Vec<usize>| {
            let of = |(at, set): (&usize, &usize)| targets[*at].choice(*set, &weighed);
            let parts: Vec<Choice<Shift>> = self.members.iter().zip(sets).map(of).collect();
            let fixed = parts.iter().map(|part| part.fixed).sum();
            Choice { change: parts.into_iter().filter_map(|part| part.change).reduce(Shift::and), fixed }
        };
        Some(Resource { choices: self.choices.iter().map(choice).collect() })
    }
}
