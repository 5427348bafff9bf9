//! The member list of an `ar` archive, thin ones too.

use object::read::archive::ArchiveFile;

/// Names of the members in order, as the archive writes them; for a thin archive they are
/// paths relative to its directory.
///
/// # Errors
///
/// Says what is wrong with the archive, and with which member.
pub fn members(bytes: &[u8]) -> Result<Vec<String>, String> {
    let archive = ArchiveFile::parse(bytes).map_err(|error| error.to_string())?;
    let mut names = Vec::new();
    for (number, member) in archive.members().enumerate() {
        let member = member.map_err(|error| format!("member {}: {error}", number + 1))?;
        names.push(String::from_utf8_lossy(member.name()).into_owned());
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::members;
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
