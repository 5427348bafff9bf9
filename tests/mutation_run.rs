//! Finished builds of the pocket kernel, damaged in one place at a time: each mutant is found, or
//! the report of the undamaged builds says that it does not look there.
//!
//! No part of `cargo test`: `scripts/mutate --builds` runs it. It needs the output directory of a
//! `twinlto check` of the pocket kernel, and a directory of its own for copies.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test, and a test binary has no public interface"
)]

mod mutation;

use clap::Parser;
use mutation::judge::{Bench, MODES};
use mutation::listed::{self, glob};
use mutation::sample::{self, Stratum, generator};
use mutation::table::{self, Tried};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

#[derive(Debug, Parser)]
struct Args {
    /// Output directory of `twinlto check` of the pocket kernel.
    #[arg(long)]
    builds: PathBuf,
    /// Where copies are damaged.
    #[arg(long)]
    work: PathBuf,
    /// How many mutants, over all architectures.
    #[arg(long, default_value_t = 2000)]
    count: usize,
    /// The same seed and builds give the same mutants.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Repeatable; all that were built if none is named.
    #[arg(long)]
    arch: Vec<String>,
    /// Only `KIND OF FILE: KIND OF PLACE`s of this form (`*`: anything).
    #[arg(long, default_value = "*")]
    only: String,
    /// `audit`, `diff of builds`, `diff of files`; repeatable; all of them if none is named.
    #[arg(long)]
    question: Vec<String>,
    /// Every mutant, with what was said of it.
    #[arg(long)]
    list: bool,
    /// cargo gives this to every test binary.
    #[arg(long, hide = true)]
    bench: bool,
}

/// A stratum of one build.
struct Turn {
    bench: usize,
    mode: &'static str,
    build: usize,
    stratum: usize,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let arches = arches(&args);
    let mut benches: Vec<Bench> = arches
        .iter()
        .map(|arch| Bench::new(&args.builds, &args.work, arch, &args.question))
        .collect();
    let start = Instant::now();
    let tried = run(&args, &mut benches);
    let seconds = start.elapsed().as_secs_f64();
    println!("{}", table::scores(&tried));
    let used: BTreeSet<usize> = benches.iter().flat_map(|it| it.used()).copied().collect();
    let survivors = table::survivors(&tried);
    for line in &survivors {
        println!("survived: {line}");
    }
    let panics = table::panics(&tried);
    for line in &panics {
        println!("panicked: {line}");
    }
    let idle = listed::rows().iter().filter(|row| !used.contains(&row.line)).count();
    println!(
        "mutation: {} mutants of {}, seed {}, {seconds:.0} s: {} kinds survived, {} panics; \
         {idle} of {} rows of the list were about none of them",
        tried.len(),
        arches.join(", "),
        args.seed,
        survivors.len(),
        panics.len(),
        listed::rows().len(),
    );
    if survivors.is_empty() && panics.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn arches(args: &Args) -> Vec<String> {
    if !args.arch.is_empty() && args.arch != ["all"] {
        return args.arch.clone();
    }
    let built = |arch: &&str| args.builds.join(arch).join(MODES[1]).is_dir();
    let all = ["x86_64", "arm64", "riscv", "loongarch"].into_iter();
    all.filter(built).map(str::to_owned).collect()
}

/// Every stratum of every build in its turn, as often as the number of mutants allows.
fn run(args: &Args, benches: &mut [Bench]) -> Vec<Tried> {
    let wanted = |kind: &str, what: &str| glob(&args.only, &format!("{kind}: {what}"));
    let mut builds = Vec::new();
    let mut turns = Vec::new();
    for (bench, it) in benches.iter().enumerate() {
        for mode in MODES {
            let sampled = sample::of_build(&it.build(mode), &wanted);
            let build = builds.len();
            turns.extend((0..sampled.strata.len()).map(|stratum| Turn {
                bench,
                mode,
                build,
                stratum,
            }));
            builds.push(sampled);
        }
    }
    assert!(!turns.is_empty(), "nothing to damage in {}", args.builds.display());
    println!("{} kinds of places in {} builds", turns.len(), builds.len());
    sample::shuffle(&mut turns, &mut generator(args.seed, "turns"));
    let kind = |turn: &Turn| builds[turn.build].strata[turn.stratum].kind.clone();
    let turns = sample::spread(turns, kind);
    let mut tried = Vec::new();
    for (round, turn) in (0..).flat_map(|round| turns.iter().map(move |turn| (round, turn))) {
        if tried.len() >= args.count || round > args.count {
            break;
        }
        let (bench, sampled) = (&mut benches[turn.bench], &builds[turn.build]);
        let stratum = &sampled.strata[turn.stratum];
        let salt =
            format!("{} {} {} {} {round}", bench.arch, turn.mode, stratum.kind, stratum.what);
        let rng = &mut generator(args.seed, &salt);
        if let Some(one) = try_one(bench, turn.mode, &sampled.files, stratum, rng) {
            if args.list {
                println!(
                    "{}/{}/{}: {}: {}: {:?}",
                    one.arch, one.mode, one.path, one.what, one.told, one.answers
                );
            }
            tried.push(one);
        }
        if tried.len() % 200 == 0 {
            eprintln!("{} of {} mutants", tried.len(), args.count);
        }
    }
    tried
}

fn try_one(
    bench: &mut Bench,
    mode: &str,
    files: &[mutation::files::File],
    stratum: &Stratum,
    rng: &mut proptest::test_runner::TestRng,
) -> Option<Tried> {
    let (index, place) = sample::choose(stratum, rng);
    let file = &files[*index];
    let bytes = std::fs::read(bench.build(mode).join(&file.path)).unwrap();
    let damage = sample::damage(place, &bytes, rng)?;
    Some(Tried {
        arch: bench.arch.clone(),
        mode: mode.to_owned(),
        path: shown(&file.path),
        kind: stratum.kind.clone(),
        what: stratum.what.clone(),
        answers: bench.ask(mode, file, place, &damage),
        told: match place.name.as_str() {
            "" => damage.told,
            name => format!("{} ({name})", damage.told),
        },
    })
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
