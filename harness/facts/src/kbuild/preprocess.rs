use crate::flags::{call, compile, is_compiler, lex, parse};

/// How the text that genksyms read was made, taken from the command that made the object.
///
/// kbuild runs `$(CPP) -D__GENKSYMS__ $(c_flags) $<`, where `$(CPP)` is `$(CC) -E`, and the object's
/// own command is `$(CC) $(c_flags) -c -o $@ $<`: the same options, at least from Linux 6.1 to 7.3
/// (`cmd_gensymtypes_c` and `cmd_cc_o_c` in `scripts/Makefile.build`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preprocess {
    /// The compiler.
    pub program: String,
    /// Its options, less those that compile or write a file.
    pub options: Vec<String>,
    /// The source file, as the command names it.
    pub source: String,
}

impl Preprocess {
    /// Reads the recorded command of an object.
    ///
    /// # Errors
    ///
    /// What is odd about it: no shell text, no compiler, not one source file.
    pub fn of(command: &str) -> Result<Self, String> {
        let commands = lex(command).map_err(|error| error.to_string())?;
        let words = compile(&commands).map(|command| command.words.as_slice());
        let words = words.ok_or("it is empty")?;
        let call = call(words);
        if call.program.is_empty() {
            return Err("it names no compiler".to_owned());
        }
        if !is_compiler(call.program) {
            return Err(format!("'{}' is no C compiler", call.program));
        }
        let start = words.len().saturating_sub(call.arguments.len());
        let options = words.get(start..).ok_or("it is empty")?;
        let (mut kept, mut sources) = (Vec::new(), Vec::new());
        for option in parse(options) {
            if option.is_input() {
                sources.push(option.word.to_owned());
            } else if !writes(option.word) {
                kept.push(option.word.to_owned());
                kept.extend(option.argument.map(str::to_owned));
            }
        }
        match sources.as_slice() {
            [source] => {
                Ok(Self { program: call.program.to_owned(), options: kept, source: source.clone() })
            }
            other => Err(format!("it names {} source files", other.len())),
        }
    }

    /// Whether the source is assembly, whose exports have their types from a header.
    #[must_use]
    pub fn is_assembly(&self) -> bool {
        self.source.ends_with(".S")
    }
}

/// What kbuild's `cmd_gensymtypes_S` gives the preprocessor: the prototypes of what assembly
/// exports. Source: `getasmexports` in `scripts/Makefile.build`, Linux 7.3.
#[must_use]
pub fn assembly_prototypes<'a>(exports: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for header in ["linux/kernel.h", "linux/string.h", "asm/asm-prototypes.h"] {
        text.push_str(&format!("#include <{header}>\n"));
    }
    for export in exports {
        text.push_str(&format!("EXPORT_SYMBOL({export});\n"));
    }
    text
}

/// Whether an option compiles, or writes a file besides standard output.
fn writes(word: &str) -> bool {
    matches!(
        word,
        "-c" | "-S" | "-E" | "-o" | "-MD" | "-MMD" | "-MP" | "-MG" | "-MF" | "-MT" | "-MQ"
    ) || ["-Wp,-M", "-o", "-MF", "-MT", "-MQ", "-save-temps", "--save-temps", "-ftime-trace"]
        .iter()
        .any(|start| word.starts_with(start))
        || ["-fsave-optimization-record", "-foptimization-record-file", "-fproc-stat-report"]
            .iter()
            .any(|start| word.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_compiles_or_writes_is_left_out() {
        let command = "ccache /opt/bin/clang -Wp,-MMD,fs/.open.o.d -nostdinc -I./include \
            -include a.h -DKBUILD_MODNAME='\"open\"' -c -o fs/open.o ../fs/open.c ; objtool x";
        let read = Preprocess::of(command).unwrap();
        assert_eq!(read.program, "/opt/bin/clang");
        assert_eq!(
            read.options,
            ["-nostdinc", "-I./include", "-include", "a.h", "-DKBUILD_MODNAME=\"open\""]
        );
        assert_eq!(read.source, "../fs/open.c");
        assert!(!read.is_assembly());
        assert!(Preprocess::of("clang -D__ASSEMBLY__ -c -o a.o a.S").unwrap().is_assembly());
    }

    #[test]
    fn only_a_compiler_with_one_source_will_do() {
        let why = |command: &str| Preprocess::of(command).unwrap_err();
        assert_eq!(why(""), "it is empty");
        assert_eq!(why("rm -f a.c"), "'rm' is no C compiler");
        assert_eq!(why("clang -c -o a.o"), "it names 0 source files");
        assert_eq!(why("clang -c a.c b.c"), "it names 2 source files");
        assert_eq!(why("-c a.c"), "it names no compiler");
        assert!(why("clang 'a.c").contains("never closed"));
    }

    #[test]
    fn assembly_has_its_prototypes_from_a_header() {
        let text = assembly_prototypes(["memcpy", "memset"]);
        assert_eq!(text.lines().count(), 5);
        assert!(
            text.ends_with("asm-prototypes.h>\nEXPORT_SYMBOL(memcpy);\nEXPORT_SYMBOL(memset);\n")
        );
    }

    proptest! {
        #[test]
        fn no_command_panics(command in ".{0,100}") {
            let _ = Preprocess::of(&command);
        }
    }
}
