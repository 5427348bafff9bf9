use super::*;
use crate::made::{agreeing, any_report, differing, key, layer, layer_of, lost_option};
use proptest::prelude::*;
use quick_xml::Reader;
use quick_xml::events::Event;
use std::collections::BTreeMap;
use twinlto_model::{Allowed, Change, Mode, NotCompared, PatchReport, Severity, Site};

/// An element as it is read back.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    text: String,
    children: Vec<Element>,
}

impl Element {
    fn all<'a>(&'a self, name: &str) -> Vec<&'a Element> {
        let below = self.children.iter().flat_map(|child| child.all(name));
        let own = if self.name == name { Some(self) } else { None };
        own.into_iter().chain(below).collect()
    }

    fn is(&self, attribute: &str, value: &str) -> bool {
        self.attributes.get(attribute).is_some_and(|text| text == value)
    }

    fn case(&self, name: &str) -> &Element {
        let found = self.all("testcase").into_iter().find(|case| case.is("name", name));
        found.unwrap_or_else(|| panic!("no case {name} in {self:#?}"))
    }

    /// How a case ended, and with what message.
    fn ended(&self) -> Vec<(&str, &str)> {
        let results = self.children.iter().filter(|child| child.name != "system-out");
        results
            .map(|r| (r.name.as_str(), r.attributes.get("message").map_or("", String::as_str)))
            .collect()
    }

    fn out(&self) -> &str {
        self.all("system-out").first().map_or("", |out| &out.text)
    }
}

/// Reads it with the library; what is not well-formed fails.
fn read(xml: &str) -> Element {
    let is_char = |c: char| matches!(c, '\t' | '\n' | ' '..='\u{fffd}' | '\u{10000}'..);
    assert!(xml.chars().all(is_char), "{xml}");
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = true;
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error}\n{xml}")) {
            Event::Start(start) => open.push(element(&start)),
            Event::Empty(start) => {
                let empty = element(&start);
                open.last_mut().unwrap().children.push(empty);
            }
            Event::End(_) => {
                let closed = open.pop().unwrap();
                open.last_mut().unwrap().children.push(closed);
            }
            Event::Text(text) => open.last_mut().unwrap().text.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let text = format!("&{};", reference.xml10_content());
                let text = quick_xml::escape::unescape(&text).unwrap().into_owned();
                open.last_mut().unwrap().text.push_str(&text);
            }
            Event::Eof => break,
            Event::Decl(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(open.len(), 1, "{xml}");
    let mut root = open.pop().unwrap();
    assert_eq!(root.children.len(), 1, "{xml}");
    root.children.pop().unwrap()
}

fn element(start: &quick_xml::events::BytesStart<'_>) -> Element {
    let attributes = start.attributes().map(|attribute| {
        let attribute = attribute.unwrap();
        let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).unwrap();
        (attribute.key.as_ref().to_owned(), value.into_owned())
    });
    Element {
        name: start.name().as_ref().to_owned(),
        attributes: attributes.collect(),
        ..Element::default()
    }
}

fn made(report: &Report) -> Element {
    read(&junit(report, layer_of))
}

#[test]
fn one_case_a_layer_and_one_a_build_with_its_time() {
    let root = made(&agreeing());
    assert!(
        root.is("tests", "4") && root.is("failures", "0") && root.is("time", "509.250"),
        "{root:?}"
    );
    let case = root.case("transport");
    assert!(case.is("classname", "Linux 7.3.4.tiny.arm64") && case.ended().is_empty(), "{case:?}");
    assert_eq!(case.out(), "602 backend commands compared");
    assert!(root.case("build distributed").is("time", "460.250"));
    assert!(root.case("build in-process").is("time", "49.000"));
}

#[test]
fn a_layer_with_findings_fails_once_a_finding() {
    let second = Finding::new(key(0), Severity::Warning, Site::new(Arch::Arm64, None, "lib/c.o"));
    let root = made(&differing(vec![lost_option(), second]));
    let case = root.case("transport");
    let because = "flags.option.missing: it was saved, and the rule dropped it";
    let unknown = "flags.option.missing: cause unknown";
    assert_eq!(case.ended(), [("failure", because), ("failure", unknown)]);
    let body = &case.children[0].text;
    for part in [
        "lib/a.o\n  front end: -O2 (lib/.a.o.cmd)\n  backend: not there\n  so: compiled at -O0",
        "lib/b.o",
        &format!("also: {unknown}"),
    ] {
        assert!(body.contains(part), "{body}");
    }
    assert!(root.is("failures", "1") && root.case("artefacts").ended().is_empty());
}

#[test]
fn what_does_not_gate_fails_nothing() {
    let at = |n, severity| Finding::new(key(n), severity, Site::new(Arch::Arm64, None, "x"));
    let mut report = agreeing();
    report.findings =
        vec![at(3, Severity::Warning), at(6, Severity::Warning), at(0, Severity::Note)];
    let allowed = at(1, Severity::Error).because("we know");
    report.allowed =
        vec![Allowed { finding: allowed, reason: "so it is".into(), by: "t.toml:3".into() }];
    let root = made(&report);
    assert!(root.is("failures", "0") && root.is("errors", "0"), "{root:#?}");
    assert!(root.case("config").out().contains("warning config.lost of x"));
    assert!(root.case("expectation").out().contains("expectation.review"));
    assert!(root.case("transport").out().contains("note flags.option.missing of x"));
    assert!(root.case("artefacts").out().contains("allowed by t.toml:3: so it is"));
    // What is news of two runs, is.
    report.findings[0].change = Some(Change::New);
    assert_eq!(made(&report).case("config").ended().len(), 1);
}

#[test]
fn what_was_not_compared_is_skipped_and_says_why() {
    let mut report = agreeing();
    report.twins[0].layers.push(layer(Layer::Exports, 0));
    let gone =
        LayerResult { not_compared: Some("no <vmlinux>".into()), ..layer(Layer::Symbols, 0) };
    report.twins[0].layers.push(gone);
    let left_out =
        |what: &str| NotCompared { arch: Arch::Arm64, what: what.into(), why: "no log".into() };
    report.not_compared = vec![left_out("words of the backends"), left_out("transport")];
    let root = made(&report);
    assert_eq!(root.case("exports").ended(), [("skipped", "nothing was compared")]);
    assert_eq!(root.case("symbols").ended(), [("skipped", "no <vmlinux>")]);
    assert_eq!(root.case("symbols").children[0].text, "no <vmlinux>");
    let left_out = [("skipped", "words of the backends: no log")];
    assert_eq!(root.case("not compared").ended(), left_out);
    assert!(root.case("transport").out().contains("not compared: transport: no log"));
    assert!(root.is("skipped", "3"), "{root:#?}");
}

#[test]
fn a_broken_build_is_an_error() {
    let why = "ld.lld: error: undefined symbol: f".to_owned();
    let mut report = Report { outcome: Outcome::Broken(why.clone()), ..agreeing() };
    report.cells[1].outcome = Outcome::Broken(why.clone());
    report.twins[0].outcome = Outcome::Broken(why.clone());
    let root = made(&report);
    assert_eq!(root.case(&format!("build {}", Mode::InProcess)).ended(), [("error", why.as_str())]);
    assert!(root.is("errors", "1"), "{root:#?}");
}

#[test]
fn an_outcome_that_no_case_tells_is_a_case_of_its_own() {
    let nothing = Report { twins: Vec::new(), cells: Vec::new(), ..agreeing() };
    let skipped = Report { outcome: Outcome::Skipped("no clang".into()), ..nothing.clone() };
    assert_eq!(made(&skipped).case("outcome").ended(), [("skipped", "no clang")]);
    let broken = Report { outcome: Outcome::Broken("nothing".into()), ..nothing };
    assert_eq!(made(&broken).case("outcome").ended(), [("error", "nothing")]);
    let differing = made(&Report { summary: "1 finding".into(), ..differing(Vec::new()) });
    assert_eq!(differing.case("outcome").ended(), [("failure", "1 finding")]);
}

#[test]
fn each_patch_of_a_series_is_a_case() {
    let patch = |name: &str, outcome| PatchReport {
        name: name.into(),
        outcome,
        summary: "1 finding".into(),
    };
    let patches = vec![patch("aa one", Outcome::Agree), patch("bb two", Outcome::Differ)];
    let root = made(&Report { patches, ..agreeing() });
    assert!(root.case("aa one").ended().is_empty());
    assert_eq!(root.case("bb two").ended(), [("failure", "1 finding")]);
    assert!(root.case("bb two").is("classname", "Linux 7.3.4.tiny.patches"));
}

/// GitLab and Jenkins know a case again by its name.
#[test]
fn the_paths_of_two_things_are_no_name() {
    let mut report = Report { cells: Vec::new(), ..agreeing() };
    report.kernel.name = "A = /tmp/x1".into();
    report.sides =
        Some(twinlto_model::SidePaths { left: "/tmp/x1".into(), right: "/tmp/x2".into() });
    let case = made(&report);
    assert!(case.case("transport").is("classname", "distributed against in-process.arm64"));
}

#[test]
fn markup_and_what_xml_forbids_are_text() {
    let mut finding =
        lost_option().because("<b>&\"' ]]> \u{0}\u{1b}\u{fffe} [[ATTACHMENT|/etc/passwd]]\nx");
    finding.sites[0].subject = "a\u{7f}<![CDATA[".into();
    let root = made(&differing(vec![finding]));
    let case = root.case("transport");
    let cause =
        "flags.option.missing: <b>&\"' ]]> \u{fffd}\u{fffd}\u{fffd} [ [ATTACHMENT|/etc/passwd]] x";
    assert_eq!(case.ended(), [("failure", cause)]);
    assert!(case.children[0].text.contains("a\u{fffd}<![CDATA[\n"), "{case:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever a report holds: well-formed, sums that are right, no case twice in a suite, and never
    /// green where the answer is not.
    #[test]
    fn any_report_is_well_formed_and_tells_its_outcome(report in any_report()) {
        let root = made(&report);
        let count = |name: &str| root.all("testcase").iter()
            .filter(|case| case.children.iter().any(|c| c.name == name)).count();
        for (attribute, element) in [("failures", "failure"), ("errors", "error"), ("skipped", "skipped")] {
            prop_assert!(root.is(attribute, &count(element).to_string()), "{attribute}");
        }
        prop_assert!(root.is("tests", &root.all("testcase").len().to_string()));
        for suite in root.all("testsuite") {
            let cases = suite.all("testcase");
            let names: std::collections::BTreeSet<_> = cases.iter().map(|c| &c.attributes["name"]).collect();
            prop_assert_eq!(names.len(), cases.len());
            for case in cases {
                prop_assert!(case.all("system-out").len() <= 1);
                let kinds: std::collections::BTreeSet<&str> = case.ended().iter().map(|e| e.0).collect();
                prop_assert!(kinds.len() <= 1, "{kinds:?}");
            }
        }
        match report.outcome {
            Outcome::Agree => {}
            Outcome::Differ => prop_assert!(count("failure") + count("error") > 0),
            Outcome::Broken(_) => prop_assert!(count("error") > 0),
            // A part of it may be broken in a damaged record.
            Outcome::Skipped(_) => prop_assert!(count("skipped") + count("error") > 0),
        }
        prop_assert!(!root.all("testcase").is_empty());
    }
}
