use super::image::Image;
use std::collections::BTreeSet;

/// What made the file: the texts of `.comment`, sorted, each once.
///
/// Compilers and linkers add theirs, so that a linked kernel names several. Bytes that are no
/// UTF-8 are replaced.
#[must_use]
pub fn producers(image: &Image<'_>) -> BTreeSet<String> {
    let tables = image.sections.iter().enumerate().filter(|(_, it)| it.name == ".comment");
    tables
        .filter(|(_, section)| !section.flags.compressed())
        .flat_map(|(index, _)| image.data(index).split(|byte| *byte == 0))
        .filter(|text| !text.is_empty())
        .map(|text| String::from_utf8_lossy(text).into_owned())
        .collect()
}
