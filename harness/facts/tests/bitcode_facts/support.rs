#[path = "../../../../tests/support/find_llvm.rs"]
mod find_llvm;

use std::path::{Path, PathBuf};
use std::process::Command;

/// LLVM's tools; none is a skip with a name, and where `CI` is set a failure.
pub(crate) fn llvm(test: &str) -> Option<Llvm> {
    let prefix = find_llvm::llvm(test)?;
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bitcode_facts").join(test);
    std::fs::create_dir_all(&dir).unwrap();
    Some(Llvm { prefix, dir })
}

/// LLVM's tools and a directory to use them in.
pub(crate) struct Llvm {
    prefix: &'static str,
    pub(crate) dir: PathBuf,
}

impl Llvm {
    fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(find_llvm::program(self.prefix, name));
        command.current_dir(&self.dir);
        command
    }

    /// Runs a tool, which must succeed, and returns what it prints.
    pub(crate) fn run(&self, name: &str, args: &[&str]) -> String {
        let out = self.tool(name).args(args).output().unwrap();
        let stderr = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "{name} {args:?}: {stderr}");
        String::from_utf8_lossy(&out.stdout).into_owned()
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        std::fs::write(self.dir.join(file), text).unwrap();
    }

    pub(crate) fn read(&self, file: &str) -> Vec<u8> {
        std::fs::read(self.dir.join(file)).unwrap()
    }

    /// Compiles a source to bitcode or, with `-flto`, to an IR object.
    pub(crate) fn clang(&self, source: &str, text: &str, object: &str, args: &[&str]) -> Vec<u8> {
        self.write(source, text);
        let all = [&["-O2", "-ffreestanding", "-c", source, "-o", object], args].concat();
        self.run("clang", &all);
        self.read(object)
    }
}

/// Something of every kind.
pub(crate) const SOURCE: &str = r#"
__asm__(".globl from_assembly\nfrom_assembly:\n\t.long 0");
extern int elsewhere(int), also(int);
extern int outside;
int counter = -3;
static const char text[] = "some text";
const char *get(int at) { return text + at; }
static int __attribute__((noinline)) helper(int at) { return at * counter + outside; }
int start(int at) { return helper(at) + elsewhere(at) + also(at); }
int second(int) __attribute__((alias("start")));
static int (*resolve(void))(int) { return start; }
int chosen(int) __attribute__((ifunc("resolve")));
void unreachable_code(long *it) { *it = 0x7fffffffffffffff; }
"#;

/// The other side of a link.
pub(crate) const OTHER: &str = r#"
extern int start(int);
int outside = 5;
int elsewhere(int at) { return at + 1; }
int also(int at) { return start(at) - 1; }
"#;
