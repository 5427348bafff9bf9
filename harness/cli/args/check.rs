//! What `twinlto check`, `build` and `lifecycle` are asked.

use super::{ExpectArgs, OutputArgs};
use clap::Args as ClapArgs;
use std::path::PathBuf;

/// How a kernel is built.
#[derive(Debug, ClapArgs)]
pub(crate) struct HowArgs {
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
    /// Ask ccache (4.14 or later) before anything is compiled.
    #[arg(long)]
    pub(crate) ccache: bool,
}

/// A kernel and how it is built.
#[derive(Debug, ClapArgs)]
pub(crate) struct KernelArgs {
    /// Linux source tree (7.2 or later, with --mode reference 6.1 or later; nothing built inside);
    /// without it, the pocket kernel.
    pub(crate) kernel: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) how: HowArgs,
    /// Directory for builds and records; the same command again continues there.
    #[arg(long, value_name = "DIR", default_value = "twinlto-out")]
    pub(crate) out: PathBuf,
}

/// The modes that are compared.
#[derive(Debug, ClapArgs)]
pub(crate) struct ModesArgs {
    /// distributed, reference or dtlto: compared with in-process, or given twice the two with each
    /// other [default: distributed and in-process].
    #[arg(long, value_name = "MODE")]
    pub(crate) mode: Vec<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BuildArgs {
    #[command(flatten)]
    pub(crate) kernel: KernelArgs,
    /// distributed, reference, dtlto or in-process.
    #[arg(long, value_name = "MODE", default_value = "distributed")]
    pub(crate) mode: String,
    #[command(flatten)]
    pub(crate) expect: ExpectArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct LifecycleArgs {
    #[command(flatten)]
    pub(crate) kernel: KernelArgs,
    /// Only this step: noop, leaf, imported, header, switch, switch-edited, flags, backend,
    /// compile-commands, ranges, ignore or clean (repeatable) [default: all].
    #[arg(long, value_name = "STEP")]
    pub(crate) step: Vec<String>,
    #[command(flatten)]
    pub(crate) expect: ExpectArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) kernel: KernelArgs,
    #[command(flatten)]
    pub(crate) modes: ModesArgs,
    /// Build the second mode from clean too, instead of from a copy of the first build.
    #[arg(long)]
    pub(crate) separate: bool,
    /// Also compile every object again, by a reference backend and by an in-process link, and
    /// compare byte for byte.
    #[arg(long)]
    pub(crate) replay: bool,
    /// With --replay, only N objects, spread over the directories, always the same ones.
    #[arg(long, value_name = "N", requires = "replay")]
    pub(crate) sample: Option<usize>,
    /// For git bisect run: exit with 125 where this commit has no answer, and with 128 where no
    /// commit would have one.
    #[arg(long)]
    pub(crate) bisect_exit: bool,
    #[command(flatten)]
    pub(crate) expect: ExpectArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
