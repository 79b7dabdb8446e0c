//! What an `.xlsx` file unpacks to, measured by unpacking every part once into nothing: the sizes that a zip file
//! declares of itself may be false, and what its parts declare of themselves makes readers set memory aside.

use std::io::{self, BufReader, Read, Seek, Write};

use crate::limits::{PARTS_MAX, UNPACKED_BYTES_MAX, UNPACKED_PART_BYTES_MAX};
use crate::{Error, Result};

/// Refuses a workbook that unpacks to more than the limits.
pub(crate) fn check(file: &str, content: &mut (impl Read + Seek)) -> Result<()> {
    let broken =
        |reason: String| Error::Workbook { file: file.into(), reason: reason.chars().take(200).collect() };
    let too_much = |part: &str, max: u64| Error::Unpacked {
        file: file.into(),
        part: part.chars().take(80).collect(),
        max,
    };
    let mut archive =
        zip::ZipArchive::new(BufReader::new(content)).map_err(|error| broken(error.to_string()))?;
    if archive.len() > PARTS_MAX {
        return Err(too_much("zip", PARTS_MAX as u64));
    }
    let mut left = UNPACKED_BYTES_MAX;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|error| broken(error.to_string()))?;
        let name = part.name().map_err(|error| broken(error.to_string()))?.into_owned();
        let place = name.to_ascii_lowercase();
        let max = if place.starts_with("xl/worksheets/") { left } else { left.min(UNPACKED_PART_BYTES_MAX) };
        let mut measure = Measure::default();
        let length =
            io::copy(&mut part.take(max + 1), &mut measure).map_err(|error| broken(error.to_string()))?;
        if length > max {
            return Err(too_much(&name, max));
        }
        // A string takes at least `<si></si>`.
        if place.ends_with("sharedstrings.xml") && (measure.declared > length / 8 || measure.nul) {
            return Err(broken(format!("{name} declares more than it holds")));
        }
        left -= length;
    }
    Ok(())
}

/// The attribute by which a string table says how many strings it holds.
const DECLARATION: &[u8] = b"uniqueCount";

/// Notes, in what passes through, the largest number that follows [`DECLARATION`].
#[derive(Default)]
struct Measure {
    /// How much of the attribute's name has passed.
    matched: usize,
    number: Option<u64>,
    declared: u64,
    /// A byte of zero: no text of an encoding in which the declaration could be seen.
    nul: bool,
}

impl Measure {
    fn pass(&mut self, byte: u8) {
        self.nul |= byte == 0;
        if self.matched < DECLARATION.len() {
            let next = if byte == DECLARATION[self.matched] { self.matched + 1 } else { 0 };
            self.matched = if next == 0 { usize::from(byte == DECLARATION[0]) } else { next };
            return;
        }
        match (byte, self.number) {
            (b'0'..=b'9', number) => {
                let number = number.unwrap_or(0).saturating_mul(10).saturating_add(u64::from(byte - b'0'));
                self.number = Some(number);
                self.declared = self.declared.max(number);
            }
            (b'=' | b'"' | b'\'' | b'+' | b' ' | b'\t' | b'\r' | b'\n', None) => {}
            _ => {
                self.matched = usize::from(byte == DECLARATION[0]);
                self.number = None;
            }
        }
    }
}

impl Write for Measure {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        bytes.iter().for_each(|byte| self.pass(*byte));
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_seen_wherever_they_stand() {
        let cases = [
            ("<sst count=\"5\" uniqueCount=\"3\"><si/></sst>", 3),
            ("<sst uniqueCount \n = '99999999999999999999999'>", u64::MAX),
            ("<sst a=\"uniq\"uniqueCount=\"7\">", 7),
            ("<sst uniqueCount=\"x\"><b uniqueCount=\"12\"/>", 12),
            ("<sst count=\"5\">uniqueCount</sst>", 0),
            ("", 0),
        ];
        for (text, declared) in cases {
            for chunk in [1, 4, 100] {
                let mut measure = Measure::default();
                text.as_bytes().chunks(chunk).for_each(|part| measure.write_all(part).unwrap());
                assert_eq!((measure.declared, measure.nul), (declared, false), "{text}");
            }
        }
    }
}
