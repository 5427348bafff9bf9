use super::cmd::Crc;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

/// One exported symbol, as `Module.symvers` has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// CRC of its signature; 0 where MODVERSIONS is off or versioning failed.
    pub crc: Crc,
    /// `vmlinux` or the path of a module without `.ko`.
    pub module: String,
    /// Whether only GPL modules may use it; none where the file has no such column.
    pub gpl: Option<bool>,
    /// Its namespace; empty for none.
    pub namespace: String,
}

/// A `Module.symvers` file, by symbol name. The order of its lines means nothing: it follows
/// the order of objects, which differs lawfully between the modes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Symvers {
    /// Symbol → export.
    pub exports: BTreeMap<String, Export>,
    /// Symbols that stand on more than one line; the first counts.
    pub duplicates: Vec<String>,
}

/// A line of `Module.symvers` that is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SymversError {
    /// Line number from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for SymversError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl std::error::Error for SymversError {}

impl Symvers {
    /// Reads the file. Lines have three columns (CRC, symbol, module; before Linux 2.6.18), four
    /// (and the kind of export) or five (and the namespace, since Linux 5.4), separated by tabs.
    /// Linux 5.4–5.7 wrote the namespace before the module; kinds tell the two apart.
    ///
    /// # Errors
    ///
    /// The first line that has fewer or more columns, no CRC or an unknown kind.
    pub fn parse(text: &str) -> Result<Self, SymversError> {
        let mut symvers = Self::default();
        for (line, content) in (1..).zip(text.lines()) {
            if content.is_empty() {
                continue;
            }
            let (name, export) = parse_line(content).map_err(|why| SymversError { line, why })?;
            match symvers.exports.entry(name) {
                Entry::Occupied(first) => symvers.duplicates.push(first.key().clone()),
                Entry::Vacant(slot) => {
                    slot.insert(export);
                }
            }
        }
        Ok(symvers)
    }
}

fn parse_line(line: &str) -> Result<(String, Export), String> {
    let columns: Vec<&str> = line.split('\t').collect();
    let (crc, name, module, kind, namespace) = match columns.as_slice() {
        [crc, name, module] => (*crc, *name, *module, "", ""),
        [crc, name, module, kind] if !kind.is_empty() => (*crc, *name, *module, *kind, ""),
        // Linux 5.4 to 5.7: CRC, symbol, namespace, module, kind.
        [crc, name, namespace, module, kind] if is_kind(kind) && !is_kind(module) => {
            (*crc, *name, *module, *kind, *namespace)
        }
        [crc, name, module, kind, namespace] if !kind.is_empty() => {
            (*crc, *name, *module, *kind, *namespace)
        }
        _ => return Err(format!("{} columns instead of 3, 4 or 5", columns.len())),
    };
    let crc = Crc::parse(crc).ok_or_else(|| format!("'{crc}' is not a CRC"))?;
    if name.is_empty() {
        return Err("no symbol name".to_owned());
    }
    if !kind.is_empty() && !is_kind(kind) {
        return Err(format!("'{kind}' is not a kind of export"));
    }
    let gpl = (!kind.is_empty()).then(|| kind.contains("_GPL"));
    Ok((
        name.to_owned(),
        Export { crc, module: module.to_owned(), gpl, namespace: namespace.to_owned() },
    ))
}

fn is_kind(text: &str) -> bool {
    matches!(
        text,
        "EXPORT_SYMBOL"
            | "EXPORT_SYMBOL_GPL"
            | "EXPORT_SYMBOL_GPL_FUTURE"
            | "EXPORT_UNUSED_SYMBOL"
            | "EXPORT_UNUSED_SYMBOL_GPL"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn three_four_and_five_columns_are_read() {
        let text = "0x00000001\ta\tvmlinux\n\
                    0x00000002\tb\tvmlinux\tEXPORT_SYMBOL_GPL\n\
                    0x00000003\tc\tfs/x\tEXPORT_SYMBOL\tNS\n\
                    0x00000004\td\tNS\tfs/y\tEXPORT_SYMBOL\n";
        let symvers = Symvers::parse(text).unwrap();
        let brief: Vec<_> = symvers
            .exports
            .iter()
            .map(|(n, e)| format!("{n} {} {} {:?} {}", e.crc, e.module, e.gpl, e.namespace))
            .collect();
        assert_eq!(
            brief,
            [
                "a 0x00000001 vmlinux None ",
                "b 0x00000002 vmlinux Some(true) ",
                "c 0x00000003 fs/x Some(false) NS",
                "d 0x00000004 fs/y Some(false) NS",
            ]
        );
    }

    #[test]
    fn a_bad_line_is_named() {
        let error = |text| Symvers::parse(text).unwrap_err().to_string();
        assert_eq!(error("0x1\ta\tvmlinux\nx\n"), "line 2: 1 columns instead of 3, 4 or 5");
        assert_eq!(error("1\ta\tvmlinux\tEXPORT_SYMBOL\t\n"), "line 1: '1' is not a CRC");
        assert_eq!(error("0x1\ta\tvmlinux\tNEW\t\n"), "line 1: 'NEW' is not a kind of export");
    }

    #[test]
    fn a_repeated_symbol_is_kept_once_and_named() {
        let symvers = Symvers::parse("0x1\ta\tvmlinux\n0x2\ta\tx\n").unwrap();
        assert_eq!(symvers.duplicates, ["a"]);
        assert_eq!(symvers.exports["a"].crc, Crc(1));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[\\PC\t\n]*") {
            let _ = Symvers::parse(&text);
        }
    }
}
