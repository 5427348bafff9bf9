use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::life::Generation;

/// File of the source tree → the targets that are made from it, as their `.cmd` files say.
pub type Users = BTreeMap<String, BTreeSet<String>>;

/// The files to change, most fitting first; the same for the same build. A list is empty where no
/// file fits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choice {
    /// C files of objects that nothing imports from.
    pub leaf: Vec<String>,
    /// C files of objects that others import from, those with the most importers first.
    pub imported: Vec<String>,
    /// Headers that IR objects alone are made from.
    pub header: Vec<String>,
}

/// A header is changed that at most one object in so many is made from.
const SHARE: usize = 10;

/// Chooses from what a finished build says. `sources` has the source file of each IR object.
#[must_use]
pub fn choose(built: &Generation, sources: &BTreeMap<String, String>, users: &Users) -> Choice {
    let importers = built.importers();
    let count = |object: &str| importers.get(object).map_or(0, BTreeSet::len);
    // What a second target is made from would change more than the one object.
    let is_its_own = |object: &String, source: &String| {
        users.get(source).is_some_and(|users| users.len() == 1 && users.contains(object))
    };
    let mut files: Vec<(&String, &String)> = built
        .units
        .keys()
        .filter_map(|object| Some((object, sources.get(object)?)))
        .filter(|(object, source)| source.ends_with(".c") && is_its_own(object, source))
        .collect();
    // Architectures have files that run before the kernel is where it belongs.
    files.sort_by_key(|(object, _)| (object.starts_with("arch/"), *object));
    let leaf = files.iter().filter(|(object, _)| count(object) == 0);
    let leaf = leaf.map(|(_, source)| (*source).clone()).collect();
    let mut imported: Vec<_> = files.iter().filter(|(object, _)| count(object) > 0).collect();
    imported.sort_by_key(|(object, _)| std::cmp::Reverse(count(object)));
    let imported = imported.into_iter().map(|(_, source)| (*source).clone()).collect();
    Choice { leaf, imported, header: headers(built, users) }
}

/// Headers that several IR objects and nothing else are made from: assembly, linker scripts and
/// programs for the build would need another change. Few users come first that are not too few.
fn headers(built: &Generation, users: &Users) -> Vec<String> {
    let most = (built.units.len() / SHARE).max(2);
    let mut headers: Vec<(usize, &String)> = users
        .iter()
        .filter(|(path, users)| {
            path.ends_with(".h")
                && users.len() >= 2
                && users.iter().all(|user| built.units.contains_key(user))
        })
        .map(|(path, users)| (users.len(), path))
        .collect();
    headers.sort_by_key(|(n, path)| (*n > most, n.abs_diff(most), *path));
    headers.into_iter().map(|(_, path)| path.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_facts::life::Unit;

    fn unit(imports: &[&str]) -> Unit {
        Unit { imports: imports.iter().map(|i| (*i).to_owned()).collect(), ..Unit::default() }
    }

    #[test]
    fn the_leaf_the_most_imported_and_a_header_of_c_alone() {
        let units = [
            ("arch/x/early.o", unit(&[])),
            ("fs/a.o", unit(&["lib/s.o", "lib/t.o"])),
            ("fs/b.o", unit(&["lib/s.o"])),
            ("lib/s.o", unit(&[])),
            ("lib/t.o", unit(&[])),
        ];
        let built = Generation {
            units: units.into_iter().map(|(name, unit)| (name.to_owned(), unit)).collect(),
            ..Generation::default()
        };
        let sources: BTreeMap<String, String> =
            built.units.keys().map(|name| (name.clone(), name.replace(".o", ".c"))).collect();
        let mut users: Users = sources
            .iter()
            .map(|(object, source)| (source.clone(), BTreeSet::from([object.clone()])))
            .collect();
        let mut add = |path: &str, objects: &[&str]| {
            users.insert(path.to_owned(), objects.iter().map(|o| (*o).to_owned()).collect());
        };
        add("include/s.h", &["fs/a.o", "fs/b.o"]);
        add("include/asm.h", &["fs/a.o", "arch/x/entry.o"]);
        // Another target is made from it, too.
        add("fs/b.c", &["fs/b.o", "lib/copy.o"]);
        let choice = choose(&built, &sources, &users);
        assert_eq!(choice.leaf, ["fs/a.c", "arch/x/early.c"]);
        assert_eq!(choice.imported, ["lib/s.c", "lib/t.c"]);
        assert_eq!(choice.header, ["include/s.h"]);
    }
}
