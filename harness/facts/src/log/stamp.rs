//! What a CI, a container or `ts` puts before each line, one piece at a time.
//!
//! Forms, with who writes them: `2026-01-02T03:04:05.1234567Z ` (GitHub Actions, Azure),
//! `2026-01-02T03:04:05.123456Z 01O ` (GitLab, with the stream and whether the line goes on),
//! `[2026-01-02T03:04:05.678Z] ` and `03:04:05  ` (Jenkins' timestamper), `[03:04:05]W: ` (TeamCity),
//! `Jan 02 03:04:05 ` (`ts`, with `host make[12]: ` journald), `03:04:05 O: ` (annotate-output),
//! `[   12.345] ` (dmesg), `[  123s] ` (the Open Build Service), `#12 3.456 ` (docker buildkit),
//! `Step #1 - "build": ` (Google Cloud Build), `2026-… stdout F ` (CRI), `2026-… | host | ` (Zuul),
//! `job\tstep\t2026-…Z ` (`gh run view --log`), `| ` (bitbake, and mails), `[12/345] ` (ninja).

/// A piece that stands before the text of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Its length in bytes, without the spaces that set it apart from the text.
    pub(super) len: usize,
    /// Of what form it is: those of one form have as many spaces behind them in all of a log.
    pub(super) form: Form,
}

/// The form of such a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// A date with a time.
    Date,
    /// A time of day, or since the start.
    Time,
    /// One of these in brackets.
    Brackets,
    /// Seconds.
    Seconds,
    /// The stream that it was written to; what follows is a text of its own.
    Stream,
    /// The stream, and that the line continues the one before it.
    GoesOn,
    /// A step of a CI.
    Step,
    /// What counts steps: `[12/345]`.
    Counter,
    /// A bar of a quotation.
    Bar,
    /// A mark of a CI's own, such as `##[group]`.
    Mark,
}

/// The piece that a line begins with, if it is one; `after` is the form of the one before it.
pub(super) fn stamp(line: &str, after: Option<Form>) -> Option<Stamp> {
    let first = line.bytes().next()?;
    if let Some(after) =
        after.filter(|form| matches!(form, Form::Date | Form::Time | Form::Brackets))
        && let Some(found) = behind_time(line, after)
    {
        return Some(found);
    }
    let is = |form: Form| move |rest: &str| Some(Stamp { len: line.len() - rest.len(), form });
    match first {
        b'0'..=b'9' => date(line)
            .and_then(is(Form::Date))
            .or_else(|| time(line).and_then(is(Form::Time)))
            .or_else(|| seconds(line).and_then(is(Form::Seconds)))
            .filter(|it| set_apart(line, it)),
        b'A'..=b'Z' => named_day(line)
            .and_then(is(Form::Date))
            .filter(|it| set_apart(line, it))
            .or_else(|| step(line).and_then(is(Form::Step))),
        b'[' | b'(' => brackets(line),
        b'#' => buildkit(line).and_then(is(Form::Seconds)),
        b'|' | b'>' if line.as_bytes().get(1) == Some(&b' ') => {
            Some(Stamp { len: 1, form: Form::Bar })
        }
        _ => fields(line).and_then(is(Form::Date)),
    }
}

fn set_apart(line: &str, it: &Stamp) -> bool {
    line.get(it.len..).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

/// What follows a time alone: streams, levels, who logged.
fn behind_time(line: &str, after: Form) -> Option<Stamp> {
    let bytes = line.as_bytes();
    let is = |len: usize, form: Form| Some(Stamp { len, form });
    // GitLab: two hexadecimal digits, O or E, and + where the line goes on.
    if let [a, b, b'O' | b'E', end @ ..] = bytes
        && a.is_ascii_hexdigit()
        && b.is_ascii_hexdigit()
    {
        match end {
            [] | [b' ', ..] => return is(3, Form::Stream),
            [b'+', ..] => return is(4, Form::GoesOn),
            _ => {}
        }
    }
    // CRI: the stream, and P where the line goes on in the next.
    for (word, form) in [
        ("stdout F", Form::Stream),
        ("stderr F", Form::Stream),
        ("stdout P", Form::Stream),
        ("stderr P", Form::Stream),
        ("O:", Form::Stream),
        ("E:", Form::Stream),
        ("I:", Form::Mark),
    ] {
        if line.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')) {
            return is(word.len(), form);
        }
    }
    // TeamCity: `[12:34:56]W:`, `[12:34:56] :`, with tabs and `[Step 1/2]` behind.
    if after == Form::Brackets
        && let Some(at) = line.find(':').filter(|at| *at <= 1)
        && line.get(at + 1..).is_some_and(|rest| rest.starts_with(['\t', ' ']))
    {
        let rest = line.get(at + 1..)?.trim_start_matches('\t');
        let rest = match rest.trim_start().strip_prefix("[Step ").and_then(|it| it.split_once(']'))
        {
            Some((_, rest)) => rest,
            None => rest,
        };
        return is(line.len() - rest.len(), Form::Stream);
    }
    for level in ["INFO", "DEBUG", "TRACE", "NOTICE", "WARN", "WARNING", "ERROR"] {
        for (open, close) in [("", " "), ("[", "] "), ("- ", " - ")] {
            let rest = line.strip_prefix(open).and_then(|rest| rest.strip_prefix(level));
            if rest.is_some_and(|rest| rest.starts_with(close)) {
                return is(open.len() + level.len() + close.len() - 1, Form::Stream);
            }
        }
    }
    if let Some(rest) = line.strip_prefix("| ")
        && let Some((host, _)) = rest.split_once(" | ").filter(|(host, _)| !host.contains(' '))
    {
        return is(2 + host.len() + 2, Form::Stream);
    }
    // journald: the host, and the program with its process.
    let is_host = |host: &str| host.starts_with(|c: char| c.is_ascii_alphabetic());
    let (host, rest) =
        line.split_once(' ').filter(|(host, _)| is_host(host) && after == Form::Date)?;
    let (program, _) =
        rest.split_once(": ").or_else(|| rest.strip_suffix(':').map(|it| (it, "")))?;
    let (name, process) = program.strip_suffix(']')?.split_once('[')?;
    let is_word = |word: &str| {
        let known = |b: u8| b.is_ascii_alphanumeric() || b"-_.@/".contains(&b);
        !word.is_empty() && word.bytes().all(known)
    };
    let fits = is_word(host) && is_word(name) && process.bytes().all(|b| b.is_ascii_digit());
    fits.then_some(Stamp { len: host.len() + 1 + program.len() + 1, form: Form::Stream })
}

/// `2026-01-02T03:04:05.678+01:00`, `2026/01/02 03:04:05 `
fn date(line: &str) -> Option<&str> {
    let rest = digits(line, 4)?;
    let dash = rest.chars().next().filter(|c| "-/".contains(*c))?;
    let rest = digits(rest.strip_prefix(dash)?, 2)?;
    let rest = digits(rest.strip_prefix(dash)?, 2)?;
    clock(rest.strip_prefix(['T', 't', ' ', '_'])?).map(zone)
}

/// `Jan  2 03:04:05`, `Fri Jan  2 03:04:05 UTC 2026`
fn named_day(line: &str) -> Option<&str> {
    const DAYS: [&str; 7] = ["Mon ", "Tue ", "Wed ", "Thu ", "Fri ", "Sat ", "Sun "];
    const MONTHS: [&str; 12] = [
        "Jan ", "Feb ", "Mar ", "Apr ", "May ", "Jun ", "Jul ", "Aug ", "Sep ", "Oct ", "Nov ",
        "Dec ",
    ];
    let rest = DAYS.iter().find_map(|day| line.strip_prefix(day)).unwrap_or(line);
    let rest = MONTHS.iter().find_map(|month| rest.strip_prefix(month))?;
    let rest = rest.trim_start_matches(' ');
    let rest = digits(rest, 2).or_else(|| digits(rest, 1))?;
    let rest = clock(rest.strip_prefix(' ')?)?;
    // `date` without a format.
    let year = rest.strip_prefix(' ').and_then(|rest| {
        let name = rest.bytes().take_while(u8::is_ascii_uppercase).count();
        digits(rest.get(name..)?.strip_prefix(' ')?, 4).filter(|_| (2..=5).contains(&name))
    });
    Some(year.unwrap_or(rest))
}

/// `03:04:05`, `0:00:01.234`, `+00:00:01`
fn time(line: &str) -> Option<&str> {
    clock(line).map(zone)
}

fn clock(text: &str) -> Option<&str> {
    let hours = digits(text, 2).filter(|rest| rest.starts_with(':')).or_else(|| digits(text, 1))?;
    let rest = digits(hours.strip_prefix(':')?, 2)?;
    let rest = digits(rest.strip_prefix(':')?, 2)?;
    Some(fraction(rest))
}

fn fraction(rest: &str) -> &str {
    let Some(after) = rest.strip_prefix(['.', ',']) else { return rest };
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 { rest } else { after.get(digits..).unwrap_or_default() }
}

fn zone(rest: &str) -> &str {
    if let Some(rest) = rest.strip_prefix('Z').or_else(|| rest.strip_prefix(" UTC")) {
        return rest;
    }
    let offset = |rest: &'_ str| -> Option<usize> {
        let after = rest.strip_prefix(' ').unwrap_or(rest);
        let hours = digits(after.strip_prefix(['+', '-'])?, 2)?;
        let minutes = hours.strip_prefix(':').unwrap_or(hours);
        Some(digits(minutes, 2).unwrap_or(hours).len())
    };
    let left = offset(rest).unwrap_or(rest.len());
    rest.get(rest.len() - left..).unwrap_or_default()
}

/// `3.456`, `1700000000.123456`, `1700000000`: what is shorter and has no fraction is a number.
fn seconds(line: &str) -> Option<&str> {
    let whole = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = line.get(whole..)?;
    let after = fraction(rest);
    let decimals = (rest.len() - after.len()).saturating_sub(1);
    let is_epoch = line.starts_with('1') && (whole == 10 || whole == 13 && decimals == 0);
    let is_short = rest.starts_with('.') && whole <= 7 && (decimals == 3 || decimals == 6);
    (is_epoch || is_short).then_some(after)
}

/// `[2026-…]`, `[03:04:05]`, `[   12.345]`, `[  123s]`, and what counts: `[12/345]`, `[ 12%]`.
fn brackets(line: &str) -> Option<Stamp> {
    let close = if line.starts_with('[') { ']' } else { ')' };
    let inner = line.get(1..)?.split(close).next().filter(|inner| inner.len() <= 48)?;
    let len = inner.len() + 2;
    let rest = line.get(len..)?;
    let text = inner.trim();
    let all = |rest: Option<&str>| rest.is_some_and(str::is_empty);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_time = || {
        let count = text.trim_start_matches('+');
        let whole = count.bytes().take_while(u8::is_ascii_digit).count();
        let tail = count.get(whole..).map(fraction);
        let decimals = tail.is_some_and(|tail| whole + tail.len() < count.len());
        all(date(text))
            || all(named_day(text))
            || all(time(count))
            || whole > 0 && (tail == Some("s") || decimals && tail == Some(""))
            || all(seconds(text))
    };
    let counts = || {
        text.strip_suffix('%').is_some_and(is_number)
            || text.split_once('/').is_some_and(|(a, b)| is_number(a) && is_number(b))
    };
    let form = if is_time() {
        Form::Brackets
    } else if counts() {
        Form::Counter
    } else {
        return None;
    };
    let apart = rest.is_empty() || rest.starts_with([' ', '\t']);
    let is_team_city = || rest.as_bytes().get(1) == Some(&b':');
    (apart || form == Form::Brackets && is_team_city()).then_some(Stamp { len, form })
}

/// `#12 3.456`
fn buildkit(line: &str) -> Option<&str> {
    let rest = line.strip_prefix('#')?;
    let number = rest.bytes().take_while(u8::is_ascii_digit).count();
    let rest = rest.get(number..)?.strip_prefix(' ').filter(|_| number > 0)?;
    let whole = rest.bytes().take_while(u8::is_ascii_digit).count();
    let after = fraction(rest.get(whole..).filter(|_| whole > 0)?);
    let apart = after.is_empty() || after.starts_with(' ');
    (apart && whole + after.len() < rest.len()).then_some(after)
}

/// `Step #1 - "build":`
fn step(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("Step #")?;
    let number = rest.bytes().take_while(u8::is_ascii_digit).count();
    let rest = rest.get(number..).filter(|_| number > 0)?;
    let rest = match rest.strip_prefix(" - \"") {
        Some(name) => name.split_once('"')?.1,
        None => rest,
    };
    rest.strip_prefix(':').filter(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// `job\tstep\t2026-…Z`
fn fields(line: &str) -> Option<&str> {
    let mut rest = line;
    for _ in 0..2 {
        rest = rest.split_once('\t')?.1;
        if let Some(after) = date(rest) {
            return Some(after);
        }
    }
    None
}

fn digits(text: &str, many: usize) -> Option<&str> {
    let head = text.as_bytes().get(..many)?;
    head.iter().all(u8::is_ascii_digit).then(|| text.get(many..)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn length(line: &str) -> Option<usize> {
        stamp(line, None).map(|it| it.len)
    }

    #[test]
    fn every_form_is_known_and_its_text_is_not_touched() {
        for before in [
            "2026-01-02T03:04:05.1234567Z",
            "2026-01-02T03:04:05+01:00",
            "2026-01-02 03:04:05,678",
            "2026-01-02 03:04:05.678 +0100",
            "2026/01/02 03:04:05",
            "Jan 02 03:04:05",
            "Jan  2 03:04:05",
            "Fri Jan  2 03:04:05 UTC 2026",
            "03:04:05",
            "0:00:01.234",
            "1700000000",
            "1700000000.123",
            "12.345",
            "[2026-01-02T03:04:05.678Z]",
            "[Jan 02 03:04:05]",
            "[03:04:05]",
            "[00:01:02.345]",
            "[   12.345678]",
            "[12.345]",
            "[  123s]",
            "#12 3.456",
            "Step #1 - \"build\":",
            "Step #1:",
            "[12/345]",
            "[ 12%]",
            "job\tRun make\t2026-01-02T03:04:05.1234567Z",
        ] {
            for text in ["", " make: x", "   CC      a.o"] {
                let line = format!("{before}{text}");
                assert_eq!(length(&line), Some(before.len()), "{line:?}");
            }
        }
    }

    #[test]
    fn what_is_no_stamp_stays() {
        for line in [
            "  CC      lib/a.o",
            "# CC      lib/a.o",
            "make[1]: *** [Makefile:1: a.o] Error 1",
            "lib/a.c:1:2: error: x",
            "12 warnings generated.",
            "   12 | int x;",
            "1 error generated.",
            "[-Wfoo]",
            "[1]+  Done   make",
            "(1)",
            "#12",
            "#define X 1.5",
            "7.3.4",
            "1.5 GB",
            "Step 3",
            "May the source be with you",
            "12:34 lunch",
            "",
        ] {
            assert_eq!(stamp(line, None), None, "{line:?}");
        }
    }

    #[test]
    fn what_stands_behind_a_time_is_known() {
        for (line, len) in [
            ("00O text", 3),
            ("01E+text", 4),
            ("stdout F text", 8),
            ("O: text", 2),
            (":\t [Step 1/2] text", 13),
            ("INFO text", 4),
            ("- INFO - text", 8),
            ("| host | text", 8),
            ("host make[12]: text", 14),
        ] {
            let before = if line.starts_with(':') { Form::Brackets } else { Form::Date };
            let found = stamp(line, Some(before)).map(|it| it.len);
            assert_eq!(found, Some(len), "{line}");
        }
        for line in
            ["make[1]: *** x", "lib/a.c:1:2: error: x", "ERROR: modpost: x", "x make[1]y: z"]
        {
            assert_eq!(stamp(line, Some(Form::Date)), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(line in "([0-9:.,TZ \\[\\]()#|/%+-]|Jan |Step #|\t|\\PC){0,40}") {
            for after in [None, Some(Form::Date), Some(Form::Brackets)] {
                if let Some(found) = stamp(&line, after) {
                    prop_assert!(found.len > 0 && line.get(found.len..).is_some());
                }
            }
        }
    }
}
