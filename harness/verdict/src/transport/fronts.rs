//! The front ends of two builds: the same IR objects need the same options.
//!
//! Nearly every option decides the bitcode, so the classes are those of
//! [`twinlto_facts::flags::front_class`] and not those of a front end and its backend.

use super::environment::environment;
use super::homes::Homes;
use crate::diff::Sides;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::build::{Answer, BuildFacts, CommandText, ObjectFacts};
use twinlto_facts::flags::{Call, Front, FrontClass, after_compile, call, compile, front, lex};
use twinlto_model::{Arch, Finding, Key, Mode, Severity, Site};

/// Compares the front-end commands of the objects that both builds have.
pub(crate) fn fronts(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts) -> Vec<Finding> {
    let homes = Homes::of(a, b);
    let names: Vec<_> = a.objects.iter().collect();
    let found: Vec<Vec<Finding>> = names
        .par_iter()
        .filter_map(|(name, ours)| {
            let theirs = b.objects.get(*name)?;
            let mut found = alone(sides.arch, a, name, ours);
            found.extend(alone(sides.arch, b, name, theirs));
            found.extend(match (&ours.front, &theirs.front) {
                (Answer::Read(x), Answer::Read(y)) => {
                    compare_commands(sides, name, &homes.left(x), &homes.right(y))
                }
                (Answer::Read(_), missing) => vec![unreadable(sides, name, missing)],
                // The first side's own commands are judged with their backends.
                _ => Vec::new(),
            });
            Some(found)
        })
        .collect();
    found.concat()
}

/// What is odd about the front end of one build alone. Where there are backends, each front end is
/// judged with its own.
fn alone(arch: Arch, facts: &BuildFacts, name: &str, object: &ObjectFacts) -> Vec<Finding> {
    match facts.mode {
        Some(mode) if mode.is_linkers() => super::object::odd(arch, mode, name, object),
        _ => Vec::new(),
    }
}

/// How two front-end commands of one object differ: a finding for all options of one severity.
/// Commands of builds at different places go through [`Homes`] first.
pub(crate) fn compare_commands(
    sides: Sides<'_>,
    name: &str,
    left: &CommandText,
    right: &CommandText,
) -> Vec<Finding> {
    if left.text == right.text {
        return Vec::new();
    }
    let all = match (lex(&left.text), lex(&right.text)) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (Err(why), _) => return vec![no_text(sides, name, sides.left, left, &why.to_string())],
        (_, Err(why)) => return vec![no_text(sides, name, sides.right, right, &why.to_string())],
    };
    let (Some(ours), Some(theirs)) = (compile(&all.0), compile(&all.1)) else {
        return Vec::new();
    };
    let (x, y) = (after_compile(&all.0, name), after_compile(&all.1, name));
    let (ours, theirs) = (call(&ours.words), call(&theirs.words));
    let mut findings: Vec<Finding> = environment(sides, name, &ours, &theirs).into_iter().collect();
    findings.extend(programs(sides, name, &ours, &theirs));
    findings.extend(options(sides, name, &ours, &theirs));
    findings.extend((x != y).then(|| afterwards(sides, name, &x, &y)));
    findings
}

/// Whether both front ends are one program; what starts it counts for nothing.
fn programs(sides: Sides<'_>, name: &str, a: &Call<'_>, b: &Call<'_>) -> Option<Finding> {
    if a.program == b.program {
        return None;
    }
    let (left, right) = (a.program.to_owned(), b.program.to_owned());
    let group = format!("{left} {right}");
    Some(
        sides
            .finding("flags.front.changed", Severity::Error, name, left, right)
            .because("the front ends of the two builds are different programs")
            .grouped(group),
    )
}

/// What the rule of one build alone runs on the object that the front end made.
fn afterwards(sides: Sides<'_>, name: &str, a: &[&str], b: &[&str]) -> Finding {
    let text =
        |list: &[&str]| if list.is_empty() { "not there".to_owned() } else { list.join("; ") };
    let (left, right) = (text(a), text(b));
    // Without the object's own name it is one rule for all.
    let group = format!("{left} {right}").replace(name, "");
    sides
        .finding("flags.front.changed", Severity::Error, name, left, right)
        .because(
            "the rules of the two builds run other programs on the object behind its front end",
        )
        .grouped(group)
}

/// What both sides have of one severity.
#[derive(Default)]
struct Differing {
    left: Vec<String>,
    right: Vec<String>,
    /// Whether all differ in nothing but their order.
    order: bool,
}

fn options(sides: Sides<'_>, name: &str, a: &Call<'_>, b: &Call<'_>) -> Vec<Finding> {
    let words = |call: &Call<'_>| -> Vec<_> {
        call.arguments.iter().map(|word| (*word).to_owned().into()).collect()
    };
    let (ours, theirs) = (front(&words(a)), front(&words(b)));
    let text = |list: &[String]| {
        if list.is_empty() { "not there".to_owned() } else { list.join(" ") }
    };
    differing(&ours, &theirs)
        .into_iter()
        .map(|(severity, found)| {
            let (left, right) = (text(&found.left), text(&found.right));
            let group = format!("{left} {right}");
            let cause = match (found.order, severity) {
                (true, _) => {
                    "the front ends of the two builds were given the same options in another \
                     order, and there the order decides"
                }
                (_, Severity::Warning) => {
                    "the front ends of the two builds were given different options, which are in \
                     no class of docs/OPTIONS.md: they may or may not matter"
                }
                (_, Severity::Note) => {
                    "the two builds make different diagnostics errors; the object is the same \
                     where both compile it"
                }
                _ => {
                    "the front ends of the two builds were given different options, which decide \
                     the bitcode"
                }
            };
            sides
                .finding("flags.front.changed", severity, name, left, right)
                .because(cause)
                .grouped(group)
        })
        .collect()
}

/// The options that two front ends do not share, by how much they matter.
fn differing(a: &Front, b: &Front) -> BTreeMap<Severity, Differing> {
    let mut found: BTreeMap<Severity, Differing> = BTreeMap::new();
    let groups: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    for group in groups {
        let (ours, theirs) = (a.get(group), b.get(group));
        if ours == theirs {
            continue;
        }
        let Some(class) = ours.or(theirs).map(|group| group.class) else { continue };
        let severity = match class {
            FrontClass::Decides => Severity::Error,
            FrontClass::Unknown => Severity::Warning,
            FrontClass::Strict => Severity::Note,
            FrontClass::Harmless => continue,
        };
        let list = |group: Option<&twinlto_facts::flags::FrontGroup>| {
            group.map(|group| group.options.clone()).unwrap_or_default()
        };
        let (ours, theirs) = (list(ours), list(theirs));
        let (left, right) = (beyond(&ours, &theirs), beyond(&theirs, &ours));
        let order = left.is_empty() && right.is_empty();
        let is_new = !found.contains_key(&severity);
        let entry = found.entry(severity).or_default();
        entry.order = order && (is_new || entry.order);
        // Where only the order differs, all of them are shown.
        entry.left.extend(if order { ours } else { left });
        entry.right.extend(if order { theirs } else { right });
    }
    found
}

/// What one list has and the other has not, or not as often.
fn beyond(list: &[String], other: &[String]) -> Vec<String> {
    let mut rest: Vec<&String> = other.iter().collect();
    let is_new = |option: &&String| match rest.iter().position(|known| known == option) {
        Some(at) => {
            rest.swap_remove(at);
            false
        }
        None => true,
    };
    list.iter().filter(is_new).cloned().collect()
}

fn unreadable(sides: Sides<'_>, name: &str, missing: &Answer<CommandText>) -> Finding {
    let why = missing.why_not("its .cmd file").unwrap_or_default();
    of_one(sides, name, sides.right, &why)
}

fn no_text(sides: Sides<'_>, name: &str, side: &str, text: &CommandText, why: &str) -> Finding {
    of_one(sides, name, side, &format!("{}: {why}", text.path))
}

fn of_one(sides: Sides<'_>, name: &str, side: &str, why: &str) -> Finding {
    let mode = [Mode::Distributed, Mode::InProcess, Mode::Reference, Mode::Dtlto];
    let mode = mode.into_iter().find(|mode| mode.name() == side);
    Finding::new(Key::new("cmd.unreadable"), Severity::Error, Site::new(sides.arch, mode, name))
        .because(format!("its {side} front end cannot be compared: {why}"))
        .grouped(why.rsplit(": ").next().unwrap_or(why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_model::Arch;

    const FRONT: &str = "clang -Wp,-MMD,a/.b.d -nostdinc -I./x -I./y -include a.h -D__KERNEL__ \
        --target=aarch64-linux-gnu -std=gnu11 -Os -flto=thin -Wall -c -o a/b.o a/b.c";

    fn text(text: String) -> CommandText {
        CommandText { text, path: "a/.b.o.cmd".into(), target: "a/b.o".into() }
    }

    fn found(a: &str, b: &str) -> Vec<Finding> {
        let sides = Sides::modes(Arch::Arm64);
        compare_commands(sides, "a/b.o", &text(a.to_owned()), &text(b.to_owned()))
    }

    /// What one more option on one side alone comes to, whichever side it is.
    fn with(option: &str) -> Vec<Severity> {
        let more = FRONT.replace(" -c -o ", &format!(" {option} -c -o "));
        let (there, back) = (found(FRONT, &more), found(&more, FRONT));
        let severities = |list: &[Finding]| list.iter().map(|f| f.severity).collect::<Vec<_>>();
        assert_eq!(severities(&there), severities(&back), "{option}");
        if let Some(finding) = there.first() {
            let site = finding.sites.first().unwrap();
            let sides = [site.left.as_ref(), site.right.as_ref()].map(|side| &side.unwrap().text);
            let word = option.split(' ').next_back().unwrap().trim_start_matches("-Wp,");
            assert!(sides.iter().any(|side| side.contains(word)), "{option}: {sides:?}");
        }
        severities(&there)
    }

    #[test]
    fn an_option_of_one_front_end_alone_decides_the_bitcode() {
        for option in [
            "-DX",
            "-UX",
            "-I./z",
            "-isystem z",
            "-iquote z",
            "-include z.h",
            "-imacros z.h",
            "-std=gnu89",
            "-fsigned-char",
            "-funsigned-char",
            "-fwrapv",
            "-fno-strict-aliasing",
            "-fno-strict-overflow",
            "-ftrivial-auto-var-init=zero",
            "-fshort-wchar",
            "-fshort-enums",
            "-fno-builtin",
            "-fno-builtin-memcpy",
            "-ffreestanding",
            "-fms-extensions",
            "-fstrict-flex-arrays=3",
            "-fno-common",
            "-fvisibility=hidden",
            "-O2",
            "-fno-PIE",
            "-g",
            "-fsanitize=bounds",
            "-fstack-protector-strong",
            "-mno-outline-atomics",
            "-mllvm -x",
            "-Xclang -y",
            "-Wp,-DX",
            "-Wp,-U_FORTIFY_SOURCE",
            "-Wa,-march=armv8.5-a",
            "-fmacro-prefix-map=a=b",
            "-x c",
            "other.c",
        ] {
            assert_eq!(with(option), [Severity::Error], "{option}");
        }
        assert_eq!(with("-fnew-thing"), [Severity::Warning]);
        assert_eq!(with("-Werror=vla"), [Severity::Note]);
    }

    #[test]
    fn what_changes_no_object_is_no_finding() {
        for option in [
            "-Wextra",
            "-Wno-unused",
            "-w",
            "-Wp,-MMD,other.d",
            "-MD -MF z",
            "-pipe",
            "-Qunused-arguments",
            "-fcolor-diagnostics",
            "-fdiagnostics-show-context=2",
            "-ferror-limit=1",
        ] {
            assert_eq!(with(option), [], "{option}");
        }
        assert!(found(FRONT, &FRONT.replace("-Wall -c", "-c -Wall")).is_empty());
        for launcher in ["ccache", "sccache", "distcc", "icecc", "env", "LC_ALL=C", "nice -n 5"] {
            assert!(found(FRONT, &format!("{launcher} {FRONT}")).is_empty(), "{launcher}");
        }
        assert!(found(FRONT, &format!("mkdir -p a; {FRONT}; objtool a/b.o")).is_empty());
    }

    #[test]
    fn the_order_of_search_paths_and_includes_counts() {
        for (from, to) in [("-I./x -I./y", "-I./y -I./x"), ("-include a.h", "")] {
            let found = found(FRONT, &FRONT.replace(from, to));
            let [finding] = found.as_slice() else { panic!("{found:?}") };
            assert_eq!(finding.severity, Severity::Error);
            let said = finding.cause.as_deref().unwrap_or_default();
            assert_eq!(said.contains("another order"), !to.is_empty(), "{said}");
        }
        let (a, b) = (format!("{FRONT} -DX -UX"), format!("{FRONT} -UX -DX"));
        assert_eq!(found(&a, &b).len(), 1);
    }

    #[test]
    fn the_environment_of_a_compiler_counts_and_another_compiler_too() {
        let of = |more: &str| {
            let list = found(FRONT, &FRONT.replace("clang ", more));
            list.iter().map(|f| (f.key.as_str().to_owned(), f.severity)).collect::<Vec<_>>()
        };
        let environment = |severity| vec![("flags.environment.changed".to_owned(), severity)];
        assert_eq!(of("CCC_OVERRIDE_OPTIONS=+-O1 clang "), environment(Severity::Error));
        assert_eq!(of("env CPATH=/x clang "), environment(Severity::Error));
        assert_eq!(of("NEW=1 clang "), environment(Severity::Warning));
        assert_eq!(of("CCACHE_DIR=/x ccache clang "), []);
        let program = vec![("flags.front.changed".to_owned(), Severity::Error)];
        assert_eq!(of("clang-21 "), program);
    }

    #[test]
    fn what_one_rule_alone_does_to_its_object_counts() {
        for after in ["llvm-objcopy --weaken a/b.o", "sed -i s/a/b/ ./a/b.o"] {
            for separator in ["; ", " && "] {
                let list = found(FRONT, &format!("{FRONT}{separator}{after}"));
                let [finding] = list.as_slice() else { panic!("{list:?}") };
                assert_eq!(finding.key.as_str(), "flags.front.changed");
                let right = finding.sites.first().unwrap().right.as_ref().unwrap();
                assert_eq!(right.text, after);
            }
        }
        assert!(found(FRONT, &format!("{FRONT}; llvm-nm a/b.o")).is_empty());
    }

    #[test]
    fn what_is_no_command_is_said() {
        let found = found(FRONT, "clang 'a");
        assert_eq!(found.first().unwrap().key.as_str(), "cmd.unreadable");
    }
}
