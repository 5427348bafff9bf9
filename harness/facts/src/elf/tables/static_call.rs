use super::TableEntry;
use super::row::Reader;
use crate::elf::place::Encoding;

/// `call` or `tail call`, with the key and the function that calls; `init` if it goes away
/// after start.
///
/// Source: `struct static_call_site` in `include/linux/static_call_types.h`, Linux 6.1 to 7.3,
/// which objtool writes: code and key as relative words, flags in the low bits of the key.
pub(super) fn sites(reader: &Reader<'_, '_>) -> Result<Vec<TableEntry>, String> {
    let spans = reader.named_or_between(
        ".static_call_sites",
        "__start_static_call_sites",
        "__stop_static_call_sites",
    )?;
    reader.spans(spans).each(8, |row| {
        let (key, flags) = row.object(4, Encoding::Prel32, 3)?;
        let tail = if flags & 1 == 0 { "call" } else { "tail call" };
        let init = if flags & 2 == 0 { "" } else { " init" };
        let code = row.code(0, Encoding::Prel32)?;
        Ok(TableEntry {
            fact: format!("{tail}{init}"),
            symbols: vec![key, code],
            detail: String::new(),
        })
    })
}

/// `trampoline`, with it and its key.
///
/// Source: `ARCH_ADD_TRAMP_KEY` in `arch/x86/include/asm/static_call.h` and `struct
/// static_call_tramp_key` in `kernel/static_call_inline.c`, Linux 6.1 to 7.3: two relative words.
pub(super) fn keys(reader: &Reader<'_, '_>) -> Result<Vec<TableEntry>, String> {
    let spans = reader.named_or_between(
        ".static_call_tramp_key",
        "__start_static_call_tramp_key",
        "__stop_static_call_tramp_key",
    )?;
    reader.spans(spans).each(8, |row| {
        let symbols =
            vec![row.function(0, Encoding::Prel32)?, row.object(4, Encoding::Prel32, 0)?.0];
        Ok(TableEntry { fact: "trampoline".to_owned(), symbols, detail: String::new() })
    })
}
