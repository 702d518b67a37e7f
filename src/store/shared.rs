//! Shared object header messages at work: the bytes of a message by its type and heap ID.

use std::sync::Arc;

use crate::error::{At, Result};
use crate::format::shared_table::{
    HERE, IndexKind, LIST, MAX_INDEXES, MasterTable, SharedIndex, SharedList, SharedRecord,
};
use crate::store::Store;
use crate::store::heap::{FractalHeap, HeapObject};
use crate::wire::checksum::verify;
use crate::wire::{Addr, decode};

/// The master table of a file's shared messages.
#[derive(Debug)]
pub struct SharedMessages {
    address: Addr,
    count: u8,
    /// The table.
    pub table: MasterTable,
}

impl SharedMessages {
    /// The table at `address` with `count` indexes, as the shared message table message (0x0F) says.
    pub fn open(store: &Store, address: Addr, count: u8) -> Result<Arc<Self>> {
        let found = store.cached(address, &HERE, || {
            if count == 0 || count > MAX_INDEXES {
                return Err(HERE.mismatch("indexes", count, format!("1 to {MAX_INDEXES}")));
            }
            let size = MasterTable::encoded_size(count, store.widths);
            let block = store.block(address, size, &HERE)?;
            let (table, _) = decode::<MasterTable>(verify(&block, &HERE)?, (store.widths, count), &HERE)?;
            Ok((SharedMessages { address, count, table }, size.saturating_mul(2)))
        })?;
        if found.count != count {
            return Err(HERE.mismatch("indexes", count, found.count)).at(&HERE, address.raw());
        }
        Ok(found)
    }
    /// The index that holds messages of this type.
    pub fn index(&self, message_type: u16) -> Result<&SharedIndex> {
        let found = self.table.indexes.iter().find(|i| i.holds(message_type));
        found.ok_or_else(|| {
            let what = format!("no index holds messages of type {message_type:#04x}");
            HERE.damaged(what).within(&HERE, Some(self.address.raw()))
        })
    }
    /// The encoded message of this type with this heap ID.
    pub fn message(&self, store: &Store, message_type: u16, heap_id: &[u8]) -> Result<HeapObject> {
        let index = self.index(message_type)?;
        FractalHeap::open(store, index.heap)?.object(store, heap_id)
    }
    /// The records of a list index; a B-tree's (type 7) are found through the B-tree.
    pub fn list(&self, store: &Store, index: &SharedIndex) -> Result<Vec<SharedRecord>> {
        if index.kind != IndexKind::List || !index.index.is_defined() {
            return Ok(Vec::new());
        }
        if index.messages > index.list_max {
            let expected = format!("at most {}", index.list_max);
            return Err(HERE.mismatch("messages of a list", index.messages, expected))
                .at(&HERE, self.address.raw());
        }
        // The checksum follows the last record in use, not the last one there is room for.
        let size = SharedList::encoded_size(index.messages, store.widths);
        let block = store.block(index.index, size, &LIST)?;
        let body = verify(&block, &LIST).at(&LIST, index.index.raw())?;
        Ok(decode::<SharedList>(body, (store.widths, index.messages), &LIST)?.0.records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::shared_table::Place;
    use crate::store::testing::store;
    use crate::wire::{Widths, checksum::seal, encode};

    fn file(messages: u16) -> Vec<u8> {
        let index = SharedIndex {
            kind: IndexKind::List,
            types: 1 << 3,
            min_size: 20,
            list_max: 2,
            tree_min: 1,
            messages,
            index: Addr::new(64),
            heap: Addr::UNDEFINED,
        };
        let mut bytes = encode(&MasterTable { indexes: vec![index] }, (Widths::EIGHT,), &HERE).unwrap();
        seal(&mut bytes);
        bytes.resize(64, 0);
        let record = SharedRecord { hash: 7, place: Place::Heap { references: 2, id: [1; 8] } };
        let mut list = encode(&SharedList { records: vec![record] }, (Widths::EIGHT,), &LIST).unwrap();
        seal(&mut list);
        bytes.extend(list);
        bytes
    }

    #[test]
    fn a_table_and_its_list() {
        let store = store(file(1));
        let shared = SharedMessages::open(&store, Addr::new(0), 1).unwrap();
        let index = shared.index(3).unwrap();
        assert_eq!(shared.list(&store, index).unwrap()[0].hash, 7);
        assert!(shared.index(1).unwrap_err().is_damaged());
        assert!(shared.message(&store, 3, &[0; 8]).unwrap_err().is_damaged(), "no heap");
        assert!(SharedMessages::open(&store, Addr::new(0), 2).is_err());
    }

    #[test]
    fn damaged() {
        let more = store(file(3));
        let shared = SharedMessages::open(&more, Addr::new(0), 1).unwrap();
        assert!(shared.list(&more, shared.index(3).unwrap()).unwrap_err().to_string().contains("at most 2"));
        assert!(SharedMessages::open(&store(file(1)), Addr::new(0), 0).unwrap_err().is_damaged());
        assert!(SharedMessages::open(&store(file(1)), Addr::new(0), 9).unwrap_err().is_damaged());
        let mut bytes = file(1);
        bytes[5] ^= 1;
        assert!(SharedMessages::open(&store(bytes), Addr::new(0), 1).unwrap_err().to_string().contains("checksum"));
    }
}
