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

pub(super) const MEASURED: &str = "measured: the native object changes when the backend lacks it";
const ALIKE: &str = "treated alike, not measured: clang reads it in code generation only";
pub(super) const IN_IR: &str =
    "measured: recorded in the bitcode, the native object does not change";
const IN_IR_ALIKE: &str =
    "treated alike, not measured: clang records it as attribute or module flag";
const FRONT: &str = "used up before the bitcode is written";

/// The table. The first row that recognises an option decides, so narrower rows come first.
pub const TABLE: &[Row] = &[
    // The commonest first: most options of a kernel command line are macros and warnings.
    row(Each("-Wa,"), CodegenRequired, "measured: -Wa,-bogus is rejected by the backend only"),
    row(Each("-Wp,"), FrontendOnly, FRONT),
    row(Each("-Werror"), WarningStrict, "a diagnostic that only one mode treats as an error"),
    row(
        Joined("-Wframe-larger-than"),
        WarningStrict,
        "measured: an error distributed, a warning in-process",
    ),
    row(Each("-W"), Warning, "diagnostics"),
    row(Each("-D"), FrontendOnly, FRONT),
    row(Each("-I"), FrontendOnly, FRONT),
    // Target.
    row(Joined("--target="), TargetSelecting, MEASURED),
    row(Pair("-target"), TargetSelecting, ALIKE),
    row(OneOf("-m32|-m64", &["-m32", "-m64", "-m16", "-mx32"]), TargetSelecting, MEASURED),
    row(
        OneOf("byte order", &["-mbig-endian", "-mlittle-endian", "-EB", "-EL"]),
        TargetSelecting,
        MEASURED,
    ),
    row(Joined("-mabi="), TargetSelecting, "measured: riscv and loongarch e_flags change"),
    row(Joined("-march="), TargetSelecting, "measured: riscv attributes change"),
    row(Joined("-mcpu="), TargetSelecting, ALIKE),
    row(Joined("-mtune="), CodegenInIr, IN_IR_ALIKE),
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
    row(F("basic-block-sections"), CodegenRequired, ALIKE),
    row(F("split-machine-functions"), CodegenRequired, ALIKE),
    row(F("profile-sample-use"), CodegenRequired, ALIKE),
    row(F("unique-section-names"), CodegenRequired, ALIKE),
    row_default(F("integrated-as"), CodegenRequired, "yes", ALIKE),
    row(Joined("-gz"), CodegenRequired, ALIKE),
    row(Joined("-gsplit-dwarf"), CodegenRequired, ALIKE),
    row(Pair("-Xassembler"), CodegenRequired, ALIKE),
    row(Pair("-mllvm"), CodegenRequired, "measured with -mllvm -max-store-memset=…"),
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
    row(M("omit-leaf-frame-pointer"), CodegenInIr, IN_IR_ALIKE),
    row(F("unwind-tables"), CodegenInIr, IN_IR),
    row(F("asynchronous-unwind-tables"), CodegenInIr, IN_IR),
    row(F("stack-clash-protection"), CodegenInIr, IN_IR),
    row(F("stack-check"), CodegenInIr, IN_IR_ALIKE),
    row(F("optimize-sibling-calls"), CodegenInIr, IN_IR_ALIKE),
    row(F("delete-null-pointer-checks"), CodegenInIr, IN_IR_ALIKE),
    row(F("inline-functions"), CodegenInIr, IN_IR_ALIKE),
    row(F("inline-hint-functions"), CodegenInIr, IN_IR_ALIKE),
    row(F("semantic-interposition"), CodegenInIr, IN_IR_ALIKE),
    row(F("direct-access-external-data"), CodegenInIr, IN_IR_ALIKE),
    row(F("ident"), CodegenInIr, IN_IR_ALIKE),
    row(F("debug-info-for-profiling"), CodegenInIr, IN_IR_ALIKE),
    row(F("pseudo-probe-for-profiling"), CodegenInIr, IN_IR_ALIKE),
    row(Word("-pg"), CodegenInIr, IN_IR),
    row(Word("-mfentry"), CodegenInIr, IN_IR),
    row(Word("-mnop-mcount"), CodegenInIr, IN_IR_ALIKE),
    row(Word("-mrecord-mcount"), CodegenInIr, IN_IR_ALIKE),
    row(Joined("-mcmodel="), CodegenInIr, IN_IR),
    row(Joined("-mstack-alignment="), CodegenInIr, IN_IR),
    row(M("skip-rax-setup"), CodegenInIr, IN_IR),
    row(Each("-mretpoline"), CodegenInIr, IN_IR),
    row(Joined("-mfunction-return="), CodegenInIr, IN_IR),
    row(Joined("-mharden-sls="), CodegenInIr, IN_IR),
    row(F("cf-protection"), CodegenInIr, IN_IR),
    row(Each("-mindirect-branch"), CodegenInIr, IN_IR_ALIKE),
    row(M("red-zone"), CodegenInIr, IN_IR),
    row(Joined("-mregparm="), CodegenInIr, IN_IR),
    row(Joined("-mbranch-protection="), CodegenInIr, IN_IR),
    row(Each("-ffixed-"), CodegenInIr, IN_IR),
    row(M("relax"), CodegenInIr, IN_IR),
    row(M("save-restore"), CodegenInIr, IN_IR),
    row(M("strict-align"), CodegenInIr, IN_IR_ALIKE),
    row(M("unaligned-access"), CodegenInIr, IN_IR_ALIKE),
    row(M("general-regs-only"), CodegenInIr, "in the bitcode as target-features of each function"),
    row(M("outline-atomics"), CodegenInIr, IN_IR_ALIKE),
    row(M("outline"), CodegenInIr, IN_IR_ALIKE),
    row(M("implicit-float"), CodegenInIr, IN_IR_ALIKE),
    row(M("fp-ret-in-387"), CodegenInIr, IN_IR_ALIKE),
    row(Joined("-mpreferred-stack-boundary="), CodegenInIr, IN_IR_ALIKE),
    row(Joined("-mbranch-cost="), CodegenInIr, IN_IR_ALIKE),
    // x86, arm64, riscv and loongarch instruction sets: target-features of each function.
    row(M("sse"), CodegenInIr, IN_IR_ALIKE),
    row(M("sse2"), CodegenInIr, IN_IR_ALIKE),
    row(M("sse3"), CodegenInIr, IN_IR_ALIKE),
    row(M("ssse3"), CodegenInIr, IN_IR_ALIKE),
    row(M("sse4"), CodegenInIr, IN_IR_ALIKE),
    row(M("sse4a"), CodegenInIr, IN_IR_ALIKE),
    row(M("sse4.1"), CodegenInIr, IN_IR_ALIKE),
    row(M("sse4.2"), CodegenInIr, IN_IR_ALIKE),
    row(M("mmx"), CodegenInIr, IN_IR_ALIKE),
    row(M("3dnow"), CodegenInIr, IN_IR_ALIKE),
    row(M("avx"), CodegenInIr, IN_IR_ALIKE),
    row(M("avx2"), CodegenInIr, IN_IR_ALIKE),
    row(M("avx512f"), CodegenInIr, IN_IR_ALIKE),
    row(M("80387"), CodegenInIr, IN_IR_ALIKE),
    row(M("soft-float"), CodegenInIr, IN_IR_ALIKE),
    row(M("hard-float"), CodegenInIr, IN_IR_ALIKE),
    row(Joined("-mfpu="), CodegenInIr, IN_IR_ALIKE),
    row(Joined("-msimd="), CodegenInIr, IN_IR_ALIKE),
    row(M("lsx"), CodegenInIr, IN_IR_ALIKE),
    row(M("lasx"), CodegenInIr, IN_IR_ALIKE),
    row(M("direct-extern-access"), CodegenInIr, IN_IR_ALIKE),
    row(Joined("-mtls-size="), CodegenInIr, IN_IR_ALIKE),
    row(Joined("-msign-return-address="), CodegenInIr, IN_IR_ALIKE),
    row(Each("-gdwarf"), CodegenInIr, "debug metadata is in the bitcode"),
    row(Each("-ggdb"), CodegenInIr, "debug metadata is in the bitcode"),
    row(
        OneOf("-g", &["-g", "-g0", "-g1", "-g2", "-g3"]),
        CodegenInIr,
        "debug metadata is in the bitcode",
    ),
    // The kind of compile.
    row(
        OneOf("-flto", &["-flto", "-flto=thin", "-flto=full", "-flto=auto", "-fno-lto"]),
        LtoDriver,
        MEASURED,
    ),
    row(F("split-lto-unit"), LtoDriver, "measured: no effect on a backend"),
    row(Joined("-fthinlto-index="), LtoDriver, MEASURED),
    row(Joined("-fvisibility="), LtoDriver, "in the bitcode as visibility of each symbol"),
    row(F("whole-program-vtables"), LtoDriver, IN_IR_ALIKE),
    row(
        Pair("-x"),
        LtoDriver,
        "measured: bitcode is recognised without it, the object is identical",
    ),
    row(OneOf("action", &["-c", "-S", "-E"]), LtoDriver, MEASURED),
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
