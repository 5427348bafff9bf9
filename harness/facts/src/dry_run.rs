//! What `make -n` prints of a kernel build: the commands that would be run.
//!
//! make prints each line of a recipe as its shell would get it (GNU make 4.x), so that the text
//! of a command is the command itself and nothing has to be undone. kbuild puts several commands
//! into one line (`cmd_and_savecmd` in `scripts/Kbuild.include`, Linux 7.3): traps, the command,
//! and the one that records it.

use crate::build::{Answer, BuildFacts, CommandText, FileFacts};
use crate::flags::{Command, lex};
use crate::kbuild::{CmdFile, native_path, normalize_path};
use crate::log::compiler_at;
use std::collections::{BTreeMap, BTreeSet};

/// What a report calls the source of a planned command.
pub const SOURCE: &str = "the dry run";

/// The commands of one dry run that an audit compares.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DryRun {
    /// Object → the command that compiles it.
    pub fronts: BTreeMap<String, PlannedCommand>,
    /// Object → the options that its rule saves for a backend.
    pub saved: BTreeMap<String, PlannedCommand>,
    /// Native object → its backend.
    pub backends: BTreeMap<String, PlannedCommand>,
    /// How many lines save options in a way that is not known here.
    pub odd_saves: usize,
    /// How many lines it has.
    pub lines: usize,
}

/// One command that would be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedCommand {
    /// Shell text: of a saved one, the options alone.
    pub text: String,
    /// The target as the rule spells it, `..` and all.
    pub target: String,
}

impl DryRun {
    /// Reads the standard output of a dry run; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut run = Self::default();
        // A recipe may be continued on the next line.
        let mut long = String::new();
        for line in text.split('\n') {
            run.lines += 1;
            match line.strip_suffix('\\') {
                Some(part) => {
                    long.push_str(part);
                    long.push(' ');
                }
                None if long.is_empty() => run.read(line),
                None => {
                    long.push_str(line);
                    run.read(&long);
                    long.clear();
                }
            }
        }
        run.read(&long);
        run
    }

    fn read(&mut self, line: &str) {
        let is_backend = line.contains(INDEX);
        let is_front = !is_backend && line.contains(" -c ") && line.contains(" -o ");
        let is_save = line.contains(SAVED);
        if !(is_backend || is_front || is_save) {
            return;
        }
        let Ok(commands) = lex(line) else {
            // The shell could not read it either; what is wrong with it is for the audit to say.
            if is_backend || is_front {
                self.read_loosely(line, is_backend);
            }
            self.odd_saves += usize::from(is_save && !is_backend);
            return;
        };
        if is_backend || is_front {
            for command in &commands {
                self.take(command, is_backend);
            }
        }
        if is_save && !is_backend {
            self.take_saved(&commands);
        }
    }

    fn take(&mut self, command: &Command<'_>, is_backend: bool) {
        let has = |start: &str| command.words.iter().any(|word| word.starts_with(start));
        let is_it = if is_backend {
            has(INDEX.trim_start())
        } else {
            command.words.iter().any(|w| w == "-c")
        };
        // The text of a message or of a record is one word of another command.
        let output = command.words.windows(2).rev().find_map(|pair| match pair {
            [o, target] if o == "-o" => Some(target),
            _ => None,
        });
        if let (true, Some(target)) = (is_it, output) {
            self.put(target, command.text, is_backend);
        }
    }

    fn put(&mut self, target: &str, text: &str, is_backend: bool) {
        let Some(name) = normalize_path(target).filter(|name| name.ends_with(".o")) else {
            return;
        };
        let planned = PlannedCommand { text: text.to_owned(), target: target.to_owned() };
        let into = if is_backend { &mut self.backends } else { &mut self.fronts };
        into.entry(name).or_insert(planned);
    }

    /// A line that is no shell text: from the compiler up to what records the command.
    fn read_loosely(&mut self, line: &str, is_backend: bool) {
        let Some(rest) = compiler_at(line).and_then(|at| line.get(at..)) else {
            return;
        };
        let text = rest.split_once("; printf ").map_or(rest, |(command, _)| command);
        let output = text.rsplit_once(" -o ").and_then(|(_, after)| after.split(' ').next());
        if let Some(target) = output {
            self.put(target.trim_end_matches(['\'', ';']), text, is_backend);
        }
    }

    /// `printf '\n%s\n' 'saved_c_flags_X := …' >> .X.o.cmd` (`cmd_save_c_flags` in
    /// `scripts/Makefile.lib`, Linux 7.3).
    fn take_saved(&mut self, commands: &[Command<'_>]) {
        let saves = commands.iter().zip(commands.iter().skip(1)).find_map(|(command, next)| {
            let [program, _, text] = command.words.as_slice() else { return None };
            let text = text.strip_prefix(' ').unwrap_or(text);
            let is_one = program == "printf" && text.starts_with(SAVED);
            Some((text, next.words.first()?)).filter(|_| is_one)
        });
        let understood = saves.and_then(|(text, file)| {
            let saved = CmdFile::parse(&[], text.as_bytes()).saved?;
            let object = object_of_cmd(file)?;
            let flags = saved.flags.into_owned();
            let planned = PlannedCommand { text: flags, target: saved.target.into_owned() };
            Some((object, planned))
        });
        match understood {
            Some((object, planned)) => {
                self.saved.insert(object, planned);
            }
            None => self.odd_saves += 1,
        }
    }

    /// What kbuild would leave in the `.cmd` file of an object, less its dependencies; none of
    /// an object that would not be compiled.
    #[must_use]
    pub fn record(&self, object: &str) -> Option<String> {
        let front = self.fronts.get(object)?;
        // As `make-cmd` in `scripts/Kbuild.include`, Linux 7.3.
        let command = front.text.replace('$', "$$").replace('#', "$(pound)");
        let mut text = format!("savedcmd_{} := {command}\n", front.target);
        if let Some(saved) = self.saved.get(object) {
            text.push_str(&format!("\nsaved_c_flags_{} := {}\n", saved.target, saved.text));
        }
        Some(text)
    }
}

const INDEX: &str = " -fthinlto-index=";
const SAVED: &str = "saved_c_flags_";

/// The object that a `.cmd` file belongs to: `a/b.o` for `a/.b.o.cmd`.
fn object_of_cmd(path: &str) -> Option<String> {
    let (dir, base) = path.rsplit_once('/').unwrap_or((".", path));
    let name = base.strip_prefix('.')?.strip_suffix(".cmd")?;
    normalize_path(&format!("{dir}/{name}"))
}

/// What became of the recorded commands of a build when planned ones took their place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Replaced {
    /// Objects whose front end was planned.
    pub fronts: BTreeSet<String>,
    /// Objects whose backend was planned.
    pub backends: BTreeSet<String>,
    /// Objects that would be compiled and have no backend that could be planned: the build has
    /// them not, so there is no index that lists them.
    pub unknown: usize,
}

impl Replaced {
    /// Puts planned commands in the place of recorded ones, and takes out what only backends that
    /// ran have made. Without planned front ends, the recorded ones stay. `is_there` tells which
    /// objects the build has.
    #[must_use]
    pub fn put(
        facts: &mut BuildFacts,
        fronts: Option<&DryRun>,
        backends: &DryRun,
        is_there: impl Fn(&str) -> bool,
    ) -> Self {
        let mut replaced = Self::default();
        let answer = |planned: &PlannedCommand| CommandText {
            text: planned.text.clone(),
            path: SOURCE.to_owned(),
            target: planned.target.clone(),
        };
        for (name, object) in &mut facts.objects {
            if let Some((run, front)) = fronts.and_then(|run| Some((run, run.fronts.get(name)?))) {
                object.front = Answer::Read(answer(front));
                object.saved = run.saved.get(name).map(answer);
                object.front_modified = None;
                object.issues.clear();
                replaced.fronts.insert(name.clone());
            }
            object.native = FileFacts::default();
            object.back_from_log = false;
            object.back_error = None;
            object.back = match backends.backends.get(&native_path(name)) {
                Some(planned) => {
                    replaced.backends.insert(name.clone());
                    Answer::Read(answer(planned))
                }
                None => Answer::Absent,
            };
        }
        facts.archive = Answer::Absent;
        facts.archive_is_stale = false;
        if let Some(run) = fronts {
            let is_modules = |name: &String| {
                run.fronts.get(name).is_some_and(|front| front.text.contains(" -DMODULE "))
            };
            let new = run.saved.keys().filter(|name| !is_there(name) && !is_modules(name));
            replaced.unknown = new.count();
        }
        replaced
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::ObjectFacts;
    use proptest::prelude::*;

    const RUN: &str = r#"make -f /src/scripts/Makefile.build obj=.
set -e; echo '  CC      virt/kvm/a.o'; trap 'rm -f a.o; kill -s HUP $$' HUP; clang -Wp,-MMD,x -O2 -DX='"$a#"' -c -o arch/arm64/kvm/../../../virt/kvm/a.o /src/virt/kvm/a.c ; ./tools/objtool/objtool --x a.o; scripts/basic/fixdep x y 'clang -c -o arch/arm64/kvm/../../../virt/kvm/a.o' > arch/arm64/kvm/../../../virt/kvm/.a.o.cmd; rm -f x
set -e; printf '\n%s\n' 'saved_c_flags_arch/arm64/kvm/../../../virt/kvm/a.o := -O2 -DX='\''"$a#"'\''' >> arch/arm64/kvm/../../../virt/kvm/.a.o.cmd
set -e; echo '  CC      virt/kvm/a.thinlto-native.o'; clang -O2 -x ir -fthinlto-index=virt/kvm/a.o.thinlto.bc -c -o virt/kvm/a.thinlto-native.o virt/kvm/a.o; printf '%s\n' 'savedcmd_virt/kvm/a.thinlto-native.o := clang -O9 -fthinlto-index=b -c -o b.thinlto-native.o b.o' > virt/kvm/.a.thinlto-native.o.cmd
:
"#;

    #[test]
    fn what_would_run_is_read_and_not_what_would_be_said() {
        let run = DryRun::parse(RUN.as_bytes());
        let front = &run.fronts["virt/kvm/a.o"];
        assert!(front.text.starts_with("clang -Wp") && front.text.ends_with("virt/kvm/a.c"));
        assert_eq!(front.target, "arch/arm64/kvm/../../../virt/kvm/a.o");
        let saved = &run.saved["virt/kvm/a.o"];
        assert_eq!(saved.text, r#"-O2 -DX='"$a#"'"#);
        assert_eq!(saved.target, front.target);
        let back = &run.backends["virt/kvm/a.thinlto-native.o"];
        assert!(back.text.contains("-O2") && back.text.ends_with("virt/kvm/a.o"), "{}", back.text);
        assert_eq!((run.fronts.len(), run.backends.len(), run.odd_saves), (1, 1, 0));
    }

    #[test]
    fn a_record_is_read_back_as_kbuilds_is() {
        let text = DryRun::parse(RUN.as_bytes()).record("virt/kvm/a.o").unwrap();
        assert!(text.contains(r#"'"$$a$(pound)"'"#), "{text}");
        let read = CmdFile::parse(text.as_bytes(), text.as_bytes());
        assert!(read.command.contains(r#"-DX='"$a#"'"#) && read.issues.is_empty());
        assert_eq!(read.saved.unwrap().flags, r#"-O2 -DX='"$a#"'"#);
    }

    #[test]
    fn another_way_to_save_is_counted_and_not_guessed() {
        let run = DryRun::parse(b"cat >> .a.o.cmd <<< 'saved_c_flags_a.o := -O2'\n");
        assert_eq!((run.saved.len(), run.odd_saves), (0, 1));
    }

    #[test]
    fn a_line_that_no_shell_could_read_is_kept_for_the_audit() {
        let run = DryRun::parse(
            b"set -e; clang -O2 -DX=\"' -x ir -fthinlto-index=a.o.thinlto.bc -c -o a.thinlto-native.o a.o; printf '%s'\n",
        );
        let back = &run.backends["a.thinlto-native.o"];
        assert!(back.text.ends_with("-o a.thinlto-native.o a.o"), "{}", back.text);
    }

    #[test]
    fn a_continued_line_is_one_line() {
        let run = DryRun::parse(b"clang -fthinlto-index=x \\\n-c -o a.thinlto-native.o a.o\n");
        assert_eq!(run.backends.len(), 1);
    }

    #[test]
    fn recorded_commands_give_way_to_planned_ones() {
        let run = DryRun::parse(RUN.as_bytes());
        let mut facts = BuildFacts::default();
        for name in ["virt/kvm/a.o", "b.o"] {
            let text = CommandText { text: "old".into(), path: "x".into(), target: name.into() };
            let object = ObjectFacts {
                back: Answer::Read(text.clone()),
                front: Answer::Read(text),
                ..ObjectFacts::default()
            };
            facts.objects.insert(name.to_owned(), object);
        }
        let replaced = Replaced::put(&mut facts, Some(&run), &run, |_| false);
        assert_eq!((replaced.fronts.len(), replaced.backends.len(), replaced.unknown), (1, 1, 1));
        assert_eq!(facts.objects["b.o"].back, Answer::Absent);
        assert_eq!(facts.objects["b.o"].front.get().unwrap().text, "old");
        assert_eq!(facts.objects["virt/kvm/a.o"].back.get().unwrap().path, SOURCE);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = DryRun::parse(&bytes);
        }

        #[test]
        fn no_mangled_run_panics(cut in 0..RUN.len(), at in 0..RUN.len(), byte in any::<u8>()) {
            let mut bytes = RUN.as_bytes().to_vec();
            bytes[at] = byte;
            bytes.truncate(cut);
            let run = DryRun::parse(&bytes);
            for object in run.fronts.keys() {
                prop_assert!(run.record(object).is_some());
            }
        }
    }
}
