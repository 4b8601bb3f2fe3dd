//! Event ids: UUIDs of version 7, which begin with the time and so sort by it.

/// A new event id, of this time and these random bytes.
#[must_use]
pub fn new_id(now_ms: i64, random: &[u8; 10]) -> String {
    let id = uuid::Builder::from_unix_timestamp_millis(now_ms.max(0).cast_unsigned(), random);
    id.into_uuid().to_string()
}

/// Sorts before every id of this time and later.
#[must_use]
pub fn first_id(time_ms: i64) -> String {
    let ms = time_ms.max(0);
    format!("{:08x}-{:04x}", ms >> 16, ms & 0xffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_their_time() {
        let now = 1_700_000_000_123;
        let id = new_id(now, &[7; 10]);
        assert!(first_id(now) < id && id < first_id(now + 1), "{id}");
        assert!(new_id(now - 1, &[0xff; 10]) < first_id(now));
        assert_eq!(id.len(), 36);
    }
}
