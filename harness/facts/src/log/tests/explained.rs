//! make's error counts where no tool has told why.

use super::*;

fn unexplained(text: &str) -> Vec<String> {
    BuildLog::parse(text.as_bytes()).unexplained.into_iter().collect()
}

const FAILED: &str = "make[1]: *** [x:1: lib/a.o] Error 1\n";

#[test]
fn a_failure_without_words_is_one() {
    assert_eq!(unexplained(FAILED), ["lib/a.o"]);
    assert_eq!(
        unexplained("make[2]: *** [vmlinux.unstripped] Error 255\n"),
        ["vmlinux.unstripped"]
    );
    assert_eq!(unexplained("gmake[2]: *** [Makefile:1: a.o] Fehler 1\n"), ["a.o"]);
    assert_eq!(unexplained("/usr/bin/make: *** [Makefile:1: a.o] Segmentation fault\n"), ["a.o"]);
    assert_eq!(unexplained("make: *** [Makefile:123: vmlinux] Terminated\n"), ["vmlinux"]);
    // The levels above alone.
    assert_eq!(unexplained("make: *** [Makefile:123: vmlinux] Error 2\n"), ["vmlinux"]);
    // What nobody understands, and what only follows from another error.
    assert_eq!(unexplained(&format!("Ooops, that did not work\n{FAILED}")), ["lib/a.o"]);
    let linker =
        "clang: error: linker command failed with exit code 1 (use -v to see invocation)\n";
    assert_eq!(unexplained(&format!("{linker}{FAILED}")), ["lib/a.o"]);
}

#[test]
fn a_failure_that_a_tool_explains_is_none() {
    for why in
        ["lib/a.c:1:1: error: x\n1 error generated.\n", "sh: 1: llc: not found\n", "error: x\n"]
    {
        assert_eq!(unexplained(&format!("{why}{FAILED}")), Vec::<String>::new(), "{why}");
    }
    let two = "error: x\n1 error generated.\nerror: y\nerror: z\n2 errors generated.\n";
    let both = format!("{two}{FAILED}{}", FAILED.replace("lib/a", "lib/b"));
    assert_eq!(unexplained(&both), Vec::<String>::new());
    // Three failed, and two were heard of.
    let three = format!("{both}{}", FAILED.replace("lib/a", "lib/c"));
    assert_eq!(unexplained(&three), ["lib/c.o"]);
}

#[test]
fn what_make_does_besides_is_no_failure() {
    for line in [
        "make: *** Waiting for unfinished jobs....",
        "make: *** Es wird auf noch nicht beendete Prozesse gewartet …",
        "make: [Makefile:2: all] Error 1 (ignored)",
        "make: *** [Makefile:2: a.o] Deleting file 'a.o'",
        "make: *** Deleting file 'a.o'",
    ] {
        let log = BuildLog::parse(line.as_bytes());
        assert_eq!(log.failures, [], "{line}");
        assert!(!log.diagnostics.keys().any(is_a_reason), "{line}");
    }
    let ignored = BuildLog::parse(b"make: [Makefile:2: all] Error 1 (ignored)");
    assert_eq!(ignored.diagnostics.keys().next().unwrap().class(), "recipe-ignored");
}

#[test]
fn make_speaks_any_language() {
    let stop =
        BuildLog::parse("make: *** Keine Regel, um „x.a“ zu erstellen.  Schluss.\n".as_bytes());
    assert!(stop.gave_up() && stop.diagnostics.keys().any(is_a_reason));
    let failed = BuildLog::parse("make[1]: *** [Makefile:1: a.o] Ошибка 1\n".as_bytes());
    assert_eq!(failed.failures[0].code(), Some(1));
    assert_eq!(failed.diagnostics.keys().next().unwrap().class(), RECIPE_FAILED);
}

#[test]
fn a_member_by_its_name_alone_is_the_only_object_of_that_name() {
    let said = "ld.lld: error: vmlinux.a(fork.o at 74) <inline asm>:1:2: invalid instruction mnemonic 'x'\n";
    let object =
        |text: String| BuildLog::parse(text.as_bytes()).diagnostics.into_values().next().unwrap();
    assert_eq!(
        object(format!("  CC      kernel/fork.o\n{said}")).object.as_deref(),
        Some("kernel/fork.o")
    );
    let two = object(format!("  CC      kernel/fork.o\n  CC      lib/fork.o\n{said}"));
    assert_eq!((two.object, two.member.as_deref()), (None, Some("fork.o")));
}

/// One warning, from four workspaces.
#[test]
fn one_message_of_any_workspace_is_one() {
    let said = |log: &str| -> Vec<(String, String, Option<String>)> {
        let all = BuildLog::parse(log.as_bytes()).diagnostics;
        all.into_iter().map(|(d, s)| (d.to_string(), d.subject(), s.object)).collect()
    };
    let with = |before: &str, tree: &str, counter: u32| {
        format!(
            "{before}{tree}kernel/fork.c:{counter}:1: error: call to '__compiletime_assert_{counter}' \
             declared with 'error' attribute: BUILD_BUG_ON failed: x > 4\n\
             {tree}include/linux/x.h:1:1: warning: unused variable 'y' [-Wunused-variable]\n\
             warning: stack frame size ({counter}) exceeds limit (8) in 'bar.cold.{counter}' [-Wframe-larger-than]\n"
        )
    };
    let plain = said(&with("  CC      kernel/fork.o\n", "", 412));
    for log in [
        with("  CC      kernel/fork.o\n", "../", 7),
        with("  CC      kernel/fork.o\n", "./", 7),
        with("  CC      kernel/fork.o\n", "../../../", 7),
        with("  CC      kernel/fork.o\n", "/ws/kernel/linux/", 8),
        with("  clang -c -o kernel/fork.o /b/linux/kernel/fork.c\n", "/b/linux/", 9),
        with("make[1]: Entering directory '/b/linux'\n  CC      kernel/fork.o\n", "/b/linux/", 9),
    ] {
        assert_eq!(said(&log), plain, "{log}");
    }
    assert_eq!(plain.len(), 3);
    // `make -s` shows no object.
    assert_eq!(said(&with("", "/ws/a/", 1)), said(&with("", "/b/", 2)));
}

/// A recipe that calls make, of a target with a dot in its name (`scripts/Makefile.vmlinux_a`).
#[test]
fn a_make_that_a_recipe_called_explains_that_it_failed() {
    let inner = "error: <unknown>:0:0: stack frame size (144) exceeds limit (64) in function 'f' \
                 [-Werror,-Wframe-larger-than]\n1 error generated.\n\
                 make[3]: *** [x:25: lib/a.thinlto-native.o] Error 1\n";
    let outer =
        "make[2]: *** [x:49: vmlinux.a] Error 2\nmake[1]: *** [Makefile:386: y.z] Error 2\n";
    assert!(unexplained(&format!("{inner}{outer}")).is_empty());
    // What the inner make fails for is told once, and by the inner one.
    let silent = "make[3]: *** [x:25: lib/a.thinlto-native.o] Error 1\n";
    assert_eq!(unexplained(&format!("{silent}{outer}")), ["lib/a.thinlto-native.o"]);
    // Status 2 of a program that is no make, and another job of the same make before it.
    let before = "make[2]: *** [x:1: lib/b.o] Error 1\n";
    assert_eq!(unexplained(&format!("{before}{outer}")), ["lib/b.o", "vmlinux.a", "y.z"][..2]);
}
