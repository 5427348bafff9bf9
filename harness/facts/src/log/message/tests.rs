use super::*;
use proptest::prelude::*;

fn said(line: &str) -> String {
    message(line).map(|m| m.said.to_string()).unwrap_or_default()
}

#[test]
fn each_tool_is_told_by_its_words() {
    let cases = [
        (
            "../lib/a.c:12:5: warning: stack frame size (1200) exceeds limit (1024) in 'f' [-Wframe-larger-than]",
            "clang warning ../lib/a.c: stack frame size (N) exceeds limit (N) in 'f' [-Wframe-larger-than]",
        ),
        (
            "lib/a.c:12:5: error: stack frame size (1200) exceeds limit (1024) in 'f' [-Werror,-Wframe-larger-than]",
            "clang error lib/a.c: stack frame size (N) exceeds limit (N) in 'f' [-Wframe-larger-than]",
        ),
        (
            "error: <unknown>:0:0: stack frame size (904) exceeds limit (128) in function 'big' [-Werror,-Wframe-larger-than]",
            "clang error: stack frame size (N) exceeds limit (N) in function 'big' [-Wframe-larger-than]",
        ),
        (
            "<inline asm>:1:2: error: invalid instruction mnemonic 'dmb'",
            "clang error <inline asm>: invalid instruction mnemonic 'dmb'",
        ),
        (
            "clang: error: argument unused during compilation: '-nostdinc' [-Werror,-Wunused-command-line-argument]",
            "clang error: argument unused during compilation: '-nostdinc' [-Wunused-command-line-argument]",
        ),
        (
            "warning: Linking two modules of different target triples: 'a.o' is 'x86_64-pc-linux-gnu' whereas 'b' is 'aarch64-linux-gnu'",
            "clang warning: Linking two modules of different target triples: 'a.o' is 'x86_64-pc-linux-gnu' whereas 'b' is 'aarch64-linux-gnu'",
        ),
        (
            "'+v8a' is not a recognized feature for this target (ignoring feature)",
            "clang warning: '+v8a' is not a recognized feature for this target (ignoring feature)",
        ),
        (
            "/opt/llvm/bin/ld.lld: error: undefined symbol: foo.llvm.123",
            "lld error: undefined symbol: foo",
        ),
        (
            "ld.lld: warning: lib/a.c:12:0: stack frame size (1200) exceeds limit (1024) in function 'f'",
            "lld warning lib/a.c: stack frame size (N) exceeds limit (N) in function 'f'",
        ),
        (
            "ld.lld: error: lib/b.o <inline asm>:1:2: invalid instruction mnemonic 'dmb'",
            "lld error <inline asm>: invalid instruction mnemonic 'dmb'",
        ),
        (
            "/opt/bin/llvm-ar: error: lib/a.o: no such file or directory",
            "ar error: lib/a.o: no such file or directory",
        ),
        ("Segmentation fault (core dumped)", "other error: Segmentation fault"),
        ("/bin/sh: line 1: 4711 Killed                  ld.lld -r", "other error: Killed"),
        ("Killed by a policy", ""),
        ("echo Aborted", ""),
        (
            "vmlinux.o: warning: objtool: do_it+0x12: unreachable instruction",
            "objtool warning vmlinux.o: do_it+N: unreachable instruction",
        ),
        (
            "ERROR: modpost: \"foo\" [fs/binfmt_misc.ko] undefined!",
            "modpost error fs/binfmt_misc.ko: \"foo\" [fs/binfmt_misc.ko] undefined!",
        ),
        (
            "WARNING: modpost: vmlinux: section mismatch in reference: a+0x2 (section: .text) -> b (section: .init.text)",
            "modpost warning vmlinux: section mismatch in reference: a+N (section: .text) -> b (section: .init.text)",
        ),
        (
            ".config:12:warning: override: reassigning to symbol FOO",
            "kconfig warning .config: override: reassigning to symbol FOO",
        ),
        ("drivers/Kconfig:7: syntax error", "kconfig error drivers/Kconfig: syntax error"),
        ("include/linux/a.h:12: syntax error", "genksyms error include/linux/a.h: syntax error"),
        (
            "fixdep: error opening file: lib/.a.o.d: No such file or directory",
            "fixdep error: error opening file: lib/.a.o.d: No such file or directory",
        ),
        ("make[2]: *** [Makefile:1372: vmlinux_a] Error 2", "make error vmlinux_a: Error N"),
        (
            "scripts/Makefile.thinlto:7: *** missing separator.  Stop.",
            "make error scripts/Makefile.thinlto: missing separator.",
        ),
        (
            "make[1]: *** No rule to make target 'x.a', needed by 'y'.  Stop.",
            "make error: No rule to make target 'x.a', needed by 'y'.",
        ),
        (
            "Makefile:1372: warning: overriding recipe for target 'x'",
            "make warning Makefile: overriding recipe for target 'x'",
        ),
        ("LLVM ERROR: out of memory", "clang error: out of memory"),
        ("sh: 1: pahole: not found", "other error: sh: N: pahole: not found"),
        ("WARNING: no jobserver here", "other warning: no jobserver here"),
        (
            "lib/a.c:3:1: note: previous definition is here",
            "clang note lib/a.c: previous definition is here",
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(said(line), expected, "{line}");
    }
}

#[test]
fn commands_and_quoted_source_are_no_messages() {
    for line in [
        "  echo \"warning: cannot check the header\"",
        "# CC      a.o",
        "   12 | #error: no",
        "  CC      lib/warning: .o",
        "set -e; echo \"x: error: y\" >&2; exit 1",
        "sh -c 'a: warning: b'",
        "make[2]: *** Waiting for unfinished jobs....",
        "' 'saved_c_flags_a.o := -DX=\"error: \"",
        "",
    ] {
        assert_eq!(said(line), "", "{line}");
    }
}

#[test]
fn a_message_knows_its_line_and_its_object() {
    let of = |line: &str| {
        let message = message(line).unwrap();
        (message.line, message.object)
    };
    assert_eq!(of("lib/a.c:12:5: error: x"), (Some(12), None));
    assert_eq!(of("error: lib/a.c:12:0: x"), (Some(12), None));
    // The backend takes its bitcode for a source.
    assert_eq!(of("lib/a.o:2:66: error: x"), (None, Some("lib/a.o".to_owned())));
    let importer = of("warning: linking module 'lib/a.o': Linking two modules of different x");
    assert_eq!(importer, (None, Some("lib/a.o".to_owned())));
    let asm = of("ld.lld: error: vmlinux.a(lib/b.o at 7744) <inline asm>:1:2: x");
    assert_eq!(asm, (None, Some("lib/b.o".to_owned())));
    let member = message("ld.lld: error: vmlinux.a(b.o at 7744) <inline asm>:1:2: x").unwrap();
    assert_eq!((member.object, member.member.as_deref()), (None, Some("b.o")));
    let whole = message("ld.lld: error: ld-temp.o <inline asm>:1:2: x").unwrap();
    assert_eq!((whole.object, whole.member), (None, None));
    assert_eq!(whole.said.to_string(), "lld error <inline asm>: x");
}

#[test]
fn a_triple_is_found() {
    let said = message("warning: 'a.o' is 'x86_64-pc-linux-gnu' whereas").unwrap().said;
    assert_eq!(said.triple(), Some("x86_64-pc-linux-gnu"));
    assert_eq!(message("error: x86_64 is no triple").unwrap().said.triple(), None);
}

#[test]
fn words_of_another_job_before_it_do_no_harm() {
    let expected = "clang error <inline asm>: bad";
    assert_eq!(said("half a line of somebody else <inline asm>:1:2: error: bad"), expected);
}

proptest! {
    #[test]
    fn no_line_panics(line in "\\PC{0,60}") {
        let _ = message(&line).map(|m| (m.said.to_string(), m.said.subject(), m.said.stage()));
    }

    #[test]
    fn no_line_of_these_words_panics(words in prop::collection::vec(
        "(error|warning|: |:|make|\\*\\*\\* |\\[|\\]| |-W|1|'|modpost|ld.lld|objtool: |<|a.o|\\(| in function )",
        0..12,
    )) {
        let _ = message(&words.concat()).map(|m| (m.said.subject(), m.said.triple().map(str::len)));
    }
}
