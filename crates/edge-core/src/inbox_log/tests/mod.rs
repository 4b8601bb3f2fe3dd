//! The rules against a brute-force model: any row of moves, a kill at any point, the invariants after each.

mod examples;
mod invariants;
mod ledger;
pub(crate) mod tables;
mod world;

use proptest::prelude::*;

use self::{ledger::Truth, world::World};
use super::{DestinationId, Line};
use crate::delivery::{
    batching::Batching,
    outcome::{Failure, Outcome},
    unreached::Unreached,
};

#[derive(Debug, Clone)]
enum Move {
    Push(Option<Line>, Vec<DestinationId>),
    /// Many at once, of a few objects.
    Batch(usize),
    Start(DestinationId),
    End(DestinationId, usize, Outcome, f64),
    Flush(DestinationId, bool),
    Clock(i64),
    Kill,
    Pause(DestinationId),
    Resume(DestinationId),
    Drop(DestinationId),
    ReplayOne(DestinationId, usize),
    ReplayMany(DestinationId, Option<Truth>),
    Add,
    Forget,
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    let status = |code, wait| Just(Outcome::of_status(code, wait));
    prop_oneof![
        10 => status(204, None),
        3 => status(500, None),
        2 => status(503, Some(60_000)),
        1 => status(400, None),
        1 => status(422, None),
        2 => status(410, None),
        1 => Just(Outcome::Postponed { wait_ms: 9000 }),
        2 => Just(Outcome::failed(Failure::Unreached(Unreached::by_error(Some("TimeoutError"), "")))),
        1 => Just(Outcome::failed(Failure::Binding("KV put() limit exceeded for the day.".into()))),
    ]
}

fn moves() -> impl Strategy<Value = Move> {
    let to = || 1..=3_u32;
    let line = prop::option::weighted(0.8, 0..3_i64);
    prop_oneof![
        8 => (line, prop::sample::subsequence(vec![1, 2, 3], 0..=3)).prop_map(|(line, to)| Move::Push(line, to)),
        1 => (1..90_usize).prop_map(Move::Batch),
        16 => to().prop_map(Move::Start),
        14 => (to(), 0..6_usize, outcomes(), 0.0..1.0).prop_map(|(to, which, outcome, chance)| Move::End(to, which, outcome, chance)),
        6 => (to(), prop::bool::weighted(0.15)).prop_map(|(to, fails)| Move::Flush(to, fails)),
        5 => prop_oneof![0..300_i64, 0..400_000_i64, Just(90_000_000), -700_000..0_i64].prop_map(Move::Clock),
        2 => Just(Move::Kill),
        1 => to().prop_map(Move::Pause),
        2 => to().prop_map(Move::Resume),
        1 => to().prop_map(Move::Drop),
        3 => (to(), 0..100_usize).prop_map(|(to, nth)| Move::ReplayOne(to, nth)),
        1 => (to(), prop::option::of(prop::sample::select(vec![Truth::Delivered, Truth::Dead, Truth::Waiting])))
            .prop_map(|(to, only)| Move::ReplayMany(to, only)),
        1 => Just(Move::Add),
        1 => Just(Move::Forget),
    ]
}

impl World {
    fn make(&mut self, one: &Move) {
        self.moves += 1;
        let known = self.ids();
        let is_known = |id: &DestinationId| known.contains(id);
        match one {
            Move::Push(line, routed) => self.push(*line, routed),
            Move::Batch(count) => (0..*count).for_each(|n| {
                self.push(Some(i64::try_from(n % 2).unwrap()), &[1, 2]);
            }),
            Move::Clock(by) => self.clock(*by),
            Move::Kill => self.kill(),
            Move::Add => self.add_destination(3),
            Move::Forget => self.forget(),
            Move::Start(to)
            | Move::End(to, ..)
            | Move::Flush(to, _)
            | Move::Pause(to)
            | Move::Resume(to)
            | Move::Drop(to)
            | Move::ReplayOne(to, _)
            | Move::ReplayMany(to, _)
                if !is_known(to) => {}
            Move::Start(to) => {
                self.start(*to);
            }
            Move::End(to, which, outcome, chance) => self.end(*to, *which, outcome, *chance),
            Move::Flush(to, fails) => self.flush(*to, *fails),
            Move::Pause(to) => self.pause(*to),
            Move::Resume(to) => self.resume(*to),
            Move::Drop(to) => self.drop_undelivered(*to),
            Move::ReplayOne(to, nth) => self.replay_one(*to, *nth),
            Move::ReplayMany(to, only) => self.replay_many(*to, *only),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_shrink_iters: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_rows_say_the_truth_and_all_of_it_arrives(
        all in prop::collection::vec(moves(), 1..120),
        batching in prop::option::of((2..6_usize, 0..20_000_i64)),
    ) {
        let batching = batching.map(|(most, wait_ms)| Batching { most, wait_ms });
        let mut world = World::batched(batching);
        for one in &all {
            world.make(one);
            world.check();
        }
        world.settle();
        world.check();
        world.check_rest();
    }
}
