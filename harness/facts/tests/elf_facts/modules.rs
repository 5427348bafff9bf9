use crate::support::{A, Elf, LE64, REL, RISCV, SHAPES, Shape};
use twinlto_facts::elf::{modinfo, modversions};

/// `struct modversion_info`
fn info(shape: Shape, crc: u64, name: &str) -> Vec<u8> {
    let mut entry = shape.int(crc, shape.word());
    entry.extend(name.as_bytes());
    entry.resize(64, 0);
    entry
}

fn module(shape: Shape, versions: &[Vec<u8>]) -> Elf {
    let mut elf = Elf::new(shape, REL, RISCV);
    elf.section("__versions", A, 0, &versions.concat());
    elf.section(".modinfo", A, 0, b"license=GPL\0depends=\0alias=a=b\0\0bare\0alias=a\0");
    elf
}

fn brief(elf: &Elf) -> Vec<String> {
    let versions = modversions(&elf.bytes()).unwrap();
    versions.iter().map(|(name, crc)| format!("{name} {crc}")).collect()
}

fn refusal(elf: &Elf) -> String {
    modversions(&elf.bytes()).unwrap_err().to_string()
}

#[test]
fn versions_are_read_in_every_shape() {
    for shape in SHAPES {
        let list = [info(shape, 0x9299_7ed8, "_printk"), info(shape, 1, "kfree")];
        assert_eq!(brief(&module(shape, &list)), ["_printk 0x92997ed8", "kfree 0x00000001"]);
    }
}

#[test]
fn a_module_without_versions_has_none() {
    let mut elf = module(LE64, &[]);
    elf.section_mut(1).name = "other".to_owned();
    assert_eq!(brief(&elf), [""; 0]);
}

#[test]
fn extended_versions_join_the_others() {
    for shape in SHAPES {
        let long = "long_".repeat(20);
        let mut elf = module(shape, &[info(shape, 7, "kfree")]);
        let crcs = [shape.int(7, 4), shape.int(8, 4)].concat();
        elf.section("__version_ext_crcs", A, 0, &crcs);
        elf.section("__version_ext_names", A, 0, format!("kfree\0{long}\0\0").as_bytes());
        assert_eq!(brief(&elf), ["kfree 0x00000007".to_owned(), format!("{long} 0x00000008")]);
    }
}

#[test]
fn broken_tables_are_refused() {
    let bad = |entry: Vec<u8>| refusal(&module(LE64, &[entry]));
    assert_eq!(bad(vec![1; 63]), "cannot decode __versions: 63 bytes, no multiple of 64");
    assert_eq!(bad(info(LE64, 1, "")), "cannot decode __versions: entry 0 has no name");
    assert_eq!(
        bad(vec![1; 64]),
        "cannot decode __versions: entry 0 has the CRC 0x101010101010101, more than 32 bits"
    );
    let mut unended = info(LE64, 1, "");
    unended[8..].fill(b'x');
    assert_eq!(bad(unended), "cannot decode __versions: entry 0 has no name");
    let twice = [info(LE64, 1, "a"), info(LE64, 2, "a")];
    assert_eq!(
        refusal(&module(LE64, &twice)),
        "cannot decode __versions: 'a' has the CRCs 0x00000001 and 0x00000002"
    );
}

#[test]
fn broken_extended_tables_are_refused() {
    let with = |crcs: &[u8], names: Option<&[u8]>| {
        let mut elf = module(LE64, &[]);
        elf.section("__version_ext_crcs", A, 0, crcs);
        if let Some(names) = names {
            elf.section("__version_ext_names", A, 0, names);
        }
        refusal(&elf)
    };
    assert_eq!(with(&[0; 4], None), "no section '__version_ext_names'");
    assert_eq!(
        with(&[0; 5], Some(b"a\0")),
        "cannot decode __version_ext_crcs: 5 bytes, no multiple of 4"
    );
    assert_eq!(
        with(&[0; 8], Some(b"a\0")),
        "cannot decode __version_ext_crcs: entry 1 has no name"
    );
}

#[test]
fn modinfo_is_sorted() {
    let seen = modinfo(&module(LE64, &[]).bytes()).unwrap();
    let seen: Vec<_> = seen.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    assert_eq!(seen, ["alias: a", "alias: a=b", "bare: ", "depends: ", "license: GPL"]);
}
