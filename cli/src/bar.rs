//! A bar on the terminal, with an estimate of the time that is left.

use std::io::Write;
use std::time::{Duration, Instant};

/// Work that is over before this needs no bar.
const PATIENCE: Duration = Duration::from_millis(500);
const REDRAWN: Duration = Duration::from_millis(100);
const BAR_CELLS: usize = 30;

pub(crate) struct Bar {
    on: bool,
    start: Instant,
    drawn: Option<Instant>,
}

impl Bar {
    pub(crate) fn new(on: bool) -> Self {
        Bar { on, start: Instant::now(), drawn: None }
    }
    pub(crate) fn show(&mut self, done_bytes: u64, total_bytes: u64, objects: u64) {
        let since = self.start.elapsed();
        let recent = self.drawn.is_some_and(|d| d.elapsed() < REDRAWN);
        if !self.on || since < PATIENCE || recent {
            return;
        }
        self.drawn = Some(Instant::now());
        let share = (done_bytes as f64 / total_bytes.max(1) as f64).min(1.0);
        let full = ((share * BAR_CELLS as f64) as usize).min(BAR_CELLS);
        let left = if share > 0.01 { since.as_secs_f64() * (1.0 - share) / share } else { f64::INFINITY };
        let left = if left.is_finite() { format!(", {left:.0} s left") } else { String::new() };
        let (done, empty) = ("#".repeat(full), ".".repeat(BAR_CELLS - full));
        let percent = share * 100.0;
        let _ = write!(std::io::stderr(), "\r[{done}{empty}] {percent:.0} %, {objects} objects{left}   ");
    }
    pub(crate) fn clear(&mut self) {
        if self.drawn.is_some() {
            let _ = write!(std::io::stderr(), "\r\u{1b}[2K");
        }
    }
}
