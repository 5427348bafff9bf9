//! `--report FORMAT=FILE`: the report, written beside what the terminal shows.

use crate::args::{Args, Format};
use crate::reproducer::reproducer;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use twinlto_engine::{EngineError, OutFile};
use twinlto_model::{MatrixCell, MatrixReport, Report};

/// What the terminal shows, and the files to write.
pub(crate) struct Files {
    pub(crate) format: Format,
    pub(crate) verbose: bool,
    files: Vec<(FileFormat, OutFile)>,
    reproducer: Vec<String>,
}

#[derive(Clone, Copy)]
enum FileFormat {
    Markdown,
    Junit,
    Json,
}

/// Their names on the command line.
const FORMATS: [(&str, FileFormat); 3] =
    [("markdown", FileFormat::Markdown), ("junit", FileFormat::Junit), ("json", FileFormat::Json)];

impl Files {
    /// Sees that every file can be written, before anything else is done.
    pub(crate) fn open(args: &Args) -> Result<Self, EngineError> {
        let output = args.output();
        let mut files: Vec<(FileFormat, OutFile)> = Vec::new();
        for given in output.iter().flat_map(|output| &output.report) {
            let option = format!("--report {}", given.display());
            let (format, path) = parse(given, &option)?;
            let file = OutFile::open(&option, path)?;
            if files.iter().any(|(_, other)| *other == file) {
                let hint = "give each format a file of its own";
                return Err(EngineError::usage(option, "this file is given twice", hint));
            }
            files.push((format, file));
        }
        Ok(Self {
            format: output.map_or(Format::Terminal, |output| output.shown.format),
            verbose: output.is_some_and(|output| output.shown.verbose),
            files,
            reproducer: vec![reproducer(args.runs_make())],
        })
    }

    /// The report as a mail.
    pub(crate) fn mail(&self, report: &Report) -> String {
        twinlto_report::markdown(report, &self.reproducer)
    }

    /// Writes them all of a matrix; `cells` are its cells, each with a report.
    pub(crate) fn write_matrix(
        &self,
        matrix: &MatrixReport,
        cells: &[(&MatrixCell, Report)],
    ) -> Result<(), EngineError> {
        let mut result = Ok(());
        for (format, file) in &self.files {
            let text = match format {
                FileFormat::Markdown => twinlto_report::matrix_mail(matrix, &self.reproducer),
                FileFormat::Junit => {
                    twinlto_report::junit_of_matrix(cells, twinlto_verdict::layer_of)
                }
                FileFormat::Json => twinlto_report::matrix_to_json(matrix),
            };
            result = result.and(file.write(&text));
        }
        result
    }

    /// Writes them all; the first that cannot be written is the error.
    pub(crate) fn write(&self, report: &Report) -> Result<(), EngineError> {
        let mut result = Ok(());
        for (format, file) in &self.files {
            let text = match format {
                FileFormat::Markdown => self.mail(report),
                FileFormat::Junit => twinlto_report::junit(report, twinlto_verdict::layer_of),
                FileFormat::Json => twinlto_report::to_json(report),
            };
            result = result.and(file.write(&text));
        }
        result
    }
}

fn parse<'a>(given: &'a OsString, option: &str) -> Result<(FileFormat, &'a Path), EngineError> {
    let known = FORMATS.map(|(name, _)| name).join(", ");
    let example = "as in --report markdown=report.md";
    let bytes = given.as_bytes();
    let mut parts = bytes.splitn(2, |byte| *byte == b'=');
    let (Some(name), Some(file)) = (parts.next(), parts.next()) else {
        let cause = "there is no '=': it takes FORMAT=FILE";
        let hint = format!("give one of {known} and a file, {example}");
        return Err(EngineError::usage(option, cause, hint));
    };
    let Some((_, format)) = FORMATS.into_iter().find(|(known, _)| known.as_bytes() == name) else {
        let name = String::from_utf8_lossy(name);
        let cause = format!("'{name}' is no format for a file; known: {known}");
        return Err(EngineError::usage(option, cause, format!("give one of them, {example}")));
    };
    if file.is_empty() {
        let hint = format!("give a file after the '=', {example}");
        return Err(EngineError::usage(option, "it names no file", hint));
    }
    Ok((format, Path::new(OsStr::from_bytes(file))))
}
