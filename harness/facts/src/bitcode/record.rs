/// One record: its code and its operands. The vector is used again for the next.
#[derive(Debug, Default)]
pub(super) struct Record<'a> {
    /// What it is, inside its kind of block.
    pub(super) code: u64,
    /// Its first operands, as many as were asked for.
    pub(super) operands: Vec<u64>,
    /// How many operands it has.
    pub(super) count: u64,
    /// The bytes at its end; empty for most.
    pub(super) blob: &'a [u8],
}

impl Record<'_> {
    pub(super) fn start(&mut self, code: u64) {
        self.code = code;
        self.operands.clear();
        self.count = 0;
        self.blob = &[];
    }

    /// Makes room for so many operands, of which `limit` are kept.
    pub(super) fn reserve(&mut self, count: u64, limit: usize) {
        self.operands.reserve(usize::try_from(count).unwrap_or(0).min(limit));
    }

    pub(super) fn push(&mut self, value: u64, limit: usize) {
        self.count = self.count.saturating_add(1);
        if self.operands.len() < limit {
            self.operands.push(value);
        }
    }

    pub(super) fn operand(&self, index: usize) -> Option<u64> {
        self.operands.get(index).copied()
    }

    /// The operands from `first` on as text; what is no UTF-8 becomes U+FFFD.
    pub(super) fn text(&self, first: usize) -> String {
        let characters = self.operands.get(first..).unwrap_or_default();
        // 0xff is in no UTF-8 text, so that what is no byte becomes U+FFFD too.
        let bytes: Vec<u8> =
            characters.iter().map(|it| u8::try_from(*it).unwrap_or(0xff)).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
