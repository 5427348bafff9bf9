//! The text files that kbuild leaves in a build directory.

mod built_in;
mod cmd;
mod compilation;
mod config;
mod depends;
mod installed;
mod lists;
mod members;
mod names;
mod preprocess;
mod role;
mod symtypes;
mod symvers;
mod tree;

pub use built_in::{built_in_modules, modfile, ranges_modules};
pub use cmd::{CmdFile, CmdIssue, Crc, SavedFlags, SymverLine, unescape};
pub use compilation::{CompileCommand, compile_commands};
pub use config::{Config, ConfigValue};
pub use depends::Depends;
pub use installed::{Apart, built_in_list, built_in_modinfo, system_map};
pub use lists::{ModuleMembers, module_members, normalize_path, object_list, object_list_or_bytes};
pub use members::{Member, enumerators, members, split, split_body};
pub use names::{cmd_path, index_path, native_path};
pub use preprocess::{Preprocess, assembly_prototypes};
pub use role::FileRole;
pub use symtypes::{Definition, Symtypes, TypeKind};
pub use symvers::{Export, Symvers, SymversError};
pub use tree::{KernelVersion, kernel_version, lto_modes};
