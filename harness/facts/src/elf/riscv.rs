use super::error::ElfError;
use super::image::Image;
use super::kind::ElfEndian;
use std::collections::BTreeMap;

/// The attributes that riscv objects record for the whole file, by name: `arch`
/// (`rv64i2p1_m2p0_…`), `stack_align`, `unaligned_access` …; tags without a name here by their
/// number. Empty for other machines and without `.riscv.attributes`.
///
/// Source: RISC-V ELF psABI, "Attributes": odd tags hold text, even ones numbers.
///
/// # Errors
///
/// [`ElfError::Table`] if the section is cut short or of another format.
pub fn riscv_attributes(image: &Image<'_>) -> Result<BTreeMap<String, String>, ElfError> {
    let riscv = image.ident.e_machine == object::elf::EM_RISCV.0;
    let Some((index, _)) = image.section(".riscv.attributes").filter(|_| riscv) else {
        return Ok(BTreeMap::new());
    };
    let reader = Reader { rest: image.data(index), endian: image.ident.endian };
    read(reader).ok_or_else(|| ElfError::table(".riscv.attributes", "it ends too early"))?
}

type Attributes = BTreeMap<String, String>;

/// `None` if the bytes end too early.
fn read(mut section: Reader<'_>) -> Option<Result<Attributes, ElfError>> {
    let mut found = Attributes::new();
    let format = section.take(1)?;
    if format != b"A" {
        let why = format!("its format is '{}', not 'A'", format.escape_ascii());
        return Some(Err(ElfError::table(".riscv.attributes", why)));
    }
    while !section.rest.is_empty() {
        let mut vendor = section.sized(4)?;
        if vendor.text()? != b"riscv" {
            continue;
        }
        while !vendor.rest.is_empty() {
            let tag = vendor.take(1)?;
            let mut list = vendor.sized(5)?;
            // Tag_File; attributes of sections and symbols were never in use.
            while tag == [1] && !list.rest.is_empty() {
                let tag = list.number()?;
                let value = if tag % 2 == 1 {
                    String::from_utf8_lossy(list.text()?).into_owned()
                } else {
                    list.number()?.to_string()
                };
                found.insert(name(tag), value);
            }
        }
    }
    Some(Ok(found))
}

fn name(tag: u64) -> String {
    match tag {
        4 => "stack_align".to_owned(),
        5 => "arch".to_owned(),
        6 => "unaligned_access".to_owned(),
        8 => "priv_spec".to_owned(),
        10 => "priv_spec_minor".to_owned(),
        12 => "priv_spec_revision".to_owned(),
        14 => "atomic_abi".to_owned(),
        16 => "x3_reg_usage".to_owned(),
        other => other.to_string(),
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    endian: ElfEndian,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    /// A length of four bytes, which counts itself and what came before it, and that much.
    fn sized(&mut self, counted: usize) -> Option<Self> {
        let length = usize::try_from(self.endian.uint(self.take(4)?)).ok()?;
        Some(Self { rest: self.take(length.checked_sub(counted)?)?, endian: self.endian })
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let end = self.rest.iter().position(|byte| *byte == 0)?;
        let text = self.take(end)?;
        self.take(1)?;
        Some(text)
    }

    /// ULEB128; bits beyond the 64th are lost.
    fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let byte = *self.take(1)?.first()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            if byte & 0x80 == 0 {
                break;
            }
        }
        Some(value)
    }
}
