use serde::Serialize;

/// What `docs/findings/live.md` says of something that untouched kernels are guilty of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LiveExplained {
    /// Its heading.
    pub name: &'static str,
    /// What is wrong, in a sentence.
    pub title: String,
    /// The text that can be sent as it is.
    pub report: &'static str,
}

const DOCUMENT: &str = include_str!("../../../../docs/findings/live.md");

/// Everything that untouched kernels are known to be guilty of.
pub fn every_live() -> impl Iterator<Item = LiveExplained> {
    DOCUMENT.split("\n## ").skip(1).filter_map(|section| {
        let (name, rest) = section.split_once('\n')?;
        let (title, rest) = rest.split_once("```\n")?;
        let (report, _) = rest.split_once("\n```")?;
        Some(LiveExplained {
            name,
            title: title.trim().replace('\n', " ").replace('`', ""),
            report,
        })
    })
}

/// Looks it up by its heading.
#[must_use]
pub fn explain_live(name: &str) -> Option<LiveExplained> {
    every_live().find(|live| live.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_has_a_text_to_send() {
        assert_eq!(every_live().count(), DOCUMENT.matches("\n## ").count());
        for live in every_live() {
            assert!(live.report.starts_with("Subject: "), "{}", live.name);
            assert!(live.report.contains("Where: "), "{}", live.name);
            assert!(live.title.ends_with('.') && !live.name.contains(' '), "{live:?}");
        }
        assert_eq!(explain_live("nothing"), None);
    }
}
