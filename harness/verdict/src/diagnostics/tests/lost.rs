//! No error of a log is lost, whoever wrote the log and however.

use super::*;

/// Two logs of one kind, as `diff` compares them.
fn keys(a: &str, b: &str) -> Vec<(String, String)> {
    let of = |text: &str| {
        let log = BuildLog::parse(text.as_bytes());
        BuildFacts { mode: log.ran.mode(), log, ..BuildFacts::default() }
    };
    let (a, b) = (of(a), of(b));
    let sides = Sides::of(Arch::Arm64, a.mode, b.mode);
    let layer = diagnostics(sides, &a, &b, Scope::Everything);
    let key = |f: &Finding| (f.key.to_string(), f.subjects().join(" "));
    layer.findings.iter().map(key).collect()
}

fn omitted(a: &str, b: &str) -> String {
    let of = |text: &str| {
        let log = BuildLog::parse(text.as_bytes());
        BuildFacts { log, ..BuildFacts::default() }
    };
    let layer = diagnostics(Sides::of(Arch::Arm64, None, None), &of(a), &of(b), Scope::Everything);
    format!("{:?}", layer.omitted)
}

const GOOD: &str = "  CC      kernel/fork.o\n  LD      vmlinux.o\n";

fn red(text: &str) -> String {
    text.replace("error: ", "\u{1b}[0;31merror: \u{1b}[0m")
}

#[test]
fn an_error_in_colours_after_a_good_log_is_one() {
    let said = "ld.lld: error: undefined symbol: foo\n";
    for more in [said.to_owned(), red(said), format!("2026-01-02T03:04:05.1234567Z {}", red(said))]
    {
        assert_eq!(keys(GOOD, &format!("{GOOD}{more}")), only("log.error.new", "foo"), "{more:?}");
    }
    let coloured = "warning: <unknown>:0:0: stack frame size (904) exceeds limit (128) in function 'big' [\u{1b}]8;;https://x/y\u{1b}\\-Wframe-larger-than\u{1b}]8;;\u{1b}\\]\n";
    let coloured = coloured.replace("warning: ", "\u{1b}[0;1;35mwarning: \u{1b}[0m");
    assert_eq!(found(&distributed(&coloured), &in_process(LINKED)), []);
}

/// What nobody understands, what only repeats, what is said of a step that the other did not run.
#[test]
fn a_build_that_make_gave_up_is_told_whatever_its_tools_said() {
    let fails = "make[2]: *** [vmlinux.unstripped] Error 255\n";
    for why in
        ["", "Ooops, that did not work\n", "ld.lld: error: too many errors emitted, stopping now\n"]
    {
        let b = format!("{GOOD}{why}{fails}");
        assert_eq!(keys(GOOD, &b), only("log.error.new", "vmlinux.unstripped"), "{why}");
        assert_eq!(keys(&b, GOOD), only("log.fixed", "vmlinux.unstripped"), "{why}");
    }
    for (end, subject) in [
        ("make: *** [Makefile:123: vmlinux] Error 2\n", "vmlinux"),
        ("make: *** [Makefile:123: vmlinux] Terminated\n", "vmlinux"),
        ("make[1]: *** [Makefile:123: vmlinux.o] Killed\n", "vmlinux.o"),
        ("gmake[1]: *** [Makefile:123: vmlinux.o] Fehler 1\n", "vmlinux.o"),
    ] {
        assert_eq!(keys(GOOD, &format!("{GOOD}{end}")), only("log.error.new", subject), "{end}");
    }
    // Of an object that the first log does not show.
    let other = "lib/b.c:1:1: error: x\n1 error generated.\nmake[1]: *** [x:1: lib/b.o] Error 1\n";
    let found = keys(GOOD, &format!("  CC      lib/b.o\n{other}"));
    assert_eq!(found, only("log.error.new", "lib/b.o"));
    // Between modes, too.
    let stops = "make[1]: *** No rule to make target 'x.a', needed by 'y'.  Stop.\n";
    let found = super::found(&distributed(""), &in_process(stops));
    assert_eq!(found.first().map(|(key, _)| key.as_str()), Some("log.error.new"));
}

#[test]
fn what_make_ignores_and_what_explains_itself_is_told_once() {
    let ignored = "make[1]: [Makefile:7: all] Error 1 (ignored)\n";
    assert_eq!(keys(GOOD, &format!("{GOOD}{ignored}")), only("log.warning.new", "all"));
    let said = "ld.lld: error: undefined symbol: foo\nmake[1]: *** [x:1: vmlinux.o] Error 1\nmake: *** [x:1: vmlinux] Error 2\n##[error]Process completed with exit code 2.\n";
    assert_eq!(keys(GOOD, &format!("{GOOD}{said}")), only("log.error.new", "foo in vmlinux.o"));
    let step = "##[error]Process completed with exit code 2.\n";
    assert_eq!(keys(GOOD, &format!("{GOOD}{step}")).len(), 1);
}

#[test]
fn two_links_that_fail_for_different_symbols_differ() {
    let fails = |symbol: &str| {
        format!(
            "{GOOD}ld.lld: error: undefined symbol: {symbol}\nmake[1]: *** [x:1: vmlinux.o] Error 1\n"
        )
    };
    let found = keys(&fails("foo"), &fails("bar"));
    let expected = [("log.error.new", "bar in vmlinux.o"), ("log.fixed", "foo in vmlinux.o")];
    assert_eq!(found, expected.map(|(key, of)| (key.to_owned(), of.to_owned())));
}

/// lld names a member of `vmlinux.a` with or without its directory, and LTO as a whole `ld-temp.o`.
#[test]
fn code_that_lld_generates_is_in_process_code_generation() {
    let backend = "<inline asm>:1:2: error: invalid instruction mnemonic 'dmb'\n1 error generated.\n\
        make[1]: *** [x:1: lib/a.thinlto-native.o] Error 1\n";
    for name in ["lib/a.o", "vmlinux.a(lib/a.o at 7744)", "vmlinux.a(a.o at 74)", "ld-temp.o"] {
        let linker = format!(
            "ld.lld: error: {name} <inline asm>:1:2: invalid instruction mnemonic 'dmb'\n\
             make[1]: *** [x:1: vmlinux.o] Error 1\n"
        );
        assert_eq!(found(&distributed(backend), &in_process(&linker)), [], "{name}");
        let alone = found(&distributed(""), &in_process(&linker));
        assert_eq!(alone.first().map(|(key, _)| key.as_str()), Some("log.error.new"), "{name}");
    }
    let member = "ld.lld: warning: vmlinux.a(a.o at 74) <inline asm>:1:2: odd instruction\n";
    let found = found(&distributed(""), &in_process(member));
    assert_eq!(found, only("log.warning.new", "lib/a.o"));
}

#[test]
fn silent_logs_are_compared_for_what_there_is_and_that_is_said() {
    let said = "/ws1/linux/kernel/fork.c:1:1: warning: unused variable 'x' [-Wunused-variable]\n";
    let same = said.replace("/ws1/linux", "/home/b/linux").replace(":1:1", ":7:1");
    assert_eq!(keys(said, &same), only("log.stays", "kernel/fork.c"));
    assert!(omitted(said, &same).contains("as that of make -s"), "{}", omitted(said, &same));
    let more = "ld.lld: error: undefined symbol: foo\n";
    let of = |text: &str| {
        let log = BuildLog::parse(text.as_bytes());
        BuildFacts { log, ..BuildFacts::default() }
    };
    let (a, b) = (of(said), of(&format!("{same}{more}")));
    let layer = diagnostics(Sides::of(Arch::Arm64, None, None), &a, &b, Scope::Differences);
    assert_eq!(layer.findings.len(), 1);
    assert!(layer.findings[0].cause.as_ref().unwrap().contains("is a guess"), "{layer:?}");
    // One that shows steps and one that does not: errors alone are told, with make's.
    assert!(omitted(GOOD, said).contains("the logs show no step"), "{}", omitted(GOOD, said));
    let fails = format!("{more}make[1]: *** [x:1: vmlinux.o] Error 1\n");
    assert_eq!(keys(GOOD, &fails), only("log.error.new", "vmlinux.o"));
}

#[test]
fn what_is_not_compared_is_shown() {
    let odd = omitted(GOOD, &format!("{GOOD}Something went astray\n"));
    assert!(odd.contains("1 line of the B log that are of no known kind, such as"), "{odd}");
    assert!(odd.contains("Something went astray"), "{odd}");
}
