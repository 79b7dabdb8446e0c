//! What the machine itself does meanwhile: how busy it is and with what, how long its disk takes.

use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::browser::Waits;

/// How busy the processors were, in percent of all of them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Busy {
    /// With this program.
    pub own: u64,
    /// With all others.
    pub others: u64,
    /// How many there are.
    pub cores: u64,
}

/// Ticks the processors have counted; nothing where the system does not tell.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ticks {
    all: u64,
    idle: u64,
    own: u64,
}

impl Busy {
    /// What the counters show now.
    pub fn now() -> Ticks {
        let figures = |text: &str| -> Vec<u64> {
            text.split_whitespace().map(|word| word.parse().unwrap_or(0)).collect()
        };
        let whole = std::fs::read_to_string("/proc/stat").unwrap_or_default();
        let whole = figures(whole.lines().next().unwrap_or_default().trim_start_matches("cpu"));
        let own = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        // The name in brackets may hold anything; user and system time are the 12th and 13th figure after it.
        let own = figures(own.rsplit(')').next().unwrap_or_default());
        let at = |figures: &[u64], at: usize| figures.get(at).copied().unwrap_or(0);
        Ticks {
            all: whole.iter().take(8).sum(),
            idle: at(&whole, 3) + at(&whole, 4),
            own: at(&own, 11) + at(&own, 12),
        }
    }
}

impl Ticks {
    /// How busy it was since `before`.
    pub fn since(self, before: Ticks) -> Busy {
        let all = (self.all - before.all).max(1);
        let (idle, own) = (self.idle - before.idle, self.own - before.own);
        let others = all.saturating_sub(idle).saturating_sub(own);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Busy { own: own * 100 / all, others: others * 100 / all, cores: u64::try_from(cores).unwrap_or(1) }
    }
}

/// Between two measurements of the disk.
const PAUSE: Duration = Duration::from_millis(50);

/// The disk that bears the database, or stands beside its server.
pub struct Disk {
    path: PathBuf,
}

impl Disk {
    /// The disk of `folder`.
    pub fn new(folder: &Path) -> Disk {
        Disk { path: folder.join("disk-limit") }
    }

    /// Writes 4 KiB to the same place and waits until they are durable, again and again until `end`: no act that is
    /// kept can be faster.
    pub fn measure_until(&self, end: Instant) -> Waits {
        let mut waits = Waits::default();
        let mut file = std::fs::File::create(&self.path).ok();
        while Instant::now() < end {
            std::thread::sleep(PAUSE.min(end.saturating_duration_since(Instant::now())));
            let Some(file) = &mut file else { continue };
            let began = Instant::now();
            let written = file
                .seek(SeekFrom::Start(0))
                .and_then(|_| file.write_all(&[0x5A; 4096]))
                .and_then(|()| file.sync_data());
            if written.is_ok() {
                waits.micros.push(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
            }
        }
        let _ = std::fs::remove_file(&self.path);
        waits
    }
}
