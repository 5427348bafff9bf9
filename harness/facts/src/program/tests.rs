use super::*;
use proptest::prelude::*;

fn program(word: &str) -> Option<Program> {
    tool_of(word).map(|called| called.program)
}

#[test]
fn a_tool_is_known_by_whatever_name_it_is_called() {
    for (word, expected) in [
        ("clang", Program::Clang),
        ("clang-22", Program::Clang),
        ("clang-22.1", Program::Clang),
        ("clang22", Program::Clang),
        ("clang-22-rc1", Program::Clang),
        ("clang-mine", Program::Clang),
        ("clang++-22", Program::Clang),
        ("/usr/lib/llvm-22/bin/clang", Program::Clang),
        ("../bin/clang-22", Program::Clang),
        ("aarch64-linux-gnu-clang-22", Program::Clang),
        ("clang.exe", Program::Clang),
        ("aarch64-linux-gnu-gcc-14", Program::Gcc),
        ("cc", Program::Gcc),
        ("ld.lld-22", Program::Lld),
        ("/usr/lib/llvm-22/bin/ld.lld", Program::Lld),
        ("x86_64-linux-gnu-ld.lld", Program::Lld),
        ("aarch64-linux-gnu-ld", Program::Ld),
        ("ld.bfd", Program::Ld),
        ("llvm-ar-22", Program::Ar),
        ("/opt/bin/llvm-ar", Program::Ar),
        ("x86_64-linux-gnu-gcc-ar-14", Program::Ar),
        ("riscv64-linux-gnu-ar", Program::Ar),
        ("llvm-objcopy-22", Program::Objcopy),
        ("llvm-nm-22", Program::Nm),
        ("llvm-strip22", Program::Strip),
        ("gmake", Program::Make),
        ("make-4.4", Program::Make),
        ("./tools/objtool/objtool", Program::Objtool),
        ("scripts/genksyms/genksyms", Program::Genksyms),
    ] {
        assert_eq!(program(word), Some(expected), "{word}");
    }
}

#[test]
fn another_program_or_a_file_is_no_tool() {
    for word in [
        "",
        "-",
        "--",
        "clangd",
        "clang-tidy",
        "clang-tidy-22",
        "clang-scan-deps-22",
        "clang-format",
        "scripts/clang-tools",
        "scripts/clang-version.sh",
        "clang-a.o",
        "clang:",
        "clang-22:",
        "'clang-22",
        "xclang",
        "ld-linux.so.2",
        "ld-temp.o",
        "ld.lld.o",
        "lldb",
        "lldb-22",
        "far",
        "lib/bar",
        "tar",
        "llvm-as",
        "cc-option",
        "cmake",
        "makefile",
        "-fuse-ld=lld",
        "gcc-common",
        "my-objtool",
        "ar.o",
        "strip.c",
        "lib/a.thinlto-native.o",
    ] {
        assert_eq!(tool_of(word), None, "{word}");
    }
}

#[test]
fn the_parts_of_a_name_are_told_apart() {
    let called = tool_of("/usr/bin/aarch64-linux-gnu-ld.lld-22.1").unwrap();
    assert_eq!(called.dir, Some("/usr/bin"));
    assert_eq!((called.target, called.base), ("aarch64-linux-gnu-", "ld.lld"));
    assert_eq!(called.suffix, "-22.1");
}

#[test]
fn make_speaks_under_all_of_its_names() {
    for name in ["make", "make[2]", "gmake[10]", "make-4.4", "/usr/bin/make[1]"] {
        assert!(is_make(name), "{name}");
    }
    for name in ["make[x]", "cmake", "make.c", "makes", "x-make", "make [1]", "gmake says"] {
        assert!(!is_make(name), "{name}");
    }
}

proptest! {
    #[test]
    fn no_form_of_a_name_hides_the_tool(
        which in 0..NAMES.len(),
        dir in "(|/usr/lib/llvm-22/bin/|\\./|\\.\\./x/|/opt/clang-r1/bin/)",
        target in "(|(aarch64|x86_64|riscv64|loongarch64)(|-pc|-unknown)-linux(|-gnu|-musl|-gnuf64)-)",
        suffix in "(|-?[0-9]{1,2}(|\\.[0-9]|\\.[0-9]\\.[0-9])(|-rc[0-9]|git|~exp1))",
        exe in "(|\\.exe|\\.EXE)",
    ) {
        let (base, expected, may) = NAMES[which];
        let (target, suffix) = match may {
            Suffix::No => (String::new(), String::new()),
            _ => (target, suffix),
        };
        let word = format!("{dir}{target}{base}{suffix}{exe}");
        prop_assert_eq!(program(&word), Some(expected), "{}", word);
    }

    #[test]
    fn no_word_panics(word in "\\PC{0,40}") {
        let _ = tool_of(&word);
        let _ = is_make(&word);
    }
}
