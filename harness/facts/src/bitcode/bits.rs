use thiserror::Error;

/// Widest fixed field and widest VBR chunk that LLVM writes or reads; units: bits.
pub(super) const MAX_WIDTH: u64 = 32;

/// What can be wrong with bits, whatever they should mean. The block adds where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum Fault {
    #[error("it ends inside a record")]
    End,
    #[error("a number has more than 64 bits")]
    Number,
    #[error("a field of {0} bits")]
    Width(u64),
    #[error("an abbreviation with an unknown encoding {0}")]
    Encoding(u64),
    #[error("an abbreviation with {0} fields")]
    Fields(u64),
    #[error("an abbreviation whose array or blob stands in the wrong place")]
    Shape,
    #[error("abbreviation {0} is not defined")]
    Abbreviation(u64),
    #[error("abbreviations for no block")]
    NoTarget,
}

/// Reads bits from the lowest of the first byte on, never past its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    /// The next bit; units: bits from the start of `bytes`.
    at: u64,
    /// One past the last readable bit; at most the size of `bytes`.
    end: u64,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, end: bytes.len() as u64 * 8 }
    }

    pub(super) fn at(&self) -> u64 {
        self.at
    }

    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Goes to a bit; one past the end is found out by the next read.
    pub(super) fn jump(&mut self, at: u64) {
        self.at = at.min(self.end);
    }

    /// The same bits up to `end`, which lies inside.
    pub(super) fn until(&self, end: u64) -> Self {
        Self { end: end.min(self.end), ..*self }
    }

    pub(super) fn skip(&mut self, bits: u64) -> Result<(), Fault> {
        let at = self.at.checked_add(bits).filter(|at| *at <= self.end).ok_or(Fault::End)?;
        self.at = at;
        Ok(())
    }

    /// Goes to the next multiple of 32 bits, where blocks and blobs start and end.
    pub(super) fn align(&mut self) -> Result<(), Fault> {
        self.skip(self.at.wrapping_neg() & 31)
    }

    /// A number of at most [`MAX_WIDTH`] bits.
    pub(super) fn fixed(&mut self, width: u32) -> Result<u64, Fault> {
        let start = self.at;
        self.skip(width.into())?;
        let byte = usize::try_from(start / 8).map_err(|_| Fault::End)?;
        let rest = self.bytes.get(byte..).unwrap_or_default();
        let word = match rest.first_chunk() {
            Some(word) => u64::from_le_bytes(*word),
            // The last seven bytes of the file.
            None => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
        };
        Ok((word >> (start % 8)) & ((1 << width) - 1))
    }

    /// A number in chunks of `width` bits, the highest of which says that another follows.
    pub(super) fn vbr(&mut self, width: u32) -> Result<u64, Fault> {
        match self.short_vbr(width) {
            Some(value) => Ok(value),
            None => self.long_vbr(width),
        }
    }

    /// The same where all chunks stand in one word, as nearly all do: texts are records of them.
    fn short_vbr(&mut self, width: u32) -> Option<u64> {
        /// Bits of a word of eight bytes that are there wherever in a byte it begins.
        const WHOLE: u32 = 57;
        let rest = self.bytes.get(usize::try_from(self.at / 8).ok()?..)?;
        let mut word = u64::from_le_bytes(*rest.first_chunk()?) >> (self.at % 8);
        let more = 1 << (width - 1);
        let (mut value, mut chunks) = (0, 0);
        while (chunks + 1) * width <= WHOLE {
            value |= (word & (more - 1)) << (chunks * (width - 1));
            chunks += 1;
            if word & more == 0 {
                self.skip((chunks * width).into()).ok()?;
                return Some(value);
            }
            word >>= width;
        }
        None
    }

    fn long_vbr(&mut self, width: u32) -> Result<u64, Fault> {
        let more = 1 << (width - 1);
        let first = self.fixed(width)?;
        if first & more == 0 {
            return Ok(first);
        }
        let (mut value, mut shift) = (first & (more - 1), width - 1);
        loop {
            let chunk = self.fixed(width)?;
            let bits = chunk & (more - 1);
            // Zeros beyond the top are no bits of the number.
            match bits.checked_shl(shift) {
                Some(high) if high >> shift == bits => value |= high,
                _ if bits == 0 => {}
                _ => return Err(Fault::Number),
            }
            if chunk & more == 0 {
                return Ok(value);
            }
            shift = shift.saturating_add(width - 1);
        }
    }

    /// Whole bytes from here; `self` is at a multiple of eight bits.
    pub(super) fn bytes(&mut self, count: u64) -> Result<&'a [u8], Fault> {
        let start = self.at / 8;
        self.skip(count.checked_mul(8).ok_or(Fault::End)?)?;
        let range = usize::try_from(start).ok().zip(usize::try_from(self.at / 8).ok());
        range.and_then(|(start, end)| self.bytes.get(start..end)).ok_or(Fault::End)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_lowest_first() {
        let mut bits = Cursor::new(&[0b1010_0110, 0xff, 0x01]);
        assert_eq!([1, 3, 4, 9].map(|width| bits.fixed(width)), [Ok(0), Ok(3), Ok(10), Ok(0x1ff)]);
        assert_eq!((bits.fixed(0), bits.fixed(8), bits.at()), (Ok(0), Err(Fault::End), 17));
    }

    #[test]
    fn a_chunked_number_is_put_together() {
        // 1000 in chunks of six: 01000 and more, 11111.
        let mut bits = Cursor::new(&[0b1110_1000, 0b0000_0111]);
        assert_eq!(bits.vbr(6), Ok(1000));
        assert_eq!(Cursor::new(&[0xff; 40]).vbr(6), Err(Fault::Number));
        assert_eq!(Cursor::new(&[0xff; 4]).vbr(6), Err(Fault::End));
        let all = [[0xff; 9].as_slice(), &[0x01]].concat();
        assert_eq!(Cursor::new(&all).vbr(8), Ok(u64::MAX));
        let more = [[0xff; 9].as_slice(), &[0x02]].concat();
        assert_eq!(Cursor::new(&more).vbr(8), Err(Fault::Number));
    }

    #[test]
    fn nothing_is_read_past_the_end() {
        let whole = Cursor::new(&[0; 8]);
        let mut part = whole.until(16);
        assert_eq!(part.bytes(3), Err(Fault::End));
        assert_eq!(part.bytes(u64::MAX), Err(Fault::End));
        assert_eq!(part.bytes(2), Ok([0; 2].as_slice()));
        part.jump(u64::MAX);
        assert_eq!((part.at(), part.fixed(1)), (16, Err(Fault::End)));
    }
}
