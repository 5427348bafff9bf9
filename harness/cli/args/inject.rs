//! What `twinlto inject` is asked.

use super::{HowArgs, ShownArgs};
use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(Debug, ClapArgs)]
pub(crate) struct InjectArgs {
    /// Linux source tree (7.2 or later; never written); without it, the pocket kernel.
    #[arg(long, value_name = "PATH")]
    pub(crate) kernel: Option<PathBuf>,
    /// Only cases with such names: 'index-*' (repeatable).
    #[arg(long, value_name = "GLOB")]
    pub(crate) case: Vec<String>,
    /// Take the cases from DIR/NAME/case.toml instead of those that twinlto carries.
    #[arg(long, value_name = "DIR")]
    pub(crate) cases: Option<PathBuf>,
    /// Only list the cases.
    #[arg(long)]
    pub(crate) list: bool,
    #[command(flatten)]
    pub(crate) how: HowArgs,
    /// An LLVM of another major version, for cases in which two meet.
    #[arg(long, value_name = "LLVM", allow_hyphen_values = true)]
    pub(crate) other_llvm: Option<String>,
    /// Directory for the prepared kernels and the cases; the same command again uses them.
    #[arg(long, value_name = "DIR", default_value = "twinlto-inject")]
    pub(crate) out: PathBuf,
    /// Keep the build of every case, not only of those that are not caught.
    #[arg(long)]
    pub(crate) keep: bool,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
}
