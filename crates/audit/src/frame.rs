//! The bundle of a period: a line of text, then frames of one letter, a length and bytes, so that it can be written and
//! read with little memory however large it is (docs/proof-format.md).

use std::io::{self, Read, Write};

use crate::AuditError;
use crate::error::unreadable;

/// The first bytes of a bundle.
pub const MAGIC: &[u8] = b"zhangfang-bundle/1\n";
/// No frame is longer.
pub const FRAME_BYTES_MAX: u32 = 256 << 20;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Period, organisation and words for a person, JSON.
    Head,
    /// The signed checkpoint.
    Checkpoint,
    /// The prices, packed.
    Prices,
    /// The bytes of an act.
    Act,
    /// The bytes of the voucher of the act before it, or of an adopted one.
    Voucher,
    /// The bytes of an issued bill of the act before it.
    Bill,
    /// Nothing follows.
    End,
}

impl Kind {
    fn letter(self) -> u8 {
        match self {
            Kind::Head => b'H',
            Kind::Checkpoint => b'S',
            Kind::Prices => b'P',
            Kind::Act => b'A',
            Kind::Voucher => b'V',
            Kind::Bill => b'B',
            Kind::End => b'E',
        }
    }
    fn of(letter: u8) -> Option<Kind> {
        [Kind::Head, Kind::Checkpoint, Kind::Prices, Kind::Act, Kind::Voucher, Kind::Bill, Kind::End]
            .into_iter()
            .find(|kind| kind.letter() == letter)
    }
}

/// Writes a bundle.
pub struct Writer<W> {
    out: W,
    frames: u64,
}

impl<W: Write> Writer<W> {
    /// Begins a bundle.
    pub fn new(mut out: W) -> io::Result<Writer<W>> {
        out.write_all(MAGIC)?;
        Ok(Writer { out, frames: 0 })
    }
    /// Writes a frame.
    pub fn frame(&mut self, kind: Kind, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= FRAME_BYTES_MAX);
        let length = length.ok_or_else(|| io::Error::other("a frame is too long"))?;
        self.out.write_all(&[kind.letter()])?;
        self.out.write_all(&length.to_be_bytes())?;
        self.out.write_all(bytes)?;
        self.frames += 1;
        Ok(())
    }
    /// Ends the bundle; answers how many frames it has.
    pub fn end(mut self) -> io::Result<u64> {
        self.frame(Kind::End, &[])?;
        self.out.flush()?;
        Ok(self.frames)
    }
}

/// Reads a bundle frame by frame.
pub struct Reader<R> {
    input: R,
    frames: u64,
}

impl<R: Read> Reader<R> {
    /// Reads the first line; refuses what is no bundle.
    pub fn new(mut input: R) -> Result<Reader<R>, AuditError> {
        let mut magic = [0; MAGIC.len()];
        input.read_exact(&mut magic)?;
        if magic != MAGIC {
            return Err(unreadable("first line", "it is not zhangfang-bundle/1"));
        }
        Ok(Reader { input, frames: 0 })
    }
    /// The next frame; nothing after the last, which must be the end of the input.
    pub fn frame(&mut self) -> Result<Option<(Kind, Vec<u8>)>, AuditError> {
        let place = || format!("frame {}", self.frames);
        let mut head = [0; 5];
        self.input.read_exact(&mut head)?;
        let kind = Kind::of(head[0]).ok_or_else(|| unreadable(place(), "a frame of unknown kind"))?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        if length > FRAME_BYTES_MAX {
            return Err(unreadable(place(), "a frame that is too long"));
        }
        // Memory grows with what is there, not with what is claimed.
        let mut bytes = Vec::with_capacity((length as usize).min(1 << 16));
        let read = (&mut self.input).take(u64::from(length)).read_to_end(&mut bytes)?;
        if read != length as usize {
            return Err(unreadable(place(), "it breaks off"));
        }
        self.frames += 1;
        if kind == Kind::End {
            if length != 0 || self.input.read(&mut [0])? != 0 {
                return Err(unreadable(format!("frame {}", self.frames), "something follows the end"));
            }
            return Ok(None);
        }
        Ok(Some((kind, bytes)))
    }
}
