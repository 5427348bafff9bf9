//! What `twinlto bisect` is asked.

use super::{KernelArgs, ModesArgs, ShownArgs};
use clap::{ArgGroup, Args as ClapArgs, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum BisectCommand {
    /// Find the commit with which a kernel became bad. KERNEL is a git repository, of which only
    /// worktrees are used.
    Kernel(BisectKernelArgs),
    /// Find the toolchain with which a kernel became bad, or a script says so.
    Toolchain(BisectToolchainArgs),
    /// Find the native objects that make an image bad: those of a bad build are put into a good one,
    /// which is linked again.
    Objects(BisectObjectsArgs),
    /// Find the options of one object's backend that make it bad: it is compiled with some of them.
    Options(BisectOptionsArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BisectKernelArgs {
    /// A revision that is good.
    #[arg(long, value_name = "REV")]
    pub(crate) good: String,
    /// A revision that is bad, and descends from the good one.
    #[arg(long, value_name = "REV")]
    pub(crate) bad: String,
    /// Take merges for steps of one line, and do not go into what they brought.
    #[arg(long)]
    pub(crate) first_parent: bool,
    #[command(flatten)]
    pub(crate) predicate: PredicateArgs,
    #[command(flatten)]
    pub(crate) kernel: KernelArgs,
    #[command(flatten)]
    pub(crate) modes: ModesArgs,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BisectToolchainArgs {
    /// The bin directories of two or more toolchains; they are put in the order of their versions.
    #[arg(long, value_name = "DIR", required = true, num_args = 1..)]
    pub(crate) among: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) predicate: PredicateArgs,
    #[command(flatten)]
    pub(crate) kernel: KernelArgs,
    #[command(flatten)]
    pub(crate) modes: ModesArgs,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BisectObjectsArgs {
    /// Distributed build directory whose image is good.
    pub(crate) good: PathBuf,
    /// One of the same sources and configuration whose image is bad.
    pub(crate) bad: PathBuf,
    #[command(flatten)]
    pub(crate) predicate: PredicateArgs,
    /// Source tree [default: the one that the good build names].
    #[arg(long, value_name = "TREE")]
    pub(crate) kernel: Option<PathBuf>,
    /// What make gets as LLVM= [default: the compiler that the good build recorded].
    #[arg(long, value_name = "LLVM", allow_hyphen_values = true)]
    pub(crate) llvm: Option<String>,
    /// Jobs to run at once [default: number of processors].
    #[arg(short, long, value_name = "N")]
    pub(crate) jobs: Option<usize>,
    /// Directory for the mixed build and the state; the same command again continues there.
    #[arg(long, value_name = "DIR", default_value = "twinlto-out")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BisectOptionsArgs {
    /// Distributed build directory.
    pub(crate) build: PathBuf,
    /// An object as the index names it: lib/kstrtox.o.
    pub(crate) object: String,
    #[command(flatten)]
    pub(crate) predicate: PredicateArgs,
    /// Directory for the objects and the state; the same command again continues there.
    #[arg(long, value_name = "DIR", default_value = "twinlto-out")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
}

/// What makes a candidate bad.
#[derive(Debug, ClapArgs)]
#[command(group = ArgGroup::new("predicate").required(true)
    .args(["finding", "outcome", "error", "error_class", "count", "run"]))]
pub(crate) struct PredicateArgs {
    /// Bad: a finding with such a key, as 'flags.*'.
    #[arg(long, value_name = "KEY-GLOB")]
    pub(crate) finding: Option<String>,
    /// With --finding, only one of such an object, option, symbol …: 'virt/kvm/*'.
    #[arg(long, value_name = "GLOB", requires = "finding")]
    pub(crate) subject: Option<String>,
    /// Bad: one of these outcomes: differ, broken, skipped, agree.
    #[arg(long, value_name = "OUTCOMES")]
    pub(crate) outcome: Option<String>,
    /// Bad: the build fails, and this text is in what it says. Another failure is no answer.
    #[arg(long, value_name = "TEXT")]
    pub(crate) error: Option<String>,
    /// Bad: the build fails with a message of this class, such as undefined-symbol, crash, or the name
    /// of a warning that -Werror made an error. Another failure is no answer, and says of which class
    /// it is.
    #[arg(long, value_name = "CLASS")]
    pub(crate) error_class: Option<String>,
    /// Bad: a number of a build is past a bound: 'in-process.promoted_symbols<200',
    /// 'text_bytes>9000000' (<, <=, =, >=, >).
    #[arg(long, value_name = "NUMBER")]
    pub(crate) count: Option<String>,
    /// Bad: this program ends with 1 to 124 (0 is good, 125 no answer), run in an empty directory with
    /// LLVM, CLANG, LD, AR, NM and OBJDUMP in its environment; nothing is built for it.
    #[arg(long, value_name = "SCRIPT")]
    pub(crate) run: Option<PathBuf>,
    /// Ask each candidate so many times; answers that disagree are none.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) repeat: u32,
}
