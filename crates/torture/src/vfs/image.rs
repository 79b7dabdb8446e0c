//! What a disk may hold after a power loss.

use std::collections::BTreeMap;
use std::path::Path;

/// Files by name with their bytes.
pub type Image = BTreeMap<String, Vec<u8>>;

/// The smallest piece a disk writes whole.
const SECTOR: u64 = 512;

/// Something that happened to a watched folder; files are numbered as in [`Trace::names`].
#[derive(Debug, Clone)]
pub enum Event {
    /// Bytes were written.
    Write {
        /// The file.
        file: u16,
        /// Where.
        at: u64,
        /// What.
        bytes: Vec<u8>,
    },
    /// The file was cut to a length.
    Truncate {
        /// The file.
        file: u16,
        /// Its new length.
        size: u64,
    },
    /// Everything written to the file so far is durable from here on.
    Sync {
        /// The file.
        file: u16,
    },
    /// The file was removed.
    Delete {
        /// The file.
        file: u16,
    },
    /// A mark of the harness: a command was acknowledged.
    Note(u64),
}

/// What becomes of writes that were not synced when the power went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// All are lost.
    Dropped,
    /// All are there.
    Kept,
    /// The first ones are there, later ones not.
    Prefix,
    /// Each is there or not, in any order.
    Mixed,
    /// Each sector of each write is there or not.
    Torn,
}

impl Loss {
    /// All of them.
    pub const ALL: [Loss; 5] = [Loss::Dropped, Loss::Kept, Loss::Prefix, Loss::Mixed, Loss::Torn];
}

/// A recording.
#[derive(Debug, Clone)]
pub struct Trace {
    /// The files at its beginning.
    pub start: Image,
    /// Names of the numbered files.
    pub names: Vec<String>,
    /// What happened, in order.
    pub events: Vec<Event>,
}

#[derive(Default)]
struct File<'t> {
    /// `None`: there is no such file.
    durable: Option<Vec<u8>>,
    pending: Vec<&'t Event>,
}

impl Trace {
    /// The marks put before the event `upto`.
    pub fn marks(&self, upto: usize) -> Vec<u64> {
        let marks = self.events[..upto].iter().filter_map(|event| match event {
            Event::Note(mark) => Some(*mark),
            _ => None,
        });
        marks.collect()
    }

    /// Syncs among the events.
    pub fn syncs(&self) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::Sync { .. })).count()
    }

    /// The disk after a power loss just before the event `upto`. A sabotaged disk ignores every second sync.
    pub fn image(&self, upto: usize, loss: Loss, chance: &mut fastrand::Rng, sabotage: bool) -> Image {
        let mut files: Vec<File<'_>> = self
            .names
            .iter()
            .map(|name| File { durable: self.start.get(name).cloned(), pending: Vec::new() })
            .collect();
        let mut syncs = 0_u64;
        for event in &self.events[..upto] {
            match event {
                Event::Write { file, .. } | Event::Truncate { file, .. } | Event::Delete { file } => {
                    files[usize::from(*file)].pending.push(event);
                }
                Event::Sync { file } => {
                    syncs += 1;
                    if !(sabotage && syncs.is_multiple_of(2)) {
                        let file = &mut files[usize::from(*file)];
                        for event in std::mem::take(&mut file.pending) {
                            apply(&mut file.durable, event, |_| true);
                        }
                    }
                }
                Event::Note(_) => {}
            }
        }
        let mut image = self.start.clone();
        image.retain(|name, _| !self.names.contains(name));
        for (name, mut file) in self.names.iter().zip(files) {
            let kept = match loss {
                Loss::Dropped => 0,
                Loss::Prefix => chance.usize(0..=file.pending.len()),
                Loss::Kept | Loss::Mixed | Loss::Torn => file.pending.len(),
            };
            for event in file.pending.iter().take(kept) {
                match loss {
                    Loss::Mixed if chance.bool() => {}
                    Loss::Torn => apply(&mut file.durable, event, |_| chance.bool()),
                    _ => apply(&mut file.durable, event, |_| true),
                }
            }
            if let Some(bytes) = file.durable {
                image.insert(name.clone(), bytes);
            }
        }
        image
    }
}

/// Writes an image into a folder.
pub(super) fn write_image(image: &Image, folder: &Path) -> std::io::Result<()> {
    for (name, bytes) in image {
        std::fs::write(folder.join(name), bytes)?;
    }
    Ok(())
}

impl Trace {
    /// Writes `image` into `folder`.
    pub fn put(image: &Image, folder: &Path) -> std::io::Result<()> {
        write_image(image, folder)
    }
}

/// Applies a change to a file; `keep` decides for each sector it touches.
fn apply(content: &mut Option<Vec<u8>>, event: &Event, mut keep: impl FnMut(u64) -> bool) {
    match event {
        Event::Write { at, bytes, .. } => {
            let (mut done, length) = (0_u64, bytes.len() as u64);
            while done < length {
                let place = at + done;
                let piece = (SECTOR - place % SECTOR).min(length - done);
                if keep(place / SECTOR) {
                    let file = content.get_or_insert_default();
                    let (from, to) = (index(place), index(place + piece));
                    if file.len() < to {
                        file.resize(to, 0);
                    }
                    file[from..to].copy_from_slice(&bytes[index(done)..index(done + piece)]);
                }
                done += piece;
            }
        }
        Event::Truncate { size, .. } if keep(0) => {
            let file = content.get_or_insert_default();
            file.resize(index(*size), 0);
        }
        Event::Delete { .. } if keep(0) => *content = None,
        _ => {}
    }
}

fn index(place: u64) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace() -> Trace {
        let write = |at, byte, length| Event::Write { file: 0, at, bytes: vec![byte; length] };
        Trace {
            start: Image::from([("a".to_owned(), vec![0; 1024]), ("b".to_owned(), vec![9])]),
            names: vec!["a".into()],
            events: vec![
                write(0, 1, 1024),
                Event::Sync { file: 0 },
                Event::Note(7),
                write(0, 2, 1536),
                Event::Sync { file: 0 },
                Event::Delete { file: 0 },
            ],
        }
    }

    #[test]
    fn what_was_synced_is_there_and_what_was_not_may_be() {
        let trace = trace();
        let image = |upto, loss, sabotage| {
            trace.image(upto, loss, &mut fastrand::Rng::with_seed(1), sabotage).get("a").cloned()
        };
        assert_eq!(image(0, Loss::Kept, false), Some(vec![0; 1024]));
        assert_eq!(image(1, Loss::Dropped, false), Some(vec![0; 1024]));
        assert_eq!(image(1, Loss::Kept, false), Some(vec![1; 1024]));
        for loss in Loss::ALL {
            assert_eq!(image(2, loss, false), Some(vec![1; 1024]), "{loss:?}");
            assert_eq!(image(5, loss, false), Some(vec![2; 1536]), "{loss:?}");
        }
        assert_eq!(image(5, Loss::Dropped, true), Some(vec![1; 1024]), "the second sync is ignored");
        assert_eq!(image(6, Loss::Kept, false), None);
        assert_eq!(trace.marks(2), [] as [u64; 0]);
        assert_eq!(trace.marks(4), [7]);
        assert_eq!(trace.image(6, Loss::Kept, &mut fastrand::Rng::new(), false)["b"], [9], "left alone");
    }

    #[test]
    fn a_torn_write_is_torn_at_sectors() {
        let trace = trace();
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..64 {
            let image = trace.image(4, Loss::Torn, &mut fastrand::Rng::with_seed(seed), false);
            let mut file = image["a"].clone();
            file.resize(1536, 0);
            for sector in file.chunks(512) {
                assert!(sector.iter().all(|byte| *byte == sector[0]));
            }
            seen.insert([file[0], file[512], file[1024]]);
        }
        assert_eq!(seen.len(), 8, "{seen:?}");
    }
}
