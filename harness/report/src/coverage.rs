//! The account of every input: how much there is, and what became of it.

use crate::style::Style;
use crate::text::{pad, safe, thousands, width, wrap};
use twinlto_model::{Account, Report, Share, Treatment};

/// A block an architecture, with a paragraph an input; nothing where no accounts were kept.
pub(crate) fn coverage(report: &Report, style: &Style) -> Vec<String> {
    let mut lines = Vec::new();
    for twin in report.twins.iter().filter(|twin| !twin.coverage.is_empty()) {
        lines.push(String::new());
        lines.push(format!("coverage of {}", twin.arch));
        for account in &twin.coverage {
            lines.extend(paragraph(account, style));
        }
    }
    lines
}

fn paragraph(account: &Account, style: &Style) -> Vec<String> {
    let total = account.unit.count(account.total);
    let head = safe(&format!("  {}, {}: {total}", account.input, account.side));
    let amounts: Vec<String> = account.shares.iter().map(|s| thousands(s.amount)).collect();
    let most = amounts.iter().map(|text| width(text)).max().unwrap_or_default();
    let mut lines = wrap(&head, style.columns);
    if let Some(first) = lines.first_mut() {
        first.insert_str(0, "  ");
    }
    for (share, amount) in account.shares.iter().zip(&amounts) {
        let amount = format!("    {}{amount}  ", " ".repeat(most - width(amount)));
        let room = style.columns.saturating_sub(width(&amount)).max(20);
        for (n, line) in wrap(&safe(&said(share)), room).into_iter().enumerate() {
            let start = if n == 0 { amount.clone() } else { pad("", width(&amount)) };
            lines.push(format!("{start}{line}"));
        }
    }
    lines
}

fn said(share: &Share) -> String {
    let what = &share.what;
    match &share.treatment {
        Treatment::Compared { by } => format!("{what}: compared ({})", by.name()),
        Treatment::SetAside { rule } if rule == what => format!("{what}: set aside"),
        Treatment::SetAside { rule } => format!("{what}: set aside ({rule})"),
        Treatment::NotCompared { why } => format!("{what}: not compared ({why})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made;
    use twinlto_model::{Layer, Unit};

    #[test]
    fn the_parts_stand_under_the_whole() {
        let account = Account::of("A", "vmlinux", Unit::Bytes, 12_345)
            .compared(Layer::Code, "functions", 12_000)
            .set_aside("padding", "padding", 300)
            .close();
        let mut report = made::agreeing();
        report.twins[0].coverage = vec![account];
        let lines = coverage(&report, &Style::default());
        let expected = [
            "",
            "coverage of arm64",
            "  vmlinux, A: 12,345 bytes",
            "    12,000  functions: compared (code)",
            "       300  padding: set aside",
            "        45  everything else: not compared (no layer reads it)",
        ];
        assert_eq!(lines, expected);
    }
}
