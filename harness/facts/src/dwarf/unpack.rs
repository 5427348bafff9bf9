//! Compressed debug sections.

use super::DwarfError;
use crate::elf::{ElfClass, Image};
use std::borrow::Cow;
use std::io::Read;

/// What all compressed sections of a file may come to; units: bytes, and bytes for each byte of the
/// file. Those of kernels come to 4 for one. A size that a file merely claims must not decide how
/// much memory is asked for.
const FREE: u64 = 64 << 10;
const EACH: u64 = 16;
/// The window that a zstd stream may ask for in any file: that of the compressor's usual level where
/// it does not know the size before (zstd 1.5, level 3). Units: bytes.
const WINDOW: u64 = 2 << 20;

/// How much may still be unpacked of one file.
pub(super) struct Budget(u64);

impl Budget {
    pub(super) fn of(file: &[u8]) -> Self {
        Self((file.len() as u64).saturating_mul(EACH).saturating_add(FREE))
    }

    /// Takes the size that a header claims out of what is left.
    pub(super) fn take(&mut self, size: u64) -> Result<(), &'static str> {
        self.0 = self.0.checked_sub(size).ok_or("it claims to hold more than the file is worth")?;
        Ok(())
    }
}

/// Bytes as they stand in the file, or how they were packed.
enum Packed<'a> {
    No,
    Zlib(u64, &'a [u8]),
    Zstd(u64, &'a [u8]),
}

/// The bytes of a section without its compression.
///
/// Source: System V gABI, "Section Compression" (`SHF_COMPRESSED`, `Elf32_Chdr`, `Elf64_Chdr`); the
/// older form of GNU, `.zdebug_*`, has `ZLIB` and the size as eight big-endian bytes.
pub(super) fn unpacked<'a>(
    image: &Image<'a>,
    index: usize,
    budget: &mut Budget,
) -> Result<Cow<'a, [u8]>, DwarfError> {
    let name = image.sections.get(index).map(|it| it.name.clone()).unwrap_or_default();
    let bad = |why: &str| DwarfError::Compressed { section: name.to_string(), why: why.to_owned() };
    let (size, bytes) = match packed(image, index).map_err(bad)? {
        Packed::No => return Ok(Cow::Borrowed(image.data(index))),
        Packed::Zlib(size, packed) => {
            budget.take(size).map_err(bad)?;
            (size, zlib(packed, size))
        }
        Packed::Zstd(size, packed) => {
            budget.take(size).map_err(bad)?;
            (size, zstd(packed, size))
        }
    };
    let bytes = bytes.map_err(|error| bad(&error.to_string()))?;
    if bytes.len() as u64 != size {
        return Err(bad("it does not hold as much as its header says"));
    }
    Ok(Cow::Owned(bytes))
}

fn packed<'a>(image: &Image<'a>, index: usize) -> Result<Packed<'a>, &'static str> {
    let data = image.data(index);
    let Some(section) = image.sections.get(index) else {
        return Ok(Packed::No);
    };
    if section.flags.compressed() {
        let short = "it ends before its compression header";
        // Elf64_Chdr has four reserved bytes after the method.
        let (at, size, header) = match image.ident.class {
            ElfClass::Elf32 => (4, 4, 12),
            ElfClass::Elf64 => (8, 8, 24),
        };
        let field = |at: usize, size: usize| data.get(at..at + size).ok_or(short);
        let method = image.ident.endian.uint(field(0, 4)?);
        let size = image.ident.endian.uint(field(at, size)?);
        let rest = data.get(header..).ok_or(short)?;
        return match method {
            1 => Ok(Packed::Zlib(size, rest)),
            2 => Ok(Packed::Zstd(size, rest)),
            _ => Err("its method of compression is not known"),
        };
    }
    if section.name.starts_with(".zdebug_") {
        let rest = data.strip_prefix(b"ZLIB").and_then(|rest| rest.split_first_chunk::<8>());
        let (size, rest) = rest.ok_or("it does not begin with ZLIB and a size")?;
        return Ok(Packed::Zlib(u64::from_be_bytes(*size), rest));
    }
    Ok(Packed::No)
}

fn zlib(packed: &[u8], size: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    flate2::bufread::ZlibDecoder::new(packed)
        .take(size.saturating_add(1))
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A stream may consist of several frames.
fn zstd(mut packed: &[u8], size: u64) -> std::io::Result<Vec<u8>> {
    use ruzstd::decoding::StreamingDecoder;
    let mut bytes = Vec::new();
    while !packed.is_empty() && bytes.len() as u64 <= size {
        let window = size.max(WINDOW);
        let frame = StreamingDecoder::new_with_max_window_size(&mut packed, window);
        let frame = frame.map_err(std::io::Error::other)?;
        let left = size.saturating_add(1).saturating_sub(bytes.len() as u64);
        frame.take(left).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}
