//! Signatures of what real objects declare, and debug information in all forms that clang writes.

use crate::llvm::{Llvm, llvm};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use twinlto_facts::dwarf::{DebugFacts, Roots, debug};

const TARGETS: [&str; 4] = ["x86_64", "aarch64", "riscv64", "loongarch64"];

const SOURCE: &str = r"
typedef unsigned int u32;
typedef struct { int tag; } unnamed;
typedef int (*handler)(u32, void *);
struct node { struct node *next; struct { int deep; } inner; };
enum kind { ONE };
int plain(int a, long b) { return a + (int)b; }
u32 typed(u32 a, const u32 b, u32 *p) { return a + b + *p; }
void nothing(void) {}
const char *const texts[2] = { 0, 0 };
volatile long counter;
struct node *walk(const struct node *n, enum kind k, unnamed *u, char c) { return n->next; }
int variadic(const char *format, ...) { return *format; }
handler pick(handler h, int (*q)(struct node *, ...), int (*rows)[3]) { return h; }
unsigned char bytes[16];
__attribute__((noreturn)) void never(void) { for (;;); }
int old() { return 1; }
static int hidden(int a) { return a; }
__attribute__((always_inline)) int both(u32 a) { return hidden((int)a); }
int (*keep)(u32) = both;
int use(int a) { return both(a); }
int elsewhere(int a);
";

/// C and C++ alike.
const CXX: &str = r#"
#ifdef __cplusplus
extern "C" {
#endif
enum kind { ONE, TWO = 5 };
union either { long number; struct node *node; };
struct within { char bytes[3]; enum kind kind; };
struct node { struct node *next; struct within within; union either either; unsigned bits : 3; };
struct node *take(struct node *node, union either *either, ...) { return node->next; }
enum kind kind;
#ifdef __cplusplus
}
#endif
"#;

fn dir(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("signatures").join(name);
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

fn compiled(llvm: &Llvm, dir: &Path, source: &str, target: &str, flags: &[&str]) -> Vec<u8> {
    let target = format!("--target={target}-linux-gnu");
    let all = [
        &[&target, "-O2", "-w", "-Wno-int-conversion", "-Wno-incompatible-pointer-types"][..],
        flags,
    ]
    .concat();
    llvm.object(dir, "a.c", source, &all)
}

fn read(bytes: &[u8]) -> DebugFacts {
    debug(bytes, Roots::External).unwrap()
}

/// Every declaration with what else is known, in the order of the names.
fn declared(facts: &DebugFacts) -> Vec<String> {
    let all = facts.layouts.signatures.values().flatten();
    let text = |it: &twinlto_facts::dwarf::Signature| {
        let attributes = it.attributes.iter().map(|text| format!("; {text}")).collect::<String>();
        format!("{}{attributes}", it.declaration)
    };
    all.map(text).collect()
}

#[test]
fn what_others_can_see_is_declared_as_c_says() {
    let Some(llvm) = llvm("what_others_can_see_is_declared") else { return };
    let dir = dir("declared");
    for target in TARGETS {
        for dwarf in ["-gdwarf-4", "-gdwarf-5"] {
            let facts = read(&compiled(&llvm, &dir, SOURCE, target, &[dwarf]));
            let expected = [
                "int both(u32)",
                "unsigned char bytes[16]",
                "volatile long counter",
                "int (*keep)(u32)",
                "void never(void); never returns",
                "void nothing(void)",
                "int old(); no prototype",
                "handler pick(handler, int (*)(struct node *, ...), int (*)[3])",
                "int plain(int, long)",
                "const char *const texts[2]",
                "u32 typed(u32, const u32, u32 *)",
                "int use(int)",
                "int variadic(const char *, ...)",
                "struct node *walk(const struct node *, enum kind, unnamed *, char)",
            ];
            assert_eq!(declared(&facts), expected, "{target} {dwarf}");
            let of = |name: &str| facts.layouts.signatures[name].first().unwrap().clone();
            let plain = |name: &str| -> Vec<String> {
                let all = of(name).parameters.into_iter();
                all.map(|it| it.plain.to_string()).collect()
            };
            assert_eq!(plain("typed"), ["unsigned int", "unsigned int", "unsigned int *"]);
            assert_eq!(&*of("pick").result.plain, "int (*)(unsigned int, void *)");
            let sign =
                if target == "x86_64" || target == "loongarch64" { "signed" } else { "unsigned" };
            let walk = plain("walk");
            assert_eq!(walk[..3], ["const struct node *", "enum kind", "unnamed *"]);
            assert_eq!(walk[3], format!("char ({sign})"));
        }
    }
}

/// One change of the source at a time, each of which callers must know of.
#[test]
fn each_attribute_of_a_type_makes_another_signature() {
    let Some(llvm) = llvm("each_attribute_of_a_type") else { return };
    let dir = dir("attributes");
    let edits = [
        ("plain(int a, long b) { return a + (int)b", "plain(int a) { return a"),
        ("plain(int a, long b)", "plain(long a, int b)"),
        ("plain(int a, long b)", "plain(int a, long b, int c)"),
        ("plain(int a, long b)", "plain(unsigned a, long b)"),
        ("plain(int a, long b)", "plain(short a, long b)"),
        ("plain(int a, long b)", "plain(int a, long b, ...)"),
        ("int plain(", "long plain("),
        ("int plain(", "int *plain("),
        ("void nothing(void) {}", "int nothing(void) { return 1; }"),
        ("void nothing(void)", "void nothing(int a)"),
        ("void nothing(void)", "void nothing()"),
        ("void nothing(void)", "__attribute__((noreturn)) void nothing(void)"),
        ("typedef unsigned int u32", "typedef unsigned long u32"),
        ("typedef unsigned int u32", "typedef int u32"),
        ("texts[2]", "texts[3]"),
        ("const char *const texts[2] =", "const char *texts[2] ="),
        ("const char *const texts[2] =", "char *const texts[2] ="),
        ("volatile long counter", "long counter"),
        ("volatile long counter", "volatile long *counter"),
        ("volatile long counter", "volatile _Atomic long counter"),
        ("bytes[16]", "bytes[17]"),
        ("unsigned char bytes", "signed char bytes"),
        ("const struct node *n", "struct node *n"),
        ("const struct node *n", "const volatile struct node *n"),
        ("enum kind k", "int k"),
        ("unnamed *u", "struct node *u"),
        ("unnamed *u", "void *u"),
        ("format, ...", "format"),
        ("(struct node *, ...)", "(struct node *)"),
        ("(struct node *, ...)", "(struct node *, int)"),
        ("(*rows)[3]", "(*rows)[4]"),
        ("(*handler)(u32, void *)", "(*handler)(u32, char *)"),
        ("(*handler)(u32, void *)", "(*handler)(u32)"),
        ("both(u32 a)", "both(int a)"),
        ("int (*keep)(u32)", "void *keep"),
        ("int old() {", "int old(void) {"),
    ];
    for target in TARGETS {
        let before = read(&compiled(&llvm, &dir, SOURCE, target, &["-g"])).layouts.signatures;
        for (from, to) in edits {
            assert!(SOURCE.contains(from), "{from}");
            let edited = SOURCE.replace(from, to);
            let after = read(&compiled(&llvm, &dir, &edited, target, &["-g"])).layouts.signatures;
            let plain = |all: &BTreeSet<twinlto_facts::dwarf::Signature>| -> BTreeSet<String> {
                let what = all.iter().map(|it| {
                    let types: Vec<&str> = it.parameters.iter().map(|it| &*it.plain).collect();
                    format!("{} {types:?} {} {:?}", it.result.plain, it.variadic, it.attributes)
                });
                what.collect()
            };
            let differ = before.iter().filter(|(name, all)| {
                after.get(*name).is_none_or(|other| plain(all) != plain(other))
            });
            assert!(differ.count() > 0, "{target}: {from} -> {to}");
        }
    }
    // The sign of a char is in no name.
    let with = |flag| read(&compiled(&llvm, &dir, SOURCE, "aarch64", &["-g", flag])).layouts;
    assert_ne!(with("-fsigned-char").signatures, with("-funsigned-char").signatures);
}

/// A name that only typedefs or a parameter's own qualifiers change: the same plain type.
#[test]
fn another_spelling_is_the_same_plain_type() {
    let Some(llvm) = llvm("another_spelling") else { return };
    let dir = dir("spelling");
    let before = read(&compiled(&llvm, &dir, SOURCE, "aarch64", &["-g"])).layouts.signatures;
    for (from, to) in [("typed(u32 a", "typed(unsigned a"), ("plain(int a", "plain(const int a")] {
        let edited = SOURCE.replace(from, to);
        let after = read(&compiled(&llvm, &dir, &edited, "aarch64", &["-g"])).layouts.signatures;
        assert_ne!(before, after);
        for (name, all) in &before {
            let (ours, theirs) = (all.first().unwrap(), after[name].first().unwrap());
            let types = |it: &twinlto_facts::dwarf::Signature| {
                it.parameters.iter().map(|it| it.plain.clone()).collect::<Vec<_>>()
            };
            assert_eq!(types(ours), types(theirs), "{from}");
        }
    }
}

/// Compression, type units and 64-bit DWARF hold the same facts.
#[test]
fn every_form_of_debug_information_says_the_same() {
    let Some(llvm) = llvm("every_form_of_debug_information") else { return };
    let dir = dir("forms");
    let forms: [&[&str]; 9] = [
        &["-gz=zlib"],
        &["-gz=zstd"],
        &["-gdwarf64"],
        &["-gdwarf64", "-gz=zstd"],
        &["-ffunction-sections", "-fdata-sections"],
        // clang gives types of C++ alone units of their own.
        &["-fdebug-types-section", "-xc++"],
        &["-fdebug-types-section", "-xc++", "-gz=zlib"],
        &["-fdebug-types-section", "-xc++", "-gz=zstd"],
        &["-fdebug-types-section", "-xc++", "-gdwarf64"],
    ];
    for target in TARGETS {
        for version in ["-gdwarf-4", "-gdwarf-5"] {
            let both = [&["-xc"][..], &["-xc++"]].map(|language| {
                compiled(&llvm, &dir, CXX, target, &[language, &[version]].concat())
            });
            for form in forms {
                let plain = &both[usize::from(form.contains(&"-xc++"))];
                let wanted = read(plain);
                let keys: Vec<&String> = wanted.layouts.types.keys().collect();
                assert_eq!(keys, ["enum kind", "struct node", "struct within", "union either"]);
                assert_eq!(wanted.layouts.signatures.len(), 2);
                let bytes =
                    compiled(&llvm, &dir, CXX, target, &[&["-xc"], form, &[version]].concat());
                assert!(bytes != *plain, "{target} {form:?}");
                let found = read(&bytes);
                assert_eq!(found, wanted, "{target} {version} {form:?}");
                // The same when it is linked.
                let path = |name: &str| dir.join(name).display().to_string();
                let (object, linked) = (path("a.c.o"), path("linked"));
                for link in
                    [&["-r"][..], &["-shared", "--compress-debug-sections=zstd"], &["-shared"]]
                {
                    let args =
                        [link, &["--noinhibit-exec", "-z", "notext", &object, "-o", &linked]]
                            .concat();
                    llvm.run("ld.lld", &args);
                    let found = read(&std::fs::read(&linked).unwrap());
                    assert_eq!(
                        found.layouts, wanted.layouts,
                        "{target} {version} {form:?} {link:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn split_debug_information_is_named() {
    let Some(llvm) = llvm("split_debug_information") else { return };
    let dir = dir("split");
    for version in ["-gdwarf-4", "-gdwarf-5"] {
        let flags = ["-g", "-gsplit-dwarf", version];
        let facts = read(&compiled(&llvm, &dir, SOURCE, "x86_64", &flags));
        assert_eq!(facts.split.len(), 1, "{version}");
        assert!(facts.split[0].ends_with(".dwo"), "{:?}", facts.split);
        assert!(facts.layouts.signatures.is_empty());
    }
    assert!(read(&compiled(&llvm, &dir, SOURCE, "x86_64", &["-g"])).split.is_empty());
}

/// The same of a function that one unit inlines and another one defines.
#[test]
fn a_variadic_function_that_is_inlined_stays_variadic() {
    let Some(llvm) = llvm("a_variadic_function_that_is_inlined") else { return };
    let dir = dir("inlined");
    let source = "inline __attribute__((always_inline)) int f(int a, ...) { return a + 1; }\n\
                  extern int f(int a, ...);\nint g(int a) { return f(a); }\n";
    for target in TARGETS {
        let facts = read(&compiled(&llvm, &dir, source, target, &["-g"]));
        assert_eq!(declared(&facts), ["int f(int, ...)", "int g(int)"], "{target}");
    }
}
