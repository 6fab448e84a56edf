//! Bounds on what the engine gives to callers it knows nothing of.

/// Every wait and every queue has one of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of a request's first line and header fields together.
    pub header_bytes_max: usize,
    /// Longest time from a request's first byte to the end of its header.
    pub header_ns: u64,
    /// Longest time a connection may stay open without asking anything.
    pub idle_ns: u64,
    /// Most connections open at once, over all threads.
    pub connections_max: usize,
    /// Most connections open at once from one address.
    pub connections_per_address_max: u32,
    /// Most bytes kept for a reader that does not take them; past it nothing more is read from it.
    pub unsent_bytes_max: usize,
    /// Longest time a reader may leave bytes untaken.
    pub unsent_ns: u64,
    /// Most connections in Python's hands at once.
    pub handed_max: usize,
    /// Most requests waiting for Python to look a key up.
    pub questions_max: usize,
    /// Longest time one of them waits.
    pub question_ns: u64,
    /// Most assets in one HTTP request.
    pub assets_per_request_max: usize,
    /// Most assets in one datagram.
    pub assets_per_datagram_max: usize,
    /// Largest datagram that is read.
    pub datagram_bytes_max: usize,
    /// Bytes of one spool segment.
    pub segment_bytes: usize,
    /// Age at which a segment that holds records is sealed.
    pub segment_ns: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_bytes_max: 16_384,
            header_ns: 10_000_000_000,
            idle_ns: 75_000_000_000,
            connections_max: 16_000,
            connections_per_address_max: 12_000,
            unsent_bytes_max: 262_144,
            unsent_ns: 20_000_000_000,
            handed_max: 1_024,
            questions_max: 4_096,
            question_ns: 5_000_000_000,
            assets_per_request_max: 1_000,
            assets_per_datagram_max: 8,
            datagram_bytes_max: 1_200,
            segment_bytes: 4_194_304,
            segment_ns: 1_000_000_000,
        }
    }
}
