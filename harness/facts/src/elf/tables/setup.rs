use super::TableEntry;
use super::row::Reader;
use crate::elf::place::Encoding;

/// The text, `early` after it for `early_param`, with the function.
///
/// Source: `struct obs_kernel_param` in `include/linux/init.h`, Linux 6.1 to 7.3: text, function,
/// `int`. The first entry that accepts an option wins, so that the order matters.
pub(super) fn read(reader: &Reader<'_, '_>) -> Result<Vec<TableEntry>, String> {
    let word = reader.word();
    let spans = reader.named_or_between(".init.setup", "__setup_start", "__setup_end")?;
    reader.spans(spans).each(3 * word, |row| {
        let text = row.text(0, Encoding::Absolute)?;
        let early = match row.uint(2 * word, 4)? {
            0 => "",
            1 => " early",
            other => return Err(format!("'{text}' has {other} for early")),
        };
        Ok(TableEntry {
            fact: format!("{text}{early}"),
            symbols: vec![row.function(word, Encoding::Absolute)?],
            detail: String::new(),
        })
    })
}
