//! What `twinlto matrix` is asked.

use super::{OutputArgs, ShownArgs};
use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum MatrixCommand {
    /// List the cells in the order in which they would run, why some are impossible, and how long the
    /// others may take.
    Plan(MatrixLookArgs),
    /// Check every cell that is not done.
    Run(MatrixRunArgs),
    /// Say how far a run is.
    Status(MatrixLookArgs),
    /// Show the outcomes, architecture × toolchain, and what changes from column to column.
    Show(MatrixShowArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct MatrixArgs {
    /// A matrix (docs/MATRIX.md): a file, or the name of one in cases/matrix. The options below add to
    /// its lists.
    pub(crate) matrix: Option<String>,
    /// A kernel: pocket, or a source tree (repeatable) [default: pocket].
    #[arg(long, value_name = "KERNEL")]
    pub(crate) kernel: Vec<String>,
    /// A configuration; several that are laid over each other in one word: 'tiny +kvm.config'
    /// (repeatable) [default: tiny].
    #[arg(long, value_name = "CONFIG")]
    pub(crate) config: Vec<String>,
    /// Architecture: x86_64, arm64, riscv, loongarch or all (repeatable) [default: this machine's].
    #[arg(long, value_name = "ARCH")]
    pub(crate) arch: Vec<String>,
    /// Toolchains among those that are there: 22, '>=23', 19..21, all (repeatable) [default: all].
    #[arg(long, value_name = "VERSIONS")]
    pub(crate) toolchain: Vec<String>,
    /// Modes: distributed, reference or dtlto, compared with in-process, or two in one word that are
    /// compared with each other: 'distributed reference' (repeatable) [default: distributed].
    #[arg(long, value_name = "MODE")]
    pub(crate) mode: Vec<String>,
    /// One that is not found by itself, as the kernel's LLVM= takes it (repeatable).
    #[arg(long, value_name = "LLVM", allow_hyphen_values = true)]
    pub(crate) llvm: Vec<String>,
    /// Directory for builds, records and the state; the same command again continues there.
    #[arg(long, value_name = "DIR", default_value = "twinlto-matrix")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct MatrixLookArgs {
    #[command(flatten)]
    pub(crate) matrix: MatrixArgs,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct MatrixShowArgs {
    #[command(flatten)]
    pub(crate) matrix: MatrixArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct MatrixRunArgs {
    #[command(flatten)]
    pub(crate) matrix: MatrixArgs,
    /// Jobs to run at once, of all cells together [default: number of processors].
    #[arg(short, long, value_name = "N")]
    pub(crate) jobs: Option<usize>,
    /// Cells at once, which share the jobs.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) cells: usize,
    /// GiB of memory for all cells together: no more cells at once than that is enough for, with
    /// 2 GiB a job and 2 GiB a link [default: what is free].
    #[arg(long, value_name = "GIB")]
    pub(crate) memory: Option<u64>,
    /// Ask ccache (4.14 or later) before anything is compiled.
    #[arg(long)]
    pub(crate) ccache: bool,
    /// Go on after a cell that is not as expected.
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// Keep the builds of cells that are as expected, too.
    #[arg(long)]
    pub(crate) keep: bool,
    /// Run more than 200 cells.
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
