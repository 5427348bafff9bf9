//! Every key that there is. A test holds this list against the code that makes findings, and
//! against `docs/findings`.

use super::glob::Glob;
use twinlto_model::Layer;

/// What has to be compared before it can be said that a key did not show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// This layer of one build.
    One(Layer),
    /// This layer, of both builds.
    Both(Layer),
    /// Every layer: any file may be unreadable.
    All,
    /// A request to configure something.
    Request,
    /// Two recorded runs.
    Records,
}

/// Keys by what they need.
const KEYS: &[(Needs, &[&str])] = &[
    (
        Needs::One(Layer::Transport),
        &[
            "cmd.foreign",
            "cmd.unreadable",
            "flags.backend.missing",
            "flags.backend.unplanned",
            "flags.backend.unrecorded",
            "flags.compiler.changed",
            "flags.command.added",
            "flags.driver.missing",
            "flags.environment.changed",
            "flags.file.changed",
            "flags.forwarded",
            "flags.index.missing",
            "flags.index.wrong",
            "flags.input.wrong",
            "flags.lto.on",
            "flags.modfile.missing",
            "flags.option.added",
            "flags.option.changed",
            "flags.option.missing",
            "flags.output.wrong",
            "flags.quoting.changed",
            "flags.saved.changed",
            "flags.saved.cut",
            "flags.saved.missing",
        ],
    ),
    (
        Needs::One(Layer::Artefacts),
        &[
            "archive.member.changed",
            "archive.member.duplicated",
            "archive.member.extra",
            "archive.member.ir",
            "archive.member.missing",
            "archive.member.not-indexed",
            "archive.member.unfit",
            "archive.order.changed",
            "archive.rule.thin",
            "file.inconsistent",
            "image.stale",
            "index.duplicated",
            "index.empty",
            "index.list.cut",
            "index.missing",
            "index.stale",
            "index.unknown-object",
            "index.unreadable",
            "ir.damaged",
            "ir.missing",
            "ir.not-bitcode",
            "ir.outside-index",
            "module.stale",
            "native.bitcode",
            "native.damaged",
            "native.e-flags",
            "native.empty",
            "native.included.stale",
            "native.machine",
            "native.missing",
            "native.not-elf",
            "native.stale",
        ],
    ),
    (Needs::Both(Layer::Transport), &["flags.front.changed"]),
    (Needs::Both(Layer::Tables), &["table.changed", "table.lost", "table.row.changed"]),
    (
        Needs::Both(Layer::Layouts),
        &[
            "debug.unit.changed",
            "layout.changed",
            "layout.lost",
            "signature.changed",
            "signature.spelling",
        ],
    ),
    (Needs::Both(Layer::Code), &["code.changed", "data.changed"]),
    (Needs::Both(Layer::Natives), &["native.changed", "native.lost"]),
    (
        Needs::Both(Layer::Files),
        &["command.changed", "config.changed", "file.changed", "file.order.changed"],
    ),
    (
        Needs::One(Layer::Replay),
        &[
            "replay.backend.changed",
            "replay.backend.failed",
            "replay.link.failed",
            "replay.mode.changed",
            "replay.native.missing",
        ],
    ),
    (
        Needs::Both(Layer::Diagnostics),
        &["log.error.new", "log.fixed", "log.severity.changed", "log.stays", "log.warning.new"],
    ),
    (
        Needs::One(Layer::Lifecycle),
        &[
            "clean.leftover",
            "clean.lost",
            "compile-commands.lost",
            "ignore.missing",
            "lifecycle.flag.lost",
            "lifecycle.over-rebuilt",
            "lifecycle.rebuilt",
            "lifecycle.stale",
            "lifecycle.step.failed",
            "ranges.lost",
        ],
    ),
    (
        Needs::Both(Layer::Artefacts),
        &[
            "index.module.changed",
            "ir.asm.changed",
            "ir.bytes.changed",
            "ir.flag.changed",
            "ir.global.changed",
            "ir.kind.changed",
            "ir.producer.changed",
            "ir.set.changed",
            "ir.source.changed",
            "ir.summary.changed",
            "ir.target.changed",
        ],
    ),
    (
        Needs::One(Layer::Exports),
        &[
            "export.crc.inconsistent",
            "export.crc.lost",
            "export.crc.missing",
            "export.duplicated",
            "export.table.inconsistent",
            "export.table.missing",
            "export.table.unlisted",
            "module.crc.stale",
            "module.import.unknown",
            "module.this.wrong",
            "module.version.duplicated",
            "module.version.missing",
            "module.version.unknown",
            "module.version.unused",
        ],
    ),
    (
        Needs::Both(Layer::Exports),
        &[
            "export.crc.changed",
            "export.gpl.changed",
            "export.lost",
            "export.module.changed",
            "export.namespace.changed",
            "export.value.changed",
        ],
    ),
    (
        Needs::Both(Layer::Symbols),
        &[
            // The links are compared with the symbols, whose names they decide.
            "flags.linker.changed",
            "module.lost",
            "module.modinfo.changed",
            "symbol.added",
            "symbol.binding.changed",
            "symbol.count",
            "symbol.dwarf.producers",
            "symbol.lost",
            "symbol.place.changed",
            "symbol.promotion.policy",
            "symbol.renamed",
            "symbol.size.changed",
            "symbol.table.lost",
            "symbol.undefined.changed",
        ],
    ),
    (
        Needs::Both(Layer::Sections),
        &[
            "elf.attributes.changed",
            "elf.group.changed",
            "elf.header.changed",
            "elf.note.changed",
            "elf.producer.changed",
            "image.address.changed",
            "image.entry.changed",
            "label.moved",
            "label.order",
            "label.range.changed",
            "section.added",
            "section.alignment.changed",
            "section.lost",
            "section.permissions.changed",
            "section.place.changed",
            "section.relocations.changed",
            "section.size.budget",
            "section.size.changed",
            "section.type.changed",
            "segment.changed",
            "segment.permissions.changed",
            "symbol.value.changed",
        ],
    ),
    (
        Needs::Both(Layer::Initcalls),
        &[
            "initcall.lost",
            "initcall.order.changed",
            "initcall.order.script",
            "initcall.table.lost",
        ],
    ),
    (Needs::All, &["file.lost", "file.unreadable"]),
    (Needs::Request, &["config.lost", "make.failed", "makefile.conditional"]),
    (Needs::Records, &["record.compared.less", "record.input.changed", "record.outcome.worse"]),
];

/// Every key that can be allowed, in no order; [`crate::Expectations`] make two more themselves.
pub fn known_keys() -> impl Iterator<Item = &'static str> {
    KEYS.iter().flat_map(|(_, keys)| keys.iter().copied())
}

/// Every key that a finding may have.
pub fn every_key() -> impl Iterator<Item = &'static str> {
    known_keys().chain(["expectation.review", "expectation.unused"])
}

/// The key that may have been meant, by a pattern that is for none.
#[must_use]
pub fn closest_key(pattern: &str) -> Option<&'static str> {
    let known: Vec<&str> = every_key().collect();
    let close = similar::get_close_matches(pattern, &known, 1, 0.6);
    close.first().and_then(|word| every_key().find(|key| key == word))
}

/// The layer that finds a key; none for what no single layer finds.
#[must_use]
pub fn layer_of(key: &str) -> Option<Layer> {
    let (needs, _) = KEYS.iter().find(|(_, keys)| keys.contains(&key))?;
    match needs {
        Needs::One(layer) | Needs::Both(layer) => Some(*layer),
        Needs::All | Needs::Request | Needs::Records => None,
    }
}

/// What the keys of a pattern need.
pub(crate) fn needs(pattern: &Glob) -> impl Iterator<Item = Needs> {
    let hit = |keys: &[&str]| keys.iter().any(|key| pattern.matches(key));
    KEYS.iter().filter(move |(_, keys)| hit(keys)).map(|(needs, _)| *needs)
}

/// Whether a pattern is for any key at all; if not, the key that may have been meant.
pub(super) fn check(pattern: &Glob) -> Result<(), Option<&'static str>> {
    if known_keys().any(|key| pattern.matches(key)) {
        return Ok(());
    }
    // What the file itself brings up cannot be allowed by it.
    Err(closest_key(pattern.as_str()).filter(|close| known_keys().any(|key| key == *close)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_key_gets_a_suggestion_and_nonsense_none() {
        assert_eq!(check(&Glob::new("flags.*")), Ok(()));
        let mistyped = check(&Glob::new("flags.backend.mising"));
        assert_eq!(mistyped, Err(Some("flags.backend.missing")));
        assert_eq!(check(&Glob::new("zzz")), Err(None));
        assert_eq!(check(&Glob::new("")), Err(None));
    }

    #[test]
    fn no_key_stands_twice() {
        let mut keys: Vec<&str> = known_keys().collect();
        let all = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), all);
    }
}
