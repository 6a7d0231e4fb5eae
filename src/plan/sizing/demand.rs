//! Hourly demand that commitments can cover: on-demand dollars of each class of usage.
//!
//! Knows: classes with their rates, hours, merging what is priced alike. Does not know: prices, SKUs, currencies,
//! dates.

use std::cmp::Ordering;

/// Usage that has the same scope and rates: all sizes of a family and operating system are one class (exact collapse).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Class {
    /// Which narrow plan covers it (an EC2 Instance Savings Plan: family and region); `None`: none does.
    pub scope: Option<usize>,
    /// The narrow plan's rate as a share of the on-demand price, in (0, 1]; without meaning when `scope` is `None`.
    pub narrow: f64,
    /// The wide plan's (Compute Savings Plan) rate as a share of the on-demand price; `None`: it does not cover this
    /// class.
    pub wide: Option<f64>,
}

impl Class {
    /// What of the narrow rate matters.
    fn key(&self) -> (usize, f64, f64) {
        let scope = self.scope.unwrap_or(usize::MAX);
        (scope, if self.scope.is_some() { self.narrow } else { 1.0 }, self.wide.unwrap_or(f64::INFINITY))
    }
}

fn order(a: (usize, f64, f64), b: (usize, f64, f64)) -> Ordering {
    a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.total_cmp(&b.2))
}

/// On-demand dollars by hour and class.
#[derive(Clone, Debug, PartialEq)]
pub struct Demand {
    /// Classes of usage.
    pub classes: Vec<Class>,
    /// How many narrow plans there are; scopes count from 0.
    pub scopes: usize,
    /// How many hours.
    pub hours: usize,
    /// Hour by hour: `dollars[h * classes.len() + c]`.
    pub dollars: Vec<f64>,
}

impl Demand {
    /// Demand that is complete and within its limits.
    ///
    /// # Errors
    /// What is wrong: a number of dollars that does not fit, is negative or not finite, a scope that does not exist, a
    /// rate outside (0, 1].
    pub fn new(classes: Vec<Class>, scopes: usize, hours: usize, dollars: Vec<f64>) -> Result<Demand, String> {
        if dollars.len() != classes.len() * hours {
            let (have, classes) = (dollars.len(), classes.len());
            return Err(format!("{have} amounts for {classes} classes and {hours} hours"));
        }
        let rate = |r: f64| r > 0.0 && r <= 1.0;
        for (index, class) in classes.iter().enumerate() {
            if class.scope.is_some_and(|s| s >= scopes) {
                return Err(format!("class {index}: its scope is not one of {scopes}"));
            }
            if class.scope.is_some() && !rate(class.narrow) || !class.wide.is_none_or(rate) {
                return Err(format!("class {index}: a rate is not a share of the on-demand price"));
            }
        }
        if let Some(at) = dollars.iter().position(|d| !d.is_finite() || *d < 0.0) {
            return Err(format!("amount {at} is negative or not a number"));
        }
        Ok(Demand { classes, scopes, hours, dollars })
    }

    /// Merges classes with equal scope and rates, in the order of scope and rate. No bill changes by it.
    #[must_use]
    pub fn collapse(&self) -> Demand {
        let mut classes: Vec<Class> = self.classes.clone();
        classes.sort_by(|a, b| order(a.key(), b.key()));
        classes.dedup_by(|a, b| order(a.key(), b.key()).is_eq());
        let place = |class: &Class| classes.partition_point(|c| order(c.key(), class.key()).is_lt());
        let into: Vec<usize> = self.classes.iter().map(place).collect();
        let mut dollars = vec![0.0; classes.len() * self.hours];
        if !classes.is_empty() {
            for (row, merged) in self.rows(0..self.hours).zip(dollars.chunks_exact_mut(classes.len())) {
                for (dollar, to) in row.iter().zip(&into) {
                    merged[*to] += dollar;
                }
            }
        }
        Demand { classes, scopes: self.scopes, hours: self.hours, dollars }
    }

    /// Every `stride`-th hour from the first. A stride without a common divisor with 168 sees each hour of the week.
    /// Hours are left out, not averaged: an average hour has no peaks, and commitments are sized by peaks and valleys.
    #[must_use]
    pub fn sample(&self, stride: usize) -> Demand {
        let mut dollars = Vec::new();
        let mut hours = 0;
        for hour in (0..self.hours).step_by(stride.max(1)) {
            dollars.extend_from_slice(self.row(hour));
            hours += 1;
        }
        Demand { classes: self.classes.clone(), scopes: self.scopes, hours, dollars }
    }

    /// The same usage, each hour times a factor.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Demand {
        let dollars = self.dollars.iter().map(|d| d * factor).collect();
        Demand { classes: self.classes.clone(), scopes: self.scopes, hours: self.hours, dollars }
    }

    /// What all of it costs on demand.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.dollars.iter().sum()
    }

    /// One hour's dollars by class.
    pub(super) fn row(&self, hour: usize) -> &[f64] {
        let width = self.classes.len();
        self.dollars.get(hour * width..(hour + 1) * width).unwrap_or_default()
    }

    /// Dollars by class, hour by hour.
    pub(super) fn rows(&self, hours: std::ops::Range<usize>) -> impl Iterator<Item = &[f64]> {
        hours.map(|hour| self.row(hour))
    }
}
