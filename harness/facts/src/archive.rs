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

/// A thin archive without the lengths of its members, and nothing else left out: where two are the same,
/// the members have the same names, times, owners, permissions and order, and the symbol index is
/// the same.
///
/// # Errors
///
/// As [`members`]; and where it is not thin.
pub fn thin_without_lengths(bytes: &[u8]) -> Result<Vec<u8>, String> {
    // It reads every name, so that what is passed over here is sound.
    if contents(bytes)?.iter().any(|member| member.bytes.is_some()) {
        return Err("it is no thin archive".to_owned());
    }
    let mut blank = bytes.to_vec();
    let mut at = MAGIC;
    while let Some(header) = bytes.get(at..at.saturating_add(HEADER)) {
        let (name, size) = (header.get(..16).unwrap_or_default(), header.get(48..58));
        let size = size.and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default();
        // The symbol index and the table of long names are all that lies inside.
        let inside = [&b"/ "[..], b"// ", b"/SYM64/ "].iter().any(|it| name.starts_with(it));
        at = at.saturating_add(HEADER);
        if inside {
            let size: usize = size.trim_end().parse().map_err(|_| "a size is no number")?;
            at = at.saturating_add(size).saturating_add(size % 2);
        } else if let Some(size) = blank.get_mut(at - 12..at - 2) {
            size.fill(b' ');
        }
    }
    Ok(blank)
}

/// `!<thin>` and a newline; units: bytes.
const MAGIC: usize = 8;

/// A member's header: name, time, owner, group, permissions, size, and two bytes that end it. Units:
/// bytes.
const HEADER: usize = 60;

#[cfg(test)]
mod tests {
    use super::{contents, members, thin_without_lengths};
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
    fn of_two_thin_archives_nothing_but_lengths_may_differ() {
        let (one, other) = (thin(), thin());
        let plain = |bytes: &[u8]| thin_without_lengths(bytes).unwrap();
        let at = one.len() - 60;
        for (field, range) in
            [("date", 16..28), ("owner", 28..34), ("group", 34..40), ("permissions", 40..48)]
        {
            let mut changed = other.clone();
            changed[at + range.start] = b'1';
            assert_ne!(plain(&one), plain(&changed), "{field}");
        }
        let mut longer = other;
        longer[at + 48] = b'9';
        assert_eq!(plain(&one), plain(&longer));
        let fat = format!("!<arch>\n{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\nab", "x/", 0, 0, 0, 644, 2);
        assert!(thin_without_lengths(fat.as_bytes()).is_err());
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
