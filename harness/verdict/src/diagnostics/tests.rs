use super::*;

mod lost;

use twinlto_facts::log::BuildLog;
use twinlto_model::{Arch, Finding, Mode, Severity};

/// Steps of a distributed build of two objects, with what they say.
fn distributed(said: &str) -> BuildFacts {
    let mut text = String::new();
    for object in ["lib/a", "lib/b"] {
        text += &format!("  CC      {object}.o\n  CC      {object}.thinlto-native.o\n");
    }
    of(Mode::Distributed, &(text + "  LD      vmlinux.o\n  MODPOST Module.symvers\n" + said))
}

/// Those of an in-process build that was made from a copy of it.
fn in_process(said: &str) -> BuildFacts {
    of(Mode::InProcess, &format!("  LD      vmlinux.o\n  MODPOST Module.symvers\n{said}"))
}

fn of(mode: Mode, text: &str) -> BuildFacts {
    let log = BuildLog::parse(text.as_bytes());
    BuildFacts { mode: Some(mode), log, ..BuildFacts::default() }
}

fn layer(a: &BuildFacts, b: &BuildFacts) -> LayerVerdict {
    let sides = Sides::of(Arch::Riscv, a.mode, b.mode);
    diagnostics(sides, a, b, Scope::Differences)
}

fn found(a: &BuildFacts, b: &BuildFacts) -> Vec<(String, String)> {
    let pair = |f: &Finding| (f.key.to_string(), f.subjects().join(" "));
    layer(a, b).findings.iter().map(pair).collect()
}

fn only(key: &str, subject: &str) -> Vec<(String, String)> {
    vec![(key.to_owned(), subject.to_owned())]
}

const STRICT: &str = "error: <unknown>:0:0: stack frame size (904) exceeds limit (128) in function 'big' [-Werror,-Wframe-larger-than]\n\
    1 error generated.\n\
    make[1]: *** [x:1: lib/a.thinlto-native.o] Error 1\n";
const MILD: &str = "warning: <unknown>:0:0: stack frame size (904) exceeds limit (128) in function 'big' [-Wframe-larger-than]\n";
const LINKED: &str = "ld.lld: warning: <unknown>:0:0: stack frame size (912) exceeds limit (128) in function 'big.llvm.7'\n";

#[test]
fn one_message_with_two_severities_is_told_with_both_and_why() {
    let (a, b) = (distributed(STRICT), in_process(LINKED));
    let layer = layer(&a, &b);
    let [finding] = layer.findings.as_slice() else { panic!("{layer:?}") };
    assert_eq!(finding.key.as_str(), "log.severity.changed");
    assert_eq!(finding.severity, Severity::Error);
    assert_eq!(finding.subjects(), ["big in lib/a.o"]);
    assert_eq!(finding.defect.as_deref(), Some("frame-size-severity"));
    assert!(finding.cause.as_ref().unwrap().contains("it knows no -Werror"));
    let site = &finding.sites[0];
    assert!(site.left.as_ref().unwrap().text.contains("limit (128) in function 'big' [-Werror"));
    assert!(site.right.as_ref().unwrap().text.starts_with("ld.lld: warning: "));
    assert!(layer.compared > 0);
}

#[test]
fn a_message_of_both_modes_is_no_difference() {
    assert_eq!(found(&distributed(MILD), &in_process(LINKED)), []);
    assert_eq!(found(&distributed(""), &in_process("")), []);
}

#[test]
fn what_one_mode_alone_says_in_code_generation_is_told() {
    let only_one = only("log.warning.new", "big");
    assert_eq!(found(&distributed(MILD), &in_process("")), only_one);
    assert_eq!(found(&distributed(""), &in_process(LINKED)), only_one);
    let undefined = "ld.lld: error: undefined symbol: foo\n";
    assert_eq!(found(&distributed(undefined), &in_process("")), only("log.error.new", "foo"));
}

/// The front ends ran in the other build alone.
#[test]
fn what_a_front_end_said_in_the_build_that_was_copied_is_not_compared_and_that_is_said() {
    let front = "lib/a.c:1:1: warning: unused variable 'x' [-Wunused-variable]\n";
    let layer = layer(&distributed(front), &in_process(""));
    assert_eq!(layer.findings, []);
    let told = "1 message of steps that the in-process log does not show";
    assert_eq!(layer.omitted, Omitted::Part(told.to_owned()));
    // With --separate both compile it.
    let separate = in_process("  CC      lib/a.o\n  CC      lib/b.o\n");
    assert_eq!(found(&distributed(front), &separate), only("log.warning.new", "lib/a.o"));
}

/// An object that is no bitcode is compiled once, whatever its compiler says of its code.
#[test]
fn code_that_the_front_end_generates_is_the_front_ends() {
    let boot = "  CC      boot/x.o\nboot/x.c:9:1: warning: stack frame size (9) exceeds limit (8) in 'x' [-Wframe-larger-than]\n";
    assert_eq!(found(&distributed(boot), &in_process("")), []);
}

#[test]
fn a_link_that_failed_says_nothing_by_its_silence() {
    let failed = in_process("make[1]: *** [x:1: vmlinux.o] Error 1\n");
    // It says that it failed, and not that it generated the code without a warning.
    assert_eq!(found(&distributed(MILD), &failed), only("log.error.new", "vmlinux.o"));
}

#[test]
fn the_machine_and_the_request_are_no_difference_of_modes() {
    let machine = "WARNING: no jobserver\nmake: warning:  Clock skew detected.\n\
                   WARNING: unmet direct dependencies detected for FOO\n";
    assert_eq!(found(&distributed(machine), &in_process("")), []);
}

#[test]
fn without_a_log_nothing_is_compared() {
    let none = BuildFacts { mode: Some(Mode::InProcess), ..BuildFacts::default() };
    let layer = layer(&distributed(""), &none);
    let why = "there is no log of what make said in the in-process build";
    assert_eq!(layer.not_compared(), Some(why));
}

/// twinlto runs the backends of a reference build itself.
#[test]
fn backends_that_no_log_shows_are_said_to_be_left_out() {
    let reference = of(Mode::Reference, "  CC      lib/a.o\n  LD      vmlinux.o\n");
    let layer = layer(&reference, &in_process(LINKED));
    assert_eq!(layer.findings, []);
    let Omitted::Part(part) = &layer.omitted else { panic!("{layer:?}") };
    assert!(part.contains("words of the reference backends"), "{part}");
    assert!(part.contains("1 message of steps that the reference log does not show"), "{part}");
}

#[test]
fn from_one_log_to_the_next_messages_are_new_fixed_or_stay() {
    let a = distributed(
        "lib/a.c:1:1: warning: unused variable 'x' [-Wunused-variable]\nld.lld: warning: old news\n",
    );
    let b = distributed(
        "lib/a.c:7:1: warning: unused variable 'x' [-Wunused-variable]\nlib/b.c:1:1: error: bad thing\n",
    );
    let sides = Sides::of(Arch::Riscv, a.mode, b.mode);
    let layer = diagnostics(sides, &a, &b, Scope::Everything);
    let keys: Vec<_> = layer.findings.iter().map(|f| (f.key.as_str(), f.subjects()[0])).collect();
    let fixed = ("log.fixed", "old news");
    assert_eq!(keys, [("log.error.new", "lib/b.o"), fixed, ("log.stays", "lib/a.o")]);
}

#[test]
fn a_warning_that_becomes_an_error_is_the_same_message() {
    let strict = MILD.replace("warning: ", "error: ").replace("[-W", "[-Werror,-W");
    let (a, b) = (distributed(MILD), distributed(&strict));
    let layer = layer(&a, &b);
    assert_eq!(layer.findings[0].key.as_str(), "log.severity.changed");
    assert_eq!(
        layer.findings[0].cause.as_deref(),
        Some("-Werror turns it into an error in B alone")
    );
    let sides = Sides::of(Arch::Riscv, a.mode, b.mode);
    let back = diagnostics(sides, &b, &a, Scope::Differences);
    assert_eq!(back.findings[0].severity, Severity::Warning, "it got milder");
}
