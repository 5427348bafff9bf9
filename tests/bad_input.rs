//! Bad input gets one clear error in three lines, with the status that says whose it is.

use crate::support::{Ran, llvm, root, run, skip, twinlto};

#[track_caller]
fn refused(args: &[&str], status: i32, cause: &str) -> Ran {
    let ran = run(args);
    assert_eq!(ran.status, status, "{}", ran.stderr);
    assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
    let line = ran.stderr.lines().find_map(|line| line.strip_prefix("cause: "));
    assert!(line.is_some_and(|line| line.contains(cause)), "{}", ran.stderr);
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    ran
}

#[test]
fn a_kernel_must_be_one() {
    refused(&["check", "/nowhere"], 2, "there is no such directory");
    refused(&["check", "/etc/hostname"], 2, "it is not a directory");
    refused(&["check", "/tmp"], 2, "it is not a kernel");
}

#[test]
fn a_tree_without_the_mode_names_the_version_that_has_it() {
    let tree = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = tree.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("Makefile", "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 1\nEXTRAVERSION =\n");
    write("arch/Kconfig", "config LTO_CLANG_THIN\n");
    let path = tree.path().display().to_string();
    let ran = refused(&["check", &path, "--arch", "arm64"], 2, "no CONFIG_LTO_CLANG_THIN_DIST");
    assert!(ran.stderr.contains("hint: distributed ThinLTO is in Linux 7.2"), "{}", ran.stderr);
    // For git bisect run it is a commit like any other.
    let bisected = run(&["check", &path, "--arch", "arm64", "--bisect-exit"]);
    assert_eq!(bisected.status, 125, "{}", bisected.stderr);
    write("arch/Kconfig", "config LTO_CLANG_THIN\nconfig LTO_CLANG_THIN_DIST\n");
    refused(
        &["check", &path, "--arch", "riscv"],
        2,
        "no ARCH_SUPPORTS_LTO_CLANG_THIN in arch/riscv",
    );
    write(".config", "");
    refused(&["check", &path], 2, "something was built inside it");
}

#[test]
fn options_are_checked_before_anything_is_done() {
    refused(&["check", "--arch", "sparc"], 2, "'sparc' is not an architecture");
    refused(&["check", "--llvm", "22"], 2, "neither 1, nor a suffix");
    refused(&["check", "--config", "+nowhere"], 2, "there is no file nowhere");
    refused(&["check", "-j0"], 2, "nothing could run");
    assert_eq!(run(&["check", "--no-such-option"]).status, 2);
    assert_eq!(run(&["check", "--no-such-option", "--bisect-exit"]).status, 128);
    assert_eq!(run(&["--help"]).status, 0);
}

#[test]
fn a_missing_llvm_is_an_environment_error_and_ends_a_bisection() {
    let args = ["check", "--llvm", "-0", "--arch", "x86_64"];
    let ran = refused(&args, 4, "there is no program clang-0");
    assert!(ran.stderr.contains("hint: run twinlto doctor"), "{}", ran.stderr);
    assert_eq!(run(&[&args[..], &["--bisect-exit"]].concat()).status, 128);
}

#[test]
fn a_build_directory_must_be_one() {
    refused(&["audit", "/nowhere"], 2, "there is no such directory");
    refused(&["audit", "/tmp"], 2, "it holds no .config");
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(".config"), "CONFIG_X86_64=y\n").unwrap();
    refused(&["audit", &dir.path().display().to_string()], 2, "selects neither");
}

#[test]
fn a_report_must_be_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().display().to_string();
    refused(&["report", &path], 2, "there is no");
    std::fs::write(dir.path().join("report.json"), "{\"schema\": \"x/1\"}").unwrap();
    refused(&["report", &path], 2, "its schema is 'x/1'");
}

/// An answer that nobody can read is no success.
#[test]
fn an_answer_that_cannot_be_written_is_an_error() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let ran = twinlto().arg("doctor").arg("--json").stdout(full).output().unwrap();
    assert_eq!(ran.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("standard output"));
}

/// What make or a shell would read as something else is refused before anything is made.
#[test]
fn odd_paths_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a b", "a:b", "a'b", "a;b", "a$b", "a&b", "a(b", "a*b"] {
        let out = dir.path().join(name).display().to_string();
        refused(&["check", "--out", &out], 2, "kbuild cannot build in a path with");
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// A full disk is said to be full, and is nobody's kernel bug.
#[test]
fn a_full_disk_is_named() {
    let Some(llvm) = llvm("a_full_disk_is_named") else {
        return;
    };
    let Some(small) = Tmpfs::mount("a_full_disk_is_named", "20m") else {
        return;
    };
    let out = small.path().join("out").display().to_string();
    let ran = run(&["check", "--arch", "x86_64", "--llvm", llvm, "--out", &out]);
    assert_eq!(ran.status, 4, "{}", ran.stderr);
    assert!(ran.stderr.contains("MB are free there"), "{}", ran.stderr);
}

/// A file system of a given size, where mounts are permitted.
struct Tmpfs(tempfile::TempDir);

impl Tmpfs {
    fn mount(test: &str, size: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let status = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(dir.path())
            .stderr(std::process::Stdio::null())
            .status();
        if !status.is_ok_and(|s| s.success()) {
            skip(test, "mounts are not permitted here");
            return None;
        }
        Some(Self(dir))
    }

    fn path(&self) -> &std::path::Path {
        self.0.path()
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _unmounted = std::process::Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn doctor_lists_every_tool_in_words_and_in_json() {
    let ran = run(&["doctor", "--llvm", "-0"]);
    assert_eq!(ran.status, 4);
    assert!(ran.stdout.contains("missing  clang-0"), "{}", ran.stdout);
    let json = run(&["doctor", "--llvm", "-0", "--json"]).json();
    assert_eq!(json["schema"], "twinlto.doctor/1");
    let tools = json["tools"].as_array().unwrap();
    assert!(tools.iter().all(|t| !t["how"].as_str().unwrap().is_empty()));
    assert!(tools.iter().any(|t| t["name"] == "make"));
}

#[test]
fn doctor_really_links_two_files_for_every_architecture() {
    let Some(llvm) = llvm("doctor_really_links") else { return };
    let ran = run(&["doctor", "--llvm", llvm, "--json"]).json();
    let links = ran["links"].as_array().unwrap();
    assert_eq!(links.len(), 4);
    let lld = ran["tools"][1]["name"].as_str().unwrap();
    assert!(lld.contains("ld.lld"), "{lld}");
    for link in links {
        assert!(link["fails"].is_null(), "{link}");
        // What this LLVM says of the option is what its linker does with it.
        let said = std::process::Command::new(lld)
            .args(["-mllvm", "-always-rename-promoted-locals=false", "/no/such/file"])
            .output()
            .unwrap();
        let known = !String::from_utf8_lossy(&said.stderr).contains("Unknown command line");
        assert_eq!(link["rename_option"] != "rejected", known, "{link}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = twinlto()
        .arg("--help")
        .current_dir(root())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
}

/// A text of gigabytes is no text of ours; reading it whole would take the machine's memory.
#[test]
fn a_text_of_gigabytes_is_refused_unread() {
    let dir = tempfile::tempdir().unwrap();
    let huge = |name: &str| {
        let path = dir.path().join(name);
        std::fs::File::create(&path).unwrap().set_len(3 << 30).unwrap();
        path.display().to_string()
    };
    let (json, toml, here) =
        (huge("report.json"), huge("x.toml"), dir.path().display().to_string());
    huge("exports.txt");
    let cause = "it has 3,221,225,472 bytes, and such a file has at most 64 MiB";
    refused(&["report", &json], 2, cause);
    refused(&["report", &here], 2, cause);
    refused(&["diff", &json, &json], 2, cause);
    refused(&["audit", "/tmp", "--expect", &toml], 2, cause);
    refused(&["check", "--severities", &toml], 2, cause);
    refused(&["snapshot", "compare", &here, &here], 2, cause);
    std::fs::remove_file(dir.path().join("exports.txt")).unwrap();
    huge(".config");
    refused(&["audit", &here], 4, cause);
}
