//! Names with numbers that a comment changes: two objects of one source are one object.

use crate::support::pasting::pasting_in;
use crate::support::{Ran, llvm, run};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the macros of Linux 6.1 to 7.3 make that paste `__COUNTER__` or `__LINE__`, in their forms.
const MACROS: &str = r#"
#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define TEXT_(a...) #a
#define TEXT(a...) TEXT_(a)
#define USED __attribute__((used))
#define IN(name) __attribute__((section(name)))
#define UNIQUE(name) PASTE(__UNIQUE_ID_, PASTE(name, PASTE(_, __COUNTER__)))
#define UNIQUE_OLD(name) PASTE(PASTE(__UNIQUE_ID_, name), __COUNTER__)
#define ADDRESS(name) static void *USED IN(".discard.addressable") UNIQUE(PASTE(addressable_, name)) = (void *)&name;
#define ADDRESS_OLD(name) static void *USED IN(".discard.addressable") UNIQUE_OLD(PASTE(__addressable_, name)) = (void *)&name;
#define INITCALL_(name, stub, sec, fn) void stub(void); void stub(void) { fn(); } ADDRESS(stub) \
	asm(".section \"" sec "\", \"a\"\n" TEXT(name) ":\n.long " TEXT(stub) " - .\n.previous\n");
#define ID(fn) PASTE(kmod_user__, PASTE(__COUNTER__, PASTE(_, PASTE(__LINE__, PASTE(_, fn)))))
#define INITCALL(id, fn) INITCALL_(PASTE(__initcall__, PASTE(id, 4)), PASTE(__initstub__, PASTE(id, 4)), ".initcall4.init.." TEXT(id), fn)
#define INITCALL4(fn, id) INITCALL(id, fn)
#define BTF_(name) asm(".pushsection .BTF_ids,\"a\"\n.local " TEXT(name) "\n" TEXT(name) ":\n.zero 4\n.popsection\n");
#define BTF(kind, name) BTF_(PASTE(PASTE(__BTF_ID__##kind##__##name##__, __COUNTER__), __LINE__))
#define FIXUP_(stub, fn) void stub(void); void stub(void) { fn(); } ADDRESS(stub)
#define FIXUP(fn) FIXUP_(UNIQUE(fn), fn)
#define FIXUP_OLD(fn) static void (*const PASTE(__pci_fixup_##fn, __LINE__))(void) USED = fn;
#define INFO(text) static const char UNIQUE(modinfo)[] USED IN(".modinfo") = text;
#define NOTE(n) static const int PASTE(_note_, __LINE__) USED IN(".note.linux") = n;
#define METHODS(id) static const int PASTE(_object_methods_##id, __LINE__)[] USED = { 1, 2 };
#define RULE(text) static const char PASTE(__gendwarfksyms_rule_, __COUNTER__)[] USED IN(".discard.rules") = text;
"#;

const SOURCE: &str = r#"
void say(const char *);
static void quirk_vt8235(void) { say("8235"); }
static void setup(void) { say("setup"); }
/* here */
INFO("license=GPL")
INFO("author=nobody")
INITCALL4(setup, ID(setup))
BTF(struct, cgroup)
BTF(func, foo__1)
FIXUP(quirk_vt8235)
FIXUP(quirk_vt8235)
FIXUP(setup)
FIXUP_OLD(setup)
ADDRESS_OLD(say)
NOTE(7)
METHODS(OBJECT_DM)
RULE("declonly")
const int *array(void) { return (const int[]){ 1, 2, 3 }; }
int pick(int n) {
	static const char *UNIQUE(ddebug) USED = "x";
	extern void UNIQUE_ASSERT(void);
	if (n == 1234567) UNIQUE_ASSERT();
	switch (n) { case 0: return 7; case 1: return 19; case 2: return 4; case 3: return 61; case 4: return 2; }
	return 0;
}
"#;

/// The source, its macros, and what stands before it.
fn source(before: &str) -> String {
    let assertion = "PASTE(__compiletime_assert_, 9)";
    let body = SOURCE.replace("UNIQUE_ASSERT", assertion);
    // How far the counter is: what a header counts that was included, or no longer is.
    format!("{MACROS}{before}{body}")
}

fn object(llvm: &str, dir: &Path, name: &str, arch: &str, source: &str) -> PathBuf {
    let clang = if llvm.ends_with('/') { format!("{llvm}clang") } else { format!("clang{llvm}") };
    std::fs::create_dir_all(dir.join(name)).unwrap();
    let (input, output) = (dir.join("a.c"), dir.join(name).join("a.o"));
    std::fs::write(&input, source).unwrap();
    let status = Command::new(clang)
        .args([&format!("--target={arch}-linux-gnu"), "-O2", "-c", "-fno-pic", "-w"])
        .args(["-ffunction-sections", "-fdata-sections"])
        .args([&input, Path::new("-o"), &output])
        .status()
        .unwrap();
    assert!(status.success(), "{arch}");
    output
}

fn diff(a: &Path, b: &Path) -> Ran {
    run(&["diff", &a.display().to_string(), &b.display().to_string(), "--format", "json"])
}

#[test]
fn a_comment_changes_no_symbol_and_no_section() {
    let Some(llvm) = llvm("a_comment_changes_no_symbol") else { return };
    let dir = tempfile::tempdir().unwrap();
    for arch in ["aarch64", "x86_64", "riscv64", "loongarch64"] {
        let a = object(llvm, dir.path(), "a", arch, &source(""));
        // Counters get a digit more, and so do lines.
        let counted = "enum { ".to_owned() + &"PASTE(e, __COUNTER__), ".repeat(97) + "};\n";
        for before in ["\n\n/* a comment */\n".to_owned(), "\n".repeat(900), counted] {
            let b = object(llvm, dir.path(), "b", arch, &source(&before));
            assert_ne!(std::fs::read(&a).unwrap(), std::fs::read(&b).unwrap(), "{arch}");
            let ran = diff(&a, &b);
            assert_eq!((ran.status, ran.keys()), (0, vec![]), "{arch}: {}", ran.stdout);
        }
    }
}

/// The way by which `real_names` finds macros in a tree, on a few lines.
#[test]
fn macros_that_paste_a_number_are_found() {
    let text = "
#define PASTE_(a, b) a##b
#define PASTE(a, b) \\
	PASTE_(a, b)
#define warn(fmt, args...) printk(\"%d\" fmt, __LINE__, ##args)
#define noise(fmt, ...) PRINT(fmt, __FILE__, __LINE__ /* ## */)
#define counter() use(__COUNTER__)
#define direct(name) static int name##__LINE__;
#define through(name) static int PASTE(name, __LINE__);
#define deep(name) static int PASTE(name, PASTE(_, __LINE__));
#define beside(name) static int PASTE(name, x) = __LINE__;
#define commented(name) static int PASTE(name /* __LINE__ */, x);
";
    let found: Vec<String> = pasting_in("include/a.h", text).into_iter().collect();
    assert_eq!(found, ["counter", "deep", "direct", "through"]);
}

/// What the numbers stand beside counts as before.
#[test]
fn another_name_beside_a_counter_is_another_symbol() {
    let Some(llvm) = llvm("another_name_beside_a_counter") else { return };
    let dir = tempfile::tempdir().unwrap();
    let a = object(llvm, dir.path(), "a", "aarch64", &source(""));
    for (from, to, subject) in [
        ("BTF(struct, cgroup)", "BTF(struct, cgroup2)", "__BTF_ID__struct__cgroup2__N"),
        ("BTF(struct, cgroup)", "", "__BTF_ID__struct__cgroup__N"),
        ("FIXUP(setup)", "", "__UNIQUE_ID_setup_N"),
        ("ID(setup)", "ID(setup2)", "__initstub__kmod_user__N_N_setup24"),
        ("METHODS(OBJECT_DM)", "METHODS(OBJECT_MR)", "_object_methods_OBJECT_MRN"),
    ] {
        let text = source("");
        assert!(text.contains(from), "{from}");
        let b = object(llvm, dir.path(), "b", "aarch64", &text.replace(from, to));
        let ran = diff(&a, &b);
        assert_eq!(ran.status, 1, "{from}: {}", ran.stdout);
        assert!(ran.stdout.contains(subject), "{from}: {}", ran.stdout);
    }
}
