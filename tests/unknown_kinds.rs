//! A section, a kind of file and a line of a log that no reader knows: all three are listed as not
//! compared, with their sizes.

use crate::support::{arg, copy_of, kept_dir, llvm, pocket, program, run};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Adds a loaded section to a linked kernel.
fn add_section(llvm: &str, file: &Path, name: &str, content: &[u8]) {
    let bytes = file.with_extension("section");
    std::fs::write(&bytes, content).unwrap();
    let status = Command::new(program(llvm, "llvm-objcopy"))
        .arg(format!("--add-section={name}={}", bytes.display()))
        .arg(format!("--set-section-flags={name}=alloc,readonly,data"))
        .arg(file)
        .status()
        .unwrap();
    assert!(status.success());
    std::fs::remove_file(bytes).unwrap();
}

/// What the report says was not compared, a line each.
fn lines(report: &Value) -> Vec<String> {
    let listed = report["not_compared"].as_array().unwrap();
    let text = |it: &Value| format!("{}: {}", it["what"], it["why"]).replace('"', "");
    listed.iter().map(text).collect()
}

/// How much of the image of each side was not compared; units: bytes.
fn left_of_image(report: &Value) -> BTreeMap<String, u64> {
    let accounts = report["twins"][0]["coverage"].as_array().unwrap().iter();
    let left = |it: &Value| -> u64 {
        let shares = it["shares"].as_array().unwrap().iter();
        let left = shares.filter(|share| share["treatment"] == "not-compared");
        left.map(|share| share["amount"].as_u64().unwrap()).sum()
    };
    let images = accounts.filter(|it| it["input"] == "vmlinux" && it["unit"] == "bytes");
    let left: BTreeMap<_, _> =
        images.map(|it| (it["side"].as_str().unwrap().to_owned(), left(it))).collect();
    assert_eq!(left.len(), 2, "{report}");
    left
}

/// The sum of the shares of an account, and its total.
fn sums(report: &Value) -> Vec<(u64, u64)> {
    let accounts = report["twins"][0]["coverage"].as_array().unwrap();
    let shares = |it: &Value| -> u64 {
        it["shares"].as_array().unwrap().iter().map(|it| it["amount"].as_u64().unwrap()).sum()
    };
    accounts.iter().map(|it| (shares(it), it["total"].as_u64().unwrap())).collect()
}

#[test]
fn what_no_reader_knows_is_listed_with_its_size() {
    let Some(pocket) = pocket("what_no_reader_knows") else { return };
    let Some(llvm) = llvm("what_no_reader_knows") else { return };
    kept_dir("copies/unknown");
    let builds = ["distributed", "in-process"].map(|mode| {
        let from = pocket.build("arm64", mode);
        let build = copy_of(&from, &format!("unknown/{mode}"));
        let log = std::fs::read_to_string(from.with_extension("log")).unwrap();
        std::fs::write(build.with_extension("log"), format!("{log}zorp 77 quux\n")).unwrap();
        build
    });
    let [a, b] = &builds;
    let before = run(&["audit", &arg(a), &arg(b), "--format", "json"]).json();
    for (build, byte) in builds.iter().zip([1, 2]) {
        add_section(llvm, &build.join("vmlinux"), ".mystery", &[byte; 33]);
        // One build alone has the first, both have the second, with other contents.
        std::fs::write(build.join(format!("strange{byte}.zorp")), [byte; 77]).unwrap();
        std::fs::write(build.join("odd.zorp"), [byte, 0xff, 0, 0xfe]).unwrap();
    }
    let report = run(&["audit", &arg(a), &arg(b), "--format", "json"]).json();
    // The section: so many bytes more of each image that nobody looked at.
    for (side, bytes) in left_of_image(&before) {
        let now = left_of_image(&report)[&side];
        assert_eq!(now, bytes + 33, "{side}: {report}");
    }
    // The files, whether both builds have them or one.
    let listed = lines(&report);
    for name in ["strange1.zorp", "strange2.zorp", "odd.zorp"] {
        assert!(listed.iter().any(|line| line.contains(name)), "{name}: {listed:#?}");
    }
    // The line, of both logs.
    for log in ["1 line of the distributed log", "1 line of the in-process log"] {
        let line = listed.iter().find(|line| line.contains(log));
        assert!(line.is_some_and(|line| line.contains("of no known kind")), "{listed:#?}");
    }
    for (shares, total) in sums(&report) {
        assert_eq!(shares, total);
    }
}
