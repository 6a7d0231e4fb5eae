//! How long the price catalogue takes to load, and a lookup after that. `cargo bench --bench prices` prints both.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a benchmark prints what it measured"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use scale_surgeon::id::Meter;
use scale_surgeon::prices::{PriceList, Term, fact_tables};

fn main() {
    let start = Instant::now();
    let list = PriceList::embedded();
    println!("load (index of {} meters): {:?}", list.meters().len(), start.elapsed());
    let start = Instant::now();
    let rows: usize = fact_tables(|_| true).map_or(0, |tables| tables.iter().map(|(_, frame)| frame.height()).sum());
    println!("instance_types and storage_classes ({rows} rows): {:?}", start.elapsed());

    // Every meter that has a price in eu-west-1, in an order that no cache likes.
    let mut meters: Vec<Meter> = list.meters().into_iter().map(|m| Meter(m.to_owned())).collect();
    meters.retain(|meter| list.price(meter, Some("eu-west-1"), &Term::OnDemand).is_some());
    meters.sort_by_key(|meter| meter.0.bytes().rev().collect::<Vec<u8>>());
    const ROUNDS: u32 = 20;
    let lookups = u32::try_from(meters.len()).unwrap_or(u32::MAX) * ROUNDS;
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            for meter in &meters {
                black_box(list.price(black_box(meter), Some("eu-west-1"), &Term::OnDemand));
            }
        }
        best = best.min(start.elapsed());
    }
    println!("lookup, mean over {} meters, best of 5: {:?}", meters.len(), best / lookups);
}
