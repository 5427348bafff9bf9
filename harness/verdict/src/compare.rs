use crate::artefacts;
use crate::config;
use crate::coverage;
use crate::diff::{self, CodePair, LostFile, Sides};
use crate::elimination;
use crate::expect::Expectations;
use crate::follows::settle;
use crate::layer::{LayerVerdict, Omitted};
use crate::natives;
use crate::transport::{fronts, transport};
use rayon::prelude::*;
use std::collections::BTreeSet;
use twinlto_facts::bitcode::BitcodeFacts;
use twinlto_facts::build::{Answer, BuildFacts, ImageFacts};
use twinlto_model::{Account, Allowed, Arch, Finding, Layer, LayerResult, Mode, NotCompared};

/// Everything that was found about one architecture.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Architecture.
    pub arch: Arch,
    /// One entry a layer, in the order of [`Layer::ALL`].
    pub layers: Vec<LayerVerdict>,
    /// What became of every part of every input.
    pub coverage: Vec<Account>,
}

impl Verdict {
    /// What these layers found, without an account of what they covered.
    #[must_use]
    pub const fn of(arch: Arch, layers: Vec<LayerVerdict>) -> Self {
        Self { arch, layers, coverage: Vec::new() }
    }

    /// The findings of all layers, less those that only repeat another one; the layers' rows in
    /// the table still count them.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let all: Vec<&Finding> = self.layers.iter().flat_map(|l| &l.findings).collect();
        let mut settled = settle(&all);
        elimination::explain(&self.layers, &mut settled);
        settled
    }

    /// Drops the findings that are not wanted; tells how many.
    pub fn retain(&mut self, wanted: impl Fn(&Finding) -> bool) -> usize {
        let mut dropped = 0;
        for layer in &mut self.layers {
            let before = layer.findings.len();
            layer.findings.retain(&wanted);
            let hidden = before - layer.findings.len();
            layer.hidden += hidden as u64;
            dropped += hidden;
        }
        dropped
    }

    /// The layers in the form of the report, where these findings are expected and those are not.
    /// What only repeats an expected one is expected with it.
    pub(crate) fn results(&self, findings: &[Finding], allowed: &[Allowed]) -> Vec<LayerResult> {
        let expected: BTreeSet<&str> =
            allowed.iter().flat_map(|allowed| allowed.finding.subjects()).collect();
        let open: BTreeSet<(&str, &str)> = findings
            .iter()
            .filter(|_| !expected.is_empty())
            .flat_map(|f| f.sites.iter().map(|s| (f.key.as_str(), s.subject.as_str())))
            .collect();
        let is_expected = |key: &str, subject: &str| {
            expected.contains(subject) && !open.contains(&(key, subject))
        };
        self.layers.iter().map(|layer| layer.result(is_expected)).collect()
    }

    /// What was left out, by layer, and what no layer looks at, by input.
    #[must_use]
    pub fn not_compared(&self) -> Vec<NotCompared> {
        let mut list = Vec::new();
        for layer in &self.layers {
            let (what, why) = match &layer.omitted {
                Omitted::Nothing => continue,
                Omitted::Part(what) => (what.clone(), String::new()),
                Omitted::All(why) | Omitted::Excused(why) => {
                    (layer.layer.name().to_owned(), why.clone())
                }
            };
            list.push(NotCompared { arch: self.arch, what, why });
        }
        list.extend(coverage::not_compared(self.arch, &self.coverage));
        list
    }
}

/// Compares the two builds of one architecture. Budgets for sections are those of `expectations`.
#[must_use]
pub fn compare_twins(
    arch: Arch,
    ours: &BuildFacts,
    theirs: &BuildFacts,
    expectations: &Expectations,
) -> Verdict {
    let sides = Sides::of(arch, ours.mode, theirs.mode);
    let measures = diff::measured(sides, ours, theirs);
    let (mut layers, mut coverage) = rayon::join(
        || {
            at_once(&[
                &|| Some(commands(sides, ours, theirs)),
                &|| Some(artefacts::artefacts(arch, ours, Some(theirs))),
                &|| Some(diff::exports(sides, ours, Some(theirs))),
                &|| Some(diff::symbols(sides, (ours, theirs), &measures)),
                &|| Some(diff::sections(sides, &measures, &expectations.budgets)),
                &|| Some(diff::initcalls(sides, ours, theirs)),
                &|| Some(diff::tables(sides, &measures)),
                // Debug information is a choice of the configuration: without it there is no such layer.
                &|| diff::layouts(sides, ours, theirs),
            ])
        },
        || coverage::twins(sides, ours, theirs),
    );
    // Of two modes of which neither is lld's own, everything lies at the same place.
    if !sides.modes {
        let linked = diff::pairs(sides, ours, theirs).unwrap_or_default();
        let code = diff::code(sides, (&[], &linked), &diff::Renamed::new());
        // Contents are read where they were asked for.
        layers.extend(Some(code).filter(|code| code.compared > 0));
    }
    coverage.extend(coverage::options(sides, &layers));
    Verdict { arch, layers, coverage }
}

/// One layer, where there is something to compare.
type Comparison<'c> = &'c (dyn Fn() -> Option<LayerVerdict> + Sync);

/// The layers of these comparisons, in their order. None knows of another one: they share the processors.
fn at_once(comparisons: &[Comparison<'_>]) -> Vec<LayerVerdict> {
    comparisons.par_iter().with_max_len(1).filter_map(|compare| compare()).collect()
}

/// The recorded commands: those of each build that has backends, and the front ends of both.
fn commands(sides: Sides<'_>, ours: &BuildFacts, theirs: &BuildFacts) -> LayerVerdict {
    let mut told = transport(sides.arch, ours);
    told.findings.extend(fronts(sides, ours, theirs));
    told.findings.extend(natives::fronts(sides, ours, theirs));
    if theirs.mode.is_some_and(Mode::has_native_objects) {
        let twins = transport(sides.arch, theirs);
        told.findings.extend(twins.findings);
        if let (Omitted::Nothing, Omitted::Part(what) | Omitted::All(what)) =
            (&told.omitted, twins.omitted)
        {
            told.omit_part(format!("{} backends: {what}", sides.right));
        }
    }
    told
}

/// Compares any two things of one kind, as far as both have what is compared. `code` are the
/// relocatable files that both have, with their functions, and those that one side alone has;
/// budgets for sections are those of `expectations`.
#[must_use]
pub fn compare_any(
    sides: Sides<'_>,
    a: &BuildFacts,
    b: &BuildFacts,
    (code, lost): (&[(String, ImageFacts, ImageFacts)], &[LostFile]),
    expectations: &Expectations,
) -> Verdict {
    let relocatable = |facts: &BuildFacts| facts.image.get().is_some_and(|i| i.is_relocatable);
    let both_are_relocatable = relocatable(a) && relocatable(b);
    let placed = sides.modes && both_are_relocatable && (of_backends(a) || of_backends(b));
    // Modules, assembly and C without LTO are compiled and linked alike in all modes.
    let sides = Sides { modes: sides.modes && (placed || !both_are_relocatable), ..sides };
    let code: Vec<CodePair<'_>> =
        code.iter().map(|(name, left, right)| CodePair { name, left, right }).collect();
    let renamed = diff::renamed(&code);
    let mut exports = diff::exports(sides, a, Some(b));
    // Of build directories Module.symvers tells what is exported.
    if a.config.values.is_empty() && b.config.values.is_empty() {
        exports.findings.extend(diff::no_exports(sides, a, b));
    }
    let measures = diff::measured(sides, a, b);
    let mut layers: Vec<LayerVerdict> = records(sides, a, b);
    layers.extend(diff::files(sides, a, b, lost));
    layers.push(exports);
    layers.extend(at_once(&[
        &|| Some(diff::symbols(sides, (a, b), &measures)),
        &|| Some(diff::sections(sides, &measures, &expectations.budgets)),
        &|| Some(diff::initcalls(sides, a, b)),
        &|| Some(diff::tables(sides, &measures)),
        &|| diff::layouts(sides, a, b),
    ]));
    let linked = diff::pairs(sides, a, b).unwrap_or_default();
    layers.push(diff::code(sides, (&code, &linked), &renamed));
    for layer in &mut layers {
        diff::explain(layer, &renamed);
    }
    drop_told_bytes(&mut layers);
    if placed {
        let size = |facts: &BuildFacts| facts.image.get().map_or(0, loaded_bytes);
        let why = format!(
            "in-process, lld gives every function and variable a section of its own; compare the \
             linked kernels ({} and {} bytes)",
            size(a),
            size(b)
        );
        for layer in layers.iter_mut().filter(|l| matches!(l.layer, Layer::Sections | Layer::Code))
        {
            *layer = LayerVerdict::excused(layer.layer, why.clone());
        }
    }
    // What two files do not have is not missing, as long as they have something.
    if layers.iter().any(|layer| layer.compared > 0) {
        for layer in &mut layers {
            if let Omitted::All(why) = &layer.omitted {
                layer.omitted = Omitted::Excused(why.clone());
            }
        }
    }
    Verdict { arch: sides.arch, layers, coverage: coverage::images(sides, a, b) }
}

/// Judges twins of which one build failed: what the first one left, and how the commands differ that
/// both recorded. What one alone recorded means nothing there.
#[must_use]
pub fn judge_failed(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts, why: &str) -> Verdict {
    let mut verdict = judge_one(sides.arch, a, why, false);
    let mut found = fronts(sides, a, b);
    found.extend(natives::fronts(sides, a, b));
    found.retain(|finding| finding.key.as_str() != "cmd.unreadable");
    let transport = verdict.layers.iter_mut().find(|layer| layer.layer == Layer::Transport);
    if let Some(transport) = transport {
        transport.findings.extend(found);
    }
    verdict
}

/// Leaves out bytes without a symbol that a layer above them has told by what they mean: CRCs and
/// exports, initcalls, and those of each kernel table of which an entry was told.
fn drop_told_bytes(layers: &mut [LayerVerdict]) {
    let gating = |which: Layer| {
        let of_layer = layers.iter().filter(move |layer| layer.layer == which);
        of_layer.flat_map(|layer| &layer.findings).filter(|finding| finding.gates())
    };
    let exports = gating(Layer::Exports).next().is_some();
    let initcalls = gating(Layer::Initcalls).next().is_some();
    // `TABLE: ENTRY`, or the table alone.
    let tables: BTreeSet<String> = gating(Layer::Tables)
        .flat_map(Finding::subjects)
        .filter_map(|subject| subject.split([':', ' ']).next())
        .map(str::to_owned)
        .collect();
    let is_told = |subject: &str| {
        // Entries that are variables by themselves, and where their table is made of them.
        let entries =
            [("__param_", "__param"), ("__setup_", ".init.setup"), ("__pci_fixup_", ".pci_fixup")];
        let is_entry =
            |(entry, table): (&str, &str)| subject.starts_with(entry) && tables.contains(table);
        if entries.into_iter().any(is_entry) {
            return true;
        }
        let Some((section, _)) = subject.split_once("+0x") else { return false };
        exports && (section.starts_with("__ksym") || section.starts_with("__kcrc"))
            || initcalls && section.starts_with(".init")
            || tables.contains(section)
            // What alternatives are replaced by stands in a section of its own.
            || tables.contains(".altinstructions") && section.starts_with(".altinstr")
    };
    for layer in layers.iter_mut().filter(|layer| layer.layer == Layer::Code) {
        layer.findings.retain(|found| !found.subjects().into_iter().any(is_told));
    }
}

/// What two build directories recorded: their front ends and their configurations. Nothing of two
/// files.
fn records(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts) -> Vec<LayerVerdict> {
    if a.config.values.is_empty() || b.config.values.is_empty() {
        return Vec::new();
    }
    let mut told = LayerVerdict::new(Layer::Transport);
    told.compared = a.objects.keys().filter(|name| b.objects.contains_key(*name)).count() as u64;
    told.findings = fronts(sides, a, b);
    told.findings.extend(natives::fronts(sides, a, b));
    if told.compared == 0 {
        told.omitted = Omitted::Excused("the builds have no IR object in common".to_owned());
    }
    let mut files = LayerVerdict::new(Layer::Files);
    files.compared = 1;
    files.findings = config::changed(sides, a, b);
    vec![told, files]
}

/// Whether a file is what LTO's backends made: `vmlinux.o`, a native object of distributed mode, or one
/// that lld was told to keep (`vmlinux.o.lto.fs_exec.o`).
fn of_backends(facts: &BuildFacts) -> bool {
    let name = facts.directory.rsplit('/').next().unwrap_or_default();
    name == "vmlinux.o" || name.ends_with(".thinlto-native.o") || name.contains(".lto.")
}

/// Bytes of the sections that are loaded.
fn loaded_bytes(image: &ImageFacts) -> u64 {
    image.sections.values().filter(|section| section.alloc).map(|section| section.size).sum()
}

/// Compares two bitcode files: IR objects, or indexes.
#[must_use]
pub fn compare_bitcode(sides: Sides<'_>, a: &BitcodeFacts<'_>, b: &BitcodeFacts<'_>) -> Verdict {
    Verdict::of(sides.arch, vec![diff::bitcode(sides, a, b)])
}

/// Judges one build alone: transport and artefacts, and whether its three records of every CRC
/// agree. `why` says why there is no twin.
#[must_use]
pub fn judge_one(arch: Arch, facts: &BuildFacts, why: &str, excused: bool) -> Verdict {
    let alone = |layer| {
        if excused { LayerVerdict::excused(layer, why) } else { LayerVerdict::without(layer, why) }
    };
    let transport = || match facts.mode {
        Some(Mode::InProcess) => LayerVerdict::excused(
            Layer::Transport,
            "in-process: the linker runs the backends itself",
        ),
        _ => transport(arch, facts),
    };
    let exports = || {
        let mut exports = diff::exports(Sides::modes(arch), facts, None);
        // One build that has not come to its modules yet is no failure of the audit.
        if let Omitted::All(why) = &exports.omitted
            && excused
            && facts.symvers == Answer::Absent
        {
            exports.omitted = Omitted::Excused(why.clone());
        }
        exports
    };
    let mut layers = at_once(&[
        &|| Some(transport()),
        &|| Some(artefacts::artefacts(arch, facts, None)),
        &|| Some(exports()),
    ]);
    let others = [Layer::Symbols, Layer::Sections, Layer::Initcalls, Layer::Tables];
    layers.extend(others.map(alone));
    Verdict::of(arch, layers)
}
