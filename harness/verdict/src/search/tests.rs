use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Asks until there is an answer; how often, and what came out.
fn run(search: &mut Search, truth: impl Fn(usize) -> Answer) -> (Vec<usize>, Next) {
    let mut asked = Vec::new();
    loop {
        match search.step() {
            Next::Ask(candidate) => {
                assert!(!asked.contains(&candidate), "{candidate} was asked twice");
                asked.push(candidate);
                search.tell(candidate, truth(candidate));
            }
            end => return (asked, end),
        }
    }
}

fn line(n: usize) -> Search {
    Search::new(History::line(n), 0, n - 1).unwrap()
}

#[test]
fn ends_are_asked_first_and_must_be_what_they_are_called() {
    let mut search = line(9);
    assert_eq!(search.step(), Next::Ask(0));
    search.tell(0, Answer::Good);
    assert_eq!(search.step(), Next::Ask(8));
    search.tell(8, Answer::Good);
    assert_eq!(search.step(), Next::Hopeless(Hopeless::BadIsGood(8)));
    search.tell(8, Answer::Unknown);
    assert_eq!(search.step(), Next::Hopeless(Hopeless::EndUnknown(8)));
    search.tell(8, Answer::Bad);
    assert_eq!(search.step(), Next::Ask(4));
    search.tell(0, Answer::Bad);
    assert_eq!(search.step(), Next::Hopeless(Hopeless::GoodIsBad(0)));
}

#[test]
fn what_cannot_be_searched_is_said() {
    let history = History::line(3);
    assert_eq!(Search::new(history.clone(), 1, 1).unwrap_err(), SearchError::SameEnds);
    assert_eq!(Search::new(history.clone(), 2, 0).unwrap_err(), SearchError::NotADescendant(2));
    assert_eq!(Search::new(history, 0, 9).unwrap_err(), SearchError::Unknown(9));
    let backwards = History::new(vec![vec![], vec![1]]);
    assert_eq!(backwards.unwrap_err(), HistoryError { candidate: 1, parent: 1 });
}

#[test]
fn two_candidates_need_their_ends_only() {
    let (asked, end) = run(&mut line(2), |n| if n == 1 { Answer::Bad } else { Answer::Good });
    assert_eq!((asked, end), (vec![0, 1], Next::First(1)));
}

#[test]
fn twelve_commits_take_at_most_four_beside_the_ends() {
    for first in 1..13 {
        let bad = |n| if n >= first { Answer::Bad } else { Answer::Good };
        let (asked, end) = run(&mut line(13), bad);
        assert_eq!(end, Next::First(first));
        assert!(asked.len() <= 2 + 4, "{first}: {asked:?}");
    }
}

#[test]
fn a_side_branch_is_searched_too() {
    // 0 - 1 - 2 ----- 5 (bad)
    //      \- 3 - 4 -/
    let parents = vec![vec![], vec![0], vec![1], vec![1], vec![3], vec![2, 4]];
    let bad: BTreeSet<usize> = [3, 4, 5].into();
    let mut search = Search::new(History::new(parents).unwrap(), 0, 5).unwrap();
    let answer = |n| if bad.contains(&n) { Answer::Bad } else { Answer::Good };
    assert_eq!(run(&mut search, answer).1, Next::First(3));
}

#[test]
fn a_long_history_is_halved_in_no_time() {
    let mut search = line(60_000);
    let bad = |n| if n >= 41_234 { Answer::Bad } else { Answer::Good };
    let (asked, end) = run(&mut search, bad);
    assert_eq!(end, Next::First(41_234));
    assert!(asked.len() <= 2 + 17, "{}", asked.len());
}

/// A random history in which every candidate descends from the first, and the last from all.
fn histories() -> impl Strategy<Value = Vec<Vec<usize>>> {
    let parents = |n: usize| {
        let list = (1..n).map(|child| prop::collection::vec(0..child, 1..3));
        list.collect::<Vec<_>>()
    };
    (3_usize..40).prop_flat_map(parents).prop_map(|list| {
        let mut all = vec![vec![]];
        all.extend(list);
        let has_child: BTreeSet<usize> = all.iter().flatten().copied().collect();
        let tips = (0..all.len()).filter(|n| !has_child.contains(n)).collect();
        all.push(tips);
        all
    })
}

proptest! {
    /// Whatever is bad with all that descends from it is found; where all can be told, in about as
    /// many questions as halving takes.
    #[test]
    fn the_first_bad_one_is_found(parents in histories(), at in any::<prop::sample::Index>()) {
        let history = History::new(parents).unwrap();
        let last = history.len() - 1;
        let first = 1 + at.index(last);
        let truth = |n| match history.ancestry(n).contains(first) {
            true => Answer::Bad,
            false => Answer::Good,
        };
        let mut search = Search::new(history.clone(), 0, last).unwrap();
        let (asked, end) = run(&mut search, truth);
        prop_assert_eq!(end, Next::First(first));
        prop_assert!(asked.len() <= history.len());
        // The same answers again give the same end, in any order.
        let mut again = Search::new(history.clone(), 0, last).unwrap();
        for candidate in asked.iter().rev() {
            again.tell(*candidate, truth(*candidate));
        }
        prop_assert_eq!(again.step(), Next::First(first));
    }

    /// With candidates that cannot be told, the answer is never wrong: it is the first bad one, or a
    /// list that has it.
    #[test]
    fn what_cannot_be_told_widens_the_answer_and_never_falsifies_it(
        parents in histories(),
        at in any::<prop::sample::Index>(),
        skipped in prop::collection::btree_set(0_usize..42, 0..20),
    ) {
        let history = History::new(parents).unwrap();
        let last = history.len() - 1;
        let first = 1 + at.index(last);
        let truth = |n| match history.ancestry(n).contains(first) {
            _ if skipped.contains(&n) && n != 0 && n != last => Answer::Unknown,
            true => Answer::Bad,
            false => Answer::Good,
        };
        let mut search = Search::new(history.clone(), 0, last).unwrap();
        match run(&mut search, truth).1 {
            Next::First(found) => prop_assert_eq!(found, first),
            Next::Among(list) => {
                prop_assert!(list.contains(&first), "{list:?} has not {first}");
                let (bad, others) = list.split_last().unwrap();
                prop_assert_eq!(search.answer(*bad), Some(Answer::Bad));
                prop_assert!(others.iter().all(|n| search.answer(*n) == Some(Answer::Unknown)));
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }

    /// A line takes no more questions than halving does.
    #[test]
    fn a_line_is_halved(n in 2_usize..500, at in any::<prop::sample::Index>()) {
        let first = 1 + at.index(n - 1);
        let truth = |c| if c >= first { Answer::Bad } else { Answer::Good };
        let (asked, end) = run(&mut line(n), truth);
        prop_assert_eq!(end, Next::First(first));
        prop_assert!(asked.len() <= 2 + (n - 1).next_power_of_two().trailing_zeros() as usize);
    }

    /// A predicate that answers as it likes ends all the same.
    #[test]
    fn a_flaky_predicate_ends(parents in histories(), answers in prop::collection::vec(0_u8..3, 60)) {
        let history = History::new(parents).unwrap();
        let last = history.len() - 1;
        let mut search = Search::new(history, 0, last).unwrap();
        let truth = |n: usize| match answers[n % answers.len()] {
            0 => Answer::Good,
            1 => Answer::Bad,
            _ => Answer::Unknown,
        };
        let (asked, _end) = run(&mut search, truth);
        prop_assert!(asked.len() <= last + 1);
    }

    /// The smallest set: any set that needs all of `guilty` is found, whatever else there is.
    #[test]
    fn the_guilty_parts_are_found(
        n in 1_usize..200,
        picks in prop::collection::vec(any::<prop::sample::Index>(), 1..6),
    ) {
        let guilty: BTreeSet<usize> = picks.iter().map(|pick| pick.index(n)).collect();
        let mut search = Subset::new(n);
        let mut asked = 0;
        let found = loop {
            match search.step() {
                SubsetStep::Ask(set) => {
                    asked += 1;
                    prop_assert!(asked < 5000);
                    let bad = guilty.iter().all(|part| set.contains(part));
                    search.tell(&set, bad);
                }
                SubsetStep::Found(set) => break set,
            }
        };
        prop_assert_eq!(found, guilty.into_iter().collect::<Vec<_>>());
    }
}
