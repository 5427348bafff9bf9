use std::collections::BTreeMap;
use std::fmt;

/// What `genksyms -T` dumps of one object: every type that the signatures of its exports reach.
///
/// One definition a line: its name, then its tokens, each followed by a space. A token that refers
/// to another definition is tagged (`s#device`). Source: `read_node`, `print_list` and `main` in
/// `scripts/genksyms/genksyms.c`, Linux 7.3; the form is the same in Linux 6.1.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Symtypes<'a> {
    definitions: BTreeMap<&'a str, Definition<'a>>,
}

/// One line of the dump.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Definition<'a> {
    /// The tokens that go into the CRC.
    pub tokens: Vec<&'a str>,
}

impl Definition<'_> {
    /// Whether genksyms knew the name alone, as of a structure whose definition is not included or
    /// stands in the source file itself.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.tokens.ends_with(&["{", "UNKNOWN", "}"])
    }
}

/// What kind of thing a tag refers to (`symbol_types` in `genksyms.c`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TypeKind {
    /// A function or a variable: no tag.
    Declaration,
    /// `t#`.
    Typedef,
    /// `e#`.
    Enum,
    /// `s#`.
    Struct,
    /// `u#`.
    Union,
    /// `E#`.
    EnumConstant,
}

impl TypeKind {
    /// Splits a tagged name: `s#device` is the structure `device`.
    #[must_use]
    pub fn of(name: &str) -> (Self, &str) {
        let kinds = [
            ("t#", Self::Typedef),
            ("e#", Self::Enum),
            ("s#", Self::Struct),
            ("u#", Self::Union),
            ("E#", Self::EnumConstant),
        ];
        let tagged = |(tag, kind): (&str, Self)| Some((kind, name.strip_prefix(tag)?));
        kinds.into_iter().find_map(tagged).unwrap_or((Self::Declaration, name))
    }
}

impl fmt::Display for TypeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Declaration => "declaration of",
            Self::Typedef => "typedef",
            Self::Enum => "enum",
            Self::Struct => "struct",
            Self::Union => "union",
            Self::EnumConstant => "enum constant",
        })
    }
}

impl<'a> Symtypes<'a> {
    /// Reads a dump. A line without a name holds nothing; of two lines for one name the first
    /// counts, as genksyms writes none twice.
    #[must_use]
    pub fn parse(text: &'a str) -> Self {
        let mut definitions = BTreeMap::new();
        for line in text.lines() {
            let mut tokens = Tokens { rest: line }.peekable();
            // Of a reference file that overrides what the sources say.
            let _override = tokens.next_if_eq(&"override");
            let Some(name) = tokens.next() else { continue };
            // The linkage is printed and does not go into the CRC.
            let _linkage = tokens.next_if_eq(&"extern");
            definitions.entry(name).or_insert(Definition { tokens: tokens.collect() });
        }
        Self { definitions }
    }

    /// The definition of a name with its tag.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Definition<'a>> {
        self.definitions.get(name)
    }

    /// Every definition, in the order of their tagged names.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &Definition<'a>)> {
        self.definitions.iter().map(|(name, definition)| (*name, definition))
    }

    /// The names that an export's signature reaches, itself included.
    #[must_use]
    pub fn reached(&self, export: &str) -> std::collections::BTreeSet<&'a str> {
        let mut reached = std::collections::BTreeSet::new();
        let mut open: Vec<&str> = vec![export];
        while let Some(name) = open.pop() {
            let Some((name, definition)) = self.definitions.get_key_value(name) else { continue };
            if reached.insert(*name) {
                open.extend(definition.tokens.iter().filter(|token| is_tagged(token)));
            }
        }
        reached
    }
}

/// Whether a token refers to a definition.
fn is_tagged(token: &str) -> bool {
    TypeKind::of(token).0 != TypeKind::Declaration
}

/// Tokens are separated by spaces, except within quotes (`read_node`).
struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest.trim_start_matches(' ');
        let mut in_string = false;
        let end = rest.find(|c| {
            in_string ^= c == '"';
            c == ' ' && !in_string
        });
        let (token, after) = rest.split_at(end.unwrap_or(rest.len()));
        self.rest = after;
        (!token.is_empty()).then_some(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DUMP: &str = "s#file struct file { t#spinlock_t lock ; s#inode * inode ; } \n\
        s#inode struct inode { UNKNOWN } \n\
        t#spinlock_t typedef s#spinlock spinlock_t \n\
        override s#spinlock struct spinlock { int x ; } \n\
        kstat extern __attribute__ ( ( section ( \".data ..percpu\" \"\" ) ) ) int kstat \n\
        filp_close extern int filp_close ( s#file * ) \n";

    #[test]
    fn a_dump_tells_definitions_and_what_they_reach() {
        let types = Symtypes::parse(DUMP);
        assert_eq!(
            types.get("filp_close").unwrap().tokens.join(" "),
            "int filp_close ( s#file * )"
        );
        assert!(types.get("s#inode").unwrap().is_unknown());
        assert!(!types.get("s#file").unwrap().is_unknown());
        assert!(types.get("kstat").unwrap().tokens.contains(&"\".data ..percpu\""));
        let reached: Vec<_> = types.reached("filp_close").into_iter().collect();
        assert_eq!(reached, ["filp_close", "s#file", "s#inode", "s#spinlock", "t#spinlock_t"]);
        assert!(types.reached("absent").is_empty());
    }

    #[test]
    fn a_tag_tells_the_kind() {
        assert_eq!(TypeKind::of("s#device"), (TypeKind::Struct, "device"));
        assert_eq!(TypeKind::of("E#MAX"), (TypeKind::EnumConstant, "MAX"));
        assert_eq!(TypeKind::of("x#y"), (TypeKind::Declaration, "x#y"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[a-zst#\" {};\n]{0,200}") {
            let types = Symtypes::parse(&text);
            for (name, _) in types.iter() {
                prop_assert!(types.reached(name).contains(name));
            }
        }
    }
}
