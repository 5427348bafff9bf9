//! `twinlto diff`: any two things of one kind.

use crate::support::{MadeBuild, Ran, finding, llvm, pocket, run};
use std::path::{Path, PathBuf};
use twinlto_facts::elf::{Image, SectionRef, SymbolKind};

/// A change of a file's bytes.
type Edit = fn(&mut Vec<u8>);

pub(crate) fn diff(a: &Path, b: &Path, options: &[&str]) -> Ran {
    let (a, b) = (a.display().to_string(), b.display().to_string());
    let args = [&["diff", &a, &b, "--format", "json"], options].concat();
    let ran = run(&args);
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

/// A copy of a file with one change.
pub(crate) fn changed(
    dir: &tempfile::TempDir,
    file: &Path,
    change: impl FnOnce(&mut Vec<u8>),
) -> PathBuf {
    let mut bytes = std::fs::read(file).unwrap();
    change(&mut bytes);
    let path = dir.path().join(file.file_name().unwrap());
    std::fs::write(&path, bytes).unwrap();
    path
}

/// File offset and name of a function of at least 16 bytes without relocations at its start.
pub(crate) fn a_function(bytes: &[u8]) -> (usize, String) {
    let image = Image::parse(bytes).unwrap();
    let bodies = twinlto_facts::elf::bodies(&image);
    let body = bodies
        .iter()
        .find(|body| {
            !body.is_data
                && body.size >= 16
                && body.references.iter().all(|r| r.place >= body.start + 12)
        })
        .unwrap();
    let symbol = image.symbols.iter().find(|s| s.name == body.name).unwrap();
    let SectionRef::Named(section) = symbol.section else { panic!("{symbol:?}") };
    assert_eq!(symbol.kind, SymbolKind::Func);
    ((image.sections[section].offset + symbol.value) as usize, body.name.clone())
}

#[test]
fn the_kernels_of_both_modes_have_nothing_unexplained() {
    let Some(pocket) = pocket("diff_of_both_modes") else {
        return;
    };
    for arch in ["x86_64", "arm64", "riscv", "loongarch"] {
        let [a, b] = ["distributed", "in-process"].map(|mode| pocket.build(arch, mode));
        let kernels = diff(&a.join("vmlinux"), &b.join("vmlinux"), &[]);
        assert_eq!((kernels.status, kernels.keys()), (0, vec![]), "{}", kernels.stdout);
        let report = kernels.json();
        let path = |dir: &Path| dir.join("vmlinux").display().to_string();
        assert_eq!(report["sides"], serde_json::json!({ "left": path(&a), "right": path(&b) }));
        let layers = report["twins"][0]["layers"].as_array().unwrap();
        for name in ["exports", "symbols", "sections", "initcalls", "tables"] {
            let layer = layers.iter().find(|layer| layer["layer"] == name).unwrap();
            assert!(layer["compared"].as_u64().unwrap() > 0, "{arch} {name}");
        }
        // Every difference has a cause.
        for found in report["findings"].as_array().unwrap() {
            assert!(found["cause"].is_string(), "{found}");
        }
        let builds = diff(&a, &b, &[]);
        assert_eq!((builds.status, builds.keys()), (0, vec![]), "{}", builds.stdout);
    }
}

#[test]
fn one_bit_of_one_function_is_found_by_name() {
    let Some(pocket) = pocket("one_bit_of_one_function") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    for arch in ["x86_64", "arm64", "riscv", "loongarch"] {
        let file = pocket.build(arch, "distributed").join("lib/string.thinlto-native.o");
        let (at, name) = a_function(&std::fs::read(&file).unwrap());
        let other = changed(&dir, &file, |bytes| bytes[at + 4] ^= 1);
        let ran = diff(&file, &other, &[]);
        assert_eq!(
            (ran.status, ran.keys()),
            (1, vec!["code.changed".to_owned()]),
            "{}",
            ran.stdout
        );
        let report = ran.json();
        assert_eq!(finding(&report, "code.changed")["subjects"], serde_json::json!([name]));
        if let Some(llvm) = llvm("one_bit_of_one_function") {
            let paths = [&file, &other].map(|path| path.display().to_string());
            let ran = run(&["diff", &paths[0], &paths[1], "--disassemble", "--llvm", llvm]);
            assert_eq!(ran.status, 1, "{}", ran.stderr);
            let shown = ran.stdout.rsplit_once("+++ ").unwrap().1;
            assert!(shown.contains("\n-") && shown.contains("\n+"), "{}", ran.stdout);
        }
        assert_eq!(diff(&file, &file, &[]).status, 0, "{arch}");
    }
}

/// Where the bytes of a section lie in the file, and of its header.
pub(crate) fn section_of(bytes: &[u8], name: &str) -> (std::ops::Range<usize>, usize) {
    let image = Image::parse(bytes).unwrap();
    let (index, section) = image.section(name).unwrap_or_else(|| panic!("no {name}"));
    let start = section.offset as usize;
    // e_shoff of a little-endian 64-bit file.
    let headers = u64::from_le_bytes(bytes[0x28..0x30].try_into().unwrap()) as usize;
    (start..start + section.size as usize, headers + index * 64)
}

/// One change in a real file each, and the one finding that names it.
#[test]
fn one_change_of_a_real_file_is_found_by_name() {
    let Some(pocket) = pocket("one_change_of_a_real_file") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let object = |arch| pocket.build(arch, "distributed").join("lib/string.thinlto-native.o");
    let kernel = |arch| pocket.build(arch, "distributed").join("vmlinux");
    let cases: [(PathBuf, Edit, &str, &str); 5] = [
        // SHF_EXECINSTR is 4 of the first byte of sh_flags.
        (
            object("arm64"),
            |bytes| {
                let (_, header) = section_of(bytes, ".text");
                bytes[header + 8] ^= 1;
            },
            "section.permissions.changed",
            ".text",
        ),
        (
            object("riscv"),
            |bytes| {
                let (range, _) = section_of(bytes, ".riscv.attributes");
                let at = bytes[range.clone()].windows(4).position(|w| w == b"rv64").unwrap();
                bytes[range.start + at + 2..][..2].copy_from_slice(b"32");
            },
            "elf.attributes.changed",
            "attribute arch",
        ),
        (
            kernel("x86_64"),
            |bytes| {
                let (range, _) = section_of(bytes, "__kcrctab");
                bytes[range.start] ^= 1;
            },
            "export.crc.changed",
            "",
        ),
        (
            kernel("arm64"),
            |bytes| {
                let (range, _) = section_of(bytes, "__param");
                // The permissions of the first parameter.
                bytes[range.start + 24] ^= 1;
            },
            "table.changed",
            "__param: ",
        ),
        (kernel("loongarch"), |bytes| bytes[0x30] ^= 1, "elf.header.changed", "vmlinux"),
    ];
    for (file, edit, key, subject) in cases {
        let other = changed(&dir, &file, edit);
        let ran = diff(&file, &other, &[]);
        let keys = ran.keys();
        assert_eq!((ran.status, keys), (1, vec![key.to_owned()]), "{}", ran.stdout);
        let report = ran.json();
        let found = finding(&report, key);
        let subjects = found["subjects"].as_array().unwrap();
        assert!(subjects[0].as_str().unwrap().starts_with(subject), "{found}");
    }
}

#[test]
fn what_is_left_out_is_said() {
    let Some(pocket) = pocket("what_is_left_out") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let file = pocket.build("arm64", "distributed").join("Module.symvers");
    let other = changed(&dir, &file, |bytes| bytes[9] = if bytes[9] == b'0' { b'1' } else { b'0' });
    let all = diff(&file, &other, &[]);
    assert_eq!((all.status, all.keys()), (1, vec!["export.crc.changed".to_owned()]));
    for options in [["--ignore", "export.*"], ["--only", "section.*"]] {
        let ran = diff(&file, &other, &options);
        assert_eq!((ran.status, ran.keys()), (0, vec![]), "{}", ran.stdout);
        let report = ran.json();
        let said = &report["not_compared"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(said["what"], "1 finding");
        assert_eq!(said["why"], "hidden: left out by --only and --ignore");
        // Nobody may take it for a pass.
        assert_eq!(report["twins"][0]["layers"][0]["hidden"], 1);
        let [a, b] = [&file, &other].map(|path| path.display().to_string());
        let shown = run(&[&["diff", &a, &b][..], &options].concat()).stdout;
        let row = shown.lines().nth(3).unwrap();
        assert!(row.contains("1 hidden") && !row.contains('✓'), "{shown}");
    }
    assert_eq!(diff(&file, &other, &["--only", "export.*"]).status, 1);
}

#[test]
fn bitcode_is_compared_by_what_decides_its_code() {
    let Some(pocket) = pocket("bitcode_is_compared") else {
        return;
    };
    let [arm, riscv] = ["arm64", "riscv"].map(|arch| pocket.build(arch, "distributed"));
    let (a, b) = (arm.join("lib/string.o"), riscv.join("lib/string.o"));
    assert_eq!((diff(&a, &a, &[]).status, diff(&b, &b, &[]).status), (0, 0));
    let ran = diff(&a, &b, &[]);
    assert_eq!(ran.status, 1);
    for key in ["ir.target.changed", "ir.flag.changed"] {
        assert!(ran.keys().contains(&key.to_owned()), "{key}: {}", ran.stdout);
    }
    let index = arm.join("lib/string.o.thinlto.bc");
    assert_eq!(diff(&index, &index, &[]).status, 0);
    assert!(diff(&a, &index, &[]).keys().contains(&"ir.kind.changed".to_owned()));
    let dir = tempfile::tempdir().unwrap();
    let cut = changed(&dir, &a, |bytes| bytes.truncate(bytes.len() / 2));
    assert_eq!(diff(&a, &cut, &[]).status, 2);
}

/// Objects of a build that cannot be read are said to be left out.
#[test]
fn objects_that_one_build_has_not_are_said() {
    let Some(pocket) = pocket("objects_that_one_build_has_not") else {
        return;
    };
    let [a, b] = ["distributed", "in-process"].map(|mode| pocket.build("arm64", mode));
    let same = diff(&a, &a, &["--object", "lib/*"]);
    assert_eq!(same.status, 0, "{}", same.stdout);
    let layers = same.json()["twins"][0]["layers"].clone();
    let code = layers.as_array().unwrap().iter().find(|layer| layer["layer"] == "code").unwrap();
    assert!(code["compared"].as_u64().unwrap() > 10, "{code}");
    // In-process there are no native objects.
    let ran = diff(&a, &b, &["--object", "lib/string.o"]);
    assert_eq!(ran.status, 2, "{}", ran.stdout);
    assert!(ran.stderr.contains("is in-process: lld decides"), "{}", ran.stderr);
    // Without them, it is said what was not compared and who compares it.
    let ran = diff(&a, &a, &[]);
    let left_out = ran.json()["not_compared"].to_string();
    assert!(left_out.contains("name native objects with --object"), "{left_out}");
    assert!(left_out.contains("twinlto audit compares them"), "{left_out}");
}

#[test]
fn archives_are_compared_member_by_member() {
    let Some(pocket) = pocket("archives") else {
        return;
    };
    let [a, b] =
        ["distributed", "in-process"].map(|mode| pocket.build("riscv", mode).join("vmlinux.a"));
    assert_eq!(diff(&a, &a, &[]).status, 0);
    let ran = diff(&a, &b, &[]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("only one of them has the native objects"), "{}", ran.stderr);
    // The same archive without its first member.
    let dir = tempfile::tempdir().unwrap();
    let build = pocket.build("riscv", "distributed");
    let copy = dir.path().join("copy");
    let cp = std::process::Command::new("cp").arg("-a").arg(&build).arg(&copy).status();
    assert!(cp.unwrap().success());
    let order = std::fs::read_to_string(build.join("vmlinux.thinlto-index")).unwrap();
    let gone = order.lines().next().unwrap().replace(".o", ".thinlto-native.o");
    let shorter = copy.join("vmlinux.a");
    let bytes = std::fs::read(&shorter).unwrap();
    let name = gone.as_bytes();
    let at = bytes.windows(name.len()).position(|window| window == name).unwrap();
    let mut changed = bytes;
    changed[at] ^= 1;
    std::fs::write(&shorter, changed).unwrap();
    let ran = diff(&a, &shorter, &[]);
    assert_eq!(ran.status, 1, "{}", ran.stdout);
    assert!(ran.stdout.contains(&gone), "{}", ran.stdout);
}

#[test]
fn things_that_cannot_be_compared_are_refused() {
    let Some(pocket) = pocket("cannot_be_compared") else {
        return;
    };
    let [arm, riscv] = ["arm64", "riscv"].map(|arch| pocket.build(arch, "distributed"));
    let (kernel, symvers) = (arm.join("vmlinux"), arm.join("Module.symvers"));
    let nonsense = arm.join(".config");
    let record = pocket.out.join("records");
    let record = std::fs::read_dir(record).unwrap().next().unwrap().unwrap().path();
    let cases: [(&Path, &Path, &[&str], &str); 12] = [
        (&record, &arm, &[], "one is a record of a check, the other a build directory"),
        (&arm, &arm, &["--object", "no/such/*"], "no IR object that both builds have"),
        (&kernel, &symvers, &[], "one is an ELF file, the other a Module.symvers"),
        (&kernel, &arm, &[], "one is an ELF file, the other a build directory"),
        (&kernel, &riscv.join("vmlinux"), &[], "one is arm64, the other riscv"),
        (&nonsense, &nonsense, &[], "no ELF file, archive or Module.symvers"),
        (&arm.join("nowhere"), &kernel, &[], "there is no such file"),
        (&kernel, &kernel, &["--only", "a[.*"], "--only a[.*"),
        (&kernel, &kernel, &["--only", ""], "--only ''\ncause: it fits the key of no finding"),
        (&kernel, &kernel, &["--only", "export.*", "--only", "exprot.lost"], "mean export.lost?"),
        (&kernel, &kernel, &["--ignore", "exprot.*"], "did you mean export."),
        (&record, &record, &["--ignore", "sections.*"], "did you mean section."),
    ];
    let kernel = kernel.display().to_string();
    let ran = run(&["diff", &kernel, &kernel, "--disassemble"]);
    assert_eq!(ran.status, 2, "{}", ran.stdout);
    assert!(ran.stderr.contains("it is no relocatable ELF file"), "{}", ran.stderr);
    for (a, b, options, expected) in cases {
        let ran = diff(a, b, options);
        assert_eq!(ran.status, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    }
}

/// Where types cannot be made, the finding says why, and `--no-explain` says nothing.
#[test]
fn a_changed_crc_without_a_cause_says_why() {
    let files = tempfile::tempdir().unwrap();
    let symvers = |crc: &str| format!("{crc}\ta\tvmlinux\tEXPORT_SYMBOL\t\n");
    let file = |name: &str, crc: &str| {
        let path = files.path().join(name);
        std::fs::write(&path, symvers(crc)).unwrap();
        path
    };
    let (one, two) = (file("one", "0x00000001"), file("two", "0x00000002"));
    let cause = |a: &Path, b: &Path, options: &[&str]| {
        let ran = diff(a, b, options);
        assert_eq!(ran.status, 1, "{}", ran.stderr);
        finding(&ran.json(), "export.crc.changed")["cause"].clone()
    };
    let said = |a: &Path, b: &Path| cause(a, b, &[]).as_str().unwrap().to_owned();
    let alone = said(&one, &two);
    assert!(
        alone.starts_with("cause unknown: of A, ") && alone.contains("alone is there"),
        "{alone}"
    );
    assert!(cause(&one, &two, &["--no-explain"]).is_null());

    let (a, b) = (MadeBuild::new(&["a.o"]), MadeBuild::new(&["a.o"]));
    b.write("Module.symvers", symvers("0x00000002"));
    let missing = said(a.path(), b.path());
    assert!(
        missing.contains("there is no ") && missing.ends_with("genksyms/genksyms"),
        "{missing}"
    );
    // There is one, and nothing tells what to give it.
    for build in [&a, &b] {
        build.write("scripts/genksyms/genksyms", "");
    }
    let untold = said(a.path(), b.path());
    assert!(untold.contains("no .cmd file of A tells which object exports it"), "{untold}");
    // A program that is no compiler is not run.
    for (build, crc) in [(&a, 1), (&b, 2)] {
        let text = format!(
            "savedcmd_a.o := touch -c -o a.o {}/ran\n\n$(deps_a.o):\n\n#SYMVER a 0x{crc:08x}\n",
            files.path().display()
        );
        build.write(".a.o.cmd", text);
    }
    let odd = said(a.path(), b.path());
    assert!(odd.contains("not to be used") && odd.contains("'touch' is no C compiler"), "{odd}");
    // A source that is gone.
    for build in [&a, &b] {
        let path = build.path().join(".a.o.cmd");
        let text = std::fs::read_to_string(&path).unwrap().replace("touch -c", "clang -c");
        std::fs::write(path, text).unwrap();
    }
    let gone = said(a.path(), b.path());
    assert!(gone.contains("the sources of A are not there any more, such as "), "{gone}");
    // Debugging information.
    for build in [&a, &b] {
        build.write(".config", "CONFIG_X86_64=y\nCONFIG_MODULES=y\nCONFIG_GENDWARFKSYMS=y\n");
    }
    assert!(said(a.path(), b.path()).contains("CONFIG_GENDWARFKSYMS"));
}
