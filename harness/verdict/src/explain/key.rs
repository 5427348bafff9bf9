use crate::expect::{every_key, layer_of};
use serde::Serialize;
use twinlto_model::Layer;

/// What `docs/findings` says of one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyExplained {
    /// The key.
    pub key: &'static str,
    /// The section of the document that it stands in.
    pub section: String,
    /// The layer that finds it; none for what no single layer finds.
    pub layer: Option<Layer>,
    /// The columns of its line by their titles, in plain text: severity, means, remedy, source.
    pub columns: Vec<(String, String)>,
}

/// Looks a key up; none where no finding has it.
#[must_use]
pub fn explain_key(key: &str) -> Option<KeyExplained> {
    let key = every_key().find(|known| *known == key)?;
    SECTIONS.iter().find_map(|document| in_section(key, document))
}

/// The documents of `docs/findings`, one a section.
const SECTIONS: [&str; 10] = [
    include_str!("../../../../docs/findings/transport.md"),
    include_str!("../../../../docs/findings/artefacts.md"),
    include_str!("../../../../docs/findings/image.md"),
    include_str!("../../../../docs/findings/replay.md"),
    include_str!("../../../../docs/findings/diagnostics.md"),
    include_str!("../../../../docs/findings/lifecycle.md"),
    include_str!("../../../../docs/findings/records.md"),
    include_str!("../../../../docs/findings/request.md"),
    include_str!("../../../../docs/findings/makefiles.md"),
    include_str!("../../../../docs/findings/expectations.md"),
];

/// What a section says once for all its keys: a paragraph that begins with this word.
fn for_all(document: &str, word: &str) -> String {
    let paragraphs = document.split("\n\n");
    let mut own = paragraphs.filter_map(|text| text.strip_prefix(word)?.strip_prefix(": "));
    let text = own.next().unwrap_or_default().replace('\n', " ");
    let text = text.split(". A remedy").next().unwrap_or_default();
    plain(text.trim_end_matches('.'))
}

fn in_section(key: &'static str, document: &str) -> Option<KeyExplained> {
    let (mut section, mut titles, mut above) = (String::new(), Vec::new(), Vec::new());
    for line in document.lines() {
        if let Some(title) = line.trim_start_matches('#').strip_prefix(' ')
            && line.starts_with('#')
        {
            section = plain(title);
            titles.clear();
        }
        let Some(row) = line.strip_prefix("| ").and_then(|row| row.strip_suffix('|')) else {
            continue;
        };
        let cells: Vec<&str> = row.split(" |").map(str::trim).collect();
        if titles.is_empty() {
            titles = cells.iter().map(|title| (*title).to_owned()).collect();
            continue;
        }
        let cells = spelled_out(cells, &above);
        let quoted = format!("`{key}`");
        if cells.first().is_some_and(|first| first.contains(&quoted)) {
            let columns = titles.into_iter().zip(&cells).skip(1);
            let columns = columns.map(|(title, cell)| (title, plain(cell)));
            let mut columns: Vec<(String, String)> =
                columns.filter(|(_, cell)| !cell.is_empty()).collect();
            for word in ["Remedy", "Source"] {
                let title = word.to_lowercase();
                if columns.iter().all(|(known, _)| *known != title) {
                    columns.push((title, for_all(document, word)));
                }
            }
            return Some(KeyExplained { key, section, layer: layer_of(key), columns });
        }
        above = cells;
    }
    None
}

/// A line's cells, with what the line above says where a cell refers to it.
fn spelled_out<'a>(cells: Vec<&'a str>, above: &[&'a str]) -> Vec<&'a str> {
    let at = |place: usize| above.get(place).copied();
    cells
        .into_iter()
        .enumerate()
        .map(|(place, cell)| if cell == "as above" { at(place).unwrap_or(cell) } else { cell })
        .collect()
}

/// Markdown as plain text: no marks for code, emphasis and links.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("](") {
        let (before, shown) = before.rsplit_once('[').unwrap_or((before, ""));
        plain.push_str(before);
        plain.push_str(shown);
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    // A star in code is a star.
    let parts = plain.split('`').enumerate();
    let text: String = parts
        .map(|(n, part)| if n % 2 == 0 { part.replace('*', "") } else { part.to_owned() })
        .collect();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_severity_and_meaning() {
        for key in every_key() {
            let found = explain_key(key).unwrap_or_else(|| panic!("{key} is in no table"));
            let text = |title| found.columns.iter().find(|(t, _)| t == title).map(|(_, c)| c);
            for title in ["severity", "means", "remedy", "source"] {
                let text = text(title).unwrap_or_else(|| panic!("{key} has no {title}"));
                assert!(!text.is_empty(), "{key} has an empty {title}");
                assert!(!text.contains("as above") && !text.contains('`'), "{key}: {text}");
            }
            assert!(!found.section.is_empty(), "{key}");
        }
    }

    #[test]
    fn a_cell_that_refers_to_the_one_above_is_spelled_out() {
        let of = |key| explain_key(key).unwrap().columns;
        assert_eq!(of("flags.option.changed")[0], of("flags.option.missing")[0]);
        assert_eq!(explain_key("flags.option"), None);
        assert_eq!(explain_key("nonsense"), None);
    }

    #[test]
    fn markdown_becomes_plain_text() {
        assert_eq!(plain("a `b/*`, see [there](#x) and *c*"), "a b/*, see there and c");
        assert_eq!(plain("odd ](x"), "odd");
    }
}
