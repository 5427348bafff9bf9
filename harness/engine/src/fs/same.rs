//! Whether two files hold the same, a piece of each at a time.

use super::{open_regular, with_buffers};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What two files of one name are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Both {
    /// Whether they hold the same.
    pub(crate) is_same: bool,
    /// Their lengths; units: bytes.
    pub(crate) bytes: (u64, u64),
}

/// Whether two regular files hold the same, without keeping more than a piece of each.
pub(crate) fn same_files(left: &Path, right: &Path) -> std::io::Result<Both> {
    let ((left, x), (right, y)) = (open_regular(left)?, open_regular(right)?);
    let bytes = (x.len(), y.len());
    let is_same =
        bytes.0 == bytes.1 && with_buffers(|pieces| same_bytes([&left, &right], bytes.0, pieces))?;
    Ok(Both { is_same, bytes })
}

/// Whether two files hold the same for this many bytes.
fn same_bytes(
    [left, right]: [&File; 2],
    mut len: u64,
    pieces: &mut [Vec<u8>; 2],
) -> std::io::Result<bool> {
    const PIECE: usize = 64 << 10;
    pieces.iter_mut().for_each(|piece| piece.resize(PIECE, 0));
    let [ours, theirs] = pieces;
    while len > 0 {
        let size = usize::try_from(len).map_or(PIECE, |len| len.min(PIECE));
        let ours = ours.get_mut(..size).unwrap_or_default();
        let theirs = theirs.get_mut(..size).unwrap_or_default();
        let (n, m) = (fill(left, ours)?, fill(right, theirs)?);
        if ours.get(..n) != theirs.get(..m) {
            return Ok(false);
        }
        if n < size {
            // Both have become shorter meanwhile.
            break;
        }
        len -= size as u64;
    }
    Ok(true)
}

/// Reads until a piece is full or the file ends; how much that is.
fn fill(mut file: &File, piece: &mut [u8]) -> std::io::Result<usize> {
    let mut full = 0;
    while let Some(rest) = piece.get_mut(full..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(n) => full += n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(full)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        /// One byte makes two files differ, wherever it is and however long they are.
        #[test]
        fn a_byte_makes_the_difference(len in 0_usize..200_000, at in any::<usize>(), more: bool) {
            let write = |bytes: &[u8]| {
                let file = tempfile::NamedTempFile::new().unwrap();
                std::fs::write(file.path(), bytes).unwrap();
                file
            };
            let bytes: Vec<u8> = (0..len).map(|at| (at * 7 % 251) as u8).collect();
            let mut other = bytes.clone();
            let (left, twin) = (write(&bytes), write(&bytes));
            let lengths = (len as u64, len as u64);
            let same = Both { is_same: true, bytes: lengths };
            prop_assert_eq!(same_files(left.path(), twin.path()).unwrap(), same);
            match at.checked_rem(len) {
                Some(at) if !more => other[at] ^= 1,
                _ => other.push(0),
            }
            let right = write(&other);
            let found = same_files(left.path(), right.path()).unwrap();
            let lengths = (len as u64, other.len() as u64);
            prop_assert_eq!(found, Both { is_same: false, bytes: lengths });
        }
    }

    #[test]
    fn what_is_no_file_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        assert!(same_files(dir.path(), dir.path()).is_err());
        assert!(same_files(&dir.path().join("a"), &dir.path().join("b")).is_err());
    }
}
