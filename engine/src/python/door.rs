//! `Door`, `Handed` and `Questions`

use std::os::fd::{AsRawFd, IntoRawFd, RawFd};
use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::PyBytes;

use crate::code::Code;
use crate::engine::Engine as Machine;
use crate::questions::Ticket;

/// Connections whose request the engine does not answer, on their way to the Python HTTP server.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct Door(pub Arc<Machine>);

#[pymethods]
impl Door {
    /// Return a descriptor that is readable while connections wait.
    fn fileno(&self) -> RawFd {
        self.0.shared().door.as_raw_fd()
    }

    /// Return all waiting connections and clear the descriptor. The caller owns each socket from here on.
    fn take(&self) -> Vec<Handed> {
        let taken = self.0.shared().door.take().into_iter();
        taken
            .map(|handed| Handed {
                descriptor: handed.socket.into_raw_fd(),
                first_bytes: handed.first_bytes,
                peer: (handed.peer.ip().to_string(), handed.peer.port()),
                ticket: handed.ticket,
            })
            .collect()
    }

    /// Tell that a handed connection has ended, making room for another.
    fn closed(&self, ticket: u64) {
        self.0.closed(ticket);
    }
}

/// A connection given away: its socket and the bytes already read from it.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct Handed {
    descriptor: RawFd,
    first_bytes: Vec<u8>,
    peer: (String, u16),
    ticket: u64,
}

#[pymethods]
impl Handed {
    /// Its socket, non-blocking.
    #[getter]
    fn descriptor(&self) -> RawFd {
        self.descriptor
    }

    /// What was read from it and not answered.
    #[getter]
    fn first_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.first_bytes)
    }

    /// Address and port of the other end.
    #[getter]
    fn peer(&self) -> (String, u16) {
        self.peer.clone()
    }

    /// What `Door.closed` wants to hear when it ends.
    #[getter]
    fn ticket(&self) -> u64 {
        self.ticket
    }
}

/// Keys the engine has not heard of. The request waits in the engine until Python has looked.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct Questions(pub Arc<Machine>);

#[pymethods]
impl Questions {
    /// Return a descriptor that is readable while questions wait.
    fn fileno(&self) -> RawFd {
        self.0.shared().questions.as_raw_fd()
    }

    /// Return (ticket, digest) of all waiting questions and clear the descriptor.
    fn take<'py>(&self, py: Python<'py>) -> Vec<(u64, Bound<'py, PyBytes>)> {
        let asked = self.0.shared().questions.take().into_iter();
        asked.map(|(ticket, digest)| (ticket.0, PyBytes::new(py, &digest))).collect()
    }

    /// Let waiting requests go on: each is tried again, or refused with the code given; none of them where that is no code.
    fn answer_all(&self, answers: Vec<(u64, Option<PyBackedStr>)>) -> PyResult<()> {
        let read = |(ticket, refusal): (u64, Option<PyBackedStr>)| Ok((Ticket(ticket), refusal_named(refusal.as_deref())?));
        self.0.answer_all(answers.into_iter().map(read).collect::<PyResult<Vec<_>>>()?);
        Ok(())
    }
}

fn refusal_named(name: Option<&str>) -> PyResult<Option<Code>> {
    let unknown = |name: &str| PyValueError::new_err(format!("refusal: a code of the contract, not {name:?}"));
    name.map(|name| Code::named(name).filter(|code| *code != Code::Ok).ok_or_else(|| unknown(name))).transpose()
}

/// Prices that are fetched on demand. The datagram waits in the engine until Python has looked.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct Wanted(pub Arc<Machine>);

#[pymethods]
impl Wanted {
    /// Return a descriptor that is readable while datagrams wait.
    fn fileno(&self) -> RawFd {
        self.0.shared().wanted.as_raw_fd()
    }

    /// Return (ticket, assets) of all datagrams that wait and clear the descriptor.
    fn take(&self) -> Vec<(u64, Vec<String>)> {
        let asked = self.0.shared().wanted.take().into_iter();
        asked.map(|(ticket, wanted)| (ticket.0, wanted.assets().iter().map(ToString::to_string).collect())).collect()
    }

    /// Let the waiting datagram go on: it is told what there is by now.
    fn answer(&self, ticket: u64) {
        self.0.answer_all([(Ticket(ticket), None)]);
    }
}
