//! Build directories made file by file, for input that no build would leave.

use std::path::{Path, PathBuf};

/// A small distributed build: as many objects as asked for, everything in order.
pub struct MadeBuild {
    dir: tempfile::TempDir,
}

/// 64-bit little-endian ET_REL for x86_64: a header and two section headers.
pub fn elf() -> Vec<u8> {
    let mut bytes = vec![0x7f, b'E', b'L', b'F', 2, 1, 1];
    bytes.resize(16, 0);
    bytes.extend([1, 0, 62, 0, 1, 0, 0, 0]);
    bytes.resize(64, 0);
    // e_shoff, e_ehsize, e_shentsize, e_shnum
    (bytes[40], bytes[52], bytes[58], bytes[60]) = (64, 64, 64, 2);
    bytes.resize(64 + 2 * 64, 0);
    // The second is SHT_PROGBITS.
    bytes[64 + 64 + 4] = 1;
    bytes
}

/// Bitcode that holds an identification block without records.
pub fn bitcode() -> Vec<u8> {
    vec![b'B', b'C', 0xc0, 0xde, 0x35, 0x14, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
}

pub const FLAGS: &str = "--target=x86_64-linux-gnu -O2 -fno-PIE -mcmodel=kernel -flto=thin";

impl MadeBuild {
    pub fn new(objects: &[&str]) -> Self {
        let build = Self { dir: tempfile::tempdir().unwrap() };
        build.write(
            ".config",
            "CONFIG_X86_64=y\nCONFIG_LTO_CLANG_THIN_DIST=y\nCONFIG_MODULES=y\nCONFIG_MODVERSIONS=y\n",
        );
        let list = objects.iter().map(|o| format!("{o}\n")).collect::<String>();
        build.write("builtin.order", &list);
        build.write("vmlinux.thinlto-index", &list);
        build.write("Module.symvers", "0x00000001\ta\tvmlinux\tEXPORT_SYMBOL\t\n");
        for object in objects {
            build.object(object);
        }
        build
    }

    fn object(&self, object: &str) {
        let stem = object.strip_suffix(".o").unwrap();
        let native = format!("{stem}.thinlto-native.o");
        self.write(object, bitcode());
        self.write(&format!("{object}.thinlto.bc"), bitcode());
        self.write(&native, elf());
        self.write(&cmd(object), front_cmd(object, FLAGS, Some(FLAGS)));
        self.write(&cmd(&native), back_cmd(object, FLAGS));
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn arg(&self) -> String {
        self.path().display().to_string()
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Makes a file newer than all others.
    pub fn touch(&self, name: &str) {
        let file = std::fs::File::options().append(true).open(self.path().join(name)).unwrap();
        file.set_modified(std::time::SystemTime::now()).unwrap();
    }

    pub fn remove(&self, name: &str) {
        std::fs::remove_file(self.path().join(name)).unwrap();
    }
}

/// Where kbuild keeps the command of a target.
pub fn cmd(target: &str) -> String {
    match target.rsplit_once('/') {
        Some((dir, base)) => format!("{dir}/.{base}.cmd"),
        None => format!(".{target}.cmd"),
    }
}

pub fn front_cmd(object: &str, flags: &str, saved: Option<&str>) -> String {
    let source = object.replace(".o", ".c");
    let mut text = format!(
        "savedcmd_{object} := clang -nostdinc {flags} -c -o {object} {source}\n\n\
         source_{object} := {source}\n\ndeps_{object} := \\\n  include/a.h \\\n\n\
         {object}: $(deps_{object})\n\n$(deps_{object}):\n"
    );
    if let Some(saved) = saved {
        text.push_str(&format!("\nsaved_c_flags_{object} := {saved}\n"));
    }
    text
}

pub fn back_cmd(object: &str, flags: &str) -> String {
    let native = object.replace(".o", ".thinlto-native.o");
    format!(
        "savedcmd_{native} := clang {flags} -x ir -fno-lto -Wno-unused-command-line-argument \
         -fthinlto-index={object}.thinlto.bc -c -o {native} {object}\n"
    )
}
