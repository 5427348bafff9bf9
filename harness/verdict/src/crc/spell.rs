//! genksyms's tokens as C that a person writes.

use twinlto_facts::kbuild::TypeKind;

/// Characters of a type that are shown.
const LONGEST: usize = 60;

/// The tokens as C: `s#device *` is `struct device *`; cut where it is long.
pub(super) fn spell(tokens: &[&str]) -> String {
    let mut text = String::new();
    let mut before = "";
    for token in tokens {
        if !text.is_empty() && !is_joined(before, token) {
            text.push(' ');
        }
        let (kind, plain) = TypeKind::of(token);
        match kind {
            TypeKind::Struct | TypeKind::Union | TypeKind::Enum => {
                text.push_str(&format!("{kind} {plain}"));
            }
            TypeKind::Declaration | TypeKind::Typedef | TypeKind::EnumConstant => {
                text.push_str(plain);
            }
        }
        if text.len() > LONGEST * 8 {
            break;
        }
        before = token;
    }
    cut(&text)
}

fn is_joined(before: &str, token: &str) -> bool {
    matches!(before, "(" | "[")
        || matches!(token, ")" | "]" | "," | ";" | "[")
        || (before == "*" && matches!(token, "*" | "("))
        || (before == ")" && token == "(")
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_spelled_as_c() {
        let spelled = |text: &str| spell(&text.split(' ').collect::<Vec<_>>());
        assert_eq!(spelled("const s#device * *"), "const struct device **");
        assert_eq!(spelled("void ( * ) ( s#device * , int )"), "void (*)(struct device *, int)");
        assert_eq!(spelled("unsigned long [ E#MAX ]"), "unsigned long[MAX]");
        assert_eq!(spelled(&["x"; 100].join(" ")).chars().count(), LONGEST + 1);
    }
}
