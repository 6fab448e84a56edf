//! Datagrams on the wire: each in a place, known again by an id that is its place and how often that was used.

/// Digits of an id.
pub const ID_DIGITS: usize = 12;
const IDS: u64 = 1_000_000_000_000;

#[derive(Debug, Clone, Copy)]
struct Place {
    uses: u64,
    due_ns: u64,
    left_ns: u64,
    is_waiting: bool,
}

/// Datagrams on the wire.
#[derive(Debug)]
pub struct Flight {
    places: Vec<Place>,
    free: Vec<usize>,
}

impl Flight {
    /// Return room for so many at once.
    pub fn new(count: usize) -> Self {
        let none = Place { uses: 0, due_ns: 0, left_ns: 0, is_waiting: false };
        Self { places: vec![none; count], free: (0..count).rev().collect() }
    }

    /// Whether another may leave.
    pub fn has_room(&self) -> bool {
        !self.free.is_empty()
    }

    /// How many are on the wire.
    pub fn count(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// Have one leave that was due then, and return its id; none when there is no room.
    #[inline]
    pub fn leave(&mut self, due_ns: u64, left_ns: u64) -> Option<u64> {
        let at = self.free.pop()?;
        let place = &mut self.places[at];
        *place = Place { uses: place.uses + 1, due_ns, left_ns, is_waiting: true };
        Some(self.id(at))
    }

    /// Its answer has come: when it was due. None where it is not waited for.
    #[inline]
    pub fn land(&mut self, id: u64) -> Option<u64> {
        let at = (id % self.places.len() as u64) as usize;
        if !self.places[at].is_waiting || self.id(at) != id {
            return None;
        }
        self.places[at].is_waiting = false;
        self.free.push(at);
        Some(self.places[at].due_ns)
    }

    /// Give up those that left before a moment; when each was due.
    pub fn give_up(&mut self, before_ns: u64, mut on_lost: impl FnMut(u64)) {
        for (at, place) in self.places.iter_mut().enumerate() {
            if place.is_waiting && place.left_ns < before_ns {
                place.is_waiting = false;
                self.free.push(at);
                on_lost(place.due_ns);
            }
        }
    }

    fn id(&self, at: usize) -> u64 {
        let count = self.places.len() as u64;
        // Counted anew rather than too long for its digits: no straggler is that late.
        (self.places[at].uses % (IDS / count)) * count + at as u64
    }
}

/// Write an id in all its digits.
#[inline]
pub fn put_id(at: &mut [u8], mut id: u64) {
    for digit in at.iter_mut().rev() {
        *digit = b'0' + (id % 10) as u8;
        id /= 10;
    }
}

/// Read an id where an answer begins to tell it.
#[inline]
pub fn id_at(bytes: &[u8]) -> Option<u64> {
    let digits = bytes.get(..ID_DIGITS)?;
    digits.iter().all(u8::is_ascii_digit).then(|| digits.iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_lands_once_and_only_in_its_own_use_of_a_place() {
        let mut flight = Flight::new(4);
        let ids: Vec<u64> = (0..4).map(|nth| flight.leave(nth, nth).unwrap()).collect();
        assert_eq!((flight.leave(7, 7), flight.count()), (None, 4));
        assert_eq!((flight.land(ids[2]), flight.land(ids[2])), (Some(2), None));
        let again = flight.leave(9, 9).unwrap();
        assert_eq!((flight.land(ids[2]), flight.land(again)), (None, Some(9)));
        let mut lost = Vec::new();
        flight.give_up(2, |due| lost.push(due));
        lost.sort_unstable();
        assert_eq!((lost, flight.land(ids[0]), flight.land(ids[3])), (vec![0, 1], None, Some(3)));
    }

    #[test]
    fn an_id_is_read_as_it_was_written() {
        let mut bytes = *b"############\"";
        put_id(&mut bytes[..ID_DIGITS], 40_213);
        assert_eq!(id_at(&bytes), Some(40_213));
        assert_eq!((id_at(b"12"), id_at(b"12345678901x")), (None, None));
    }

    #[test]
    fn an_id_never_needs_more_digits_than_it_has() {
        let mut flight = Flight::new(3);
        flight.places[2].uses = u64::MAX / 2;
        flight.free = vec![2];
        let id = flight.leave(1, 1).unwrap();
        assert!(id < IDS);
        assert_eq!(flight.land(id), Some(1));
    }
}
