use super::included;
use super::named::Named;
use crate::fs::{Ends, look_at, open_regular, read_ends, read_regular};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::Path;
use twinlto_facts::build::{Answer, BuildFacts, CommandText, FileFacts, IncludedFile, ObjectFacts};
use twinlto_facts::elf::{KIND_PREFIX, ObjectKind, kind};
use twinlto_facts::kbuild::{
    CmdFile, Crc, cmd_path, index_path, module_members, native_path, normalize_path,
};
use twinlto_facts::log::BuildLog;
use twinlto_facts::whole;
use twinlto_model::Mode;

type SymverLines = Vec<(String, Crc)>;

/// What is known of the objects of `vmlinux.a`.
pub(super) struct Objects {
    pub(super) indexed: BTreeMap<String, ObjectFacts>,
    pub(super) others: BTreeMap<String, FileFacts>,
    pub(super) symvers: BTreeMap<String, SymverLines>,
    /// IR objects that the index does not list and that have an index of their own.
    pub(super) unlisted: BTreeSet<String>,
}

pub(super) fn read(dir: &Path, facts: &BuildFacts) -> Objects {
    if !facts.mode.is_some_and(Mode::has_native_objects) {
        return in_process(dir, facts);
    }
    let index = facts.index.get().map(Vec::as_slice).unwrap_or_default();
    let mut indexed: BTreeMap<String, ObjectFacts> =
        index.par_iter().map(|name| (name.clone(), object(dir, name, &facts.log))).collect();
    super::imports::read(dir, &mut indexed);
    let order = facts.order.get().map(Vec::as_slice).unwrap_or_default();
    let rest: Vec<&String> = order.iter().filter(|name| !indexed.contains_key(*name)).collect();
    let others = rest.par_iter().map(|name| ((*name).clone(), file(&dir.join(name)))).collect();
    let symvers = rest.par_iter().filter_map(|name| lines_of(dir, name)).collect();
    let has_index = |name: &&&String| has_own_index(dir, name);
    let unlisted = rest.iter().filter(has_index).map(|name| (*name).clone()).collect();
    Objects { indexed, others, symvers, unlisted }
}

/// Whether the thin link wrote an index for an object. One that is older than the object is of an
/// earlier link, and lld writes an empty one for what it does by regular LTO (`lld/ELF/LTO.cpp`,
/// LLVM 17 to 24).
fn has_own_index(dir: &Path, name: &str) -> bool {
    let meta = |name: &str| std::fs::metadata(dir.join(name)).ok();
    let (Some(index), Some(object)) = (meta(&index_path(name)), meta(name)) else { return false };
    matches!((index.modified(), object.modified()), (Ok(index), Ok(object)) if index >= object)
        && index.len() > 0
}

/// In-process, the IR objects are the bitcode members of `vmlinux.a`.
fn in_process(dir: &Path, facts: &BuildFacts) -> Objects {
    let members = facts.archive.get().map(Vec::as_slice).unwrap_or_default();
    let all: Vec<(&String, bool, ObjectFacts)> = members
        .par_iter()
        .map(|name| {
            let (ir, included) = ir_object(dir, name, "vmlinux.o");
            let mut facts = ObjectFacts { ir, included, ..ObjectFacts::default() };
            let is_ir = matches!(facts.ir.kind, Some(ObjectKind::Bitcode { .. }));
            if is_ir {
                front(dir, name, &mut facts);
            }
            (name, is_ir, facts)
        })
        .collect();
    let (ir, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, is_ir, _)| *is_ir);
    let indexed = ir.into_iter().map(|(name, _, facts)| (name.clone(), facts)).collect();
    let symvers = others.par_iter().filter_map(|(name, ..)| lines_of(dir, name)).collect();
    let others = others.into_iter().map(|(name, _, facts)| (name.clone(), facts.ir)).collect();
    Objects { indexed, others, symvers, unlisted: BTreeSet::new() }
}

/// `#SYMVER` lines of one object that is not in the index.
fn lines_of(dir: &Path, name: &str) -> Option<(String, SymverLines)> {
    let ends = cmd_ends(dir, &cmd_path(name)).ok()?;
    let lines = symver_lines(&CmdFile::parse(&ends.head, &ends.tail));
    (!lines.is_empty()).then(|| (name.to_owned(), lines))
}

/// `#SYMVER` lines of the objects of one module, by object.
pub(super) fn module_symvers(dir: &Path, stem: &str) -> Vec<(String, SymverLines)> {
    let Ok(text) = read_regular(&dir.join(format!("{stem}.mod"))) else {
        return Vec::new();
    };
    let members = module_members(&String::from_utf8_lossy(&text));
    let inside = members.objects.iter().filter_map(|name| normalize_path(name));
    inside.filter_map(|name| lines_of(dir, &name)).collect()
}

fn symver_lines(cmd: &CmdFile<'_>) -> SymverLines {
    cmd.symvers.iter().map(|line| (line.name.clone().into_owned(), line.crc)).collect()
}

fn object(dir: &Path, name: &str, log: &BuildLog) -> ObjectFacts {
    let native = native_path(name);
    let failed = has_failed(dir, name, &native, log);
    let (ir, included) = ir_object(dir, name, &native);
    let mut facts = ObjectFacts {
        ir,
        included,
        index: file(&dir.join(index_path(name))),
        native: if failed { FileFacts::default() } else { file(&dir.join(&native)) },
        ..ObjectFacts::default()
    };
    front(dir, name, &mut facts);
    back(dir, &native, log, failed, &mut facts);
    facts
}

/// Whether the log says that a backend failed, and not only before another one that did not: then
/// what is there of the native object is of an earlier build and says nothing.
fn has_failed(dir: &Path, name: &str, native: &str, log: &BuildLog) -> bool {
    let Some(logged) = log.backends.get(native).filter(|_| log.has_failed(native)) else {
        return false;
    };
    let time = |name: &str| std::fs::metadata(dir.join(name)).and_then(|meta| meta.modified());
    let fresh = matches!((time(native), time(name)), (Ok(made), Ok(from)) if made >= from);
    !(fresh && command(dir, native).is_some_and(|recorded| recorded == *logged))
}

fn front(dir: &Path, name: &str, facts: &mut ObjectFacts) {
    let path = cmd_path(name);
    let ends = match cmd_ends(dir, &path) {
        Ok(ends) => ends,
        Err(error) => {
            facts.front = absent_or_bad(&path, &error);
            return;
        }
    };
    facts.front_modified = ends.modified;
    let cmd = CmdFile::parse(&ends.head, &ends.tail);
    if CmdFile::is_cut_in_dependencies(&ends.tail) {
        facts.front = Answer::Bad(format!("{path}: its dependency list has no end: it is cut off"));
        return;
    }
    if let Some(issue) = cmd.issues.iter().find(|issue| issue.is_fatal()) {
        facts.front = Answer::Bad(format!("{path}: {issue}"));
        return;
    }
    facts.issues.extend(cmd.issues.iter().map(|issue| format!("{path}: {issue}")));
    facts.symvers = symver_lines(&cmd);
    // The target's own spelling tells how the object was reached; show the user that path.
    let target = cmd.target.into_owned();
    let shown = match normalize_path(&target) {
        Some(normal) if normal == name && target != name => cmd_path(&target),
        _ => path.clone(),
    };
    facts.saved = cmd.saved.map(|saved| CommandText {
        text: saved.flags.into_owned(),
        path: shown.clone(),
        target: saved.target.into_owned(),
    });
    facts.front = if cmd.command.is_empty() {
        Answer::Bad(format!("{path}: it holds no command"))
    } else {
        Answer::Read(CommandText { text: cmd.command.into_owned(), path: shown, target })
    };
}

fn back(dir: &Path, native: &str, log: &BuildLog, failed: bool, facts: &mut ObjectFacts) {
    let path = cmd_path(native);
    let recorded = match cmd_ends(dir, &path) {
        Ok(ends) => {
            let cmd = CmdFile::parse(&ends.head, &[]);
            if let Some(issue) = cmd.issues.iter().find(|issue| issue.is_fatal()) {
                Answer::Bad(format!("{path}: {issue}"))
            } else if cmd.command.is_empty() {
                Answer::Bad(format!("{path}: it holds no command"))
            } else {
                let target = cmd.target.into_owned();
                Answer::Read(CommandText {
                    text: cmd.command.into_owned(),
                    path: path.clone(),
                    target,
                })
            }
        }
        Err(error) => absent_or_bad(&path, &error),
    };
    facts.back = match (recorded, log.backends.get(native)) {
        // make removes what a failed recipe leaves, so no native object and a logged command
        // mean that the backend failed; a command that the shell could not read may have left
        // a record of nothing.
        (recorded, Some(command))
            if failed || (recorded.get().is_none() && facts.native.kind.is_none()) =>
        {
            facts.back_from_log = true;
            facts.back_error = log.reasons.get(native).cloned();
            Answer::Read(CommandText {
                text: command.clone(),
                path: "the build log".to_owned(),
                target: native.to_owned(),
            })
        }
        (recorded, _) => recorded,
    };
}

fn absent_or_bad(path: &str, error: &std::io::Error) -> Answer<CommandText> {
    match error.kind() {
        ErrorKind::NotFound => Answer::Absent,
        _ => Answer::Bad(format!("{path}: {error}")),
    }
}

/// The recorded command of a target.
pub(crate) fn command(dir: &Path, target: &str) -> Option<String> {
    command_with(&Named::new(dir), dir, target)
}

/// The same, with what is known already of the files that commands name.
pub(super) fn command_with(named: &Named<'_>, dir: &Path, target: &str) -> Option<String> {
    let ends = cmd_ends(dir, &cmd_path(target)).ok()?;
    let command = CmdFile::parse(&ends.head, &[]).command.into_owned();
    (!command.is_empty()).then(|| named.completed(command))
}

fn cmd_ends(dir: &Path, path: &str) -> std::io::Result<Ends> {
    read_ends(&dir.join(path), CmdFile::tail_is_complete)
}

pub(super) fn file(path: &Path) -> FileFacts {
    match prefix(path) {
        Ok(facts) => facts,
        Err(error) if error.kind() == ErrorKind::NotFound => FileFacts::default(),
        Err(error) => FileFacts { unreadable: Some(error.to_string()), ..FileFacts::default() },
    }
}

/// What is known of an IR object, and the files that its assembly includes: it is read once for both.
/// `holder` is what those files end up in.
fn ir_object(dir: &Path, name: &str, holder: &str) -> (FileFacts, Vec<IncludedFile>) {
    let path = dir.join(name);
    let looked = look_at(&path, |meta, bytes| {
        let prefix = bytes.get(..KIND_PREFIX).unwrap_or(bytes);
        let read = |at: u64, part: &mut [u8]| {
            let rest = usize::try_from(at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
            let n = rest.len().min(part.len());
            if let (Some(part), Some(rest)) = (part.get_mut(..n), rest.get(..n)) {
                part.copy_from_slice(rest);
            }
            n == part.len()
        };
        (of_file(meta, prefix, &read), included::read(dir, bytes, holder))
    });
    // What is too large to be read, or cannot be, is no file of a kernel's; why not is said of it.
    looked.unwrap_or_else(|_| (file(&path), Vec::new()))
}

/// Reads a part of a file at a place; whether all of it is there.
type ReadAt<'r> = &'r dyn Fn(u64, &mut [u8]) -> bool;

/// Why a file cannot be whole, by its outline.
fn damage(read: ReadAt<'_>, kind: &ObjectKind, prefix: &[u8], len: u64) -> Option<String> {
    match kind {
        ObjectKind::Elf(ident) => {
            let headers = whole::section_headers(ident, prefix)?;
            let mut start = vec![0; usize::try_from(headers.entry.min(64) * 2).unwrap_or(0)];
            let _past_the_end = read(headers.offset, &mut start);
            headers.damage(len, &start)
        }
        ObjectKind::Bitcode { wrapped: false } => bitcode_damage(read, len),
        _ => None,
    }
}

/// Goes from block to block; whole bitcode ends with its last one.
fn bitcode_damage(read: ReadAt<'_>, len: u64) -> Option<String> {
    let mut at = 4;
    while at < len {
        let mut header = [0; 8];
        let block = if read(at, &mut header) { whole::bitcode_block(header) } else { None };
        match block {
            Some(size) => at = at.saturating_add(size),
            None => return Some(format!("no block of bitcode begins at byte {at} of {len}")),
        }
    }
    if at > len {
        return Some(format!("it is cut off: its last block ends at {at} of {len} bytes"));
    }
    (len <= 4).then(|| "it holds nothing but its magic number".to_owned())
}

fn prefix(path: &Path) -> std::io::Result<FileFacts> {
    let (file, meta) = open_regular(path)?;
    let mut bytes = vec![0; KIND_PREFIX.min(usize::try_from(meta.len()).unwrap_or(KIND_PREFIX))];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(of_file(&meta, &bytes, &|at, part| file.read_exact_at(part, at).is_ok()))
}

fn of_file(meta: &Metadata, prefix: &[u8], read: ReadAt<'_>) -> FileFacts {
    let kind = kind(prefix);
    FileFacts {
        damage: damage(read, &kind, prefix, meta.len()),
        kind: Some(kind),
        unreadable: None,
        len: meta.len(),
        modified: meta.modified().ok(),
    }
}
