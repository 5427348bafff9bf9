use super::row::{Reader, Row, only};
use super::{TableEntry, TableSymbol};
use crate::elf::place::Encoding;
use twinlto_model::Arch;

/// The feature and the lengths of old and new code, with the code that is patched and, on arm64, the
/// callback that patches it; in detail, on x86_64 and arm64, the new code.
///
/// Source: `struct alt_instr` in `arch/{x86,arm64,loongarch}/include/asm/alternative.h`, `struct
/// alt_entry` in riscv's, Linux 7.3. x86 had no flags before 6.3; riscv had addresses, which are
/// refused: they lead to no code.
pub(super) fn read(reader: &Reader<'_, '_>) -> Result<Vec<TableEntry>, String> {
    let mut spans = reader.sections(".altinstructions");
    spans.extend(reader.sections(".alternative"));
    let spans = reader.spans(spans);
    if spans.is_empty() {
        return Ok(Vec::new());
    }
    match reader.arch()? {
        Arch::X86_64 => only(vec![
            ("entries with flags", spans.each(14, |row| x86(row, true))),
            ("entries without flags", spans.each(12, |row| x86(row, false))),
        ]),
        Arch::Arm64 => spans.each(12, arm64),
        Arch::Loongarch => spans.each(12, |row| {
            Ok(TableEntry {
                fact: format!("feature {}{}", row.uint(8, 2)?, lengths(row, 10)?),
                symbols: replaced(row, row.uint(11, 1)?)?,
                detail: String::new(),
            })
        }),
        Arch::Riscv => spans.each(16, |row| {
            let (vendor, length, patch) = (row.uint(8, 2)?, row.uint(10, 2)?, row.uint(12, 4)?);
            Ok(TableEntry {
                fact: format!("vendor {vendor:#x} patch {patch}, {length} bytes"),
                symbols: replaced(row, length)?,
                detail: String::new(),
            })
        }),
    }
}

/// `X86_FEATURE_*` is `word * 32 + bit`.
fn x86(row: &Row<'_, '_, '_, '_>, with_flags: bool) -> Result<TableEntry, String> {
    let number = row.uint(8, 2)?;
    let (number, flags) = if with_flags {
        (number, row.uint(10, 2)?)
    } else {
        // ALTINSTR_FLAG_INV
        (number & 0x7fff, number >> 15)
    };
    // Bit 0 is ALT_FLAG_NOT, bit 1 ALT_FLAG_DIRECT_CALL; kernels to 7.3 have no others.
    let flags = match flags {
        0 => "",
        1 => " not",
        2 => " direct-call",
        3 => " not direct-call",
        other => return Err(format!("flags {other:#x}")),
    };
    let at = if with_flags { 12 } else { 10 };
    let feature = format!("feature {}*32+{}", number / 32, number % 32);
    Ok(TableEntry {
        fact: format!("{feature}{flags}{}", lengths(row, at)?),
        symbols: replaced(row, row.uint(at + 1, 1)?)?,
        detail: x86_code(row, row.uint(at + 1, 1)?)?,
    })
}

fn arm64(row: &Row<'_, '_, '_, '_>) -> Result<TableEntry, String> {
    // ARM64_CB_BIT: the second pointer leads to a function that does the patching.
    const CALLBACK: u64 = 0x8000;
    let number = row.uint(8, 2)?;
    let mut symbols = replaced(row, row.uint(11, 1)?)?;
    let callback = number & CALLBACK != 0;
    if callback {
        symbols.push(row.function(4, Encoding::Prel32)?);
    }
    let detail = if callback { String::new() } else { arm64_code(row, row.uint(11, 1)?)? };
    let kind = if callback { " callback" } else { "" };
    let fact = format!("cpucap {}{kind}{}", number & !CALLBACK, lengths(row, 10)?);
    Ok(TableEntry { fact, symbols, detail })
}

/// `, 5 to 3 bytes`: two lengths of a byte each at `at`.
fn lengths(row: &Row<'_, '_, '_, '_>, at: u64) -> Result<String, String> {
    Ok(format!(", {} to {} bytes", row.uint(at, 1)?, row.uint(at + 1, 1)?))
}

/// The code to patch. That which replaces it must be code too, if there is any.
fn replaced(row: &Row<'_, '_, '_, '_>, length: u64) -> Result<Vec<TableSymbol>, String> {
    if length != 0 {
        row.code(4, Encoding::Prel32)?;
    }
    Ok(vec![row.code(0, Encoding::Prel32)?])
}

/// The code that replaces other code, in which a distance of 32 bits that leads into the image stands
/// as what it leads to. No disassembler tells where such distances are: they follow the opcodes of
/// calls and jumps and every ModRM byte with mod 0 and r/m 5 (Intel SDM, volume 2, chapter 2).
fn x86_code(row: &Row<'_, '_, '_, '_>, length: u64) -> Result<String, String> {
    if length == 0 {
        return Ok(String::new());
    }
    let (start, bytes) = row.code_bytes(4, Encoding::Prel32, length)?;
    let mut text = String::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let before = |back: usize| at.checked_sub(back).and_then(|at| bytes.get(at)).copied();
        let follows = match (before(2), before(1)) {
            (_, Some(0xe8 | 0xe9)) | (Some(0x0f), Some(0x80..=0x8f)) => true,
            (_, Some(modrm)) => modrm & 0xc7 == 0x05,
            _ => false,
        };
        let far = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()).filter(|_| follows);
        let target = far.map(|far| {
            let next = start.wrapping_add(at as u64).wrapping_add(4);
            next.wrapping_add(i64::from(i32::from_le_bytes(*far)) as u64)
        });
        match target.and_then(|target| row.loaded_at(target)) {
            Some(place) => {
                text.push_str(&format!("[{place}]"));
                at += 4;
            }
            None => {
                text.push_str(&format!("{byte:02x}"));
                at += 1;
            }
        }
    }
    Ok(text)
}

/// The instructions that replace others, without what they say of distances.
fn arm64_code(row: &Row<'_, '_, '_, '_>, length: u64) -> Result<String, String> {
    if length == 0 {
        return Ok(String::new());
    }
    let (_, bytes) = row.code_bytes(4, Encoding::Prel32, length)?;
    let words =
        bytes.chunks_exact(4).filter_map(|word| Some(u32::from_le_bytes(word.try_into().ok()?)));
    Ok(words.map(|word| format!("{:08x}", word & !distance(word))).collect())
}

/// The bits of an instruction that are a distance from it, by the groups "Branches, exception
/// generating and system instructions", "PC-rel. addressing" and "Load register (literal)" of the
/// Arm Architecture Reference Manual (DDI 0487).
const fn distance(word: u32) -> u32 {
    match word {
        // B, BL
        _ if word & 0x7c00_0000 == 0x1400_0000 => 0x03ff_ffff,
        // B.cond; CBZ, CBNZ; LDR (literal)
        _ if word & 0xff00_0000 == 0x5400_0000
            || word & 0x7e00_0000 == 0x3400_0000
            || word & 0x3b00_0000 == 0x1800_0000 =>
        {
            0x00ff_ffe0
        }
        // TBZ, TBNZ
        _ if word & 0x7e00_0000 == 0x3600_0000 => 0x0007_ffe0,
        // ADR, ADRP
        _ if word & 0x1f00_0000 == 0x1000_0000 => 0x60ff_ffe0,
        _ => 0,
    }
}
