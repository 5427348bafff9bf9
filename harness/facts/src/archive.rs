//! The members of an `ar` archive, thin ones too.

use object::read::archive::ArchiveFile;

/// Names of the members in order, as the archive writes them; for a thin archive they are
/// paths relative to its directory.
///
/// # Errors
///
/// Says what is wrong with the archive, and with which member.
pub fn members(bytes: &[u8]) -> Result<Vec<String>, String> {
    Ok(contents(bytes)?.into_iter().map(|member| member.name).collect())
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member<'a> {
    /// Its name; for a thin archive its path relative to the archive's directory.
    pub name: String,
    /// What it holds; none in a thin archive, where it is a file of its own.
    pub bytes: Option<&'a [u8]>,
}

/// The members in order.
///
/// # Errors
///
/// As [`members`], and when a member does not end within the archive.
pub fn contents(bytes: &[u8]) -> Result<Vec<Member<'_>>, String> {
    let archive = ArchiveFile::parse(bytes).map_err(|error| error.to_string())?;
    let mut members = Vec::new();
    for (number, member) in archive.members().enumerate() {
        let wrong = |error: object::Error| format!("member {}: {error}", number + 1);
        let member = member.map_err(wrong)?;
        let name = String::from_utf8_lossy(member.name()).into_owned();
        let bytes = if member.is_thin() { None } else { Some(member.data(bytes).map_err(wrong)?) };
        members.push(Member { name, bytes });
    }
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::{contents, members};
    use proptest::prelude::*;

    /// What `llvm-ar cDPrST` writes for two members, symbol index left out.
    fn thin() -> Vec<u8> {
        let mut bytes = b"!<thin>\n".to_vec();
        let header = |name: &str, size: usize| {
            format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 0, 0, 0, 644)
        };
        let names = "virt/kvm/dirty_ring.thinlto-native.o/\ninit/main.thinlto-native.o/\n";
        bytes.extend(format!("{:<48}{:<10}`\n", "//", names.len()).bytes());
        bytes.extend(names.bytes());
        bytes.extend(header("/0", 100).bytes());
        bytes.extend(header("/38", 7).bytes());
        bytes
    }

    #[test]
    fn a_thin_archive_names_its_members_in_order() {
        let expected = ["virt/kvm/dirty_ring.thinlto-native.o", "init/main.thinlto-native.o"];
        assert_eq!(members(&thin()).unwrap(), expected);
    }

    #[test]
    fn a_member_is_inside_unless_the_archive_is_thin() {
        assert!(contents(&thin()).unwrap().iter().all(|member| member.bytes.is_none()));
        let mut fat = b"!<arch>\n".to_vec();
        fat.extend(
            format!("{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\nabc\n", "x/", 0, 0, 0, 644, 3).bytes(),
        );
        assert_eq!(contents(&fat).unwrap()[0].bytes, Some(b"abc".as_slice()));
        fat.truncate(fat.len() - 2);
        assert!(contents(&fat).unwrap_err().contains("member 1"));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0_usize..200) {
            let _ = members(&bytes);
            let mut mangled = thin();
            mangled.truncate(cut);
            let _ = members(&mangled);
        }
    }
}
