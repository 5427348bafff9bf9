//! The members of a structure, union or enumeration, from the tokens that genksyms dumps.

/// One member: its name, and everything else of its declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member<'a> {
    /// Its name; none of an unnamed structure, union or bit-field.
    pub name: Option<&'a str>,
    /// Its declaration without the name.
    pub tokens: Vec<&'a str>,
}

impl<'a> Member<'a> {
    /// The members of the structure or union that it declares in place, if it does.
    #[must_use]
    pub fn inner(&self) -> Option<Vec<Member<'a>>> {
        members(&self.tokens)
    }
}

/// The members of the first body among the tokens, in order; none where there is no body.
#[must_use]
pub fn members<'a>(tokens: &[&'a str]) -> Option<Vec<Member<'a>>> {
    let (_, body, _) = split_body(tokens)?;
    let declarations = split(body, ";").into_iter().filter(|tokens| !tokens.is_empty());
    Some(declarations.flat_map(declarators).collect())
}

/// The enumerators of the first body among the tokens, with their values as far as they are
/// written; none where there is no body.
#[must_use]
pub fn enumerators<'a>(tokens: &[&'a str]) -> Option<Vec<Member<'a>>> {
    let (_, body, _) = split_body(tokens)?;
    let enumerator = |tokens: &[&'a str]| {
        let (name, value) = tokens.split_first()?;
        Some(Member { name: Some(*name), tokens: value.to_vec() })
    };
    Some(split(body, ",").into_iter().filter_map(enumerator).collect())
}

/// What stands before, within and after the braces of the first body.
#[must_use]
pub fn split_body<'t, 'a>(
    tokens: &'t [&'a str],
) -> Option<(&'t [&'a str], &'t [&'a str], &'t [&'a str])> {
    let open = tokens.iter().position(|token| *token == "{")?;
    let (before, from) = tokens.split_at_checked(open)?;
    let inside = from.get(1..)?;
    let len = group_len(from).saturating_sub(2).min(inside.len());
    let (body, after) = inside.split_at_checked(len)?;
    Some((before, body, after.get(1..).unwrap_or_default()))
}

/// Splits at a separator outside all brackets. A list that ends with the separator has an empty
/// last part.
#[must_use]
pub fn split<'t, 'a>(tokens: &'t [&'a str], separator: &str) -> Vec<&'t [&'a str]> {
    let mut depth = 0_usize;
    let is_end = move |token: &&'a str| {
        match *token {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && *token == separator
    };
    tokens.split(is_end).collect()
}

/// How many tokens the group has that the first one opens, its brackets included.
fn group_len(tokens: &[&str]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match *token {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}

/// One declaration may declare several members: `unsigned long start , end`.
fn declarators<'a>(tokens: &[&'a str]) -> Vec<Member<'a>> {
    let parts = split(tokens, ",");
    let Some((first, others)) = parts.split_first() else {
        return Vec::new();
    };
    let first_name = name_at(first);
    let base = base_len(first, first_name);
    let mut members = vec![member(first.to_vec(), first_name)];
    for other in others {
        let mut tokens = first.get(..base).unwrap_or_default().to_vec();
        tokens.extend_from_slice(other);
        let name = name_at(&tokens);
        members.push(member(tokens, name));
    }
    members
}

fn member<'a>(mut tokens: Vec<&'a str>, name: Option<usize>) -> Member<'a> {
    let name = name.filter(|at| *at < tokens.len()).map(|at| tokens.remove(at));
    Member { name, tokens }
}

/// How many tokens all declarators of a declaration share: what stands before the first `*`,
/// parenthesis or name.
fn base_len(tokens: &[&str], name: Option<usize>) -> usize {
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match *token {
            _ if Some(at) == name => break,
            "*" | "(" | "[" | ":" => break,
            word => at += skipped(word, tokens.get(at + 1..).unwrap_or_default()),
        }
    }
    at.min(tokens.len())
}

/// Where the declared name stands.
fn name_at(tokens: &[&str]) -> Option<usize> {
    /// Parentheses around a name; no declaration that somebody wrote comes near.
    const DEEPEST: usize = 32;
    name_within(tokens, DEEPEST)
}

fn name_within(tokens: &[&str], deepest: usize) -> Option<usize> {
    let mut found = None;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let after = tokens.get(at + 1..).unwrap_or_default();
        match *token {
            ":" => break,
            // A declarator in parentheses: `( * name )`, `( * ( * name ) ( int ) )`.
            "(" if found.is_none() => {
                let len = group_len(tokens.get(at..).unwrap_or_default());
                let inside = tokens.get(at + 1..(at + len).saturating_sub(1)).unwrap_or_default();
                let inner = name_within(inside, deepest.checked_sub(1)?)?;
                return Some(at + 1 + inner);
            }
            "(" | "[" => at += group_len(tokens.get(at..).unwrap_or_default()),
            word => {
                if is_name(word) {
                    found = Some(at);
                }
                at += skipped(word, after);
            }
        }
    }
    found
}

/// How many tokens belong to this one: attributes and `typeof` with their parentheses, bodies.
fn skipped(word: &str, after: &[&str]) -> usize {
    let takes_group = is_phrase(word) && after.first() == Some(&"(");
    if takes_group {
        1 + group_len(after)
    } else if word == "{" {
        let mut depth = 1_usize;
        let mut len = 1;
        for token in after {
            match *token {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => {}
            }
            len += 1;
            if depth == 0 {
                break;
            }
        }
        len
    } else {
        1
    }
}

/// Words that take something in parentheses (`scripts/genksyms/keywords.c`, Linux 7.3).
fn is_phrase(word: &str) -> bool {
    matches!(
        word,
        "__attribute__"
            | "__attribute"
            | "__typeof__"
            | "__typeof"
            | "typeof"
            | "typeof_unqual"
            | "__typeof_unqual__"
            | "_Alignas"
            | "_Atomic"
    )
}

/// Whether a token can be a declared name: an identifier that is no keyword. References to types
/// are tagged and so are none.
fn is_name(word: &str) -> bool {
    const KEYWORDS: [&str; 27] = [
        "char",
        "short",
        "int",
        "long",
        "signed",
        "unsigned",
        "float",
        "double",
        "void",
        "bool",
        "_Bool",
        "const",
        "volatile",
        "struct",
        "union",
        "enum",
        "__int128",
        "__signed__",
        "__signed",
        "__const",
        "__const__",
        "__volatile",
        "__volatile__",
        "__seg_gs",
        "__seg_fs",
        "__extension__",
        "__builtin_va_list",
    ];
    let mut letters = word.chars();
    let starts = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    starts
        && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !KEYWORDS.contains(&word)
        && !is_phrase(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<String> {
        let tokens: Vec<&str> = text.split_whitespace().collect();
        let line = |m: &Member<'_>| format!("{}: {}", m.name.unwrap_or("-"), m.tokens.join(" "));
        members(&tokens).unwrap().iter().map(line).collect()
    }

    #[test]
    fn every_form_of_a_member_has_its_name() {
        let body = "struct x { s#kobject kobj ; const char * init_name ; \
            struct { int a ; int b ; } over ; union { int c ; long d ; } ; \
            void ( * release ) ( s#device * ) ; int ( * ( * deep ) ( int ) ) ( void ) ; \
            unsigned long flags [ ( E#MAX + sizeof ( long ) ) ] ; char * names [ 4 ] [ 2 ] ; \
            unsigned bit : 1 ; unsigned : 0 ; t#__u32 : 32 ; \
            int __attribute__ ( ( aligned ( 8 ) ) ) counter ; \
            char tail [ ] __attribute__ ( ( aligned ( 8 ) ) ) ; \
            __typeof__ ( s#stat ) stat ; void ( * table [ 3 ] ) ( int ) ; } ";
        assert_eq!(
            read(body),
            [
                "kobj: s#kobject",
                "init_name: const char *",
                "over: struct { int a ; int b ; }",
                "-: union { int c ; long d ; }",
                "release: void ( * ) ( s#device * )",
                "deep: int ( * ( * ) ( int ) ) ( void )",
                "flags: unsigned long [ ( E#MAX + sizeof ( long ) ) ]",
                "names: char * [ 4 ] [ 2 ]",
                "bit: unsigned : 1",
                "-: unsigned : 0",
                "-: t#__u32 : 32",
                "counter: int __attribute__ ( ( aligned ( 8 ) ) )",
                "tail: char [ ] __attribute__ ( ( aligned ( 8 ) ) )",
                "stat: __typeof__ ( s#stat )",
                "table: void ( * [ 3 ] ) ( int )",
            ]
        );
    }

    #[test]
    fn one_declaration_may_declare_several_members() {
        assert_eq!(
            read("struct x { unsigned long a , * b , c [ 2 ] ; struct { int y ; } d , * e ; }"),
            [
                "a: unsigned long",
                "b: unsigned long *",
                "c: unsigned long [ 2 ]",
                "d: struct { int y ; }",
                "e: struct { int y ; } *",
            ]
        );
    }

    #[test]
    fn a_member_in_place_has_members_of_its_own() {
        let tokens: Vec<&str> = "{ union { int c ; long d ; } u ; int e ; }".split(' ').collect();
        let list = members(&tokens).unwrap();
        let inner = list[0].inner().unwrap();
        assert_eq!(inner.iter().map(|m| m.name).collect::<Vec<_>>(), [Some("c"), Some("d")]);
        assert_eq!(list[1].inner(), None);
    }

    #[test]
    fn enumerators_are_split_at_commas() {
        let tokens: Vec<&str> =
            "enum x { A = 1 , B , C = ( 1 << ( 2 , 3 ) ) , }".split(' ').collect();
        let list = enumerators(&tokens).unwrap();
        let names: Vec<_> = list.iter().filter_map(|m| m.name).collect();
        assert_eq!(names, ["A", "B", "C"]);
        assert_eq!(list[0].tokens, ["=", "1"]);
    }

    #[test]
    fn brackets_without_end_are_no_trouble() {
        let tokens = vec!["("; 100_000];
        let body: Vec<&str> = ["{"].into_iter().chain(tokens).collect();
        assert_eq!(members(&body).unwrap()[0].name, None);
    }

    proptest! {
        #[test]
        fn no_tokens_panic(
            tokens in prop::collection::vec(
                prop::sample::select(vec![
                    "{", "}", "(", ")", "[", "]", ";", ",", ":", "*", "int", "x", "s#y",
                    "__attribute__", "struct",
                ]),
                0..40,
            )
        ) {
            let _ = members(&tokens);
            let _ = enumerators(&tokens);
        }
    }
}
