use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// LLVM's tools: `TWINLTO_TEST_LLVM` as `--llvm` takes it (`scripts/test` sets it), an LLVM 22 in
/// `PATH`, or the one that `scripts/fetch-llvm 22` brought.
///
/// None is a skip with a name; where `CI` is set it is a failure.
pub(crate) fn llvm(test: &str) -> Option<Llvm> {
    static FOUND: OnceLock<Option<String>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        if let Ok(llvm) = std::env::var("TWINLTO_TEST_LLVM") {
            return Some(llvm);
        }
        let in_path = |dir: PathBuf| dir.join("clang-22").is_file();
        if std::env::split_paths(&std::env::var_os("PATH")?).any(in_path) {
            return Some("-22".to_owned());
        }
        let cache = std::env::var_os("TWINLTO_CACHE")
            .map(PathBuf::from)
            .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/twinlto")))?;
        let bin = cache.join("llvm-22/usr/lib/llvm-22/bin");
        bin.join("clang").exists().then(|| format!("{}/", bin.display()))
    });
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{test}: no LLVM 22; scripts/setup brings one");
        skip(test, "no LLVM 22; scripts/setup brings one");
    }
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bitcode_facts").join(test);
    std::fs::create_dir_all(&dir).unwrap();
    Some(Llvm { prefix: found.clone()?, dir })
}

/// Names a test that cannot run here, past the capture of test output.
pub(crate) fn skip(test: &str, why: &str) {
    let _closed = writeln!(std::io::stderr(), "skip: {test}: {why}");
}

/// LLVM's tools and a directory to use them in.
pub(crate) struct Llvm {
    prefix: String,
    pub(crate) dir: PathBuf,
}

impl Llvm {
    fn tool(&self, name: &str) -> Command {
        let program = match self.prefix.strip_prefix('-') {
            Some(_) => format!("{name}{}", self.prefix),
            None if self.prefix == "1" => name.to_owned(),
            None => Path::new(&self.prefix).join(name).display().to_string(),
        };
        let mut command = Command::new(program);
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
