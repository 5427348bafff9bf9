//! What backends and links have made before, by the content of everything that decides it.

use crate::error::EngineError;
use rustix::fs::{FlockOperation, flock};
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use twinlto_facts::elf::Image;

/// What is known of a native object without keeping it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digest {
    /// BLAKE3 of the whole file.
    pub(super) hash: [u8; 32],
    /// Bytes of the file.
    pub(super) len: u64,
    /// Bytes of its executable sections.
    pub(super) code: u64,
}

/// What is kept of an object. `bytes` are those of an ELF file; of a damaged one the code is 0.
pub(super) fn digest(bytes: &[u8]) -> Digest {
    let code = Image::outline(bytes).map_or(0, |image| {
        let code = image.sections.iter().filter(|section| section.flags.exec());
        code.map(|section| section.size).sum()
    });
    Digest { hash: *blake3::hash(bytes).as_bytes(), len: bytes.len() as u64, code }
}

/// BLAKE3 of inputs, command and compiler.
pub(super) type Key = [u8; 32];

/// A file of lines `KEY HASH LEN CODE`, to which lines are added. A line that makes no sense is
/// one that a killed run did not finish; it is passed over.
pub(super) struct Store {
    path: PathBuf,
    known: Mutex<HashMap<Key, Digest>>,
    file: Mutex<File>,
}

/// A store beyond this size begins anew: 40 MB are some 250,000 objects.
const LARGEST: u64 = 40 << 20;

impl Store {
    /// Opens the store in a directory, which is made if need be.
    ///
    /// # Errors
    ///
    /// When it cannot be read and written.
    pub(super) fn open(dir: &Path) -> Result<Self, EngineError> {
        std::fs::create_dir_all(dir).map_err(|error| EngineError::io("make", dir, &error))?;
        let path = dir.join("objects.txt");
        let io = |error| EngineError::io("open", &path, &error);
        let mut file =
            File::options().read(true).append(true).create(true).open(&path).map_err(io)?;
        if file.metadata().map_err(io)?.len() > LARGEST {
            file.set_len(0).map_err(io)?;
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io)?;
        let known = bytes.split(|byte| *byte == b'\n').filter_map(entry).collect();
        // A line that was cut must not swallow the next one.
        if bytes.last().is_some_and(|byte| *byte != b'\n') {
            file.write_all(b"\n").map_err(io)?;
        }
        Ok(Self { path, known: Mutex::new(known), file: Mutex::new(file) })
    }

    /// What was made of these inputs.
    pub(super) fn get(&self, key: &Key) -> Option<Digest> {
        lock(&self.known).get(key).copied()
    }

    /// Keeps what was made. One `write` a line, under a lock that other runs take as well.
    pub(super) fn put(&self, entries: &[(Key, Digest)]) -> Result<(), EngineError> {
        let hex = |bytes: &[u8; 32]| blake3::Hash::from_bytes(*bytes).to_hex();
        let mut text = String::new();
        for (key, digest) in entries {
            let Digest { hash, len, code } = digest;
            text.push_str(&format!("{} {} {len} {code}\n", hex(key), hex(hash)));
        }
        let mut file = lock(&self.file);
        let io = |error: std::io::Error| EngineError::io("write", &self.path, &error);
        flock(&*file, FlockOperation::LockExclusive).map_err(|error| io(error.into()))?;
        let written = file.write_all(text.as_bytes());
        flock(&*file, FlockOperation::Unlock).map_err(|error| io(error.into()))?;
        written.map_err(io)?;
        lock(&self.known).extend(entries.iter().copied());
        Ok(())
    }
}

/// A thread that panicked has left the map as it was.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn entry(line: &[u8]) -> Option<(Key, Digest)> {
    let text = std::str::from_utf8(line).ok()?;
    let mut words = text.split(' ');
    let mut hash = || Some(*blake3::Hash::from_hex(words.next()?).ok()?.as_bytes());
    let (key, hash) = (hash()?, hash()?);
    let digest =
        Digest { hash, len: words.next()?.parse().ok()?, code: words.next()?.parse().ok()? };
    words.next().is_none().then_some((key, digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_there_again_and_a_cut_line_harms_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let digest = Digest { hash: [7; 32], len: 10, code: 4 };
        let store = Store::open(dir.path()).unwrap();
        store.put(&[([1; 32], digest)]).unwrap();
        let path = dir.path().join("objects.txt");
        let mut file = File::options().append(true).open(&path).unwrap();
        file.write_all(b"0101 and then the power went").unwrap();
        let again = Store::open(dir.path()).unwrap();
        assert_eq!(again.get(&[1; 32]), Some(digest));
        assert_eq!(again.get(&[2; 32]), None);
        again.put(&[([2; 32], digest)]).unwrap();
        assert_eq!(Store::open(dir.path()).unwrap().get(&[2; 32]), Some(digest));
    }
}
