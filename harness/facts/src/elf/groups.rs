use super::error::ElfError;
use super::image::Image;
use super::place::numbered;
use super::section::SHT_GROUP;
use super::symbol::SymbolKind;

/// Sections that a linker keeps or leaves out together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// The symbol whose name is the name of the group.
    pub signature: String,
    /// Whether of several groups with this name only one is kept (`GRP_COMDAT`).
    pub comdat: bool,
    /// Names of its sections, in the order of the group.
    pub members: Vec<String>,
}

/// `GRP_COMDAT`
const GRP_COMDAT: u64 = 1;

/// The section groups of an object, in file order; none in linked files.
///
/// Source: System V gABI, "Section Groups": 32-bit words, flags first, then section numbers.
///
/// # Errors
///
/// [`ElfError::Table`] if a group is no whole number of words, or names a section or a symbol
/// that is not there.
pub fn groups(image: &Image<'_>) -> Result<Vec<Group>, ElfError> {
    let mut found = Vec::new();
    for (index, section) in image.sections.iter().enumerate() {
        if section.sh_type == SHT_GROUP {
            let group = read(image, index, section.info);
            found.push(group.map_err(|why| ElfError::table(format!("group {index}"), why))?);
        }
    }
    Ok(found)
}

fn read(image: &Image<'_>, index: usize, signature: u32) -> Result<Group, String> {
    let data = image.data(index);
    let (words, rest) = data.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(format!("{} bytes, no multiple of 4", data.len()));
    }
    let mut words = words.iter().map(|word| image.ident.endian.uint(word));
    let flags = words.next().ok_or("it has no flags")?;
    let name = |index: usize| image.sections.get(index).map(|it| it.name.clone().into_owned());
    let member = |number: u64| {
        let section = usize::try_from(number).ok().and_then(name);
        section.ok_or_else(|| format!("section {number} of {}", image.sections.len()))
    };
    let members = words.map(member).collect::<Result<_, _>>()?;
    let symbol = numbered(image, signature);
    let symbol = symbol.ok_or_else(|| format!("symbol {signature} is not there"))?;
    // A section symbol has no name of its own; as(1) names such groups by the section.
    let own = match symbol.section {
        super::SectionRef::Named(index) if symbol.kind == SymbolKind::Section => name(index),
        _ => None,
    };
    let signature = own.unwrap_or_else(|| symbol.name.clone().into_owned());
    Ok(Group { signature, comdat: flags & GRP_COMDAT != 0, members })
}
