//! Runs the same work on many items on every core, with its own networks for each thread.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Runs `work` on each item, with a clone of the networks for each thread, and returns the results in the order of the items.
///
/// Each thread takes the next item when it has finished one, so a few slow items do not leave other threads idle.
pub fn on_every_core<W: Clone + Send, T: Sync, R: Send>(
    networks: &W,
    items: &[T],
    work: impl Fn(&mut W, &T) -> R + Sync,
) -> Vec<R> {
    // Networks are `Send` but not `Sync`.
    let template = Mutex::new(networks.clone());
    share_out(items, || template.lock().unwrap_or_else(PoisonError::into_inner).clone(), work)
}

fn share_out<T: Sync, W, R: Send>(
    items: &[T],
    worker: impl Fn() -> W + Sync,
    work: impl Fn(&mut W, &T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let shares = rayon::broadcast(|_| {
        let mut own_worker = None;
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return done };
            done.push((index, work(own_worker.get_or_insert_with(&worker), item)));
        }
    });
    let mut results: Vec<(usize, R)> = shares.into_iter().flatten().collect();
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        for count in [0, 1, 2, 1000] {
            let items: Vec<usize> = (0..count).collect();
            let results = share_out(&items, || 0, |_, item| item * 2);
            assert_eq!(results, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    fn no_more_workers_than_threads() {
        let workers = AtomicUsize::new(0);
        let started = || workers.fetch_add(1, Ordering::Relaxed);
        share_out(&[(); 500], started, |_, ()| ());
        assert!((1..=rayon::current_num_threads()).contains(&workers.load(Ordering::Relaxed)));
    }
}
