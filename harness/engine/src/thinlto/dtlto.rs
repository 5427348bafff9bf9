//! Native objects by lld itself, which hands its backends to `twinlto distributor`.
//!
//! lld gives all backends of a link one command and knows nothing of kbuild's options, so those that
//! all objects share are passed with `--thinlto-remote-compiler-arg=`. Options of single objects
//! cannot be passed; the transport layer finds them.

use super::backend::{BACKEND_LIMIT, bounded_by_memory, front_reference};
use super::kept::{INDEX, ORDER, bad_build, listed, record};
use super::linker::{Linker, run};
use crate::build::Kbuild;
use crate::error::EngineError;
use crate::orphan::MARK;
use twinlto_facts::build::BuildFacts;
use twinlto_verdict::replay::Reference;

/// Links once, and gives the modules whose native objects the distributor has left.
pub(super) fn link(
    kbuild: &Kbuild<'_>,
    facts: &BuildFacts,
    linker: &Linker,
) -> Result<Vec<String>, EngineError> {
    let dir = kbuild.dir;
    let bad = |why: String| bad_build(dir, &why);
    let mut references = Vec::with_capacity(facts.objects.len());
    for (name, object) in &facts.objects {
        let reference = front_reference(object).map_err(|why| bad(format!("{name}: {why}")))?;
        references.push(reference);
    }
    let Some(first) = references.first() else {
        return Err(bad("vmlinux.a holds no IR object, so nothing was built for LTO".to_owned()));
    };
    if let Some(other) = references.iter().find(|other| other.compiler != first.compiler) {
        return Err(bad(format!(
            "{} and {} compiled it, and lld hands out one compiler",
            first.compiler, other.compiler
        )));
    }
    let scratch = tempfile::tempdir()
        .map_err(|error| EngineError::io("make a directory in", &std::env::temp_dir(), &error))?;
    let ourselves = std::env::current_exe()
        .map_err(|error| EngineError::environment("twinlto", error.to_string(), ""))?;
    let mut recipe =
        linker.recipe(dir).arg(format!("--thinlto-distributor={}", ourselves.display()));
    let told = [
        "distributor".to_owned(),
        format!("--keep={}", dir.display()),
        format!("--jobs={}", bounded_by_memory(kbuild.jobs)),
        format!("--timeout={}", BACKEND_LIMIT.as_secs()),
    ];
    for word in told {
        recipe = recipe.arg(format!("--thinlto-distributor-arg={word}"));
    }
    recipe = recipe.arg(format!("--thinlto-remote-compiler={}", first.compiler));
    for word in shared(&references).into_iter().flatten() {
        recipe = recipe.arg(format!("--thinlto-remote-compiler-arg={word}"));
    }
    let recipe = recipe
        .arg(format!("@{ORDER}"))
        .arg("-o")
        .arg(scratch.path().join("vmlinux.o").display().to_string());
    let marked = recipe.clone().env(MARK, kbuild.out.display().to_string());
    run(&marked, "link with distributed backends")?;
    record(dir, INDEX, &recipe, &[])?;
    listed(dir)
}

/// The options that all objects have, in the order of the first.
fn shared(references: &[Reference]) -> Vec<Vec<String>> {
    let Some((first, others)) = references.split_first() else { return Vec::new() };
    let all_have = |words: &&Vec<String>| others.iter().all(|other| other.options.contains(words));
    first.options.iter().filter(all_have).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_object_alone_has_is_not_shared() {
        let of = |options: &[&[&str]]| Reference {
            compiler: "clang".to_owned(),
            options: options
                .iter()
                .map(|words| words.iter().map(|word| (*word).to_owned()).collect())
                .collect(),
        };
        let all =
            [of(&[&["-Os"], &["-mllvm", "-x"]]), of(&[&["-mllvm", "-x"], &["-Os"], &["-O3"]])];
        assert_eq!(shared(&all), [vec!["-Os"], vec!["-mllvm", "-x"]]);
        assert!(shared(&[]).is_empty());
    }
}
