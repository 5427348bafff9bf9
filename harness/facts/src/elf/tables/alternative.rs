use super::row::{Reader, Row, only};
use super::{TableEntry, TableSymbol};
use crate::elf::place::Encoding;
use twinlto_model::Arch;

/// The feature and the lengths of old and new code, with the function that is patched and, on
/// arm64, the callback that patches it.
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
            })
        }),
        Arch::Riscv => spans.each(16, |row| {
            let (vendor, length, patch) = (row.uint(8, 2)?, row.uint(10, 2)?, row.uint(12, 4)?);
            Ok(TableEntry {
                fact: format!("vendor {vendor:#x} patch {patch}, {length} bytes"),
                symbols: replaced(row, length)?,
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
    let kind = if callback { " callback" } else { "" };
    let fact = format!("cpucap {}{kind}{}", number & !CALLBACK, lengths(row, 10)?);
    Ok(TableEntry { fact, symbols })
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
