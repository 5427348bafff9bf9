//! What a backend's command must hold beside the options of its front end: its own index, its
//! own input, no LTO, the same compiler, and what kbuild's tools read from it.

use super::loss::requoted;
use super::object::Judge;
use twinlto_facts::build::{Answer, CommandText, NamedFile};
use twinlto_facts::flags::{Resolved, after_compile, lex};
use twinlto_facts::kbuild::{index_path, native_path, normalize_path};
use twinlto_model::{Evidence, Key, Mode, Severity};

impl Judge<'_> {
    /// kbuild's own tools read `-DKBUILD_MODFILE` from the native object's `.cmd`.
    pub(super) fn modfile(
        &mut self,
        front: &CommandText,
        front_options: &Resolved<'_>,
        back: &CommandText,
        back_options: &Resolved<'_>,
    ) {
        let modfile = |r: &Resolved<'_>| {
            let mut all = r.settings.iter().map(|s| s.text.as_ref());
            all.find(|t| t.starts_with("-DKBUILD_MODFILE=")).map(str::to_owned)
        };
        let (Some(ours), None) = (modfile(front_options), modfile(back_options)) else {
            return;
        };
        let left = Evidence::new("front end", ours).at(&front.path);
        let right = Evidence::new("backend", "no -DKBUILD_MODFILE").at(&back.path);
        let mut finding = self
            .finding(Key::new("flags.modfile.missing"), Severity::Warning, Some(left), Some(right))
            .because(if self.saved_has("-DKBUILD_MODFILE=") {
                "it was saved and got lost when the backend's command was put together"
            } else {
                "$(modkern_cflags) is not among the saved flags"
            })
            .known_as("modfile-macro-lost")
            .grouped("modfile");
        if let Some(site) = finding.sites.first_mut() {
            site.effect =
                "modules.builtin.ranges, read from this .cmd file, loses the module".to_owned();
        }
        self.push(finding);
    }

    /// Files of further options are read as they are now. Where one changed after the object was
    /// compiled, nobody knows what it held then.
    pub(super) fn named_files(&mut self) {
        let Some(recorded) = self.object.front_modified else { return };
        let is_newer =
            |file: &&NamedFile| file.modified.is_some_and(|modified| modified > recorded);
        let Some(file) = self.object.named.iter().find(is_newer) else { return };
        let left = Evidence::new("named", "changed after the object was compiled").at(&file.path);
        let finding = self
            .finding(Key::new("flags.file.changed"), Severity::Warning, Some(left), None)
            .because(format!(
                "{} holds options of its command and is newer than the object: it was compared as \
                 it is now, and may have held others",
                file.path
            ))
            .remedy("build again: make does not see that the file changed")
            .grouped(file.path.clone());
        self.push(finding);
    }

    /// What else the rule runs on the native object. In-process nothing comes between code generation
    /// and the link, so no twin shows what it does.
    pub(super) fn afterwards(&mut self) {
        let Answer::Read(back) = &self.object.back else { return };
        // Nearly all commands are one; saved flags may hold such a character in quotes.
        if !back.text.contains([';', '&', '|', '\n']) {
            return;
        }
        let Ok(commands) = lex(&back.text) else { return };
        let after = after_compile(&commands, &native_path(self.name));
        if after.is_empty() {
            return;
        }
        let text = after.join("; ");
        // Without the object's own name it is one rule for all.
        let group = text.replace(self.name.trim_end_matches(".o"), "");
        let left = Evidence::new("expected", "nothing behind the backend");
        let right = Evidence::new("backend", text).at(&back.path);
        let finding = self
            .finding(Key::new("flags.command.added"), Severity::Warning, Some(left), Some(right))
            .because(
                "its rule runs another program on the native object once the backend has made it; \
                 in-process nothing comes between code generation and the link",
            )
            .grouped(group);
        self.push(finding);
    }

    pub(super) fn quoting(
        &mut self,
        front: &CommandText,
        front_options: &Resolved<'_>,
        back: &CommandText,
        back_options: &Resolved<'_>,
    ) {
        for token in requoted(front_options, back_options) {
            let name = token.before.split('=').next().unwrap_or_default().to_owned();
            let left = Evidence::new("front end", token.before).at(&front.path);
            let right = Evidence::new("backend", token.after).at(&back.path);
            let finding = self
                .finding(
                    Key::new("flags.quoting.changed"),
                    Severity::Warning,
                    Some(left),
                    Some(right),
                )
                .because("a shell or make removed quotes between the front end and the backend")
                .known_as("quote-escaping")
                .grouped(name);
            self.push(finding);
        }
    }

    /// A recorded command that makes another object says nothing about this one.
    pub(super) fn is_own_backend(&mut self, back: &CommandText, options: &Resolved<'_>) -> bool {
        let native = native_path(self.name);
        if options.output.and_then(normalize_path).as_deref() == Some(native.as_str()) {
            return true;
        }
        let made = options.output.unwrap_or("nothing");
        let left = Evidence::new("expected", format!("-o {native}"));
        let right = Evidence::new("backend", format!("-o {made}")).at(&back.path);
        let finding = self
            .finding(Key::new("flags.output.wrong"), Severity::Error, Some(left), Some(right))
            .because("the command recorded for its native object makes another file");
        self.push(finding);
        false
    }

    /// A backend is one that turns LTO off and has exactly this object and its own index.
    pub(super) fn driver(&mut self, back: &CommandText, options: &Resolved<'_>) {
        let expected = index_path(self.name);
        let right = |text: String| Some(Evidence::new("backend", text).at(&back.path));
        let finding = match options.index {
            None => Some(
                self.finding(
                    Key::new("flags.index.missing"),
                    Severity::Error,
                    None,
                    right("no -fthinlto-index=".into()),
                )
                .because("the backend ran without its index: nothing is imported or promoted")
                .known_as("index-flag-dropped"),
            ),
            Some(index) if normalize_path(index).as_deref() != Some(expected.as_str()) => Some(
                self.finding(
                    Key::new("flags.index.wrong"),
                    Severity::Error,
                    Some(Evidence::new("expected", format!("-fthinlto-index={expected}"))),
                    right(format!("-fthinlto-index={index}")),
                )
                .because("the index is not this object's: input + .thinlto.bc")
                .known_as("index-swapped"),
            ),
            Some(_) => None,
        };
        self.verdict.findings.extend(finding);
        let compiles = format!(" {} ", back.text).contains(" -c ");
        if self.mode == Mode::Distributed && !compiles {
            let finding = self
                .finding(
                    Key::new("flags.driver.missing"),
                    Severity::Error,
                    None,
                    right("no -c".into()),
                )
                .because("without it clang goes on to the link")
                .grouped("-c");
            self.push(finding);
        }
        let on = options.lto.is_some_and(|lto| lto != "-fno-lto");
        if on {
            let lto = options.lto.unwrap_or_default().to_owned();
            let finding = self
                .finding(Key::new("flags.lto.on"), Severity::Error, None, right(lto))
                .because("no -fno-lto follows the front end's -flto=thin: the backend writes bitcode again")
                .known_as("fno-lto-dropped");
            self.push(finding);
        }
        let is_input = |input: &&str| normalize_path(input).as_deref() == Some(self.name);
        if !(options.inputs.len() == 1 && options.inputs.iter().all(is_input)) {
            let finding = self
                .finding(
                    Key::new("flags.input.wrong"),
                    Severity::Error,
                    None,
                    right(options.inputs.join(" ")),
                )
                .because("the backend's input is not this IR object alone");
            self.push(finding);
        }
    }

    pub(super) fn compiler(
        &mut self,
        front: &CommandText,
        a: &Resolved<'_>,
        back: &CommandText,
        b: &Resolved<'_>,
    ) {
        self.environment(front, a, back, b);
        if a.program == b.program {
            return;
        }
        let left = Evidence::new("front end", &a.program).at(&front.path);
        let right = Evidence::new("backend", &b.program).at(&back.path);
        let finding = self
            .finding(Key::new("flags.compiler.changed"), Severity::Error, Some(left), Some(right))
            .because("front end and backend are different programs")
            .known_as("compiler-mismatch")
            .grouped(format!("{} {}", a.program, b.program));
        self.push(finding);
    }
}
