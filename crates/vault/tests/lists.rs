//! Lists of acts, kinds and checkpoints as a person leafs through them; on both engines.
#![allow(clippy::unwrap_used)]

mod house;

use house::{CHANGE, ORG, each_engine, make_keys, now, person};
use identity::Desk;
use kernel::Moment;
use proof::{KeyKind, SigningKey};
use store::{Store, Walk};
use vault::{
    Act, ActQuery, KeyRole, VaultError, acts, add_key, checkpoint, checkpoint_over, checkpoints,
    checkpoints_part, cosign, document_kinds, last_cosigned, leaf, proof_of, record, record_batch, size,
};

const DAY_MILLIS: i64 = 86_400_000;

/// An act as this test knows it: person, kind, number, day after the first.
type Known = (i64, &'static str, String, i64);

/// Acts of two persons on documents of three kinds; every `run` acts the day is another, and after the second the
/// first again, as when a clock is set back.
fn fill(store: &Store, count: i64, run: i64) -> Vec<Known> {
    let (wang, li) = (person(ORG, 11, "王芳"), person(ORG, 12, "李强"));
    (0..count)
        .map(|seq| {
            let who = if seq % 3 == 0 { &li } else { &wang };
            let (kind, number) =
                (["meter", "account", "tariff"][(seq % 4 % 3) as usize], (seq % 5).to_string());
            let day = seq / run % 2;
            let act = Act::new(CHANGE, 3, kind, number.as_str());
            let at = now().plus_millis(day * DAY_MILLIS);
            assert_eq!(Desk::new(store, who).act(at, |work| record(work, &act)), Ok::<_, VaultError>(seq));
            (who.person_id, kind, number, day)
        })
        .collect()
}

fn asked(store: &Store, query: &ActQuery) -> (Vec<i64>, i64) {
    let (found, count) = store.read(|tx| acts(tx, ORG, query)).unwrap();
    (found.iter().map(|act| act.seq).collect(), count)
}

/// XC-15: whatever is asked for, the list holds just the acts that fit, in their order, and says how many there are.
#[test]
fn a_list_holds_the_acts_that_fit() {
    each_engine(|store| {
        assert_eq!(asked(store, &ActQuery { limit: 5, ..ActQuery::default() }), (vec![], 0));
    });
    // In runs of three a day has few runs, in runs of one more than are named one by one.
    for (count, run) in [(17, 3), (45, 1)] {
        each_engine(|store| {
            let all = fill(store, count, run);
            let first = now().date();
            let days = [None, Some(0), Some(1), Some(2)];
            for person_id in [None, Some(11), Some(12), Some(13)] {
                for kind in [None, Some("meter"), Some("tariff"), Some("nothing")] {
                    for number in [None, Some("2")] {
                        for day in days {
                            let fits = |(who, what, which, when): &Known| {
                                person_id.is_none_or(|wanted| wanted == *who)
                                    && kind.is_none_or(|wanted| wanted == *what)
                                    && number.is_none_or(|wanted| kind.is_none() || wanted == which)
                                    && day.is_none_or(|wanted| wanted == *when)
                            };
                            let mut expected: Vec<i64> =
                                (0..).zip(&all).filter(|(_, act)| fits(act)).map(|(seq, _)| seq).collect();
                            for newest_first in [false, true] {
                                for (offset, limit) in [(0, 4), (3, 2), (40, 9), (0, 0)] {
                                    let query = ActQuery {
                                        person_id,
                                        kind: kind.map(str::to_owned),
                                        number: number.map(str::to_owned),
                                        day: day.map(|day| first.plus_days(day).unwrap()),
                                        newest_first,
                                        walk: Walk::default(),
                                        offset,
                                        limit,
                                    };
                                    let part = expected.iter().copied().skip(offset).take(limit).collect();
                                    let whole = i64::try_from(expected.len()).unwrap();
                                    assert_eq!(asked(store, &query), (part, whole), "{query:?}");
                                }
                                expected.reverse();
                            }
                        }
                    }
                }
            }
            let kinds = store.read(|tx| document_kinds(tx, ORG)).unwrap();
            assert_eq!(kinds, ["account", "meter", "tariff"]);
            assert_eq!(store.read(|tx| document_kinds(tx, 2)), Ok(vec![]));
            store
                .read(|tx| {
                    assert_eq!(leaf(tx, ORG, count - 1)?.seq, count - 1);
                    let beyond = VaultError::BeyondEnd { asked: count, size: count };
                    assert_eq!(leaf(tx, ORG, count).map(|leaf| leaf.seq), Err(beyond));
                    assert_eq!((size(tx, ORG)?, size(tx, 2)?), (count, 0));
                    Ok::<_, VaultError>(())
                })
                .unwrap();
        });
    }
}

/// Checkpoints are listed by parts; each shows who cosigned it, and the largest that was cosigned proves best.
#[test]
fn checkpoints_are_listed_with_their_witnesses() {
    each_engine(|store| {
        let wang = person(ORG, 11, "王芳");
        let desk = Desk::new(store, &wang);
        let signers = make_keys(store);
        let witness = |name, seed| SigningKey::generate(KeyKind::Cosignature, name, &[seed; 32]).unwrap();
        let (one, two) = (witness("w1", 1), witness("w2", 2));
        for key in [&one, &two] {
            desk.act(now(), |work| add_key(work, KeyRole::Witness, key.verifier())).unwrap();
        }
        let later = |millis: i64| -> Moment { now().plus_millis(millis) };
        let more = [Act::new(CHANGE, 3, "meter", "1"), Act::new(CHANGE, 3, "meter", "2")];
        let mut made = Vec::new();
        for round in 0..3 {
            desk.act(later(round), |work| record_batch(work, &more)).unwrap();
            made.push(desk.act(later(round), |work| checkpoint(work, &signers)).unwrap());
        }
        let sizes: Vec<i64> = made.iter().map(|made| made.size).collect();
        let line = |key: &SigningKey, place: usize| {
            let text = proof::Note::parse(made[place].note.as_bytes()).unwrap().text().to_owned();
            key.cosign(&text, 1_000).unwrap().line()
        };
        let take = |key: &SigningKey, place: usize, at: i64| {
            let line = line(key, place);
            desk.act(later(at), |work| cosign(work, line.as_bytes())).unwrap()
        };
        let never = store.read(|tx| last_cosigned(tx, ORG, None));
        assert_eq!(never, Ok(0));
        assert_eq!(take(&one, 0, 10).size, sizes[0]);
        assert_eq!(take(&two, 0, 11).witnesses, ["w2"]);
        assert_eq!(take(&two, 1, 12).size, sizes[1]);
        store
            .read(|tx| {
                assert_eq!(last_cosigned(tx, ORG, None)?, sizes[1]);
                assert_eq!(last_cosigned(tx, ORG, Some("w1"))?, sizes[0]);
                assert_eq!(last_cosigned(tx, ORG, Some("w2"))?, sizes[1]);
                assert_eq!(last_cosigned(tx, ORG, Some("w3"))?, 0);
                let (all, count) = checkpoints_part(tx, ORG, 0, 10)?;
                assert_eq!(count, 3);
                let shown: Vec<_> = all
                    .iter()
                    .map(|kept| {
                        let by = kept.cosignatures.iter().map(|one| (one.witness.as_str(), one.taken_at));
                        (kept.checkpoint.size, by.collect::<Vec<_>>())
                    })
                    .collect();
                assert_eq!(
                    shown,
                    [
                        (sizes[2], vec![]),
                        (sizes[1], vec![("w2", later(12))]),
                        (sizes[0], vec![("w1", later(10)), ("w2", later(11))]),
                    ]
                );
                assert_eq!(all, checkpoints(tx, ORG, None, 10)?);
                assert_eq!(checkpoints_part(tx, ORG, 1, 1)?, (vec![all[1].clone()], 3));
                assert_eq!(checkpoints_part(tx, ORG, 3, 1)?, (vec![], 3));
                assert_eq!(checkpoints_part(tx, 2, 0, 1)?, (vec![], 0));
                // An act under the second is proved by what was cosigned, a later one by the log's word alone.
                for seq in 0..sizes[2] {
                    let best = if seq < sizes[1] { &made[1] } else { &made[2] };
                    assert_eq!(&checkpoint_over(tx, ORG, seq)?, best, "{seq}");
                    let signatures = proof_of(tx, ORG, seq)?.note().signatures().len();
                    assert_eq!(signatures, if seq < sizes[1] { 3 } else { 2 }, "{seq}");
                }
                Ok::<_, VaultError>(())
            })
            .unwrap();
    });
}
