use crate::support::llvm;
use std::fmt::Write;
use twinlto_facts::bitcode::read;

fn flags(test: &str, ir: &str) -> Option<String> {
    let llvm = llvm(test)?;
    llvm.write("a.ll", ir);
    llvm.run("llvm-as", &["-disable-verify", "a.ll", "-o", "a.bc"]);
    let bytes = llvm.read("a.bc");
    let facts = read(&bytes).unwrap();
    let all = &facts.modules[0].ir().unwrap().flags;
    let mut lines = String::new();
    for flag in &all.flags {
        writeln!(lines, "{:?} {} = {}", flag.behaviour, flag.name, flag.value).unwrap();
    }
    for unread in &all.unread {
        writeln!(lines, "unread {unread}").unwrap();
    }
    Some(lines)
}

const EVERY_KIND: &str = r#"
@global = global i32 7
define void @f() { ret void }
!llvm.ident = !{!40}
!llvm.module.flags = !{!0, !1, !2, !3, !4, !5, !6, !7, !8, !9, !10, !11, !12, !13, !14, !15}
!0 = !{i32 1, !"small", i32 -7}
!1 = !{i32 7, !"true", i1 true}
!2 = !{i32 8, !"least", i64 -9223372036854775808}
!3 = !{i32 2, !"zero", i8 0}
!4 = !{i32 4, !"text", !"lp64d"}
!5 = !{i32 6, !"list", !30}
!6 = !{i32 3, !"pair", !31}
!7 = !{i32 1, !"wide", i128 1180591620717411303424}
!8 = !{i32 1, !"float", float 1.0}
!9 = !{i32 1, !"place", ptr @global}
!10 = !{i32 1, !"null", null}
!11 = !{i32 5, !"nested", !32}
!12 = !{i32 99, !"behaviour", i32 1}
!13 = !{i32 1, !"short"}
!14 = !{!"one", !"name", i32 1}
!15 = !{i32 1, i32 2, i32 3}
!30 = !{!"rv64i2p1", i32 3, !"zbb1p0"}
!31 = !{!"small", i32 4}
!32 = !{!30, null, !"end"}
!40 = !{!"someone"}
"#;

const EXPECTED: &str = r#"Error small = i32 -7
Max true = i1 true
Min least = i64 -9223372036854775808
Warning zero = i8 0
Override text = "lp64d"
AppendUnique list = ["rv64i2p1", i32 3, "zbb1p0"]
Require pair = ["small", i32 4]
Error wide = not decoded: constant of code 5
Error float = not decoded: constant of code 6
Error place = not decoded: global value 0
Error null = not decoded: null
Append nested = [not decoded: a list of 3, not decoded: null, "end"]
Other(99) behaviour = i32 1
unread 2 parts, not three
unread its behaviour is "one"
unread its name is i32 2
"#;

/// The numbers of metadata are LLVM's business.
fn without_numbers(lines: &str) -> String {
    let line = |line: &str| match line.split_once(": ").filter(|_| line.starts_with("unread ")) {
        Some((_, why)) => format!("unread {why}\n"),
        None => format!("{line}\n"),
    };
    lines.lines().map(line).collect()
}

#[test]
fn every_kind_of_value_is_decoded_or_says_why_not() {
    let test = "every_kind_of_value_is_decoded_or_says_why_not";
    let Some(lines) = flags(test, EVERY_KIND) else { return };
    assert_eq!(without_numbers(&lines), EXPECTED);
}

#[test]
fn few_flags_need_no_index() {
    let ir = "!llvm.module.flags = !{!0}\n!0 = !{i32 1, !\"few\", i32 2}\n";
    let Some(lines) = flags("few_flags_need_no_index", ir) else { return };
    assert_eq!(lines, "Error few = i32 2\n");
}

#[test]
fn no_flags_are_none() {
    let Some(lines) = flags("no_flags_are_none", "define void @f() { ret void }\n") else { return };
    assert_eq!(lines, "");
}
