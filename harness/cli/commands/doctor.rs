use crate::args::DoctorArgs;
use crate::ui::Ui;
use twinlto_engine::{EngineError, LinkProbe, LlvmSpec, ToolState, doctor, probe_links};
use twinlto_model::Outcome;

pub(crate) fn run(args: &DoctorArgs, ui: &mut Ui) -> Result<Outcome, EngineError> {
    let llvm = args.llvm.parse::<LlvmSpec>()?;
    let tools = doctor(&llvm);
    // What is not there cannot be tried.
    let can_link = tools.iter().take(2).all(|tool| matches!(tool.state, ToolState::Found { .. }));
    let links = if can_link { probe_links(&llvm) } else { Vec::new() };
    if args.json {
        let mut text = serde_json::to_string_pretty(&serde_json::json!({
            "schema": "twinlto.doctor/1",
            "tools": tools,
            "links": links,
        }))
        .unwrap_or_default();
        text.push('\n');
        ui.answer(&text)?;
    } else {
        ui.answer(&(table(&tools) + &link_lines(&links)))?;
    }
    let missing: Vec<&str> = tools
        .iter()
        .filter(|tool| tool.required && !matches!(tool.state, ToolState::Found { .. }))
        .map(|tool| tool.name.as_str())
        .collect();
    if missing.is_empty() {
        Ok(Outcome::Agree)
    } else {
        Ok(Outcome::Skipped(format!("missing: {}", missing.join(", "))))
    }
}

fn table(tools: &[twinlto_engine::Tool]) -> String {
    let columns = tools.iter().map(|t| t.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for tool in tools {
        let name = &tool.name;
        match &tool.state {
            ToolState::Found { version, path } => {
                let version = if version.is_empty() { "found" } else { version };
                text.push_str(&format!("ok       {name:<columns$}  {version}  {path}\n"));
            }
            ToolState::Missing => {
                let word = if tool.required { "missing" } else { "absent" };
                text.push_str(&format!(
                    "{word:<8} {name:<columns$}  {}; get it: {}\n",
                    tool.purpose, tool.how
                ));
            }
            ToolState::Unfit { why } => {
                text.push_str(&format!("unfit    {name:<columns$}  {why}; get it: {}\n", tool.how));
            }
        }
    }
    text
}

/// What a distributed link of two files shows, architectures with the same answer in one line.
fn link_lines(links: &[LinkProbe]) -> String {
    let mut answers: Vec<(String, Vec<&str>)> = Vec::new();
    for link in links {
        let answer = match (&link.fails, link.rename_option) {
            (Some(why), _) => format!("fails    a distributed link of two files: {why}"),
            (None, Some(option)) => format!("ok       a distributed link of two files; {option}"),
            (None, None) => "ok       a distributed link of two files".to_owned(),
        };
        match answers.iter_mut().find(|(known, _)| *known == answer) {
            Some((_, arches)) => arches.push(link.arch.name()),
            None => answers.push((answer, vec![link.arch.name()])),
        }
    }
    answers.iter().map(|(answer, arches)| format!("{answer} ({})\n", arches.join(", "))).collect()
}
