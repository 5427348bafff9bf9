//! `seeds CORPUS POCKET`: writes what the fuzzers start from, one directory a target below CORPUS,
//! made from the pocket kernel's builds in POCKET (`twinlto check --arch all --out POCKET`), from
//! the ELF files that the tests put together, and from the texts in `fuzz/seeds`.

#![allow(dead_code, unused_imports, reason = "the tests' files are used without their tests")]

#[path = "../../harness/facts/tests/elf_facts/dwarf.rs"]
mod dwarf;
#[path = "../../harness/facts/tests/elf_facts/objects.rs"]
mod objects;
#[path = "../../harness/facts/tests/elf_facts/rich.rs"]
mod rich;
#[path = "../../harness/facts/tests/elf_facts/riscv.rs"]
mod riscv;
#[path = "../../harness/facts/tests/elf_facts/support.rs"]
mod support;
#[path = "../../harness/facts/tests/elf_facts/tables.rs"]
mod tables;

use std::fs;
use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use support::{AARCH64, EXEC, LOONGARCH, REL, RISCV, SHAPES, X86_64};

/// Larger files are read too slowly to be damaged often.
const LARGEST: usize = 16 << 10;
/// Of files that are much alike, a few are enough.
const MOST: usize = 12;

/// Which target reads a file of a build, by the end of its name; the first that fits.
const READERS: [(&str, &[&str]); 15] = [
    (".thinlto.bc", &["bitcode"]),
    (".thinlto-native.o", &["elf", "tables", "dwarf"]),
    (".ko", &["elf", "tables"]),
    (".o", &["bitcode", "elf"]),
    (".a", &["archive"]),
    (".cmd", &["cmd"]),
    ("Module.symvers", &["symvers"]),
    (".config", &["config"]),
    ("Makefile", &["config"]),
    (".log", &["log"]),
    (".lds", &["lists"]),
    (".order", &["lists"]),
    ("vmlinux.thinlto-index", &["lists"]),
    (".mod", &["lists"]),
    ("report.json", &["record"]),
];

struct Corpus {
    dir: PathBuf,
    written: std::collections::BTreeMap<String, usize>,
}

impl Corpus {
    /// Writes one seed. Those of one kind (`most` of them) stand for the others.
    fn add(&mut self, target: &str, kind: &str, most: usize, bytes: &[u8]) -> Result<()> {
        let number = self.written.entry(format!("{target}/{kind}")).or_default();
        if bytes.is_empty() || *number >= most {
            return Ok(());
        }
        *number += 1;
        let dir = self.dir.join(target);
        fs::create_dir_all(&dir)?;
        fs::write(dir.join(format!("{}-{number}", kind.trim_matches('.'))), bytes)
    }

    /// Every file below a build directory; of a text that is larger, its beginning.
    fn build(&mut self, dir: &Path) -> Result<()> {
        let mut entries: Vec<PathBuf> =
            fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        entries.sort();
        for path in entries {
            let meta = fs::symlink_metadata(&path)?;
            let name = path.to_string_lossy().into_owned();
            if meta.is_dir() {
                self.build(&path)?;
            } else if let Some((kind, targets)) =
                READERS.iter().find(|(end, _)| meta.is_file() && name.ends_with(end))
            {
                let mut bytes = fs::read(&path)?;
                if matches!(*kind, ".log" | ".config") {
                    bytes.truncate(LARGEST);
                }
                // A report is never short, and is read fast.
                let largest = if *kind == "report.json" { 4 * LARGEST } else { LARGEST };
                for target in targets.iter().filter(|_| bytes.len() <= largest) {
                    self.add(target, kind, MOST, &bytes)?;
                }
            }
        }
        Ok(())
    }
}

fn main() -> Result<()> {
    let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [dir, pocket] = args.as_slice() else {
        return Err(Error::other("give the directory for the corpus, and that of the builds"));
    };
    let mut corpus = Corpus { dir: dir.clone(), written: Default::default() };
    corpus.build(pocket)?;
    for shape in SHAPES {
        for e_type in [EXEC, REL] {
            let file = rich::rich(shape, e_type);
            for target in ["elf", "dwarf"] {
                corpus.add(target, "rich", usize::MAX, &file)?;
            }
            for machine in [X86_64, AARCH64, RISCV, LOONGARCH] {
                let file = tables::tabled(shape, e_type, machine).bytes();
                corpus.add("tables", "tabled", usize::MAX, &file)?;
            }
        }
        corpus.add("elf", "full", usize::MAX, &objects::full(shape).bytes())?;
        corpus.add("dwarf", "linked", usize::MAX, &dwarf::linked(shape).bytes())?;
        for old in [false, true] {
            let packed = dwarf::compressed(dwarf::linked(shape), old);
            corpus.add("dwarf", "compressed", usize::MAX, &packed.bytes())?;
        }
        corpus.add("dwarf", "unlinked", usize::MAX, &dwarf::unlinked(shape, RISCV, 1).bytes())?;
    }
    // Texts that no build makes.
    let texts = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    let targets = [
        "asked",
        "case",
        "distributor",
        "expectations",
        "life",
        "log",
        "severities",
        "snapshot",
        "symtypes",
    ];
    for target in targets {
        for entry in fs::read_dir(texts.join(target))? {
            corpus.add(target, "text", usize::MAX, &fs::read(entry?.path())?)?;
        }
    }
    for (kind, count) in &corpus.written {
        println!("{count:>4} {kind}");
    }
    Ok(())
}
