//! Which compiler options must reach a ThinLTO backend, as data.
//!
//! Every row carries its evidence. `measured` means by `scripts/measure-options`, whose data is
//! `measured.tsv`: front end with the option, backend with and without it, both native objects
//! compared. Tests hold that this table is what the data says.

use super::table::{Class, Form, Row};
use Class::{
    CodegenInIr, CodegenRequired, FrontendOnly, Harmless, LtoDriver, TargetSelecting, Warning,
    WarningStrict,
};
use Form::{Each, F, Joined, M, OneOf, Pair, Word};

const fn row(form: Form, class: Class, evidence: &'static str) -> Row {
    Row { form, class, default: None, evidence }
}

const fn row_default(
    form: Form,
    class: Class,
    default: &'static str,
    evidence: &'static str,
) -> Row {
    Row { form, class, default: Some(default), evidence }
}

const MEASURED: &str = "measured: the native object changes when the backend lacks it";
const ALIKE: &str = "treated alike, not measured: clang reads it in code generation only";
const IN_IR: &str = "measured: recorded in the bitcode, the native object does not change";
const IN_IR_ALIKE: &str =
    "treated alike, not measured: clang records it as attribute or module flag";
/// The debugging metadata is in the bitcode, and what calls pass is written down in code generation.
const DEBUG: &str =
    "measured: without it the calls in the debugging information lack DW_TAG_call_site_parameter";
const FLOAT: &str = "measured: loongarch makes another object without it";
const REFUSED: &str = "clang takes it for none of the architectures; treated as its kin";
const IDLE: &str = "measured: changes no object; treated as its kin";
const FRONT: &str = "used up before the bitcode is written";

/// The table, at one address, by which rows are told apart. The first row that recognises an option decides, so narrower rows come first.
pub static TABLE: &[Row] = &[
    // The commonest first: most options of a kernel command line are macros and warnings.
    row(Each("-Wa,"), CodegenRequired, MEASURED),
    row(Each("-Wp,"), FrontendOnly, FRONT),
    row(Each("-Werror"), WarningStrict, "a diagnostic that only one mode treats as an error"),
    row(Joined("-Wframe-larger-than"), WarningStrict, "an error distributed, a warning in-process"),
    row(Each("-W"), Warning, "diagnostics"),
    row(Each("-D"), FrontendOnly, FRONT),
    row(Each("-I"), FrontendOnly, FRONT),
    // Target.
    row(Joined("--target="), TargetSelecting, MEASURED),
    row(Pair("-target"), TargetSelecting, MEASURED),
    row(OneOf("-m32|-m64", &["-m32", "-m64", "-m16", "-mx32"]), TargetSelecting, MEASURED),
    row(
        OneOf("byte order", &["-mbig-endian", "-mlittle-endian", "-EB", "-EL"]),
        TargetSelecting,
        MEASURED,
    ),
    row(Joined("-mabi="), TargetSelecting, MEASURED),
    row(
        Joined("-march="),
        TargetSelecting,
        "measured: with LLVM 23, riscv names other extensions in its mapping symbols ($x…) without it; elsewhere the bitcode has it",
    ),
    row(
        Joined("-mcpu="),
        TargetSelecting,
        "measured: the bitcode has it; demanded because it stands for an -march= too",
    ),
    row(Joined("-mtune="), CodegenInIr, IN_IR),
    // Code generation that the bitcode does not carry.
    row(
        Joined("-O"),
        CodegenRequired,
        "measured: slab_common.o .text 3685 → 5317 bytes without it",
    ),
    row(
        OneOf(
            "position independence",
            &[
                "-fPIE",
                "-fpie",
                "-fno-PIE",
                "-fno-pie",
                "-fPIC",
                "-fpic",
                "-fno-PIC",
                "-fno-pic",
                "-static-pie",
                "-nopie",
            ],
        ),
        CodegenRequired,
        MEASURED,
    ),
    row_default(F("function-sections"), CodegenRequired, "no", MEASURED),
    row_default(F("data-sections"), CodegenRequired, "no", MEASURED),
    row(F("addrsig"), CodegenRequired, MEASURED),
    row_default(F("stack-size-section"), CodegenRequired, "no", MEASURED),
    row(F("align-loops"), CodegenRequired, MEASURED),
    row(M("relax-all"), CodegenRequired, MEASURED),
    row(F("basic-block-address-map"), CodegenRequired, MEASURED),
    row(M("branches-within-32B-boundaries"), CodegenRequired, MEASURED),
    row(M("annotate-tablejump"), CodegenRequired, "measured: loongarch"),
    row(F("basic-block-sections"), CodegenRequired, MEASURED),
    row(F("split-machine-functions"), CodegenRequired, MEASURED),
    row(
        F("profile-sample-use"),
        CodegenRequired,
        "measured: with LLVM 22 and 23 the backend reads the profile again; with 19 it does not",
    ),
    row(F("unique-section-names"), CodegenRequired, MEASURED),
    row_default(F("integrated-as"), CodegenRequired, "yes", MEASURED),
    row(Joined("-gz"), CodegenRequired, MEASURED),
    row(Joined("-gsplit-dwarf"), CodegenRequired, MEASURED),
    row(Pair("-Xassembler"), CodegenRequired, MEASURED),
    row(
        Pair("-mllvm"),
        CodegenRequired,
        "measured with some: all that concern the backend change the native object",
    ),
    row(Each("-gdwarf"), CodegenRequired, DEBUG),
    row(Each("-ggdb"), CodegenRequired, DEBUG),
    row(OneOf("-g", &["-g", "-g0", "-g1", "-g2", "-g3"]), CodegenRequired, DEBUG),
    row(M("outline"), CodegenRequired, MEASURED),
    row(Joined("-mtls-size="), CodegenRequired, MEASURED),
    row(M("soft-float"), CodegenRequired, FLOAT),
    row(M("hard-float"), CodegenRequired, ALIKE),
    row(Joined("-mfpu="), CodegenRequired, FLOAT),
    // Code generation that the bitcode carries.
    row(F("jump-tables"), CodegenInIr, IN_IR),
    row(F("patchable-function-entry"), CodegenInIr, IN_IR),
    row(F("align-functions"), CodegenInIr, IN_IR),
    row(
        OneOf(
            "stack protector",
            &[
                "-fstack-protector",
                "-fstack-protector-strong",
                "-fstack-protector-all",
                "-fno-stack-protector",
            ],
        ),
        CodegenInIr,
        IN_IR,
    ),
    row(Each("-mstack-protector-guard"), CodegenInIr, IN_IR),
    row(Each("-fsanitize"), CodegenInIr, IN_IR),
    row(Each("-fno-sanitize"), CodegenInIr, IN_IR),
    row(F("zero-call-used-regs"), CodegenInIr, IN_IR),
    row(F("omit-frame-pointer"), CodegenInIr, IN_IR),
    row(M("omit-leaf-frame-pointer"), CodegenInIr, IN_IR),
    row(F("unwind-tables"), CodegenInIr, IN_IR),
    row(F("asynchronous-unwind-tables"), CodegenInIr, IN_IR),
    row(F("stack-clash-protection"), CodegenInIr, IN_IR),
    row(F("stack-check"), CodegenInIr, IDLE),
    row(F("optimize-sibling-calls"), CodegenInIr, IN_IR),
    row(F("delete-null-pointer-checks"), CodegenInIr, IN_IR),
    row(F("inline-functions"), CodegenInIr, IN_IR),
    row(F("inline-hint-functions"), CodegenInIr, IN_IR),
    row(F("semantic-interposition"), CodegenInIr, IN_IR),
    row(F("direct-access-external-data"), CodegenInIr, IN_IR),
    row(F("ident"), CodegenInIr, IN_IR),
    row(F("debug-info-for-profiling"), CodegenInIr, IN_IR),
    row(F("pseudo-probe-for-profiling"), CodegenInIr, IN_IR_ALIKE),
    row(Word("-pg"), CodegenInIr, IN_IR),
    row(Word("-mfentry"), CodegenInIr, IN_IR),
    row(Word("-mnop-mcount"), CodegenInIr, REFUSED),
    row(Word("-mrecord-mcount"), CodegenInIr, REFUSED),
    row(Joined("-mcmodel="), CodegenInIr, IN_IR),
    row(Joined("-mstack-alignment="), CodegenInIr, IN_IR),
    row(M("skip-rax-setup"), CodegenInIr, IN_IR),
    row(Each("-mretpoline"), CodegenInIr, IN_IR),
    row(Joined("-mfunction-return="), CodegenInIr, IN_IR),
    row(Joined("-mharden-sls="), CodegenInIr, IN_IR),
    row(F("cf-protection"), CodegenInIr, IN_IR),
    row(Each("-mindirect-branch"), CodegenInIr, IN_IR),
    row(M("red-zone"), CodegenInIr, IN_IR),
    row(Joined("-mregparm="), CodegenInIr, IN_IR),
    row(Joined("-mbranch-protection="), CodegenInIr, IN_IR),
    row(Each("-ffixed-"), CodegenInIr, IN_IR),
    row(M("relax"), CodegenInIr, IN_IR),
    row(M("save-restore"), CodegenInIr, IN_IR),
    row(M("strict-align"), CodegenInIr, IN_IR),
    row(M("unaligned-access"), CodegenInIr, IN_IR),
    row(M("general-regs-only"), CodegenInIr, IN_IR),
    row(M("outline-atomics"), CodegenInIr, IN_IR),
    row(M("implicit-float"), CodegenInIr, IN_IR),
    row(M("fp-ret-in-387"), CodegenInIr, IN_IR),
    row(Joined("-mpreferred-stack-boundary="), CodegenInIr, REFUSED),
    row(Joined("-mbranch-cost="), CodegenInIr, IN_IR_ALIKE),
    // x86, arm64, riscv and loongarch instruction sets: target-features of each function.
    row(M("sse"), CodegenInIr, IN_IR),
    row(M("sse2"), CodegenInIr, IN_IR),
    row(M("sse3"), CodegenInIr, IN_IR),
    row(M("ssse3"), CodegenInIr, IN_IR),
    row(M("sse4"), CodegenInIr, IN_IR),
    row(M("sse4a"), CodegenInIr, IN_IR),
    row(M("sse4.1"), CodegenInIr, IN_IR),
    row(M("sse4.2"), CodegenInIr, IN_IR),
    row(M("mmx"), CodegenInIr, IDLE),
    row(M("3dnow"), CodegenInIr, IN_IR_ALIKE),
    row(M("avx"), CodegenInIr, IN_IR),
    row(M("avx2"), CodegenInIr, IN_IR),
    row(M("avx512f"), CodegenInIr, IN_IR),
    row(M("80387"), CodegenInIr, IDLE),
    row(Joined("-msimd="), CodegenInIr, IN_IR),
    row(M("lsx"), CodegenInIr, IN_IR),
    row(M("lasx"), CodegenInIr, IN_IR),
    row(M("direct-extern-access"), CodegenInIr, REFUSED),
    row(Joined("-msign-return-address="), CodegenInIr, IN_IR),
    // The kind of compile.
    row(
        OneOf("-flto", &["-flto", "-flto=thin", "-flto=full", "-flto=auto", "-fno-lto"]),
        LtoDriver,
        "without -fno-lto, the backend writes bitcode",
    ),
    row(F("split-lto-unit"), LtoDriver, "no effect on a backend"),
    row(
        Joined("-fthinlto-index="),
        LtoDriver,
        "without it nothing is imported: scripts/measure-options sees to that",
    ),
    row(Joined("-fvisibility="), LtoDriver, "in the bitcode as visibility of each symbol"),
    row(F("whole-program-vtables"), LtoDriver, "measured: a backend rejects it without -flto"),
    row(Pair("-x"), LtoDriver, "bitcode is recognised without it, the object is identical"),
    row(OneOf("action", &["-c", "-S", "-E"]), LtoDriver, "decides what is written"),
    row(Pair("-o"), LtoDriver, "names the output"),
    row(Word("-pipe"), LtoDriver, "no effect"),
    // Front end.
    row(Each("-U"), FrontendOnly, FRONT),
    row(Each("-isystem"), FrontendOnly, FRONT),
    row(Each("-iquote"), FrontendOnly, FRONT),
    row(Each("-idirafter"), FrontendOnly, FRONT),
    row(Each("-include"), FrontendOnly, FRONT),
    row(Each("-imacros"), FrontendOnly, FRONT),
    row(Each("-nostdinc"), FrontendOnly, FRONT),
    row(Each("-std="), FrontendOnly, FRONT),
    row(Each("-M"), FrontendOnly, "dependency output of the preprocessor"),
    row(F("ms-extensions"), FrontendOnly, FRONT),
    row(F("short-wchar"), FrontendOnly, FRONT),
    row(F("short-enums"), FrontendOnly, FRONT),
    row(F("unsigned-char"), FrontendOnly, FRONT),
    row(F("signed-char"), FrontendOnly, FRONT),
    row(F("common"), FrontendOnly, FRONT),
    row(F("freestanding"), FrontendOnly, FRONT),
    row(Word("-ffreestanding"), FrontendOnly, FRONT),
    row(F("hosted"), FrontendOnly, FRONT),
    row(F("strict-flex-arrays"), FrontendOnly, FRONT),
    row(F("strict-overflow"), FrontendOnly, "decides nsw flags when the bitcode is written"),
    row(F("wrapv"), FrontendOnly, "decides nsw flags when the bitcode is written"),
    row(F("strict-aliasing"), FrontendOnly, "decides TBAA metadata when the bitcode is written"),
    row(F("trivial-auto-var-init"), FrontendOnly, FRONT),
    row(F("macro-prefix-map"), FrontendOnly, FRONT),
    row(Each("-ffile-prefix-map="), FrontendOnly, FRONT),
    row(Each("-fdebug-prefix-map="), FrontendOnly, FRONT),
    row(Each("-frandomize-layout"), FrontendOnly, FRONT),
    row(Each("-fno-builtin"), FrontendOnly, "in the bitcode as no-builtin attributes"),
    row(F("experimental-late-parse-attributes"), FrontendOnly, FRONT),
    row(F("plan9-extensions"), FrontendOnly, FRONT),
    row(F("gnu89-inline"), FrontendOnly, FRONT),
    row(F("math-errno"), FrontendOnly, FRONT),
    // Diagnostics.
    row(Word("-w"), Warning, "diagnostics"),
    row(Word("-Qunused-arguments"), Harmless, "diagnostics format"),
    row(F("color-diagnostics"), Harmless, "diagnostics format"),
    row(F("diagnostics-color"), Harmless, "diagnostics format"),
    row(F("caret-diagnostics"), Harmless, "diagnostics format"),
    row(F("diagnostics-show-option"), Harmless, "diagnostics format"),
    row(Each("-fmessage-length"), Harmless, "diagnostics format"),
];
