//! `twinlto bisect`: the commit, the toolchain, asked as rarely as possible.

use crate::support::repo::{Repo, V11, empty_dir};
use crate::support::{Ran, kept_dir, llvm, run};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

pub(crate) fn bisect(args: &[&str]) -> Ran {
    let ran = run(&[&["bisect"], args].concat());
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

fn answers(report: &Value) -> Vec<(String, String)> {
    let steps = report["steps"].as_array().unwrap();
    let word = |step: &Value, key: &str| step[key].as_str().unwrap().to_owned();
    steps.iter().map(|step| (word(step, "answer"), word(step, "name"))).collect()
}

pub(crate) fn script(name: &str, text: &str) -> PathBuf {
    let path = kept_dir("scripts").join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn the_commit_that_brought_a_defect_is_named_and_its_repository_left_alone() {
    let Some(llvm) = llvm("the_commit_that_brought_a_defect") else { return };
    let repo = Repo::new("twelve").with_twelve();
    let guilty = repo.git(&["rev-parse", "guilty"]);
    // A dirty repository is nobody's business.
    std::fs::write(repo.path.join("README.md"), "mine\n").unwrap();
    let before = repo.state();
    let (out, path) = (empty_dir("twelve"), repo.arg());
    let args = [
        "kernel",
        &path,
        "--good",
        "good",
        "--bad",
        "HEAD",
        "--finding",
        "flags.*",
        "--subject",
        "virt/kvm/*",
        "--arch",
        "arm64",
        "--llvm",
        llvm,
        "--out",
        &out,
        "--format",
        "json",
    ];
    let ran = bisect(&args);
    let report = ran.json();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let first = report["found"]["first"].as_str().unwrap();
    assert!(first.starts_with(&guilty[..12]), "{first}");
    let steps = answers(&report);
    assert_eq!(steps[0].0, "good");
    assert_eq!(steps[1].0, "bad");
    assert!(steps.len() <= 2 + 5, "{steps:?}");
    // kernel/panic.c is compiled anew where it differs, and objects of every build; nothing else is.
    for step in &report["steps"].as_array().unwrap()[1..] {
        let cost = step["cost"].as_str().unwrap();
        let fronts: u64 = cost.split(' ').next().unwrap().parse().unwrap();
        assert!(fronts <= 8, "{step}");
    }
    assert_eq!(repo.state(), before);

    // Again: nothing is asked twice.
    let again = bisect(&args);
    assert!(again.json()["steps"].as_array().unwrap().iter().all(|step| step["kept"] == true));
    assert_eq!(again.json()["found"], report["found"]);
    // The log is one of git's.
    let log = std::fs::read_to_string(format!("{out}/bisect.log")).unwrap();
    assert!(log.starts_with("git bisect start\n"), "{log}");
    assert!(log.contains(&format!("git bisect bad {guilty}")), "{log}");
    // Answers to another question are not taken for this one's.
    let mut other = args;
    other[7] = "index.*";
    let refused = bisect(&other);
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("another bisection is kept there"), "{}", refused.stderr);
}

#[test]
fn a_commit_that_does_not_compile_says_nothing_of_backends() {
    let Some(llvm) = llvm("a_commit_that_does_not_compile") else { return };
    let repo = Repo::new("unfinished");
    repo.git(&["tag", "good"]);
    let file = repo.path.join("lib/sort.c");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}#error unfinished\n")).unwrap();
    repo.edit("kbuild: look flags up by the object's name, and more", &V11);
    std::fs::write(&file, text).unwrap();
    repo.commit("lib/sort: finished");
    let (out, path) = (empty_dir("unfinished"), repo.arg());
    let head = ["kernel", &path, "--good", "good", "--bad", "HEAD", "--finding", "flags.*"];
    let tail = ["--arch", "arm64", "--llvm", llvm, "--out", &out, "--format", "json"];
    let ran = bisect(&[&head[..], &tail].concat());
    assert_eq!(ran.status, 1, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.json()["found"]["among"].as_array().unwrap().len(), 2, "{}", ran.stdout);
}

#[test]
fn git_replays_what_was_found_along_one_line() {
    let Some(_) = llvm("git_replays_what_was_found") else { return };
    let repo = Repo::new("merge");
    repo.git(&["tag", "good"]);
    let ours = repo.git(&["rev-parse", "--abbrev-ref", "HEAD"]);
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.touch("side: 1", "lib/sort.c");
    repo.touch("side: 2", "lib/sort.c");
    repo.git(&["checkout", "--quiet", &ours]);
    repo.touch("panic: 1", "kernel/panic.c");
    repo.git(&["merge", "--quiet", "--no-ff", "-m", "Merge side", "side"]);
    let merge = repo.git(&["rev-parse", "HEAD"]);
    repo.touch("panic: 2", "kernel/panic.c");
    let text = "! grep -q 'side: 1' \"$KERNEL/lib/sort.c\"";
    let run = script("side.sh", text).display().to_string();
    let (out, path) = (empty_dir("merge"), repo.arg());
    let ends = ["kernel", &path, "--good", "good", "--bad", "HEAD", "--run", &run, "--out", &out];
    let ran = bisect(&[&ends[..], &["--first-parent", "--format", "json"]].concat());
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let first = ran.json()["found"]["first"].as_str().unwrap().to_owned();
    assert!(first.starts_with(&merge[..12]), "{first}");
    let replayed = repo.git(&["bisect", "replay", &format!("{out}/bisect.log")]);
    assert!(replayed.contains(&format!("{merge} is the first bad commit")), "{replayed}");
}

#[test]
fn a_build_that_fails_is_known_by_the_class_of_its_error() {
    let Some(llvm) = llvm("a_build_that_fails_is_known_by_the_class") else { return };
    let repo = Repo::new("classes");
    repo.git(&["tag", "good"]);
    let file = repo.path.join("mm/util.c");
    let text = std::fs::read_to_string(&file).unwrap();
    let call = "int nowhere(void);\nint asked(void);\nint asked(void)\n{\n\treturn nowhere();\n}\n";
    std::fs::write(&file, format!("{text}{call}")).unwrap();
    let guilty = repo.commit("mm: calls what is not there");
    repo.touch("panic: 1", "kernel/panic.c");
    let (out, path) = (empty_dir("classes"), repo.arg());
    let head = ["kernel", &path, "--good", "good", "--bad", "HEAD"];
    let class = ["--error-class", "undefined-symbol", "--arch", "arm64", "--llvm", llvm];
    let ran = bisect(&[&head[..], &class, &["--out", &out, "--format", "json"]].concat());
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    let report = ran.json();
    let first = report["found"]["first"].as_str().unwrap();
    assert!(first.starts_with(&guilty[..12]), "{first}");
    assert_eq!(report["predicate"], "--error-class undefined-symbol");
}

#[test]
fn a_script_may_talk_without_end_and_leave_others_behind() {
    let Some(_) = llvm("a_script_may_talk_without_end") else { return };
    let repo = Repo::new("talk");
    repo.git(&["tag", "good"]);
    repo.touch("panic: 1", "kernel/panic.c");
    let start = std::time::Instant::now();
    let script = script(
        "talk.sh",
        "yes twinlto | head -c 300000000 >&2\nsleep 600 &\n\
         exit $(grep -c '/[*] panic: ' \"$KERNEL/kernel/panic.c\")",
    );
    let (out, path, run) = (empty_dir("talk"), repo.arg(), script.display().to_string());
    let ran =
        bisect(&["kernel", &path, "--good", "good", "--bad", "HEAD", "--run", &run, "--out", &out]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(start.elapsed().as_secs() < 300, "it waited for what the script had left behind");
    for status in ["126", "127", "128"] {
        let odd = self::script("odd.sh", &format!("exit {status}")).display().to_string();
        let out = empty_dir("odd");
        let args =
            ["kernel", &path, "--good", "good", "--bad", "HEAD", "--run", &odd, "--out", &out];
        let ran = bisect(&args);
        assert_eq!(ran.status, 2, "{status}: {}", ran.stderr);
        assert!(ran.stderr.contains("1 to 124 for bad"), "{}", ran.stderr);
    }
}

#[test]
fn where_commits_do_not_build_the_answer_is_a_range() {
    let Some(_) = llvm("where_commits_do_not_build") else { return };
    let repo = Repo::new("range");
    repo.git(&["tag", "good"]);
    for n in 1..5 {
        repo.touch(&format!("panic: {n}"), "kernel/panic.c");
    }
    // The script knows the commits by what is in their tree.
    let script = script(
        "range.sh",
        "n=$(grep -c '/[*] panic: ' \"$KERNEL/kernel/panic.c\")\n\
         case $n in 0) exit 0 ;; 1 | 2) exit 125 ;; *) exit 1 ;; esac",
    );
    let (out, path) = (empty_dir("range"), repo.arg());
    let run = script.display().to_string();
    let ran = bisect(&[
        "kernel", &path, "--good", "good", "--bad", "HEAD", "--run", &run, "--out", &out,
        "--format", "json",
    ]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let among = ran.json()["found"]["among"].as_array().unwrap().clone();
    assert_eq!(among.len(), 3, "{among:?}");
    assert!(among[2].as_str().unwrap().contains("panic: 3"), "{among:?}");
}

#[test]
fn what_cannot_be_searched_is_one_clear_error() {
    let Some(_) = llvm("what_cannot_be_searched") else { return };
    let repo = Repo::new("errors");
    repo.git(&["tag", "good"]);
    repo.touch("one", "kernel/panic.c");
    let (out, path) = (empty_dir("errors"), repo.arg());
    let yes = script("yes.sh", "exit 0").display().to_string();
    let wrong = script("wrong.sh", "kill -9 $$").display().to_string();
    let ask = |good: &str, bad: &str, run: &str, words: &str| {
        let _gone = std::fs::remove_dir_all(&out);
        let ran =
            bisect(&["kernel", &path, "--good", good, "--bad", bad, "--run", run, "--out", &out]);
        assert_eq!(ran.status, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    };
    ask("HEAD", "HEAD", &yes, "nothing between a commit and itself");
    ask("HEAD", "good", &yes, "does not descend from it");
    ask("nowhere", "HEAD", &yes, "there is no such revision");
    ask("--upload-pack=x", "HEAD", &yes, "error:");
    ask("good", "HEAD", &yes, "--bad is good");
    ask("good", "HEAD", &wrong, "a script says 0 for good");
    ask("good", "HEAD", "/no/such/script", "there is no such program");
    std::fs::write(kept_dir("scripts").join("bare.sh"), "exit 0\n").unwrap();
    let bare = kept_dir("scripts").join("bare.sh");
    std::fs::set_permissions(&bare, std::fs::Permissions::from_mode(0o755)).unwrap();
    ask("good", "HEAD", &bare.display().to_string(), "its first line names no program");
    let refused = |words: &[&str], why: &str| {
        let ends = ["--good", "good", "--bad", "HEAD", "--out", &out];
        let ran = bisect(&[&["kernel"], words, &ends].concat());
        assert_eq!(ran.status, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(why), "{why}: {}", ran.stderr);
    };
    refused(&["--run", &yes], "no repository is named");
    refused(&[&path, "--count", "life_noop<10"], "there is no number 'life_noop' here");
    refused(&[&path, "--count", "symbols>1", "--subject", "a"], "no finding is asked for");
    let none = bisect(&["kernel", "/usr", "--good", "a", "--bad", "b", "--run", &yes]);
    assert!(none.stderr.contains("it is no git repository"), "{}", none.stderr);
    let typo = bisect(&["kernel", &path, "--good", "a", "--bad", "b", "--finding", "flag.x"]);
    assert!(typo.stderr.contains("no finding has a key like"), "{}", typo.stderr);
}

#[test]
fn other_ends_go_on_with_what_is_known_and_another_script_does_not() {
    let Some(_) = llvm("other_ends_go_on") else { return };
    let repo = Repo::new("ends");
    for n in 1..7 {
        repo.touch(&format!("panic: {n}"), "kernel/panic.c");
    }
    let text = "n=$(grep -c '/[*] panic: ' \"$KERNEL/kernel/panic.c\")\n[ $n -lt 3 ]";
    let run = script("ends.sh", text).display().to_string();
    let (out, path) = (empty_dir("ends"), repo.arg());
    let ask = |good: &str| {
        let args = ["kernel", &path, "--good", good, "--bad", "HEAD", "--run", &run, "--out", &out];
        bisect(&[&args[..], &["--format", "json"]].concat())
    };
    let wrong = ask("HEAD~3");
    assert_eq!(wrong.status, 2, "{}", wrong.stderr);
    assert!(wrong.stderr.contains("--good is bad"), "{}", wrong.stderr);
    let found = ask("HEAD~6");
    assert_eq!(found.status, 0, "{}", found.stderr);
    let report = found.json();
    assert!(report["found"]["first"].as_str().unwrap().contains("panic: 3"), "{report}");
    let asked_before = |name: &str| {
        let steps = report["steps"].as_array().unwrap().iter();
        let mut named = steps.filter(|step| step["name"].as_str().unwrap().contains(name));
        named.next().map(|step| step["kept"] == true)
    };
    assert_eq!(asked_before("panic: 3"), Some(true), "{report}");
    // The log is of this search alone: every answer in it was wanted.
    let log = std::fs::read_to_string(format!("{out}/bisect.log")).unwrap();
    assert_eq!(log.matches("\ngit bisect ").count(), report["steps"].as_array().unwrap().len());
    script("ends.sh", &format!("# edited\n{text}"));
    let edited = ask("HEAD~6");
    assert_eq!(edited.status, 2, "{}", edited.stdout);
    assert!(edited.stderr.contains("another bisection is kept there"), "{}", edited.stderr);
    // Where no end was what it was said to be, another question may be asked at once.
    let (out, good) = (empty_dir("ends-hopeless"), "HEAD~2");
    let ask = |text: &str| {
        let run = script("hopeless.sh", text).display().to_string();
        bisect(&["kernel", &path, "--good", good, "--bad", "HEAD", "--run", &run, "--out", &out])
    };
    assert!(ask("exit 1").stderr.contains("--good is bad"));
    assert!(ask("exit 0").stderr.contains("--bad is good"));
}

#[test]
fn a_toolchain_that_is_taken_away_has_no_answer_that_is_kept() {
    let Some(_) = llvm("a_toolchain_that_is_taken_away") else { return };
    let home = kept_dir("taken");
    let made = |version: &str, does: &str| {
        let bin = home.join(version);
        std::fs::create_dir_all(&bin).unwrap();
        for tool in ["clang", "ld.lld", "llvm-ar", "llvm-nm", "llvm-objcopy", "llvm-readelf"] {
            let text = format!(
                "#!/bin/sh\n[ \"$1\" = --version ] && exec echo 'x version {version}'\n{does}\n"
            );
            std::fs::write(bin.join(tool), text).unwrap();
            let mode = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(bin.join(tool), mode).unwrap();
        }
        bin.display().to_string()
    };
    let out = empty_dir("taken");
    let ask = |old: &str| {
        let newer = made("98.0.1", "exit 1");
        let tail = ["--finding", "flags.*", "--arch", "arm64", "--out", &out];
        bisect(&[&["toolchain", "--among", old, &newer], &tail[..]].concat())
    };
    let old = made("97.0.1", "rm -rf -- \"$(dirname -- \"$0\")\"; exit 1");
    let gone = ask(&old);
    assert_eq!(gone.status, 4, "{}", gone.stderr);
    assert!(!std::path::Path::new(&out).join("bisect.json").exists(), "{}", gone.stderr);
    // One that is there and cannot link was asked.
    let unable = ask(&made("97.0.1", "exit 1"));
    assert_eq!(unable.status, 2, "{}", unable.stderr);
    assert!(unable.stderr.contains("an end cannot be told"), "{}", unable.stderr);
}

#[test]
fn toolchains_stand_in_the_order_of_their_versions() {
    let Some(llvm) = llvm("toolchains_stand_in_order") else { return };
    // Three directories of programs that say who they are; only the real one could build.
    let home = kept_dir("toolchains");
    let mut dirs = Vec::new();
    for version in ["30.0.1", "9.0.0", "30.0.0 (++20991231000000+0123456789ab-1)"] {
        let dir = home.join(version.split(' ').next().unwrap());
        std::fs::create_dir_all(&dir).unwrap();
        for tool in ["clang", "ld.lld", "llvm-ar", "llvm-nm", "llvm-objcopy", "llvm-readelf"] {
            let path = dir.join(tool);
            std::fs::write(&path, format!("#!/bin/sh\necho 'x version {version}'\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        dirs.push(dir.display().to_string());
    }
    let real = llvm.ends_with('/').then(|| llvm.to_owned());
    dirs.extend(real);
    // Bad from 30.0.0 on, asked of what the script is given, in a directory that is empty.
    let script = script(
        "version.sh",
        "[ -z \"$(ls -A)\" ] || exit 255\n[ \"$(command -v clang)\" = \"$CLANG\" ] || exit 255\n\
         case $(\"$CLANG\" --version) in *'version 30'*) exit 1 ;; *) exit 0 ;; esac",
    );
    let (out, run_it) = (empty_dir("toolchains"), script.display().to_string());
    let among: Vec<&str> = dirs.iter().map(String::as_str).collect();
    let ask = |among: &[&str]| {
        let _gone = std::fs::remove_dir_all(&out);
        let tail = ["--run", &run_it, "--out", &out, "--format", "json"];
        bisect(&[&["toolchain", "--among"], among, &tail].concat())
    };
    let ran = ask(&among);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.json()["found"]["first"], "clang 30.0.0 (2099-12-31, 0123456789ab)");
    let twice = ask(&[among[0], among[1], among[0]]);
    assert_eq!(twice.status, 2);
    assert!(twice.stderr.contains("give each once"), "{}", twice.stderr);
    let one = ask(&among[..1]);
    assert!(one.stderr.contains("leave nothing to search"), "{}", one.stderr);
    let gone = ask(&[among[0], "/no/such/bin"]);
    assert!(gone.stderr.contains("there is no such directory"), "{}", gone.stderr);
}
