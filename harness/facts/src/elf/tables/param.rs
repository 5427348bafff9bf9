use super::TableEntry;
use super::row::Reader;
use crate::elf::place::Encoding;

/// `mod.name 0644 level -1` with the operations, the module and what is set; `flags` where there are any.
///
/// Source: `struct kernel_param` in `include/linux/moduleparam.h`, Linux 6.1 to 7.3: name,
/// module, operations, `u16` permissions, `s8` level, `u8` flags, and a pointer.
pub(super) fn read(reader: &Reader<'_, '_>) -> Result<Vec<TableEntry>, String> {
    let word = reader.word();
    let spans = reader.named_or_between("__param", "__start___param", "__stop___param")?;
    // The last pointer is aligned to its own size.
    let size = if word == 8 { 40 } else { 20 };
    reader.spans(spans).each(size, |row| {
        let name = row.text(0, Encoding::Absolute)?;
        let permissions = row.uint(3 * word, 2)?;
        let level = row.uint(3 * word + 2, 1)? as u8 as i8;
        let flags = match row.uint(3 * word + 3, 1)? {
            0 => String::new(),
            flags => format!(" flags {flags:#x}"),
        };
        // The module, which built-in code has none of, the operations, and what they set.
        let module = row.optional(word, Encoding::Absolute)?;
        let value = row.optional(size - word, Encoding::Absolute)?;
        let mut symbols = vec![row.symbol(2 * word, Encoding::Absolute)?];
        symbols.extend(module.into_iter().chain(value));
        Ok(TableEntry {
            fact: format!("{name} {permissions:04o} level {level}{flags}"),
            symbols,
            detail: String::new(),
        })
    })
}
