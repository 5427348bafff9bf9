//! Files that the assembly in IR objects reads, as clang writes and imports it.

use crate::support::llvm;
use twinlto_facts::bitcode::{Assembly, assembly, module_assembly};

fn paths(found: &Assembly) -> [Vec<String>; 2] {
    let names = |files: &twinlto_facts::asm::AsmFiles| {
        assert_eq!(files.unknown, None);
        files.files.iter().map(|it| it.path.clone()).collect()
    };
    [names(&found.module), names(&found.functions)]
}

const SOURCE: &str = r##"
__asm__(".pushsection .rodata\nkernel_config_data: .incbin \"first.bin\"\n.popsection");
__asm__(".pushsection .rodata\n.incbin \"sec.ond\", 1\n.popsection");
static inline int table(void) {
	int it;
	__asm__(".pushsection .rodata\n1: .incbin \"ta$ble.bin\"\n.popsection\n" : "=r"(it));
	return it;
}
int calls(int at) { return at + table(); }
int other(int at) { __asm__ volatile("# .include \"x.inc\"" :: "r"(at)); return at; }
int plain(int at) { __asm__ volatile("nop"); return at * 3; }
"##;

#[test]
fn files_of_both_kinds_of_assembly_are_found() {
    let Some(llvm) = llvm("files_of_both_kinds_of_assembly_are_found") else { return };
    // The front end assembles a module's assembly, too, for the names in it.
    llvm.write("first.bin", "first");
    llvm.write("sec.ond", "second");
    for args in [
        &["-flto=thin", "--target=aarch64-linux-gnu"][..],
        &["-flto=thin", "-g", "--target=x86_64-linux-gnu"],
        &["-flto", "-O0", "--target=riscv64-linux-gnu"],
        &["-emit-llvm", "--target=loongarch64-linux-gnu"],
    ] {
        let object = llvm.clang("a.c", SOURCE, "a.o", args);
        let [module, functions] = paths(&assembly(&object).unwrap());
        assert_eq!(module, ["first.bin", "sec.ond"], "{args:?}");
        let alone = module_assembly(&object).unwrap();
        assert_eq!(alone, assembly(&object).unwrap().module, "{args:?}");
        assert_eq!(functions, ["ta$ble.bin", "x.inc"], "{args:?}");
    }
    let none = llvm.clang("b.c", "int f(int at) { return at; }", "b.o", &["-flto=thin"]);
    assert!(assembly(&none).unwrap().module.is_empty());
    assert!(assembly(b"\x7fELF").is_err());
}

/// What a backend reads is its own module's assembly, and the statements of what it imports.
#[test]
fn a_backend_imports_statements_and_no_assembly_of_a_module() {
    let Some(llvm) = llvm("a_backend_imports_statements") else { return };
    let (target, lto) = ("--target=aarch64-linux-gnu", "-flto=thin");
    let exporter = r#"
__asm__(".pushsection .rodata\n.incbin \"of_module.bin\"\n.popsection");
int small(int at) {
	__asm__ volatile(".pushsection .rodata\n.incbin \"of_function.bin\"\n.popsection");
	return at + 1;
}
"#;
    llvm.write("of_module.bin", "any");
    llvm.clang("small.c", exporter, "small.o", &[target, lto]);
    llvm.clang(
        "user.c",
        "int small(int); int user(int at) { return small(at); }",
        "user.o",
        &[target, lto],
    );
    llvm.run("ld.lld", &["-r", "--thinlto-index-only=list", "-o", "all.o", "small.o", "user.o"]);
    let native = |module: &str, function: &str| {
        llvm.write("of_module.bin", module);
        llvm.write("of_function.bin", function);
        let index = "-fthinlto-index=user.o.thinlto.bc";
        llvm.run("clang", &[target, "-O2", "-x", "ir", index, "-c", "-o", "user.n.o", "user.o"]);
        llvm.read("user.n.o")
    };
    let first = native("module one", "function one");
    assert_eq!(native("module two", "function one"), first);
    assert_ne!(native("module two", "function two"), first);
}
