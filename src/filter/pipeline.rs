//! A pipeline of filters at work on one block.

use std::sync::Arc;

use super::{Context, Filter};
use crate::error::{Error, Result};

/// One stage of a pipeline: a filter and its client data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The registered number of the filter.
    pub id: u16,
    /// The name in the file; often absent for the numbers below 256.
    pub name: Option<String>,
    /// Whether the writer may leave the filter out where it fails.
    pub optional: bool,
    /// Client data values.
    pub client_data: Vec<u32>,
}

/// The filters that a file may use: the built-in ones and a user's own.
#[derive(Clone)]
pub struct Registry {
    filters: Vec<Arc<dyn Filter>>,
}

impl Default for Registry {
    fn default() -> Self {
        Registry { filters: super::builtin() }
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.filters.iter().map(|f| (f.id(), f.name()))).finish()
    }
}

impl Registry {
    /// Adds a filter; it takes the place of an earlier one with the same number.
    pub fn register(&mut self, filter: Arc<dyn Filter>) {
        self.filters.retain(|f| f.id() != filter.id());
        self.filters.push(filter);
    }
    /// The filter with this number.
    pub fn get(&self, id: u16) -> Option<&Arc<dyn Filter>> {
        self.filters.iter().find(|f| f.id() == id)
    }
    /// All filters, in the order they were registered.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Filter>> {
        self.filters.iter()
    }
    /// Undoes a pipeline: `data` holds the stored bytes and is replaced by the decoded ones.
    ///
    /// `mask` bit i says that stage i was skipped. `expected` is the size of the decoded block, `limit`
    /// the most that any stage may produce. `scratch` is a second buffer that is reused from call to call.
    pub fn decode(
        &self,
        stages: &[Stage],
        mask: u32,
        data: &mut Vec<u8>,
        scratch: &mut Vec<u8>,
        (expected, limit): (usize, usize),
    ) -> Result<()> {
        for (i, stage) in stages.iter().enumerate().rev() {
            let bit = u32::try_from(i).ok().and_then(|i| 1u32.checked_shl(i)).unwrap_or(0);
            if mask & bit != 0 {
                continue;
            }
            let Some(filter) = self.get(stage.id) else {
                let name = stage.name.as_deref().unwrap_or("no name");
                return Err(Error::unsupported(format!("filter {} ({name})", stage.id)));
            };
            let ctx = Context { client_data: &stage.client_data, limit, expected };
            filter.decode(data, scratch, &ctx)?;
            std::mem::swap(data, scratch);
        }
        Ok(())
    }
    /// Applies a pipeline: `data` holds a decoded block and is replaced by the bytes to store. Gives the mask of
    /// the stages that were skipped: optional ones that failed, or made the block larger.
    pub fn encode(&self, stages: &[Stage], data: &mut Vec<u8>, scratch: &mut Vec<u8>) -> Result<u32> {
        let expected = data.len();
        let mut mask = 0u32;
        for (i, stage) in stages.iter().enumerate() {
            let bit = u32::try_from(i).ok().and_then(|i| 1u32.checked_shl(i)).unwrap_or(0);
            let Some(filter) = self.get(stage.id) else {
                let name = stage.name.as_deref().unwrap_or("no name");
                return Err(Error::unsupported(format!("filter {} ({name})", stage.id)));
            };
            let ctx = Context { client_data: &stage.client_data, limit: usize::MAX, expected };
            match filter.encode(data, scratch, &ctx) {
                Ok(()) if scratch.len() <= data.len() || !filter.compresses() || !stage.optional => {
                    std::mem::swap(data, scratch);
                }
                Err(e) if !stage.optional => return Err(e),
                _ => mask |= bit,
            }
        }
        Ok(mask)
    }
}
