use super::bits::{Cursor, Fault, MAX_WIDTH};
use super::record::Record;

/// Most fields that an abbreviation may have. LLVM's own have some twenty; without a limit a small
/// file could ask for the time of a huge one, as fields that are constants take no bits.
const MAX_FIELDS: u64 = 256;

/// How the fields of a record are written.
///
/// Source of the format: the LLVM Bitcode File Format, "Abbreviations".
#[derive(Debug, Clone)]
pub(super) struct Abbrev {
    /// The first is the record's code.
    fields: Vec<Field>,
    /// What takes the rest of the record.
    rest: Rest,
}

#[derive(Debug, Clone, Copy)]
enum Field {
    Literal(u64),
    Scalar(Scalar),
}

#[derive(Debug, Clone, Copy)]
enum Scalar {
    Fixed(u32),
    Vbr(u32),
    Char6,
}

#[derive(Debug, Clone, Copy)]
enum Rest {
    Nothing,
    Array(Scalar),
    Blob,
}

/// A field as it is defined.
enum Defined {
    Field(Field),
    Array,
    Blob,
}

impl Abbrev {
    /// Reads a definition, the abbreviation id `DEFINE_ABBREV` already behind.
    pub(super) fn read(bits: &mut Cursor<'_>) -> Result<Self, Fault> {
        let count = bits.vbr(5)?;
        if count == 0 || count > MAX_FIELDS {
            return Err(Fault::Fields(count));
        }
        let mut abbrev = Self { fields: Vec::new(), rest: Rest::Nothing };
        let mut left = count;
        while left > 0 {
            left -= 1;
            match defined(bits)? {
                Defined::Field(field) => abbrev.fields.push(field),
                Defined::Array if left == 1 => match defined(bits)? {
                    // An element of no bits would let a few bytes stand for any number of them.
                    Defined::Field(Field::Scalar(element)) => {
                        abbrev.rest = Rest::Array(element);
                        left = 0;
                    }
                    _ => return Err(Fault::Shape),
                },
                Defined::Blob if left == 0 => abbrev.rest = Rest::Blob,
                Defined::Array | Defined::Blob => return Err(Fault::Shape),
            }
        }
        // The code is never an array or a blob.
        if abbrev.fields.is_empty() { Err(Fault::Shape) } else { Ok(abbrev) }
    }

    /// Reads a record written this way; keeps its first `limit` operands.
    pub(super) fn record<'a>(
        &self,
        bits: &mut Cursor<'a>,
        record: &mut Record<'a>,
        limit: usize,
    ) -> Result<(), Fault> {
        let mut fields = self.fields.iter();
        let code = fields.next().ok_or(Fault::Shape)?.read(bits)?;
        record.start(code);
        for field in fields {
            record.push(field.read(bits)?, limit);
        }
        match self.rest {
            Rest::Nothing => {}
            Rest::Array(element) => array(element, bits, record, limit)?,
            Rest::Blob => {
                let size = bits.vbr(6)?;
                bits.align()?;
                record.blob = bits.bytes(size)?;
                bits.align()?;
            }
        }
        Ok(())
    }
}

fn array(
    element: Scalar,
    bits: &mut Cursor<'_>,
    record: &mut Record<'_>,
    limit: usize,
) -> Result<(), Fault> {
    let mut left = bits.vbr(6)?;
    // Only what is kept needs to be looked at where all elements have one size.
    let width = match element {
        Scalar::Fixed(width) => Some(width),
        Scalar::Char6 => Some(6),
        Scalar::Vbr(_) => None,
    };
    while left > 0 {
        if let Some(width) = width.filter(|_| record.operands.len() >= limit) {
            bits.skip(left.checked_mul(width.into()).ok_or(Fault::End)?)?;
            record.count = record.count.saturating_add(left);
            return Ok(());
        }
        record.push(element.read(bits)?, limit);
        left -= 1;
    }
    Ok(())
}

fn defined(bits: &mut Cursor<'_>) -> Result<Defined, Fault> {
    if bits.fixed(1)? == 1 {
        return Ok(Defined::Field(Field::Literal(bits.vbr(8)?)));
    }
    let encoding = bits.fixed(3)?;
    let field = match encoding {
        1 | 2 => {
            let width = bits.vbr(5)?;
            match u32::try_from(width) {
                // LLVM reads a field of no bits as the constant zero.
                Ok(0) => Field::Literal(0),
                // The only chunk that could hold no bit of the number.
                Ok(1) if encoding == 2 => return Err(Fault::Width(width)),
                Ok(small) if width <= MAX_WIDTH => Field::Scalar(match encoding {
                    1 => Scalar::Fixed(small),
                    _ => Scalar::Vbr(small),
                }),
                _ => return Err(Fault::Width(width)),
            }
        }
        3 => return Ok(Defined::Array),
        4 => Field::Scalar(Scalar::Char6),
        5 => return Ok(Defined::Blob),
        other => return Err(Fault::Encoding(other)),
    };
    Ok(Defined::Field(field))
}

impl Field {
    fn read(self, bits: &mut Cursor<'_>) -> Result<u64, Fault> {
        match self {
            Self::Literal(value) => Ok(value),
            Self::Scalar(scalar) => scalar.read(bits),
        }
    }
}

impl Scalar {
    fn read(self, bits: &mut Cursor<'_>) -> Result<u64, Fault> {
        match self {
            Self::Fixed(width) => bits.fixed(width),
            Self::Vbr(width) => bits.vbr(width),
            Self::Char6 => bits.fixed(6).map(char6),
        }
    }
}

/// `a`–`z`, `A`–`Z`, `0`–`9`, `.`, `_`.
fn char6(value: u64) -> u64 {
    match value {
        0..=25 => u64::from(b'a') + value,
        26..=51 => u64::from(b'A') + value - 26,
        52..=61 => u64::from(b'0') + value - 52,
        62 => u64::from(b'.'),
        _ => u64::from(b'_'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_bits_are_a_letter() {
        let all: String = (0..64).map(|it| char::from(char6(it) as u8)).collect();
        assert_eq!(all, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._");
    }

    /// Packs (value, width) pairs, lowest bit first.
    fn pack(fields: &[(u64, u32)]) -> Vec<u8> {
        let mut bits = Vec::new();
        for (value, width) in fields {
            bits.extend((0..*width).map(|bit| value >> bit & 1 == 1));
        }
        let byte =
            |bits: &[bool]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        bits.chunks(8).map(byte).collect()
    }

    fn read(fields: &[(u64, u32)]) -> Result<Abbrev, Fault> {
        Abbrev::read(&mut Cursor::new(&pack(fields)))
    }

    #[test]
    fn an_abbreviation_reads_its_record() {
        // Literal 7, fixed 3, vbr 4, array of char6.
        let definition = [(5, 5), (1, 1), (7, 8), (0, 1), (1, 3), (3, 5), (0, 1), (2, 3), (4, 5)];
        let array = [(0, 1), (3, 3), (0, 1), (4, 3)];
        let content = [(5, 3), (0b1001, 4), (1, 4), (2, 6), (0, 6), (27, 6)];
        let bytes = pack(&[&definition[..], &array, &content].concat());
        for (limit, kept) in [(9, vec![5, 9, 97, 66]), (1, vec![5]), (3, vec![5, 9, 97])] {
            let mut bits = Cursor::new(&bytes);
            let mut record = Record::default();
            Abbrev::read(&mut bits).unwrap().record(&mut bits, &mut record, limit).unwrap();
            assert_eq!((record.code, record.operands, record.count), (7, kept, 4));
            assert_eq!(bits.at(), 5 + 9 + 9 + 9 + 4 + 4 + 29);
        }
    }

    #[test]
    fn what_could_repeat_without_end_is_refused() {
        let literal = [(1, 1), (7, 8)];
        let array = [(0, 1), (3, 3)];
        let nothing = [(0, 1), (1, 3), (0, 5)];
        let after = |count, rest: &[&[(u64, u32)]]| {
            read(&[&[(count, 5)], &literal[..], &rest.concat()].concat()).unwrap_err()
        };
        assert_eq!(after(3, &[&array, &nothing]), Fault::Shape);
        assert_eq!(after(3, &[&array, &literal]), Fault::Shape);
        assert_eq!(after(2, &[&array]), Fault::Shape);
        assert_eq!(after(2, &[&[(0, 1), (2, 3), (1, 5)]]), Fault::Width(1));
        assert_eq!(after(2, &[&[(0, 1), (1, 3), (0b10001, 5), (2, 5)]]), Fault::Width(33));
        assert_eq!(after(2, &[&[(0, 1), (6, 3)]]), Fault::Encoding(6));
        assert_eq!(read(&[(0, 5)]).unwrap_err(), Fault::Fields(0));
    }
}
