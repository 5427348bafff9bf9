use std::collections::BTreeMap;

/// The order in which cells tell most soonest: the newest toolchain everywhere, then the oldest, then
/// the one in the middle of the widest gap. `toolchain` names that of a cell, `toolchains` are their
/// names, oldest first.
#[must_use]
pub fn order<T>(
    mut cells: Vec<T>,
    toolchain: impl Fn(&T) -> &str,
    toolchains: &[String],
) -> Vec<T> {
    let rank: BTreeMap<&str, usize> = spread(toolchains.len())
        .into_iter()
        .enumerate()
        .filter_map(|(rank, at)| Some((toolchains.get(at)?.as_str(), rank)))
        .collect();
    let last = toolchains.len();
    // Sorting keeps the order of the list where it decides nothing.
    cells.sort_by_cached_key(|cell| rank.get(toolchain(cell)).copied().unwrap_or(last));
    cells
}

/// Positions of a line: the last, the first, then always the middle of the widest gap.
fn spread(n: usize) -> Vec<usize> {
    let mut picked: Vec<usize> = match n {
        0 => return Vec::new(),
        1 => return vec![0],
        _ => vec![n - 1, 0],
    };
    while picked.len() < n {
        let mut sorted = picked.clone();
        sorted.sort_unstable();
        let gaps = sorted.iter().zip(sorted.iter().skip(1));
        let widest = gaps.max_by_key(|(a, b)| (*b - *a, std::cmp::Reverse(**a)));
        let Some((a, b)) = widest else { break };
        picked.push(a.midpoint(*b));
    }
    picked
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_model::{Arch, CellId, Modes};

    #[test]
    fn the_ends_first_and_then_the_middle_of_the_widest_gap() {
        assert_eq!(spread(7), [6, 0, 3, 1, 4, 2, 5]);
        assert_eq!(spread(2), [1, 0]);
        assert_eq!(spread(1), [0]);
        assert!(spread(0).is_empty());
        for n in 0..60 {
            let mut all = spread(n);
            all.sort_unstable();
            assert_eq!(all, (0..n).collect::<Vec<_>>());
        }
    }

    #[test]
    fn every_architecture_is_seen_before_the_second_toolchain() {
        let cell = |arch, toolchain: &str| CellId {
            kernel: "k".to_owned(),
            config: "tiny".to_owned(),
            arch,
            toolchain: toolchain.to_owned(),
            modes: Modes::default(),
        };
        let names = ["19", "22", "24"].map(str::to_owned);
        let all: Vec<CellId> = [Arch::Arm64, Arch::X86_64]
            .into_iter()
            .flat_map(|arch| names.iter().map(move |name| cell(arch, name)))
            .collect();
        let order = order(all, |cell| &cell.toolchain, &names);
        let seen: Vec<&str> = order.iter().map(|cell| cell.toolchain.as_str()).collect();
        assert_eq!(seen, ["24", "24", "19", "19", "22", "22"]);
    }
}
