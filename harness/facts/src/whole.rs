//! Whether a file is whole, from a few of its bytes: an audit looks at thousands of files and
//! reads none of the large ones.

use crate::elf::{ElfClass, ElfIdent};

/// Where the section header table of an ELF file lies; `prefix` is at least its file header.
/// Compilers write it last, so a file that was cut off lacks it.
/// Source: System V gABI, chapter 4 (`e_shoff`, `e_shentsize`, `e_shnum`).
#[must_use]
pub fn section_headers(ident: &ElfIdent, prefix: &[u8]) -> Option<SectionHeaders> {
    let uint = |at: usize, size: usize| Some(ident.endian.uint(prefix.get(at..at + size)?));
    let (offset, entry, count) = match ident.class {
        ElfClass::Elf64 => (uint(0x28, 8)?, uint(0x3a, 2)?, uint(0x3c, 2)?),
        ElfClass::Elf32 => (uint(0x20, 4)?, uint(0x2e, 2)?, uint(0x30, 2)?),
    };
    Some(SectionHeaders { offset, entry, count })
}

/// The section header table of an ELF file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SectionHeaders {
    /// Where it begins; 0 for none. Units: bytes.
    pub offset: u64,
    /// Bytes of one entry.
    pub entry: u64,
    /// Entries; 0 where there are more than the header can say.
    pub count: u64,
}

impl SectionHeaders {
    /// Why a file of this length cannot be whole; none if it can. `start` is what stands at the
    /// beginning of the table: the empty first entry, and the second.
    #[must_use]
    pub fn damage(self, len: u64, start: &[u8]) -> Option<String> {
        let end = self.offset.saturating_add(self.entry.saturating_mul(self.count.max(1)));
        if self.offset == 0 {
            return Some("it has no section headers".to_owned());
        }
        if end > len {
            return Some(format!("it is cut off: its section headers end at {end} of {len} bytes"));
        }
        let second = usize::try_from(self.entry).ok().and_then(|entry| start.get(entry..));
        if self.count != 1 && second.is_none_or(|bytes| bytes.iter().all(|byte| *byte == 0)) {
            return Some("its section headers are empty".to_owned());
        }
        None
    }
}

/// Bytes of a top-level block of bitcode with its header, from the first eight bytes; none
/// where no block begins. The blocks of a whole file end where it ends.
///
/// Source: LLVM Bitcode File Format, "ENTER_SUBBLOCK": abbreviation id 1 in two bits, block id
/// (vbr8), width of the new ids (vbr4), alignment to 32 bits, length in words.
#[must_use]
pub fn bitcode_block(header: [u8; 8]) -> Option<u64> {
    const ENTER_SUBBLOCK: u8 = 1;
    let [first, _, _, _, length @ ..] = header;
    (first & 3 == ENTER_SUBBLOCK).then(|| 8 + 4 * u64::from(u32::from_le_bytes(length)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elf::{ObjectKind, kind};
    use proptest::prelude::*;

    /// The file header of a little-endian 64-bit object with 3 section headers at 0x100.
    fn header() -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[..8].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1, 1, 0]);
        bytes[0x10] = 1;
        bytes[0x14] = 1;
        bytes[0x29] = 1;
        bytes[0x3a] = 64;
        bytes[0x3c] = 3;
        bytes
    }

    fn damage(len: u64, start: &[u8]) -> Option<String> {
        let bytes = header();
        let ObjectKind::Elf(ident) = kind(&bytes) else { panic!("no ELF file") };
        section_headers(&ident, &bytes).unwrap().damage(len, start)
    }

    #[test]
    fn a_file_without_all_its_section_headers_is_cut_off() {
        let start = [vec![0; 64], vec![1; 64]].concat();
        assert_eq!(damage(0x100 + 192, &start), None);
        assert!(damage(0x100 + 191, &start).unwrap().contains("cut off"));
        assert!(damage(0x100 + 192, &[0; 128]).unwrap().contains("empty"));
    }

    #[test]
    fn a_block_of_bitcode_says_how_long_it_is() {
        // Identification block: id 13, width 5, two words.
        assert_eq!(bitcode_block([0x35, 0x14, 0, 0, 2, 0, 0, 0]), Some(16));
        assert_eq!(bitcode_block([0; 8]), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..80), len in any::<u64>()) {
            let mut bytes = bytes;
            let known = [0x7f, b'E', b'L', b'F'];
            for (slot, byte) in bytes.iter_mut().zip(known) { *slot = byte; }
            if let ObjectKind::Elf(ident) = kind(&bytes)
                && let Some(headers) = section_headers(&ident, &bytes)
            {
                let _ = headers.damage(len, &bytes);
            }
        }
    }
}
