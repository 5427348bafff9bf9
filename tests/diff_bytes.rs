//! `twinlto diff`, byte by byte: relocated instructions, variables, and what no symbol covers.

use crate::diff::diff;
use crate::support::{llvm, pocket, program};
use std::path::{Path, PathBuf};
use std::process::Command;
use twinlto_facts::elf::{Image, SectionRef};

const TARGETS: [&str; 4] = ["x86_64", "aarch64", "riscv64", "loongarch64"];

fn built(llvm: &str, dir: &Path, target: &str, name: &str, text: &str) -> PathBuf {
    let (file, object) = (dir.join(name), dir.join(format!("{target}-{name}.o")));
    std::fs::write(&file, text).unwrap();
    let mut command = Command::new(program(llvm, "clang"));
    command.arg(format!("--target={target}-linux-gnu")).args(["-O2", "-fno-pie", "-fcommon"]);
    command
        .args(["-Qunused-arguments", "-fno-asynchronous-unwind-tables", "-c", "-o"])
        .arg(&object)
        .arg(&file);
    assert!(command.status().unwrap().success(), "{target}: {text}");
    object
}

/// The findings above notes: key and subject.
fn told(a: &Path, b: &Path) -> Vec<String> {
    let ran = diff(a, b, &[]);
    let report = ran.json();
    let findings = report["findings"].as_array().unwrap().iter();
    let above = findings.filter(|f| f["severity"] != "note");
    let all = |f: &serde_json::Value| {
        let key = f["key"].as_str().unwrap().to_owned();
        let subjects = f["subjects"].as_array().unwrap().iter();
        subjects.map(|s| format!("{key} {}", s.as_str().unwrap())).collect::<Vec<_>>()
    };
    let told: Vec<String> = above.flat_map(all).collect();
    assert_eq!(ran.status, i32::from(!told.is_empty()), "{}", ran.stdout);
    told
}

/// Pairs of functions of one size whose instructions at a relocation differ in nothing but bits that
/// the relocation leaves alone.
const PAIRS: [(&str, &str, &str); 16] = [
    ("x86_64", "call v", "jmp v"),
    ("x86_64", "mov v(%rip), %rax", "lea v(%rip), %rax"),
    ("x86_64", "mov v(%rip), %eax", "mov %eax, v(%rip)"),
    ("x86_64", "je v", "jne v"),
    ("aarch64", "ldr w0, [x8, :lo12:v]", "str w0, [x8, :lo12:v]"),
    ("aarch64", "ldr w0, [x8, :lo12:v]", "ldr w1, [x8, :lo12:v]"),
    ("aarch64", "tbz w0, #3, v", "tbnz w0, #3, v"),
    ("aarch64", "tbz w0, #3, v", "tbz w0, #4, v"),
    ("aarch64", "b.eq v", "b.ne v"),
    ("aarch64", "adrp x0, v", "adrp x1, v"),
    ("riscv64", "call v", "tail v"),
    ("riscv64", "lw a0, %lo(v)(a1)", "lbu a0, %lo(v)(a1)"),
    ("riscv64", "beq a0, a1, v", "bne a0, a1, v"),
    ("loongarch64", "bl v", "b v"),
    ("loongarch64", "ld.w $a0, $a1, %pc_lo12(v)", "st.w $a0, $a1, %pc_lo12(v)"),
    ("loongarch64", "beq $a0, $a1, v", "bne $a0, $a1, v"),
];

#[test]
fn an_instruction_at_a_relocation_is_compared_but_for_its_field() {
    let Some(llvm) = llvm("an_instruction_at_a_relocation") else { return };
    let dir = tempfile::tempdir().unwrap();
    let object = |target: &str, name: &str, instruction: &str| {
        let option = if target == "riscv64" { ".option norvc\n" } else { "" };
        let kind = if target == "aarch64" { "%" } else { "@" };
        let text =
            format!("{option}.globl f\n.type f,{kind}function\nf:\n{instruction}\n.size f, .-f\n");
        built(llvm, dir.path(), target, name, &text)
    };
    for (target, one, other) in PAIRS {
        let (a, b) = (object(target, "a.s", one), object(target, "b.s", other));
        assert_eq!(told(&a, &a), [""; 0], "{target}: {one}");
        let told = told(&a, &b);
        // x86_64 has types of their own for some instructions, and counts them.
        assert!(told.contains(&"code.changed f".to_owned()), "{one}, {other}: {told:?}");
    }
    // As a compiler writes them.
    let (load, store) = ("int f(int v){return flag;}", "int f(int v){flag=v;return v;}");
    for target in TARGETS {
        let source = |name: &str, f: &str| {
            built(llvm, dir.path(), target, name, &format!("extern int flag;\n{f}\n"))
        };
        let told = told(&source("load.c", load), &source("store.c", store));
        assert!(told.contains(&"code.changed f".to_owned()), "{target}: {told:?}");
    }
}

/// Every bit of every instruction with a relocation that clang makes of this, on each architecture.
#[test]
fn every_bit_at_a_relocation_counts() {
    let Some(llvm) = llvm("every_bit_at_a_relocation") else { return };
    let dir = tempfile::tempdir().unwrap();
    const SOURCE: &str = "extern int flag, list[]; extern long wide; extern char c; extern short h;\n\
        extern void call(const char *); extern int (*hook)(void); static int own[8];\n\
        int load(void) { return flag + c + h + wide; }\n\
        void store(int v) { flag = v; c = v; h = v; wide = v; }\n\
        int at(long i) { return list[i] + own[i & 7]; }\n\
        void two(int v) { own[1] = v; call(\"text\"); if (v) call(\"other\"); }\n\
        int tail(void) { return hook(); }\n\
        int pick(int v) { switch (v) { case 0: return 7; case 1: return load(); case 2: return at(1);\n\
        case 3: return tail(); case 4: call(\"x\"); return 1; default: return v; } }\n\
        void *table[] = { &flag, two, (char *)&wide + 4, \"name\" };\n";
    for target in TARGETS {
        let object = built(llvm, dir.path(), target, "all.c", SOURCE);
        let bytes = std::fs::read(&object).unwrap();
        let facts = |bytes: &[u8]| {
            let image = Image::parse(bytes).unwrap();
            twinlto_facts::build::ImageFacts {
                pieces: twinlto_facts::elf::pieces(&image),
                is_relocatable: true,
                e_machine: image.ident.e_machine,
                ..Default::default()
            }
        };
        let plain = facts(&bytes);
        let image = Image::parse(&bytes).unwrap();
        let mut flipped = 0;
        for (index, section) in image.sections.iter().enumerate().filter(|(_, s)| s.flags.alloc()) {
            let relocations: Vec<_> =
                image.relocation_sections(index).flat_map(|it| image.relocations(it)).collect();
            for relocation in relocations {
                for bit in 0..32 {
                    let at = (section.offset + relocation.offset) as usize + bit / 8;
                    let mut other = bytes.clone();
                    other[at] ^= 1 << (bit % 8);
                    let differs = differ(&plain, &facts(&other));
                    assert!(differs, "{target}: {} +{:#x}", section.name, relocation.offset);
                    flipped += 1;
                }
            }
        }
        assert!(flipped >= 20 * 32, "{target}: {flipped}");
    }
}

fn differ(a: &twinlto_facts::build::ImageFacts, b: &twinlto_facts::build::ImageFacts) -> bool {
    use twinlto_facts::build::{Answer, BuildFacts};
    let build = |image: &twinlto_facts::build::ImageFacts| BuildFacts {
        image: Answer::Read(image.clone()),
        ..Default::default()
    };
    let sides = twinlto_verdict::Sides::of(twinlto_model::Arch::Arm64, None, None);
    let code = [("vmlinux".to_owned(), a.clone(), b.clone())];
    let none = twinlto_verdict::Expectations::default();
    let verdict = twinlto_verdict::compare_any(sides, &build(a), &build(b), (&code, &[]), &none);
    verdict.findings().iter().any(|finding| finding.severity != twinlto_model::Severity::Note)
}

#[test]
fn what_has_no_bytes_or_no_name_is_compared_too() {
    let Some(llvm) = llvm("what_has_no_bytes_or_no_name") else { return };
    let dir = tempfile::tempdir().unwrap();
    const SOURCE: &str = "char zero[16]; static char own[16]; char *use(void) { return own; }\n\
        int tentative; long pad = 7;\n\
        asm(\".section .rodata.odd,\\\"a\\\"\\n.long 1, 2, 3\\n.section .rodata.str1.1,\\\"aMS\\\",@progbits,1\\n\
        .asciz \\\"nobody\\\"\\n.section .note_like,\\\"\\\",@progbits\\n.long 5\\n.previous\");\n";
    for target in TARGETS {
        let source = SOURCE
            .replace("@progbits", if target == "aarch64" { "%progbits" } else { "@progbits" });
        let plain = built(llvm, dir.path(), target, "plain.c", &source);
        let with = |name: &str, from: &str, to: &str| {
            assert!(source.contains(from));
            told(&plain, &built(llvm, dir.path(), target, name, &source.replace(from, to)))
        };
        assert_eq!(told(&plain, &plain), [""; 0]);
        for (from, to, expected) in [
            ("zero[16]", "zero[32]", "data.changed zero"),
            ("own[16]", "own[32]", "data.changed own"),
            ("int tentative", "long tentative", "data.changed tentative"),
            (".long 1, 2, 3", ".long 1, 2, 4", "data.changed .rodata.odd+0x0"),
            ("nobody", "nowhere", "data.changed .rodata.str1.1+0x0"),
            (".long 5", ".long 6", "data.changed .note_like+0x0"),
        ] {
            let told = with("other.c", from, to);
            assert!(told.contains(&expected.to_owned()), "{target}: {to}: {told:?}");
        }
    }
}

/// File offsets of a few bytes of each loaded section that has any, with its name.
fn places(bytes: &[u8]) -> Vec<(usize, String)> {
    let image = Image::parse(bytes).unwrap();
    let loaded = image.sections.iter().filter(|s| s.flags.alloc() && !s.is_nobits() && s.size > 0);
    let places = loaded.flat_map(|section| {
        let offsets = [0, section.size / 3, section.size / 2, section.size - 1];
        offsets.map(|at| ((section.offset + at) as usize, section.name.clone().into_owned()))
    });
    places.collect()
}

/// One bit of each loaded section of an object, a module and a kernel, all of one mode.
#[test]
fn one_bit_of_any_loaded_section_is_found() {
    let Some(pocket) = pocket("one_bit_of_any_loaded_section") else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut silent = Vec::new();
    for (number, arch) in ["x86_64", "arm64", "riscv", "loongarch"].into_iter().enumerate() {
        let build = pocket.build(arch, "distributed");
        let modules = std::fs::read_to_string(build.join("modules.order")).unwrap();
        let module = modules.lines().next().unwrap().replace(".o", ".ko");
        for file in ["vmlinux", &module, "kernel/sys.thinlto-native.o"] {
            let file = build.join(file);
            let bytes = std::fs::read(&file).unwrap();
            let copy = dir.path().join(file.file_name().unwrap());
            std::fs::write(&copy, &bytes).unwrap();
            assert_eq!(told(&file, &copy), [""; 0], "{}", file.display());
            for (step, (at, section)) in places(&bytes).into_iter().enumerate() {
                let mut other = bytes.clone();
                other[at] ^= 1 << ((step + number) % 8);
                std::fs::write(&copy, other).unwrap();
                let ran = diff(&file, &copy, &[]);
                let found = ran.status == 1
                    || ran.json()["findings"]
                        .as_array()
                        .is_some_and(|f| f.iter().any(|f| f["key"] == "data.changed"));
                if !found {
                    silent.push(format!("{arch} {} {section} at {at:#x}", copy.display()));
                }
            }
        }
    }
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn a_byte_of_a_variable_of_a_kernel_is_found_by_its_name() {
    let Some(pocket) = pocket("a_byte_of_a_variable") else { return };
    let dir = tempfile::tempdir().unwrap();
    for arch in ["x86_64", "arm64", "riscv", "loongarch"] {
        let kernel = pocket.build(arch, "in-process").join("vmlinux");
        let mut bytes = std::fs::read(&kernel).unwrap();
        let (at, name) = {
            let image = Image::parse(&bytes).unwrap();
            let (index, section) = image.section(".data").unwrap();
            let symbol = image.symbols.iter().find(|s| {
                s.section == SectionRef::Named(index) && s.size >= 4 && !s.name.contains('.')
            });
            let symbol = symbol.unwrap();
            let at = section.offset + (symbol.value - section.address) + 1;
            (at as usize, symbol.name.clone().into_owned())
        };
        bytes[at] ^= 4;
        let copy = dir.path().join("vmlinux");
        std::fs::write(&copy, bytes).unwrap();
        let told = told(&kernel, &copy);
        assert!(told[0].starts_with("data.changed "), "{arch} {name}: {told:?}");
    }
}

/// A linked file that lies where kernels lie.
fn linked(llvm: &str, dir: &Path, target: &str, name: &str, text: &str) -> PathBuf {
    let file = dir.join(format!("{name}.c"));
    std::fs::write(&file, text).unwrap();
    let out = dir.join(format!("{target}-{name}"));
    let mut command = Command::new(program(llvm, "clang"));
    command.arg(format!("--target={target}-linux-gnu")).args(["-O1", "-fno-pie", "-nostdlib"]);
    command.args([
        "-fno-asynchronous-unwind-tables",
        "-static",
        "-fuse-ld=lld",
        "-Wl,--build-id=none",
    ]);
    if target == "x86_64" {
        command.arg("-mcmodel=kernel");
    }
    let base = if target == "riscv64" { "-mcmodel=medany" } else { "-O1" };
    command.arg(base).arg("-Wl,--image-base=0xffffffff81000000").arg("-o").arg(&out).arg(&file);
    command.arg(format!("-B{}", Path::new(&program(llvm, "ld.lld")).parent().unwrap().display()));
    assert!(command.status().unwrap().success(), "{target} {name}");
    out
}

#[test]
fn variables_of_linked_files_that_lie_elsewhere_are_compared_by_name() {
    let Some(llvm) = llvm("variables_of_linked_files") else { return };
    let dir = tempfile::tempdir().unwrap();
    const SOURCE: &str = "static int one[4] = {1}, two[4] = {2}; int more(int v) { return v + 1; }\n\
        struct row { const char *name; int *what; int (*call)(int); long number; };\n\
        struct row rows[] = { { \"first\", one, more, 5 }, { \"second\", two + 2, more, 6 } };\n\
        const int values[] = { 1, 2, 3, 4 };\n\
        void _start(void) { rows[0].number += more(values[one[0] & 3] + two[1]); }\n";
    for target in TARGETS {
        let file = |name: &str, text: &str| linked(llvm, dir.path(), target, name, text);
        let plain = file("plain", SOURCE);
        // More of everything in front: all that follows lies elsewhere and holds the same.
        let front = "long front[40] = {9}; int before(int v) { return front[v] * 3; }\n\
            const char *texts[] = { \"a text\", \"another one\" };\n";
        let moved = file("moved", &format!("{front}{SOURCE}"));
        let told_moved = told(&plain, &moved);
        let kept = told_moved.iter().filter(|t| t.starts_with("data.") || t.starts_with("code."));
        // The texts are more, and nothing else of what both have differs.
        let kept: Vec<&String> = kept.filter(|t| !t.contains("texts in ")).collect();
        assert_eq!(kept, Vec::<&String>::new(), "{target}");
        for (from, to, expected) in [
            ("two + 2, more", "one + 2, more", "data.changed rows"),
            ("two + 2, more", "two + 3, more", "data.changed rows"),
            ("1, 2, 3, 4", "1, 2, 3, 5", "data.changed values"),
            ("\"second\"", "\"secund\"", "data.changed rows"),
            ("one[4] = {1}", "one[4] = {3}", "data.changed one"),
        ] {
            let other = file("other", &format!("{front}{}", SOURCE.replace(from, to)));
            let told = told(&plain, &other);
            assert!(told.iter().any(|t| t == expected), "{target}: {to}: {told:?}");
            // At the same place the same is found.
            let other = file("other", &SOURCE.replace(from, to));
            let told = self::told(&plain, &other);
            assert!(!told.is_empty(), "{target}: {to}");
        }
    }
}

/// Modules are compiled and linked alike in both modes.
#[test]
fn a_bit_of_a_module_of_the_other_mode_is_found() {
    let Some(pocket) = pocket("a_bit_of_a_module_of_the_other_mode") else { return };
    for arch in ["x86_64", "arm64", "riscv", "loongarch"] {
        let [ours, theirs] = ["distributed", "in-process"].map(|mode| pocket.build(arch, mode));
        let modules = std::fs::read_to_string(ours.join("modules.order")).unwrap();
        let module = modules.lines().next().unwrap().replace(".o", ".ko");
        let (ours, theirs) = (ours.join(&module), theirs.join(&module));
        let ran = diff(&ours, &theirs, &[]);
        assert_eq!((ran.status, ran.keys()), (0, vec![]), "{}", ran.stdout);
        assert!(!ran.stdout.contains("a section of its own"), "{}", ran.stdout);
        let build = crate::support::copy_of(theirs.parent().unwrap(), "module_of_the_other_mode");
        // The mode of a file is that of the build directory around it.
        let config = pocket.build(arch, "in-process").join(".config");
        std::fs::copy(config, build.join(".config")).unwrap();
        let copy = build.join(theirs.file_name().unwrap());
        let mut bytes = std::fs::read(&copy).unwrap();
        let (at, _) = crate::diff::a_function(&bytes);
        bytes[at + 1] ^= 1;
        std::fs::write(&copy, bytes).unwrap();
        let told = told(&ours, &copy);
        assert!(told.iter().any(|t| t.starts_with("code.changed ")), "{arch}: {told:?}");
    }
}
