//! The numbers that a report has of a build: the one list of their names.

use std::fmt;
use twinlto_model::LifeStep;

/// A number of a build. There are no others than those below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(&'static str);

impl Number {
    /// As `cells[].counts` of the JSON report has it (`docs/REPORT.md`).
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str, among: &[Self]) -> Option<Self> {
        among.iter().copied().find(|number| number.0 == name)
    }

    /// The one that may have been meant by a name that is none.
    #[must_use]
    pub fn closest(name: &str, among: &[Self]) -> Option<Self> {
        let names: Vec<&str> = among.iter().map(|number| number.0).collect();
        let close = similar::get_close_matches(name, &names, 1, 0.6);
        close.first().and_then(|name| Self::named(name, among))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $number:ident = $name:literal,)*) => {
        $($(#[$doc])* pub const $number: Number = Number($name);)*

        /// Every number that a build may have.
        pub const OF_A_BUILD: &[Number] = &[$($number),*];
    };
}

numbers! {
    /// Objects of bitcode.
    IR_OBJECTS = "ir_objects",
    /// Native objects of them.
    NATIVE_OBJECTS = "native_objects",
    /// Objects that were never bitcode.
    OTHER_OBJECTS = "other_objects",
    /// Options that were compared between front end and backend.
    FLAGS_COMPARED = "flags_compared",
    /// Those among them that decide nothing for a backend: macros, include paths, warnings.
    FLAGS_ASIDE = "flags_aside",
    /// Lines of `Module.symvers`.
    EXPORTS = "exports",
    /// Exports in the image.
    KCRCTAB_ENTRIES = "kcrctab_entries",
    /// CRCs of exports that were looked at.
    CRCS_CHECKED = "crcs_checked",
    /// Symbols of `vmlinux`.
    SYMBOLS = "symbols",
    /// Undefined symbols of `vmlinux`.
    UNDEFINED_SYMBOLS = "undefined_symbols",
    /// Names of `vmlinux` with `.llvm.<hash>`.
    PROMOTED_SYMBOLS = "promoted_symbols",
    /// Bytes of its executable sections.
    TEXT_BYTES = "text_bytes",
    /// Bytes of its sections that are loaded from the file.
    IMAGE_BYTES = "image_bytes",
    /// Its sections.
    SECTIONS = "sections",
    /// Its initcalls.
    INITCALLS = "initcalls",
    /// Levels of initcalls that it has.
    INITCALL_LEVELS = "initcall_levels",
    /// Modules that were read.
    MODULES = "modules",
    /// Units of debug information in it.
    DWARF_UNITS = "dwarf_units",
    /// Native objects that are the same on both sides.
    NATIVES_IDENTICAL = "natives_identical",
    /// Objects that were replayed.
    REPLAYED = "replayed",
    /// Of them, with the same backend object.
    REPLAY_BACKEND_IDENTICAL = "replay_backend_identical",
    /// Of them, the same in both modes.
    REPLAY_MODES_IDENTICAL = "replay_modes_identical",
    /// Of them, different for a reason that is known.
    REPLAY_MODES_EXPLAINED = "replay_modes_explained",
    /// Backends of a dry run.
    PLANNED_BACKENDS = "planned_backends",
    /// Front ends of a dry run.
    PLANNED_FRONT_ENDS = "planned_front_ends",
    /// What was looked at in the step `noop` of a life.
    LIFE_NOOP = "life_noop",
    /// What was looked at in the step `leaf` of a life.
    LIFE_LEAF = "life_leaf",
    /// What was looked at in the step `imported` of a life.
    LIFE_IMPORTED = "life_imported",
    /// What was looked at in the step `header` of a life.
    LIFE_HEADER = "life_header",
    /// What was looked at in the step `switch` of a life.
    LIFE_SWITCH = "life_switch",
    /// What was looked at in the step `switch-edited` of a life.
    LIFE_SWITCH_EDITED = "life_switch_edited",
    /// What was looked at in the step `flags` of a life.
    LIFE_FLAGS = "life_flags",
    /// What was looked at in the step `backend` of a life.
    LIFE_BACKEND = "life_backend",
    /// What was looked at in the step `compile-commands` of a life.
    LIFE_COMPILE_COMMANDS = "life_compile_commands",
    /// What was looked at in the step `ranges` of a life.
    LIFE_RANGES = "life_ranges",
    /// What was looked at in the step `ignore` of a life.
    LIFE_IGNORE = "life_ignore",
    /// What was looked at in the step `clean` of a life.
    LIFE_CLEAN = "life_clean",
}

/// Every number that a check of a kernel may have, which neither replays nor plans it, and takes it
/// through no life.
#[must_use]
pub fn of_a_check() -> Vec<Number> {
    let others = ["replay", "planned_", "life_"];
    let is_one = |it: &Number| others.iter().all(|other| !it.0.starts_with(other));
    OF_A_BUILD.iter().copied().filter(is_one).collect()
}

/// Bytes of a file.
pub const FILE_BYTES: Number = Number("file_bytes");

/// Every number of one object, which `bisect options` compiles.
pub const OF_AN_OBJECT: &[Number] = &[TEXT_BYTES, IMAGE_BYTES, FILE_BYTES, SYMBOLS];

/// What was looked at in a step of a life.
#[must_use]
pub const fn of_life(step: LifeStep) -> Number {
    match step {
        LifeStep::Noop => LIFE_NOOP,
        LifeStep::Leaf => LIFE_LEAF,
        LifeStep::Imported => LIFE_IMPORTED,
        LifeStep::Header => LIFE_HEADER,
        LifeStep::Switch => LIFE_SWITCH,
        LifeStep::SwitchEdited => LIFE_SWITCH_EDITED,
        LifeStep::Flags => LIFE_FLAGS,
        LifeStep::Backend => LIFE_BACKEND,
        LifeStep::CompileCommands => LIFE_COMPILE_COMMANDS,
        LifeStep::Ranges => LIFE_RANGES,
        LifeStep::Ignore => LIFE_IGNORE,
        LifeStep::Clean => LIFE_CLEAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_step_of_a_life_has_its_own() {
        for step in LifeStep::ALL {
            assert_eq!(of_life(step).name(), format!("life_{}", step.name().replace('-', "_")));
        }
        assert_eq!(OF_A_BUILD.iter().collect::<BTreeSet<_>>().len(), OF_A_BUILD.len());
    }

    #[test]
    fn a_check_replays_nothing_and_lives_no_life() {
        let known = of_a_check();
        assert!(known.contains(&PROMOTED_SYMBOLS) && known.contains(&NATIVES_IDENTICAL));
        assert!(![REPLAYED, PLANNED_BACKENDS, LIFE_NOOP].iter().any(|it| known.contains(it)));
    }

    #[test]
    fn a_slip_of_the_pen_is_recognised() {
        assert_eq!(Number::named("exports", OF_A_BUILD), Some(EXPORTS));
        assert_eq!(Number::named("exports", OF_AN_OBJECT), None);
        assert_eq!(Number::closest("promoted_symbol", OF_A_BUILD), Some(PROMOTED_SYMBOLS));
        assert_eq!(Number::closest("foo", OF_A_BUILD), None);
    }
}
