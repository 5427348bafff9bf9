//! How a kernel's objects are linked, and links that are run.

use super::command::LinkCommand;
use super::last_words;
use crate::build::Kbuild;
use crate::error::EngineError;
use crate::process::{Bounded, Ended, capture};
use crate::recipe::Recipe;
use std::path::Path;
use std::time::Duration;

/// How the kernel's objects are linked: the linker and `KBUILD_LDFLAGS`.
pub(super) struct Linker {
    pub(super) program: String,
    pub(super) flags: Vec<String>,
}

impl Linker {
    /// The start of every relocatable link.
    pub(super) fn recipe(&self, dir: &Path) -> Recipe {
        let recipe = Recipe::new(dir, &self.program);
        self.flags.iter().fold(recipe, Recipe::arg).arg("-r")
    }
}

/// Asks make what it would run to link `vmlinux.o`; nothing has recorded that before it was done.
pub(super) fn linker(kbuild: &Kbuild<'_>) -> Result<Linker, EngineError> {
    let recipe = kbuild.make(&["vmlinux_o"]).arg("-n");
    let said = capture(&recipe)?;
    let mut lines = said.stdout.lines().filter(|line| line.contains("vmlinux.o"));
    let linker = lines.find_map(|line| {
        // `$(LD) ${KBUILD_LDFLAGS} -r -o $@` (`scripts/Makefile.vmlinux_o`, Linux 6.1 to 7.3).
        let command = LinkCommand::parse(line).ok()?;
        let end = command.options.iter().position(|option| option == "-r")?;
        command.options.iter().any(|option| option == "vmlinux.a").then(|| Linker {
            flags: command.options.iter().take(end).cloned().collect(),
            program: command.linker,
        })
    });
    linker.ok_or_else(|| {
        EngineError::environment(
            format!("dry run of the link in {}", kbuild.dir.display()),
            match said.status.success() {
                true => "make would not link vmlinux.o from vmlinux.a".to_owned(),
                false => last_words(&said.stderr).unwrap_or_else(|| said.status.to_string()),
            },
            format!("see what this says: {recipe}"),
        )
    })
}

/// How long a thin link or the making of an archive may take.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Runs a link or an archiver in a build directory.
pub(super) fn run(recipe: &Recipe, what: &str) -> Result<(), EngineError> {
    let ran = Bounded { recipe, limit: LIMIT }.run()?;
    let why = match ran.ended {
        Ended::Status(status) if status.success() => return Ok(()),
        Ended::Status(status) => last_words(&ran.stderr).unwrap_or_else(|| status.to_string()),
        Ended::Late => format!("it was still running after {LIMIT:?}"),
    };
    let dir = recipe.dir.display();
    Err(EngineError::environment(
        format!("{what} in {dir}"),
        why,
        format!("repeat it with: cd {dir} && {recipe}"),
    ))
}
