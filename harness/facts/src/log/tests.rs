use super::*;
use proptest::prelude::*;

mod decorated;
mod explained;

const LOG: &str = "\
# CC      virt/kvm/dirty_ring.thinlto-native.o
  clang -O2 -x ir -fno-lto -fthinlto-index=virt/kvm/dirty_ring.o.thinlto.bc -c -o virt/kvm/dirty_ring.thinlto-native.o virt/kvm/dirty_ring.o
<inline asm>:1:2: error: invalid instruction mnemonic 'dmb'
make[4]: *** [scripts/Makefile.thinlto:22: virt/kvm/dirty_ring.thinlto-native.o] Error 1
make[3]: *** [scripts/Makefile.vmlinux_a:57: vmlinux.a] Error 2
make[2]: *** [Makefile:1372: vmlinux_a] Error 2
make: *** [Makefile:260: __sub-make] Error 2
";

#[test]
fn a_failed_backend_is_found_with_its_command() {
    let log = BuildLog::parse(LOG.as_bytes());
    assert!(log.backends["virt/kvm/dirty_ring.thinlto-native.o"].starts_with("clang -O2 -x ir"));
    assert_eq!(log.failures.len(), 4);
    assert_eq!(log.failures[0].line, Some(22));
    assert_eq!(log.errors, ["<inline asm>:1:2: error: invalid instruction mnemonic 'dmb'"]);
    assert_eq!(log.roots()[0].target, "virt/kvm/dirty_ring.thinlto-native.o");
}

#[test]
fn a_failed_target_has_the_error_that_names_it() {
    let log = BuildLog::parse(LOG.as_bytes());
    let why = "<inline asm>:1:2: error: invalid instruction mnemonic 'dmb'";
    assert_eq!(log.reasons["virt/kvm/dirty_ring.thinlto-native.o"], why);
    let log = BuildLog::parse(
        b"a.c: error: x\nb.c: error: y\nmake[1]: *** [Makefile:1: a.o] Error 1\n\
          make[1]: *** [Makefile:1: c.o] Error 1\n",
    );
    assert_eq!(log.reasons["a.o"], "b.c: error: y");
    assert!(!log.reasons.contains_key("c.o"), "its own error was not seen");
}

#[test]
fn a_target_that_nobody_makes_is_the_headline() {
    let log = BuildLog::parse(
        b"make[1]: *** No rule to make target 'x.a', needed by 'y'.  Stop.\n\
          make: *** [Makefile:2: __sub-make] Error 2\n",
    );
    assert!(log.headline().unwrap().contains("No rule to make target 'x.a'"));
}

#[test]
fn a_command_behind_the_words_of_another_job_is_found() {
    let line = ":2:2:   /opt/bin/clang  -x ir -fthinlto-index=a.o.thinlto.bc -c -o a.n.o a.o";
    let log = BuildLog::parse(line.as_bytes());
    assert!(log.backends["a.n.o"].starts_with("/opt/bin/clang  -x ir"), "{log:?}");
}

#[test]
fn a_member_that_is_not_there_is_named() {
    let log = BuildLog::parse(
        b"/opt/bin/llvm-ar: error: lib/./a.thinlto-native.o: no such file or directory\n\
          cat: b.o: No such file or directory\n",
    );
    assert_eq!(log.members_not_found, ["lib/a.thinlto-native.o"]);
}

#[test]
fn lines_are_counted_for_progress() {
    let steps: Vec<_> = LOG.lines().filter_map(step).collect();
    assert_eq!(steps, [Step::Backend]);
    assert_eq!(step("  clang -D__KERNEL__ -Os -c -o a.o a.c "), Some(Step::Object));
}

#[test]
fn a_message_is_of_the_object_that_was_given_up_for_it() {
    let said = "error: <unknown>:0:0: stack frame size (9) exceeds limit (8) in function 'f' [-Werror,-Wframe-larger-than]\n";
    let other = said.replace("'f'", "'g'");
    let objects = |text: &str| -> Vec<Option<String>> {
        BuildLog::parse(text.as_bytes()).diagnostics.values().map(|s| s.object.clone()).collect()
    };
    let failed = "make[1]: *** [x:1: lib/a.thinlto-native.o] Error 1\n";
    let both = objects(&format!("{said}{other}2 errors generated.\n{failed}"));
    assert_eq!(both[..2], [Some("lib/a.o".to_owned()), Some("lib/a.o".to_owned())]);
    // One of the two is another job's, and nobody knows which.
    let mixed = objects(&format!("{said}{other}1 error generated.\n{failed}"));
    assert_eq!(mixed[..2], [None, Some("lib/a.o".to_owned())]);
}

#[test]
fn a_failure_by_warnings_alone_is_told_from_others() {
    let alone = |text: &str| BuildLog::parse(text.as_bytes()).fails_by_warnings_alone();
    let fails = |why: &str| format!("{why}\nmake[1]: *** [x:1: lib/a.thinlto-native.o] Error 1\n");
    let strict = fails("error: too large [-Werror,-Wframe-larger-than]");
    assert!(alone(&strict));
    assert!(!alone(&(strict.clone() + &fails("error: no such instruction"))));
    assert!(!alone(&(strict + "lib/b.c:1:1: error: x\nmake: *** [x:1: lib/b.o] Error 1\n")));
    assert!(!alone(""));
}

/// Two jobs say the same, however make's jobs lay their lines between each other.
fn classed(lines: &[&str]) -> Vec<String> {
    let log = BuildLog::parse(lines.join("\n").as_bytes());
    let line = |(d, s): (&Diagnostic, &Said)| {
        format!("{} {d} {} × {} {:?}", s.times, d.class(), d.subject(), s.source_line)
    };
    log.diagnostics.iter().map(line).collect()
}

const ONE: [&str; 8] = [
    "  clang --target=x86_64-linux-gnu -flto=thin -c -o lib/a.o ../lib/a.c",
    "In file included from ../lib/a.c:3:",
    "../include/x.h:12:5: warning: unused variable 'x' [-Wunused-variable]",
    "   12 |         int x;",
    "      |             ^",
    "1 warning generated.",
    "../lib/a.c:40:2: error: call to undeclared function 'f' [-Werror,-Wimplicit-function-declaration]",
    "1 error generated.",
];
const TWO: [&str; 9] = [
    "# LD      vmlinux.o",
    "  ld.lld -r -o vmlinux.o vmlinux.a",
    "ld.lld: warning: <unknown>:0:0: stack frame size (904) exceeds limit (128) in function 'big'",
    "ld.lld: error: undefined symbol: foo",
    ">>> referenced by lib/b.o",
    "<inline asm>:1:2: error: invalid instruction mnemonic 'dmb'",
    "        dmb ish",
    "        ^~~",
    "WARNING: modpost: vmlinux: section mismatch in reference: a+0x2 (section: .text) -> b (section: .init.text)",
];

proptest! {
    #[test]
    fn interleaved_jobs_say_what_they_say_one_after_the_other(turns in prop::collection::vec(any::<bool>(), 17)) {
        let (mut one, mut two) = (ONE.iter(), TWO.iter());
        let mut lines = Vec::new();
        for first in turns {
            lines.extend(if first { one.next() } else { two.next() });
        }
        lines.extend(one.chain(two));
        let alone: Vec<&str> = ONE.iter().chain(&TWO).copied().collect();
        prop_assert_eq!(classed(&lines), classed(&alone));
        prop_assert_eq!(classed(&alone).len(), 6);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = BuildLog::parse(&bytes);
    }

    #[test]
    fn no_make_line_panics(rest in "\\PC{0,40}") {
        let _ = make_failure(&format!("make[2]: *** [{rest}"));
    }
}

mod called;
