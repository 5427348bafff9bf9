//! `twinlto replay`: every object of the pocket kernel compiled again, and what is wrong with an
//! object named.

use crate::support::{Ran, finding, kept_dir, keys_of, llvm, pocket, run, run_with};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A copy of a pocket build that may be damaged, with a cache of its own.
struct Copy {
    _dir: tempfile::TempDir,
    build: PathBuf,
    cache: PathBuf,
}

impl Copy {
    fn of(build: &Path) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let copy = dir.path().join("build");
        assert!(Command::new("cp").arg("-a").arg(build).arg(&copy).status().unwrap().success());
        // What was compiled once for any test is known to all.
        let cache = kept_dir("replay-cache");
        Self { build: copy, cache, _dir: dir }
    }

    fn replay(&self, args: &[&str]) -> Ran {
        let build = self.build.display().to_string();
        let all = [&["replay", &build, "--format", "json"], args].concat();
        run_with(&all, &[("TWINLTO_CACHE", &self.cache.display().to_string())])
    }

    fn edit(&self, file: &str, change: impl Fn(&str) -> String) {
        let path = self.build.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let changed = change(&text);
        assert_ne!(text, changed, "{file} is as it was");
        std::fs::write(&path, changed).unwrap();
    }

    /// IR objects, as the index lists them.
    fn objects(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.build.join("vmlinux.thinlto-index")).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// Gives every front end's record another compiler.
    fn compiler(&self, script: &str) -> String {
        let path = self.build.join("clang");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = path.display().to_string();
        for object in self.objects() {
            self.edit(&cmd(&object), |text| {
                let (start, rest) = text.split_once(" := ").unwrap();
                let (_, options) = rest.split_once(' ').unwrap();
                format!("{start} := {path} {options}")
            });
        }
        path
    }
}

fn cmd(object: &str) -> String {
    match object.rsplit_once('/') {
        Some((dir, name)) => format!("{dir}/.{name}.cmd"),
        None => format!(".{object}.cmd"),
    }
}

fn count(ran: &Ran, name: &str) -> u64 {
    ran.json()["cells"][0]["counts"][name].as_u64().unwrap_or_else(|| panic!("{}", ran.stdout))
}

#[test]
fn every_object_of_every_architecture_is_what_its_options_say() {
    let Some(pocket) = pocket("every_object_is_what_its_options_say") else {
        return;
    };
    for arch in ["x86_64", "arm64", "riscv", "loongarch"] {
        for mode in ["distributed", "in-process"] {
            let copy = Copy::of(&pocket.build(arch, mode));
            let ran = copy.replay(&[]);
            assert_eq!(ran.status, 0, "{arch} {mode}: {}{}", ran.stdout, ran.stderr);
            let all = count(&ran, "replayed");
            assert!(all > 20, "{arch} {mode}: {all}");
            let same = if mode == "distributed" { all } else { 0 };
            assert_eq!(count(&ran, "replay_backend_identical"), same, "{arch} {mode}");
            let modes =
                count(&ran, "replay_modes_identical") + count(&ran, "replay_modes_explained");
            assert_eq!(modes, all, "{arch} {mode}");
        }
    }
}

#[test]
fn the_build_is_not_touched_and_nothing_is_compiled_twice() {
    let Some(pocket) = pocket("the_build_is_not_touched") else {
        return;
    };
    let copy = Copy::of(&pocket.build("arm64", "distributed"));
    let cache = tempfile::tempdir().unwrap();
    let copy = Copy { cache: cache.path().to_owned(), ..copy };
    let listing = || {
        let build = copy.build.display().to_string();
        let found = Command::new("find").args([&build, "-printf", "%P %s %T@ %C@\n"]).output();
        let mut lines: Vec<String> =
            String::from_utf8(found.unwrap().stdout).unwrap().lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let before = listing();
    assert_eq!(copy.replay(&[]).status, 0);
    assert_eq!(listing(), before);
    let known = || std::fs::read_to_string(cache.path().join("replay/objects.txt")).unwrap();
    let first = known();
    assert!(first.lines().count() > 60, "{first}");
    assert_eq!(copy.replay(&[]).status, 0);
    assert_eq!(known(), first, "something was compiled again");
    let left: Vec<_> = std::fs::read_dir(cache.path().join("replay")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

/// The codegen-required options with an effect on some object of the pocket kernel: each is given
/// to the front ends' records, as if the backends had lost it.
#[test]
fn each_option_that_a_backend_lost_is_named() {
    let Some(pocket) = pocket("each_option_that_a_backend_lost") else {
        return;
    };
    let everywhere = [
        "-O1",
        "-fPIE",
        "-ffunction-sections",
        "-fdata-sections",
        "-fstack-size-section",
        "-fno-integrated-as",
        "-mllvm -enable-shrink-wrap=false",
    ];
    let by_arch: [(&str, &[&str]); 3] = [
        (
            "x86_64",
            &[
                "-falign-loops=64",
                "-mrelax-all",
                "-fbasic-block-address-map",
                "-mbranches-within-32B-boundaries",
                "-fbasic-block-sections=all",
                "-m32",
            ],
        ),
        ("arm64", &["-fno-addrsig", "-mbig-endian"]),
        ("loongarch", &["-mannotate-tablejump"]),
    ];
    let mut unseen = Vec::new();
    for (arch, own) in by_arch {
        let mut options = own.to_vec();
        if arch == "x86_64" {
            options.extend(everywhere);
        }
        for option in options {
            let copy = Copy::of(&pocket.build(arch, "distributed"));
            for object in copy.objects() {
                copy.edit(&cmd(&object), |text| {
                    text.replacen(" -c -o ", &format!(" {option} -c -o "), 1)
                });
            }
            let ran = copy.replay(&["--no-proofs"]);
            let report = ran.json();
            let all: Vec<&serde_json::Value> = report["findings"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|f| {
                    f["key"] == "replay.backend.changed" || f["key"] == "replay.backend.failed"
                })
                .collect();
            if all.is_empty() {
                unseen.push(format!("{arch} {option}"));
                continue;
            }
            assert_eq!(ran.status, 1, "{arch} {option}");
            for found in all.iter().filter(|f| f["key"] == "replay.backend.changed") {
                let cause = found["cause"].as_str().unwrap_or_else(|| panic!("{option}: {found}"));
                assert!(cause.contains(&format!("lacks {option}")), "{arch} {option}: {cause}");
                assert!(!cause.contains(" and "), "{arch} {option} is one option: {cause}");
            }
        }
    }
    assert_eq!(unseen, [] as [&str; 0], "without effect on the pocket kernel");
}

/// Runs one object's backend again, by its record, without one option, and records that.
fn drop_option(copy: &Copy, object: &str, option: &str) {
    let native = object.replace(".o", ".thinlto-native.o");
    let path = copy.build.join(cmd(&native));
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace(&format!(" {option} "), " ")).unwrap();
    let text = std::fs::read_to_string(copy.build.join(cmd(&native))).unwrap();
    let (_, line) = text.lines().next().unwrap().split_once(" := ").unwrap();
    let ran = Command::new("sh").arg("-c").arg(line).current_dir(&copy.build).status().unwrap();
    assert!(ran.success(), "{line}");
}

/// Options that do something to debug information, to sections or to one architecture alone: the
/// kernel is built with them, and one backend is run again without one. With the test above, these
/// are all codegen-required options of the table that clang takes and a kernel without thread-local
/// variables and profiles can show; loongarch's `-msoft-float` and `-mfpu=` hide behind `-mabi=`.
#[test]
fn an_option_that_one_backend_lost_is_named() {
    let Some(llvm) = llvm("an_option_that_one_backend_lost") else {
        return;
    };
    let cases: [(&str, &str, &[&str]); 2] = [
        (
            "x86_64",
            "-g -gz=zlib -ffunction-sections -fno-unique-section-names",
            &["-g", "-gz=zlib", "-fno-unique-section-names", "-ffunction-sections"],
        ),
        (
            "arm64",
            "-g -Wa,--compress-debug-sections=zlib -moutline",
            &["-Wa,--compress-debug-sections=zlib", "-moutline"],
        ),
    ];
    for (arch, flags, options) in cases {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().display().to_string();
        let llvm = format!("--llvm={llvm}");
        let built = run_with(
            &["build", "--arch", arch, &llvm, "--out", &out, "--format", "json"],
            &[("KCFLAGS", flags)],
        );
        assert_eq!(built.status, 0, "{arch}: {}{}", built.stdout, built.stderr);
        for option in options {
            let copy = Copy::of(&dir.path().join(arch).join("distributed"));
            let mut named = false;
            for object in copy.objects() {
                drop_option(&copy, &object, option);
                let ran = copy.replay(&["--no-proofs", "--object", &object]);
                let report = ran.json();
                if ran.status == 0 {
                    continue;
                }
                let found = finding(&report, "replay.backend.changed");
                let cause = found["cause"].as_str().unwrap_or_else(|| panic!("{option}: {found}"));
                assert!(cause.contains(&format!("lacks {option}")), "{arch} {option}: {cause}");
                assert!(!cause.contains(" and "), "{arch} {option} is one option: {cause}");
                named = true;
                break;
            }
            assert!(named, "{arch} {option}: without effect on the pocket kernel");
        }
    }
}

#[test]
fn an_object_that_its_command_does_not_make_is_named() {
    let Some(pocket) = pocket("an_object_that_its_command_does_not_make") else {
        return;
    };
    let copy = Copy::of(&pocket.build("riscv", "distributed"));
    let object = copy.objects().remove(3);
    let native = copy.build.join(object.replace(".o", ".thinlto-native.o"));
    // One bit of the last byte but a few: in no header that anybody reads.
    let mut bytes = std::fs::read(&native).unwrap();
    let text = bytes.windows(4).position(|w| w == *b"LLVM" || w == *b"lang").unwrap();
    bytes[text] ^= 0x20;
    std::fs::write(&native, bytes).unwrap();
    let ran = copy.replay(&["--no-proofs"]);
    assert_eq!(ran.status, 1, "{}", ran.stdout);
    let report = ran.json();
    assert_eq!(keys_of(&report), ["replay.backend.changed"]);
    let found = finding(&report, "replay.backend.changed");
    assert_eq!(found["subjects"], serde_json::json!([object]));
    assert!(found["cause"].as_str().unwrap().contains("its own recorded command makes another"));
}

#[test]
fn what_cannot_be_replayed_says_why() {
    let Some(pocket) = pocket("what_cannot_be_replayed") else {
        return;
    };
    let build = pocket.build("arm64", "distributed");
    let said = |ran: &Ran| {
        let report = ran.json();
        let found = finding(&report, "replay.backend.failed").clone();
        assert_eq!(ran.status, 1, "{}", ran.stdout);
        found["sites"][0]["left"]["text"].as_str().unwrap().to_owned()
    };
    // An index that ends too early; clang would say so and exit 0.
    let copy = Copy::of(&build);
    let object = copy.objects().remove(0);
    let index = copy.build.join(format!("{object}.thinlto.bc"));
    let bytes = std::fs::read(&index).unwrap();
    std::fs::write(&index, &bytes[..bytes.len() / 2]).unwrap();
    assert!(said(&copy.replay(&["--object", &object, "--no-proofs"])).contains(".thinlto.bc"));
    // Indexes that name a module that the thin link does not know any more.
    let copy = Copy::of(&build);
    let list = copy.objects();
    let gone = list.iter().find_map(|gone| {
        let rest: Vec<&str> = list.iter().map(String::as_str).filter(|name| name != gone).collect();
        for file in ["vmlinux.thinlto-index", "builtin.order"] {
            std::fs::write(copy.build.join(file), rest.join("\n") + "\n").unwrap();
        }
        let ran = copy.replay(&["--no-proofs"]);
        let is_named = keys_of(&ran.json()).contains(&"replay.backend.failed".to_owned());
        is_named.then(|| (gone.clone(), said(&ran)))
    });
    let (gone, why) = gone.expect("no module imports from another one");
    assert!(why.contains(&format!("names {gone}, which the thin link does not")), "{why}");
    // A module twice, and one outside.
    std::fs::write(copy.build.join("vmlinux.thinlto-index"), format!("{0}\n{0}\n", list[0]))
        .unwrap();
    let ran = copy.replay(&[]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("is in it twice"), "{}", ran.stderr);
    std::fs::write(copy.build.join("vmlinux.thinlto-index"), "../../etc/passwd\n").unwrap();
    let ran = copy.replay(&[]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("is no plain path below the build directory"), "{}", ran.stderr);
}

#[test]
fn a_compiler_is_believed_by_what_it_leaves() {
    let Some(pocket) = pocket("a_compiler_is_believed") else {
        return;
    };
    let build = pocket.build("arm64", "distributed");
    let version = "case \"$*\" in *--version*) echo 'clang version 22.1.8'; exit 0;; esac";
    let cases = [
        ("exit 0", "it exited 0 and wrote no object"),
        ("while [ \"$1\" != -o ]; do shift; done; : > \"$2\"", "left an empty object"),
        ("echo 'Error loading index file: no' >&2; exit 0", "Error loading index file: no"),
        ("echo 'error: bad' >&2; exit 1", "error: bad"),
        ("kill -SEGV $$", "signal: 11"),
        ("sleep 60", "it was still running after 1s"),
    ];
    for (script, expected) in cases {
        let copy = Copy::of(&build);
        copy.compiler(&format!("{version}\n{script}"));
        let object = copy.objects().remove(0);
        let ran = copy.replay(&["--object", &object, "--timeout", "1", "--no-proofs"]);
        assert_eq!(ran.status, 1, "{script}: {}{}", ran.stdout, ran.stderr);
        let report = ran.json();
        let site = &finding(&report, "replay.backend.failed")["sites"][0];
        let why = site["left"]["text"].as_str().unwrap();
        assert!(why.contains(expected), "{script}: {why}");
        assert!(site["right"]["text"].as_str().unwrap().contains("-fthinlto-index="), "{site}");
    }
    let copy = Copy::of(&build);
    copy.compiler("echo 'clang version 19.1.7'");
    let ran = copy.replay(&[]);
    assert_eq!(ran.status, 2, "{}", ran.stdout);
    assert!(ran.stderr.contains("LLVM22.1.8 wrote it"), "{}", ran.stderr);
    assert!(ran.stderr.contains("is now 19.1.7"), "{}", ran.stderr);
}

#[test]
fn a_request_that_makes_no_sense_is_refused() {
    let Some(pocket) = pocket("a_request_that_makes_no_sense") else {
        return;
    };
    let build = pocket.build("x86_64", "distributed").display().to_string();
    for (args, expected) in [
        (&["--sample", "0"][..], "nothing would be replayed"),
        (&["--timeout", "0"], "nothing would be replayed"),
        (&["--object", "no/such/*"], "no IR object of the build is named so"),
        (&["--object", "a[b"], "--object a[b"),
        (&["-j", "0"], "nothing could run"),
    ] {
        let ran = run(&[&["replay", &build], args].concat());
        assert_eq!(ran.status, 2, "{args:?}: {}", ran.stdout);
        assert!(ran.stderr.contains(expected), "{args:?}: {}", ran.stderr);
    }
    let sampled = run(&["replay", &build, "--sample", "5", "--format", "json"]);
    assert_eq!(sampled.status, 0, "{}", sampled.stderr);
    assert_eq!(count(&sampled, "replayed"), 5);
    assert!(sampled.stdout.contains("(not asked for)"), "{}", sampled.stdout);
}

/// lld takes every module whose name contains one that was asked for: `kernel/time.o` is a part of
/// `arch/x86/kernel/time.o`.
#[test]
fn one_object_is_compared_with_its_own_and_no_other() {
    let Some(pocket) = pocket("one_object_is_compared_with_its_own") else {
        return;
    };
    let build = pocket.build("x86_64", "distributed").display().to_string();
    let cache = tempfile::tempdir().unwrap();
    let cache = cache.path().display().to_string();
    for object in ["kernel/time.o", "./kernel/**"] {
        let ran = run_with(
            &["replay", &build, "--object", object, "--no-proofs", "--format", "json"],
            &[("TWINLTO_CACHE", &cache)],
        );
        assert_eq!(ran.status, 0, "{}", ran.stdout);
        let (all, same) = (count(&ran, "replayed"), count(&ran, "replay_modes_identical"));
        assert!(all > 0 && all == same, "{object}: {same} of {all}: {}", ran.stdout);
    }
}

#[test]
fn a_replay_that_lacks_a_part_is_no_pass() {
    let Some(pocket) = pocket("a_replay_that_lacks_a_part") else {
        return;
    };
    let build = pocket.build("arm64", "distributed");
    let refused = |damage: &dyn Fn(&Copy), why: &str| {
        let copy = Copy::of(&build);
        damage(&copy);
        let ran = copy.replay(&["--no-proofs"]);
        assert_eq!(ran.status, 2, "{why}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
    };
    refused(
        &|copy| std::fs::remove_file(copy.build.join("builtin.order")).unwrap(),
        "no builtin.order",
    );
    refused(
        &|copy| {
            copy.edit("builtin.order", |text| {
                let mut lines: Vec<&str> = text.lines().collect();
                lines.reverse();
                lines.join("\n") + "\n"
            });
        },
        "do not list the same objects in the same order",
    );
    refused(
        &|copy| {
            copy.edit("vmlinux.thinlto-index", |text| {
                let end = text.trim_end().rfind('\n').unwrap();
                text[..=end].to_owned()
            });
        },
        "which has an index",
    );

    // A link that fails, and a native object that is gone.
    let copy = Copy::of(&build);
    copy.edit(".vmlinux.thinlto-index.cmd", |text| text.replace(" -r ", " -r --no-such-option "));
    let object = copy.objects().remove(0);
    std::fs::remove_file(copy.build.join(object.replace(".o", ".thinlto-native.o"))).unwrap();
    let ran = copy.replay(&["--no-proofs"]);
    assert_eq!(ran.status, 1, "{}", ran.stdout);
    assert_eq!(keys_of(&ran.json()), ["replay.link.failed", "replay.native.missing"]);

    // A backend that was run without its index, and says so.
    let copy = Copy::of(&build);
    let native = object.replace(".o", ".thinlto-native.o");
    copy.edit(&cmd(&native), |text| {
        text.replace(&format!("-fthinlto-index={object}.thinlto.bc"), "")
    });
    drop_option(&copy, &object, "-no-such-option-to-drop");
    let report = copy.replay(&["--no-proofs"]).json();
    let cause = finding(&report, "replay.backend.changed")["cause"].to_string();
    assert!(cause.contains("gives the backend no index"), "{cause}");

    // A compiler that is none concerns its own object alone.
    let copy = Copy::of(&build);
    copy.edit(&cmd(&object), |text| {
        let (start, rest) = text.split_once(" := ").unwrap();
        format!("{start} := /no/such/clang {}", rest.split_once(' ').unwrap().1)
    });
    let ran = copy.replay(&["--no-proofs"]);
    assert_eq!(ran.status, 1, "{}{}", ran.stdout, ran.stderr);
    let report = ran.json();
    let found = finding(&report, "replay.backend.failed");
    assert_eq!(found["subjects"], serde_json::json!([object]));
}
