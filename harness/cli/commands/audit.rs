use crate::args::AuditArgs;
use crate::files::Files;
use crate::ui::Ui;
use std::path::Path;
use twinlto_engine::{
    AuditRequest, EngineError, Fronts, LlvmSpec, PlannedRequest, audit, install_interrupt_handler,
    planned,
};
use twinlto_model::Outcome;

pub(crate) fn run(args: &AuditArgs, files: &Files, ui: &mut Ui) -> Result<Outcome, EngineError> {
    if let (None, Some(kernel)) = (&args.planned, &args.kernel) {
        return Err(EngineError::usage(
            format!("--kernel {}", kernel.display()),
            "only a plan needs the sources",
            "give --planned BUILD_DIR, or leave --kernel out",
        ));
    }
    let report = match (&args.planned, &args.kernel) {
        (Some(build), Some(kernel)) => {
            let request = plan(args, build, kernel)?;
            // make is running meanwhile.
            install_interrupt_handler()?;
            planned(&request, &mut |event| ui.event(&event))?
        }
        _ => audit(&AuditRequest {
            build: args.build.clone().unwrap_or_default(),
            other: args.other.clone(),
            expect: args.expect.files(false),
        })?,
    };
    super::show(&report, files, ui)?;
    Ok(report.outcome)
}

fn plan(args: &AuditArgs, build: &Path, kernel: &Path) -> Result<PlannedRequest, EngineError> {
    Ok(PlannedRequest {
        build: build.to_path_buf(),
        kernel: kernel.to_path_buf(),
        llvm: args.llvm.as_deref().map(str::parse::<LlvmSpec>).transpose()?,
        fronts: if args.recorded { Fronts::Recorded } else { Fronts::Tree },
        expect: args.expect.files(false),
    })
}
