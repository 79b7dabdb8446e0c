//! The score as a pure function: a table of cases for each reason, and properties.
#![allow(clippy::unwrap_used)]

use billing::suspicion::{
    Candidate, Circumstances, Evidence, Gathering, History, LastLine, MONTHS_KNOWN, Peers, Reason, Score,
    Thresholds, expect, mark_swapped, score, usage,
};
use kernel::{Moment, Quantity, Rate};
use metering::reading::{Reading, ReadingFlags, ReadingStatus, Register, Registers, Span};

fn units(kwh: i64) -> i64 {
    kwh * Quantity::SCALE
}
fn span(previous: i64, current: i64) -> Span {
    Span { previous: Quantity::whole(previous).unwrap(), current: Quantity::whole(current).unwrap() }
}

/// An account whose meter showed 1,000 and that used about 300 kWh in each month of a year, peers unmoved.
#[derive(Clone)]
struct Case {
    line: Reading,
    history: History,
    last: Vec<LastLine>,
    peers: Peers,
    circumstances: Circumstances,
}

impl Case {
    fn read(current: i64) -> Case {
        let mut history = History::default();
        for (at, kwh) in
            [300, 290, 310, 305, 280, 320, 300, 295, 310, 290, 305, 300, 300].into_iter().enumerate()
        {
            history.add(at + 1, units(kwh), 0, 0);
        }
        let line = Reading {
            account_id: 7,
            meter_seq: 1,
            point_seq: 1,
            digits: 5,
            multiplier: Rate::ONE,
            status: ReadingStatus::Read,
            flags: ReadingFlags::default(),
            read_on: Moment::from_millis(0).date(),
            registers: Registers::total(Quantity::whole(1_000).unwrap(), Quantity::whole(current).unwrap()),
            entered_by: 0,
            entered_at: Moment::from_millis(0),
            version: 1,
        };
        let last = vec![LastLine { meter_seq: 1, multiplier: Rate::ONE.units(), current: units(1_000) }];
        let peers = Peers { level: 1000, year: 1000, members: 100 };
        Case {
            line,
            history,
            last,
            peers,
            circumstances: Circumstances { months_read: 1, ..Default::default() },
        }
    }
    fn with(mut self, change: impl FnOnce(&mut Case)) -> Case {
        change(&mut self);
        self
    }
    fn register(self, register: Register, previous: i64, current: i64) -> Case {
        self.with(|case| case.line.registers.set(register, Some(span(previous, current))))
    }
    fn flag(self, flag: ReadingFlags) -> Case {
        self.with(|case| case.line.flags = case.line.flags.with(flag, true))
    }
    fn recent(self, energy: i64, timed: i64, reactive: i64) -> Case {
        self.with(|case| case.history.recent = [units(energy), units(timed), units(reactive)])
    }
    fn scored(&self) -> Score {
        let lines = [self.line];
        let evidence = Evidence {
            account_id: 7,
            lines: &lines,
            history: self.history,
            last: &self.last,
            peers: self.peers,
            circumstances: self.circumstances,
        };
        score(&evidence, &Thresholds::built_in().unwrap())
    }
}

/// BILL-08, BILL-09, READ-14: each reason where it holds, and not beside it.
#[test]
fn each_reason_has_its_case() {
    let dial = |case: Case, current: i64| {
        case.register(Register::Total, 99_900, current).with(|case| {
            case.last[0].current = units(99_900);
        })
    };
    let cases: Vec<(&str, Case, &[Reason])> = vec![
        ("as always", Case::read(1_300), &[]),
        ("a little more", Case::read(1_320), &[]),
        ("three times as much", Case::read(1_900), &[Reason::Above]),
        ("a tenth", Case::read(1_030), &[Reason::Below, Reason::Multiple]),
        ("ten times", Case::read(4_000), &[Reason::Above, Reason::Multiple]),
        (
            "the peers moved likewise",
            Case::read(1_600).with(|case| case.peers = Peers { level: 2000, year: 2000, members: 100 }),
            &[],
        ),
        ("below the last reading", Case::read(600), &[Reason::Backwards]),
        ("passed its last digit, not confirmed", dial(Case::read(0), 200), &[Reason::MissedRollover]),
        (
            "passed its last digit, confirmed",
            dial(Case::read(0), 200)
                .with(|case| case.line.flags = case.line.flags.with_roll_over(Register::Total)),
            &[],
        ),
        (
            "a roll-over that takes the whole dial",
            Case::read(950).with(|case| case.line.flags = case.line.flags.with_roll_over(Register::Total)),
            &[Reason::DoubtfulRollover],
        ),
        (
            "registers by time above the total",
            Case::read(1_300).register(Register::Peak, 500, 700).register(Register::Valley, 500, 700),
            &[Reason::RegistersOver],
        ),
        (
            "total, flat and the rest agree",
            Case::read(1_300).register(Register::Peak, 500, 700).register(Register::Flat, 500, 600),
            &[],
        ),
        (
            "total and flat leave something over",
            Case::read(1_300).register(Register::Peak, 500, 600).register(Register::Flat, 500, 600),
            &[Reason::RegistersOver],
        ),
        (
            "registers by time at other shares",
            Case::read(1_300).register(Register::Peak, 500, 550).recent(900, 450, 0),
            &[Reason::RegisterShares],
        ),
        (
            "registers by time at their shares",
            Case::read(1_300).register(Register::Peak, 500, 650).recent(900, 450, 0),
            &[],
        ),
        // 1,303 written as 3,103.
        (
            "two digits exchanged",
            Case::read(3_103).with(|case| {
                case.line.registers =
                    Registers::total(Quantity::whole(1_000).unwrap(), Quantity::whole(3_103).unwrap())
            }),
            &[Reason::Above, Reason::DigitSwap],
        ),
        // 1,307 written as 1,907.
        ("one digit wrong", Case::read(1_907), &[Reason::Above, Reason::DigitOff]),
        (
            "another multiplier without a change",
            Case::read(1_300).with(|case| case.last[0].multiplier = Rate::whole(10).unwrap().units()),
            &[Reason::MultiplierChanged],
        ),
        (
            "another multiplier by a change",
            Case::read(1_300).with(|case| {
                case.last[0].multiplier = Rate::whole(10).unwrap().units();
                case.circumstances.change_ticket = true;
            }),
            &[],
        ),
        ("nothing used", Case::read(1_000), &[Reason::Stuck]),
        (
            "nothing used again",
            Case::read(1_000).with(|case| case.history.energy[..2].fill(Some(0))),
            &[Reason::Stuck, Reason::StuckAgain],
        ),
        (
            "nothing used by an empty flat",
            Case::read(1_000).with(|case| case.history.energy.fill(Some(0))),
            &[],
        ),
        (
            "the total stood, another register moved",
            Case::read(1_000).register(Register::Peak, 500, 650),
            &[Reason::HalfStuck, Reason::Stuck],
        ),
        ("estimated", Case::read(1_300).flag(ReadingFlags::ESTIMATED), &[Reason::Estimated]),
        (
            "estimated again",
            Case::read(1_300)
                .flag(ReadingFlags::ESTIMATED)
                .with(|case| case.circumstances.estimated_before = 1),
            &[Reason::Estimated, Reason::EstimatedAgain],
        ),
        (
            "read after estimates, and off",
            Case::read(1_900).with(|case| case.circumstances.estimated_before = 2),
            &[Reason::Above, Reason::EstimatedJump],
        ),
        (
            "reactive energy far from what it was",
            Case::read(1_300).register(Register::ReactiveForward, 0, 300).recent(900, 0, 270),
            &[Reason::PowerFactor],
        ),
        (
            "more than the demand allows",
            Case::read(1_300).with(|case| {
                let demand =
                    Span { previous: Quantity::ZERO, current: Quantity::from_units(Quantity::SCALE / 5) };
                case.line.registers.set(Register::Demand, Some(demand));
            }),
            &[Reason::DemandImpossible],
        ),
        (
            "begins elsewhere than the last month ended",
            Case::read(1_300).with(|case| case.last[0].current = units(990)),
            &[Reason::Discontinuous],
        ),
        (
            "a new meter and three times as much",
            Case::read(1_900).with(|case| case.line.meter_seq = 2),
            &[Reason::Above, Reason::MeterReplaced],
        ),
        (
            "used again after a year of nothing",
            Case::read(1_300).with(|case| case.history.energy.fill(Some(0))),
            &[Reason::WokeUp],
        ),
        (
            "not read",
            Case::read(1_000).with(|case| case.line.status = ReadingStatus::Unread),
            &[Reason::Unread],
        ),
        (
            "as high as once in the year",
            Case::read(1_900).with(|case| case.history.energy[5] = Some(units(900))),
            &[Reason::Above, Reason::SeenBefore],
        ),
        (
            "a transformer was changed",
            Case::read(1_900).with(|case| case.circumstances.supply_changed = true),
            &[Reason::Above, Reason::SupplyChanged],
        ),
        (
            "supplied for four months",
            Case::read(1_900).with(|case| case.history.energy[4..].fill(None)),
            &[Reason::Above, Reason::NewAccount],
        ),
        ("supplied for two months", Case::read(1_900).with(|case| case.history.energy[2..].fill(None)), &[]),
    ];
    for (name, case, reasons) in cases {
        let found = case.scored();
        for reason in reasons {
            assert!(found.has(*reason), "{name}: {reason:?} is missing in {found:?}");
        }
        if reasons.is_empty() {
            assert!(found.points < 25, "{name}: {found:?}");
        }
        let hard = [
            Reason::Backwards,
            Reason::MissedRollover,
            Reason::DoubtfulRollover,
            Reason::RegistersOver,
            Reason::RegisterShares,
            Reason::HalfStuck,
            Reason::DemandImpossible,
            Reason::Discontinuous,
            Reason::MultiplierChanged,
            Reason::PowerFactor,
            Reason::Stuck,
            Reason::WokeUp,
            Reason::Unread,
        ];
        for reason in hard.iter().filter(|reason| !reasons.contains(reason)) {
            assert!(!found.has(*reason), "{name}: {reason:?} does not hold in {found:?}");
        }
    }
}

/// Two accounts of a book that each used what the other is expected to use are marked, and nobody else.
#[test]
fn meters_taken_for_each_other_are_found() {
    let thresholds = Thresholds::built_in().unwrap();
    let candidate = |place: usize, used: i64, usual: i64| {
        let mut case = Case::read(1_000 + used);
        case.history = History::default();
        for back in 1..=12 {
            case.history.add(back, units(usual), 0, 0);
        }
        let lines = [case.line];
        let evidence = Evidence {
            account_id: place as i64,
            lines: &lines,
            history: case.history,
            last: &[],
            peers: case.peers,
            circumstances: case.circumstances,
        };
        let expected = expect(&evidence, usage(&lines), &thresholds).unwrap();
        let score = score(&evidence, &thresholds);
        (Candidate::of(place, place as i64, usage(&lines), expected, &lines), score)
    };
    let made: Vec<_> = [(0, 900, 200), (1, 205, 880), (2, 2_000, 300), (3, 300, 305)]
        .map(|(at, used, usual)| candidate(at, used, usual))
        .into();
    let candidates: Vec<Candidate> = made.iter().filter_map(|(candidate, _)| candidate.clone()).collect();
    assert_eq!(candidates.len(), 3, "who is not off is no candidate");
    let mut scores: Vec<Score> = made.into_iter().map(|(_, score)| score).collect();
    mark_swapped(&candidates, &mut scores, &thresholds);
    let marked: Vec<bool> = scores.iter().map(|score| score.has(Reason::Swapped)).collect();
    assert_eq!(marked, [true, true, false, false]);
}

/// A class with too few members at a station is compared over all stations; medians do not follow one account.
#[test]
fn peers_are_medians_of_their_class_and_station() {
    let thresholds = Thresholds::built_in().unwrap();
    let mut gathering = Gathering::default();
    let history = Case::read(1_300).history;
    for at in 0..20 {
        gathering.add(1, "residential", units(if at == 0 { 90_000 } else { 360 }), &history);
        gathering.add(2, "shop", units(150), &history);
    }
    gathering.add(1, "shop", units(900), &history);
    let movements = gathering.close(&thresholds);
    assert_eq!(movements.of(1, "residential").level, 1200);
    assert_eq!(movements.of(1, "shop").level, 500);
    assert_eq!(movements.of(1, "farm"), Peers::NONE);
}

fn random_case(random: &mut impl FnMut(u64) -> u64) -> Case {
    let extremes = [0, 1, -1, i64::MAX, i64::MIN, units(1), units(300)];
    let value = |random: &mut dyn FnMut(u64) -> u64| match random(3) {
        0 => extremes[random(extremes.len() as u64) as usize],
        1 => units(random(2_000) as i64),
        _ => random(u64::MAX) as i64,
    };
    let mut case = Case::read(1_300);
    for register in Register::ALL {
        if random(3) == 0 || *register == Register::Total {
            let span = Span {
                previous: Quantity::from_units(value(random)),
                current: Quantity::from_units(value(random)),
            };
            case.line.registers.set(*register, Some(span));
        }
    }
    case.line.digits = random(20) as u8;
    case.line.multiplier = Rate::from_units(value(random));
    case.line.flags = ReadingFlags(random(1 << 26) as u32);
    for energy in &mut case.history.energy {
        *energy = (random(3) > 0).then(|| value(random));
    }
    case.history.recent = [value(random), value(random), value(random)];
    case.last[0] = LastLine { meter_seq: 1, multiplier: value(random), current: value(random) };
    case.peers = Peers { level: value(random), year: value(random), members: 5 };
    case.circumstances.estimated_before = random(256) as u8;
    case.circumstances.months_read = random(256) as u8;
    case
}

/// Whatever the figures, the score lies within 0 and 100, never panics, and the same evidence scores the same.
#[test]
fn any_figures_give_a_score() {
    let mut state = 20_260_131_u64;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) % below.max(1)
    };
    for round in 0..20_000 {
        let case = random_case(&mut random);
        let found = case.scored();
        assert!(found.points <= 100, "{round}: {found:?}");
        assert_eq!(found, case.scored(), "{round}");
    }
}

/// BILL-08: the further from what is expected, the more points of deviation, on either side.
#[test]
fn further_off_is_never_less_suspicious() {
    let points = |used: i64| {
        let found = Case::read(1_000 + used).scored();
        let deviation = |reason| matches!(reason, Reason::Above | Reason::Below | Reason::SeenBefore);
        found.findings.iter().filter(|one| deviation(one.reason)).map(|one| one.points).sum::<i32>()
    };
    let up: Vec<i32> = (300..5_000).step_by(20).map(points).collect();
    let down: Vec<i32> = (0..300).rev().step_by(5).map(points).collect();
    assert!(up.is_sorted() && down.is_sorted(), "{up:?} {down:?}");
    assert!(up[0] == 0 && *up.last().unwrap() > 40 && *down.last().unwrap() > 20);
    assert_eq!(MONTHS_KNOWN, 13);
}
