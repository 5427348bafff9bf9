use crate::args::DiffArgs;
use crate::files::Files;
use crate::ui::Ui;
use twinlto_engine::{
    DiffRequest, EngineError, LlvmSpec, diff, diff_records, disassemble, is_record,
};
use twinlto_model::Outcome;

pub(crate) fn run(args: &DiffArgs, files: &Files, ui: &mut Ui) -> Result<Outcome, EngineError> {
    let request = DiffRequest {
        a: args.a.clone(),
        b: args.b.clone(),
        only: args.only.clone(),
        ignore: args.ignore.clone(),
        objects: args.object.clone(),
        explain: !args.no_explain,
        expect: args.expect.files(false),
    };
    let records = is_record(&args.a) && is_record(&args.b);
    if records && args.disassemble {
        let (what, hint) = ("--disassemble", "give two ELF files");
        return Err(EngineError::usage(what, "a record holds no functions", hint));
    }
    let report = if records {
        diff_records(&request, &super::record::read(&args.a)?, &super::record::read(&args.b)?)?
    } else {
        diff(&request, &mut |event| ui.event(&event))?
    };
    // First, so that a report is not followed by an error.
    let functions = match args.disassemble {
        true => disassemble(&args.llvm.parse::<LlvmSpec>()?, &args.a, &args.b, &report)?,
        false => Vec::new(),
    };
    super::show(&report, files, ui)?;
    for function in functions {
        let sides = (args.a.display().to_string(), args.b.display().to_string());
        let text = twinlto_report::disassembly(
            &function.name,
            &function.left,
            &function.right,
            (&sides.0, &sides.1),
        );
        ui.answer(&format!("\n{text}"))?;
    }
    Ok(report.outcome)
}
