//! LLVM's tools, to make small objects and to hold our reading against.

#[path = "../../../../tests/support/find_llvm.rs"]
pub(crate) mod find_llvm;

use std::path::Path;
use std::process::Command;

/// LLVM's tools.
pub(crate) struct Llvm(&'static str);

/// None is a skip with a name; where `CI` is set it is a failure.
pub(crate) fn llvm(test: &str) -> Option<Llvm> {
    find_llvm::llvm(test).map(Llvm)
}

impl Llvm {
    /// Runs a tool; its output.
    pub(crate) fn run(&self, tool: &str, args: &[&str]) -> Vec<u8> {
        let name = find_llvm::program(self.0, tool);
        let output = Command::new(&name).args(args).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name} {args:?}: {error}");
        output.stdout
    }

    /// Runs a tool that may fail; whether it did not.
    pub(crate) fn succeeds(&self, tool: &str, args: &[&str]) -> bool {
        let name = find_llvm::program(self.0, tool);
        Command::new(&name).args(args).output().unwrap().status.success()
    }

    /// Compiles or assembles `source`, a file name in `dir`, and reads what came of it.
    pub(crate) fn object(&self, dir: &Path, source: &str, text: &str, flags: &[&str]) -> Vec<u8> {
        let input = dir.join(source);
        let output = dir.join(format!("{source}.o"));
        std::fs::write(&input, text).unwrap();
        let (input, output) = (input.to_str().unwrap(), output.to_str().unwrap());
        self.run("clang", &[flags, &["-c", input, "-o", output]].concat());
        std::fs::read(output).unwrap()
    }
}
