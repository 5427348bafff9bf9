mod bisect;
mod check;
mod inject;
mod matrix;
mod premerge;

pub(crate) use bisect::{
    BisectCommand, BisectKernelArgs, BisectObjectsArgs, BisectOptionsArgs, BisectToolchainArgs,
    PredicateArgs,
};
pub(crate) use check::{BuildArgs, CheckArgs, HowArgs, KernelArgs, LifecycleArgs, ModesArgs};
pub(crate) use inject::InjectArgs;
pub(crate) use matrix::{MatrixArgs, MatrixCommand, MatrixRunArgs, MatrixShowArgs};
pub(crate) use premerge::PremergeArgs;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;
use twinlto_engine::ExpectFiles;

/// Proves that in-process and distributed ThinLTO builds of a Linux kernel agree, object by
/// object, or names the object, option, symbol or CRC that does not, and why.
#[derive(Debug, Parser)]
#[command(name = "twinlto", version, max_term_width = 100, after_help = EXIT)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT: &str = "Exit status: 0 agree, 1 differ, 2 usage, 3 the kernel did not build, \
                    4 environment. --bisect-exit makes 125 of what a commit has no answer for, \
                    and 128 of what ends git bisect run.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build a kernel in two modes and compare the twins.
    Check(CheckArgs),
    /// Build a kernel in one mode, keep it, and audit it.
    Build(BuildArgs),
    /// Build a kernel in distributed mode and take it through its life: made again, changed,
    /// switched, cleaned.
    Lifecycle(LifecycleArgs),
    /// Compare build directories that somebody else made; builds and writes nothing.
    Audit(AuditArgs),
    /// Compare any two things of one kind: build directories, kernels, objects, archives,
    /// Module.symvers files, build logs, records of checks.
    Diff(DiffArgs),
    /// Compile every object of a finished build again, by a reference backend and by an in-process
    /// link, and compare byte for byte.
    Replay(ReplayArgs),
    /// Run the backends that ld.lld hands out: --thinlto-distributor=twinlto
    /// --thinlto-distributor-arg=distributor (LLVM 22 and later).
    Distributor(DistributorArgs),
    /// Put every known defect into a kernel and show that it is caught, in the right words and with
    /// nothing else said.
    Inject(InjectArgs),
    /// Check many cells: kernels × configurations × architectures × toolchains.
    #[command(subcommand)]
    Matrix(MatrixCommand),
    /// Check a change before it is merged: what it makes worse, what it mends, what was there before.
    Premerge(PremergeArgs),
    /// Find the commit, toolchain, object or option with which a kernel became bad.
    #[command(subcommand)]
    Bisect(BisectCommand),
    /// Keep the facts of a build as small texts, and compare a later build with them.
    #[command(subcommand)]
    Snapshot(SnapshotCommand),
    /// Show a recorded report again.
    Report(ReportArgs),
    /// Say what is known of a compiler option, or of the key of a finding.
    Explain(ExplainArgs),
    /// List every tool that is needed: found or not, version, what for, how to get it.
    Doctor(DoctorArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct AuditArgs {
    /// Build directory: what make got as O=, or a tree that was built in place.
    #[arg(required_unless_present = "planned")]
    pub(crate) build: Option<PathBuf>,
    /// Its twin in the other mode; without it, transport and artefacts of one build.
    pub(crate) other: Option<PathBuf>,
    /// Compile nothing: audit the commands that --kernel would run, planned by a dry run of make on
    /// this distributed build, finished or failed, of that tree or of another state of it.
    #[arg(long, value_name = "BUILD_DIR", requires = "kernel", conflicts_with_all = ["build", "other"])]
    pub(crate) planned: Option<PathBuf>,
    /// With --planned, the source tree (nothing built inside).
    #[arg(long, value_name = "TREE", requires = "planned")]
    pub(crate) kernel: Option<PathBuf>,
    /// With --planned, what make gets as LLVM= [default: the compiler that the build recorded].
    #[arg(long, value_name = "LLVM", requires = "planned", allow_hyphen_values = true)]
    pub(crate) llvm: Option<String>,
    /// With --planned, compare with the front ends that the build recorded, instead of those that
    /// the tree would run from clean.
    #[arg(long, requires = "planned")]
    pub(crate) recorded: bool,
    #[command(flatten)]
    pub(crate) expect: ExpectArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotCommand {
    /// Record the facts of a build where nothing was recorded.
    Record(SnapshotArgs),
    /// Compare a build with what was recorded.
    Compare(SnapshotArgs),
    /// Record the facts of a build in the place of what was recorded.
    Accept(SnapshotArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct SnapshotArgs {
    /// Build directory; to compare with, also a directory of recorded facets.
    pub(crate) build: PathBuf,
    /// Directory of the recorded facets, one text each.
    pub(crate) dir: PathBuf,
    /// What make said while it built (repeatable) [default: BUILD.log, where there is one].
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ReplayArgs {
    /// Build directory, of either mode; nothing is written into it.
    pub(crate) build: PathBuf,
    #[command(flatten)]
    pub(crate) scope: ReplayScope,
    /// Jobs to run at once [default: number of processors].
    #[arg(short, long, value_name = "N")]
    pub(crate) jobs: Option<usize>,
    #[command(flatten)]
    pub(crate) expect: ExpectArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DistributorArgs {
    /// The list of backends that ld.lld has written.
    pub(crate) list: PathBuf,
    /// Keep indexes, native objects and the records of them in this kernel build directory, as
    /// kbuild's distributed mode does.
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
    /// Jobs to run at once [default: number of processors].
    #[arg(short, long, value_name = "N")]
    pub(crate) jobs: Option<usize>,
    /// Seconds that one backend may take; it is then tried once more.
    #[arg(long, value_name = "SECONDS", default_value_t = BACKEND_SECONDS)]
    pub(crate) timeout: u64,
}

/// A backend of the largest unit of a kernel takes some seconds.
pub(crate) const BACKEND_SECONDS: u64 = 300;

#[derive(Debug, ClapArgs)]
pub(crate) struct ReplayScope {
    /// Only such objects, named as in the index: 'lib/*', '**' (repeatable).
    #[arg(long, value_name = "GLOB")]
    pub(crate) object: Vec<String>,
    /// Only N objects, spread over the directories, always the same ones.
    #[arg(long, value_name = "N")]
    pub(crate) sample: Option<usize>,
    /// Seconds that one backend may take; it is then tried once more.
    #[arg(long, value_name = "SECONDS", default_value_t = BACKEND_SECONDS)]
    pub(crate) timeout: u64,
    /// Do not try on the linker what would make the modes alike.
    #[arg(long)]
    pub(crate) no_proofs: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DiffArgs {
    /// Build directory, ELF file, archive, Module.symvers, build log or record.
    pub(crate) a: PathBuf,
    /// Another of the same kind.
    pub(crate) b: PathBuf,
    /// Only findings with such keys, as section.* (repeatable).
    #[arg(long, value_name = "KEY-GLOB")]
    pub(crate) only: Vec<String>,
    /// No findings with such keys (repeatable).
    #[arg(long, value_name = "KEY-GLOB")]
    pub(crate) ignore: Vec<String>,
    /// Of build directories, also compare the functions of such native objects, named as in the
    /// index: 'lib/*', '**' (repeatable).
    #[arg(long, value_name = "GLOB")]
    pub(crate) object: Vec<String>,
    /// Do not find out which types changed the CRCs that differ: it runs the preprocessor and
    /// genksyms of both build directories.
    #[arg(long)]
    pub(crate) no_explain: bool,
    /// Show the first ten functions that differ as llvm-objdump prints them; of two ELF files.
    #[arg(long, conflicts_with = "format")]
    pub(crate) disassemble: bool,
    /// The LLVM whose llvm-objdump that is, as the kernel's LLVM= takes it.
    #[arg(long, value_name = "LLVM", default_value = "1", allow_hyphen_values = true)]
    pub(crate) llvm: String,
    #[command(flatten)]
    pub(crate) expect: ExpectArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ReportArgs {
    /// Record directory, as the last line of a check names it, or its report.json.
    pub(crate) record: PathBuf,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ExplainArgs {
    /// Options as the compiler gets them, or keys of findings.
    #[arg(
        required = true,
        value_name = "WORD",
        allow_hyphen_values = true,
        trailing_var_arg = true
    )]
    pub(crate) words: Vec<String>,
    /// Form of the answer; stands before the words.
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DoctorArgs {
    /// The LLVM to look at, as the kernel's LLVM= takes it.
    #[arg(long, value_name = "LLVM", default_value = "1", allow_hyphen_values = true)]
    pub(crate) llvm: String,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ExpectArgs {
    /// What may differ and why [default: twinlto.toml in the current directory, if it is there].
    #[arg(long, value_name = "FILE")]
    pub(crate) expect: Option<PathBuf>,
    /// Which exports may differ: the severities file of SUSE's kernel package.
    #[arg(long, value_name = "FILE")]
    pub(crate) severities: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct OutputArgs {
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
    /// Also write the report to a file: markdown=FILE (to be mailed or pasted into a bug report),
    /// junit=FILE (XML for the machines that run builds) or json=FILE (repeatable).
    #[arg(long, value_name = "FORMAT=FILE")]
    pub(crate) report: Vec<OsString>,
}

/// What the terminal shows.
#[derive(Debug, ClapArgs)]
pub(crate) struct ShownArgs {
    /// Form of the report.
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    pub(crate) format: Format,
    /// List notes too (differences that are lawful and explained), and what is allowed.
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for a person.
    Terminal,
    /// JSON; its first field names the schema.
    Json,
}

impl ExpectArgs {
    /// The files. In a bisection, entries that are for nothing are left unsaid.
    pub(crate) fn files(&self, bisect: bool) -> ExpectFiles {
        ExpectFiles {
            expect: self.expect.clone(),
            severities: self.severities.clone(),
            unused_is_fine: bisect,
        }
    }
}

impl Args {
    pub(crate) fn bisect_exit(&self) -> bool {
        matches!(&self.command, Command::Check(check) if check.bisect_exit)
    }

    /// How the report is given, of a command that makes one.
    pub(crate) fn output(&self) -> Option<&OutputArgs> {
        match &self.command {
            Command::Check(CheckArgs { output, .. })
            | Command::Build(BuildArgs { output, .. })
            | Command::Lifecycle(LifecycleArgs { output, .. })
            | Command::Audit(AuditArgs { output, .. })
            | Command::Diff(DiffArgs { output, .. })
            | Command::Replay(ReplayArgs { output, .. })
            | Command::Premerge(PremergeArgs { output, .. })
            | Command::Report(ReportArgs { output, .. })
            | Command::Matrix(MatrixCommand::Run(MatrixRunArgs { output, .. }))
            | Command::Matrix(MatrixCommand::Show(MatrixShowArgs { output, .. })) => Some(output),
            Command::Distributor(_)
            | Command::Inject(_)
            | Command::Bisect(_)
            | Command::Matrix(MatrixCommand::Plan(_) | MatrixCommand::Status(_))
            | Command::Snapshot(_)
            | Command::Explain(_)
            | Command::Doctor(_) => None,
        }
    }

    /// Whether it runs make, which reads variables of the environment.
    pub(crate) fn runs_make(&self) -> bool {
        match &self.command {
            Command::Check(_)
            | Command::Build(_)
            | Command::Lifecycle(_)
            | Command::Premerge(_)
            | Command::Matrix(MatrixCommand::Run(_)) => true,
            Command::Audit(audit) => audit.planned.is_some(),
            _ => false,
        }
    }
}
