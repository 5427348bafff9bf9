//! A check that was stopped continues; one that runs is not disturbed.

use crate::support::{kept_dir, llvm, run, twinlto};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

fn start(out: &Path, llvm: &str) -> Child {
    twinlto()
        .args(["check", "--arch", "x86_64", "-j1", "--llvm", llvm, "--out"])
        .arg(out)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn wait_for(path: &Path) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !path.exists() {
        assert!(Instant::now() < deadline, "{} never came", path.display());
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn fresh(name: &str) -> std::path::PathBuf {
    let out = kept_dir(name);
    std::fs::remove_dir_all(&out).unwrap();
    out
}

/// kill -9 in the middle of a build: its make is stopped by the next run, which builds that
/// stage anew, keeps the finished ones, and agrees.
#[test]
fn a_killed_check_continues_and_nothing_half_written_counts() {
    let Some(llvm) = llvm("a_killed_check_continues") else {
        return;
    };
    let out = fresh("killed");
    let mut child = start(&out, llvm);
    wait_for(&out.join("x86_64/distributed.configure.json"));
    wait_for(&out.join("x86_64/distributed/init/main.o"));
    child.kill().unwrap();
    child.wait().unwrap();
    let out_text = out.display().to_string();
    let ran =
        run(&["check", "--arch", "x86_64", "--llvm", llvm, "--out", &out_text, "--format", "json"]);
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    let report = ran.json();
    let distributed = &report["cells"][0];
    assert_eq!(distributed["timings"]["configure"]["reused"], true);
    assert_eq!(distributed["timings"]["build"]["reused"], false);
    let marks = format!("TWINLTO_OUT={out_text}");
    assert!(!any_process_with(&marks), "a make of the killed run is still there");
}

fn any_process_with(variable: &str) -> bool {
    std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        environment.split(|b| *b == 0).any(|v| v == variable.as_bytes())
    })
}

/// A result that was spoiled after its stage had finished is made again.
#[test]
fn a_kernel_that_was_removed_is_built_again() {
    let Some(llvm) = llvm("a_kernel_that_was_removed") else { return };
    let out = kept_dir("removed");
    let out_text = out.display().to_string();
    let check = || {
        let args = ["check", "--arch", "x86_64", "--llvm", llvm, "--out", &out_text];
        run(&[&args[..], &["--format", "json"]].concat())
    };
    assert_eq!(check().status, 0);
    std::fs::remove_file(out.join("x86_64/distributed/vmlinux")).unwrap();
    let again = check();
    assert_eq!(again.status, 0, "{}{}", again.stdout, again.stderr);
    assert_eq!(again.json()["cells"][0]["timings"]["build"]["reused"], false);
}

/// Ctrl-C ends the check, its make and the compilers, and says how to go on.
#[test]
fn an_interrupted_check_stops_everything() {
    let Some(llvm) = llvm("an_interrupted_check") else {
        return;
    };
    let out = fresh("interrupted");
    let child = twinlto()
        .args(["check", "--arch", "x86_64", "-j1", "--llvm", llvm, "--out"])
        .arg(&out)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for(&out.join("x86_64/distributed/init/main.o"));
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("hint: run the same command again"), "{said}");
    assert!(!any_process_with(&format!("TWINLTO_OUT={}", out.display())));
}

#[test]
fn a_second_check_in_one_directory_is_refused_with_the_pid_of_the_first() {
    let Some(llvm) = llvm("a_second_check_is_refused") else {
        return;
    };
    let out = fresh("locked");
    let mut child = start(&out, llvm);
    wait_for(&out.join("x86_64"));
    let ran =
        run(&["check", "--arch", "x86_64", "--llvm", llvm, "--out", &out.display().to_string()]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(ran.status, 4, "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("pid {}", child.id())), "{}", ran.stderr);
}
