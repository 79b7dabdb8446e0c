//! Small random changes of examples: what a torn file, a careless hand or an attacker makes of a good input.

use fastrand::Rng;

/// No input grows beyond this.
const LENGTH_MAX: usize = 64 << 10;

/// Makes inputs from examples and words of the format.
pub struct Mutator {
    random: Rng,
    examples: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
}

impl Mutator {
    /// For these examples; the same seed makes the same inputs.
    pub fn new(seed: u64, examples: Vec<Vec<u8>>) -> Mutator {
        let mut words: Vec<Vec<u8>> = [
            "0",
            "-1",
            "9223372036854775807",
            "9223372036854775808",
            "1e308",
            "\u{feff}",
            "\r\n",
            "\0",
            "=",
            "\"",
            "[[",
            "é",
            "电",
            "—",
        ]
        .iter()
        .map(|word| word.as_bytes().to_vec())
        .collect();
        // The format's own words: pieces of the examples between separators.
        for example in &examples {
            let pieces = example.split(|byte| !byte.is_ascii_alphanumeric() && *byte < 0x80);
            words.extend(pieces.filter(|piece| (2..24).contains(&piece.len())).take(200).map(<[u8]>::to_vec));
        }
        Mutator { random: Rng::with_seed(seed), examples, words }
    }
    /// The next input: an example with one to eight changes, sometimes nothing but noise.
    pub fn input(&mut self) -> Vec<u8> {
        let mut bytes = match self.random.choice(&self.examples) {
            Some(example) if self.random.u8(..) > 4 => example.clone(),
            _ => (0..self.random.usize(..200)).map(|_| self.random.u8(..)).collect(),
        };
        for _ in 0..self.random.usize(1..=8) {
            self.change(&mut bytes);
        }
        bytes.truncate(LENGTH_MAX);
        bytes
    }
    fn change(&mut self, bytes: &mut Vec<u8>) {
        let at = self.random.usize(..=bytes.len());
        let end = (at + self.random.usize(..=32)).min(bytes.len());
        match self.random.u8(..9) {
            0 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << self.random.u8(..8);
                }
            }
            1 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = self.random.u8(..);
                }
            }
            2 => {
                bytes.drain(at..end);
            }
            3 => bytes.truncate(at),
            4 => {
                let copied = bytes[at..end].to_vec();
                let to = self.random.usize(..=bytes.len());
                bytes.splice(to..to, copied);
            }
            5 => {
                if let Some(word) = self.random.choice(&self.words).cloned() {
                    bytes.splice(at..at, word);
                }
            }
            6 => {
                if let Some(word) = self.random.choice(&self.words).cloned() {
                    bytes.splice(at..end, word);
                }
            }
            7 => {
                // The beginning of this, the end of another.
                if let Some(other) = self.random.choice(&self.examples).cloned() {
                    let from = self.random.usize(..=other.len());
                    bytes.truncate(at);
                    bytes.extend_from_slice(&other[from..]);
                }
            }
            _ => {
                let byte = self.random.u8(..);
                let count = self.random.usize(1..=64);
                bytes.splice(at..at, std::iter::repeat_n(byte, count));
            }
        }
    }
}
