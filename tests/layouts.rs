//! Layouts and compile units of real objects, through `twinlto diff`.

use crate::support::{Ran, finding, kept_dir, llvm, run, run_with};
use gimli::{EndianSlice, LittleEndian};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use twinlto_facts::elf::Image;

const SOURCE: &str = "
struct task { long state; int pid; unsigned short flags; struct task *next; char name[16]; };
struct holder { int id; struct task task; long after; };
struct outer { struct holder holders[2]; int last; };
struct bits { unsigned a:3, b:5; int c; };
enum kind { SMALL, LARGE = 7 };
int take(struct outer *o, struct bits *b, enum kind kind) { return o->last + b->a + kind; }
";

/// Compiles a C file for x86_64, whose fields in `.debug_info` no relocation fills.
fn compile(llvm: &str, path: &Path, source: &str, flags: &[&str]) {
    let clang = if llvm.ends_with('/') { format!("{llvm}clang") } else { format!("clang{llvm}") };
    let input = path.with_extension("c");
    std::fs::write(&input, source).unwrap();
    let status = Command::new(clang)
        .args(["--target=x86_64-linux-gnu", "-O1", "-c"])
        .args(flags)
        .arg(&input)
        .arg("-o")
        .arg(path)
        .status()
        .unwrap();
    assert!(status.success());
}

struct Objects {
    dir: tempfile::TempDir,
    llvm: &'static str,
}

impl Objects {
    fn new(test: &str) -> Option<Self> {
        Some(Self { llvm: llvm(test)?, dir: tempfile::tempdir().unwrap() })
    }

    fn object(&self, name: &str, source: &str, flags: &[&str]) -> PathBuf {
        let path = self.dir.path().join(name).join("a.o");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        compile(self.llvm, &path, source, flags);
        path
    }

    fn link(&self, objects: &[&Path], linked: &Path) {
        let llvm = self.llvm;
        let lld =
            if llvm.ends_with('/') { format!("{llvm}ld.lld") } else { format!("ld.lld{llvm}") };
        let status =
            Command::new(lld).arg("-shared").args(objects).arg("-o").arg(linked).status().unwrap();
        assert!(status.success());
    }

    /// The report on the source against the source with one text replaced.
    fn replaced(&self, from: &str, to: &str) -> Ran {
        assert!(SOURCE.contains(from), "{from}");
        let a = self.object("a", SOURCE, &["-g"]);
        let b = self.object("b", &SOURCE.replace(from, to), &["-g"]);
        layouts(&a, &b)
    }
}

fn diff(a: &Path, b: &Path, options: &[&str]) -> Ran {
    let (a, b) = (a.display().to_string(), b.display().to_string());
    let ran = run(&[&["diff", &a, &b, "--format", "json"], options].concat());
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

fn layouts(a: &Path, b: &Path) -> Ran {
    diff(a, b, &["--only", "{layout,debug}.*"])
}

/// The one finding of this key, which is the only one: its cause and its subjects.
#[track_caller]
fn only(ran: &Ran, key: &str) -> (String, Vec<String>) {
    assert_eq!((ran.status, ran.keys()), (1, vec![key.to_owned()]), "{}", ran.stdout);
    let report = ran.json();
    let found = finding(&report, key);
    let subjects = found["subjects"].as_array().unwrap();
    let subjects = subjects.iter().map(|it| it.as_str().unwrap().to_owned()).collect();
    (found["cause"].as_str().unwrap().to_owned(), subjects)
}

fn layer(report: &Value) -> Option<&Value> {
    let layers = report["twins"][0]["layers"].as_array().unwrap();
    layers.iter().find(|layer| layer["layer"] == "layouts")
}

#[test]
fn the_same_object_agrees_and_says_how_many_types_were_compared() {
    let Some(objects) = Objects::new("layouts_agree") else { return };
    let a = objects.object("a", SOURCE, &["-g"]);
    let b = objects.object("b", SOURCE, &["-g"]);
    let ran = diff(&a, &b, &[]);
    assert_eq!((ran.status, ran.keys()), (0, vec![]), "{}", ran.stdout);
    // Five types, and one signature.
    assert_eq!(layer(&ran.json()).unwrap()["compared"], 6);
}

#[test]
fn an_inserted_member_is_one_finding_and_what_embeds_it_follows() {
    let Some(objects) = Objects::new("an_inserted_member") else { return };
    let ran = objects.replaced("int pid;", "long new; int pid;");
    let (cause, subjects) = only(&ran, "layout.changed");
    let told = "struct task: member `new` was inserted at offset 8; size 40 -> 48";
    assert_eq!(cause, told);
    assert_eq!(subjects, ["struct holder", "struct outer", "struct task"]);
}

#[test]
fn each_kind_of_change_is_told_by_the_members_name() {
    let Some(objects) = Objects::new("each_kind_of_change") else { return };
    let cases = [
        ("unsigned short flags;", "", "struct task: member `flags` was removed at offset 12"),
        ("int pid;", "int tgid;", "struct task: member `pid` is called `tgid`"),
        ("int pid;", "unsigned pid;", "struct task: member `pid`: type int -> unsigned int"),
        ("a:3, b:5", "a:4, b:5", "struct bits: member `a`: bits 3 -> 4"),
        ("LARGE = 7", "LARGE = 8", "enum kind: value `LARGE` 7 -> 8"),
        (
            "long state; int pid; unsigned short flags;",
            "int pid; unsigned short flags; long state;",
            "struct task: member `state` moved from offset 0 to 8, and 2 others",
        ),
        (
            "char name[16];",
            "char name[16]; int more;",
            "struct task: member `more` was inserted at offset 40; size 40 -> 48",
        ),
    ];
    for (from, to, told) in cases {
        let (cause, _) = only(&objects.replaced(from, to), "layout.changed");
        assert_eq!(cause, told);
    }
}

/// The debug information of both modes comes from the same bitcode.
#[test]
fn both_modes_of_the_pocket_kernel_have_the_same_layouts_and_units() {
    let Some(llvm) = llvm("both_modes_have_the_same_layouts") else { return };
    let out = kept_dir("pocket-with-debug-information");
    let out = out.display().to_string();
    let args = ["check", "--arch", "arm64", "--llvm", llvm, "--format", "json", "--out", &out];
    let ran = run_with(&args, &[("KCFLAGS", "-g -grecord-command-line")]);
    assert_eq!((ran.status, ran.keys()), (0, vec![]), "{}{}", ran.stdout, ran.stderr);
    let report = ran.json();
    assert!(layer(&report).unwrap()["compared"].as_u64().unwrap() > 20, "{}", ran.stdout);
    let counts = &report["cells"][0]["counts"];
    assert!(counts["dwarf_units"].as_u64().unwrap() > 30, "{counts}");
}

/// Each unit has its own copy of a struct.
#[test]
fn a_member_that_moved_in_one_unit_alone_is_named() {
    let Some(objects) = Objects::new("a_member_that_moved_in_one_unit") else { return };
    let other = SOURCE.replace("int take(", "int take2(");
    let link = |name: &str, second: &str| {
        let first = objects.object("first", SOURCE, &["-g"]);
        let second = objects.object("second", second, &["-g"]);
        let linked = objects.dir.path().join(name);
        objects.link(&[&first, &second], &linked);
        linked
    };
    let (a, b) = (link("a", &other), link("b", &other.replace("long state;", "long state, new;")));
    let (cause, subjects) = only(&layouts(&a, &b), "layout.changed");
    let told = "struct task: member `new` was inserted at offset 8; size 40 -> 48, in some units";
    assert_eq!(cause, told);
    assert_eq!(subjects, ["struct holder", "struct outer", "struct task"]);
    assert_eq!(layouts(&a, &a).status, 0);
}

#[test]
fn a_struct_that_one_side_alone_reaches_is_lost() {
    let Some(objects) = Objects::new("a_struct_that_one_side_alone_reaches") else { return };
    let ran = objects.replaced(
        "struct outer *o, struct bits *b, enum kind kind) { return o->last + b->a",
        "struct outer *o, enum kind kind) { return o->last",
    );
    let report = ran.json();
    assert_eq!(finding(&report, "layout.lost")["cause"], "the exports of A alone lead to it");
    assert_eq!(finding(&report, "layout.lost")["subjects"][0], "struct bits");
}

/// Without CRCs nothing else tells what an export takes.
#[test]
fn another_parameter_result_or_type_is_named() {
    let Some(objects) = Objects::new("another_parameter_result_or_type") else { return };
    let source = "typedef int t;
        int fn(int a, int b) { return a; }
        int (*table[2])(int);
        void say(const char *format, ...) {}
        long count;
        t typed(t a) { return a; }\n";
    let (changed, spelling) = ("signature.changed", "signature.spelling");
    for (from, to, subject, key, cause) in [
        ("fn(int a, int b)", "fn(int a)", "fn", changed, "parameter 2 int was removed"),
        ("int fn(", "long fn(", "fn", changed, "result: int -> long"),
        ("format, ...", "format", "say", changed, "`...` was removed"),
        ("long count", "unsigned long count", "count", changed, "type: long -> unsigned long"),
        ("table[2]", "table[3]", "table", changed, "type: int (*[2])(int) -> int (*[3])(int)"),
        ("int fn(int", "t fn(int", "fn", spelling, "result: int -> t, which is the same type"),
    ] {
        for flags in [&["-g"][..], &["-g", "-gz=zlib"], &["-g", "-gz=zstd"], &["-gdwarf-4"]] {
            assert!(source.contains(from), "{from}");
            let a = objects.object("a", source, flags);
            let b = objects.object("b", &source.replace(from, to), flags);
            let ran = diff(&a, &b, &["--only", "signature.*"]);
            let (report, keys) = (ran.json(), ran.keys());
            assert_eq!(keys, [key], "{}", ran.stdout);
            let found = finding(&report, key);
            assert_eq!((&found["cause"], &found["subjects"][0]), (&cause.into(), &subject.into()));
        }
    }
    // A typedef that is another type now changes what is written as before.
    let a = objects.object("a", source, &["-g"]);
    let b = objects.object("b", &source.replace("typedef int t", "typedef long t"), &["-g"]);
    let (told, subjects) = only(&diff(&a, &b, &["--only", "signature.*"]), changed);
    assert_eq!(told, "result t: int -> long; parameter 1 t: int -> long");
    assert_eq!(subjects, ["typed"]);
}

/// What is written stays as it was, and so does every size.
#[test]
fn a_typedef_that_means_another_type_is_named() {
    let Some(objects) = Objects::new("a_typedef_that_means_another_type") else { return };
    let source = "typedef int t; struct s { t *p; char c; }; int f(struct s *s) { return s->c; }\n";
    let a = objects.object("a", source, &["-g"]);
    let b = objects.object("b", &source.replace("typedef int", "typedef unsigned"), &["-g"]);
    let (told, subjects) = only(&diff(&a, &b, &["--only", "layout.*"]), "layout.changed");
    assert_eq!(told, "struct s: member `p`: type int * -> unsigned int *");
    assert_eq!(subjects, ["struct s"]);
    let b = objects.object("b", source, &["-g", "-funsigned-char"]);
    let (told, _) = only(&diff(&a, &b, &["--only", "layout.*"]), "layout.changed");
    assert_eq!(told, "struct s: member `c`: type char (signed) -> char (unsigned)");
}

#[test]
fn split_debug_information_is_said_to_be_left_out() {
    let Some(objects) = Objects::new("split_debug_information") else { return };
    let a = objects.object("a", SOURCE, &["-g", "-gsplit-dwarf"]);
    let ran = diff(&a, &a, &["--only", "layout.*"]);
    assert!(ran.stdout.contains(".dwo files (the first is "), "{}", ran.stdout);
}

#[test]
fn units_that_were_compiled_otherwise_are_named() {
    let Some(objects) = Objects::new("units_compiled_otherwise") else { return };
    let record = ["-g", "-grecord-command-line"];
    let a = objects.object("a", SOURCE, &record);
    let same = objects.object("b", SOURCE, &record);
    assert_eq!(layouts(&a, &same).status, 0);
    let b = objects.object("b", SOURCE, &[&record[..], &["-fno-strict-aliasing"]].concat());
    let ran = layouts(&a, &b);
    let (cause, subjects) = only(&ran, "debug.unit.changed");
    assert_eq!(cause, "other options were recorded when it was compiled");
    assert!(subjects[0].ends_with("a.c"), "{subjects:?}");
    assert!(ran.stdout.contains("-fno-strict-aliasing"), "{}", ran.stdout);
    let b = objects.object("b", SOURCE, &[&record[..], &["-gdwarf-4"]].concat());
    let (cause, _) = only(&layouts(&a, &b), "debug.unit.changed");
    assert_eq!(cause, "its debug information is of another version");
}

#[test]
fn debug_information_of_one_side_alone_is_said_to_be_left_out() {
    let Some(objects) = Objects::new("debug_information_of_one_side") else { return };
    let a = objects.object("a", SOURCE, &["-g"]);
    let b = objects.object("b", SOURCE, &[]);
    let ran = diff(&a, &b, &["--only", "layout.*"]);
    assert_eq!(ran.status, 0, "{}", ran.stdout);
    assert!(ran.stdout.contains("B: no debug information"), "{}", ran.stdout);
    // Without any, nothing is said of it.
    assert!(layer(&diff(&b, &b, &[]).json()).is_none());
    // Compressed, it is compared with what is not.
    for method in ["-gz=zlib", "-gz=zstd"] {
        let c = objects.object("c", SOURCE, &["-g", method]);
        let ran = layouts(&a, &c);
        assert_eq!((ran.status, ran.keys()), (0, vec![]), "{}", ran.stdout);
        assert_eq!(layer(&ran.json()).unwrap()["compared"], 6);
    }
}

/// A member's offset in `.debug_info`: its struct, its name, and the file offset of its value.
struct Field {
    holder: String,
    member: String,
    at: usize,
    offset: u64,
}

type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// The members of named structs in a file whose `.debug_info` is as it stands in memory.
fn fields(bytes: &[u8]) -> Vec<Field> {
    let image = Image::parse(bytes).unwrap();
    let section = |name: &str| image.section(name).map_or(&[][..], |(index, _)| image.data(index));
    let load = |id: gimli::SectionId| -> Result<Slice<'_>, gimli::Error> {
        Ok(EndianSlice::new(section(id.name()), LittleEndian))
    };
    let dwarf = gimli::Dwarf::load(load).unwrap();
    let start = image.section(".debug_info").unwrap().1.offset as usize;
    let mut fields = Vec::new();
    let mut headers = dwarf.units();
    while let Some(header) = headers.next().unwrap() {
        let unit_start = start + header.debug_info_offset().unwrap().0;
        let unit = dwarf.unit(header).unwrap();
        let mut raw = unit.entries_raw(None).unwrap();
        let mut holders: Vec<Option<String>> = Vec::new();
        while !raw.is_empty() {
            let depth = raw.next_depth() as usize;
            let Some(abbreviation) = raw.read_abbreviation().unwrap() else { continue };
            let (mut name, mut place) = (None, None);
            for spec in abbreviation.attributes() {
                let at = unit_start + raw.next_offset().0;
                let attribute = raw.read_attribute(*spec).unwrap();
                match attribute.name() {
                    gimli::DW_AT_name => {
                        let text = dwarf.attr_string(&unit, attribute.value()).unwrap();
                        name = Some(String::from_utf8(text.slice().to_vec()).unwrap());
                    }
                    gimli::DW_AT_data_member_location => {
                        place = Some((at, attribute.udata_value().unwrap()));
                    }
                    _ => {}
                }
            }
            let holder = depth.checked_sub(1).and_then(|up| holders.get(up).cloned()).flatten();
            if let (Some(holder), Some(member), Some((at, offset))) = (holder, name.clone(), place)
            {
                fields.push(Field { holder, member, at, offset });
            }
            holders.truncate(depth);
            let is_struct = abbreviation.tag() == gimli::DW_TAG_structure_type;
            holders.push(name.filter(|_| is_struct).map(|name| format!("struct {name}")));
        }
    }
    fields
}

/// Strings of an object are relocations, so the file is linked.
#[test]
fn one_bit_of_one_members_offset_is_found_by_struct_and_member() {
    let Some(objects) = Objects::new("one_bit_of_one_members_offset") else { return };
    let object = objects.object("a", SOURCE, &["-g"]);
    let linked = objects.dir.path().join("linked");
    objects.link(&[&object], &linked);
    let bytes = std::fs::read(&linked).unwrap();
    let all = fields(&bytes);
    assert!(all.len() > 10, "{}", all.len());
    for field in &all {
        one_bit(&objects, &linked, &bytes, field);
    }
    // By hand: a real kernel.
    if let Some(kernel) = std::env::var_os("TWINLTO_TEST_DEBUG_KERNEL").map(PathBuf::from) {
        let bytes = std::fs::read(&kernel).unwrap();
        let task = |field: &&Field| field.holder == "struct task_struct" && field.member == "pid";
        let all = fields(&bytes);
        one_bit(&objects, &kernel, &bytes, all.iter().find(task).unwrap());
    }
}

fn one_bit(objects: &Objects, file: &Path, bytes: &[u8], field: &Field) {
    let mut edited = bytes.to_vec();
    edited[field.at] ^= 1;
    let other = objects.dir.path().join("edited");
    std::fs::write(&other, edited).unwrap();
    let ran = layouts(file, &other);
    let (cause, subjects) = only(&ran, "layout.changed");
    let Field { holder, member, offset, .. } = field;
    let told = format!("member `{member}` moved from offset {offset} to {}", offset ^ 1);
    assert!(cause.starts_with(&format!("{holder}: {told}")), "{cause}\n{told}");
    assert_eq!(subjects, [holder.as_str()]);
}
