use super::*;
use proptest::prelude::*;

fn command(text: String, path: &str) -> Answer<CommandText> {
    Answer::Read(CommandText { text, path: path.to_owned(), target: "a.o".to_owned() })
}

fn object(front: String, back: String, saved: &str) -> ObjectFacts {
    ObjectFacts {
        front: command(front, ".a.o.cmd"),
        back: command(back, ".a.thinlto-native.o.cmd"),
        saved: command(saved.to_owned(), ".a.o.cmd").get().cloned(),
        ..ObjectFacts::default()
    }
}

fn judge_of(object: &ObjectFacts) -> Judge<'_> {
    let (arch, mode) = (Arch::Arm64, Mode::Distributed);
    Judge { arch, mode, name: "a.o", object, verdict: ObjectVerdict::default() }
}

/// What the short way says, if it may be taken, and what comparing everything says.
fn both_ways(object: &ObjectFacts) -> (Option<ObjectVerdict>, ObjectVerdict) {
    let (mut short, mut long) = (judge_of(object), judge_of(object));
    long.compare_all();
    (short.compare_around().map(|()| short.verdict), long.verdict)
}

#[test]
fn a_command_as_kbuild_makes_it_goes_the_short_way() {
    let saved = "-D__KERNEL__ -Os -flto=thin -I . -DKBUILD_MODFILE='\"a\"'";
    let object = object(
        format!(
            "clang -Wp,-MMD,.a.o.d {saved} -DKBUILD_BASENAME='\"a\"' -c -o a.o a.c ; ./objtool a.o"
        ),
        format!(
            "clang {saved} -x ir -fno-lto -fthinlto-index=a.o.thinlto.bc -c -o a.thinlto-native.o a.o"
        ),
        saved,
    );
    let (short, long) = both_ways(&object);
    let short = short.unwrap();
    assert!(short.findings.is_empty() && short.compared);
    assert_eq!(short.flags_compared, long.flags_compared);
}

#[test]
fn a_command_that_means_something_else_does_not() {
    let backs = [
        // LTO is on again behind the backend's own -fno-lto.
        "clang -fno-lto -Os -flto=thin -x ir -fthinlto-index=a.o.thinlto.bc -c -o b.o a.o",
        // Two commands.
        "clang -Os -flto=thin ; -fno-lto -fthinlto-index=a.o.thinlto.bc -c -o b.o a.o",
        "cd x; -Os -flto=thin -fno-lto -fthinlto-index=a.o.thinlto.bc -c -o b.o a.o",
        // The first saved word is an argument.
        "clang -include -Os -flto=thin -fno-lto -fthinlto-index=a.o.thinlto.bc -c -o b.o a.o",
        // Text in quotes.
        "clang '-DX= -Os -flto=thin -fno-lto' -fthinlto-index=a.o.thinlto.bc -c -o b.o a.o",
        // A lost option, and a macro of the backend's own.
        "clang -Os -flto=thin -O3 -fno-lto -fthinlto-index=a.o.thinlto.bc -c -o b.o a.o",
        "clang -Os -flto=thin -DX -fno-lto -fthinlto-index=a.o.thinlto.bc -c -o b.o a.o",
    ];
    for back in backs {
        let front = "clang -MMD -Os -flto=thin -c -o a.o a.c".to_owned();
        let object = object(front, back.to_owned(), "-Os -flto=thin");
        assert!(judge_of(&object).compare_around().is_none(), "{back}");
    }
}

#[test]
fn what_runs_on_a_native_object_behind_its_backend_is_told() {
    let saved = "-Os -flto=thin";
    let back = format!(
        "clang {saved} -x ir -fno-lto -fthinlto-index=a.o.thinlto.bc -c -o a.thinlto-native.o a.o"
    );
    let told = |after: &str| {
        let front = format!("clang -MMD {saved} -c -o a.o a.c");
        let object = object(front, format!("{back}{after}"), saved);
        let verdict = judge(Arch::X86_64, Mode::Distributed, "a.o", &object);
        verdict.findings.iter().map(|f| f.key.as_str().to_owned()).collect::<Vec<_>>()
    };
    for after in [
        "; llvm-objcopy --rename-section .text=.text.hot a.thinlto-native.o",
        " && llvm-strip -g a.thinlto-native.o",
        "; sh -c 'x' a.thinlto-native.o",
    ] {
        assert_eq!(told(after), ["flags.command.added"], "{after}");
    }
    for after in ["", "; ./tools/objtool/objtool --orc a.thinlto-native.o", "; llvm-strip b.o"] {
        assert!(told(after).is_empty(), "{after}");
    }
}

/// Mostly what kbuild writes there, and now and then anything.
fn pieces() -> impl Strategy<Value = String> {
    let plain = prop::sample::select(vec![
        "-DX",
        "-Wall",
        "-I.",
        "-I x",
        "-flto=thin",
        "-fno-lto",
        "-c",
        "-x ir",
        "-Wno-x",
    ]);
    let any = prop::sample::select(vec![
        "-O2",
        "-fno-PIE",
        "-mabi=lp64",
        "-Wa,-x",
        "-DX='\"a b\"'",
        "-Werror=x",
        "-fnew",
        "-I",
        "-mllvm",
        "-x",
        "-fthinlto-index=a.o.thinlto.bc",
        "-fthinlto-index=b",
        "-o",
        "a.o",
        "a.c",
        ";",
        "'",
        "\\",
        "-DKBUILD_MODFILE='\"a\"'",
        "ccache",
    ]);
    let piece = prop_oneof![9 => plain, 1 => any];
    prop::collection::vec(piece, 0..4).prop_map(|list| list.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    /// Where the short way is taken, it says what comparing everything says.
    #[test]
    fn the_short_way_leads_to_the_same_place(
        saved in pieces(), front in (pieces(), pieces()), back in (pieces(), pieces()),
    ) {
        let saved = format!("-Os {saved}");
        let object = object(
            format!("clang {} {saved} {} -c -o a.o a.c", front.0, front.1),
            format!("clang {} {saved} {} -fno-lto -c -o a.thinlto-native.o a.o", back.0, back.1),
            &saved,
        );
        if let (Some(short), long) = both_ways(&object) {
            prop_assert_eq!(short.findings, long.findings);
            prop_assert_eq!(short.flags_compared, long.flags_compared);
            prop_assert_eq!(short.compared, long.compared);
        }
    }
}
