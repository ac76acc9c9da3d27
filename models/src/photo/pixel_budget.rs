//! Limits the number of decoded pixels in memory over all threads. Requests are served in order, so that a large photo
//! does not wait forever.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A budget of pixels that may be decoded at the same time. A larger photo is decoded alone.
#[derive(Debug)]
pub(super) struct PixelBudget {
    limit: u64,
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    in_use: u64,
    next_ticket: u64,
    now_serving: u64,
}

/// A permit for a number of pixels, until it is dropped.
#[derive(Debug)]
pub(super) struct Permit<'a> {
    budget: &'a PixelBudget,
    pixels: u64,
}

impl PixelBudget {
    /// Makes a budget of `limit` pixels.
    pub(super) fn new(limit: u64) -> Self {
        Self { limit, queue: Mutex::default(), changed: Condvar::new() }
    }

    /// Waits until `pixels` fit into the budget. A thread that holds a permit must not call this.
    pub(super) fn wait_for(&self, pixels: u64) -> Permit<'_> {
        let pixels = pixels.min(self.limit);
        let mut queue = self.queue();
        let ticket = queue.next_ticket;
        queue.next_ticket += 1;
        while queue.now_serving != ticket || queue.in_use + pixels > self.limit {
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        queue.now_serving += 1;
        queue.in_use += pixels;
        self.changed.notify_all();
        Permit { budget: self, pixels }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.budget.queue().in_use -= self.pixels;
        self.budget.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
    use std::thread;

    #[test]
    fn never_more_than_the_limit_and_nobody_is_forgotten() {
        let budget = PixelBudget::new(100);
        let (held, most, done) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            for thread in 0..4 {
                let (budget, held, most, done) = (&budget, &held, &most, &done);
                scope.spawn(move || {
                    for round in 0..50 {
                        let pixels = [1, 30, 60, 100, 1_000_000][(thread + round) % 5];
                        let permit = budget.wait_for(pixels);
                        let now = held.fetch_add(pixels.min(100), SeqCst) + pixels.min(100);
                        most.fetch_max(now, SeqCst);
                        thread::yield_now();
                        held.fetch_sub(pixels.min(100), SeqCst);
                        drop(permit);
                        done.fetch_add(1, SeqCst);
                    }
                });
            }
        });
        assert!(most.into_inner() <= 100);
        assert_eq!(done.into_inner(), 200);
        assert_eq!(budget.queue().in_use, 0);
    }
}
