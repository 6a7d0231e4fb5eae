//! Work shared among threads so that no sum depends on how many there are.
//!
//! Tasks are numbered and fixed beforehand; results come back in that order and are added up by the caller.

use std::ops::Range;
use std::thread;

/// Hours that are one task.
const HOURS: usize = 256;

/// Below this many class-hours a thread costs more than it saves.
const SMALL: usize = 100_000;

/// How many threads are worth it; 0 asked for means as many as the machine has.
pub(super) fn threads(asked: usize, class_hours: usize) -> usize {
    if class_hours < SMALL {
        return 1;
    }
    if asked > 0 { asked } else { thread::available_parallelism().map_or(1, usize::from) }
}

/// Ranges of hours, always the same for the same number of hours.
pub(super) fn ranges(hours: usize) -> Vec<Range<usize>> {
    (0..hours).step_by(HOURS).map(|from| from..hours.min(from + HOURS)).collect()
}

/// One result a task, in the order of tasks.
pub(super) fn each<I: Send, T: Send>(tasks: Vec<I>, threads: usize, work: impl Fn(I) -> T + Sync) -> Vec<T> {
    let count = tasks.len();
    let threads = threads.min(count);
    if threads <= 1 {
        return tasks.into_iter().map(work).collect();
    }
    let mut hands: Vec<Vec<I>> = (0..threads).map(|_| Vec::new()).collect();
    for (index, task) in tasks.into_iter().enumerate() {
        hands[index % threads].push(task);
    }
    let work = &work;
    let done: Vec<Vec<T>> = thread::scope(|scope| {
        let running: Vec<_> =
            hands.into_iter().map(|hand| scope.spawn(move || hand.into_iter().map(work).collect::<Vec<T>>())).collect();
        running.into_iter().map(|r| r.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let mut piles: Vec<_> = done.into_iter().map(Vec::into_iter).collect();
    (0..count).filter_map(|index| piles[index % threads].next()).collect()
}
