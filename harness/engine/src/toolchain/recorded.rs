//! The compiler of a build, from the commands that it recorded.

use super::{Compiler, LlvmSpec, NEEDED, find_program};
use crate::error::EngineError;
use crate::tree::unfit_for_kbuild;
use std::collections::BTreeMap;
use std::path::Path;
use twinlto_facts::build::{Answer, BuildFacts};
use twinlto_facts::flags::{Resolved, compile, is_assignment, lex, resolve};
use twinlto_facts::program::{Program, tool_of};

/// How many front ends are asked.
const ASKED: usize = 32;

/// The compiler that most of the first front ends name.
pub(crate) fn recorded(facts: &BuildFacts) -> Result<Compiler, EngineError> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for front in facts.objects.values().filter_map(|o| o.front.get()).take(ASKED) {
        let commands = lex(&front.text).unwrap_or_default();
        if let Some(command) = compile(&commands) {
            *counts.entry(as_make_is_told(&resolve(&command.words))).or_default() += 1;
        }
    }
    let what = format!("build directory {}", facts.directory);
    let hint = "say with --llvm which LLVM make shall use";
    let Some((program, _)) = counts.into_iter().max_by_key(|(_, n)| *n) else {
        let why = facts.objects.iter().find_map(|(name, object)| match &object.front {
            Answer::Bad(why) => Some(why.clone()),
            Answer::Absent => Some(format!("no .cmd file of {name}")),
            Answer::Read(_) => None,
        });
        let why = why.unwrap_or_else(|| "no command names it".to_owned());
        return Err(EngineError::usage(what, format!("its compiler is not known: {why}"), hint));
    };
    let Some(compiler) = compiler_of(&program) else {
        let cause = format!("its compiler is '{program}', for which there is no LLVM=");
        return Err(EngineError::usage(what, cause, hint));
    };
    // make hands these words to a shell: they must name programs and nothing else.
    for word in program.split_whitespace().filter(|word| !is_assignment(word)) {
        let unfit = unfit_for_kbuild(Path::new(word)).is_some();
        if unfit || find_program(word).is_none() {
            let cause =
                format!("its objects were compiled by {word}, and there is no such program");
            return Err(EngineError::environment(what, cause, hint));
        }
    }
    Ok(compiler)
}

/// The compiler with whatever stands before it, as `CC=` has it.
fn as_make_is_told(command: &Resolved<'_>) -> String {
    let words = command.environment.iter().map(String::as_str);
    let words = words.chain([command.launcher.as_str(), command.program.as_str()]);
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// `LLVM=` for a compiler as commands name it, with whatever starts it. A compiler that was named
/// alone (`CC=/usr/bin/clang-22`) has its other tools by the same suffix in `PATH`, or without one
/// beside it.
fn compiler_of(program: &str) -> Option<Compiler> {
    let clang = tool_of(program.split_whitespace().last()?)?;
    if clang.program != Program::Clang {
        return None;
    }
    // make takes nothing else for a suffix; `clang22` is one of `CC=`.
    let suffix = match clang.suffix {
        "" => None,
        suffix if suffix.starts_with('-') => Some(suffix.to_owned()),
        suffix => Some(format!("-{suffix}")),
    };
    let llvm = match (clang.dir, suffix) {
        (Some(dir), None) => LlvmSpec::Prefix(format!("{dir}/")),
        (None, None) => LlvmSpec::Plain,
        (Some(dir), Some(suffix)) => {
            let beside = LlvmSpec::Prefix(format!("{dir}/"));
            let has_all = |llvm: &LlvmSpec| {
                NEEDED.iter().all(|tool| find_program(&llvm.program(tool)).is_some())
            };
            let by_suffix = LlvmSpec::Suffix(suffix);
            if !has_all(&by_suffix) && has_all(&beside) { beside } else { by_suffix }
        }
        (None, Some(suffix)) => LlvmSpec::Suffix(suffix),
    };
    let cc = (llvm.program("clang") != program).then(|| program.to_owned());
    Some(Compiler::recorded(llvm, cc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_tells_which_llvm_it_is() {
        let of = |program: &str| {
            compiler_of(program).map(|c| (c.llvm.value(), c.cc.unwrap_or_default()))
        };
        let known = |llvm: &str, cc: &str| Some((llvm.to_owned(), cc.to_owned()));
        assert_eq!(of("clang"), known("1", ""));
        assert_eq!(of("clang-22"), known("-22", ""));
        assert_eq!(of("/opt/bin/clang"), known("/opt/bin/", ""));
        assert_eq!(of("ccache clang-22"), known("-22", "ccache clang-22"));
        let one_by_one = known("-22", "/no/such/bin/clang-22");
        assert_eq!(of("/no/such/bin/clang-22"), one_by_one);
        assert_eq!(of("aarch64-linux-gnu-clang"), known("1", "aarch64-linux-gnu-clang"));
        assert_eq!(of("clang22"), known("-22", "clang22"));
        for odd in ["gcc", "", "clangd", "clang-tidy"] {
            assert_eq!(of(odd), None, "{odd}");
        }
    }
}
