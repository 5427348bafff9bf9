//! What `twinlto premerge` is asked.

use super::{ExpectArgs, HowArgs, ModesArgs, OutputArgs};
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
    #[command(flatten)]
    pub(crate) how: HowArgs,
    #[command(flatten)]
    pub(crate) modes: ModesArgs,
    /// Directory for the tree and the builds; the base is kept there.
    #[arg(long, value_name = "DIR", default_value = "twinlto-premerge")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) expect: ExpectArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
