//! More than a hundred edits of kbuild's rules, with the truth told by the bytes of what is built:
//! what changes a kernel is found, and what changes nothing gives no alarm.
//!
//! No part of `cargo test`: `scripts/mutate --edits` runs it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test, and a test binary has no public interface"
)]

mod edits;
#[path = "mutation/listed.rs"]
#[expect(dead_code, reason = "only its globs are wanted here")]
mod listed;

use clap::Parser;
use edits::data::{self, Edit};
use edits::judge::{self, Verdict};
use edits::run::Place;
use edits::truth::Truth;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, Parser)]
struct Args {
    /// The binary that is asked.
    #[arg(long)]
    twinlto: PathBuf,
    /// As `twinlto --llvm` takes it.
    #[arg(long, allow_hyphen_values = true)]
    llvm: String,
    /// Where trees, builds and results are kept.
    #[arg(long)]
    dir: PathBuf,
    /// Only edits whose `AREA/NAME` is of this form (`*`: anything).
    #[arg(long, default_value = "*")]
    only: String,
    /// How many in a hundred of those that change a kernel have to be caught.
    #[arg(long, default_value_t = 95)]
    bar: usize,
    /// Tries edits again of which a result is known.
    #[arg(long)]
    again: bool,
}

/// What became of an edit.
struct Done {
    edit: Edit,
    truth: String,
    verdict: Verdict,
    said: String,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pocket = top.join("cases/pocket");
    let mut edits = data::all(&top.join("tests/edits"));
    edits.retain(|edit| listed::glob(&args.only, &format!("{}/{}", edit.area, edit.name)));
    let around = sum_of_files(&[&args.twinlto, &pocket]);
    let results = args.dir.join("results");
    std::fs::create_dir_all(&results).unwrap();
    let mut place = Place::new(args.twinlto.clone(), args.llvm.clone(), pocket, args.dir.clone());
    let mut done = Vec::new();
    for (index, edit) in edits.iter().enumerate() {
        let mut hasher = DefaultHasher::new();
        (around, format!("{edit:?}"), &args.llvm).hash(&mut hasher);
        let kept = results.join(format!("{}-{:016x}", edit.name, hasher.finish()));
        let known = (!args.again).then(|| read(&kept, edit)).flatten();
        let one = known.unwrap_or_else(|| try_one(&mut place, edit, &kept));
        let number = index + 1;
        let Done { truth, verdict, said, .. } = &one;
        let (area, name, arch) = (&edit.area, &edit.name, &edit.arch);
        println!(
            "{number:>4} {area:<24} {name:<40} {arch:<10} {:<7} {truth:<12} {said}",
            verdict.word()
        );
        done.push(one);
    }
    summary(&done, args.bar)
}

fn try_one(place: &mut Place, edit: &Edit, kept: &Path) -> Done {
    let (truth, report) = place.try_edit(edit);
    let verdict = judge::verdict(edit, &truth, &report);
    let said = match judge::in_short(&report) {
        short if short.is_empty() => report["outcome"].as_str().unwrap_or_default().to_owned(),
        short => short,
    };
    let truth = match &truth {
        Truth::Kernel(files) => format!("kernel: {}", files.iter().next().unwrap()),
        Truth::Fails(mode) => format!("fails: {mode}"),
        other => other.word().to_owned(),
    };
    std::fs::write(kept, format!("{}\n{truth}\n{said}\n", verdict.word())).unwrap();
    let details = kept.with_extension("json");
    std::fs::write(details, serde_json::to_string_pretty(&report).unwrap()).unwrap();
    Done { edit: edit.clone(), truth, verdict, said }
}

fn read(kept: &Path, edit: &Edit) -> Option<Done> {
    let text = std::fs::read_to_string(kept).ok()?;
    let mut lines = text.lines();
    let verdict = Verdict::of_word(lines.next()?)?;
    let (truth, said) = (lines.next()?.to_owned(), lines.next().unwrap_or_default().to_owned());
    Some(Done { edit: edit.clone(), truth, verdict, said })
}

/// A row an area, and whether the bars are met.
fn summary(done: &[Done], bar: usize) -> ExitCode {
    let mut areas: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for one in done {
        for area in [one.edit.area.as_str(), "~all"] {
            *areas.entry(area).or_default().entry(one.verdict.word()).or_default() += 1;
        }
    }
    print!("\n{:<26}", "area");
    for verdict in Verdict::ALL {
        print!("{:>8}", verdict.word());
    }
    println!();
    for (area, counts) in &areas {
        print!("{:<26}", area.trim_start_matches('~'));
        for verdict in Verdict::ALL {
            print!("{:>8}", counts.get(verdict.word()).unwrap_or(&0));
        }
        println!();
    }
    let count =
        |wanted: &dyn Fn(&Verdict) -> bool| done.iter().filter(|one| wanted(&one.verdict)).count();
    let changes = count(&Verdict::is_of_a_change);
    let caught = count(&|it| *it == Verdict::Caught);
    let silent = count(&|it| *it == Verdict::Missed);
    let alarms = count(&|it| *it == Verdict::Alarm);
    println!(
        "\nedits: {} tried, {changes} change a kernel: {caught} caught with object or option and \
         cause, {silent} without a word; {alarms} false alarms",
        done.len()
    );
    let met = caught * 100 >= changes * bar && silent == 0 && alarms == 0;
    if met { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn sum_of_files(paths: &[&Path]) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut pending: Vec<PathBuf> = paths.iter().map(|it| it.to_path_buf()).collect();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            let mut below: Vec<_> =
                std::fs::read_dir(&path).unwrap().map(|it| it.unwrap().path()).collect();
            below.sort();
            pending.extend(below);
        } else {
            std::fs::read(&path).unwrap().hash(&mut hasher);
        }
    }
    hasher.finish()
}
