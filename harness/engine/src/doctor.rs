use crate::probe::{rename_option, two_file_link};
use crate::process::capture;
use crate::recipe::Recipe;
use crate::toolchain::{LlvmSpec, find_program};
use rayon::prelude::*;
use serde::Serialize;
use std::path::Path;
use twinlto_model::{Arch, RenameOption, ToolVersion};

/// One thing that twinlto or a kernel build needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tool {
    /// Program or header.
    pub name: String,
    /// What it is for.
    pub purpose: &'static str,
    /// How to get it.
    pub how: String,
    /// Whether nothing works without it.
    pub required: bool,
    /// Which kernels need it: `any`, or `Linux` where the pocket kernel does without.
    pub needed_for: &'static str,
    /// What was found.
    #[serde(flatten)]
    pub state: ToolState,
}

/// What was found of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum ToolState {
    /// It is there.
    Found {
        /// What it says its version is; empty where it has none.
        version: String,
        /// Where.
        path: String,
    },
    /// It is not there.
    Missing,
    /// It is there and will not do.
    Unfit {
        /// Why.
        why: String,
    },
}

struct Row {
    name: &'static str,
    purpose: &'static str,
    package: &'static str,
    required: bool,
    needed_for: &'static str,
}

const fn row(
    name: &'static str,
    purpose: &'static str,
    package: &'static str,
    needed_for: &'static str,
) -> Row {
    Row { name, purpose, package, required: true, needed_for }
}

/// Wanted by some configurations only.
const fn optional(name: &'static str, purpose: &'static str, package: &'static str) -> Row {
    Row { name, purpose, package, required: false, needed_for: "Linux" }
}

/// LLVM tools, by their plain names.
const LLVM: [(&str, &str, &str); 9] = [
    ("clang", "front ends and backends", "any"),
    ("ld.lld", "thin links and links", "any"),
    ("llvm-ar", "thin archives of objects", "any"),
    ("llvm-nm", "symbol lists for kbuild", "any"),
    ("llvm-objcopy", "stripping vmlinux", "any"),
    ("llvm-readelf", "kbuild's checks of ELF files", "any"),
    ("llvm-objdump", "kbuild's checks of ELF files", "Linux"),
    ("llvm-strip", "kbuild's strip", "Linux"),
    ("llvm-ranlib", "host tools", "Linux"),
];

/// Other programs. Source: `Documentation/process/changes.rst`, Linux 7.3.
const PROGRAMS: [Row; 12] = [
    row("make", "runs kbuild (GNU make 4.0 or later)", "make", "any"),
    row("awk", "kbuild's scripts", "mawk", "any"),
    row("sed", "kbuild's scripts", "sed", "any"),
    row("flex", "kbuild's parsers", "flex", "Linux"),
    row("bison", "kbuild's parsers", "bison", "Linux"),
    row("bc", "generated headers", "bc", "Linux"),
    optional("perl", "generated files of some drivers", "perl"),
    row("python3", "initcall order and generated files", "python3", "Linux"),
    optional("cpio", "an initramfs in the kernel", "cpio"),
    row("gzip", "kbuild's archives", "gzip", "Linux"),
    row("cmp", "kbuild's scripts", "diffutils", "Linux"),
    row("find", "kbuild's clean rules", "findutils", "Linux"),
];

/// Headers for kbuild's host tools.
const HEADERS: [Row; 3] = [
    row("stdio.h", "host tools", "libc6-dev", "Linux"),
    row("gelf.h", "objtool, on x86_64 and loongarch", "libelf-dev", "Linux"),
    optional("openssl/evp.h", "host tools that sign modules", "libssl-dev"),
];

/// Looks for every tool that is needed.
#[must_use]
pub fn doctor(llvm: &LlvmSpec) -> Vec<Tool> {
    let mut tools = Vec::new();
    for (name, purpose, needed_for) in LLVM {
        let program = llvm.program(name);
        let state = probe(&program);
        let how = format!("scripts/fetch-llvm 22, or your distribution's LLVM ({name})");
        tools.push(Tool { name: program, purpose, how, required: true, needed_for, state });
    }
    agree_on_version(&mut tools);
    for row in PROGRAMS {
        tools.push(tool(&row, probe(row.name)));
    }
    for row in HEADERS {
        tools.push(tool(&row, header(row.name)));
    }
    tools
}

/// What a distributed link of two files shows of an LLVM, for one architecture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LinkProbe {
    /// For which architecture.
    pub arch: Arch,
    /// Why the link fails; none where it works and its backends import what the index says.
    pub fails: Option<String>,
    /// What becomes of the names of promoted locals when the thin link is asked to keep them.
    pub rename_option: Option<RenameOption>,
}

/// Really links two files for every architecture.
#[must_use]
pub fn probe_links(llvm: &LlvmSpec) -> Vec<LinkProbe> {
    let one = |arch| {
        let shown = two_file_link(arch, llvm).and_then(|()| rename_option(arch, llvm));
        match shown {
            Ok(option) => LinkProbe { arch, fails: None, rename_option: Some(option) },
            Err(error) => LinkProbe { arch, fails: Some(error.cause), rename_option: None },
        }
    };
    Arch::ALL.par_iter().map(|arch| one(*arch)).collect()
}

fn tool(row: &Row, state: ToolState) -> Tool {
    Tool {
        name: row.name.to_owned(),
        purpose: row.purpose,
        how: format!("apt-get install {}", row.package),
        required: row.required,
        needed_for: row.needed_for,
        state,
    }
}

fn probe(program: &str) -> ToolState {
    let Some(path) = find_program(program) else {
        return ToolState::Missing;
    };
    let recipe = Recipe::new(Path::new("/"), &path).arg("--version");
    let said = match capture(&recipe) {
        Ok(said) => said,
        Err(error) => return ToolState::Unfit { why: error.cause },
    };
    let text = format!("{}\n{}", said.stdout, said.stderr);
    let version = text.lines().find_map(ToolVersion::find);
    if path.file_name().is_some_and(|n| n == "make") {
        let is_gnu = text.contains("GNU Make");
        if !is_gnu || version.is_none_or(|v| v.major < 4) {
            return ToolState::Unfit { why: "it is not GNU make 4.0 or later".to_owned() };
        }
    }
    ToolState::Found {
        version: version.map(|v| v.to_string()).unwrap_or_default(),
        path: path.display().to_string(),
    }
}

fn header(name: &str) -> ToolState {
    let triple = format!("/usr/include/{}-linux-gnu", std::env::consts::ARCH);
    let found = ["/usr/include", &triple, "/usr/local/include"]
        .into_iter()
        .map(|dir| Path::new(dir).join(name))
        .find(|path| path.is_file());
    match found {
        Some(path) => ToolState::Found { version: String::new(), path: path.display().to_string() },
        None => ToolState::Missing,
    }
}

/// Bitcode of one LLVM is not for another, so all must be of one version.
fn agree_on_version(tools: &mut [Tool]) {
    let version = tools.iter().find_map(|tool| match &tool.state {
        ToolState::Found { version, .. } if !version.is_empty() => Some(version.clone()),
        _ => None,
    });
    let Some(expected) = version else { return };
    for tool in tools {
        match &tool.state {
            ToolState::Found { version, .. } if *version != expected => {
                let why = format!("it is {version} and clang is {expected}");
                tool.state = ToolState::Unfit { why };
            }
            _ => {}
        }
    }
}
