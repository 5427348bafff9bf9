//! The bits that relocations fill in, held against what lld fills in.

use crate::llvm::llvm;
use std::collections::BTreeSet;
use twinlto_facts::elf::{Field, Image};

/// Instructions and data with relocations of every kind that clang and the kernel's assembly use, by
/// target. `X` and `Y` are not defined.
const SOURCES: [(&str, u16, &str); 4] = [
    (
        "x86_64",
        62,
        "call X\njmp X\nmov X(%rip), %eax\nmov %eax, X(%rip)\nlea X(%rip), %rax\nmovl $1, X(%rip)\n\
         cmpb $1, X(%rip)\nmov $X, %eax\nmov $X, %rax\nmovabs $X, %rax\nmov X@GOTPCREL(%rip), %rax\n\
         jne X\npush $X\nmov X(,%rax,8), %rcx\n.data\n.quad X\n.long X\n.long X - .\n.quad X - .\n\
         .word X\n.byte X\n.long X@PLT\n",
    ),
    (
        "aarch64",
        183,
        "bl X\nb X\nb.eq X\ncbz w0, X\ntbz w0, #3, X\ntbnz w0, #3, X\nadrp x0, X\nadr x0, X\n\
         add x0, x0, :lo12:X\nldrb w0, [x8, :lo12:X]\nldrh w0, [x8, :lo12:X]\n\
         ldr w0, [x8, :lo12:X]\nstr w0, [x8, :lo12:X]\nldr x0, [x8, :lo12:X]\n\
         ldr q0, [x8, :lo12:X]\nldr x0, X\nmovz x0, #:abs_g3:X\nmovk x0, #:abs_g2_nc:X\n\
         movk x0, #:abs_g1_nc:X\nmovk x0, #:abs_g0_nc:X\nmovz x0, #:abs_g2_s:X\n\
         movz x0, #:prel_g3:X\nmovk x0, #:prel_g0_nc:X\nadrp x0, :got:X\n\
         ldr x0, [x0, :got_lo12:X]\n.data\n.xword X\n.xword X - .\n.word X - .\n.hword X - .\n",
    ),
    (
        "riscv64",
        243,
        "call X\ntail X\nlla a0, X\nla a0, X\nlw a0, X\nsw a0, X, t0\njal X\nbeq a0, a1, X\nc.j X\n\
         c.beqz a0, X\nlui a0, %hi(X)\naddi a0, a0, %lo(X)\nlw a0, %lo(X)(a0)\nsw a0, %lo(X)(a0)\n\
         .data\n.quad X\n.word X - .\n.half X - Y\n.byte X - Y\n.quad X - .\n\
         ",
    ),
    (
        "loongarch64",
        258,
        "bl X\nb X\nbeq $a0, $a1, X\nbeqz $a0, X\npcalau12i $a0, %pc_hi20(X)\n\
         addi.d $a0, $a0, %pc_lo12(X)\nld.d $a0, $a0, %pc_lo12(X)\nst.d $a0, $a0, %pc_lo12(X)\n\
         lu12i.w $a0, %abs_hi20(X)\nori $a0, $a0, %abs_lo12(X)\nlu32i.d $a0, %abs64_lo20(X)\n\
         lu52i.d $a0, $a0, %abs64_hi12(X)\npcalau12i $a0, %got_pc_hi20(X)\n\
         ld.d $a0, $a0, %got_pc_lo12(X)\npcaddu18i $ra, %call36(X); jirl $ra, $ra, 0\n.data\n\
         .dword X\n.word X\n.word X - .\n.half X - Y\n.byte X - Y\n.dword X - .\n",
    ),
];

/// Where the two symbols lie, so that each relocation's value fits; between them all bits of most
/// fields change.
const PLACES: [(u64, u64); 6] = [
    (0x10_0040, 0x10_0020),
    (0x10_0ff0, 0x10_0fc0),
    (0x10_07f2, 0x10_07e1),
    (0x10_0a80, 0x10_0a70),
    (0x10_0550, 0x10_0541),
    (0x10_0120, 0x10_0108),
];

/// Nothing in front of the link is set, and the link sets no other bits.
#[test]
fn the_linker_fills_in_the_bits_of_the_field_and_no_others() {
    let Some(llvm) = llvm("the_linker_fills_in_the_bits") else { return };
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("fields");
    std::fs::create_dir_all(&dir).unwrap();
    for (target, machine, source) in SOURCES {
        // One object a line, so that what cannot be reached from one place does not fail them all.
        let mut kinds = BTreeSet::new();
        let mut data = false;
        for (number, line) in source.lines().enumerate() {
            data |= line == ".data";
            if line == ".data" {
                continue;
            }
            let section = if data { ".data\n" } else { "" };
            let name = format!("{target}{number}.s");
            let flags = [&format!("--target={target}-linux-gnu") as &str, "-mno-relax"];
            let flags = if target.starts_with("x86") || target.starts_with("aa") {
                &flags[..1]
            } else {
                &flags
            };
            let object = llvm.object(&dir, &name, &format!("{section}{line}\n"), flags);
            let image = Image::parse(&object).unwrap();
            let wanted = if data { ".data" } else { ".text" };
            let (index, _) = image.section(wanted).unwrap();
            let mut relocations: Vec<_> =
                image.relocation_sections(index).flat_map(|it| image.relocations(it)).collect();
            relocations.retain(|it| Field::of(machine, it.kind).is_none_or(|f| !f.is_empty()));
            assert!(!relocations.is_empty(), "{target}: {line}");
            let before = image.data(index);
            for relocation in &relocations {
                let kind = relocation.kind_name(machine);
                let field = Field::of(machine, relocation.kind).unwrap_or_else(|| panic!("{kind}"));
                let mut zero = before.to_vec();
                field.clear(&mut zero[relocation.offset as usize..]);
                // MOVZ is MOVN with one bit more, which the field has.
                assert!(kind.contains("_MOVW_") || zero == before, "{line}: {kind}");
                kinds.insert(kind.into_owned());
            }
            let clear = |bytes: &[u8]| {
                let mut bytes = bytes.to_vec();
                for relocation in &relocations {
                    let field = Field::of(machine, relocation.kind).unwrap();
                    field.clear(&mut bytes[relocation.offset as usize..]);
                }
                bytes
            };
            let mut linked = 0;
            for (x, y) in PLACES {
                let after = link(&llvm, &dir, &name, (x, y), wanted);
                let Some(after) = after.filter(|it| it.len() == before.len()) else { continue };
                linked += 1;
                // lld writes other instructions for what is near: `mov` of the GOT is `lea`.
                if !line.contains("GOT") && !line.contains("got") {
                    assert_eq!(clear(&after), clear(before), "{target}: {line}");
                }
            }
            let narrow =
                line.contains("byte") || line.contains("half") || line.contains("word X\n");
            assert!(linked > 0 || narrow || line.contains(".word"), "{target}: {line}");
        }
        assert!(kinds.len() >= 9, "{target}: {kinds:?}");
    }
}

/// Code that the linker may shorten, and the distance over it as ULEB128. On riscv the field holds
/// the number already, and the linker writes it again.
#[test]
fn a_uleb128_number_is_its_own_field() {
    let Some(llvm) = llvm("a_uleb128_number_is_its_own_field") else { return };
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("fields");
    std::fs::create_dir_all(&dir).unwrap();
    // 200 instructions in between: two bytes.
    let text =
        "1: CALL X\n.p2align 5\n.rept 200\nnop\n.endr\n2: nop\n.data\n.uleb128 2b-1b\n.byte 0x55\n";
    for (target, machine, call, kinds) in [
        ("riscv64", 243, "call", ["R_RISCV_SET_ULEB128", "R_RISCV_SUB_ULEB128"]),
        ("loongarch64", 258, "la.pcrel $a0,", ["R_LARCH_ADD_ULEB128", "R_LARCH_SUB_ULEB128"]),
    ] {
        let flags = [&format!("--target={target}-linux-gnu") as &str, "-mrelax"];
        let object =
            llvm.object(&dir, &format!("{target}-uleb.s"), &text.replace("CALL", call), &flags);
        let image = Image::parse(&object).unwrap();
        let (index, _) = image.section(".data").unwrap();
        let list: Vec<_> =
            image.relocation_sections(index).flat_map(|it| image.relocations(it)).collect();
        let found: Vec<_> = list.iter().map(|it| it.kind_name(machine)).collect();
        assert_eq!(found, kinds, "{target}");
        let data = image.data(index);
        assert_eq!((data.len(), data[2]), (3, 0x55), "{target}: {data:02x?}");
        for relocation in &list {
            let mut cleared = data.to_vec();
            Field::of(machine, relocation.kind).unwrap().clear(&mut cleared);
            // The mark that another byte follows stays, and what stands behind the number.
            assert_eq!(cleared, [0x80, 0, 0x55], "{target}");
        }
    }
}

/// The section after a link that puts `X` and `Y` there; none where a value does not fit.
fn link(
    llvm: &crate::llvm::Llvm,
    dir: &std::path::Path,
    name: &str,
    (x, y): (u64, u64),
    section: &str,
) -> Option<Vec<u8>> {
    let (input, output) = (dir.join(format!("{name}.o")), dir.join(format!("{name}.out")));
    let (input, output) = (input.to_str()?, output.to_str()?);
    let at = ["--section-start=.text=0x100000", "--section-start=.data=0x100000"];
    let at = if section == ".text" { at[0] } else { at[1] };
    let symbols = [format!("--defsym=X={x:#x}"), format!("--defsym=Y={y:#x}")];
    let args = [
        "--no-relax",
        "--image-base=0x1000",
        "-e",
        "0",
        at,
        &symbols[0],
        &symbols[1],
        "-o",
        output,
        input,
    ];
    if !llvm.succeeds("ld.lld", &args) {
        return None;
    }
    let bytes = std::fs::read(output).ok()?;
    let image = Image::parse(&bytes).ok()?;
    let (index, _) = image.section(section)?;
    Some(image.data(index).to_vec())
}
