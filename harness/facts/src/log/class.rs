//! Of what kind a message is, which step of a build says it, and what it is about.
//!
//! Sources of the texts: clang and lld (LLVM 17 to 24), `tools/objtool/check.c`,
//! `scripts/mod/modpost.c`, `scripts/kconfig/`, `scripts/basic/fixdep.c` and `scripts/genksyms/`
//! (Linux 6.1 to 7.3), GNU make 4.x.

use super::diagnostic::{Diagnostic, Gravity, Tool};

/// The class of a message that is in no table.
pub const UNKNOWN: &str = "unknown";

/// The step of a build that says such a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// `make olddefconfig` and its like.
    Configure,
    /// A front end, the assembler, or what makes a single file.
    Compile,
    /// Code generation: of a distributed kernel its backends, in-process the link.
    Generate,
    /// The thin link, or the link of a kernel or a module.
    Link,
    /// modpost.
    Modpost,
    /// objtool.
    Objtool,
    /// make, about its own makefiles.
    Make,
    /// What follows from another error: make gives up, a linker counts.
    Follows,
    /// The machine and the way in which the build was started: clocks, job servers, interrupts.
    Machine,
    /// Scripts and other programs.
    Other,
}

impl Stage {
    pub(super) fn of(said: &Diagnostic) -> Self {
        let class = said.class();
        if MACHINE.contains(&class) {
            return Self::Machine;
        }
        if FOLLOWS.contains(&class) {
            return Self::Follows;
        }
        match said.tool {
            Tool::Clang | Tool::Lld if GENERATED.contains(&class) => Self::Generate,
            // llvm-ar and the C compiler make single files.
            Tool::Clang | Tool::Rustc | Tool::Fixdep | Tool::Genksyms => Self::Compile,
            Tool::Lld | Tool::Ar => Self::Link,
            Tool::Objtool => Self::Objtool,
            Tool::Modpost => Self::Modpost,
            Tool::Kconfig => Self::Configure,
            Tool::Make => Self::Make,
            Tool::Other => Self::Other,
        }
    }
}

/// What code generation says, whoever runs it.
const GENERATED: [&str; 14] = [
    "attribute-error",
    "attribute-warning",
    "backend-failed",
    "backend-plugin",
    "crash",
    "frame-larger-than",
    "index-unreadable",
    "inline-asm",
    "instruction-requires",
    "invalid-instruction",
    "pass-failed",
    "triple-mismatch",
    "unknown-feature",
    "unknown-processor",
];

/// What clang and lld call the assembly within a source.
const INLINE: &str = "<inline asm>";

const MACHINE: [&str; 4] = ["clock-skew", "goal-added", "interrupted", "jobserver"];
const FOLLOWS: [&str; 6] =
    ["asm-failed", "error-limit", "ferror-limit", "link-failed", RECIPE_FAILED, STEP_FAILED];

/// make gave up a target.
pub const RECIPE_FAILED: &str = "recipe-failed";

/// A command failed in a step of a CI.
pub const STEP_FAILED: &str = "step-failed";

/// One line of the table: who says it (none: anybody), a piece of the text, the class.
type Row = (Option<Tool>, &'static str, &'static str);

/// The first row that fits decides.
const TABLE: &[Row] = &[
    // The machine.
    (None, "jobserver", "jobserver"),
    (Some(Tool::Make), "Clock skew detected", "clock-skew"),
    (Some(Tool::Make), "in the future", "clock-skew"),
    (Some(Tool::Make), "Interrupt", "interrupted"),
    (Some(Tool::Make), "Terminated", "interrupted"),
    (None, "No space left on device", "disk-full"),
    (None, "no space left on device", "disk-full"),
    // make.
    (Some(Tool::Make), "No rule to make target", "no-rule"),
    (Some(Tool::Make), "missing separator", "makefile-syntax"),
    (Some(Tool::Make), "commands commence before first target", "makefile-syntax"),
    // The goal that twinlto adds to a make that has no `vmlinux_a` (Linux 6.1 to 6.12).
    (Some(Tool::Make), "recipe for target 'vmlinux.a'", "goal-added"),
    (Some(Tool::Make), "overriding recipe for target", "recipe-overridden"),
    (Some(Tool::Make), "ignoring old recipe for target", "recipe-overridden"),
    (Some(Tool::Make), "dependency dropped", "circular-dependency"),
    (Some(Tool::Make), "(ignored)", "recipe-ignored"),
    (Some(Tool::Make), "Deleting", RECIPE_FAILED),
    (Some(Tool::Make), "not deleted", RECIPE_FAILED),
    (Some(Tool::Make), "Error N", RECIPE_FAILED),
    (Some(Tool::Make), "Killed", RECIPE_FAILED),
    (Some(Tool::Make), "Segmentation fault", RECIPE_FAILED),
    (Some(Tool::Make), "Aborted", RECIPE_FAILED),
    // Code generation: clang's words, and lld's for the same.
    (None, "stack frame size", "frame-larger-than"),
    (None, "declared with 'error' attribute", "attribute-error"),
    (None, "marked \"dontcall-error\"", "attribute-error"),
    (None, "declared with 'warning' attribute", "attribute-warning"),
    (None, "marked \"dontcall-warn\"", "attribute-warning"),
    (None, "invalid instruction mnemonic", "invalid-instruction"),
    (None, "unrecognized instruction mnemonic", "invalid-instruction"),
    (None, "instruction requires", "instruction-requires"),
    (None, "cannot compile inline asm", "asm-failed"),
    (None, "inputs yet for constraint", "inline-asm"),
    (None, "invalid operand for inline asm", "inline-asm"),
    (None, "is not a recognized feature for this target", "unknown-feature"),
    (None, "is not a recognized processor for this target", "unknown-processor"),
    (None, "Linking two modules of different target triples", "triple-mismatch"),
    (None, "Linking two modules of different data layouts", "triple-mismatch"),
    (None, "Error loading index file", "index-unreadable"),
    (None, "Error running ThinLTO backend", "backend-failed"),
    (Some(Tool::Clang), "unable to execute command", "crash"),
    (Some(Tool::Clang), "command failed due to signal", "crash"),
    (Some(Tool::Clang), "error in backend", "crash"),
    (Some(Tool::Clang), "out of memory", "crash"),
    // The driver and the front end.
    (Some(Tool::Clang), "linker command failed", "link-failed"),
    (Some(Tool::Clang), "argument unused during compilation", "unused-command-line-argument"),
    (Some(Tool::Clang), "unknown argument", "unknown-argument"),
    (Some(Tool::Clang), "unsupported option", "unsupported-option"),
    (Some(Tool::Clang), "unsupported argument", "unsupported-option"),
    (Some(Tool::Clang), "unknown target", "unknown-target"),
    (Some(Tool::Clang), "no such file or directory", "file-missing"),
    (Some(Tool::Clang), "file not found", "header-missing"),
    (Some(Tool::Clang), "use of undeclared identifier", "undeclared-identifier"),
    (Some(Tool::Clang), "unknown type name", "unknown-type"),
    (Some(Tool::Clang), "incomplete type", "incomplete-type"),
    (Some(Tool::Clang), "no member named", "no-member"),
    (Some(Tool::Clang), "conflicting types for", "conflicting-types"),
    (Some(Tool::Clang), "redefinition of", "redefinition"),
    (Some(Tool::Clang), "static assertion failed", "static-assertion"),
    (Some(Tool::Clang), "too many errors emitted", "error-limit"),
    (Some(Tool::Clang), "expected ", "syntax"),
    // lld.
    (Some(Tool::Lld), "undefined symbol", "undefined-symbol"),
    (Some(Tool::Lld), "duplicate symbol", "duplicate-symbol"),
    (Some(Tool::Lld), "undefined version", "undefined-version"),
    (Some(Tool::Lld), "out of range", "relocation-range"),
    (Some(Tool::Lld), "discarded section", "discarded-section"),
    (Some(Tool::Lld), "is being placed in", "orphan-section"),
    (Some(Tool::Lld), "conflicting values", "module-flag-conflict"),
    (Some(Tool::Lld), "too many errors emitted", "error-limit"),
    (Some(Tool::Lld), "cannot open", "file-missing"),
    (Some(Tool::Lld), "unable to find", "file-missing"),
    (Some(Tool::Lld), "is incompatible with", "incompatible-object"),
    (Some(Tool::Lld), "unknown argument", "unknown-argument"),
    (Some(Tool::Lld), "unknown file type", "not-an-object"),
    (Some(Tool::Lld), "Invalid record", "bitcode-unreadable"),
    (Some(Tool::Lld), "Opaque pointers", "bitcode-unreadable"),
    (Some(Tool::Lld), "Unknown attribute kind", "bitcode-unreadable"),
    // The archiver.
    (Some(Tool::Ar), "o such file or directory", "member-missing"),
    (Some(Tool::Ar), "unable to load", "archive-unreadable"),
    (Some(Tool::Ar), "malformed", "archive-unreadable"),
    // objtool.
    (Some(Tool::Objtool), "unreachable instruction", "unreachable-instruction"),
    (Some(Tool::Objtool), "falls through to next function", "falls-through"),
    (Some(Tool::Objtool), "__noreturn", "missing-noreturn"),
    (Some(Tool::Objtool), "return with modified stack frame", "stack-state"),
    (Some(Tool::Objtool), "stack state mismatch", "stack-state"),
    (Some(Tool::Objtool), "without frame pointer", "frame-pointer"),
    (Some(Tool::Objtool), "BP used as a scratch register", "frame-pointer"),
    (Some(Tool::Objtool), "sibling call", "sibling-call"),
    (Some(Tool::Objtool), "UACCESS", "uaccess"),
    (Some(Tool::Objtool), "leaves .noinstr.text", "noinstr"),
    (Some(Tool::Objtool), "'naked' return", "naked-return"),
    (Some(Tool::Objtool), "indirect jump found", "retpoline"),
    (Some(Tool::Objtool), "indirect call found", "retpoline"),
    (Some(Tool::Objtool), "!ENDBR", "endbr"),
    (Some(Tool::Objtool), "unannotated intra-function call", "intra-function-call"),
    (Some(Tool::Objtool), "can't find", "object-unreadable"),
    (Some(Tool::Objtool), "can't open", "object-unreadable"),
    (Some(Tool::Objtool), "no CFI hash", "cfi"),
    // modpost.
    (Some(Tool::Modpost), "section mismatch", "section-mismatch"),
    (Some(Tool::Modpost), "Section mismatch", "section-mismatch"),
    (Some(Tool::Modpost), "undefined!", "undefined-symbol"),
    (Some(Tool::Modpost), "exported twice", "exported-twice"),
    (Some(Tool::Modpost), "version generation failed", "crc-missing"),
    (Some(Tool::Modpost), "has no CRC", "crc-missing"),
    (Some(Tool::Modpost), "missing MODULE_LICENSE", "module-license"),
    (Some(Tool::Modpost), "missing MODULE_DESCRIPTION", "module-description"),
    (Some(Tool::Modpost), "from namespace", "namespace"),
    (Some(Tool::Modpost), "GPL-incompatible", "gpl-only"),
    (Some(Tool::Modpost), "too long symbol", "symbol-length"),
    (Some(Tool::Modpost), "modpost cannot find", "object-unreadable"),
    // kconfig.
    (Some(Tool::Kconfig), "unmet direct dependencies", "unmet-dependency"),
    (Some(Tool::Kconfig), "override: reassigning", "override"),
    (Some(Tool::Kconfig), "changes choice state", "override"),
    (Some(Tool::Kconfig), "invalid for", "invalid-value"),
    (Some(Tool::Kconfig), "recursive dependency", "recursive-dependency"),
    (Some(Tool::Kconfig), "nonexistent symbol", "unknown-symbol"),
    (Some(Tool::Kconfig), "unexpected data", "syntax"),
    (Some(Tool::Kconfig), "syntax error", "syntax"),
    (Some(Tool::Kconfig), "not in final .config", "value-lost"),
    (Some(Tool::Kconfig), "is redefined by fragment", "override"),
    // Rust.
    (Some(Tool::Rustc), "could not compile", "error-limit"),
    (Some(Tool::Rustc), "aborting due to", "error-limit"),
    // A CI.
    (Some(Tool::Other), super::message::STEP, STEP_FAILED),
    // Small tools.
    (Some(Tool::Fixdep), "", "dependency-file"),
    (Some(Tool::Genksyms), "syntax error", "syntax"),
    (Some(Tool::Other), "Segmentation fault", "crash"),
    (Some(Tool::Other), "Killed", "crash"),
    (Some(Tool::Other), "Aborted", "crash"),
    (Some(Tool::Other), "Bus error", "crash"),
    (Some(Tool::Other), "Illegal instruction", "crash"),
    (Some(Tool::Other), "not found", "command-missing"),
    (Some(Tool::Other), "o such file or directory", "file-missing"),
    (Some(Tool::Other), "ermission denied", "permission"),
    (Some(Tool::Other), "no symbols", "no-symbols"),
];

pub(super) fn class_of(said: &Diagnostic) -> &str {
    // The option is the class, where there is one: clang's own word for it.
    if let Some(option) = &said.option {
        let word = option.strip_prefix("-W").unwrap_or(option);
        let word = word.trim_start_matches('-').trim_end_matches('=');
        if !word.is_empty() {
            return word;
        }
    }
    let fits = |(tool, piece, _): &&Row| {
        tool.is_none_or(|tool| tool == said.tool) && said.text.contains(piece)
    };
    let other = match said.place.as_deref() {
        _ if said.gravity == Gravity::Note => "note",
        Some(INLINE) => "inline-asm",
        _ => UNKNOWN,
    };
    TABLE.iter().find(fits).map_or(other, |(_, _, class)| class)
}

pub(super) fn subject_of(said: &Diagnostic) -> String {
    let text = said.text.as_str();
    let found = match said.class() {
        "frame-larger-than" => quoted(text).map(str::to_owned),
        // Where a module is linked for its functions, the message begins with it.
        "triple-mismatch" => text.find("Linking two").and_then(|at| text.get(at..)).map(members),
        "attribute-error" | "attribute-warning" => called(text),
        "undefined-symbol" => match said.tool {
            Tool::Modpost => Some(text.trim_end_matches('!').to_owned()),
            _ => after(text, "undefined symbol: ").map(str::to_owned),
        },
        "unmet-dependency" => after(text, "detected for ").map(str::to_owned),
        _ => None,
    };
    found.unwrap_or_else(|| match (&said.place, said.stage()) {
        // A backend names its object, the link none; an inline assembly has no file.
        (Some(place), stage) if stage != Stage::Generate => format!("{text} ({place})"),
        _ => text.to_owned(),
    })
}

/// The function that must not be called. Of those that `BUILD_BUG_ON` and its like make, whose names are
/// counted, with the words that they were given.
fn called(text: &str) -> Option<String> {
    let name = after(text, "call to ")?;
    let words = ["attribute: ", "\"dontcall-error\": ", "\"dontcall-warn\": "];
    let why = words.iter().find_map(|before| Some(text.split_once(before)?.1));
    Some(match why.filter(|_| name.contains("__compiletime_assert_")) {
        Some(why) => format!("{name}: {why}"),
        None => name.to_owned(),
    })
}

/// A text in which each quoted object has the one name that both forms of it share: lld writes
/// `vmlinux.a(b.o at N)` where a backend has `lib/b.o`.
fn members(text: &str) -> String {
    let parts = text.split('\'').enumerate().map(|(number, part)| match number % 2 {
        1 => {
            let inner = part.split_once('(').map_or(part, |(_, inner)| inner);
            let path = inner.split([' ', ')']).next().unwrap_or(inner);
            path.rsplit('/').next().unwrap_or(path)
        }
        _ => part,
    });
    parts.collect::<Vec<_>>().join("'")
}

/// What stands in the last pair of single quotes.
fn quoted(text: &str) -> Option<&str> {
    let (before, _) = text.rsplit_once('\'')?;
    before.rsplit_once('\'').map(|(_, inner)| inner)
}

/// The word behind a piece of the text, without quotes.
fn after<'t>(text: &'t str, piece: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(piece)?;
    let word = rest.split_whitespace().next()?;
    Some(word.trim_matches(|c| "'\"`,;".contains(c)))
}

#[cfg(test)]
mod tests {
    use super::super::message::message;

    fn class(line: &str) -> (String, String) {
        let said = message(line).unwrap().said;
        (said.class().to_owned(), said.subject())
    }

    #[test]
    fn a_backend_and_the_link_say_one_thing_in_two_ways() {
        let pairs = [
            (
                "error: <unknown>:0:0: stack frame size (904) exceeds limit (128) in function 'big.llvm.77' [-Werror,-Wframe-larger-than]",
                "ld.lld: warning: lib/a.c:3:0: stack frame size (912) exceeds limit (128) in function 'big.llvm.78'",
            ),
            (
                "lib/a.o:2:66: warning: call to 'fallback' declared with 'warning' attribute: slow [-Wattribute-warning]",
                "ld.lld: warning: call to fallback marked \"dontcall-warn\": slow",
            ),
            (
                "<inline asm>:1:2: error: invalid instruction mnemonic 'dmb'",
                "ld.lld: error: lib/b.o <inline asm>:1:2: invalid instruction mnemonic 'dmb'",
            ),
            (
                "warning: Linking two modules of different target triples: 'a.o' is 'x' whereas 'b' is 'y'",
                "ld.lld: warning: Linking two modules of different target triples: 'a.o' is 'x' whereas 'b' is 'y'",
            ),
        ];
        for (backend, link) in pairs {
            assert_eq!(class(backend), class(link), "{backend}");
            assert_ne!(class(backend).0, super::UNKNOWN);
        }
    }

    #[test]
    fn classes_are_words_and_subjects_are_names() {
        let cases = [
            (
                "clang: error: argument unused during compilation: '-x' [-Werror,-Wunused-command-line-argument]",
                "unused-command-line-argument",
                "argument unused during compilation: '-x'",
            ),
            ("ld.lld: error: undefined symbol: foo.llvm.12", "undefined-symbol", "foo"),
            (
                "ERROR: modpost: \"foo\" [fs/x.ko] undefined!",
                "undefined-symbol",
                "\"foo\" [fs/x.ko] undefined",
            ),
            ("WARNING: unmet direct dependencies detected for FOO", "unmet-dependency", "FOO"),
            (
                "vmlinux.o: warning: objtool: f+0x1: unreachable instruction",
                "unreachable-instruction",
                "f+N: unreachable instruction (vmlinux.o)",
            ),
            (
                "Error loading index file 'lib/a.o.thinlto.bc'",
                "index-unreadable",
                "Error loading index file 'lib/a.o.thinlto.bc'",
            ),
            ("lib/a.c:1:1: error: nobody knows this", "unknown", "nobody knows this (lib/a.c)"),
            ("make[2]: *** [Makefile:7: lib/a.o] Error 1", "recipe-failed", "Error N (lib/a.o)"),
            (
                "make: warning:  Clock skew detected.  Your build may be incomplete.",
                "clock-skew",
                "Clock skew detected.  Your build may be incomplete.",
            ),
        ];
        for (line, expected, about) in cases {
            assert_eq!(class(line), (expected.to_owned(), about.to_owned()), "{line}");
        }
    }
}
