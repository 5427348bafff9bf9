/// How a report is laid out.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Columns to fill.
    pub columns: usize,
    /// Whether notes are listed and not only counted.
    pub verbose: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { columns: 80, verbose: false }
    }
}
