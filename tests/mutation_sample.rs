//! A few mutants of each kind of file that must be found: `scripts/mutate --builds` tries thousands.

use crate::mutation::judge::{Answer, Bench, MODES};
use crate::mutation::sample::{self, generator};
use crate::support::{kept_dir, pocket};

/// Kinds of files and of places, of which each mutant is found by `audit`.
const FOUND: [(&str, &str); 10] = [
    ("Module.symvers", "CRC changed"),
    ("Module.symvers", "line lost"),
    ("command of a backend", "command lost"),
    ("index", "magic"),
    ("IR object", "magic"),
    ("vmlinux", "header e_machine"),
    ("vmlinux", "symbol type, global function"),
    ("vmlinux", "symbol name, global function"),
    ("module (.ko)", "content of .modinfo"),
    ("builtin.order", "line lost"),
];

#[test]
fn damaged_builds_do_not_agree() {
    let Some(pocket) = pocket("damaged_builds") else { return };
    let questions = ["audit".to_owned()];
    let mut bench = Bench::new(&pocket.out, &kept_dir("mutants"), "riscv", &questions);
    for (kind, what) in FOUND {
        let mode = MODES[0];
        let sampled = sample::of_build(&bench.build(mode), &|k, w| (k, w) == (kind, what));
        let [stratum] = &sampled.strata[..] else { panic!("{kind}: {what}: no such place") };
        for round in 0..2 {
            let rng = &mut generator(1, &format!("{kind} {what} {round}"));
            let (index, place) = sample::choose(stratum, rng);
            let file = &sampled.files[*index];
            let bytes = std::fs::read(bench.build(mode).join(&file.path)).unwrap();
            let Some(damage) = sample::damage(place, &bytes, rng) else { continue };
            let answers = bench.ask(mode, file, place, &damage);
            let found = matches!(&answers[0], Some(Answer::Named(_) | Answer::Found(_)));
            assert!(found, "{kind}: {what}: {}: {}: {answers:?}", file.name(), damage.told);
        }
    }
}

#[test]
fn what_is_damaged_is_put_back_with_its_time() {
    let Some(pocket) = pocket("what_is_damaged_is_put_back") else { return };
    let work = kept_dir("mutants-put-back");
    let mut bench = Bench::new(&pocket.out, &work, "loongarch", &["audit".to_owned()]);
    let build = bench.build(MODES[1]);
    let sampled = sample::of_build(&build, &|kind, what| (kind, what) == ("vmlinux", "magic"));
    assert!(sampled.strata.is_empty(), "ELF files have headers");
    let sampled = sample::of_build(&build, &|kind, _| kind == "vmlinux");
    let stratum = sampled.strata.iter().find(|it| it.what == "header magic").unwrap();
    let rng = &mut generator(1, "put back");
    let (index, place) = sample::choose(stratum, rng);
    let file = &sampled.files[*index];
    let whole = std::fs::read(build.join(&file.path)).unwrap();
    let damage = sample::damage(place, &whole, rng).unwrap();
    let damaged = work.join("loongarch").join(MODES[1]).join(&file.path);
    let time = std::fs::metadata(&damaged).unwrap().modified().unwrap();
    bench.ask(MODES[1], file, place, &damage);
    assert!(std::fs::read(&damaged).unwrap() == whole);
    assert_eq!(std::fs::metadata(&damaged).unwrap().modified().unwrap(), time);
    assert_ne!(damage.applied_to(&whole), whole);
}
