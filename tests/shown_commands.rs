//! What the documents show is true: commands run, keys and options are all listed.

use crate::support::repo::{Repo, V11, empty_dir};
use crate::support::{llvm, pocket, root, run};
use std::collections::BTreeSet;
use std::fmt::Write;
use twinlto_facts::flags::{Form, TABLE, in_short, measurements};

/// Every `$ twinlto …` line of README.md, with the reader's own places replaced by ours.
#[test]
fn the_commands_of_the_readme_run() {
    let Some(llvm) = llvm("the_commands_of_the_readme_run") else {
        return;
    };
    let Some(pocket) = pocket("the_commands_of_the_readme_run") else {
        return;
    };
    let report = pocket.ran.json();
    let record = root().join(report["record"].as_str().unwrap()).display().to_string();
    let out = pocket.out.join("readme").display().to_string();
    // A directory of its own: it is prepared for one kernel.
    let injected = crate::support::kept_dir("inject-readme").display().to_string();
    let kernel = root().join("cases/pocket").display().to_string();
    let build = |mode: &str| pocket.build("arm64", mode).display().to_string();
    let (distributed, in_process) = (build("distributed"), build("in-process"));
    let kernels = [&distributed, &in_process].map(|dir| format!("{dir}/vmlinux"));
    let logs = [&distributed, &in_process].map(|dir| format!("{dir}.log"));
    let facts = tempfile::tempdir().unwrap();
    let kept = facts.path().display().to_string();
    let written = tempfile::tempdir().unwrap();
    let [reply, xml] = ["markdown=reply.md", "junit=twinlto.xml"].map(|option| {
        let (format, file) = option.split_once('=').unwrap();
        format!("{format}={}", written.path().join(file).display())
    });
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (repository, series) = repository();
    let (merged, bisected) = (empty_dir("readme-premerge"), empty_dir("readme-bisect"));
    let matrix = empty_dir("readme-matrix");
    let mut commands = 0;
    for line in readme.lines().filter_map(|line| line.strip_prefix("$ twinlto ")) {
        let args: Vec<&str> = line
            .split(' ')
            .map(|word| match word {
                "~/linux" | "~/linux-6.12" => kernel.as_str(),
                "~/build/distributed" => distributed.as_str(),
                "~/build/in-process" => in_process.as_str(),
                "~/build/distributed.log" => logs[0].as_str(),
                "~/build/in-process.log" => logs[1].as_str(),
                "~/build/distributed/vmlinux" => kernels[0].as_str(),
                "~/build/in-process/vmlinux" => kernels[1].as_str(),
                "out/records/TIME" => record.as_str(),
                "markdown=reply.md" => reply.as_str(),
                "junit=twinlto.xml" => xml.as_str(),
                "facts/linux-7.3/arm64-22/tiny" => kept.as_str(),
                "-22" | "-19" => llvm,
                "~/linux-git" => repository.as_str(),
                "v12.mbx" => series.as_str(),
                "out" if line.starts_with("premerge") => merged.as_str(),
                "out" if line.starts_with("bisect") => bisected.as_str(),
                "out" if line.starts_with("inject") => injected.as_str(),
                "out" if line.starts_with("matrix") => matrix.as_str(),
                // Three would take minutes; which are there is another machine's matter.
                "22..24" => "90",
                "out" => out.as_str(),
                other => other,
            })
            .collect();
        let given: &[&str] = if args[0] == "matrix" { &["--llvm", llvm] } else { &[] };
        let ran = run(&[&args, given].concat());
        if line.starts_with("matrix show") {
            // The table that is shown below it, with one column of it.
            let rows: Vec<&str> = ran.stdout.lines().collect();
            let begins = |row: &str| rows.iter().any(|line| line.starts_with(row));
            for row in ["pocket · tiny", "arm64      agree ✓", "loongarch  agree ✓"] {
                assert!(begins(row) && readme.contains(row), "{row}: {}", ran.stdout);
            }
        }
        // A machine that only tests need not have what a real Linux needs.
        let fine = match args[0] {
            "doctor" => vec![0, 4],
            // The pocket kernel has two defects that Linux has.
            "lifecycle" => vec![1],
            // The series that is shown is a bad one.
            "premerge" => vec![1],
            _ => vec![0],
        };
        assert!(fine.contains(&ran.status), "{line}: {}{}", ran.stdout, ran.stderr);
        commands += 1;
    }
    assert!(commands >= 5, "README.md shows only {commands} commands");
}

#[test]
fn the_readme_lists_every_option_of_check() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let help = run(&["check", "--help"]).stdout;
    for word in help.split_whitespace().filter(|w| w.starts_with("--")) {
        let option = word.trim_end_matches([',', '.', ':']);
        if option != "--help" && option != "--jobs" && option != "--verbose" {
            assert!(readme.contains(&format!("`{option}")), "README.md does not tell of {option}");
        }
    }
}

#[test]
fn every_option_and_step_of_a_life_is_documented() {
    let text = std::fs::read_to_string(root().join("docs/LIFECYCLE.md")).unwrap();
    let help = run(&["lifecycle", "--help"]).stdout;
    for word in help.split_whitespace().filter(|w| w.starts_with("--")) {
        let option = word.trim_end_matches([',', '.', ':']);
        if !["--help", "--jobs", "--verbose", "--mode"].contains(&option) {
            assert!(text.contains(&format!("`{option}")), "docs/LIFECYCLE.md has no {option}");
        }
    }
    for step in twinlto_model::LifeStep::ALL {
        assert!(text.contains(&format!("| `{step}` |")), "docs/LIFECYCLE.md has no {step}");
        assert!(help.contains(step.name()), "--help has no {step}");
    }
}

/// A repository with a bad commit between two versions, and that commit as a mail.
fn repository() -> (String, String) {
    let repo = Repo::new("readme");
    repo.git(&["tag", "v7.2"]);
    repo.touch("panic: a comment", "kernel/panic.c");
    let guilty = repo.edit("kbuild: look flags up by the object's name", &V11);
    repo.git(&["tag", "v7.3"]);
    let series = repo.mail(&guilty, "mbx").display().to_string();
    (repo.arg(), series)
}

#[test]
fn every_option_of_premerge_bisect_and_matrix_is_documented() {
    for (file, commands) in [
        ("docs/PREMERGE.md", vec![vec!["premerge"]]),
        (
            "docs/BISECT.md",
            ["kernel", "toolchain", "objects", "options"].map(|what| vec!["bisect", what]).to_vec(),
        ),
        ("docs/MATRIX.md", ["plan", "run", "status", "show"].map(|w| vec!["matrix", w]).to_vec()),
    ] {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        for command in commands {
            let help = run(&[&command[..], &["--help"]].concat()).stdout;
            for word in help.split_whitespace().filter(|w| w.starts_with("--")) {
                let option = word.trim_end_matches([',', '.', ':']);
                if !["--help", "--jobs", "--verbose", "--format", "--report", "--mode"]
                    .contains(&option)
                {
                    assert!(text.contains(option), "{file} has no {option} of {command:?}");
                }
            }
        }
    }
}

#[test]
fn every_option_of_inject_is_documented() {
    let text = std::fs::read_to_string(root().join("docs/INJECT.md")).unwrap();
    let help = run(&["inject", "--help"]).stdout;
    for word in help.split_whitespace().filter(|w| w.starts_with("--")) {
        let option = word.trim_end_matches([',', '.', ':']);
        if !["--help", "--jobs", "--verbose"].contains(&option) {
            assert!(text.contains(&format!("`{option}")), "docs/INJECT.md has no {option}");
        }
    }
}

#[test]
fn every_key_has_its_entry() {
    let documents = std::fs::read_dir(root().join("docs/findings")).unwrap();
    let text: String =
        documents.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    let mut keys = BTreeSet::new();
    let list = root().join("harness/verdict/src/expect/keys.rs");
    let files = crate::support::rust_files(&root().join("harness/verdict/src"));
    for file in files.into_iter().filter(|file| *file != list) {
        let code = std::fs::read_to_string(file).unwrap();
        let code = code.split("#[cfg(test)]").next().unwrap();
        keys.extend(
            code.split('"').skip(1).step_by(2).filter(|word| is_key(word)).map(str::to_owned),
        );
    }
    assert!(keys.len() > 50, "{keys:?}");
    // What a file of expectations brings up itself cannot be allowed by one.
    let allowable: BTreeSet<String> =
        keys.iter().filter(|key| !key.starts_with("expectation.")).cloned().collect();
    let listed: BTreeSet<String> = twinlto_verdict::known_keys().map(str::to_owned).collect();
    assert_eq!(allowable, listed, "harness/verdict/src/expect/keys.rs lists other keys");
    for key in keys {
        assert!(text.contains(&format!("`{key}`")), "docs/findings does not tell of {key}");
    }
}

/// A dotted word that begins as keys do.
fn is_key(word: &str) -> bool {
    const FIRST: [&str; 35] = [
        "signature",
        "command",
        "image",
        "label",
        "segment",
        "log",
        "make",
        "makefile",
        "clean",
        "compile-commands",
        "ignore",
        "lifecycle",
        "ranges",
        "replay",
        "data",
        "debug",
        "layout",
        "code",
        "table",
        "flags",
        "cmd",
        "ir",
        "index",
        "native",
        "archive",
        "file",
        "export",
        "module",
        "symbol",
        "section",
        "elf",
        "initcall",
        "config",
        "expectation",
        "record",
    ];
    let mut parts = word.split('.');
    let plain =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    parts.next().is_some_and(|first| FIRST.contains(&first))
        && word.contains('.')
        && parts.all(plain)
}

/// `docs/OPTIONS.md` is the table in the code, written out; `TWINLTO_WRITE_DOCS=1` writes it.
#[test]
fn the_option_table_is_documented_as_it_is() {
    let path = root().join("docs/OPTIONS.md");
    let expected = options_md();
    if std::env::var_os("TWINLTO_WRITE_DOCS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "docs/OPTIONS.md is not the table: run the tests with TWINLTO_WRITE_DOCS=1"
    );
}

fn options_md() -> String {
    let releases: BTreeSet<&str> = measurements().iter().map(|m| m.llvm).collect();
    let releases: Vec<&str> = releases.into_iter().collect();
    let mut text = OPTIONS_MD.replace("RELEASES", &releases.join(", "));
    for row in TABLE {
        let default = row.default.unwrap_or("");
        let (short, form) = (in_short(row), form(row.form));
        writeln!(text, "| {form} | {} | {default} | {} | {short} |", row.class, row.evidence)
            .unwrap();
    }
    text
}

const OPTIONS_MD: &str = "\
# Which options must reach a ThinLTO backend

Written from `harness/facts/src/flags/rows.rs` and `measured.tsv` beside it. The first row that
recognises an option decides. `twinlto explain OPTION` prints its row and every measurement.

| class | rule |
|---|---|
| codegen-required | must resolve to the same value; error |
| target-selecting | must be the same; error |
| codegen-in-IR | in the bitcode: absent is a warning, different an error |
| lto-driver | must resolve to a ThinLTO backend of exactly this object |
| frontend-only | may be absent; `-DKBUILD_MODFILE` and changed quotes are warnings |
| warning-strict | a note |
| warning, harmless | ignored |
| unknown (in no row) | a warning |

## Between two front ends

Two builds of one kernel compile the same sources, and no mode of ThinLTO has a part in that. So between
the front ends of two builds nearly every option decides the bitcode (`harness/facts/src/flags/front.rs`):

| options | rule |
|---|---|
| `-W…` but `-Werror…` and `-Wframe-larger-than…`, `-w`, `-M…`, `-Wp,-M…`, `-o`, `-pipe`, `-v`, `-H`, `-R…`, the form of diagnostics, time reports | ignored |
| `-Werror…`, `-Wframe-larger-than…` | a note |
| every other option of the table, source files, `-Wp,…` for what it passes on | error |
| unknown (in no row) | a warning |
| variables before the compiler | error for those that clang reads, ignored for those of ccache, distcc and locales, else a warning |
| what starts the compiler: ccache, sccache, distcc, icecc, env, nice … | ignored |

`-I`, `-isystem`, `-iquote`, `-idirafter`, `-include`, `-imacros` and what overrides one another across
families (`-f[un]signed-char`, `-fwrapv` and `-f[no-]strict-overflow`, `-fsanitize…`, `-g…`, instruction
sets, built-in functions, floating point) count in their order; of a macro the last `-D` or `-U` counts.
Paths of a build directory and of its sources are taken out where the two lie at different places. `@FILE`,
`--config FILE` and the configuration files beside clang are read as they are now and stand in their places;
those in other directories that clang was built to look into are not known.

## How it is measured

`scripts/measure-options` (LLVM RELEASES) does for every line of `cases/options/list.tsv` and every
architecture what a distributed build does: two modules are compiled to ThinLTO bitcode with the
option (`-O2 -fno-PIE -flto=thin -fsplit-lto-unit`), one importing from the other, `ld.lld -r
--thinlto-index-only` writes the index, and two backends compile the first module, one with the option
and one without it. Both native objects are compared byte for byte, and with the one that is made where
the front end had not the option either:

| result | means |
|---|---|
| changes | the backend makes another object without it: it must have it |
| same | the backend makes the same object without it, and where the front end had it not either, another one: the bitcode carries it, or it is used up |
| no effect here | no object changed: the option had nothing to work on, or is what the target does anyway. Nothing is concluded from it |
| rejected | this clang does not take the option for this target, in the front end or in the backend |
| not measured | a program that it needs was not there |

The data also has, of each, whether the bitcode differs, whether the option changes what a backend makes
of bitcode that was compiled without it, and whether the in-process link (`ld.lld -r --lto-obj-path=`),
which is told of no option, makes what the backend makes with it. The last is left out where the link
makes another object even without the option: with debugging information, whose calls it does not
describe; on riscv with LLVM 23, where it names fewer extensions in mapping symbols (`$x…`); on loongarch
with LLVM 19, where it takes another floating-point ABI for the header. A test holds that the table demands
every option that changes an object on any architecture with any LLVM, and no other without a reason. A
second run of the script changes nothing.

## The table

Under *measured* stands, for each architecture, the gravest result among the options of a row; with the
LLVMs in brackets where not all agree.

| option | class | absence means | how we know | measured |
|---|---|---|---|---|
";

fn form(form: Form) -> String {
    match form {
        Form::Word(word) => format!("`{word}`"),
        Form::Joined(prefix) => format!("`{prefix}…`"),
        Form::Each(prefix) => format!("`{prefix}…`, each for itself"),
        Form::F(name) => format!("`-f[no-]{name}[=…]`"),
        Form::M(name) => format!("`-m[no-]{name}[=…]`"),
        Form::OneOf(_, words) => {
            words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(" ")
        }
        Form::Pair(option) => format!("`{option} X`, by the name in X"),
    }
}
