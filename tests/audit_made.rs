//! `twinlto audit` on build directories in which exactly one thing is wrong.

use crate::support::made::{FLAGS, back_cmd, bitcode, cmd, front_cmd};
use crate::support::{MadeBuild, Ran, finding, run};

const OBJECTS: [&str; 3] = ["init/main.o", "lib/a.o", "virt/kvm/eventfd.o"];

fn audit(build: &MadeBuild) -> Ran {
    let ran = run(&["audit", &build.arg(), "--format", "json"]);
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

#[track_caller]
fn only(build: &MadeBuild, key: &str) -> Ran {
    let ran = audit(build);
    assert_eq!(ran.keys(), [key], "{}", ran.stdout);
    assert_eq!(ran.status, 1);
    ran
}

#[test]
fn a_build_in_order_agrees_and_says_what_was_compared() {
    let ran = audit(&MadeBuild::new(&OBJECTS));
    let report = ran.json();
    assert_eq!((ran.status, report["outcome"].as_str()), (0, Some("agree")));
    assert_eq!(report["cells"][0]["counts"]["ir_objects"], 3);
    assert_eq!(report["cells"][0]["counts"]["native_objects"], 3);
    assert!(report["cells"][0]["counts"]["flags_compared"].as_u64().unwrap() >= 12);
}

#[test]
fn comparing_nothing_is_broken() {
    let ran = audit(&MadeBuild::new(&[]));
    assert_eq!(
        (ran.status, ran.json()["outcome"].as_str().unwrap().to_owned()),
        (3, "broken".into())
    );
}

#[test]
fn flags_saved_under_another_path_are_found_and_explained() {
    let build = MadeBuild::new(&OBJECTS);
    let alias = "arch/x86/kvm/../../../virt/kvm/eventfd.o";
    build.write(
        &cmd("virt/kvm/eventfd.o"),
        front_cmd("virt/kvm/eventfd.o", FLAGS, Some(FLAGS)).replace("virt/kvm/eventfd.o", alias),
    );
    build.write(&cmd("virt/kvm/eventfd.thinlto-native.o"), back_cmd("virt/kvm/eventfd.o", ""));
    let ran = only(&build, "flags.backend.missing");
    let report = ran.json();
    let found = finding(&report, "flags.backend.missing");
    assert_eq!(found["defect"], "saved-flags-path-alias");
    let cause = found["cause"].as_str().unwrap();
    assert!(cause.contains(alias) && cause.contains("under virt/kvm/eventfd.o"), "{cause}");
    assert_eq!(found["sites"][0]["effect"], "compiled at -O0, without a word");
}

#[test]
fn one_object_without_saved_flags_is_named_and_all_of_them_are_a_mode_switch() {
    let build = MadeBuild::new(&OBJECTS);
    let forget = |object: &str| {
        build.write(&cmd(object), front_cmd(object, FLAGS, None));
        build.write(&cmd(&object.replace(".o", ".thinlto-native.o")), back_cmd(object, ""));
    };
    forget("lib/a.o");
    let one = only(&build, "flags.saved.missing").json();
    assert_eq!(finding(&one, "flags.saved.missing")["defect"], "saved-flags-missing-one");
    OBJECTS.into_iter().for_each(forget);
    let all = only(&build, "flags.saved.missing").json();
    let found = finding(&all, "flags.saved.missing");
    assert_eq!(found["defect"], "mode-switch-no-saved-flags");
    assert_eq!(found["subjects"].as_array().unwrap().len(), 3);
}

#[test]
fn a_lost_option_says_where_it_was_lost() {
    let build = MadeBuild::new(&OBJECTS);
    let less = FLAGS.replace("-O2 ", "");
    build.write(&cmd("lib/a.thinlto-native.o"), back_cmd("lib/a.o", &less));
    let report = only(&build, "flags.option.missing").json();
    let found = finding(&report, "flags.option.missing");
    assert!(found["cause"].as_str().unwrap().starts_with("it was saved"), "{found}");
    assert_eq!((found["left"].as_str(), found["right"].as_str()), (Some("-O2"), Some("not there")));
    build.write(&cmd("lib/a.o"), front_cmd("lib/a.o", FLAGS, Some(&less)));
    let report = only(&build, "flags.option.missing").json();
    let found = finding(&report, "flags.option.missing");
    assert!(found["cause"].as_str().unwrap().contains("when the flags were saved"), "{found}");
}

#[test]
fn quotes_lost_on_the_way_are_shown_before_and_after() {
    let build = MadeBuild::new(&OBJECTS);
    let quoted = format!("{FLAGS} -DX='\"a\"'");
    let bare = format!("{FLAGS} -DX=\"a\"");
    build.write(&cmd("lib/a.o"), front_cmd("lib/a.o", &quoted, Some(&bare)));
    build.write(&cmd("lib/a.thinlto-native.o"), back_cmd("lib/a.o", &bare));
    let report = only(&build, "flags.quoting.changed").json();
    let found = finding(&report, "flags.quoting.changed");
    assert_eq!(
        (found["left"].as_str(), found["right"].as_str()),
        (Some("-DX=\"a\""), Some("-DX=a"))
    );
}

#[test]
fn the_kind_of_every_native_object_is_checked() {
    for (bytes, key) in [
        (Vec::new(), "native.empty"),
        (bitcode(), "native.bitcode"),
        (b"hello".to_vec(), "native.not-elf"),
        (b"\x7fELF".to_vec(), "native.not-elf"),
    ] {
        let build = MadeBuild::new(&OBJECTS);
        build.write("lib/a.thinlto-native.o", bytes);
        only(&build, key);
    }
}

#[test]
fn the_index_of_every_object_is_checked() {
    let build = MadeBuild::new(&OBJECTS);
    build.write("lib/a.o.thinlto.bc", "");
    only(&build, "index.empty");
    build.write("lib/a.o.thinlto.bc", "BC");
    only(&build, "index.unreadable");
    build.remove("lib/a.o.thinlto.bc");
    only(&build, "index.missing");
}

#[test]
fn a_backend_without_its_own_index_or_with_lto_on_is_named() {
    let build = MadeBuild::new(&OBJECTS);
    let back = back_cmd("lib/a.o", FLAGS);
    let native = cmd("lib/a.thinlto-native.o");
    build.write(&native, back.replace("-fthinlto-index=lib/a.o.thinlto.bc", ""));
    only(&build, "flags.index.missing");
    build.write(&native, back.replace("-fthinlto-index=lib/a.o", "-fthinlto-index=init/main.o"));
    only(&build, "flags.index.wrong");
    build.write(&native, back.replace("-fno-lto", ""));
    only(&build, "flags.lto.on");
}

#[test]
fn without_x_ir_nothing_is_said() {
    let build = MadeBuild::new(&OBJECTS);
    let native = cmd("lib/a.thinlto-native.o");
    build.write(&native, back_cmd("lib/a.o", FLAGS).replace("-x ir ", ""));
    assert!(audit(&build).keys().is_empty());
}

/// Nothing in a `.cmd` file is run, followed out of the tree or believed blindly.
#[test]
fn hostile_command_files_are_findings() {
    let trap = std::env::temp_dir().join("twinlto-trap");
    let hostile = [
        format!("savedcmd_lib/a.o := clang -c -o lib/a.o $$(touch {}) `id`\n", trap.display()),
        format!("savedcmd_lib/a.o := touch {} ; clang -c -o lib/a.o lib/a.c\n", trap.display()),
        "savedcmd_lib/a.o := clang -c -o /etc/passwd lib/a.c\n".to_owned(),
        "savedcmd_lib/a.o := clang -c -o ../../../etc/passwd lib/a.c\n".to_owned(),
        "savedcmd_lib/a.o := clang 'open quote\n".to_owned(),
        "savedcmd_lib/a.o := clang -c -o lib/a.o".to_owned(),
        "savedcmd_lib/a.o := \n".to_owned(),
        "hello\n".to_owned(),
        String::new(),
        "\u{1b}[31m\u{0}\u{ff}\n".to_owned(),
    ];
    for text in hostile {
        let build = MadeBuild::new(&OBJECTS);
        build.write(&cmd("lib/a.o"), &text);
        let ran = audit(&build);
        assert_ne!(ran.status, 0, "{text:?} passed: {}", ran.stdout);
        let plain = run(&["audit", &build.arg()]);
        assert!(!plain.stdout.contains('\u{1b}'), "{}", plain.stdout);
        assert!(!trap.exists());
    }
}

#[test]
fn lists_that_leave_the_tree_are_not_followed() {
    for name in ["../../etc/passwd", "/etc/passwd", "a/../../b.o"] {
        let build = MadeBuild::new(&OBJECTS);
        build.write("vmlinux.thinlto-index", format!("{name}\n"));
        let ran = audit(&build);
        assert_eq!(ran.status, 3, "{}", ran.stdout);
        assert!(ran.json()["why"].as_str().unwrap().contains("no plain path"), "{}", ran.stdout);
    }
}

#[test]
fn module_symvers_has_three_to_five_columns() {
    let build = MadeBuild::new(&OBJECTS);
    for good in [
        "0x1\ta\tvmlinux\n",
        "0x1\ta\tvmlinux\tEXPORT_SYMBOL\n",
        "0x1\ta\tvmlinux\tEXPORT_SYMBOL_GPL\tNS\n",
    ] {
        build.write("Module.symvers", good);
        assert_eq!(audit(&build).status, 0, "{good}");
    }
    for bad in ["0x1\ta\n", "0x1\ta\tb\tc\td\te\n", "zz\ta\tvmlinux\n"] {
        build.write("Module.symvers", bad);
        let report = only(&build, "file.unreadable").json();
        let cause = finding(&report, "file.unreadable")["cause"].to_string();
        assert!(cause.contains("line 1: "), "{cause}");
    }
}

#[test]
fn a_crc_that_modpost_lost_is_named() {
    let build = MadeBuild::new(&OBJECTS);
    let front = front_cmd("lib/a.o", FLAGS, Some(FLAGS));
    build.write(&cmd("lib/a.o"), format!("{front}#SYMVER a 0x00000007\n"));
    build.write("Module.symvers", "0x00000000\ta\tvmlinux\tEXPORT_SYMBOL\t\n");
    let report = only(&build, "export.crc.lost").json();
    assert_eq!(finding(&report, "export.crc.lost")["defect"], "crc-lookup");
}

#[test]
fn object_lists_are_one_to_one() {
    let build = MadeBuild::new(&OBJECTS);
    build.write("vmlinux.thinlto-index", "init/main.o\nlib/a.o\nvirt/kvm/eventfd.o\nlib/gone.o\n");
    let keys = audit(&build).keys();
    assert!(keys.contains(&"ir.missing".to_owned()), "{keys:?}");
    assert!(keys.contains(&"index.unknown-object".to_owned()), "{keys:?}");
    build.write("vmlinux.thinlto-index", "init/main.o\nlib/a.o\n");
    only(&build, "index.list.cut");
    build.remove("virt/kvm/eventfd.o.thinlto.bc");
    only(&build, "ir.outside-index");
}

/// A file that was cut off or emptied inside is found from a few of its bytes.
#[test]
fn damaged_files_are_named() {
    type Damage = fn(&mut Vec<u8>);
    let cases: [(&str, &str, Damage); 5] = [
        ("lib/a.o", "ir.damaged", |bytes| bytes.truncate(12)),
        ("lib/a.o.thinlto.bc", "index.unreadable", |bytes| bytes.truncate(12)),
        ("lib/a.thinlto-native.o", "native.damaged", |bytes| bytes.truncate(100)),
        ("lib/a.thinlto-native.o", "native.damaged", |bytes| bytes[64..].fill(0)),
        ("lib/a.thinlto-native.o", "native.not-elf", |bytes| bytes[16] = 2),
    ];
    for (file, key, damage) in cases {
        let build = MadeBuild::new(&OBJECTS);
        let mut bytes = std::fs::read(build.path().join(file)).unwrap();
        damage(&mut bytes);
        build.write(file, bytes);
        // The backend's own file is newer than what was damaged.
        build.touch("lib/a.o.thinlto.bc");
        build.touch("lib/a.thinlto-native.o");
        only(&build, key);
    }
}

/// A `.cmd` file that is cut off, anywhere, is one finding.
#[test]
fn a_cut_command_file_is_one_finding() {
    let path = |object: &str| cmd(object);
    for (file, keep) in [
        (path("lib/a.o"), 0),
        (path("lib/a.o"), 40),
        (path("lib/a.o"), 190),
        (path("lib/a.thinlto-native.o"), 60),
    ] {
        let build = MadeBuild::new(&OBJECTS);
        let bytes = std::fs::read(build.path().join(&file)).unwrap();
        build.write(&file, bytes.get(..keep).unwrap());
        only(&build, "cmd.unreadable");
    }
}

/// A build that was copied without its times is no build with stale objects.
#[test]
fn a_copy_without_times_is_not_out_of_date() {
    let build = MadeBuild::new(&OBJECTS);
    for object in OBJECTS {
        build.touch(object);
    }
    let ran = audit(&build);
    assert_eq!((ran.status, ran.keys()), (0, vec![]), "{}", ran.stdout);
    assert!(ran.stdout.contains("their times are not those of a build"), "{}", ran.stdout);
}

/// A command that makes another object's native object is another object's.
#[test]
fn a_foreign_backend_command_is_one_finding() {
    let build = MadeBuild::new(&OBJECTS);
    let native = cmd("lib/a.thinlto-native.o");
    build.write(&native, back_cmd("init/main.o", "-O2"));
    only(&build, "flags.output.wrong");
}

/// Pipes and devices in a build directory neither block nor fill the memory.
#[test]
fn what_is_no_regular_file_is_not_read() {
    for name in [".config", "init/main.o", "lib/.a.o.cmd", "Module.symvers", "vmlinux"] {
        let build = MadeBuild::new(&OBJECTS);
        let path = build.path().join(name);
        let _absent = std::fs::remove_file(&path);
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        assert_ne!(audit(&build).status, 0, "{name}");
        std::fs::remove_file(&path).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        assert_ne!(audit(&build).status, 0, "{name}");
    }
}
