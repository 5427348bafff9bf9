//! The same build by other names of the same tools gives the same facts.

use super::*;
use std::collections::BTreeSet;

/// A build that fails in every way in which a tool's name matters. `{X}` is a tool's word in a
/// command, `{X:}` the name under which it speaks.
const BUILD: &str = "\
{make:}[1]: Entering directory '/build'
# CC      mm/util.o
  {clang} -D__KERNEL__ --target=aarch64-linux-gnu -flto=thin -c -o mm/util.o ../mm/util.c
{clang:}: warning: argument unused during compilation: '-nostdinc' [-Wunused-command-line-argument]
  {ld.lld} -r --fatal-warnings --thinlto-index-only=vmlinux.thinlto-index -o dist.o @builtin.order
  {clang} \" -Imm -DKBUILD_MODFILE='\"mm/util\"' -x ir -fno-lto -fthinlto-index=mm/util.o.thinlto.bc -c -o mm/util.thinlto-native.o mm/util.o
/bin/sh: 9: Syntax error: Unterminated quoted string
{clang:}: error: no such file or directory: ' -Imm -DKBUILD_MODFILE='mm/util' -x ir -fno-lto -fthinlto-index=mm/util.o.thinlto.bc -c -o mm/util.thinlto-native.o mm/util.o; printf '%s\\n' 'savedcmd_mm/util.thinlto-native.o := {clang} '
{clang:}: error: no input files
{make:}[3]: *** [../scripts/Makefile.thinlto:25: mm/util.thinlto-native.o] Error 1
:2:2:   {clang} -x ir -fthinlto-index=lib/a.o.thinlto.bc -c -o lib/a.thinlto-native.o lib/a.o
{llvm-ar:}: error: lib/b.thinlto-native.o: No such file or directory
the end of it {llvm-ar:}: error: lib/c.thinlto-native.o: No such file or directory
{make:}[3]: *** [../scripts/Makefile.vmlinux_a:57: vmlinux.a] Error 1
{ld.lld:}: error: undefined symbol: foo
{ld.lld:}: warning: lib/a.c:12:0: stack frame size (1200) exceeds limit (1024) in function 'f'
{llvm-objcopy:}: error: 'x.o': No such file or directory
  {ld.lld} -EL -maarch64elf -r -o vmlinux.o --whole-archive vmlinux.a
{make:}: *** No rule to make target 'x.c', needed by 'x.o'.  Stop.
{make:}: Nothing to be done for 'all'.
";

/// Both words of a tool: in a command, and before what it says.
type Form = (&'static str, fn(&str) -> (String, String));

const FORMS: [Form; 9] = [
    ("LLVM=1", |tool| (tool.to_owned(), tool.to_owned())),
    ("LLVM=-22", |tool| (format!("{tool}-22"), format!("{tool}-22"))),
    ("LLVM=-22.1", |tool| {
        // clang takes what follows the last dot for the extension of its file.
        let said = if tool == "clang" { "clang-22".to_owned() } else { format!("{tool}-22.1") };
        (format!("{tool}-22.1"), said)
    }),
    ("LLVM=22 of FreeBSD", |tool| (format!("{tool}22"), format!("{tool}22"))),
    ("LLVM=/usr/lib/llvm-22/bin/", |tool| {
        let path = format!("/usr/lib/llvm-22/bin/{tool}");
        let said = if tool.starts_with("llvm-") { path.clone() } else { tool.to_owned() };
        (path, said)
    }),
    ("full paths in messages", |tool| {
        let path = format!("/usr/lib/llvm-22/bin/{tool}");
        (path.clone(), path)
    }),
    ("CC=/usr/bin/clang-22 and LD= given one by one", |tool| {
        (format!("/usr/bin/{tool}-22"), format!("{tool}-22"))
    }),
    ("a target prefix", |tool| {
        let name = format!("aarch64-linux-gnu-{}", if tool == "ld.lld" { "ld" } else { tool });
        (name.clone(), name)
    }),
    ("a wrapper before it", |tool| match tool {
        "clang" => ("ccache clang-22".to_owned(), "clang-22".to_owned()),
        _ => (tool.to_owned(), tool.to_owned()),
    }),
];

fn build(of: fn(&str) -> (String, String), make: &str) -> String {
    ["clang", "ld.lld", "llvm-ar", "llvm-objcopy"].iter().fold(
        BUILD.replace("{make:}", make),
        |text, tool| {
            let (command, speaker) = of(tool);
            let text = text.replace(&format!("{{{tool}:}}"), &speaker);
            text.replace(&format!("{{{tool}}}"), &command)
        },
    )
}

#[test]
fn the_facts_of_a_build_do_not_depend_on_how_its_tools_are_called() {
    let plain = BuildLog::parse(build(FORMS[0].1, "make").as_bytes());
    assert_eq!(plain.members_not_found, ["lib/b.thinlto-native.o", "lib/c.thinlto-native.o"]);
    assert_eq!(plain.ran.links, BTreeSet::from(["dist.o", "vmlinux.o"].map(str::to_owned)));
    assert!(plain.ran.fatal_warnings && plain.ran.lto, "{plain:?}");
    let backend = &plain.backends["mm/util.thinlto-native.o"];
    assert!(backend.starts_with("clang \" -Imm"), "{backend}");
    for (form, of) in FORMS {
        for make in ["make", "gmake"] {
            let log = BuildLog::parse(build(of, make).as_bytes());
            // One message quotes the command that it is about.
            let word = of("clang").0;
            let keys = |log: &BuildLog, word: &str| {
                let texts = log.diagnostics.iter().map(|(said, how)| (said.to_string(), how.times));
                // A number behind a dot is one of those that change from build to build.
                let numbered = word.replace("22.1", "22.N");
                let plain = |text: String| text.replace(word, "CC").replace(&numbered, "CC");
                texts.map(|(text, n)| (plain(text), n)).collect::<Vec<_>>()
            };
            assert_eq!(keys(&log, &format!(":= {word}")), keys(&plain, ":= clang"), "{form}");
            assert_eq!(log.members_not_found, plain.members_not_found, "{form}");
            assert_eq!((&log.failures, &log.stops), (&plain.failures, &plain.stops), "{form}");
            assert_eq!(log.ran, plain.ran, "{form}");
            assert_eq!(log.unknown_lines(), plain.unknown_lines(), "{form}");
            for (native, command) in &plain.backends {
                let last = word.rsplit(' ').next().unwrap();
                let rest = command.strip_prefix("clang").unwrap();
                let found = &log.backends[native];
                assert!(found.ends_with(&format!("{last}{rest}")), "{form}: {found}");
            }
        }
    }
}
