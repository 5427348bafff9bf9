mod same;

pub(crate) use same::{Both, same_files};

use crate::error::EngineError;
use rayon::prelude::*;
use rustix::buffer::spare_capacity;
use rustix::fs::{AtFlags, OFlags, Timespec, Timestamps, utimensat};
use rustix::io::retry_on_intr;
use std::cell::RefCell;
use std::fs::{File, Metadata};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use twinlto_model::thousands;

/// Writes a whole file or nothing: into a neighbour, then renamed.
pub(crate) fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), EngineError> {
    let io = |error: std::io::Error| EngineError::io("write", path, &error);
    let dir = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir).map_err(io)?;
    let mut file = tempfile::NamedTempFile::new_in(dir).map_err(io)?;
    file.write_all(bytes).map_err(io)?;
    file.as_file().sync_all().map_err(io)?;
    // Temporary files are private; these are for everybody who may see the directory.
    file.as_file().set_permissions(PermissionsExt::from_mode(0o644)).map_err(io)?;
    file.persist(path).map_err(|error| EngineError::io("write", path, &error.error))?;
    Ok(())
}

/// Removes a directory and all in it; one that is not there is removed already.
pub(crate) fn remove_tree(dir: &Path) -> Result<(), EngineError> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(EngineError::io("remove", dir, &error))
        }
        _ => Ok(()),
    }
}

/// Removes a file, if it is there.
pub(crate) fn remove_file(path: &Path) -> Result<(), EngineError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(EngineError::io("remove", path, &error))
        }
        _ => Ok(()),
    }
}

/// Bytes free for this user where `path` will be.
pub(crate) fn free_bytes(path: &Path) -> Option<u64> {
    let existing = path.ancestors().find(|p| p.exists())?;
    let stat = rustix::fs::statvfs(existing).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// The largest file that is read whole: a kernel with all its debug information is below.
const LARGEST: u64 = 4 << 30;

/// GiB of memory that are free now, where the system tells (`/proc/meminfo`).
#[must_use]
pub fn free_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib >> 20)
}

/// Opens a regular file. A build directory may hold anything: a pipe would block for ever and
/// a device never end.
pub(crate) fn open_regular(path: &Path) -> std::io::Result<(File, Metadata)> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    let meta = file.metadata()?;
    if meta.is_file() {
        return Ok((file, meta));
    }
    Err(std::io::Error::other("it is not a regular file"))
}

/// The largest text that is read whole: records, facets, expectations, configurations. Those of a
/// Linux are below 1 MiB.
const LARGEST_TEXT: u64 = 64 << 20;

/// Reads a regular file of at most 4 GiB.
pub(crate) fn read_regular(path: &Path) -> std::io::Result<Vec<u8>> {
    read_at_most(path, LARGEST)
}

/// Reads a regular file of text of at most 64 MiB.
pub(crate) fn read_text(path: &Path) -> std::io::Result<Vec<u8>> {
    read_at_most(path, LARGEST_TEXT)
}

fn read_at_most(path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    let (file, meta) = open_regular(path)?;
    let mut bytes = Vec::new();
    read_into(&file, &meta, most, &mut bytes)?;
    Ok(bytes)
}

thread_local! {
    /// Two buffers of each thread. Fresh memory for each of thousands of files costs more than to read
    /// them: the system clears every page of it.
    static BUFFERS: RefCell<[Vec<u8>; 2]> = const { RefCell::new([Vec::new(), Vec::new()]) };
}

/// Larger buffers are not kept.
const LARGEST_KEPT: usize = 8 << 20;

/// Gives `with` the buffers of this thread.
fn with_buffers<T>(with: impl FnOnce(&mut [Vec<u8>; 2]) -> T) -> T {
    let mut buffers = BUFFERS.take();
    let result = with(&mut buffers);
    buffers.iter_mut().filter(|it| it.capacity() > LARGEST_KEPT).for_each(|it| *it = Vec::new());
    BUFFERS.set(buffers);
    result
}

/// Reads a regular file of at most 4 GiB for as long as somebody looks at it.
pub(crate) fn look_at<T>(
    path: &Path,
    look: impl FnOnce(&Metadata, &[u8]) -> T,
) -> std::io::Result<T> {
    let (file, meta) = open_regular(path)?;
    with_buffers(|[bytes, _]| {
        bytes.clear();
        read_into(&file, &meta, LARGEST, bytes)?;
        Ok(look(&meta, bytes))
    })
}

/// Reads a file into an empty buffer, in as few steps as there are.
fn read_into(file: &File, meta: &Metadata, most: u64, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    let len = meta.len();
    if len > most {
        let most = most >> 20;
        let why =
            format!("it has {} bytes, and such a file has at most {most} MiB", thousands(len));
        return Err(std::io::Error::other(why));
    }
    // Where there is not so much memory, that is an error and no abort.
    bytes.try_reserve_exact(usize::try_from(len).unwrap_or(0)).map_err(|error| {
        std::io::Error::other(format!("no memory for its {} bytes: {error}", thousands(len)))
    })?;
    if len == 0 {
        // It may not tell how long it is.
        file.take(most).read_to_end(bytes)?;
        return Ok(());
    }
    while (bytes.len() as u64) < len && read_more(file, bytes)? > 0 {}
    bytes.truncate(usize::try_from(len).unwrap_or(usize::MAX));
    Ok(())
}

/// Reads as much as there is room for in a buffer behind what it holds.
fn read_more(file: &File, bytes: &mut Vec<u8>) -> std::io::Result<usize> {
    Ok(retry_on_intr(|| rustix::io::read(file, spare_capacity(bytes)))?)
}

/// The first and the last bytes of a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ends {
    pub(crate) head: Vec<u8>,
    pub(crate) tail: Vec<u8>,
    /// Time of the last change.
    pub(crate) modified: Option<SystemTime>,
}

/// How much of a file is read at either end before its reader is asked whether that is enough.
const HEAD: usize = 8 << 10;
const TAIL: usize = 4 << 10;

/// Reads the first line of a file and as much of its end as `enough` asks for, without the
/// megabytes between.
pub(crate) fn read_ends(path: &Path, enough: impl Fn(&[u8]) -> bool) -> std::io::Result<Ends> {
    let (file, meta) = open_regular(path)?;
    let len = usize::try_from(meta.len()).unwrap_or(usize::MAX);
    let head = grow(&file, len, HEAD, true, |head| head.contains(&b'\n'))?;
    let tail =
        if len <= head.len() { head.clone() } else { grow(&file, len, TAIL, false, enough)? };
    Ok(Ends { head, tail, modified: meta.modified().ok() })
}

fn grow(
    file: &File,
    len: usize,
    first: usize,
    from_start: bool,
    enough: impl Fn(&[u8]) -> bool,
) -> std::io::Result<Vec<u8>> {
    let mut size = first.min(len);
    loop {
        let offset = if from_start { 0 } else { len - size };
        let mut bytes = Vec::with_capacity(size);
        while bytes.len() < size {
            let at = (offset + bytes.len()) as u64;
            if retry_on_intr(|| rustix::io::pread(file, spare_capacity(&mut bytes), at))? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        bytes.truncate(size);
        if size == len || enough(&bytes) {
            return Ok(bytes);
        }
        size = size.saturating_mul(4).min(len);
    }
}

/// Copies a directory tree with times, permissions and symbolic links; `keep` sees each path
/// relative to the tree. Shares the blocks where the file system can. Returns the bytes copied.
pub(crate) fn copy_tree(
    from: &Path,
    to: &Path,
    keep: impl Fn(&Path) -> bool,
) -> Result<u64, EngineError> {
    let mut files = Vec::new();
    let mut dirs = Vec::new();
    list(from, Path::new(""), &keep, &mut files, &mut dirs)?;
    std::fs::create_dir_all(to).map_err(|e| EngineError::io("make", to, &e))?;
    for (dir, _) in &dirs {
        let dir = to.join(dir);
        std::fs::create_dir_all(&dir).map_err(|e| EngineError::io("make", &dir, &e))?;
    }
    let bytes = files
        .par_iter()
        .map(|(path, meta)| copy_one(&from.join(path), &to.join(path), meta))
        .try_reduce(|| 0, |a, b| Ok(a + b))?;
    // Directories last: making files in them changed their times.
    for (dir, meta) in dirs.iter().rev() {
        set_times(&to.join(dir), meta, false)?;
    }
    Ok(bytes)
}

/// Copies one file with its time and permissions.
pub(crate) fn copy_file(from: &Path, to: &Path) -> Result<(), EngineError> {
    let meta = std::fs::symlink_metadata(from).map_err(|e| EngineError::io("read", from, &e))?;
    copy_one(from, to, &meta).map(drop)
}

/// What a file becomes in an outline of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outline {
    /// The file itself.
    Whole,
    /// A file without content that has its name, its times and its permissions.
    Hollow,
}

/// Copies a directory tree of which only some files are ever read, with times and permissions;
/// `keep` sees each path relative to the tree.
pub(crate) fn copy_outline(
    from: &Path,
    to: &Path,
    keep: impl Fn(&Path) -> bool,
    outline: impl Fn(&Path, u64) -> Outline + Sync,
) -> Result<(), EngineError> {
    let (mut files, mut dirs) = (Vec::new(), Vec::new());
    list(from, Path::new(""), &keep, &mut files, &mut dirs)?;
    for (dir, _) in &dirs {
        let dir = to.join(dir);
        std::fs::create_dir_all(&dir).map_err(|e| EngineError::io("make", &dir, &e))?;
    }
    files.par_iter().try_for_each(|(path, meta)| {
        let target = to.join(path);
        if meta.is_file() && outline(path, meta.len()) == Outline::Hollow {
            File::create_new(&target).map_err(|e| EngineError::io("make", &target, &e))?;
            return set_times(&target, meta, false);
        }
        copy_one(&from.join(path), &target, meta).map(|_bytes| ())
    })
}

type Listed = Vec<(PathBuf, Metadata)>;

fn list(
    root: &Path,
    below: &Path,
    keep: &impl Fn(&Path) -> bool,
    files: &mut Listed,
    dirs: &mut Listed,
) -> Result<(), EngineError> {
    let dir = root.join(below);
    let io = |error| EngineError::io("read", &dir, &error);
    for entry in std::fs::read_dir(&dir).map_err(io)? {
        let entry = entry.map_err(io)?;
        let path = below.join(entry.file_name());
        if !keep(&path) {
            continue;
        }
        let meta = entry.metadata().map_err(io)?;
        if meta.is_dir() {
            dirs.push((path.clone(), meta));
            list(root, &path, keep, files, dirs)?;
        } else {
            files.push((path, meta));
        }
    }
    Ok(())
}

fn copy_one(from: &Path, to: &Path, meta: &Metadata) -> Result<u64, EngineError> {
    let io = |error| EngineError::io("copy", from, &error);
    if meta.is_symlink() {
        let target = std::fs::read_link(from).map_err(io)?;
        std::os::unix::fs::symlink(target, to).map_err(io)?;
    } else if meta.is_file() {
        reflink_copy::reflink_or_copy(from, to).map_err(|e| EngineError::io("write", to, &e))?;
        std::fs::set_permissions(to, meta.permissions()).map_err(io)?;
    } else {
        return Ok(0);
    }
    set_times(to, meta, meta.is_symlink())?;
    Ok(if meta.is_file() { meta.len() } else { 0 })
}

/// Makes a second tree of the same files: linked where the file system can, else copied. Whoever
/// changes a file in it must put a new one in its place.
pub(crate) fn link_tree(
    from: &Path,
    to: &Path,
    keep: impl Fn(&Path) -> bool,
) -> Result<(), EngineError> {
    let (mut files, mut dirs) = (Vec::new(), Vec::new());
    list(from, Path::new(""), &keep, &mut files, &mut dirs)?;
    std::fs::create_dir_all(to).map_err(|e| EngineError::io("make", to, &e))?;
    for (dir, _) in &dirs {
        let dir = to.join(dir);
        std::fs::create_dir_all(&dir).map_err(|e| EngineError::io("make", &dir, &e))?;
    }
    files.par_iter().try_for_each(|(path, meta)| {
        let (from, to) = (from.join(path), to.join(path));
        if meta.is_file() && std::fs::hard_link(&from, &to).is_ok() {
            return Ok(());
        }
        copy_one(&from, &to, meta).map(|_| ())
    })
}

/// Everything below a directory that is no directory, by its path there.
pub(crate) fn files_below(dir: &Path) -> Result<Vec<(PathBuf, Metadata)>, EngineError> {
    let mut files = Vec::new();
    list(dir, Path::new(""), &|_: &Path| true, &mut files, &mut Vec::new())?;
    Ok(files)
}

/// make compares times to the nanosecond, so a copy must keep them to the nanosecond.
fn set_times(path: &Path, meta: &Metadata, is_link: bool) -> Result<(), EngineError> {
    let times = Timestamps {
        last_access: Timespec { tv_sec: meta.atime(), tv_nsec: meta.atime_nsec() as _ },
        last_modification: Timespec { tv_sec: meta.mtime(), tv_nsec: meta.mtime_nsec() as _ },
    };
    let flags = if is_link { AtFlags::SYMLINK_NOFOLLOW } else { AtFlags::empty() };
    utimensat(rustix::fs::CWD, path, &times, flags)
        .map_err(|error| EngineError::io("set the time of", path, &error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_copy_keeps_times_to_the_nanosecond() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("a"), dir.path().join("b"));
        std::fs::create_dir_all(from.join("sub")).unwrap();
        std::fs::write(from.join("sub/x"), "hello").unwrap();
        std::fs::write(from.join("left-out"), "").unwrap();
        std::os::unix::fs::symlink("sub/x", from.join("link")).unwrap();
        let bytes = copy_tree(&from, &to, |p| p != Path::new("left-out")).unwrap();
        assert_eq!(bytes, 5);
        assert!(!to.join("left-out").exists());
        let time = |root: &Path| {
            let meta = std::fs::metadata(root.join("sub/x")).unwrap();
            (meta.mtime(), meta.mtime_nsec())
        };
        assert_eq!(time(&from), time(&to));
        assert_eq!(std::fs::read_link(to.join("link")).unwrap(), Path::new("sub/x"));
    }

    #[test]
    fn a_second_tree_is_not_written_through() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("a"), dir.path().join("b"));
        std::fs::create_dir_all(from.join("sub")).unwrap();
        std::fs::write(from.join("sub/x"), "hello").unwrap();
        link_tree(&from, &to, |_| true).unwrap();
        assert_eq!(std::fs::read(to.join("sub/x")).unwrap(), b"hello");
        write_atomic(&to.join("sub/x"), b"other").unwrap();
        assert_eq!(std::fs::read(from.join("sub/x")).unwrap(), b"hello");
        let files = files_below(&to).unwrap();
        assert_eq!(
            files.iter().map(|(path, _)| path.as_path()).collect::<Vec<_>>(),
            [Path::new("sub/x")]
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        /// Whatever the size, the ends are the file's own, and large enough for their readers.
        #[test]
        fn ends_are_the_ends(first in 0_usize..20_000, middle in 0_usize..40_000, last in 0_usize..9_000) {
            let mut bytes = vec![b'a'; first];
            bytes.push(b'\n');
            bytes.extend(vec![b'm'; middle]);
            bytes.push(b'!');
            bytes.extend(vec![b'z'; last]);
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), &bytes).unwrap();
            let ends = read_ends(file.path(), |tail| tail.contains(&b'!')).unwrap();
            prop_assert!(bytes.starts_with(&ends.head) && ends.head.contains(&b'\n'));
            prop_assert!(bytes.ends_with(&ends.tail) && ends.tail.contains(&b'!'));
        }
    }
}
