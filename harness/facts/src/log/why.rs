use super::text;
use std::collections::BTreeMap;

/// Why make made what it made: target → reason, from a log of `make V=12`. Source: `log_print`
/// and `why` in `scripts/Kbuild.include`, Linux 7.3: `# CC      init/main.o - due to: a.h`.
/// The first reason of a target counts; make without `V=2` tells none.
#[must_use]
pub fn reasons(log: &[u8]) -> BTreeMap<String, String> {
    let decoded = text::decode(log);
    let mut reasons = BTreeMap::new();
    for text in &text::lines(&decoded) {
        let line = text.line.trim();
        let line = line.strip_prefix('#').unwrap_or(line);
        let Some((what, why)) = line.split_once(" - due to") else { continue };
        let Some(target) = what.split_ascii_whitespace().last() else { continue };
        let why = why.trim_start_matches(':').trim();
        reasons.entry(target.to_owned()).or_insert_with(|| why.to_owned());
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kbuilds_reasons_are_read() {
        let log = b"# CC      init/main.o - due to: /s/a.h b.h\n  clang -c\n\
            #   AR      built-in.a - due to target missing\n  CC [M]  a.o - due to command line change\n\
            # CC      quiet.o\n - due to\n";
        let found = reasons(log);
        assert_eq!(found["init/main.o"], "/s/a.h b.h");
        assert_eq!(found["built-in.a"], "target missing");
        assert_eq!(found["a.o"], "command line change");
        assert_eq!(found.len(), 3);
    }
}
