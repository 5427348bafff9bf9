use crate::text::safe;
use similar::TextDiff;

/// Two listings of one function as a unified diff, three lines around each change.
#[must_use]
pub fn disassembly(name: &str, left: &str, right: &str, sides: (&str, &str)) -> String {
    let diff = TextDiff::from_lines(left, right);
    let mut text = format!("{}\n", safe(name));
    let unified = diff.unified_diff().context_radius(3).header(sides.0, sides.1).to_string();
    for line in unified.lines() {
        // Symbols are what a file says they are.
        text.push_str(&safe(&line.replace('\t', " ")));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::disassembly;

    #[test]
    fn what_changed_stands_among_what_did_not() {
        let text = disassembly("f", "ret\n", "nop\nret\n", ("A", "B"));
        assert_eq!(text, "f\n--- A\n+++ B\n@@ -1 +1,2 @@\n+nop\n ret\n");
    }
}
