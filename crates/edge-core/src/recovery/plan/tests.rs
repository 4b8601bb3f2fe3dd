use proptest::prelude::*;

use super::*;

const LIFE: Pace = Pace {
    factor: 1,
    quiet_ms: QUIET_MS,
};

fn reading(entries: &[(i64, bool)]) -> Reading {
    let mut reading = Reading::default();
    for (time, known) in entries {
        reading.saw(Some(*time), *known);
    }
    reading
}

fn list(is_complete: bool, date: i64) -> List {
    List {
        is_complete,
        date: Some(date),
    }
}

const DAY: i64 = 86_400;

#[test]
fn the_newest_second_stays_until_it_is_long_over_and_all_of_it_known() {
    let new = reading(&[(100, true), (105, false)]);
    assert_eq!(new.delete_up_to(list(true, 2 * DAY), LIFE), Some(104));
    let known = reading(&[(100, true), (105, true)]);
    assert_eq!(known.delete_up_to(list(true, DAY + 104), LIFE), Some(104));
    assert_eq!(known.delete_up_to(list(true, DAY + 105), LIFE), Some(105));
    assert_eq!(known.delete_up_to(list(false, 2 * DAY), LIFE), Some(104));
    // One clock alone may be wrong.
    for (date, now) in [(2 * DAY, 200), (200, 2 * DAY)] {
        let mut known = Reading::begin(now);
        known.saw(Some(100), true);
        known.saw(Some(105), true);
        assert_eq!(known.delete_up_to(list(true, date), LIFE), Some(104));
    }
    let no_clock = List {
        is_complete: true,
        date: None,
    };
    assert_eq!(known.delete_up_to(no_clock, LIFE), Some(104));
}

#[test]
fn what_stays_without_a_time_of_its_own_is_guarded_by_the_newest_before_it() {
    let mut reading = reading(&[(100, false), (107, false), (105, false)]);
    reading.saw(None, false);
    let guard = reading.guard(None);
    reading.saw(Some(120), false);
    assert_eq!(guard, Some(107));
    reading.held(guard);
    assert_eq!(reading.delete_up_to(list(true, 2 * DAY), LIFE), Some(106));
    reading.held(None);
    assert_eq!(reading.delete_up_to(list(true, 2 * DAY), LIFE), None);
}

#[test]
fn nothing_is_deleted_if_nothing_was_read_or_nothing_would_go() {
    assert_eq!(
        Reading::default().delete_up_to(list(true, 1000), LIFE),
        None
    );
    let one_second = reading(&[(100, false), (100, false)]);
    assert_eq!(one_second.delete_up_to(list(true, 1000), LIFE), None);
    let mut broken = Reading::default();
    broken.saw(None, false);
    assert_eq!(broken.delete_up_to(list(true, 1000), LIFE), None);
    broken.saw(Some(100), false);
    assert_eq!(broken.delete_up_to(list(true, 1000), LIFE), Some(99));
}

#[test]
fn an_entry_that_has_to_stay_guards_all_behind_it() {
    let mut reading = reading(&[(100, true), (105, false), (110, true), (120, true)]);
    reading.held(Some(110));
    reading.held(Some(105));
    assert_eq!(reading.delete_up_to(list(true, 9000), LIFE), Some(104));
    reading.held(Some(100));
    assert_eq!(reading.delete_up_to(list(true, 9000), LIFE), None);
}

#[test]
fn a_list_that_was_read_in_part_is_known_up_to_there() {
    let part = reading(&[(100, true), (105, false)]);
    assert_eq!(part.known_up_to(list(false, 1000)), Some(105));
    assert_eq!(part.known_up_to(list(true, 1000)), Some(1000));
    assert_eq!(Reading::default().known_up_to(list(false, 1000)), None);
}

#[test]
fn pauses_grow_to_an_hour_and_follow_3scale() {
    let minutes = |failures| LIFE.pause(failures, None) / 60_000;
    assert_eq!([1, 2, 3, 4, 5, 99].map(minutes), [5, 10, 20, 40, 60, 60]);
    assert_eq!(LIFE.pause(1, Some(7_200_000)), 7_200_000);
    assert_eq!(LIFE.pause(1, Some(i64::MAX)), 24 * 3_600_000);
    assert_eq!(Pace::new(100).pause(1, None), 3000);
}

#[test]
fn a_time_factor_shortens_all_waits_but_not_below_what_seconds_can_tell() {
    let quick = Pace::new(1_000_000);
    let known = reading(&[(100, true)]);
    assert_eq!(known.delete_up_to(list(true, 101), quick), None);
    assert_eq!(known.delete_up_to(list(true, 102), quick), Some(100));
    assert_eq!(LIFE.judge_before(300_000), 0);
    assert_eq!(Pace::new(60).judge_before(300_000), 295_000);
}

#[test]
fn a_step_ends_at_any_of_its_limits() {
    let most = Done {
        new_entries: 1999,
        new_bytes: (8 << 20) - 1,
        read_entries: 99_999,
        read_bytes: (64 << 20) - 1,
        calls: 38,
        ms: 179_999,
    };
    assert!(!is_enough(most));
    let one_more: [fn(&mut Done); 6] = [
        |done| done.new_entries += 1,
        |done| done.new_bytes += 1,
        |done| done.read_entries += 1,
        |done| done.read_bytes += 1,
        |done| done.calls += 1,
        |done| done.ms += 1,
    ];
    for one_more in one_more {
        let mut done = most;
        one_more(&mut done);
        assert!(is_enough(done), "{done:?}");
    }
}

/// The actions of 3scale and of recovery, in any order.
#[derive(Debug, Clone)]
enum Act {
    /// Some seconds pass.
    Wait(i64),
    /// 3scale gives a notification up; its process's clock is this many seconds behind.
    GiveUp { behind: i64 },
    /// A step reads at most this many entries, holds those whose number is divisible; meanwhile 3scale
    /// gives up some more; then we die before the DELETE, or not.
    Step {
        most: usize,
        hold: Option<usize>,
        meanwhile: Vec<i64>,
        dies: bool,
    },
}

fn act() -> impl Strategy<Value = Act> {
    // Most are a few seconds behind, and some have their time zone wrong.
    let behind = prop_oneof![4 => 0..5_i64, 1 => 0..14 * 3600_i64];
    prop_oneof![
        (0..90_i64).prop_map(Act::Wait),
        (0..2 * DAY).prop_map(Act::Wait),
        behind.clone().prop_map(|behind| Act::GiveUp { behind }),
        (
            1..8_usize,
            prop::option::of(2..5_usize),
            prop::collection::vec(behind, 0..4),
            prop::bool::weighted(0.2)
        )
            .prop_map(|(most, hold, meanwhile, dies)| Act::Step {
                most,
                hold,
                meanwhile,
                dies
            }),
    ]
}

/// 3scale's list as its own code keeps it, and what we have of it.
#[derive(Default)]
struct World {
    clock: i64,
    list: std::collections::VecDeque<(usize, i64)>,
    next: usize,
    seen: std::collections::BTreeSet<usize>,
}

impl World {
    fn give_up(&mut self, behind: i64) {
        self.list.push_back((self.next, self.clock - behind));
        self.next += 1;
    }

    fn step(&mut self, most: usize, hold: Option<usize>, meanwhile: &[i64], dies: bool) {
        let date = self.clock;
        let read: Vec<_> = self.list.iter().copied().take(most).collect();
        let is_complete = read.len() == self.list.len();
        let mut reading = Reading::default();
        for (id, time) in read {
            let known = self.seen.contains(&id);
            reading.saw(Some(time), known);
            if !known && hold.is_some_and(|hold| id % hold == 0) {
                reading.held(Some(time));
            } else {
                self.seen.insert(id);
            }
        }
        for behind in meanwhile {
            self.clock += 1 - behind % 2;
            self.give_up(*behind);
        }
        let list = List {
            is_complete,
            date: Some(date),
        };
        if let Some(up_to) = reading.delete_up_to(list, LIFE)
            && !dies
        {
            while let Some((id, _)) = self.list.pop_front_if(|(_, time)| *time <= up_to) {
                assert!(self.seen.contains(&id), "{id} was dropped unseen");
            }
        }
    }
}

proptest! {
    #[test]
    fn nothing_is_dropped_that_was_not_taken_in_and_in_the_end_the_list_is_empty(
        acts in prop::collection::vec(act(), 1..60)
    ) {
        let mut world = World { clock: DAY, ..World::default() };
        for act in acts {
            match act {
                Act::Wait(seconds) => world.clock += seconds,
                Act::GiveUp { behind } => world.give_up(behind),
                Act::Step { most, hold, meanwhile, dies } => world.step(most, hold, &meanwhile, dies),
            }
        }
        world.clock += DAY + 1;
        world.step(usize::MAX, None, &[], false);
        world.step(usize::MAX, None, &[], false);
        prop_assert!(world.list.is_empty());
        prop_assert_eq!(world.seen.len(), world.next);
    }
}
