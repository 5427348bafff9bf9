//! Lists of objects: `builtin.order`, `vmlinux.thinlto-index`, `modules.order`, `X.mod`.

/// The names in a list with one object a line (`scripts/Makefile.vmlinux_a`, Linux 7.3).
/// Blank lines are left out; order and repetitions are kept.
#[must_use]
pub fn object_list(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect()
}

/// [`object_list`] of bytes that need not be UTF-8.
#[must_use]
pub fn object_list_or_bytes(bytes: &[u8]) -> Vec<String> {
    object_list(&String::from_utf8_lossy(bytes))
}

/// The objects that make up one module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleMembers {
    /// Object names relative to the build directory.
    pub objects: Vec<String>,
}

/// Reads a `X.mod` file: the member objects, one a line (Linux ≥ 5.19).
#[must_use]
pub fn module_members(text: &str) -> ModuleMembers {
    let objects = text.split_ascii_whitespace().map(|o| o.trim_start_matches("./").to_owned());
    ModuleMembers { objects: objects.collect() }
}

/// Removes `.` and `x/..` from a relative path, as kbuild's `normalize_path` does; the result
/// names the same file as long as no directory on the way is a symbolic link. None for a path
/// that is absolute or climbs out of the directory that it starts in.
#[must_use]
pub fn normalize_path(path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains('\0') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn kvm_objects_are_found_where_they_are() {
        assert_eq!(
            normalize_path("arch/arm64/kvm/../../../virt/kvm/eventfd.o").as_deref(),
            Some("virt/kvm/eventfd.o")
        );
    }

    #[test]
    fn a_path_out_of_the_tree_is_refused() {
        assert_eq!(normalize_path("a/../../etc/passwd"), None);
        assert_eq!(normalize_path("/etc/passwd"), None);
        assert_eq!(normalize_path("."), None);
    }

    proptest! {
        #[test]
        fn a_normal_path_stays_below_and_stays_itself(path in "[a-c./]{0,20}") {
            if let Some(normal) = normalize_path(&path) {
                prop_assert!(!normal.starts_with('/'));
                prop_assert!(normal.split('/').all(|p| !p.is_empty() && p != "." && p != ".."));
                prop_assert_eq!(normalize_path(&normal), Some(normal));
            }
        }
    }
}
