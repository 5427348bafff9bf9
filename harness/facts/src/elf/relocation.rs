use super::error::ElfError;
use super::image::Image;
use super::kind::{ElfClass, ElfEndian};
use super::section::{SHT_CREL, SHT_REL, SHT_RELA};
use object::elf::{Machine, RelocationType, machine_names};
use object::read::elf::CrelIterator;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// One relocation: a place whose value depends on a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Relocation {
    /// The place: an offset in its section in relocatable files, else an address. Units: bytes.
    pub offset: u64,
    /// Number of the symbol in the file's table, from 1; 0 for none. In a relocatable file
    /// it stands at `number - 1` in [`Image::symbols`].
    pub symbol: u32,
    /// `R_AARCH64_PREL32`, `R_X86_64_64` …: the machine gives the number its meaning.
    pub kind: u32,
    /// What to add; `None` where it stands in place (`SHT_REL`).
    pub addend: Option<i64>,
}

/// How many relocations of one kind a section of relocations has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RelocationCount {
    /// Name of the section of relocations, `.rela.text`.
    pub table: String,
    /// Name of the section that they are for; none in linked files, where they are for addresses.
    pub target: Option<String>,
    /// Name of the kind, `R_X86_64_PLT32`; its number where it has no name.
    pub kind: Cow<'static, str>,
    /// How many there are.
    pub count: u64,
}

impl Relocation {
    /// The name of its kind on this machine, `R_AARCH64_CALL26`; its number if it has none.
    #[must_use]
    pub fn kind_name(&self, e_machine: u16) -> Cow<'static, str> {
        match machine_names(Machine(e_machine)).r.name(RelocationType(self.kind)) {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(self.kind.to_string()),
        }
    }
}

impl<'a> Image<'a> {
    /// The relocations in the section with this index, in file order; none if it is no
    /// `SHT_REL`, `SHT_RELA` or `SHT_CREL` section. What is cut off or makes no sense is left
    /// out: [`Image::relocation_counts`] tells.
    pub fn relocations(&self, index: usize) -> impl Iterator<Item = Relocation> + use<'a> {
        let sh_type = self.sections.get(index).map_or(0, |section| section.sh_type);
        let layout = Layout::new(self.ident.class, self.ident.endian, sh_type);
        let data = if layout.is_some() { self.data(index) } else { &[] };
        let size = layout.as_ref().map_or(1, |layout| layout.word * layout.words);
        let compact = (sh_type == SHT_CREL).then(|| compact(self.data(index)));
        let plain = data
            .chunks_exact(size)
            .filter_map(move |entry| layout.as_ref().map(|layout| layout.read(entry)));
        plain.chain(compact.into_iter().flatten().map_while(Result::ok))
    }

    /// Indices of the sections with relocations for section `target`. In linked files nothing
    /// belongs to one section: see `.rela.dyn`.
    pub fn relocation_sections(&self, target: usize) -> impl Iterator<Item = usize> {
        self.sections
            .iter()
            .enumerate()
            .filter(move |(_, section)| section.is_relocations() && section.info as usize == target)
            .map(|(index, _)| index)
    }

    /// Counts relocations by section and kind; sections in file order, kinds by number.
    ///
    /// Source of the compact form, `SHT_CREL`: LLVM 22, `llvm/include/llvm/Object/ELF.h`. The
    /// packed relative ones of `SHT_RELR` have no kinds and are not counted.
    ///
    /// # Errors
    ///
    /// [`ElfError::Table`] if a section is no whole number of entries, or a compact one is cut
    /// short.
    pub fn relocation_counts(&self) -> Result<Vec<RelocationCount>, ElfError> {
        let mut counts = Vec::new();
        for (index, section) in self.sections.iter().enumerate() {
            if !section.is_relocations() {
                continue;
            }
            let bad = |why: String| ElfError::table(section.name.as_ref(), why);
            check(self, index, section.sh_type).map_err(bad)?;
            let mut kinds: BTreeMap<u32, (Relocation, u64)> = BTreeMap::new();
            for relocation in self.relocations(index) {
                kinds.entry(relocation.kind).or_insert((relocation, 0)).1 += 1;
            }
            let target = self.sections.get(section.info as usize);
            let target = target.filter(|_| self.ident.is_relocatable() && section.info != 0);
            counts.extend(kinds.into_values().map(|(one, count)| RelocationCount {
                table: section.name.clone().into_owned(),
                target: target.map(|target| target.name.clone().into_owned()),
                kind: one.kind_name(self.ident.e_machine),
                count,
            }));
        }
        Ok(counts)
    }
}

fn check(image: &Image<'_>, index: usize, sh_type: u32) -> Result<(), String> {
    let data = image.data(index);
    if let Some(layout) = Layout::new(image.ident.class, image.ident.endian, sh_type) {
        let size = layout.word * layout.words;
        if !data.len().is_multiple_of(size) {
            return Err(format!("{} bytes, no multiple of {size}", data.len()));
        }
        return Ok(());
    }
    match compact(data).find_map(Result::err) {
        Some(why) => Err(why),
        None => Ok(()),
    }
}

/// What `SHT_CREL` holds. Each entry takes a byte at least, so that there are no more of them
/// than bytes, whatever the header says.
fn compact(data: &[u8]) -> impl Iterator<Item = Result<Relocation, String>> + use<'_> {
    let (entries, error) = match CrelIterator::new(data) {
        Ok(entries) => (Some(entries), None),
        Err(error) => (None, Some(Err(error.to_string()))),
    };
    let entries = entries.into_iter().flat_map(|entries| {
        let with_addends = entries.is_rela();
        entries.map(move |entry| match entry {
            Ok(entry) => Ok(Relocation {
                offset: entry.r_offset,
                symbol: entry.r_sym,
                kind: entry.r_type.0,
                addend: with_addends.then_some(entry.r_addend),
            }),
            Err(error) => Err(error.to_string()),
        })
    });
    error.into_iter().chain(entries)
}

/// `Elf32_Rel`, `Elf32_Rela`, `Elf64_Rel` or `Elf64_Rela`. (mips64el, which splits `r_info`
/// in its own way, has no ThinLTO kernel.)
struct Layout {
    endian: ElfEndian,
    word: usize,
    words: usize,
}

impl Layout {
    fn new(class: ElfClass, endian: ElfEndian, sh_type: u32) -> Option<Self> {
        let word = match class {
            ElfClass::Elf32 => 4,
            ElfClass::Elf64 => 8,
        };
        let words = match sh_type {
            SHT_REL => 2,
            SHT_RELA => 3,
            _ => return None,
        };
        Some(Self { endian, word, words })
    }

    fn read(&self, entry: &[u8]) -> Relocation {
        let mut fields = entry.chunks_exact(self.word).map(|word| self.endian.uint(word));
        let offset = fields.next().unwrap_or_default();
        let info = fields.next().unwrap_or_default();
        let addend = fields.next();
        let wide = self.word == 8;
        let (symbol, kind) =
            if wide { (info >> 32, info & 0xffff_ffff) } else { (info >> 8, info & 0xff) };
        Relocation {
            offset,
            symbol: symbol as u32,
            kind: kind as u32,
            addend: addend.map(|raw| if wide { raw as i64 } else { i64::from(raw as u32 as i32) }),
        }
    }
}
