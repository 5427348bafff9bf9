//! `twinlto premerge`: what a change makes worse, and nothing else.

use crate::support::repo::{Repo, V11, edit, empty_dir};
use crate::support::{Ran, finding, llvm, root, run, twinlto};
use std::process::Command;

fn premerge(llvm: &str, out: &str, args: &[&str]) -> Ran {
    let fixed = ["premerge", "--arch", "arm64", "--llvm", llvm, "--out", out, "--format", "json"];
    let ran = run(&[&fixed, args].concat());
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

#[test]
fn a_series_that_breaks_something_is_told_so_and_a_harmless_one_is_not() {
    let Some(llvm) = llvm("a_series_that_breaks_something") else { return };
    let repo = Repo::new("premerge");
    repo.git(&["tag", "base"]);
    let harmless = repo.touch("panic: a comment", "kernel/panic.c");
    let docs = {
        let path = repo.path.join("README.md");
        std::fs::write(path, "read me\n").unwrap();
        repo.commit("docs: less of them")
    };
    let guilty = repo.edit("kbuild: look flags up by the object's name", &V11);
    let mails = [&harmless, &docs, &guilty].map(|commit| repo.mail(commit, &commit[..7]));
    let [harmless, docs, guilty] = mails.map(|mail| mail.display().to_string());
    std::fs::write(repo.path.join("mine"), "not committed\n").unwrap();
    let before = repo.state();
    let (path, out) = (repo.arg(), empty_dir("premerge"));
    let base = ["--kernel", &path, "--base", "base"];

    let bad = premerge(llvm, &out, &[&base[..], &["--series", &guilty]].concat());
    assert_eq!(bad.status, 1, "{}", bad.stderr);
    let found = finding(&bad.json(), "flags.backend.missing").clone();
    assert_eq!(found["change"], "new");
    assert_eq!(found["sites"].as_array().unwrap().len(), 4);
    assert_eq!(bad.json()["findings"].as_array().unwrap().len(), 1, "{}", bad.stdout);

    // The base is not built again, and of the head only what the change reaches.
    let good = premerge(llvm, &out, &[&base[..], &["--series", &harmless]].concat());
    assert_eq!(good.status, 0, "{}", good.stdout);
    assert!(good.stderr.contains("as it was checked"), "{}", good.stderr);
    assert_eq!(good.stderr.matches("configure distributed").count(), 0, "{}", good.stderr);
    let text = premerge(llvm, &out, &[&base[..], &["--series", &docs]].concat());
    assert_eq!(text.status, 0);
    assert_eq!(text.stderr.matches("build distributed").count(), 0, "{}", text.stderr);

    let each = premerge(llvm, &out, &[&base[..], &["--head", "HEAD", "--each"]].concat());
    assert_eq!(each.status, 1);
    let report = each.json();
    let outcomes: Vec<&str> = report["patches"]
        .as_array()
        .unwrap()
        .iter()
        .map(|patch| patch["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["agree", "agree", "differ"]);
    assert!(report["summary"].as_str().unwrap().contains("look flags up"), "{}", each.stdout);
    assert_eq!(repo.state(), before);

    // What a later patch mends is told all the same, with what it was.
    let (file, anchor, replacement) = V11[0];
    let (include, more) = (V11[1].2, V11[1].1);
    repo.edit("kbuild: as before", &[(file, replacement, anchor), (V11[1].0, include, more)]);
    let mended = premerge(llvm, &out, &[&base[..], &["--head", "HEAD", "--each"]].concat());
    assert_eq!(mended.status, 1, "{}", mended.stdout);
    assert_eq!(mended.keys(), ["flags.backend.missing"], "{}", mended.stdout);
    assert!(mended.json()["summary"].as_str().unwrap().contains("gone with the last"));
    repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    std::fs::write(repo.path.join("mine"), "not committed\n").unwrap();

    // What does not apply is named with its place, and the next series finds a clean tree.
    let twice = std::fs::read_to_string(&harmless).unwrap().replace("panic", "painc");
    let wrong = repo.path.with_extension("wrong.mbx");
    std::fs::write(&wrong, twice).unwrap();
    let wrong = wrong.display().to_string();
    let refused = premerge(llvm, &out, &[&base[..], &["--series", &wrong]].concat());
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("does not apply"), "{}", refused.stderr);
    assert!(refused.stderr.contains("kernel/painc.c"), "{}", refused.stderr);
    let good = premerge(llvm, &out, &[&base[..], &["--series", &harmless]].concat());
    assert_eq!(good.status, 0, "{}", good.stdout);
}

#[test]
fn plain_directories_are_compared_as_well_and_left_alone() {
    let Some(llvm) = llvm("plain_directories") else { return };
    let home = empty_dir("plain");
    std::fs::create_dir_all(&home).unwrap();
    let [base, head] = ["base", "head"].map(|name| format!("{home}/{name}"));
    for dir in [&base, &head] {
        let from = root().join("cases/pocket");
        assert!(Command::new("cp").arg("-r").arg(from).arg(dir).status().unwrap().success());
    }
    edit(head.as_ref(), &V11);
    let diff = Command::new("diff").args(["-ru", "base", "head"]).current_dir(&home).output();
    let patch = format!("{home}/v11.patch");
    std::fs::write(&patch, diff.unwrap().stdout).unwrap();
    let out = format!("{home}/out");
    let bad = premerge(llvm, &out, &["--base", &base, "--head", &head]);
    assert_eq!(bad.status, 1, "{}", bad.stderr);
    assert_eq!(finding(&bad.json(), "flags.backend.missing")["change"], "new");
    let series = premerge(llvm, &out, &["--base", &base, "--series", &patch]);
    assert_eq!(series.status, 1, "{}", series.stderr);
    assert!(series.stderr.contains("as it was checked"), "{}", series.stderr);
    let pocket = root().join("cases/pocket").display().to_string();
    let same = Command::new("diff").args(["-r", "--brief", &base, &pocket]).output().unwrap();
    assert!(same.stdout.is_empty(), "{}", String::from_utf8_lossy(&same.stdout));
    for (args, words) in [
        (["--base", "/no/such/tree", "--head", head.as_str()], "there is no such directory"),
        (["--base", base.as_str(), "--series", "/no/such.mbx"], "there is no such file"),
    ] {
        let ran = premerge(llvm, &out, &args);
        assert_eq!(ran.status, 2);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
}

/// Takes a file away; the commit.
fn without(repo: &Repo, file: &str) -> String {
    repo.git(&["checkout", "--quiet", "--detach", "base"]);
    std::fs::remove_file(repo.path.join(file)).unwrap();
    repo.commit(&format!("{file} is gone"))
}

#[test]
fn a_head_that_starts_from_a_copy_is_judged_as_one_from_clean() {
    let Some(llvm) = llvm("a_head_that_starts_from_a_copy") else { return };
    let repo = Repo::new("copied");
    // As in Linux, Kconfig reads one file of the documentation.
    let top = std::fs::read_to_string(repo.path.join("Kconfig")).unwrap();
    std::fs::write(repo.path.join("Kconfig"), top + "source \"Documentation/Kconfig\"\n").unwrap();
    std::fs::create_dir_all(repo.path.join("Documentation")).unwrap();
    std::fs::write(repo.path.join("Documentation/Kconfig"), "comment \"none\"\n").unwrap();
    repo.commit("Documentation: a file for Kconfig");
    repo.git(&["tag", "base"]);
    // The object of a source that is gone, and of a header that is gone.
    let no_source = without(&repo, "lib/bitmap.c");
    let no_header = without(&repo, "include/linux/lz4.h");
    let no_list = without(&repo, "scripts/head-object-list.txt");
    // A header that comes first now.
    repo.git(&["checkout", "--quiet", "--detach", "base"]);
    let first = repo.path.join("arch/arm64/include/linux");
    std::fs::create_dir_all(&first).unwrap();
    std::fs::write(first.join("lz4.h"), "#error not this one\n").unwrap();
    let shadowed = repo.commit("lz4.h: another one");
    // A front end that fails leaves the base's native objects for nobody.
    repo.git(&["checkout", "--quiet", "--detach", "base"]);
    std::fs::write(repo.path.join("lib/sort.c"), "#error unfinished\n").unwrap();
    let unfinished = repo.commit("lib/sort: unfinished");
    // A linker script that is gone while the one that was made of it is there.
    let no_script = without(&repo, "arch/arm64/kernel/vmlinux.lds.S");
    repo.git(&["checkout", "--quiet", "--detach", "base"]);
    std::fs::write(repo.path.join("Documentation/Kconfig"), "source \"no/such/Kconfig\"\n")
        .unwrap();
    let no_file = repo.commit("Documentation: options that are not there");
    let (path, out) = (repo.arg(), empty_dir("copied"));
    for (head, words) in [
        (no_source, "bitmap"),
        (no_header, "lz4.h"),
        (no_list, "head-object-list"),
        (shadowed, "not this one"),
        (unfinished, "unfinished"),
        (no_script, "vmlinux.lds"),
        (no_file, "tinyconfig"),
    ] {
        let ran = premerge(llvm, &out, &["--kernel", &path, "--base", "base", "--head", &head]);
        assert_eq!(ran.status, 1, "{words}: {}{}", ran.stdout, ran.stderr);
        let report = ran.json();
        let worse = finding(&report, "record.outcome.worse").to_string();
        assert!(worse.contains(words), "{words}: {worse}");
        // Of a build that came to no thin link nothing is compared.
        assert!(!ran.keys().iter().any(|key| key.starts_with("ir.")), "{:?}", ran.keys());
        let layers = report["twins"][0]["layers"].as_array().unwrap();
        assert!(layers.iter().all(|layer| layer["compared"] == 0), "{words}: {layers:?}");
    }
}

#[test]
fn other_defaults_are_taken_and_a_smaller_kernel_is_no_news() {
    let Some(llvm) = llvm("other_defaults_are_taken") else { return };
    let repo = Repo::new("defaults");
    repo.git(&["tag", "base"]);
    let kconfig = std::fs::read_to_string(repo.path.join("Kconfig")).unwrap();
    let at = kconfig.find("config PRINTK\n").unwrap();
    let (before, option) = kconfig.split_at(at);
    let option = option.replacen("default y", "default n", 1);
    std::fs::write(repo.path.join("Kconfig"), format!("{before}{option}")).unwrap();
    let head = repo.commit("printk: off by default");
    let (path, out) = (repo.arg(), empty_dir("defaults"));
    let config = ["--config", "defconfig", "--kernel", &path, "--base", "base", "--head", &head];
    let ran = premerge(llvm, &out, &config);
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    let dot_config = std::fs::read_to_string(format!("{out}/head/arm64/distributed/.config"));
    assert!(!dot_config.unwrap().contains("CONFIG_PRINTK=y"));
}

#[test]
fn what_belongs_to_the_user_stays_and_paths_are_taken_from_where_he_is() {
    let Some(llvm) = llvm("what_belongs_to_the_user_stays") else { return };
    let repo = Repo::new("neighbours");
    repo.git(&["tag", "base"]);
    let harmless = repo.touch("panic: a comment", "kernel/panic.c");
    // A worktree on a disk that is not mounted now.
    let (there, away) = (repo.path.with_extension("there"), repo.path.with_extension("away"));
    for dir in [&there, &away] {
        let _gone = std::fs::remove_dir_all(dir);
    }
    repo.git(&["worktree", "add", "--quiet", "--detach", &there.display().to_string()]);
    std::fs::rename(&there, &away).unwrap();
    let home = empty_dir("neighbours");
    let series = format!("{home}/my patches");
    std::fs::create_dir_all(&series).unwrap();
    std::fs::copy(repo.mail(&harmless, "mbx"), format!("{series}/0001-x.patch")).unwrap();
    let (path, out) = (repo.arg(), format!("{home}/out"));
    let words = ["--kernel", &path, "--base", "base", "--series", "my patches"];
    let fixed = ["premerge", "--arch", "arm64", "--llvm", llvm, "--out", &out];
    let said = twinlto().args(fixed).args(words).current_dir(&home).output().unwrap();
    assert_eq!(said.status.code(), Some(0), "{}", String::from_utf8_lossy(&said.stderr));
    std::fs::rename(&away, &there).unwrap();
    let known = Command::new("git").arg("-C").arg(&there).args(["status", "--short"]).output();
    assert!(known.unwrap().status.success(), "git has forgotten the user's worktree");
    for (words, why) in [
        (["--kernel", &path, "--base", "base", "--out", &format!("{path}/here")], "only read"),
        (["--kernel", &path, "--base", "", "--out", &out], "its name is empty"),
        (["--base", &path, "--head", &path, "--out", &format!("{home}/same")], "nothing is merged"),
    ] {
        let head =
            if words.contains(&"--head") { vec![] } else { vec!["--head", harmless.as_str()] };
        let ran = run(&[&["premerge", "--llvm", llvm], &words[..], &head].concat());
        assert_eq!(ran.status, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(why), "{why}: {}", ran.stderr);
    }
}

#[test]
fn what_lies_behind_a_base_that_does_not_build_is_called_neither_new_nor_agreed() {
    let Some(llvm) = llvm("what_lies_behind_a_base") else { return };
    let repo = Repo::new("broken-base");
    let tag = |name: &str| repo.git(&["tag", name]);
    tag("good");
    let call = "$(CC) $(be_flags) -x ir";
    let dropped = "$(CC) $(filter-out -O%,$(be_flags)) -x ir";
    repo.edit("kbuild: fewer options", &[("scripts/Makefile.thinlto", call, dropped)]);
    let path = repo.path.join("mm/util.c");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}int x = ;\n")).unwrap();
    repo.commit("mm: does not build");
    tag("unfinished");
    repo.touch("panic: a comment", "kernel/panic.c");
    tag("as-unfinished");
    std::fs::write(&path, format!("{text}/* whole */\n")).unwrap();
    repo.commit("mm: builds");
    tag("mended");
    let (path, out) = (repo.arg(), empty_dir("broken-base"));
    let merged = |base: &str, head: &str| {
        premerge(llvm, &out, &["--kernel", &path, "--base", base, "--head", head])
    };
    // The defect was there all the while, and nobody could see it.
    let ran = merged("unfinished", "mended");
    assert_eq!(ran.status, 3, "{}{}", ran.stdout, ran.stderr);
    let report = ran.json();
    assert_eq!(finding(&report, "flags.option.missing")["change"], "untold");
    let why = report["why"].as_str().unwrap();
    assert!(why.starts_with("what is new cannot be told of this base: "), "{why}");
    // Where neither builds, nothing was compared.
    let ran = merged("unfinished", "as-unfinished");
    assert_eq!(ran.status, 3, "{}{}", ran.stdout, ran.stderr);
    let report = ran.json();
    assert!(
        report["why"].as_str().unwrap().starts_with("neither base nor head builds"),
        "{report}"
    );
    let left = report["not_compared"].as_array().unwrap();
    assert!(left.iter().any(|it| it["why"].as_str().unwrap().contains("the base does not build")));
    // A head that is sound is sound, whatever the base was.
    let ran = merged("unfinished", "good");
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    let summary = ran.json()["summary"].as_str().unwrap().to_owned();
    assert!(summary.starts_with("the base does not build, the head does"), "{summary}");

    // Directories that are read get no output into them.
    let inside = format!("{path}/out");
    let refused = premerge(llvm, &inside, &["--base", &path, "--head", &path]);
    assert_eq!(refused.status, 2, "{}", refused.stdout);
    assert!(refused.stderr.contains("which is only read"), "{}", refused.stderr);
    assert!(!std::path::Path::new(&inside).exists());
}

#[test]
fn what_the_build_of_a_head_says_is_new_where_that_of_the_base_said_nothing() {
    let Some(llvm) = llvm("what_the_build_of_a_head_says") else { return };
    let repo = Repo::new("louder");
    repo.git(&["tag", "base"]);
    let makefile = repo.path.join("kernel/Makefile");
    let text = std::fs::read_to_string(&makefile).unwrap();
    let more = "CFLAGS_panic.o += -Wframe-larger-than=64 -Werror\n";
    std::fs::write(&makefile, format!("{text}{more}")).unwrap();
    let head = repo.commit("panic: small frames");
    let (path, out) = (repo.arg(), empty_dir("louder"));
    let ran = premerge(llvm, &out, &["--kernel", &path, "--base", "base", "--head", &head]);
    assert_eq!(ran.status, 1, "{}{}", ran.stdout, ran.stderr);
    let report = ran.json();
    assert_eq!(finding(&report, "log.severity.changed")["change"], "new", "{}", ran.stdout);
}
