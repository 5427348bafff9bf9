//! The only place that prints.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use twinlto_engine::EngineError;
use twinlto_model::Event;
use twinlto_report::{Style, duration};

/// Standard output for answers, standard error for progress and errors.
pub(crate) struct Ui {
    interactive: bool,
    started: Instant,
    drawn: bool,
    redrawn: Instant,
}

/// How often a progress line is drawn again on a terminal.
const REDRAW: Duration = Duration::from_millis(200);

/// How often one is written where lines stay, as in a log.
const REWRITE: Duration = Duration::from_secs(60);

impl Ui {
    pub(crate) fn new() -> Self {
        let interactive = std::io::stderr().is_terminal();
        Self { interactive, started: Instant::now(), drawn: false, redrawn: Instant::now() }
    }

    /// Prints an answer. A reader that went away (`| head`) is no error; a full disk is, for
    /// nobody would know the answer.
    pub(crate) fn answer(&mut self, text: &str) -> Result<(), EngineError> {
        self.clear();
        let mut out = anstream::stdout();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(EngineError::io("write", Path::new("standard output"), &error))
            }
            _ => Ok(()),
        }
    }

    /// Prints an error in its three lines.
    pub(crate) fn error(&mut self, error: &EngineError) {
        self.clear();
        let mut text = format!("error: {}\n", one_line(&error.what));
        text.push_str(&format!("cause: {}\n", one_line(&error.cause)));
        if !error.hint.is_empty() {
            text.push_str(&format!("hint: {}\n", one_line(&error.hint)));
        }
        let _closed = anstream::stderr().write_all(text.as_bytes());
    }

    /// Layout for this terminal: its columns, or 80 where there is none.
    pub(crate) fn style(&self, verbose: bool) -> Style {
        let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
        let columns = columns.filter(|c| std::io::stdout().is_terminal() && *c >= 60).unwrap_or(80);
        Style { columns, verbose }
    }

    /// Draws one event: a line that changes in place on a terminal; elsewhere plain lines, of
    /// progress one a minute.
    pub(crate) fn event(&mut self, event: &Event) {
        match event {
            Event::Tried { what, left } => {
                self.line(&format!("{}  ({})", one_line(what), one_line(left)));
            }
            Event::Answered { line } => self.line(&format!("  {}", one_line(line))),
            Event::Started { arch, mode, stage } => {
                self.started = Instant::now();
                self.redrawn = self.started;
                if self.interactive {
                    let mode = mode.map_or(String::new(), |m| format!(" {}", m.short()));
                    self.draw(&format!("{arch:<10} {}{mode}", stage.name()));
                }
            }
            Event::Progress { arch, mode, what, done, of } => {
                let pause = if self.interactive { REDRAW } else { REWRITE };
                if self.redrawn.elapsed() < pause {
                    return;
                }
                self.redrawn = Instant::now();
                let elapsed = self.started.elapsed();
                let mode = mode.map_or(String::new(), |m| format!("{} ", m.short()));
                let mut line = format!("{arch:<10} {mode}{what} {done}");
                if let Some(of) = of {
                    line.push_str(&format!(" of {of}"));
                }
                line.push_str(&format!("  {}", duration(elapsed)));
                match self.interactive {
                    true => self.draw(&line),
                    false => self.line(&line),
                }
            }
            Event::Finished { arch, mode, stage, took } => {
                let mode = mode.map_or(String::new(), |m| format!(" {m}"));
                let took = took.map_or("done before".to_owned(), duration);
                self.line(&format!("{arch:<10} {}{mode}  {took}", stage.name()));
            }
            Event::Skipped { arch, mode, stage, why } => {
                let mode = mode.map_or(String::new(), |m| format!(" {m}"));
                let why = one_line(why);
                self.line(&format!("{arch:<10} {}{mode} not run: {why}", stage.name()));
            }
            Event::Failed { arch, mode, stage, line } => {
                let mode = mode.map_or(String::new(), |m| format!(" {m}"));
                let line = one_line(line);
                self.line(&format!("{arch:<10} {}{mode} failed: {line}", stage.name()));
            }
        }
    }

    fn line(&mut self, text: &str) {
        self.clear();
        let _closed = writeln!(anstream::stderr(), "{text}");
    }

    fn draw(&mut self, text: &str) {
        let _closed = write!(anstream::stderr(), "\r\x1b[K{text}");
        self.drawn = true;
    }

    fn clear(&mut self) {
        if self.drawn {
            let _closed = write!(anstream::stderr(), "\r\x1b[K");
            self.drawn = false;
        }
    }
}

/// A message that may quote a file: one line, no control characters.
fn one_line(text: &str) -> String {
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    clean.collect::<String>().trim().to_owned()
}

/// clap's own messages: help and version on standard output with status 0, mistakes on
/// standard error with status 2.
pub(crate) fn clap_message(error: &clap::Error) -> ExitCode {
    let _closed = error.print();
    if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS }
}
