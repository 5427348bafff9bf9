//! What `twinlto premerge` is asked.

use super::{ExpectArgs, OutputArgs};
use clap::{ArgGroup, Args as ClapArgs};
use std::path::PathBuf;

#[derive(Debug, ClapArgs)]
#[command(group = ArgGroup::new("change").required(true).args(["head", "series"]))]
pub(crate) struct PremergeArgs {
    /// git repository of Linux, of which only worktrees are used; without it, base and head are
    /// directories.
    #[arg(long, value_name = "REPO")]
    pub(crate) kernel: Option<PathBuf>,
    /// The state before the change: a revision, or without --kernel a directory.
    #[arg(long, value_name = "REV")]
    pub(crate) base: String,
    /// The state after it, likewise.
    #[arg(long, value_name = "REV")]
    pub(crate) head: Option<String>,
    /// The change as patches on the base: an mbox, a patch, or a directory of them.
    #[arg(long, value_name = "FILE")]
    pub(crate) series: Option<PathBuf>,
    /// Check each patch, and name the first that makes something worse.
    #[arg(long)]
    pub(crate) each: bool,
    /// Build the head from clean, instead of only what the change reaches.
    #[arg(long)]
    pub(crate) clean: bool,
    /// Architecture: x86_64, arm64, riscv, loongarch or all (repeatable) [default: this machine's].
    #[arg(long, value_name = "ARCH")]
    pub(crate) arch: Vec<String>,
    /// What the kernel's LLVM= takes: 1, -22 or /path/bin/.
    #[arg(long, value_name = "LLVM", default_value = "1", allow_hyphen_values = true)]
    pub(crate) llvm: String,
    /// tiny, defconfig, a .config file, or +FRAGMENT to lay over it (repeatable, later wins)
    /// [default: tiny].
    #[arg(long, value_name = "CONFIG")]
    pub(crate) config: Vec<String>,
    /// Jobs to run at once [default: number of processors].
    #[arg(short, long, value_name = "N")]
    pub(crate) jobs: Option<usize>,
    /// Directory for the tree and the builds; the base is kept there.
    #[arg(long, value_name = "DIR", default_value = "twinlto-premerge")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) expect: ExpectArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
