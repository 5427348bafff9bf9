use crate::oracle::{assembled, disassembled, dumped, facts};
use crate::support::{Llvm, SOURCE, llvm};
use twinlto_facts::bitcode::{BitcodeError, Content, GlobalKind, Lto, Module, read};

const X86: &str = "--target=x86_64-linux-gnu";
const ARM64: &str = "--target=aarch64-linux-gnu";
const RISCV: &str = "--target=riscv64-linux-gnu";

fn compile(llvm: &Llvm, object: &str, args: &[&str]) -> Vec<u8> {
    let bytes = llvm.clang("a.c", SOURCE, object, args);
    assert_eq!(facts(&bytes), dumped(llvm, object), "{object}");
    assert_eq!(assembled(&bytes), disassembled(llvm, object), "{object}");
    bytes
}

fn kind(module: &Module<'_>) -> &'static str {
    match &module.content {
        Content::Ir(ir) => match &ir.lto {
            Lto::NoSummary => "IR without summary",
            Lto::Thin(_) => "IR for ThinLTO",
            Lto::Full(_) => "IR for regular LTO",
        },
        Content::Index(_) => "index",
        Content::ThinLink(_) => "thin link",
    }
}

#[test]
fn everything_is_as_llvm_says() {
    let Some(llvm) = llvm("everything_is_as_llvm_says") else { return };
    compile(&llvm, "thin.o", &[X86, "-flto=thin"]);
    compile(&llvm, "arm.o", &[ARM64, "-flto=thin", "-mbranch-protection=standard"]);
    compile(&llvm, "riscv.o", &[RISCV, "-flto=thin", "-march=rv64gcv_zbb", "-mabi=lp64d"]);
    compile(&llvm, "kcfi.o", &[X86, "-flto=thin", "-fsanitize=kcfi", "-fpic", "-mcmodel=kernel"]);
    compile(&llvm, "big.o", &["--target=s390x-linux-gnu", "-flto=thin"]);
    compile(&llvm, "debug.o", &[X86, "-flto=thin", "-g3", "-gdwarf-5"]);
    compile(&llvm, "names.o", &[X86, "-flto=thin", "-O0", "-fno-discard-value-names"]);
}

#[test]
fn a_module_says_whom_it_is_for() {
    let Some(llvm) = llvm("a_module_says_whom_it_is_for") else { return };
    for (object, args, expected) in [
        ("thin.o", &[X86, "-flto=thin"][..], "IR for ThinLTO"),
        ("full.o", &[X86, "-flto=full"], "IR for regular LTO"),
        ("unified.o", &[X86, "-flto=full", "-funified-lto"], "IR for ThinLTO"),
        ("plain.bc", &[X86, "-emit-llvm"], "IR without summary"),
    ] {
        let bytes = compile(&llvm, object, args);
        let facts = read(&bytes).unwrap();
        assert_eq!(facts.modules.iter().map(kind).collect::<Vec<_>>(), [expected], "{object}");
    }
}

#[test]
fn names_come_from_the_string_table() {
    let Some(llvm) = llvm("names_come_from_the_string_table") else { return };
    let bytes = compile(&llvm, "a.o", &[X86, "-flto=thin", "-O0"]);
    let facts = read(&bytes).unwrap();
    assert_eq!(kind(&facts.modules[0]), "IR for ThinLTO");
    let ir = facts.modules[0].ir().unwrap();
    let names = |kind, defined| -> Vec<&str> {
        let wanted = ir.globals.iter().filter(|it| it.kind == kind && it.defined == defined);
        wanted.map(|it| &*it.name).collect()
    };
    let mut defined = names(GlobalKind::Function, true);
    defined.sort_unstable();
    assert_eq!(defined, ["get", "helper", "resolve", "start", "unreachable_code"]);
    assert_eq!(names(GlobalKind::Function, false), ["elsewhere", "also"]);
    assert_eq!(names(GlobalKind::Variable, true), ["counter", "text"]);
    assert_eq!(names(GlobalKind::Variable, false), ["outside"]);
    assert_eq!(names(GlobalKind::Alias, true), ["second"]);
    assert_eq!(names(GlobalKind::Ifunc, true), ["chosen"]);
    assert_eq!(ir.source_file_name, "a.c");
    assert_eq!(ir.inline_asm, 45);
}

#[test]
fn a_split_module_is_two() {
    let Some(llvm) = llvm("a_split_module_is_two") else { return };
    let source = "struct A { virtual int f(); virtual int g(); int x; };\n\
                  int A::f() { return 1; } int A::g() { return 2; }\n\
                  int h(A *a) { return a->f(); }\n";
    let args = [X86, "-flto=thin", "-fsplit-lto-unit", "-fvisibility=hidden"];
    let args = [&args[..], &["-fwhole-program-vtables", "-fno-rtti"]].concat();
    let bytes = llvm.clang("a.cc", source, "a.o", &args);
    let facts = read(&bytes).unwrap();
    let kinds: Vec<_> = facts.modules.iter().map(kind).collect();
    assert_eq!(kinds, ["IR for ThinLTO", "IR for regular LTO"]);
    assert_eq!(crate::oracle::facts(&bytes), dumped(&llvm, "a.o"));
    for module in &facts.modules {
        let ir = module.ir().unwrap();
        assert!(ir.globals.iter().any(|it| it.name == "_ZTV1A"), "{:?}", ir.globals);
    }
}

#[test]
fn what_a_thin_link_needs_is_no_code() {
    let Some(llvm) = llvm("what_a_thin_link_needs_is_no_code") else { return };
    let args = [X86, "-flto=thin", "-Xclang", "-fthin-link-bitcode=a.thin"];
    let whole = compile(&llvm, "a.o", &args);
    let whole = read(&whole).unwrap();
    let thin = llvm.read("a.thin");
    let thin = read(&thin).unwrap();
    let (Content::ThinLink(thin), Some(ir)) = (&thin.modules[0].content, whole.modules[0].ir())
    else {
        panic!("{} {}", kind(&thin.modules[0]), kind(&whole.modules[0]))
    };
    assert_eq!(thin.source_file_name, "a.c");
    assert_eq!(ir.lto, Lto::Thin(thin.summary.clone().unwrap()));
    assert!(thin.hash.is_some());
}

#[test]
fn a_wrapper_is_taken_off() {
    let Some(llvm) = llvm("a_wrapper_is_taken_off") else { return };
    let bytes = llvm.clang("a.c", SOURCE, "a.o", &[X86, "-flto=thin"]);
    let plain = read(&bytes).unwrap();
    let header = [0x0b17_c0de, 0, 20, bytes.len() as u32, 7].map(u32::to_le_bytes).concat();
    let whole = [&header[..], &bytes, &[0; 12]].concat();
    let wrapped = read(&whole).unwrap();
    assert!(wrapped.wrapped && !plain.wrapped);
    assert_eq!(wrapped.modules, plain.modules);
    let short = read(&whole[..bytes.len()]).unwrap_err();
    assert!(matches!(short, BitcodeError::Truncated { .. }), "{short}");
    let error = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
    assert_eq!(error(&header[..12]), "damaged wrapper: it is cut short");
}

#[test]
fn what_is_no_bitcode_says_what_it_is() {
    let error = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
    assert_eq!(error(b""), "not a bitcode file: empty");
    assert_eq!(error(b"!<thin>\n"), "not a bitcode file: thin archive");
    assert_eq!(error(b"BC\xc0\xde"), "damaged bitcode: no module");
    let header = [0x0b17_c0de, 0, 20, 0, 7].map(u32::to_le_bytes).concat();
    assert_eq!(error(&header), "damaged wrapper: it holds no bitcode but empty");
}
