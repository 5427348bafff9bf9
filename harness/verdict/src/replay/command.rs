//! The backend command that an object's own front-end command implies, derived without looking at
//! what kbuild saved or ran.

use std::borrow::Cow;
use twinlto_facts::flags::{Class, Opt, call, classify, parse};

/// What decides the code of one object and is not in its bitcode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The compiler.
    pub compiler: String,
    /// Its options, in the order of the front end: whatever a backend needs, and whatever nobody
    /// knows. An option with a separate argument is two words.
    pub options: Vec<Vec<String>>,
}

/// Derives the reference from the words of a front-end command: macros, include paths, warnings
/// and everything else that is used up when the bitcode is written are left out. None for a
/// command without a program.
///
/// Source of the classes: [`twinlto_facts::flags::TABLE`].
#[must_use]
pub fn reference(front: &[Cow<'_, str>]) -> Option<Reference> {
    // Whatever starts the compiler (ccache) would not know bitcode.
    let call = call(front);
    let compiler = Some(call.program).filter(|program| !program.is_empty())?.to_owned();
    let rest = front.get(front.len().checked_sub(call.arguments.len())?..)?;
    let options = parse(rest).filter(decides).map(words).collect();
    Some(Reference { compiler, options })
}

fn decides(option: &Opt<'_>) -> bool {
    let class = classify(*option).class;
    class.needed_by_backend() || class == Class::Unknown
}

fn words(option: Opt<'_>) -> Vec<String> {
    [Some(option.word), option.argument].into_iter().flatten().map(str::to_owned).collect()
}

impl Reference {
    /// The words of the whole command.
    #[must_use]
    pub fn argv(&self, object: &str, index: &str, output: &str) -> Vec<String> {
        let fixed = [
            "-Wno-unused-command-line-argument",
            "-x",
            "ir",
            "-fno-lto",
            &format!("-fthinlto-index={index}"),
            "-c",
            "-o",
            output,
            object,
        ]
        .map(str::to_owned);
        let options = self.options.iter().flatten().cloned();
        std::iter::once(self.compiler.clone()).chain(options).chain(fixed).collect()
    }

    /// The same with every function and variable in a section of its own, as lld has them
    /// in-process. Source: `lld/ELF/LTO.cpp`, `createConfig`, LLVM 17 to 24.
    #[must_use]
    pub fn with_sections(&self) -> Self {
        let mut this = self.clone();
        this.options.push(vec!["-ffunction-sections".to_owned()]);
        this.options.push(vec!["-fdata-sections".to_owned()]);
        this
    }

    /// The options that lld does not know of in-process, where it fills in its own: each with
    /// what stands in its place. Position independence is in the bitcode's module flags for lld,
    /// and sections are what [`Reference::with_sections`] is for.
    #[must_use]
    pub fn unseen_by_lld(&self) -> Vec<Unseen> {
        let mut unseen: Vec<Unseen> = Vec::new();
        for words in &self.options {
            let cow: Vec<Cow<'_, str>> = words.iter().map(|w| Cow::Borrowed(w.as_str())).collect();
            let Some(option) = parse(&cow).next() else { continue };
            let found = classify(option);
            if !matches!(found.class, Class::CodegenRequired | Class::Unknown)
                || ["position independence", "function-sections", "data-sections", "integrated-as"]
                    .contains(&found.family.name)
            {
                continue;
            }
            let instead = (found.family.name == "-O").then(|| vec!["-O2".to_owned()]);
            // The last of a family wins; so only the last is the option of the object.
            let family = (found.family.name.to_owned(), found.family.key.to_owned());
            if let Some(known) = unseen.iter_mut().find(|u| u.family == family) {
                known.words.clone_from(words);
                continue;
            }
            unseen.push(Unseen { family, words: words.clone(), instead });
        }
        unseen.retain(|u| u.instead.as_ref() != Some(&u.words));
        unseen
    }

    /// The same without some options, or with others in their place.
    #[must_use]
    pub fn without(&self, unseen: &[&Unseen]) -> Self {
        let mut this = self.clone();
        this.options.retain(|words| {
            let cow: Vec<Cow<'_, str>> = words.iter().map(|w| Cow::Borrowed(w.as_str())).collect();
            let Some(option) = parse(&cow).next() else { return true };
            let found = classify(option);
            let of = |u: &&&Unseen| (found.family.name, found.family.key) == u.names();
            !unseen.iter().any(|u| of(&u))
        });
        let instead = unseen.iter().filter_map(|u| u.instead.clone());
        // In front, so that sections and whatever else was added last stays last.
        this.options.splice(0..0, instead);
        this
    }
}

/// An option of an object that lld does not see in-process.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unseen {
    family: (String, String),
    /// The option as it stands last in the front end's command.
    pub words: Vec<String>,
    /// What lld does in its place; nothing where it does without.
    pub instead: Option<Vec<String>>,
}

impl Unseen {
    fn names(&self) -> (&str, &str) {
        (&self.family.0, &self.family.1)
    }

    /// The option as one text.
    #[must_use]
    pub fn text(&self) -> String {
        self.words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_facts::flags::lex;

    fn of(line: &str) -> Reference {
        reference(&lex(line).unwrap().remove(0).words).unwrap()
    }

    fn texts(reference: &Reference) -> Vec<String> {
        reference.options.iter().map(|words| words.join(" ")).collect()
    }

    const FRONT: &str = "ccache /opt/clang -Wp,-MMD,a.d -nostdinc -I./x -include y.h -DA='\"b\"' \
        --target=aarch64-linux-gnu -Os -O3 -fno-PIE -flto=thin -fsplit-lto-unit -Wall -Werror=date-time \
        -mllvm -x=1 -mllvm -y=2 -falign-loops=1 -std=gnu11 -fwhatever -c -o a.o a.c";

    #[test]
    fn only_what_decides_the_code_is_kept_in_its_order() {
        let found = of(FRONT);
        assert_eq!(found.compiler, "/opt/clang");
        let expected = [
            "--target=aarch64-linux-gnu",
            "-Os",
            "-O3",
            "-fno-PIE",
            "-mllvm -x=1",
            "-mllvm -y=2",
            "-falign-loops=1",
            "-fwhatever",
        ];
        assert_eq!(texts(&found), expected);
        let argv = found.argv("a.o", "i.bc", "out.o");
        assert_eq!(argv.last().map(String::as_str), Some("a.o"));
        assert!(argv.contains(&"-fthinlto-index=i.bc".to_owned()));
    }

    #[test]
    fn what_lld_does_not_see_can_be_taken_away() {
        let found = of(FRONT).with_sections();
        let unseen = found.unseen_by_lld();
        let names: Vec<String> = unseen.iter().map(Unseen::text).collect();
        assert_eq!(names, ["-O3", "-mllvm -x=1", "-mllvm -y=2", "-falign-loops=1", "-fwhatever"]);
        let some: Vec<&Unseen> = unseen.iter().filter(|u| u.text() != "-mllvm -y=2").collect();
        let expected = [
            "-O2",
            "--target=aarch64-linux-gnu",
            "-fno-PIE",
            "-mllvm -y=2",
            "-ffunction-sections",
            "-fdata-sections",
        ];
        assert_eq!(texts(&found.without(&some)), expected);
        assert!(of("clang -O2 -c -o a.o a.c").unseen_by_lld().is_empty());
    }
}
