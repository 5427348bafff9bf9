//! Reports made for tests.

use proptest::prelude::*;
use twinlto_model::{
    Allowed, Arch, CellReport, Change, Evidence, Finding, KernelId, Key, Layer, LayerResult,
    LifeStep, Mode, NotCompared, Outcome, Report, SCHEMA, Severity, SidePaths, Site, StageTime,
    StepReport, Timings, ToolVersion, Toolchain, TwinReport,
};

pub(crate) const KEYS: [&str; 7] = [
    "flags.option.missing",
    "native.stale",
    "code.changed",
    "config.lost",
    "make.failed",
    "record.compared.less",
    "expectation.review",
];

/// What `twinlto_verdict::layer_of` says of [`KEYS`].
pub(crate) fn layer_of(key: &str) -> Option<Layer> {
    match key {
        "flags.option.missing" => Some(Layer::Transport),
        "native.stale" => Some(Layer::Artefacts),
        "code.changed" => Some(Layer::Code),
        _ => None,
    }
}

pub(crate) fn key(n: usize) -> Key {
    Key::new(KEYS.get(n % KEYS.len()).copied().unwrap_or_default())
}

/// Two modes of a tiny kernel that agree.
pub(crate) fn agreeing() -> Report {
    Report {
        schema: SCHEMA.to_owned(),
        twinlto: "0.1.0".to_owned(),
        kernel: KernelId { name: "Linux 7.3.4".to_owned(), path: Some("/src/linux".to_owned()) },
        config: "tiny".to_owned(),
        comparison: "distributed against in-process".to_owned(),
        sides: None,
        outcome: Outcome::Agree,
        summary: "1 architecture".to_owned(),
        twins: vec![TwinReport {
            arch: Arch::Arm64,
            outcome: Outcome::Agree,
            build: "7m40s + 49s".to_owned(),
            layers: vec![layer(Layer::Transport, 602), layer(Layer::Artefacts, 602)],
            steps: Vec::new(),
            coverage: Vec::new(),
        }],
        cells: vec![cell(Mode::Distributed, 460.25), cell(Mode::InProcess, 49.0)],
        findings: Vec::new(),
        allowed: Vec::new(),
        not_compared: Vec::new(),
        patches: Vec::new(),
        record: Some("out/records/1".to_owned()),
    }
}

pub(crate) fn layer(layer: Layer, compared: u64) -> LayerResult {
    LayerResult { layer, compared, errors: 0, others: 0, hidden: 0, not_compared: None }
}

fn cell(mode: Mode, seconds: f64) -> CellReport {
    let time = StageTime { seconds, reused: false };
    CellReport {
        arch: Arch::Arm64,
        mode,
        toolchain: Some(Toolchain {
            llvm: "-22".to_owned(),
            version: ToolVersion { major: 22, minor: 1, patch: 8 },
            clang: "Debian clang version 22.1.8".to_owned(),
            lld: "LLD 22.1.8".to_owned(),
            ar: "LLVM version 22.1.8".to_owned(),
        }),
        outcome: Outcome::Agree,
        directory: format!("out/arm64/{mode}"),
        timings: Timings::from([("build".to_owned(), time)]),
        counts: std::collections::BTreeMap::new(),
    }
}

/// One lost option of two objects.
pub(crate) fn lost_option() -> Finding {
    let site = |object: &str| {
        let left = Evidence::new("front end", "-O2").at("lib/.a.o.cmd");
        Site::new(Arch::Arm64, Some(Mode::Distributed), object)
            .sides(left, Evidence::new("backend", "not there"))
    };
    let mut finding = Finding::new(key(0), Severity::Error, site("lib/a.o"))
        .because("it was saved, and the rule dropped it");
    finding.sites.push(site("lib/b.o"));
    finding.sites.iter_mut().for_each(|site| site.effect = "compiled at -O0".to_owned());
    finding
}

pub(crate) fn differing(findings: Vec<Finding>) -> Report {
    let summary = format!("{} findings", findings.len());
    Report { outcome: Outcome::Differ, summary, findings, ..agreeing() }
}

/// Texts such as a tree could hold to break a report: marks, markup, controls, long words.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\n"),
        Just("\n\n# x\n"),
        Just("```"),
        Just("`"),
        Just("|"),
        Just("]]>"),
        Just("<a b='\"&"),
        Just("\u{1b}[31m"),
        Just("\u{0}"),
        Just("\u{fffe}"),
        Just("\u{2028}"),
        Just("\u{202e}"),
        Just("- "),
        Just("    "),
        Just("===="),
        Just("[[ATTACHMENT|/etc/passwd]]"),
        Just("wörter und wort "),
        Just(
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        ),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn short() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-z/._]{1,12}", 1 => text()]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Agree),
        Just(Outcome::Differ),
        text().prop_map(Outcome::Skipped),
        text().prop_map(Outcome::Broken),
    ]
}

fn arch() -> impl Strategy<Value = Arch> {
    prop::sample::select(Arch::ALL.to_vec())
}

fn site() -> impl Strategy<Value = Site> {
    let evidence = || {
        prop::option::of((short(), text(), prop::option::of(short())))
            .prop_map(|e| e.map(|(side, text, path)| Evidence { side, text, path }))
    };
    let mode = prop::option::of(prop::sample::select(Mode::ALL.to_vec()));
    (arch(), mode, short(), evidence(), evidence(), short()).prop_map(
        |(arch, mode, subject, left, right, effect)| Site {
            arch,
            mode,
            subject,
            left,
            right,
            effect,
        },
    )
}

fn finding() -> impl Strategy<Value = Finding> {
    let severity = prop::sample::select(vec![Severity::Error, Severity::Warning, Severity::Note]);
    let change = prop::sample::select(vec![
        None,
        Some(Change::New),
        Some(Change::Fixed),
        Some(Change::Persisting),
        Some(Change::Untold),
    ]);
    let words = (prop::option::of(text()), prop::option::of(text()), prop::option::of(short()));
    (0..KEYS.len(), severity, change, prop::collection::vec(site(), 0..6), words).prop_map(
        |(n, severity, change, sites, (cause, remedy, defect))| {
            let first = Site::new(Arch::Arm64, None, "x");
            let mut finding = Finding::new(key(n), severity, first);
            (finding.sites, finding.change) = (sites, change);
            (finding.cause, finding.remedy, finding.defect) = (cause, remedy, defect);
            finding
        },
    )
}

fn twin() -> impl Strategy<Value = TwinReport> {
    let layer =
        (prop::sample::select(Layer::ALL.to_vec()), 0..99u64, 0..3u64, prop::option::of(text()))
            .prop_map(|(layer, compared, errors, not_compared)| LayerResult {
                layer,
                compared,
                errors,
                others: errors,
                hidden: 0,
                not_compared,
            });
    let step = (prop::sample::select(LifeStep::ALL.to_vec()), text()).prop_map(|(step, said)| {
        StepReport { step, said, compared: 1, errors: 0, others: 1, seconds: 1.5, not_run: None }
    });
    let layers = prop::collection::vec(layer, 0..14);
    (arch(), outcome(), short(), layers, prop::collection::vec(step, 0..12)).prop_map(
        |(arch, outcome, build, layers, steps)| TwinReport {
            arch,
            outcome,
            build,
            layers,
            steps,
            coverage: Vec::new(),
        },
    )
}

/// Any report, also such as only a damaged record would hold.
pub(crate) fn any_report() -> impl Strategy<Value = Report> {
    let not_compared =
        (arch(), short(), text()).prop_map(|(arch, what, why)| NotCompared { arch, what, why });
    let lists = (
        prop::collection::vec(twin(), 0..8),
        prop::collection::vec(finding(), 0..8),
        prop::collection::vec(not_compared, 0..6),
    );
    let words = (text(), text(), text(), any::<bool>(), 0..20usize);
    (outcome(), lists, words).prop_map(
        |(outcome, (twins, findings, not_compared), (name, config, summary, sides, times))| {
            // Many of a kind, too.
            let findings: Vec<Finding> = std::iter::repeat_n(findings, times).flatten().collect();
            let allowed = findings.first().cloned().map(|finding| Allowed {
                finding,
                reason: summary.clone(),
                by: name.clone(),
            });
            let sides = sides.then(|| SidePaths { left: name.clone(), right: config.clone() });
            let kernel = KernelId { name, path: Some(summary.clone()) };
            Report {
                kernel,
                config,
                summary,
                sides,
                outcome,
                twins,
                findings,
                not_compared,
                allowed: allowed.into_iter().collect(),
                ..agreeing()
            }
        },
    )
}
