//! One hour of the linear programme: its variables, their elimination, and the step that follows from the levels'.
//!
//! Variables are usage by class that the narrow plan, the wide plan or none covers, and what each plan has to spare;
//! each stands beside the slack of its dual constraint. Knows: one hour. Does not know: the others.

use super::system::System;
use crate::plan::sizing::demand::Class;

/// How far a step of the values, and of the slacks, can go.
pub(super) type Room = (f64, f64);

/// No limit.
pub(super) const ANY: Room = (f64::INFINITY, f64::INFINITY);

/// A variable that is at least 0 and the slack of its dual constraint, with the step of both.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pair {
    pub(super) value: f64,
    pub(super) slack: f64,
    /// The step that the value makes when the slack makes none.
    pub(super) lead: f64,
    value_step: f64,
    slack_step: f64,
}

impl Pair {
    pub(super) fn new(value: f64, slack: f64) -> Pair {
        Pair { value, slack, ..Pair::default() }
    }

    /// How much the value gives way to a step of the slack.
    pub(super) fn ratio(&self) -> f64 {
        self.value / self.slack
    }

    /// Aims at a product of value and slack.
    pub(super) fn aim(&mut self, product: f64) {
        self.lead = product / self.slack - self.value;
    }

    /// Sets both steps by that of the slack, and narrows the room.
    pub(super) fn turn(&mut self, slack_step: f64, room: &mut Room) {
        self.slack_step = slack_step;
        self.value_step = self.lead - self.ratio() * slack_step;
        if self.value_step < 0.0 {
            room.0 = room.0.min(-self.value / self.value_step);
        }
        if self.slack_step < 0.0 {
            room.1 = room.1.min(-self.slack / self.slack_step);
        }
    }

    pub(super) fn step(&mut self, room: Room) {
        self.value += room.0 * self.value_step;
        self.slack += room.1 * self.slack_step;
    }
}

/// Usage of a class.
#[derive(Clone, Debug)]
struct Cell {
    /// Rates; 0 where a plan does not cover it.
    narrow: f64,
    wide: f64,
    by_narrow: Pair,
    by_wide: Pair,
    uncovered: Pair,
}

impl Cell {
    /// Ratios of narrow, wide, and all together; the sum of the leads.
    fn ratios(&self) -> (f64, f64, f64, f64) {
        let mut out = (0.0, 0.0, self.uncovered.ratio(), self.uncovered.lead);
        if self.narrow > 0.0 {
            out.0 = self.by_narrow.ratio();
            out.3 += self.by_narrow.lead;
        }
        if self.wide > 0.0 {
            out.1 = self.by_wide.ratio();
            out.3 += self.by_wide.lead;
        }
        out.2 += out.0 + out.1;
        out
    }

    fn pairs(&mut self) -> impl Iterator<Item = &mut Pair> {
        let narrow = (self.narrow > 0.0).then_some(&mut self.by_narrow);
        let wide = (self.wide > 0.0).then_some(&mut self.by_wide);
        narrow.into_iter().chain(wide).chain([&mut self.uncovered])
    }
}

/// Usage of a scope.
#[derive(Clone, Debug)]
struct Block {
    /// The scope; `None`: no narrow plan covers it.
    scope: Option<usize>,
    cells: Vec<Cell>,
    spare: Pair,
    /// After elimination: own weight, coupling with the wide plan, right-hand side.
    own: f64,
    coupling: f64,
    side: f64,
}

/// An hour.
#[derive(Clone, Debug)]
pub(super) struct Hour {
    blocks: Vec<Block>,
    spare: Pair,
    own: f64,
    side: f64,
}

impl Hour {
    /// Usage of an hour, evenly spread over what can cover it, under dual prices that leave slack everywhere: a dollar
    /// of any plan is worth `price`.
    pub(super) fn new(classes: &[Class], dollars: impl Iterator<Item = f64>, scopes: usize, price: f64) -> Hour {
        let mut blocks: Vec<Block> = Vec::new();
        let mut place = vec![None; scopes + 1];
        for (class, dollars) in classes.iter().zip(dollars) {
            let narrow = if class.scope.is_some() { class.narrow } else { 0.0 };
            let wide = class.wide.unwrap_or_default();
            if dollars <= 0.0 || narrow + wide <= 0.0 {
                continue;
            }
            let least = [narrow, wide].into_iter().filter(|rate| *rate > 0.0).fold(f64::INFINITY, f64::min);
            let cover = 0.5 * (least * price).min(1.0);
            let part = dollars / if narrow > 0.0 && wide > 0.0 { 3.0 } else { 2.0 };
            let cell = Cell {
                narrow,
                wide,
                by_narrow: Pair::new(part, narrow * price - cover),
                by_wide: Pair::new(part, wide * price - cover),
                uncovered: Pair::new(part, 1.0 - cover),
            };
            let at = *place[class.scope.unwrap_or(scopes)].get_or_insert(blocks.len());
            if at == blocks.len() {
                let spare = Pair::new(0.0, price);
                blocks.push(Block { scope: class.scope, cells: Vec::new(), spare, own: 0.0, coupling: 0.0, side: 0.0 });
            }
            blocks[at].cells.push(cell);
        }
        blocks.sort_by_key(|block| block.scope.unwrap_or(usize::MAX));
        Hour { blocks, spare: Pair::new(0.0, price), own: 0.0, side: 0.0 }
    }

    /// Commitment in use, by level; the wide plan stands last.
    pub(super) fn used(&self) -> impl Iterator<Item = (Option<usize>, f64)> {
        let narrow = self
            .blocks
            .iter()
            .filter(|b| b.scope.is_some())
            .map(|block| (block.scope, block.cells.iter().map(|c| c.narrow * c.by_narrow.value).sum()));
        let cells = self.blocks.iter().flat_map(|block| &block.cells);
        narrow.chain([(None, cells.filter(|c| c.wide > 0.0).map(|c| c.wide * c.by_wide.value).sum())])
    }

    /// Gives each plan what its capacity exceeds its use by.
    pub(super) fn spare(&mut self, capacity: &[f64]) {
        let used: Vec<(Option<usize>, f64)> = self.used().collect();
        for (scope, used) in used {
            let spare = match scope {
                Some(_) => self.blocks.iter_mut().find(|block| block.scope == scope).map(|block| &mut block.spare),
                None => Some(&mut self.spare),
            };
            if let Some(spare) = spare {
                spare.value = capacity[scope.unwrap_or(capacity.len() - 1)] - used;
            }
        }
    }

    /// Every variable.
    pub(super) fn pairs(&mut self) -> impl Iterator<Item = &mut Pair> {
        let blocks = self.blocks.iter_mut().flat_map(|block| {
            let spare = block.scope.is_some().then_some(&mut block.spare);
            block.cells.iter_mut().flat_map(Cell::pairs).chain(spare)
        });
        blocks.chain([&mut self.spare])
    }

    /// Dollars that no plan covers.
    pub(super) fn uncovered(&self) -> f64 {
        self.blocks.iter().flat_map(|block| &block.cells).map(|cell| cell.uncovered.value).sum()
    }

    /// What the wide plan's dollar is worth.
    pub(super) fn price(&self) -> f64 {
        self.spare.slack
    }

    /// Eliminates the cells, then the scopes: what is left is one equation in the levels.
    pub(super) fn eliminate(&mut self, product: f64) {
        self.pairs().for_each(|pair| pair.aim(product));
        self.own = self.spare.ratio();
        self.side = self.spare.lead;
        for block in &mut self.blocks {
            block.own = block.spare.ratio();
            block.side = block.spare.lead;
            block.coupling = 0.0;
            for cell in &block.cells {
                let (narrow, wide, all, lead) = cell.ratios();
                if cell.narrow > 0.0 {
                    block.own += cell.narrow * cell.narrow * narrow * (all - narrow) / all;
                    block.side += cell.narrow * (cell.by_narrow.lead - narrow * lead / all);
                }
                if cell.wide > 0.0 {
                    self.own += cell.wide * cell.wide * wide * (all - wide) / all;
                    self.side += cell.wide * (cell.by_wide.lead - wide * lead / all);
                }
                block.coupling += cell.narrow * narrow * cell.wide * wide / all;
            }
            if block.scope.is_some() {
                let share = block.coupling / block.own;
                self.own -= share * block.coupling;
                self.side += share * block.side;
            }
        }
    }

    /// Adds the hour's equation to the system; the wide plan stands last.
    pub(super) fn add_to(&self, system: &mut System, shares: &mut Vec<(usize, f64)>) {
        shares.clear();
        for block in &self.blocks {
            if let Some(scope) = block.scope {
                let share = block.coupling / block.own;
                shares.push((scope, share));
                system.add(scope, 1.0 / block.own);
                system.side[scope] += block.side / block.own + share * self.side / self.own;
            }
        }
        let last = system.side.len() - 1;
        shares.push((last, 1.0));
        system.side[last] += self.side / self.own;
        system.add_square(shares, 1.0 / self.own);
    }

    /// The hour's step when the levels make theirs, and the room for it. Adds the steps of its prices by level.
    pub(super) fn turn(&mut self, levels: &[f64], room: &mut Room, prices: &mut [f64]) {
        let last = levels.len() - 1;
        let shares = self.blocks.iter().filter_map(|b| b.scope.map(|scope| b.coupling / b.own * levels[scope]));
        let wide = (self.side - levels[last] - shares.sum::<f64>()) / self.own;
        self.spare.turn(wide, room);
        prices[last] += wide;
        for block in &mut self.blocks {
            let mut narrow = 0.0;
            if let Some(scope) = block.scope {
                narrow = (block.coupling * wide + block.side - levels[scope]) / block.own;
                block.spare.turn(narrow, room);
                prices[scope] += narrow;
            }
            for cell in &mut block.cells {
                let (by_narrow, by_wide, all, lead) = cell.ratios();
                let cover = (by_narrow * cell.narrow * narrow + by_wide * cell.wide * wide - lead) / all;
                if cell.narrow > 0.0 {
                    cell.by_narrow.turn(cell.narrow * narrow - cover, room);
                }
                if cell.wide > 0.0 {
                    cell.by_wide.turn(cell.wide * wide - cover, room);
                }
                cell.uncovered.turn(-cover, room);
            }
        }
    }
}
