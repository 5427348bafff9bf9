//! An ELF file as a value: any class, either byte order.

/// 32 or 64 bits, and the byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) wide: bool,
    pub(crate) big: bool,
}

/// What most kernels are.
pub(crate) const LE64: Shape = Shape { wide: true, big: false };
/// `LE64` and the other three.
pub(crate) const SHAPES: [Shape; 4] = [
    LE64,
    Shape { wide: true, big: true },
    Shape { wide: false, big: false },
    Shape { wide: false, big: true },
];

pub(crate) const REL: u16 = 1;
pub(crate) const EXEC: u16 = 2;
pub(crate) const X86_64: u16 = 62;
pub(crate) const AARCH64: u16 = 183;
pub(crate) const RISCV: u16 = 243;
pub(crate) const ARM: u16 = 40;
pub(crate) const LOONGARCH: u16 = 258;

pub(crate) const PROGBITS: u32 = 1;
pub(crate) const NOBITS: u32 = 8;
pub(crate) const A: u64 = 2;
pub(crate) const WA: u64 = 3;
pub(crate) const AX: u64 = 6;

/// `st_shndx` of what is defined elsewhere, and of what has no section.
pub(crate) const UNDEF: usize = 0;
pub(crate) const ABS: usize = 0xfff1;

pub(crate) const LOCAL: u8 = 0;
pub(crate) const GLOBAL: u8 = 1;
pub(crate) const WEAK: u8 = 2;
pub(crate) const NOTYPE: u8 = 0;
pub(crate) const OBJECT: u8 = 1;
pub(crate) const FUNC: u8 = 2;
pub(crate) const SECTION: u8 = 3;
pub(crate) const FILE: u8 = 4;

pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) sh_type: u32,
    pub(crate) flags: u64,
    pub(crate) address: u64,
    pub(crate) data: Vec<u8>,
    /// Instead of the length of the data.
    pub(crate) size: Option<u64>,
    pub(crate) link: u32,
    pub(crate) info: u32,
    pub(crate) entsize: u64,
}

pub(crate) struct Symbol {
    pub(crate) name: Vec<u8>,
    pub(crate) binding: u8,
    pub(crate) kind: u8,
    pub(crate) other: u8,
    pub(crate) section: usize,
    pub(crate) value: u64,
    pub(crate) size: u64,
}

pub(crate) struct Elf {
    pub(crate) shape: Shape,
    pub(crate) e_type: u16,
    pub(crate) machine: u16,
    pub(crate) e_flags: u32,
    /// From section 1.
    pub(crate) sections: Vec<Section>,
    /// From symbol 1.
    pub(crate) symbols: Vec<Symbol>,
    /// Section headers to put between the others and the string tables.
    pub(crate) filler: usize,
}

impl Shape {
    /// A number of `size` bytes.
    pub(crate) fn int(self, value: u64, size: usize) -> Vec<u8> {
        let mut bytes = value.to_le_bytes()[..size].to_vec();
        if self.big {
            bytes.reverse();
        }
        bytes
    }

    /// Units: bytes.
    pub(crate) const fn word(self) -> usize {
        if self.wide { 8 } else { 4 }
    }
}

impl Elf {
    pub(crate) fn new(shape: Shape, e_type: u16, machine: u16) -> Self {
        let (sections, symbols) = (Vec::new(), Vec::new());
        Self { shape, e_type, machine, e_flags: 0, sections, symbols, filler: 0 }
    }

    /// Adds a section and says its number.
    pub(crate) fn section(&mut self, name: &str, flags: u64, address: u64, data: &[u8]) -> usize {
        self.sections.push(Section {
            name: name.to_owned(),
            sh_type: PROGBITS,
            flags,
            address,
            data: data.to_vec(),
            size: None,
            link: 0,
            info: 0,
            entsize: 0,
        });
        self.sections.len()
    }

    pub(crate) fn section_mut(&mut self, number: usize) -> &mut Section {
        &mut self.sections[number - 1]
    }

    /// Adds a symbol and says its number.
    pub(crate) fn symbol(
        &mut self,
        name: &str,
        binding: u8,
        kind: u8,
        section: usize,
        value: u64,
    ) -> u32 {
        let name = name.as_bytes().to_vec();
        self.symbols.push(Symbol { name, binding, kind, other: 0, section, value, size: 0 });
        self.symbols.len() as u32
    }

    /// Adds relocations (place, symbol, kind, addend) for section `target`, 0 for `.rela.dyn`.
    pub(crate) fn rela(&mut self, target: usize, list: &[(u64, u32, u32, i64)]) {
        let (shape, word) = (self.shape, self.shape.word());
        let mut data = Vec::new();
        for (place, symbol, kind, addend) in list {
            let shift = if shape.wide { 32 } else { 8 };
            data.extend(shape.int(*place, word));
            data.extend(shape.int((u64::from(*symbol) << shift) | u64::from(*kind), word));
            data.extend(shape.int(*addend as u64, word));
        }
        let flags = if target == 0 { A } else { 0 };
        let number = self.section(if target == 0 { ".rela.dyn" } else { ".rela" }, flags, 0, &data);
        let section = self.section_mut(number);
        section.sh_type = 4;
        section.info = target as u32;
        section.entsize = 3 * word as u64;
    }

    /// Turns `SHT_RELA` into `SHT_REL`, with 32-bit addends; 32-bit files only.
    pub(crate) fn addends_in_place(&mut self) {
        for number in 1..=self.sections.len() {
            let table = self.section_mut(number);
            if table.sh_type != 4 {
                continue;
            }
            table.sh_type = 9;
            table.entsize = 8;
            let target = table.info as usize;
            let data = std::mem::take(&mut table.data);
            for entry in data.chunks_exact(12) {
                self.section_mut(number).data.extend(&entry[..8]);
                let place = usize::from(entry[0].max(entry[3]));
                self.section_mut(target).data[place..place + 4].copy_from_slice(&entry[8..]);
            }
        }
    }

    /// Writes the file: header, section data, string tables, symbols, section headers.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let shape = self.shape;
        let header_size = if shape.wide { 64 } else { 52 };
        let mut out = vec![0; header_size];
        let mut headers = vec![[0_u64; 10]];
        let mut names = vec![0_u8];
        let add = |names: &mut Vec<u8>, name: &[u8]| {
            let at = names.len() as u64;
            names.extend(name);
            names.push(0);
            at
        };
        let place = |out: &mut Vec<u8>, data: &[u8]| {
            while !out.len().is_multiple_of(8) {
                out.push(0);
            }
            let at = out.len() as u64;
            out.extend(data);
            at
        };
        let strtab = self.sections.len() + self.filler + 2;
        for it in &self.sections {
            let at = place(&mut out, &it.data);
            let size = it.size.unwrap_or(it.data.len() as u64);
            let link = if matches!(it.sh_type, 4 | 9) { strtab as u64 - 1 } else { it.link.into() };
            let name = add(&mut names, it.name.as_bytes());
            let head = [name, it.sh_type.into(), it.flags, it.address, at, size, link];
            let tail = [it.info.into(), 1, it.entsize];
            headers.push([head.as_slice(), &tail].concat().try_into().unwrap());
        }
        headers.extend(vec![[0, 1, 0, 0, 0, 0, 0, 0, 1, 0]; self.filler]);

        let mut strings = vec![0_u8];
        let mut table = vec![0; if shape.wide { 24 } else { 16 }];
        let mut extended = vec![0; 4];
        for it in &self.symbols {
            let name = shape.int(add(&mut strings, &it.name), 4);
            let many = it.section >= 0xff00 && it.section != ABS;
            let section = shape.int(if many { 0xffff } else { it.section as u64 }, 2);
            extended.extend(shape.int(if many { it.section as u64 } else { 0 }, 4));
            let info = vec![(it.binding << 4) | it.kind, it.other];
            let (value, size) =
                (shape.int(it.value, shape.word()), shape.int(it.size, shape.word()));
            table.extend(if shape.wide {
                [name, info, section, value, size].concat()
            } else {
                [name, value, size, info, section].concat()
            });
        }
        let entry = if shape.wide { 24 } else { 16 };
        let at = place(&mut out, &table);
        let name = add(&mut names, b".symtab");
        headers.push([name, 2, 0, 0, at, table.len() as u64, strtab as u64, 1, 8, entry]);
        let at = place(&mut out, &strings);
        let name = add(&mut names, b".strtab");
        headers.push([name, 3, 0, 0, at, strings.len() as u64, 0, 0, 1, 0]);
        if self.filler > 0 {
            let at = place(&mut out, &extended);
            let name = add(&mut names, b".symtab_shndx");
            let size = extended.len() as u64;
            headers.push([name, 18, 0, 0, at, size, strtab as u64 - 1, 0, 4, 4]);
        }
        let name = add(&mut names, b".shstrtab");
        let at = place(&mut out, &names);
        headers.push([name, 3, 0, 0, at, names.len() as u64, 0, 0, 1, 0]);

        let (count, last) = (headers.len() as u64, headers.len() as u64 - 1);
        let many = count >= 0xff00;
        if many {
            headers[0][5] = count;
            headers[0][6] = last;
        }
        let start = place(&mut out, &[]);
        for header in &headers {
            for (field, value) in header.iter().enumerate() {
                let size = if matches!(field, 0 | 1 | 6 | 7) { 4 } else { shape.word() };
                out.extend(shape.int(*value, size));
            }
        }
        let word = shape.word();
        let ident = [0x7f, b'E', b'L', b'F', 1 + u8::from(shape.wide), 1 + u8::from(shape.big), 1];
        let header = [
            [ident.as_slice(), &[0; 9]].concat(),
            shape.int(self.e_type.into(), 2),
            shape.int(self.machine.into(), 2),
            shape.int(1, 4),
            shape.int(0, word),
            shape.int(0, word),
            shape.int(start, word),
            shape.int(self.e_flags.into(), 4),
            shape.int(header_size as u64, 2),
            shape.int(0, 2),
            shape.int(0, 2),
            shape.int(if shape.wide { 64 } else { 40 }, 2),
            shape.int(if many { 0 } else { count }, 2),
            shape.int(if many { 0xffff } else { last }, 2),
        ]
        .concat();
        out[..header_size].copy_from_slice(&header);
        out
    }
}
