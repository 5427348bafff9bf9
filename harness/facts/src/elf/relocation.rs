use super::image::Image;
use super::kind::{ElfClass, ElfEndian};
use super::section::{SHT_REL, SHT_RELA};
use serde::{Deserialize, Serialize};

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

impl<'a> Image<'a> {
    /// The relocations in the section with this index, in file order; none if it is no
    /// `SHT_REL` or `SHT_RELA` section. A last, incomplete entry is left out.
    pub fn relocations(&self, index: usize) -> impl Iterator<Item = Relocation> + use<'a> {
        let sh_type = self.sections.get(index).map_or(0, |section| section.sh_type);
        let layout = Layout::new(self.ident.class, self.ident.endian, sh_type);
        let data = if layout.is_some() { self.data(index) } else { &[] };
        let size = layout.as_ref().map_or(1, |layout| layout.word * layout.words);
        data.chunks_exact(size)
            .filter_map(move |entry| layout.as_ref().map(|layout| layout.read(entry)))
    }

    /// Indices of the sections with relocations for section `target`. In linked files nothing
    /// belongs to one section: see `.rela.dyn`.
    pub fn relocation_sections(&self, target: usize) -> impl Iterator<Item = usize> {
        self.sections
            .iter()
            .enumerate()
            .filter(move |(_, section)| {
                matches!(section.sh_type, SHT_REL | SHT_RELA) && section.info as usize == target
            })
            .map(|(index, _)| index)
    }
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
