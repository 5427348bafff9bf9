use crate::args::DiffArgs;
use crate::ui::Ui;
use std::time::Instant;
use twinlto_engine::{DiffRequest, EngineError, LlvmSpec, diff, disassemble};
use twinlto_model::Outcome;

pub(crate) fn run(args: &DiffArgs, ui: &mut Ui) -> Result<Outcome, EngineError> {
    let mut last = Instant::now();
    let request = DiffRequest {
        a: args.a.clone(),
        b: args.b.clone(),
        only: args.only.clone(),
        ignore: args.ignore.clone(),
        objects: args.object.clone(),
        explain: !args.no_explain,
        expect: args.expect.files(true),
    };
    let report = diff(&request, &mut |event| {
        if last.elapsed() >= Ui::interval() {
            last = Instant::now();
            ui.event(&event);
        }
    })?;
    super::show(&report, &args.output, ui)?;
    if args.disassemble {
        let llvm = args.llvm.parse::<LlvmSpec>()?;
        for function in disassemble(&llvm, &args.a, &args.b, &report)? {
            let sides = (args.a.display().to_string(), args.b.display().to_string());
            let text = twinlto_report::disassembly(
                &function.name,
                &function.left,
                &function.right,
                (&sides.0, &sides.1),
            );
            ui.answer(&format!("\n{text}"))?;
        }
    }
    Ok(report.outcome)
}
