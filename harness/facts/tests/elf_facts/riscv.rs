use crate::support::{AARCH64, EXEC, Elf, LE64, RISCV, SHAPES, Shape};
use twinlto_facts::elf::{Image, riscv_attributes};

/// `.riscv.attributes` with this list for the whole file.
pub(crate) fn attributes(shape: Shape, list: &[u8]) -> Vec<u8> {
    let file = [&[1], shape.int(5 + list.len() as u64, 4).as_slice(), list].concat();
    let vendor = [b"riscv\0".as_slice(), &file].concat();
    [b"A".as_slice(), &shape.int(4 + vendor.len() as u64, 4), &vendor].concat()
}

fn read(machine: u16, shape: Shape, data: &[u8]) -> Result<Vec<String>, String> {
    let mut elf = Elf::new(shape, EXEC, machine);
    elf.section(".riscv.attributes", 0, 0, data);
    let bytes = elf.bytes();
    let found = riscv_attributes(&Image::parse(&bytes).unwrap());
    let found = found.map_err(|error| error.to_string())?;
    Ok(found.iter().map(|(name, value)| format!("{name} {value}")).collect())
}

#[test]
fn attributes_are_read_in_every_shape() {
    for shape in SHAPES {
        let data = attributes(shape, b"\x04\x10\x05rv64i2p1_m2p0\0\x06\x80\x02\x21new\0");
        let seen = read(RISCV, shape, &data).unwrap();
        assert_eq!(
            seen,
            ["33 new", "arch rv64i2p1_m2p0", "stack_align 16", "unaligned_access 256"]
        );
        assert_eq!(read(AARCH64, shape, &data).unwrap(), [""; 0]);
    }
}

#[test]
fn attributes_of_others_are_left_out() {
    let mut data = attributes(LE64, b"\x04\x10");
    data.splice(1..1, *b"\x0a\0\0\0other\0");
    assert_eq!(read(RISCV, LE64, &data).unwrap(), ["stack_align 16"]);
}

#[test]
fn what_is_cut_short_or_of_another_format_is_refused() {
    let data = attributes(LE64, b"\x05rv64\0");
    for end in 2..data.len() {
        let why = read(RISCV, LE64, &data[..end]).unwrap_err();
        assert_eq!(why, "cannot decode .riscv.attributes: it ends too early", "cut at {end}");
    }
    let why = read(RISCV, LE64, b"B").unwrap_err();
    assert_eq!(why, "cannot decode .riscv.attributes: its format is 'B', not 'A'");
}
