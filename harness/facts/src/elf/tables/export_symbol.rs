use super::TableEntry;
use super::row::Reader;
use crate::elf::place::Encoding;

/// `name`, then the licence and the namespace where there are any, with what is exported.
///
/// Source: `___EXPORT_SYMBOL` in `include/linux/export.h`, Linux 7.3 (the section is there from
/// 6.5 on): a label `__export_symbol_<name>`, two texts, and an address at the next multiple of
/// its size. Linker scripts leave the section out of what they make.
pub(super) fn read(reader: &Reader<'_, '_>) -> Result<Vec<TableEntry>, String> {
    let word = reader.word();
    reader.spans(reader.sections(".export_symbol")).each_sized(|row| {
        let label = row.label().and_then(|label| label.strip_prefix("__export_symbol_"));
        let label = label.ok_or("no label '__export_symbol_…' stands there")?;
        let (licence, first) = row.inline_text(0)?;
        let (namespace, second) = row.inline_text(first)?;
        let address = (first + second).next_multiple_of(word);
        let mut fact = label.to_owned();
        if !licence.is_empty() {
            fact.push(' ');
            fact.push_str(&licence);
        }
        if !namespace.is_empty() {
            fact.push_str(" ns ");
            fact.push_str(&namespace);
        }
        let symbols = vec![row.symbol(address, Encoding::Absolute)?];
        Ok((TableEntry { fact, symbols, detail: String::new() }, address + word))
    })
}
