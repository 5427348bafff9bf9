//! What all actions of one replay share, and the one action that all is about: a backend.

use super::store::{Digest, Key, Store, digest};
use crate::error::EngineError;
use crate::hidden;
use crate::recipe::Recipe;
use crate::thinlto::{Acted, Backend, Failed, Module};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use twinlto_facts::asm::AsmFiles;
use twinlto_verdict::replay::Reference;

/// What all actions of one replay share.
pub(super) struct Context<'a> {
    /// The build directory; absolute.
    pub(super) dir: &'a Path,
    pub(super) scratch: &'a Path,
    pub(super) store: &'a Store,
    pub(super) jobs: usize,
    pub(super) limit: Duration,
    /// Program → who it is.
    pub(super) identities: HashMap<String, String>,
    /// Contents of IR objects by name.
    pub(super) ir: HashMap<String, [u8; 32]>,
    /// The files that `asm` statements of IR objects read, where there are such.
    pub(super) statements: HashMap<String, AsmFiles>,
    /// Contents of the objects of the link that are no IR.
    pub(super) natives: [u8; 32],
    pub(super) number: AtomicUsize,
}

impl Context<'_> {
    pub(super) fn identity(&self, program: &str) -> Result<&str, EngineError> {
        self.identities
            .get(program)
            .map(String::as_str)
            .ok_or_else(|| EngineError::environment(program, "nobody asked it who it is", ""))
    }

    pub(super) fn recipe(&self, program: &str) -> Recipe {
        Recipe::new(self.dir, program)
    }

    pub(super) fn scratch_file(&self) -> PathBuf {
        self.scratch.join(format!("{}.o", self.number.fetch_add(1, Ordering::Relaxed)))
    }

    pub(super) fn scratch_dir(&self) -> Result<PathBuf, EngineError> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let dir = self.scratch.join(format!("link-{number}"));
        std::fs::create_dir(&dir).map_err(|error| EngineError::io("make", &dir, &error))?;
        Ok(dir)
    }

    /// The native object that a reference makes of a module, with another index if one is given.
    pub(super) fn backend(
        &self,
        module: &Module,
        reference: &Reference,
        index: Option<&Path>,
    ) -> Acted<Digest> {
        let key = self.backend_key(module, reference, index)?;
        if let Some(known) = key.as_ref().and_then(|key| self.store.get(key)) {
            return Ok(Ok(known));
        }
        let bytes = match self.backend_bytes(module, reference, index)? {
            Ok(bytes) => bytes,
            Err(failed) => return Ok(Err(failed)),
        };
        let digest = digest(&bytes);
        // What cannot all be known is not kept, and no more is what changed meanwhile.
        if let Some(key) = key
            && self.backend_key(module, reference, index)? == Some(key)
        {
            self.store.put(&[(key, digest)])?;
        }
        Ok(Ok(digest))
    }

    pub(super) fn backend_bytes(
        &self,
        module: &Module,
        reference: &Reference,
        index: Option<&Path>,
    ) -> Acted<Vec<u8>> {
        let out = self.scratch_file();
        let index = index.unwrap_or(&module.index);
        let backend = Backend { dir: self.dir, object: &module.name, index, reference };
        // Our own file is gone when somebody repeats it.
        let made = backend.run(&out, self.limit)?.map_err(|failed| Failed {
            command: failed.command.replace(&out.display().to_string(), "/dev/null"),
            ..failed
        });
        // It is in memory now.
        let _gone = std::fs::remove_file(&out);
        Ok(made)
    }

    /// Everything that decides a native object; none where a file that decides it cannot be known.
    pub(super) fn backend_key(
        &self,
        module: &Module,
        reference: &Reference,
        index: Option<&Path>,
    ) -> Result<Option<Key>, EngineError> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"backend 2\0");
        hasher.update(self.identity(&reference.compiler)?.as_bytes());
        for word in reference.options.iter().flatten() {
            hasher.update(word.as_bytes());
            hasher.update(b"\0");
        }
        hasher.update(module.name.as_bytes());
        hasher.update(&module.ir.hash);
        match index {
            None => hasher.update(&module.index_hash),
            Some(other) => {
                let bytes = std::fs::read(self.dir.join(other)).unwrap_or_default();
                hasher.update(blake3::hash(&bytes).as_bytes())
            }
        };
        for import in &module.imports {
            hasher.update(import.as_bytes());
            hasher.update(&self.ir.get(import).copied().unwrap_or_default());
        }
        let words: Vec<&str> = reference.options.iter().flatten().map(String::as_str).collect();
        let own = [&module.ir.assembly.module, &module.ir.assembly.functions];
        let imported = module.imports.iter().filter_map(|import| self.statements.get(import));
        let files = hidden::files(self.dir, &words, own.into_iter().chain(imported));
        let known = files.ok().and_then(|files| hidden::hash(self.dir, &files, &mut hasher));
        Ok(known.map(|()| *hasher.finalize().as_bytes()))
    }
}
