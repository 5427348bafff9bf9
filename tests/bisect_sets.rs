//! `twinlto bisect objects` and `bisect options`: the smallest set that makes a whole bad.

use crate::bisect::{bisect, script};
use crate::support::repo::empty_dir;
use crate::support::{compiled_otherwise, kept_dir, pocket};

#[test]
fn the_objects_that_make_an_image_bad_are_found_among_others_that_differ() {
    let Some(pocket) = pocket("the_objects_that_make_an_image_bad") else { return };
    let good = pocket.build("arm64", "distributed");
    let guilty = ["kernel/panic.o", "lib/kstrtox.o", "mm/util.o"];
    let text = std::fs::read_to_string(good.join("vmlinux.thinlto-index")).unwrap();
    // Others differ, too, in a table for the linker.
    let others = text.lines().filter(|name| name.starts_with("lib/") || name.starts_with("fs/"));
    let others = others.filter(|name| !guilty.contains(name));
    let mut changes: Vec<(String, &str, &str)> =
        others.map(|name| (name.to_owned(), " -c -o ", " -fno-addrsig -c -o ")).collect();
    assert!(changes.len() >= 5, "{changes:?}");
    changes.extend(guilty.iter().map(|name| ((*name).to_owned(), " -Os ", " ")));
    let bad = compiled_otherwise(&good, &kept_dir("copies").join("bisect-objects"), &changes);
    let out = empty_dir("objects");
    let (good_arg, bad_arg) = (good.display().to_string(), bad.display().to_string());
    let ask = |count: &str| {
        let _gone = std::fs::remove_dir_all(&out);
        let args =
            ["objects", &good_arg, &bad_arg, "--count", count, "--out", &out, "--format", "json"];
        bisect(&args)
    };
    // Which bound the whole bad image just reaches, only it can tell.
    let refused = ask("text_bytes>=1000000000");
    assert_eq!(refused.status, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("is good and not bad"), "{}", refused.stderr);
    let said = refused.stderr.split("cause: arm64 distributed has ").nth(1).unwrap();
    let bytes = said.split(' ').next().unwrap();
    let ran = ask(&format!("text_bytes>={bytes}"));
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let report = ran.json();
    assert_eq!(report["found"]["set"], serde_json::json!(guilty), "{}", ran.stdout);
    assert!(report["candidates"].as_u64().unwrap() >= 8, "{}", ran.stdout);
    // What the records say is found in the same way.
    let _gone = std::fs::remove_dir_all(&out);
    let by_record = bisect(&[
        "objects",
        &good_arg,
        &bad_arg,
        "--finding",
        "flags.option.*",
        "--subject",
        "mm/*",
        "--out",
        &out,
        "--format",
        "json",
    ]);
    assert_eq!(by_record.status, 0, "{}", by_record.stderr);
    assert_eq!(by_record.json()["found"]["set"], serde_json::json!(["mm/util.o"]));
    let same = bisect(&["objects", &good_arg, &good_arg, "--count", "symbols>1", "--out", &out]);
    assert!(same.stderr.contains("the same, byte for byte"), "{}", same.stderr);
    let in_process = pocket.build("arm64", "in-process").display().to_string();
    let mixed = bisect(&["objects", &good_arg, &in_process, "--count", "symbols>1", "--out", &out]);
    assert!(mixed.stderr.contains("is in-process"), "{}", mixed.stderr);
}

#[test]
fn the_option_that_makes_an_object_small_is_found() {
    let Some(pocket) = pocket("the_option_that_makes_an_object_small") else { return };
    let build = pocket.build("arm64", "distributed").display().to_string();
    let out = empty_dir("options");
    let ask = |object: &str, predicate: &[&str]| {
        let _gone = std::fs::remove_dir_all(&out);
        let tail = ["--out", &out, "--format", "json"];
        bisect(&[&["options", &build, object], predicate, &tail].concat())
    };
    let refused = ask("lib/kstrtox.o", &["--count", "text_bytes<1"]);
    assert_eq!(refused.status, 2, "{}", refused.stderr);
    let said = refused.stderr.split("cause: arm64 distributed has ").nth(1).unwrap();
    let bytes = said.split(' ').next().unwrap();
    let ran = ask("lib/kstrtox.o", &["--count", &format!("text_bytes<={bytes}")]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.json()["found"]["set"], serde_json::json!(["-Os"]));
    for (object, predicate, words) in [
        ("nowhere.o", ["--count", "symbols>1"], "the index has no such object"),
        ("lib/kstrtox.o", ["--finding", "flags.*"], "one object has no findings"),
    ] {
        let ran = ask(object, &predicate);
        assert_eq!(ran.status, 2);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
}

#[test]
fn a_set_whose_parts_cannot_be_told_is_a_list_and_no_answer() {
    let Some(pocket) = pocket("a_set_whose_parts_cannot_be_told") else { return };
    let build = pocket.build("arm64", "distributed");
    let (object, out) = ("lib/kstrtox", empty_dir("options-unknown"));
    let native = build.join(format!("{object}.thinlto-native.o"));
    let asked = std::path::Path::new(&out).join("asked");
    // Bad as it was built, and not to be told otherwise.
    let text = format!(
        "echo x >>'{}'\ncmp -s \"$OBJECT\" '{}' && exit 1\nexit 125",
        asked.display(),
        native.display()
    );
    let script = script("unknown.sh", &text).display().to_string();
    let (build, object) = (build.display().to_string(), format!("{object}.o"));
    let ran = bisect(&[
        "options", &build, &object, "--run", &script, "--repeat", "2", "--out", &out, "--format",
        "json",
    ]);
    assert_eq!(ran.status, 1, "{}{}", ran.stdout, ran.stderr);
    let report = ran.json();
    assert!(!report["found"]["among"].as_array().unwrap().is_empty(), "{}", ran.stdout);
    let steps = report["steps"].as_array().unwrap().len();
    assert_eq!(std::fs::read_to_string(asked).unwrap().lines().count(), 2 * steps);
    // Asked more often it is another question.
    let more =
        bisect(&["options", &build, &object, "--run", &script, "--repeat", "3", "--out", &out]);
    assert_eq!(more.status, 2, "{}", more.stderr);
    assert!(more.stderr.contains("is asked 2 times"), "{}", more.stderr);
}
