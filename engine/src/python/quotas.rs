//! `Quotas`

use std::sync::Arc;

use pyo3::prelude::*;

use crate::engine::Engine as Machine;
use crate::quota::{Delivery, KeyMonth};

/// A key's month, what of it is here unspent, and what this life has spent.
type Account = (u32, u64, u64, u64);

/// A former life, and what each key's month had spent in it.
type FormerLife = (String, Option<Vec<(u32, u64, u64)>>);

/// Quotas that come in blocks, handed to this node by the store.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct Quotas(pub Arc<Machine>);

#[pymethods]
impl Quotas {
    /// Take delivery of blocks.
    fn deliver(&self, deliveries: Vec<(u32, u64, u64, u64, bool, u64)>) {
        for (key_id, resets_at_ns, units, elsewhere, has_more, low) in deliveries {
            let month = (key_id, resets_at_ns);
            self.quotas().deliver(&Delivery { month, units, elsewhere, has_more, low });
        }
    }

    /// Take units out again, all but what is to be kept; how many of each.
    fn take_out(&self, months: Vec<(u32, u64, u64)>) -> Vec<u64> {
        months.into_iter().map(|(key_id, resets_at_ns, keep)| self.quotas().take_out((key_id, resets_at_ns), keep)).collect()
    }

    /// Return each key's month, what of it is here unspent, and what this life has spent.
    fn accounts(&self) -> Vec<Account> {
        let accounts = self.quotas().accounts().into_iter();
        accounts.map(|account| (account.month.0, account.month.1, account.left, account.spent)).collect()
    }

    /// Return the months that want more, each once until it is delivered to.
    fn hungry(&self) -> Vec<KeyMonth> {
        self.quotas().hungry()
    }

    /// Note whether the store that hands out units can be reached.
    fn store_is_away(&self, is_away: bool) {
        self.quotas().store_is_away(is_away);
    }

    /// Forget keys' months.
    fn forget(&self, months: Vec<KeyMonth>) {
        for month in months {
            self.quotas().forget(month);
        }
    }

    /// The name of this life of the node.
    #[getter]
    fn life(&self) -> String {
        self.quotas().tally().life().to_owned()
    }

    /// Return former lives that are not settled, and what each key's month had spent in them.
    fn former_lives(&self) -> PyResult<Vec<FormerLife>> {
        let flat = |((key_id, resets_at_ns), spent)| (key_id, resets_at_ns, spent);
        let former = self.quotas().tally().former()?.into_iter();
        Ok(former.map(|former| (former.life, former.spent.map(|spent| spent.into_iter().map(flat).collect()))).collect())
    }

    /// Forget a former life: it was settled.
    fn forget_life(&self, life: &str) -> PyResult<()> {
        Ok(self.quotas().tally().forget(life)?)
    }
}

impl Quotas {
    fn quotas(&self) -> &crate::quota::Quotas {
        self.0.shared().keys.quotas()
    }
}
