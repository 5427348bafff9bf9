use crate::args::DoctorArgs;
use crate::ui::Ui;
use twinlto_engine::{EngineError, LlvmSpec, ToolState, doctor};
use twinlto_model::Outcome;

pub(crate) fn run(args: &DoctorArgs, ui: &mut Ui) -> Result<Outcome, EngineError> {
    let tools = doctor(&args.llvm.parse::<LlvmSpec>()?);
    if args.json {
        let mut text = serde_json::to_string_pretty(&serde_json::json!({
            "schema": "twinlto.doctor/1",
            "tools": tools,
        }))
        .unwrap_or_default();
        text.push('\n');
        ui.answer(&text)?;
    } else {
        ui.answer(&table(&tools))?;
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
