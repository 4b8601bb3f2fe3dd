use proptest::prelude::*;

use super::*;

/// A quarantine as the store keeps it: the oldest first.
#[derive(Default)]
struct Quarantine {
    rows: Vec<(u8, Way, u64)>,
    room: Room,
}

impl Quarantine {
    fn bytes(&self) -> u64 {
        self.rows.iter().map(|row| row.2).sum()
    }

    fn comes(&mut self, body: u8, way: Way, size: u64) -> Place {
        let at = self.rows.iter().position(|row| row.0 == body);
        let found = at.map(|at| self.rows[at].1);
        let place = self.room.place(found, way, size);
        match place {
            Place::Known | Place::Mark => {
                let (_, before, size) = self.rows.remove(at.unwrap());
                let after = if place == Place::Mark { way } else { before };
                self.room = self.room.without(before, size).with(after, size);
                self.rows.push((body, after, size));
            }
            Place::Store { evict } => {
                let mut freed = 0;
                while freed < evict {
                    let oldest = self.rows.iter().position(|row| row.1 == Way::Pushed);
                    let (_, way, size) = self.rows.remove(oldest.expect("enough was pushed"));
                    self.room = self.room.without(way, size);
                    freed += size;
                }
                self.room = self.room.with(way, size);
                self.rows.push((body, way, size));
            }
            Place::Full => {}
        }
        place
    }
}

fn ways() -> impl Strategy<Value = Way> {
    prop_oneof![Just(Way::Pushed), Just(Way::Recovered)]
}

proptest! {
    #[test]
    fn what_was_recovered_is_never_removed_and_the_quarantine_never_grows_beyond_its_bound(
        coming in proptest::collection::vec((any::<u8>(), ways(), 1_u64..(MOST_BYTES / 3)), 1..200)
    ) {
        let mut quarantine = Quarantine::default();
        let mut recovered = Vec::new();
        for (body, way, size) in coming {
            let before = quarantine.rows.len();
            let place = quarantine.comes(body, way, size);
            if way == Way::Recovered && place.is_kept() {
                recovered.push(body);
            }
            prop_assert!(quarantine.bytes() <= MOST_BYTES);
            prop_assert_eq!(quarantine.bytes(), quarantine.room.pushed + quarantine.room.recovered);
            for body in &recovered {
                let kept = quarantine.rows.iter().filter(|row| row.0 == *body && row.1 == Way::Recovered);
                prop_assert_eq!(kept.count(), 1, "a body and its reprint are one, and it stays");
            }
            if place == Place::Full {
                prop_assert_eq!(quarantine.rows.len(), before, "what finds no place pushes nobody out");
                prop_assert!(quarantine.room.recovered + size > MOST_BYTES);
            }
        }
    }
}

#[test]
fn a_pushed_body_makes_place_for_a_newer_one_and_no_more_than_it_needs() {
    let full = Room {
        pushed: MOST_BYTES - 100,
        recovered: 100,
    };
    for way in [Way::Pushed, Way::Recovered] {
        assert_eq!(full.place(None, way, 30), Place::Store { evict: 30 });
        assert_eq!(
            Room::default().place(None, way, 30),
            Place::Store { evict: 0 }
        );
    }
}

#[test]
fn when_it_is_full_of_recovered_bodies_nothing_else_has_a_place() {
    let full = Room {
        pushed: 0,
        recovered: MOST_BYTES - 10,
    };
    for way in [Way::Pushed, Way::Recovered] {
        assert_eq!(full.place(None, way, 11), Place::Full);
        assert_eq!(full.place(None, way, 10), Place::Store { evict: 0 });
        // What is there already needs no place.
        assert!(full.place(Some(Way::Pushed), way, 11).is_kept());
        assert_eq!(full.place(Some(Way::Recovered), way, 11), Place::Known);
    }
}

#[test]
fn an_empty_body_takes_place_too() {
    assert!(size(b"", "") > 0);
    assert_eq!(size(b"abc", "de"), size(b"", "") + 5);
}
