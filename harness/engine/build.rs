//! The cases are embedded in the binary; a changed or new file must be embedded again.

fn main() {
    println!("cargo::rerun-if-changed=../../cases");
}
