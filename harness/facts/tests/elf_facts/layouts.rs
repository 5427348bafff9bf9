//! Layouts of real objects, held against what `llvm-dwarfdump` prints of the same file.

use crate::dwarfdump::against_dwarfdump;
use crate::llvm::llvm;
use crate::support::{AARCH64, EXEC, Elf, SHAPES, Shape};
use std::collections::BTreeSet;
use std::path::Path;
use twinlto_facts::dwarf::{Layout, Layouts, Roots, debug};

/// Every shape that C has for a struct.
const SHAPES_C: &str = r#"
typedef unsigned int u32;
struct incomplete;
struct other;
enum plain { FIRST, SECOND = 5, LAST = -1 };
enum wide { SMALL, LARGE = 0x123456789abcdef0 };
struct list { struct list *next, **prev; };
struct bits { unsigned a:3, :2, b:5; long c:40; _Bool d:1; u32 e; };
struct __attribute__((packed)) packed { char c; long l; short s; struct bits b; };
struct aligned { char c; long l __attribute__((aligned(64))); };
struct inner { int x; struct list links[2]; };
struct extended { int before; struct list; int after; };
typedef struct { int tag; union { long l; char c[8]; }; } named_by_typedef;
struct outer {
	struct inner inner;
	union { int a; struct { char b, c; union { short d; char e; }; }; };
	struct { int q; struct { char r; } s; } m[3][4];
	struct { int behind; } *pointer;
	enum { UP = 1, DOWN } direction;
	named_by_typedef t;
	const volatile char *const text;
	int (*call)(struct outer *, const u32, ...);
	void (*table[4])(enum wide);
	int (*array_pointer)[8];
	struct incomplete *unknown;
	struct other *elsewhere;
	struct aligned *aligned;
	struct packed packed;
	struct ring *ring;
	char flexible[];
};
struct ring { struct outer *outer; struct ring *ring; };
struct unreached { int nobody; };
enum plain exported(struct outer *o) { return o->m[0][0].q ? FIRST : LAST; }
static int hidden(struct unreached *u) { return u->nobody; }
int (*keep)(struct unreached *) ;
struct inner variable;
struct extended *extended(struct extended *e) { return e; }
int unexported(struct unreached *u) { return hidden(u); }
"#;

/// The other unit, which defines what the first one declares, and one name otherwise.
const OTHER_C: &str = r"
struct other { long a, b; };
struct inner { long x; };
long second(struct other *o, struct inner *i) { return o->b + i->x; }
";

fn read(bytes: &[u8], names: &[&str]) -> Layouts {
    let names: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
    debug(bytes, Roots::Named(&names)).unwrap().layouts
}

fn text(layout: &Layout) -> Vec<String> {
    let size = layout.size.map_or("-".to_owned(), |size| size.to_string());
    let mut lines = vec![format!("size {size}")];
    for member in &layout.members {
        let bits = member.bit_size.map_or(String::new(), |bits| format!(":{bits}"));
        let (byte, bit) = (member.offset / 8, member.offset % 8);
        let path = &member.path;
        lines.push(format!("{byte}.{bit} {path}{bits} {}", member.type_name));
    }
    lines.extend(layout.values.iter().map(|(name, value)| format!("{name} = {value}")));
    lines
}

fn only<'a>(layouts: &'a Layouts, key: &str) -> &'a Layout {
    assert!(layouts.types.contains_key(key), "no {key}");
    let all = &layouts.types[key];
    assert_eq!(all.len(), 1, "{key}");
    all.first().unwrap()
}

#[test]
fn what_exports_reach_is_laid_out_as_c_says() {
    let Some(llvm) = llvm("what_exports_reach") else { return };
    let dir = tempfile();
    for (target, dwarf) in [("x86_64", "5"), ("aarch64", "4"), ("aarch64", "3"), ("riscv64", "5")] {
        let flags =
            [format!("--target={target}-linux-gnu"), format!("-gdwarf-{dwarf}"), "-O1".into()];
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let bytes = llvm.object(&dir, "shapes.c", SHAPES_C, &flags);
        let layouts = read(&bytes, &["exported", "variable"]);
        let keys: Vec<&str> = layouts.types.keys().map(String::as_str).collect();
        let expected = [
            "enum plain",
            "enum wide",
            "named_by_typedef",
            "struct aligned",
            "struct bits",
            "struct inner",
            "struct list",
            "struct outer",
            "struct packed",
            "struct ring",
        ];
        assert_eq!(keys, expected, "{target} {dwarf}");
        let incomplete: Vec<&str> = layouts.incomplete.iter().map(String::as_str).collect();
        assert_eq!(incomplete, ["struct incomplete", "struct other"]);
        let bits = [
            "size 16",
            "0.0 a:3 unsigned int",
            "0.5 b:5 unsigned int",
            "1.2 c:40 long",
            "6.2 d:1 _Bool",
            "8.0 e u32",
        ];
        assert_eq!(text(only(&layouts, "struct bits")), bits, "{target} {dwarf}");
        let values = ["size 4", "FIRST = 0", "SECOND = 5", "LAST = -1"];
        assert_eq!(text(only(&layouts, "enum plain")), values);
        let outer = text(only(&layouts, "struct outer"));
        insta::assert_snapshot!("struct_outer", outer.join("\n"));
        let embeds: Vec<_> = only(&layouts, "struct outer")
            .members
            .iter()
            .filter_map(|m| m.embeds.as_deref())
            .collect();
        assert_eq!(embeds, ["struct inner", "named_by_typedef", "struct packed"]);
    }
}

#[test]
fn a_declaration_takes_the_definition_of_another_unit_and_one_name_may_have_two() {
    let Some(llvm) = llvm("a_declaration_takes_the_definition") else { return };
    let dir = tempfile();
    let flags = ["--target=x86_64-linux-gnu", "-g", "-O1", "-fms-extensions"];
    llvm.object(&dir, "shapes.c", SHAPES_C, &flags);
    llvm.object(&dir, "other.c", OTHER_C, &flags);
    let path = |name: &str| dir.join(name).display().to_string();
    let (a, b, out) = (path("shapes.c.o"), path("other.c.o"), path("linked"));
    for args in [&["-r"][..], &["-shared"]] {
        llvm.run("ld.lld", &[args, &[&a, &b, "-o", &out]].concat());
        let bytes = std::fs::read(&out).unwrap();
        let one = read(&bytes, &["exported"]);
        assert_eq!(text(only(&one, "struct other")), ["size 16", "0.0 a long", "8.0 b long"]);
        assert_eq!(one.types["struct inner"].len(), 1);
        let both = read(&bytes, &["exported", "second"]);
        assert_eq!(both.types["struct inner"].len(), 2);
        assert_eq!((one.roots, both.roots), (1, 2));
        assert_eq!(debug(&bytes, Roots::External).unwrap().layouts.roots, 6);
        against_dwarfdump(&llvm, &out, &bytes);
    }
}

#[test]
fn every_struct_is_as_llvm_dwarfdump_prints_it() {
    let Some(llvm) = llvm("every_struct_is_as_llvm_dwarfdump") else { return };
    let dir = tempfile();
    for target in ["x86_64", "aarch64", "riscv64", "loongarch64"] {
        let target = format!("--target={target}-linux-gnu");
        let bytes =
            llvm.object(&dir, "shapes.c", SHAPES_C, &[&target, "-g", "-O1", "-fms-extensions"]);
        let path = dir.join("shapes.c.o").display().to_string();
        assert!(against_dwarfdump(&llvm, &path, &bytes) >= 8);
    }
}

#[test]
fn the_options_of_a_unit_are_those_that_clang_recorded() {
    let Some(llvm) = llvm("the_options_of_a_unit") else { return };
    let dir = tempfile();
    let flags = ["--target=x86_64-linux-gnu", "-g", "-grecord-command-line", "-O1", "-D", "X=a b"];
    let bytes = llvm.object(&dir, "shapes.c", SHAPES_C, &flags);
    let units = debug(&bytes, Roots::External).unwrap().units;
    assert_eq!(units[0].options.join(" "), flags.join(" "));
    assert!(units[0].producer.contains("clang version 22"), "{}", units[0].producer);
    assert!(!units[0].producer.contains('/'), "{}", units[0].producer);
    let bytes = llvm.object(&dir, "shapes.c", SHAPES_C, &["-g"]);
    assert!(debug(&bytes, Roots::External).unwrap().units[0].options.is_empty());
}

/// Abbreviations of what the tests below put into a unit by hand.
const ABBREV: &[u8] = &[
    1, 0x11, 1, 3, 8, 0, 0, // compile unit: name
    2, 0x2e, 0, 3, 8, 0x3f, 0x19, 0x49, 0x13, 0, 0, // external function: name, type
    3, 0x16, 0, 3, 8, 0x49, 0x13, 0, 0, // typedef: name, type
    4, 0x13, 1, 0x0b, 0x0b, 0, 0, // unnamed struct: size
    5, 0x0d, 0, 0x49, 0x13, 0x38, 0x0b, 0, 0, // unnamed member: type, offset
    6, 0x0f, 0, 0x49, 0x13, 0, 0, // pointer: type
    7, 0x0d, 0, 3, 8, 0x49, 0x13, 0x38, 0x0b, 0, 0, // member: name, type, offset
    8, 0x24, 0, 3, 8, 0x0b, 0x0b, 0, 0, // base type: name, size
    9, 0x13, 1, 3, 8, 0x0b, 0x0b, 0, 0, // struct: name, size
    10, 0x01, 1, 0x49, 0x13, 0, 0, // array: type
    11, 0x21, 0, 0x37, 0x0b, 0, 0, // bound: count
    12, 0x15, 1, 0x49, 0x13, 0, 0, // type of a function: type
    13, 0x05, 0, 0x49, 0x13, 0, 0, // parameter: type
    0,
];

/// What stands before a reference, the number of the entry that it leads to, what stands after it.
type Piece = (&'static [u8], Option<usize>, &'static [u8]);

/// A file with one unit of these entries.
fn unit(shape: Shape, pieces: &[Piece]) -> Elf {
    // Header of a DWARF 4 unit, and its own entry.
    let mut at = 11 + 3;
    let mut places = Vec::new();
    for (before, target, after) in pieces {
        places.push(at);
        at += (before.len() + after.len() + 4 * usize::from(target.is_some())) as u64;
    }
    let mut body = [shape.int(4, 2), shape.int(0, 4), vec![shape.word() as u8]].concat();
    body.extend(b"\x01u\0");
    for (before, target, after) in pieces {
        body.extend(*before);
        body.extend(target.map(|target| shape.int(places[target], 4)).unwrap_or_default());
        body.extend(*after);
    }
    body.push(0);
    let mut elf = Elf::new(shape, EXEC, AARCH64);
    elf.section(".debug_info", 0, 0, &[shape.int(body.len() as u64, 4), body].concat());
    elf.section(".debug_abbrev", 0, 0, ABBREV);
    elf
}

/// A function that takes a struct with members of many types, to be damaged.
pub(crate) fn typed(shape: Shape) -> Elf {
    unit(
        shape,
        &[
            (b"\x02f\0", Some(1), b""),
            (b"\x09s\0\x10", None, b""),
            (b"\x07a\0", Some(7), b"\x00"),
            (b"\x07b\0", Some(8), b"\x08"),
            (b"\x05", Some(10), b"\x0c"),
            (b"\x07c\0", Some(14), b"\x0d"),
            (b"\0", None, b""),
            (b"\x06", Some(1), b""),
            (b"\x0a", Some(7), b"\x0b\x04"),
            (b"\0", None, b""),
            (b"\x04\x01", None, b""),
            (b"\x07d\0", Some(17), b"\x00"),
            (b"\0", None, b""),
            (b"\x06", Some(15), b""),
            (b"\x03t\0", Some(13), b""),
            (b"\x0c", Some(17), b""),
            (b"\x0d", Some(7), b"\0"),
            (b"\x08int\0\x04", None, b""),
        ],
    )
}

#[test]
fn typed_is_what_it_says() {
    for shape in SHAPES {
        let layouts = read(&typed(shape).bytes(), &["f"]);
        assert_eq!(
            text(only(&layouts, "struct s")),
            ["size 16", "0.0 a struct s *", "8.0 b struct s *[4]", "12.0 d int", "13.0 c t"],
            "{shape:?}"
        );
    }
}

/// A typedef of itself, a pointer to itself, and a struct without a name that holds itself twice.
#[test]
fn circles_and_towers_come_to_an_end() {
    for shape in SHAPES {
        let circle = unit(shape, &[(b"\x02f\0", Some(1), b""), (b"\x03t\0", Some(1), b"")]);
        assert!(read(&circle.bytes(), &["f"]).types.is_empty());
        let pointers = unit(shape, &[(b"\x02f\0", Some(1), b""), (b"\x06", Some(1), b"")]);
        assert!(read(&pointers.bytes(), &["f"]).types.is_empty());
        let twice = unit(
            shape,
            &[
                (b"\x02f\0", Some(1), b""),
                (b"\x03t\0", Some(2), b""),
                (b"\x04\x01", None, b""),
                (b"\x05", Some(2), b"\x00"),
                (b"\x05", Some(2), b"\x00"),
                (b"\0", None, b""),
            ],
        );
        let names = BTreeSet::from(["f".to_owned()]);
        let error = debug(&twice.bytes(), Roots::Named(&names)).unwrap_err();
        assert!(error.to_string().contains("deeply nested"), "{error}");
    }
}

fn tempfile() -> std::path::PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("layouts");
    let dir = dir.join(format!("{:?}", std::thread::current().id()).replace(['(', ')'], "-"));
    std::fs::create_dir_all(&dir).unwrap();
    dir
}
