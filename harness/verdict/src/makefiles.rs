//! What make says when it cannot read a makefile, as findings.

use twinlto_facts::log::MakeStop;
use twinlto_model::{Arch, Evidence, Finding, Key, Mode, Severity, Site};

/// A conditional that is no word of make's, such as `if CONFIG_X`; none where something else is
/// wrong. `path` names the makefile as the user knows it; `text` is all of it.
///
/// In a part that make passes over, it sees the `else` and the `endif` and not the `if`, and stops
/// later than there.
#[must_use]
pub fn conditional(
    arch: Arch,
    mode: Mode,
    stop: &MakeStop,
    path: &str,
    text: &str,
) -> Option<Finding> {
    let (_, stopped_at) = stop.place.as_ref()?;
    let stopped_at = usize::try_from(*stopped_at).ok()?;
    let lines: Vec<&str> = text.lines().take(stopped_at).collect();
    let here = lines.last().and_then(|line| Some((stopped_at, *line, word_to_use(line)?)));
    let unpaired = ["else", "endif"].iter().any(|word| stop.message.contains(word));
    let above = || {
        let numbered = lines.iter().enumerate().rev();
        let mut known = numbered.filter_map(|(n, line)| Some((n + 1, *line, word_to_use(line)?)));
        known.find(|(_, line, word)| word.line.is_some() && !line.starts_with('\t'))
    };
    let (line, written, word) = here.or_else(|| unpaired.then(above).flatten())?;
    let place = format!("{path}:{line}");
    let said = match line == stopped_at {
        true => stop.message.clone(),
        false => format!("{}, at line {stopped_at}", stop.message),
    };
    let site = Site::new(arch, Some(mode), place.clone())
        .sides(Evidence::new("written", shorten(written)).at(&place), Evidence::new("make", said));
    let finding = Finding::new(Key::new("makefile.conditional"), Severity::Error, site)
        .because(word.why)
        .known_as("if-instead-of-ifdef")
        .grouped(place);
    Some(match word.line {
        Some(line) => finding.remedy(format!("write {line}")),
        None => finding.remedy("nest two conditionals, one name each"),
    })
}

/// Why make stopped, in its own words. `text` is that of the makefile, empty where it is not known.
#[must_use]
pub fn stopped(arch: Arch, mode: Mode, stop: &MakeStop, path: &str, text: &str) -> Finding {
    let place = stop.place.as_ref().map(|(_, line)| (format!("{path}:{line}"), *line));
    let subject = place.as_ref().map_or("make", |(at, _)| at.as_str());
    let written = place.as_ref().and_then(|(at, line)| {
        let line = text.lines().nth(usize::try_from(*line).ok()?.checked_sub(1)?)?;
        Some(Evidence::new("written", shorten(line)).at(at))
    });
    let mut site = Site::new(arch, Some(mode), subject);
    site.left = written;
    site.right = Some(Evidence::new("make", stop.message.as_str()));
    Finding::new(Key::new("make.failed"), Severity::Error, site)
        .because(format!("make stopped: {}", stop.message))
        .grouped(format!("{subject} {}", stop.message))
}

struct Word {
    why: &'static str,
    /// The whole line, where it is known.
    line: Option<String>,
}

/// The word that make has for a conditional of another language.
fn word_to_use(text: &str) -> Option<Word> {
    let text = text.split('#').next().unwrap_or_default().trim();
    let (word, rest) = text.split_once([' ', '\t', '(']).unwrap_or((text, ""));
    let rest = text.get(word.len()..).filter(|_| !rest.is_empty()).unwrap_or_default().trim();
    let (before, condition) = match word {
        "if" => ("", rest),
        "elif" | "elsif" | "elseif" => ("else ", rest),
        "else" => {
            let condition = rest.strip_prefix("if").filter(|c| c.starts_with([' ', '\t', '(']))?;
            ("else ", condition.trim_start())
        }
        "ifdef" | "ifndef" if rest.split_whitespace().count() > 1 => {
            return Some(Word {
                why: "ifdef and ifndef take one name and no expression",
                line: None,
            });
        }
        _ => return None,
    };
    let why = if word == "if" {
        "make has no `if`: the word for \"is set\" is `ifdef`"
    } else {
        "make has no such word: a second condition is `else ifdef`"
    };
    Some(Word { why, line: directive(condition).map(|line| format!("{before}{line}")) })
}

/// `ifdef CONFIG_X` for `CONFIG_X`, `(CONFIG_X)`, `$(CONFIG_X)` and `CONFIG_X == y`.
fn directive(condition: &str) -> Option<String> {
    let bare = |text: &str| {
        let name = text.trim().trim_start_matches(['$', '(', '{']).trim_end_matches([')', '}']);
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        (!name.is_empty() && name.bytes().all(plain)).then(|| name.to_owned())
    };
    if let Some(rest) = condition.strip_prefix('!') {
        return Some(format!("ifndef {}", bare(rest)?));
    }
    for (sign, word) in [("!=", "ifneq"), ("==", "ifeq"), ("=", "ifeq")] {
        if let Some((name, value)) = condition.split_once(sign) {
            let value = value.trim().trim_end_matches(')').trim_matches('"');
            return Some(format!("{word} ($({}),{value})", bare(name)?));
        }
    }
    Some(format!("ifdef {}", bare(condition)?))
}

fn shorten(text: &str) -> String {
    text.trim().chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use twinlto_facts::log::make_stop;

    fn told(text: &str) -> Option<String> {
        word_to_use(text).map(|word| word.line.unwrap_or_else(|| "nest".to_owned()))
    }

    #[test]
    fn the_word_to_use_is_named() {
        let cases = [
            ("if CONFIG_LTO_CLANG_THIN_DIST", "ifdef CONFIG_LTO_CLANG_THIN_DIST"),
            ("  if CONFIG_A # why", "ifdef CONFIG_A"),
            ("if !CONFIG_A", "ifndef CONFIG_A"),
            ("if $(CONFIG_A)", "ifdef CONFIG_A"),
            ("if (CONFIG_A)", "ifdef CONFIG_A"),
            ("if CONFIG_A == y", "ifeq ($(CONFIG_A),y)"),
            ("if CONFIG_A != \"y\"", "ifneq ($(CONFIG_A),y)"),
            ("else if CONFIG_A", "else ifdef CONFIG_A"),
            ("elif CONFIG_A", "else ifdef CONFIG_A"),
            ("ifdef CONFIG_A && CONFIG_B", "nest"),
            ("if CONFIG_A && CONFIG_B", "nest"),
        ];
        for (text, word) in cases {
            assert_eq!(told(text).as_deref(), Some(word), "{text}");
        }
        for other in ["ifdef A", "else ifdef A", "else", "endif", "all: x", "iffy", "", "foo bar"] {
            assert_eq!(told(other), None, "{other}");
        }
    }

    #[test]
    fn a_finding_has_file_line_and_word() {
        let stop = make_stop("/src/Makefile:7: *** missing separator.  Stop.").unwrap();
        let of = |text: &str| {
            let text = format!("{}{text}\n", "\n".repeat(6));
            conditional(Arch::Arm64, Mode::Distributed, &stop, "Makefile", &text)
        };
        let found = of("if CONFIG_X").unwrap();
        assert_eq!(found.subjects(), ["Makefile:7"]);
        assert_eq!(found.remedy.as_deref(), Some("write ifdef CONFIG_X"));
        assert!(of("\tall").is_none());
        let other = stopped(Arch::Arm64, Mode::Distributed, &stop, "Makefile", "");
        assert_eq!(other.cause.as_deref(), Some("make stopped: missing separator"));
    }

    /// make passes over the part of a makefile that is for another run of it.
    #[test]
    fn a_stop_behind_it_leads_back_to_the_line() {
        let text = "ifneq (a,b)\nelse\nif CONFIG_X\nA := 1\nelse\nendif\n\tif CONFIG_Y\nendif\n";
        let of = |line: &str| {
            let stop = make_stop(&format!("Makefile:{line}  Stop.")).unwrap();
            conditional(Arch::Arm64, Mode::Distributed, &stop, "Makefile", text)
        };
        for said in ["5: *** only one 'else' per conditional.", "8: *** extraneous 'endif'."] {
            assert_eq!(of(said).unwrap().subjects(), ["Makefile:3"], "{said}");
        }
        assert!(of("8: *** recipe commences before first target.").is_none());
        assert!(of("0: *** missing separator.").is_none());
    }

    proptest! {
        #[test]
        fn no_line_panics(text in "(if|else if|elif|ifdef)?[ !$({]{0,3}\\PC{0,20}") {
            let _ = word_to_use(&text);
        }
    }
}
