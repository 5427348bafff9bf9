//! A log says the same whatever a terminal, a container or a CI put around its lines.

use super::*;

/// A bit of all that a build says: commands of one and several lines, short lines, messages of all
/// tools, quoted source, what make gives up.
const PLAIN: &str = "\
make[1]: Entering directory '/build/out'
  clang --target=aarch64-linux-gnu -flto=thin -c -o lib/a.o ../lib/a.c ; x
  CC      lib/b.o
  CC [M]  lib/c.o
# CC      lib/d.o
  clang -O2 -x ir -fthinlto-index=lib/d.o.thinlto.bc -c -o lib/d.thinlto-native.o lib/d.o
  set -e; printf '
%s
' 'saved_c_flags_lib/a.o := -O2' >> lib/.a.o.cmd
In file included from ../lib/a.c:3:
../include/x.h:12:5: warning: unused variable 'x' [-Wunused-variable]
   12 |         int x;
      |             ^
1 warning generated.
<inline asm>:1:2: error: invalid instruction mnemonic 'dmb'
        dmb ish
        ^~~
1 error generated.
make[4]: *** [../scripts/Makefile.thinlto:22: lib/d.thinlto-native.o] Error 1
  LD      vmlinux.o
ld.lld: warning: <unknown>:0:0: stack frame size (904) exceeds limit (128) in function 'big'
ld.lld: error: undefined symbol: foo
>>> referenced by lib/b.o
vmlinux.o: warning: objtool: f+0x1: unreachable instruction
WARNING: modpost: vmlinux: section mismatch in reference: a+0x2 (section: .text) -> b (section: .init.text)
ERROR: modpost: \"foo\" [fs/x.ko] undefined!
  ERROR: Kernel configuration is invalid.
error[E0425]: cannot find value `x` in this scope
 --> rust/kernel/lib.rs:1:1
.config:12:warning: override: reassigning to symbol FOO
make[2]: *** [vmlinux.unstripped] Error 255
make[1]: *** No rule to make target 'x.a', needed by 'y'.  Stop.
Something went astray
make: *** [../Makefile:260: __sub-make] Error 2
";

/// What stands before each line, by the number of the line.
/// A form and what it writes before line N.
type Before = (&'static str, fn(usize) -> String);

const BEFORE: [Before; 31] = [
    ("GitHub", |n| format!("2026-01-02T03:04:{:02}.1234567Z ", n % 60)),
    ("GitLab", |n| {
        format!("2026-01-02T03:04:{:02}.123456Z 0{}{} ", n % 60, n % 3, ['O', 'E'][n % 2])
    }),
    ("Jenkins", |n| format!("[2026-01-02T03:04:{:02}.678Z] ", n % 60)),
    ("Jenkins, time", |n| format!("12:34:{:02}  ", n % 60)),
    ("Jenkins, elapsed", |n| format!("00:00:{:02}.123  ", n % 60)),
    ("ISO", |n| format!("2026-01-02T03:04:{:02}+01:00 ", n % 60)),
    ("ISO with a space", |n| format!("2026-01-02 03:04:{:02},123 ", n % 60)),
    ("dmesg", |n| format!("[{:>5}.345678] ", n)),
    ("seconds", |n| format!("[{n}.345] ")),
    ("OBS", |n| format!("[{n:>5}s] ")),
    ("Buildkite", |n| format!("\u{1b}_bk;t=17000000000{:02}\u{7}", n % 60)),
    ("Buildkite, ST", |n| format!("\u{1b}_bk;t=17000000000{:02}\u{1b}\\", n % 60)),
    ("ts", |n| format!("Jan 02 03:04:{:02} ", n % 60)),
    ("ts -s", |n| format!("00:00:{:02} ", n % 60)),
    ("ts %.s", |n| format!("17000000{:02}.123456 ", n % 60)),
    ("journald", |n| format!("Jan 02 03:04:{:02} host make[123]: ", n % 60)),
    ("date", |n| format!("Fri Jan  2 03:04:{:02} UTC 2026 ", n % 60)),
    ("annotate-output", |n| format!("03:04:{:02} {}: ", n % 60, ['O', 'E'][n % 2])),
    ("TeamCity", |n| format!("[03:04:{:02}]{}:\t [Step 1/2] ", n % 60, [' ', 'W'][n % 2])),
    ("buildkit", |n| format!("#12 {n}.345 ")),
    ("buildkit, excerpt", |n| format!("{n}.345 ")),
    ("CRI", |n| {
        format!("2026-01-02T03:04:{:02}.123456789Z std{} F ", n % 60, ["out", "err"][n % 2])
    }),
    ("Zuul", |n| format!("2026-01-02 03:04:{:02}.123456 | host | ", n % 60)),
    ("Cloud Build", |_| "Step #1 - \"build\": ".to_owned()),
    ("gh run view", |n| format!("build\tRun make\t2026-01-02T03:04:{:02}.1234567Z ", n % 60)),
    ("python", |n| format!("2026-01-02 03:04:{:02},678 - INFO - ", n % 60)),
    ("compose", |_| "builder-1  | ".to_owned()),
    ("branches", |n| format!("[{}] ", ["one", "two"][n % 2])),
    ("name", |_| "kernel-build: ".to_owned()),
    ("bitbake", |_| "| ".to_owned()),
    ("BOM", |_| "\u{feff}".to_owned()),
];

/// Words as a terminal gets them.
/// A form and what it makes of a line.
type Shown = (&'static str, fn(&str) -> String);

const SHOWN: [Shown; 7] = [
    ("plain", str::to_owned),
    ("CSI m", |line| coloured(line, "\u{1b}[0;1;31m", "\u{1b}[0m")),
    ("CSI K", |line| coloured(line, "\u{1b}[01;35m\u{1b}[K", "\u{1b}[m\u{1b}[K")),
    ("8 bits", |line| coloured(line, "\u{9b}31m", "\u{9b}0m")),
    ("links", |line| coloured(line, "\u{1b}]8;;https://a.b/c?d\u{1b}\\", "\u{1b}]8;;\u{1b}\\")),
    ("charset", |line| format!("{}\u{1b}(B\u{1b}[m\u{f}", line)),
    ("erase", |line| format!("\u{1b}[2K\u{1b}[0G{line}")),
];

/// Words of messages, each coloured.
fn coloured(line: &str, on: &str, off: &str) -> String {
    let words = [
        "error: ",
        "warning: ",
        "note: ",
        "ld.lld",
        "lib/a.c",
        "*** ",
        "-Wunused-variable",
        "ERROR",
        "^",
    ];
    words.iter().fold(line.to_owned(), |line, word| line.replace(word, &format!("{on}{word}{off}")))
}

type Line = fn(usize) -> String;

fn decorate(text: &str, before: &[Line], shown: fn(&str) -> String, end: &str) -> String {
    let line = |(n, line): (usize, &str)| {
        let line = shown(line);
        let before: String = before.iter().map(|before| before(n)).collect();
        format!("{before}{line}{end}")
    };
    text.lines().enumerate().map(line).collect()
}

/// All that is compared of a log.
fn facts(log: &BuildLog) -> impl PartialEq + std::fmt::Debug + use<> {
    (
        log.diagnostics.clone(),
        (log.ran.clone(), log.failures.clone(), log.stops.clone(), log.unexplained.clone()),
        (log.errors.clone(), log.reasons.clone(), log.backends.clone(), log.unknown.clone()),
        log.account.clone(),
    )
}

#[test]
fn each_form_of_a_line_says_the_same() {
    let plain = facts(&BuildLog::parse(PLAIN.as_bytes()));
    for (name, before) in BEFORE {
        for (way, shown) in SHOWN {
            let text = decorate(PLAIN, &[before], shown, "\n");
            let log = BuildLog::parse(text.as_bytes());
            assert_eq!(facts(&log), plain, "{name}, {way}");
        }
    }
}

/// The parts of a log, each alone: what is known of one line must not come from its neighbours.
#[test]
fn each_line_alone_says_the_same() {
    for line in PLAIN.lines().filter(|line| !line.starts_with("  set") && !line.starts_with('\'')) {
        let plain = facts(&BuildLog::parse(line.as_bytes()));
        for (name, before) in BEFORE {
            // A name is one only where other lines have it as well.
            if ["compose", "branches", "name"].contains(&name) {
                continue;
            }
            // Of one line alone nobody knows how many spaces are its own.
            if line.starts_with(' ') && !line.starts_with("  CC") && !line.starts_with("  LD") {
                continue;
            }
            let text = decorate(line, &[before], SHOWN[1].1, "\n");
            assert_eq!(facts(&BuildLog::parse(text.as_bytes())), plain, "{name}: {line}");
        }
    }
}

#[test]
fn what_a_ci_adds_is_its_own_and_hides_nothing() {
    let gitlab = |text: &str| {
        format!(
            "\u{1b}[0Ksection_start:17:make\r\u{1b}[0K\u{1b}[36;1mBuild\u{1b}[0;m\n{text}\
                 \u{1b}[0Ksection_end:18:make\r\u{1b}[0K\n\u{1b}[31;1mERROR: Job failed: exit code 1\n"
        )
    };
    let github = |text: &str| {
        format!(
            "##[group]Run make\nmake\n##[endgroup]\n{text}##[error]Process completed with exit code 2.\n"
        )
    };
    let docker = |text: &str| {
        format!(
            "#12 [2/3] RUN make\n{text}#12 ERROR: process \"/bin/sh -c make\" did not complete successfully: exit code: 2\n------\n"
        )
    };
    let plain = BuildLog::parse(PLAIN.as_bytes());
    for around in [gitlab(PLAIN), github(PLAIN), docker(PLAIN)] {
        let log = BuildLog::parse(around.as_bytes());
        let reasons = |log: &BuildLog| -> Vec<Diagnostic> {
            log.diagnostics.keys().filter(|said| said.class() != STEP_FAILED).cloned().collect()
        };
        assert_eq!(reasons(&log), reasons(&plain), "{around}");
        assert_eq!((&log.ran, &log.failures), (&plain.ran, &plain.failures));
        assert!(log.account.of(LineKind::Ci) > 0, "{:?}", log.account);
        assert!(log.diagnostics.keys().any(|said| said.class() == STEP_FAILED));
    }
}

#[test]
fn every_line_is_of_one_kind() {
    let log = BuildLog::parse(PLAIN.as_bytes());
    let found: Vec<String> = log.account.kinds().map(|(kind, n)| format!("{n} {kind}")).collect();
    insta::assert_snapshot!(found.join("\n"), @r"
2 messages of clang
2 messages of lld
1 messages of objtool
2 messages of modpost
1 messages of kconfig
1 messages of rustc
1 messages of make
1 messages of other
3 errors that follow from others
8 lines that belong to a message
6 commands
4 short commands
1 make's own lines
1 lines of no known kind
");
    assert_eq!(log.account.lines(), PLAIN.lines().count() as u64);
    assert_eq!(log.unknown, ["Something went astray"]);
    let progress = BuildLog::parse(b"a 1%\ra 2%\rdone\n\n");
    assert_eq!(progress.lines, 4);
    assert_eq!(progress.account.of(LineKind::Overwritten), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn decorations_upon_each_other_change_nothing(
        outer in 0..BEFORE.len(), inner in 0..26_usize, way in 0..SHOWN.len(), crlf in any::<bool>(),
    ) {
        // A quotation, and what is no text, stand outside.
        let before = [BEFORE[outer].1, BEFORE[inner].1];
        let end = if crlf { "\r\n" } else { "\n" };
        let text = decorate(PLAIN, &before, SHOWN[way].1, end);
        let plain = BuildLog::parse(PLAIN.as_bytes());
        let log = BuildLog::parse(text.as_bytes());
        prop_assert_eq!(facts(&log), facts(&plain), "{} {} {}", BEFORE[outer].0, BEFORE[inner].0, SHOWN[way].0);
    }

    /// Wherever it stands, in whatever colour, with whatever before each line.
    #[test]
    fn an_error_is_never_lost(
        at in 0..40_usize, who in "(clang|ld\\.lld|[a-z]{1,8}|[a-z]{1,5}/[a-z]{1,5}\\.c:[1-9]{1,3}:[1-9]|)",
        text in "[a-z]{1,9}( [a-z0-9'%=<>]{1,9}){0,4}", apart in 0..3_usize,
        before in 0..BEFORE.len(), way in 0..SHOWN.len(),
    ) {
        let line = match who.as_str() {
            "" => format!("error: {text}"),
            _ => format!("{who}: error: {text}"),
        };
        let line = format!("{}{line}", " ".repeat(apart));
        let mut lines: Vec<&str> = PLAIN.lines().collect();
        lines.insert(at.min(lines.len()), &line);
        let text = decorate(&(lines.join("\n") + "\n"), &[BEFORE[before].1], SHOWN[way].1, "\n");
        let total = |log: &BuildLog| -> u64 {
            let errors = log.diagnostics.iter().filter(|(said, _)| is_a_reason(said));
            errors.map(|(_, how)| how.times).sum()
        };
        let plain = total(&BuildLog::parse(PLAIN.as_bytes()));
        prop_assert_eq!(total(&BuildLog::parse(text.as_bytes())), plain + 1, "{}", line);
    }

    #[test]
    fn the_sum_is_the_log(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let log = BuildLog::parse(&bytes);
        prop_assert_eq!(log.account.lines(), log.lines);
        prop_assert!(log.lines >= bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()).count() as u64
            || bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff])
            || log.account.of(LineKind::Continued) > 0);
    }
}
