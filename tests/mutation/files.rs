//! The files of a build directory, by kind.

use super::{Place, binary, elf, text};
use std::path::{Path, PathBuf};

/// A file of a build, and what it is.
pub(crate) struct File {
    /// Below the build directory.
    pub(crate) path: PathBuf,
    /// `vmlinux`, `IR object`, `command of a backend`, ….
    pub(crate) kind: String,
    /// Whether `twinlto diff FILE FILE` reads such files.
    pub(crate) can_be_diffed: bool,
}

impl File {
    /// Its path as text.
    pub(crate) fn name(&self) -> String {
        self.path.display().to_string()
    }
}

/// Every file of a build directory, sorted by path. What only says when something was built
/// (`include/config/`), and what make reads of the last build's dependencies (`*.d`), decides
/// nothing about the kernel that lies there.
pub(crate) fn of_build(build: &Path) -> Vec<File> {
    let mut files = Vec::new();
    let mut pending = vec![PathBuf::new()];
    while let Some(below) = pending.pop() {
        for entry in std::fs::read_dir(build.join(&below)).unwrap() {
            let entry = entry.unwrap();
            let path = below.join(entry.file_name());
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                pending.push(path);
            } else if kind.is_file()
                && let Some((kind, can_be_diffed)) = kind_of(build, &path)
            {
                files.push(File { path, kind, can_be_diffed });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn kind_of(build: &Path, path: &Path) -> Option<(String, bool)> {
    let name = path.file_name().unwrap().to_str().unwrap();
    let size = std::fs::metadata(build.join(path)).unwrap().len();
    let ignored = [".d", ".gitignore", ".lock"].iter().any(|end| name.ends_with(end));
    if size == 0 || ignored || path == Path::new("Makefile") {
        return None;
    }
    if let Some(target) = name.strip_suffix(".cmd").and_then(|it| it.strip_prefix('.')) {
        return Some((command_kind(build, path, target), false));
    }
    let kind = match name {
        "vmlinux" | "vmlinux.unstripped" | "vmlinux.o" => name.to_owned(),
        _ if name.ends_with(".ko") => "module (.ko)".to_owned(),
        _ if name.ends_with(".thinlto-native.o") => "native object of a backend".to_owned(),
        _ if name.ends_with(".o.thinlto.bc") => "index".to_owned(),
        _ if name.ends_with(".o") => return Some((object_kind(build, path, name), true)),
        _ if name.ends_with(".a") => "archive".to_owned(),
        "Module.symvers" => name.to_owned(),
        _ if name.ends_with(".mod.c") => return Some(("module's .mod.c".to_owned(), false)),
        _ if name.ends_with(".mod") => return Some(("module's .mod".to_owned(), false)),
        _ => return Some((name.to_owned(), false)),
    };
    Some((kind, true))
}

fn is_bitcode(path: &Path) -> bool {
    std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"BC\xc0\xde"))
}

/// The first line of the `.cmd` file of an object.
fn command_of(build: &Path, object: &Path, name: &str) -> String {
    let text = std::fs::read_to_string(build.join(object.with_file_name(format!(".{name}.cmd"))));
    text.unwrap_or_default().lines().next().unwrap_or_default().to_owned()
}

fn object_kind(build: &Path, path: &Path, name: &str) -> String {
    let command = command_of(build, path, name);
    if name == ".vmlinux.export.o" {
        ".vmlinux.export.o"
    } else if name == "version-timestamp.o" {
        "object behind the archive"
    } else if is_bitcode(&build.join(path)) {
        "IR object"
    } else if name.ends_with(".mod.o") || name == ".module-common.o" {
        "object of all modules (.mod.o)"
    } else if command.contains("-DMODULE") || command.contains("ld.lld") {
        "module's object"
    } else if command.contains("-D__ASSEMBLY__") {
        "assembly object"
    } else {
        "native C object"
    }
    .to_owned()
}

fn command_kind(build: &Path, path: &Path, target: &str) -> String {
    let object = path.with_file_name(target);
    match target {
        _ if target.ends_with(".thinlto-native.o") => "command of a backend".to_owned(),
        "vmlinux.o" | ".vmlinux.export.o" => format!("command of {target}"),
        _ if target.ends_with(".o") => {
            format!("command of {}", article(&object_kind(build, &object, target)))
        }
        _ if target.ends_with(".ko") => "command of a module (.ko)".to_owned(),
        "built-in.a" | "lib.a" | "modules.order" => format!("command of {target}"),
        _ if target.ends_with(".mod") => "command of a module's .mod".to_owned(),
        _ => format!("command of {target}"),
    }
}

fn article(kind: &str) -> String {
    let an = kind.starts_with(['a', 'I', 'o']);
    format!("{} {kind}", if an { "an" } else { "a" })
}

/// What can be damaged in a file.
pub(crate) fn places(file: &File, bytes: &[u8]) -> Vec<Place> {
    let name = file.path.file_name().unwrap().to_str().unwrap();
    match bytes {
        [0x7f, b'E', b'L', b'F', ..] => elf::places(bytes),
        [b'B', b'C', 0xc0, 0xde, ..] => binary::bitcode(bytes),
        _ if bytes.starts_with(b"!<arch>\n") || bytes.starts_with(b"!<thin>\n") => {
            binary::archive(bytes)
        }
        _ if name.ends_with(".cmd") => text::cmd(bytes),
        _ => match name {
            "Module.symvers" => {
                let fields = ["CRC", "name", "module", "type", "namespace"];
                text::fields(bytes, '\t', &fields, false)
            }
            "System.map" => text::fields(bytes, ' ', &["address", "type", "name"], true),
            // What is said twice is said.
            ".config" | "auto.conf" => {
                let mut places = text::fields(bytes, '=', &["option", "value"], false);
                places.retain(|place| place.what != "line repeated");
                places
            }
            "autoconf.h" => {
                let mut places = text::fields(bytes, ' ', &[], false);
                places.retain(|place| place.what != "line repeated");
                places
            }
            // make takes it as a set.
            "vmlinux.thinlto-index" => text::fields(bytes, ' ', &[], false),
            "modules.builtin.modinfo" => text::entries(bytes),
            _ => text::fields(bytes, ' ', &[], !name.ends_with(".h")),
        },
    }
}
