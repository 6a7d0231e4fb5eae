//! What a burstable instance (T2, T3, T3a, T4g) really gives: its CPU credits, step by step.
//!
//! A credit is one vCPU at 100 % for one minute. An instance earns credits evenly and keeps those of at most 24 hours (EC2 User
//! Guide, "Key concepts for burstable performance instances"). When none is left, a standard instance is held at its baseline;
//! an unlimited one borrows as many as it earns in 24 hours, pays them back from what it earns later, and is charged for what
//! goes beyond ("Unlimited mode concepts"). Within a step everything runs evenly, so the balance at its end is exact whatever
//! its length. Held to AWS's example of a t3.nano (ALGORITHMS 1.5, oracle 5).
//!
//! Knows: credits. Does not know: prices; launch credits of T2 Standard; that AWS lowers a standard instance to its baseline
//! gradually; work that was not served and is asked for again later.

use super::processor::{greater, lesser};

/// Minutes in an hour: credits that one vCPU at 100 % spends in one hour.
const MINUTES: f64 = 60.0;

/// Hours of earnings that a balance keeps, and that may be borrowed.
const HOURS_KEPT: f64 = 24.0;

/// A step is throttled when more than this share of what it asks for is missing; less is rounding.
const ROUNDING: f64 = 1e-9;

/// A burstable shape.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Burstable {
    /// Its vCPUs.
    pub vcpus: f64,
    /// Credits earned in an hour, for instance 6 (t3.nano) or 36 (t3.large).
    pub credits_per_hour: f64,
}

impl Burstable {
    /// Utilization of all vCPUs at which it spends what it earns: credits per hour ÷ (60 × vCPUs).
    #[must_use]
    pub fn baseline(self) -> f64 {
        self.credits_per_hour / (MINUTES * self.vcpus)
    }

    /// Credits that it can keep, and that it can borrow: those of 24 hours.
    #[must_use]
    pub fn most_credits(self) -> f64 {
        HOURS_KEPT * self.credits_per_hour
    }
}

/// What happens when no credit is left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Held at the baseline: the default of T2.
    Standard,
    /// Goes on, and pays for it: the default of T3, T3a and T4g.
    Unlimited,
}

/// What came of a trace.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Outcome {
    /// Steps with a measurement.
    pub steps: usize,
    /// Those in which it got less than it asked for; none when unlimited.
    pub throttled_steps: usize,
    /// What it asked for and did not get; none when unlimited. What no credit can give, above all vCPUs, is not in it.
    pub unserved_vcpu_hours: f64,
    /// Credits (vCPU-minutes) that are billed: borrowed beyond 24 hours of earnings. None when standard.
    pub charged_credits: f64,
    /// Credits kept at the end.
    pub balance: f64,
    /// Credits borrowed at the end and not billed yet.
    pub surplus: f64,
}

impl Outcome {
    /// What is billed, in the unit of its price.
    #[must_use]
    pub fn charged_vcpu_hours(&self) -> f64 {
        self.charged_credits / MINUTES
    }

    /// The same when the instance stops, ends or becomes standard then: what it has borrowed is billed at once. The balance
    /// stays as it is: T3, T3a and T4g keep it for seven days after a stop, T2 loses it.
    #[must_use]
    pub fn stopped(self) -> Outcome {
        Outcome { charged_credits: self.charged_credits + self.surplus, surplus: 0.0, ..self }
    }
}

/// Runs a trace of the utilization of all vCPUs (0 to 1; more counts as 1, a NaN as no measurement: nothing changes then) from
/// a balance of credits. Nothing is known of a candidate's past, so 0 is the cautious start.
#[must_use]
pub fn run(
    shape: Burstable,
    mode: Mode,
    start_balance: f64,
    hours_per_step: f64,
    utilization: impl Iterator<Item = f64>,
) -> Outcome {
    let mut account = Account::new(shape, mode, start_balance);
    for share in utilization {
        account.step(hours_per_step, share);
    }
    account.outcome()
}

/// Whether traces on a standard instance without credits are throttled in more than so many steps, each; as [`run`] counts them. The
/// traces go side by side, none of them ever below the one before: where the first is over, all are, and the rest is not looked at.
#[must_use]
pub fn throttles_more<const N: usize>(
    shape: Burstable,
    most: usize,
    hours_per_step: f64,
    utilization: impl Iterator<Item = [f64; N]>,
) -> [bool; N] {
    let earned = shape.credits_per_hour * hours_per_step;
    let full = shape.vcpus * MINUTES * hours_per_step;
    let kept = shape.most_credits();
    let mut balance = [0.0_f64; N];
    let (most, mut throttled) = (most as f64, [0.0_f64; N]);
    for shares in utilization {
        if shares[0].is_nan() {
            continue;
        }
        for ((balance, throttled), share) in balance.iter_mut().zip(&mut throttled).zip(shares) {
            let asked = full * share;
            let left = *balance + (earned - asked);
            *throttled += if -left > ROUNDING * asked { 1.0 } else { 0.0 };
            *balance = lesser(greater(left, 0.0), kept);
        }
        if throttled[0] > most {
            break;
        }
    }
    throttled.map(|steps| steps > most)
}

/// Credits of one instance. A balance and a surplus never stand beside each other, so one number is both.
struct Account {
    shape: Burstable,
    mode: Mode,
    /// Above 0: the balance; below: the surplus that is owed.
    position: f64,
    done: Outcome,
}

impl Account {
    fn new(shape: Burstable, mode: Mode, start_balance: f64) -> Account {
        let position = start_balance.max(0.0).min(shape.most_credits());
        Account { shape, mode, position, done: Outcome::default() }
    }

    fn step(&mut self, hours: f64, utilization: f64) {
        if utilization.is_nan() {
            return;
        }
        let asked = self.shape.vcpus * utilization.clamp(0.0, 1.0) * MINUTES * hours;
        let position = self.position + (self.shape.credits_per_hour * hours - asked);
        let most = self.shape.most_credits();
        let least = if self.mode == Mode::Standard { 0.0 } else { -most };
        let beyond = (least - position).max(0.0);
        self.position = position.max(least).min(most);
        self.done.steps += 1;
        match self.mode {
            Mode::Unlimited => self.done.charged_credits += beyond,
            Mode::Standard => {
                self.done.unserved_vcpu_hours += beyond / MINUTES;
                self.done.throttled_steps += usize::from(beyond > ROUNDING * asked);
            }
        }
    }

    fn outcome(&self) -> Outcome {
        Outcome { balance: self.position.max(0.0), surplus: (-self.position).max(0.0), ..self.done }
    }
}

#[cfg(test)]
mod tests;
