//! `Intake`, `Inlet`, `News` and `read_frame`

use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::book::{Misprint, Publication};
use crate::clock::Moment;
use crate::intake::program::Program;
use crate::intake::scan::Found;
use crate::intake::slot::{Bounds, Digits, Last, Rhythm, Terms};
use crate::intake::{Intake as Taker, Told, trades_of};

/// An asset that a symbol answers for: its code, what it is priced in, the source's tag, and whether it is prewarmed.
type Answer = (String, String, String, bool);

/// Reads the venues' frames by their rows and makes ordinary trades answerable; all else it leaves to Python.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct Intake(pub Arc<Taker>);

fn digits(price: &str) -> PyResult<Digits> {
    Digits::of(price.as_bytes()).ok_or_else(|| PyValueError::new_err("price: 40 characters at most"))
}

fn misprinted(misprint: Misprint) -> PyErr {
    PyValueError::new_err(format!("{}: {}", misprint.field, misprint.rule))
}

#[pymethods]
impl Intake {
    /// Go by these bounds from the next frame on.
    #[pyo3(signature = (*, stale_after_ns, gaps, window_min_ns, window_max_ns, proof_wait_ns))]
    fn set_bounds(&self, stale_after_ns: u64, gaps: f64, window_min_ns: u64, window_max_ns: u64, proof_wait_ns: u64) {
        self.0.set_bounds(Bounds { stale_after_ns, gaps, window_min_ns, window_max_ns, proof_wait_ns });
    }

    /// Make a connection known whose frames are read by `program`; None when that says what the engine does not follow.
    fn inlet(&self, venue: &str, number: u64, program: &str) -> Option<Inlet> {
        let name = self.0.open_inlet(venue, number, Program::of(program)?);
        Some(Inlet { intake: Arc::clone(&self.0), name })
    }

    /// Return a symbol's last trade let through: exchange time, digits, connection.
    fn last(&self, venue: &str, symbol: &str) -> Option<(u64, String, u64)> {
        self.0.last(venue, symbol).map(|last| (last.time_ns, last.price.text().to_owned(), last.link))
    }

    /// Note a trade that Python let through.
    fn note(&self, venue: &str, symbol: &str, exchange_time_ns: u64, price: &str, number: u64) -> PyResult<()> {
        self.0.note(venue, symbol, Last { time_ns: exchange_time_ns, price: digits(price)?, link: number });
        Ok(())
    }

    /// Forget a symbol's last trade, or those of a whole venue.
    #[pyo3(signature = (venue, symbol = None))]
    fn forget(&self, venue: &str, symbol: Option<&str>) {
        self.0.forget(venue, symbol);
    }

    /// Permit a symbol's ordinary trades to be taken.
    #[pyo3(signature = (
        venue, symbol, answers, *, held_time_ns, told_time_ns, told_monotonic_ns, heard_ns, usable_until_ns, can_prove, believed, jump_share,
        gaps_heard, long_gap_ns
    ))]
    #[allow(clippy::too_many_arguments, clippy::needless_pass_by_value, reason = "as Python calls it")]
    fn permit(
        &self,
        venue: &str,
        symbol: &str,
        answers: Vec<Answer>,
        held_time_ns: u64,
        told_time_ns: u64,
        told_monotonic_ns: u64,
        heard_ns: u64,
        usable_until_ns: u64,
        can_prove: bool,
        believed: f64,
        jump_share: Option<f64>,
        gaps_heard: u64,
        long_gap_ns: u64,
    ) -> PyResult<()> {
        let book = &self.0.shared().book;
        let label = |(asset, quote, source, prewarmed): &Answer| {
            let like = Publication {
                asset,
                price: "1",
                quote,
                venue,
                source,
                exchange_time_ns: held_time_ns,
                received_monotonic_ns: heard_ns,
                usable_for_ns: 1,
                state: "live",
                cache_tier: "memory",
                prewarmed: *prewarmed,
            };
            book.label(&like).map_err(misprinted)
        };
        let labels = answers.iter().map(label).collect::<PyResult<Vec<_>>>()?;
        let told = Moment { wall_ns: told_time_ns, monotonic_ns: told_monotonic_ns };
        let terms = Terms { held_time_ns, told, heard_ns, usable_until_ns, can_prove, believed, jump_share, labels };
        self.0.permit(venue, symbol, Rhythm { count: gaps_heard, long_gap_ns }, terms);
        Ok(())
    }

    /// Leave every trade of a symbol to Python.
    fn close(&self, venue: &str, symbol: &str) {
        self.0.close(venue, symbol);
    }

    /// Leave every trade to Python.
    fn close_all(&self) {
        self.0.close_all();
    }

    /// Return the newest trade of symbols that Python has not heard of.
    #[pyo3(signature = (most = None))]
    fn news(&self, most: Option<usize>) -> Vec<News> {
        self.0.news(most).into_iter().map(News::of).collect()
    }

    /// Return the newest trade of a symbol, if Python has not heard of it.
    fn news_of(&self, venue: &str, symbol: &str) -> Option<News> {
        self.0.news_of(venue, symbol).map(News::of)
    }
}

/// A symbol's newest trade, and how often it trades.
#[pyclass(frozen, get_all, module = "trinity_beast.engine")]
pub struct News {
    venue: String,
    symbol: String,
    price: String,
    exchange_time_ns: u64,
    received_time_ns: u64,
    received_monotonic_ns: u64,
    told_time_ns: u64,
    told_monotonic_ns: u64,
    gaps_heard: u64,
    long_gap_ns: u64,
}

impl News {
    fn of(told: Told) -> Self {
        Self {
            venue: told.venue.into(),
            symbol: told.symbol.into(),
            price: told.news.price.text().to_owned(),
            exchange_time_ns: told.news.time_ns,
            received_time_ns: told.news.received.wall_ns,
            received_monotonic_ns: told.news.received.monotonic_ns,
            told_time_ns: told.news.told.wall_ns,
            told_monotonic_ns: told.news.told.monotonic_ns,
            gaps_heard: told.rhythm.count,
            long_gap_ns: told.rhythm.long_gap_ns,
        }
    }
}

/// One connection, as the intake knows it.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct Inlet {
    intake: Arc<Taker>,
    name: u64,
}

#[pymethods]
impl Inlet {
    /// Take a whole text message; false when it is Python's to read, and nothing has happened.
    fn take(&self, payload: &[u8]) -> bool {
        self.intake.take(self.name, payload)
    }

    /// Let trades of a symbol count from a time on.
    fn hold(&self, symbol: &str, since_ns: u64) {
        self.intake.hold(self.name, symbol, since_ns);
    }

    /// Take no trade of a symbol any more.
    fn release(&self, symbol: &str) {
        self.intake.release(self.name, symbol);
    }

    /// Believe trades that are so far ahead of our clock.
    fn set_ahead(&self, ahead_ns: u64) {
        self.intake.set_ahead(self.name, ahead_ns);
    }

    /// The number of the last frame, where the venue numbers them.
    #[getter]
    fn sequence(&self) -> Option<u64> {
        self.intake.sequence(self.name)
    }

    /// Go on counting from a number.
    #[setter]
    fn set_sequence(&self, value: Option<u64>) {
        self.intake.set_sequence(self.name, value);
    }

    /// Return what was taken since this was asked last: frames, trades, late, repeated, when (monotonic) the last one came.
    fn tally(&self) -> Option<(u64, u64, u64, u64, u64)> {
        self.intake.tally(self.name).map(|tally| (tally.frames, tally.trades, tally.late, tally.repeated, tally.heard_ns))
    }

    /// Take nothing any more.
    fn close(&self) {
        self.intake.close_inlet(self.name);
    }
}

impl Drop for Inlet {
    fn drop(&mut self) {
        self.intake.close_inlet(self.name);
    }
}

/// Read a frame by `program`: its trades, oldest first, or None when the engine would leave it to Python.
#[pyfunction]
pub fn read_frame(program: &str, payload: &[u8]) -> PyResult<Option<Vec<(String, String, u64)>>> {
    let program = Program::of(program).ok_or_else(|| PyValueError::new_err("program: says what the engine does not follow"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let trades = trades_of(&program, payload, &mut Found::default());
    Ok(trades.map(|trades| trades.iter().map(|trade| (text(trade.symbol), text(trade.price), trade.time_ns)).collect()))
}
