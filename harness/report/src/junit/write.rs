//! Suites as XML.

use super::case::{Case, Result, Suite};
use super::told::others;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::io;
use twinlto_model::Report;

type Xml = Writer<Vec<u8>>;

pub(super) fn to_xml(all: &[(&Report, Vec<Suite>)]) -> String {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    let written = document(&mut xml, all);
    // Only what is written to could fail, and memory does not.
    let mut text = written.map(|()| xml.into_inner()).unwrap_or_default();
    text.push(b'\n');
    String::from_utf8(text).unwrap_or_default()
}

fn document(xml: &mut Xml, all: &[(&Report, Vec<Suite>)]) -> io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let mut attributes = vec![("name", "twinlto".to_owned())];
    let suites = all.iter().flat_map(|(_, suites)| suites);
    attributes.extend(counts(suites.flat_map(|suite| &suite.cases)));
    let root = xml.create_element("testsuites");
    let root = root.with_attributes(attributes.iter().map(|(name, text)| (*name, text.as_str())));
    root.write_inner_content(|xml| {
        all.iter().try_for_each(|(report, suites)| {
            suites.iter().try_for_each(|suite| write_suite(xml, report, suite))
        })
    })?;
    Ok(())
}

fn write_suite(xml: &mut Xml, report: &Report, suite: &Suite) -> io::Result<()> {
    let mut attributes = vec![("name", legal(&suite.name))];
    attributes.extend(counts(&suite.cases));
    let element = xml.create_element("testsuite");
    let element =
        element.with_attributes(attributes.iter().map(|(name, text)| (*name, text.as_str())));
    element.write_inner_content(|xml| {
        xml.create_element("properties").write_inner_content(|xml| {
            properties(report).iter().try_for_each(|(name, value)| {
                let property = [("name", *name), ("value", value)];
                xml.create_element("property").with_attributes(property).write_empty().map(drop)
            })
        })?;
        suite.cases.iter().try_for_each(|case| write_case(xml, &suite.class, case))
    })?;
    Ok(())
}

/// What the suite was made of.
fn properties(report: &Report) -> Vec<(&'static str, String)> {
    let toolchain = report.cells.iter().find_map(|cell| cell.toolchain.as_ref());
    let mut properties = vec![
        ("kernel", report.kernel.name.clone()),
        ("config", report.config.clone()),
        ("comparison", report.comparison.clone()),
        ("outcome", report.outcome.word().to_owned()),
        ("summary", report.summary.clone()),
        ("twinlto", report.twinlto.clone()),
    ];
    properties.extend(toolchain.map(|toolchain| ("clang", toolchain.clang.clone())));
    properties.into_iter().map(|(name, value)| (name, legal(&value))).collect()
}

fn write_case(xml: &mut Xml, class: &str, case: &Case) -> io::Result<()> {
    let (class, name, time) = (legal(class), legal(&case.name), seconds(case.seconds));
    let attributes = [("classname", &*class), ("name", &name), ("time", &time)];
    let element = xml.create_element("testcase").with_attributes(attributes);
    if matches!(case.result, Result::Passed) && case.out.is_empty() {
        element.write_empty()?;
        return Ok(());
    }
    element.write_inner_content(|xml| {
        match &case.result {
            Result::Passed => {}
            Result::Skipped(why) => result(xml, "skipped", None, why, why)?,
            Result::Error(why) => result(xml, "error", Some("broken"), why, why)?,
            Result::Failed(failures) => {
                for (n, (message, body)) in failures.iter().enumerate() {
                    let others = if n == 0 { others(failures) } else { String::new() };
                    let body = format!("{body}{others}");
                    result(xml, "failure", Some("difference"), message, &body)?;
                }
            }
        }
        if !case.out.is_empty() {
            let out = legal(&case.out);
            xml.create_element("system-out").write_text_content(BytesText::new(&out))?;
        }
        Ok(())
    })?;
    Ok(())
}

fn result(
    xml: &mut Xml,
    name: &str,
    kind: Option<&str>,
    message: &str,
    body: &str,
) -> io::Result<()> {
    let (message, body) = (legal(message), legal(body));
    let mut attributes = vec![("message", message.as_str())];
    attributes.extend(kind.map(|kind| ("type", kind)));
    let element = xml.create_element(name).with_attributes(attributes);
    element.write_text_content(BytesText::new(&body))?;
    Ok(())
}

/// How many cases there are of each kind, and their time.
fn counts<'a>(cases: impl IntoIterator<Item = &'a Case>) -> Vec<(&'static str, String)> {
    let (mut tests, mut failures, mut errors, mut skipped, mut time) = (0, 0, 0, 0, 0.0);
    for case in cases {
        tests += 1;
        time += case.seconds;
        match case.result {
            Result::Passed => {}
            Result::Failed(_) => failures += 1,
            Result::Error(_) => errors += 1,
            Result::Skipped(_) => skipped += 1,
        }
    }
    let numbers =
        [("tests", tests), ("failures", failures), ("errors", errors), ("skipped", skipped)];
    let mut counts: Vec<_> = numbers.map(|(name, n)| (name, n.to_string())).into();
    counts.push(("time", seconds(time)));
    counts
}

/// Seconds as readers take them; a record may hold any number.
fn seconds(seconds: f64) -> String {
    if (0.0..1e9).contains(&seconds) { format!("{seconds:.3}") } else { "0.000".to_owned() }
}

/// What XML 1.0 may hold (`Char`, section 2.2), without the mark by which Jenkins and GitLab take
/// files from the machine as attachments: the name of a symbol must not reach for one.
fn legal(text: &str) -> String {
    let is_illegal = |c: char| {
        (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    let legal: String = text.chars().map(|c| if is_illegal(c) { '\u{fffd}' } else { c }).collect();
    legal.replace("[[ATTACHMENT", "[ [ATTACHMENT")
}
