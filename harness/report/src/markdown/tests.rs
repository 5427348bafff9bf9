use super::*;
use crate::made::{agreeing, any_report, differing, key, lost_option};
use crate::text::width;
use proptest::prelude::*;
use twinlto_model::{Arch, Change, Finding, Layer, LayerResult, Outcome, Severity, Site};

const COMMAND: &str = "twinlto check /src/linux --arch arm64 --llvm -22";

fn made(report: &Report) -> String {
    markdown(report, &[COMMAND.to_owned()])
}

#[test]
fn a_report_that_agrees_is_short() {
    let expected = "\
agree: 1 architecture

Linux 7.3.4 · tiny · clang 22.1.8 · distributed against in-process

| arch  | build       | transport | artefacts |
|-------|-------------|-----------|-----------|
| arm64 | 7m40s + 49s | 602 ✓     | 602 ✓     |

Compared: 602 objects

## How to reproduce

    twinlto check /src/linux --arch arm64 --llvm -22

    kernel    Linux 7.3.4, /src/linux
    config    tiny
    clang     Debian clang version 22.1.8; LLVM=-22
    record    out/records/1
    twinlto   0.1.0
";
    assert_eq!(made(&agreeing()), expected);
}

#[test]
fn a_finding_has_both_sides_because_and_so() {
    let text = made(&differing(vec![lost_option()]));
    let expected = "
## Findings

    error   flags.option.missing                                           arm64
      lib/a.o, lib/b.o
      front end  -O2                 lib/.a.o.cmd
      backend    not there
      because    it was saved, and the rule dropped it
      so         compiled at -O0

Compared";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn what_became_of_findings_is_said_in_groups() {
    let at = |severity| Finding::new(key(2), severity, Site::new(Arch::Arm64, None, "f"));
    let mut report = differing(vec![
        at(Severity::Note).became(Change::Fixed),
        at(Severity::Warning).became(Change::New),
        at(Severity::Note).became(Change::Persisting),
        lost_option().became(Change::New),
    ]);
    // What two runs say themselves has no change, and is news.
    report.findings.push(Finding::new(
        key(5),
        Severity::Error,
        Site::new(Arch::Arm64, None, "exports"),
    ));
    let text = made(&report);
    let places: Vec<usize> = [
        "## New",
        "    error   flags.option.missing",
        "    error   record.compared.less",
        "    warning code.changed",
        "## Fixed",
        "    fixed   code.changed",
        "## As before",
        "    stays   code.changed",
        "Compared:",
    ]
    .map(|part| text.find(part).unwrap_or_else(|| panic!("{part} is not in\n{text}")))
    .into();
    assert!(places.is_sorted(), "{text}");
    // Nobody knows whether that is new.
    report.findings.push(at(Severity::Warning).became(Change::Untold));
    let text = made(&report);
    assert!(text.contains("## New, or not looked for before\n"), "{text}");
    assert!(text.contains("      before     not looked for\n"), "{text}");
}

#[test]
fn five_hundred_findings_are_counted_after_the_gravest() {
    let finding = |n: usize| {
        let severity = if n == 499 { Severity::Error } else { Severity::Warning };
        let site = Site::new(Arch::Arm64, None, format!("subject_{n}"));
        Finding::new(key(n % 3), severity, site).because(format!("reason {n}"))
    };
    let text = made(&differing((0..500).map(finding).collect()));
    assert!(text.lines().count() <= LINES, "{text}");
    assert!(text.find("subject_499").unwrap() < text.find("subject_0").unwrap(), "{text}");
    let shown = text.matches("because").count();
    let line = text.lines().find(|line| line.starts_with("and ")).unwrap();
    let counted: usize =
        line.split([' ', ':']).filter_map(|word| word.parse::<usize>().ok()).skip(1).sum();
    assert!(line.starts_with(&format!("and {} more: ", 500 - shown)), "{line}");
    assert_eq!(counted, 500 - shown, "{line}");
    // Of each kind one, before a second.
    for key in [0, 1, 2].map(key) {
        assert!(text.contains(&format!(" {key} ")), "{text}");
    }
}

#[test]
fn a_layer_for_every_column_still_fits() {
    let mut report = agreeing();
    // A life is no comparison of twins.
    let layers = Layer::ALL.into_iter().filter(|layer| *layer != Layer::Lifecycle);
    report.twins[0].layers = layers.map(|layer| crate::made::layer(layer, 35_452)).collect();
    let text = made(&report);
    let row = text.lines().find(|line| line.starts_with("arm64")).unwrap();
    assert!(width(row) <= COLUMNS && row.matches('|').count() >= 7, "{text}");
}

#[test]
fn columns_in_which_nothing_was_compared_make_room() {
    let mut report = agreeing();
    let layers = Layer::ALL.into_iter().filter(|layer| *layer != Layer::Lifecycle);
    report.twins[0].layers = layers
        .map(|layer| match layer {
            Layer::Transport => crate::made::layer(layer, 35_452),
            Layer::Diagnostics => LayerResult { errors: 5, ..crate::made::layer(layer, 50) },
            _ => LayerResult { not_compared: Some("no".into()), ..crate::made::layer(layer, 0) },
        })
        .collect();
    let text = made(&report);
    let row = text.lines().find(|line| line.contains("35,452 ✓")).unwrap();
    assert!(width(row) <= COLUMNS && row.contains("5 of 50 ✗"), "{text}");
}

#[test]
fn a_long_list_of_values_is_cut_to_its_columns() {
    let site = |n: usize| {
        let side = |side: &str, n: usize| twinlto_model::Evidence::new(side, format!("{n:060}"));
        Site::new(Arch::Arm64, None, format!("symbol_{n}")).sides(side("A", n), side("B", n + 1))
    };
    let mut finding = Finding::new(key(2), Severity::Error, site(0));
    finding.sites.extend((1..1000).map(site));
    let text = made(&differing(vec![finding]));
    assert!(text.lines().all(|line| width(line) <= COLUMNS), "{text}");
    assert!(text.contains("      +996\n"), "{text}");
}

/// What a renderer makes of a text, as far as it is markup.
fn markup(text: &str) -> Vec<String> {
    use pulldown_cmark::{Event, Options, Parser, Tag};
    let mut markup = Vec::new();
    let mut heading = false;
    for event in Parser::new_ext(text, Options::all()) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = true,
            Event::Text(text) if std::mem::take(&mut heading) => markup.push(format!("# {text}")),
            Event::Start(Tag::Paragraph | Tag::Table(_) | Tag::TableHead | Tag::TableRow)
            | Event::Start(Tag::TableCell | Tag::CodeBlock(_))
            | Event::Text(_)
            | Event::Code(_)
            | Event::SoftBreak
            | Event::End(_) => {}
            other => markup.push(format!("{other:?}")),
        }
    }
    markup
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever a report holds, it takes 60 lines, and to a renderer its texts are texts.
    #[test]
    fn any_report_takes_sixty_lines_and_keeps_its_form(
        report in any_report(),
        patches in prop::collection::vec(("\\PC{0,90}", any::<bool>()), 0..12),
    ) {
        let patch = |(name, bad): (String, bool)| PatchReport {
            name,
            outcome: if bad { Outcome::Differ } else { Outcome::Agree },
            summary: String::new(),
        };
        let report = Report { patches: patches.into_iter().map(patch).collect(), ..report };
        let text = made(&report);
        prop_assert!(text.lines().count() <= LINES, "{}", text);
        prop_assert!(text.lines().all(|line| width(line) <= 241), "{}", text);
        prop_assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
        let word = report.outcome.word();
        prop_assert!(text.starts_with(&format!("{word}:")), "{}", text);
        prop_assert!(text.ends_with("    twinlto   0.1.0\n") || text.ends_with(" …\n"), "{}", text);
        let ours = [
            "# Findings",
            "# New",
            "# New, or not looked for before",
            "# Fixed",
            "# As before",
            "# How to reproduce",
        ];
        let markup = markup(&text);
        prop_assert!(markup.iter().all(|what| ours.contains(&what.as_str())), "{:?}\n{}", markup, text);
        prop_assert_eq!(markup.iter().filter(|what| *what == "# How to reproduce").count(), 1);
    }
}

#[test]
fn a_failed_build_says_so_first() {
    let why = "the distributed build failed: ld.lld: error: undefined symbol: `f`|g".to_owned();
    let report = Report { outcome: Outcome::Broken(why.clone()), summary: why, ..agreeing() };
    let text = made(&report);
    assert!(text.starts_with("broken: the distributed build failed: ld.lld: error:"), "{text}");
    assert!(text.contains("\\`f\\`\\|g\n"), "{text}");
}
