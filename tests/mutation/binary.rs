//! Places in bitcode and in archives.

use super::{Choice, Place};
use std::ops::Range;

/// Blocks of a bitcode file at its outermost level, by LLVM's block ids (`LLVMBitCodes.h`).
const BLOCKS: [(u32, &str); 6] = [
    (8, "module block"),
    (13, "identification block"),
    (20, "summary block of its own"),
    (23, "string table"),
    (24, "summary block of full LTO"),
    (25, "symbol table"),
];

/// The words of each outermost block. A stream starts with its magic number, and each outermost
/// block with an abbreviation id of two bits, a block id of eight, the width of the abbreviation
/// ids in it, and, at the next word, its length in words.
pub(crate) fn bitcode(bytes: &[u8]) -> Vec<Place> {
    let word =
        |at: usize| bytes.get(at..at + 4).map(|it| u32::from_le_bytes(it.try_into().unwrap()));
    let mut places = vec![Place::bits("magic", "", 0..4)];
    let mut at = 4;
    while let (Some(head), Some(length)) = (word(at), word(at + 4)) {
        let id = head >> 2 & 0xff;
        let name = BLOCKS.iter().find(|(known, _)| *known == id).map_or("other block", |it| it.1);
        let end = (at + 8 + 4 * length as usize).min(bytes.len());
        places.push(Place::bits(format!("head of {name}"), "", at..at + 8));
        if at + 8 < end {
            places.push(Place::bits(format!("content of {name}"), "", at + 8..end));
        }
        at = end;
    }
    if at < bytes.len() {
        places.push(Place::bits("bytes after the last block", "", at..bytes.len()));
    }
    places
}

/// Fields of a member's header in an `ar` archive.
const MEMBER: [(&str, usize, usize); 7] = [
    ("name", 0, 16),
    ("date", 16, 12),
    ("owner", 28, 6),
    ("group", 34, 6),
    ("permissions", 40, 8),
    ("size", 48, 10),
    ("end of header", 58, 2),
];

/// Headers, symbol index, names and, where the members are there, their contents.
pub(crate) fn archive(bytes: &[u8]) -> Vec<Place> {
    let thin = bytes.starts_with(b"!<thin>");
    let mut places = vec![Place::bits("magic", "", 0..8)];
    let mut at = 8;
    while at + 60 <= bytes.len() {
        let field = |range: Range<usize>| {
            String::from_utf8_lossy(&bytes[at + range.start..at + range.end]).trim().to_owned()
        };
        let (name, size) = (field(0..16), field(48..58).parse().unwrap_or(0));
        for (field, from, width) in MEMBER {
            let used = field != "name" || name.len() > 1;
            if used {
                let at = at + from..at + from + width;
                places.push(Place::bits(format!("member {field}"), "", at));
            }
        }
        let content = at + 60..(at + 60 + size).min(bytes.len());
        let what = match name.as_str() {
            "/" | "/SYM64/" => Some("symbol index"),
            "//" => Some("names of members"),
            _ if thin => None,
            _ => Some("content of members"),
        };
        match what {
            Some(what) if !content.is_empty() => {
                let choice = Choice::Bit { at: content.clone(), mask: 0xff };
                places.push(Place { what: what.to_owned(), name: String::new(), choice });
                at = content.end + content.end % 2;
            }
            _ => at += 60,
        }
    }
    places
}
