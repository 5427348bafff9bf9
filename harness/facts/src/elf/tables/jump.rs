use super::TableEntry;
use super::row::Reader;
use crate::elf::place::Encoding;

/// `key` or `key branch`, with the key, the code that branches on it, and where to.
///
/// Source: `struct jump_entry` in `include/linux/jump_label.h`, Linux 6.1 to 7.3, as it is with
/// `CONFIG_HAVE_ARCH_JUMP_LABEL_RELATIVE`, which all our architectures have: code and target as
/// relative 32-bit words, the key relative and as wide as an address. Its bit 0 says that the
/// branch is the likely way; bit 1 is of the running kernel.
pub(super) fn read(reader: &Reader<'_, '_>) -> Result<Vec<TableEntry>, String> {
    let spans =
        reader.named_or_between("__jump_table", "__start___jump_table", "__stop___jump_table")?;
    reader.spans(spans).each(8 + reader.word(), |row| {
        let target = row.code(4, Encoding::Prel32)?;
        let (key, flags) = row.object(8, Encoding::PrelLong, 3)?;
        let fact = if flags & 1 == 0 { "key" } else { "key branch" };
        let code = row.code(0, Encoding::Prel32)?;
        Ok(TableEntry {
            fact: fact.to_owned(),
            symbols: vec![key, code, target],
            detail: String::new(),
        })
    })
}
