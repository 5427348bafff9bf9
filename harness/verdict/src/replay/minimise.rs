//! Delta debugging: the fewest of many changes that have an effect.
//!
//! Source of the algorithm: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing
//! Input", IEEE Transactions on Software Engineering 28(2), 2002: `ddmin`.

/// The smallest part of `all` that it can find for which `works` holds, in the order of `all`;
/// none if it does not hold for all of them. No single element can be left out of the result.
/// `works` is never called with nothing.
///
/// # Errors
///
/// The first that `works` returns.
pub fn minimise<T: Clone, E>(
    all: &[T],
    mut works: impl FnMut(&[T]) -> Result<bool, E>,
) -> Result<Option<Vec<T>>, E> {
    if all.is_empty() || !works(all)? {
        return Ok(None);
    }
    let mut kept = all.to_vec();
    let mut parts = 2;
    while kept.len() > 1 {
        let size = kept.len().div_ceil(parts);
        let chunks: Vec<&[T]> = kept.chunks(size).collect();
        let mut smaller = None;
        for (number, chunk) in chunks.iter().enumerate() {
            if works(chunk)? {
                smaller = Some((chunk.to_vec(), 2));
                break;
            }
            // With two parts, the rest is the other part, which has its own turn.
            if chunks.len() > 2 {
                let rest = chunks.iter().enumerate().filter(|(n, _)| *n != number);
                let rest: Vec<T> = rest.flat_map(|(_, chunk)| chunk.to_vec()).collect();
                if works(&rest)? {
                    smaller = Some((rest, parts.saturating_sub(1).max(2)));
                    break;
                }
            }
        }
        match smaller {
            Some((fewer, next)) => (kept, parts) = (fewer, next),
            None if parts >= kept.len() => break,
            None => parts = (parts * 2).min(kept.len()),
        }
    }
    Ok(Some(kept))
}

#[cfg(test)]
mod tests {
    use super::minimise;
    use proptest::prelude::*;
    use std::convert::Infallible;

    fn run(all: &[u32], needed: &[u32]) -> Option<Vec<u32>> {
        let works = |part: &[u32]| {
            assert!(!part.is_empty());
            Ok::<_, Infallible>(needed.iter().all(|n| part.contains(n)))
        };
        minimise(all, works).unwrap()
    }

    #[test]
    fn one_of_many_is_found() {
        let all: Vec<u32> = (0..100).collect();
        assert_eq!(run(&all, &[42]), Some(vec![42]));
        assert_eq!(run(&all, &[3, 97]), Some(vec![3, 97]));
        assert_eq!(run(&all, &[200]), None);
        assert_eq!(run(&[], &[]), None);
        assert_eq!(minimise(&[1], |_: &[u32]| Err("broken")), Err("broken"));
    }

    proptest! {
        /// Whatever is needed together is found, and nothing else.
        #[test]
        fn exactly_what_is_needed_is_left(
            size in 1_u32..40,
            picks in prop::collection::btree_set(0_u32..40, 1..6),
        ) {
            let all: Vec<u32> = (0..size).collect();
            let needed: Vec<u32> = picks.into_iter().filter(|n| *n < size).collect();
            prop_assume!(!needed.is_empty());
            prop_assert_eq!(run(&all, &needed), Some(needed));
        }

        /// Where any of several will do, one is left.
        #[test]
        fn one_of_several_causes_is_enough(
            size in 2_u32..40, a in 0_u32..40, b in 0_u32..40
        ) {
            prop_assume!(a < size && b < size);
            let all: Vec<u32> = (0..size).collect();
            let works = |part: &[u32]| Ok::<_, Infallible>(part.contains(&a) || part.contains(&b));
            let found = minimise(&all, works).unwrap().unwrap();
            prop_assert_eq!(found.len(), 1);
        }
    }
}
