use super::level::Level;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One initcall that `.tmp_initcalls.lds` puts into its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LdsInitcall {
    /// When it is called.
    pub level: Level,
    /// Whether it is a `…_sync` variant, called after the others of its level.
    pub sync: bool,
    /// `kmod_<module>__<counter>_<line>_<fn>`
    pub id: String,
}

/// A line of `.tmp_initcalls.lds` that is not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdsError {
    /// Line number from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

/// Reads `.tmp_initcalls.lds`; in the order in which the calls are made, consoles last. The file
/// has the levels in another order (`early` and `rootfs` last): the linker script sets theirs.
///
/// Source: `generate_initcall_lds` in `scripts/generate_initcall_order.pl`, Linux 7.3.
///
/// # Errors
///
/// The first line that is neither punctuation, nor the head of a section, nor a pattern of one;
/// the last, if braces are not balanced.
pub fn initcalls_lds(text: &str) -> Result<Vec<LdsInitcall>, LdsError> {
    let mut calls = Vec::new();
    let (mut open, mut last) = (0_i64, 0);
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.trim();
        last = line;
        open += content.matches('{').count() as i64 - content.matches('}').count() as i64;
        let content = content.strip_suffix(';').unwrap_or(content).trim_end();
        if let Some(pattern) = content.strip_prefix("*(") {
            let section = pattern.strip_suffix(')').unwrap_or(pattern);
            let call = call(section).ok_or_else(|| LdsError {
                line,
                why: format!("'{section}' is no section of an initcall"),
            })?;
            calls.push(call);
        } else if !matches!(content, "" | "{" | "}" | "SECTIONS {" | "SECTIONS")
            && !content.ends_with(": {")
        {
            return Err(LdsError { line, why: format!("'{content}' is not understood") });
        }
    }
    if open != 0 {
        let why = "the file ends before its last '}'".to_owned();
        return Err(LdsError { line: last, why });
    }
    calls.sort_by_key(|call| (call.level, call.sync));
    Ok(calls)
}

impl LdsInitcall {
    /// The symbol of the entry, as [`super::Initcall::entry`] has it.
    #[must_use]
    pub fn entry(&self) -> String {
        format!("__initcall__{}{}{}", self.id, self.level, if self.sync { "s" } else { "" })
    }
}

impl fmt::Display for LdsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl std::error::Error for LdsError {}

/// `.initcall3s.init..kmod_x` or `.con_initcall.init..kmod_x`.
fn call(section: &str) -> Option<LdsInitcall> {
    let (head, id) = section.split_once(".init..")?;
    let (level, sync) = match head {
        ".con_initcall" => (Level::Con, false),
        _ => Level::from_name(head.strip_prefix(".initcall")?)?,
    };
    (!id.is_empty()).then(|| LdsInitcall { level, sync, id: id.to_owned() })
}
