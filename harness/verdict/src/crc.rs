//! Why the CRC of an export changed: which type that its signature reaches is another one, and
//! which member of it.
//!
//! genksyms puts the tokens of everything that a signature reaches into the CRC. So a CRC changed
//! if and only if the tokens of a definition changed that both signatures reach, and these are the
//! causes; what only one side reaches is a consequence.

mod change;
mod fold;
mod spell;

pub use fold::{Explained, Unexplained};

use change::change;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::kbuild::{Symtypes, TypeKind, enumerators};

/// One definition that changed, in words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TypeChange {
    /// `struct device`.
    pub what: String,
    /// What became of it: ``member `foo` (int) was inserted after `parent` ``.
    pub change: String,
}

/// The definitions that changed between two dumps, for each export the changed ones that it
/// reaches; an export whose signature reaches none has an empty list.
#[must_use]
pub fn type_changes<'e>(
    a: &Symtypes<'_>,
    b: &Symtypes<'_>,
    exports: impl IntoIterator<Item = &'e str>,
) -> BTreeMap<&'e str, Vec<TypeChange>> {
    let mut words = BTreeMap::new();
    for (name, left) in a.iter() {
        if let Some(right) = b.get(name)
            && left != right
        {
            let (kind, plain) = TypeKind::of(name);
            let what = format!("{kind} {plain}");
            words.insert(name, TypeChange { what, change: change(name, left, right) });
        }
    }
    let changes = |export: &'e str| {
        let theirs = b.reached(export);
        let both = a.reached(export).into_iter().filter(|name| theirs.contains(name));
        let changed: BTreeSet<&str> = both.filter(|name| words.contains_key(name)).collect();
        let causes = changed.iter().filter(|name| !is_counted(name, &changed, a, b));
        (export, causes.filter_map(|name| words.get(name).cloned()).collect())
    };
    exports.into_iter().map(changes).collect()
}

/// Whether it is an enumerator of an enumeration that changed too: its value moved with it.
fn is_counted(name: &str, changed: &BTreeSet<&str>, a: &Symtypes<'_>, b: &Symtypes<'_>) -> bool {
    let (TypeKind::EnumConstant, constant) = TypeKind::of(name) else {
        return false;
    };
    let has = |types: &Symtypes<'_>, of: &str| {
        let list = types.get(of).and_then(|of| enumerators(&of.tokens));
        list.is_some_and(|list| list.iter().any(|member| member.name == Some(constant)))
    };
    changed.iter().any(|of| of.starts_with("e#") && has(a, of) && has(b, of))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "e#kind enum kind { ONE , MAX , } \n\
        E#MAX 1 \n\
        s#device struct device { s#device * parent ; s#list list ; int ids [ E#MAX ] ; } \n\
        s#list struct list { int x ; } \n\
        get_device extern s#device * get_device ( s#device * ) \n\
        kind_of extern e#kind kind_of ( s#device * ) \n\
        plain extern int plain ( s#list * ) \n";

    fn causes(b: &str, export: &str) -> Vec<String> {
        let (a, b) = (Symtypes::parse(A), Symtypes::parse(b));
        let changes = type_changes(&a, &b, [export]);
        changes[export].iter().map(|c| format!("{}: {}", c.what, c.change)).collect()
    }

    #[test]
    fn what_only_one_side_reaches_is_no_cause() {
        let b = A.replace("s#list list ;", "s#list list ; s#extra more ;")
            + "s#extra struct extra { int y ; } \n";
        assert_eq!(
            causes(&b, "get_device"),
            ["struct device: member `more` (struct extra) was inserted after `list`"]
        );
        assert!(causes(&b, "plain").is_empty());
    }

    #[test]
    fn an_inner_type_is_the_cause_and_not_what_holds_it() {
        let b = A.replace("int x ;", "long x ;");
        let said = ["struct list: the type of member `x` changed from int to long"];
        assert_eq!(causes(&b, "get_device"), said);
        assert_eq!(causes(&b, "plain"), said);
    }

    #[test]
    fn an_enumerator_that_moved_follows_from_its_enumeration_where_that_is_reached() {
        let b = A.replace("ONE , MAX", "ONE , TWO , MAX").replace("E#MAX 1", "E#MAX 2");
        assert_eq!(causes(&b, "kind_of"), ["enum kind: enumerator `TWO` was inserted after `ONE`"]);
        assert_eq!(causes(&b, "get_device"), ["enum constant MAX: it changed from 1 to 2"]);
    }
}
