//! New files and new groups.

use std::sync::Arc;

use super::links;
use crate::error::{Error, Result};
use crate::filter::Registry;
use crate::format::header::{PhaseChange, RawMessage, Times};
use crate::format::message::SYMBOL_TABLE;
use crate::format::message::symbol_table::{self, SymbolTableMessage};
use crate::format::superblock::Superblock;
use crate::format::versions::Bound;
use crate::limits::Limits;
use crate::source::WriteAt;
use crate::store::header::edit::{HeaderEdit, NewHeader};
use crate::store::open::Container;
use crate::store::symbols::SymbolTable;
use crate::wire::{Addr, Widths, encode};

/// What a new file is told.
#[derive(Debug, Clone, Copy)]
pub struct NewFile {
    /// The oldest libhdf5 that is to read it.
    pub bound: Bound,
    /// The widths of addresses and lengths.
    pub widths: Widths,
    /// Bytes before the superblock, for the user: 0, or a power of two from 512 on.
    pub user_block: u64,
    /// What the root group is told.
    pub root: NewGroup,
}

/// What a new group is told.
#[derive(Debug, Clone, Copy, Default)]
pub struct NewGroup {
    /// Whether links keep the order of their creation.
    pub track_order: bool,
    /// Whether attributes keep the order of their creation.
    pub track_attribute_order: bool,
    /// The time of its creation, if it is to be stored.
    pub times: Option<Times>,
    /// When attributes go into a heap, where not at the default numbers.
    pub attribute_phase: Option<PhaseChange>,
}

/// Bytes of names for which the heap of a new symbol table has room.
const HEAP_BYTES: u64 = 88;

impl Container {
    /// Makes a new file with an empty root group. Nothing that can be opened is in `sink` before a commit.
    pub fn create(sink: Arc<dyn WriteAt>, new: &NewFile, limits: Limits, filters: Arc<Registry>) -> Result<Self> {
        let user_block = new.user_block;
        if user_block != 0 && !(user_block.is_power_of_two() && user_block >= 512) {
            let what = format!("a user block of {user_block} bytes; it has 0 or a power of two from 512 on");
            return Err(Error::usage(what));
        }
        let superblock = Superblock::empty(new.bound.superblock(), new.widths);
        let mut container = Container::blank(sink, user_block, superblock, limits, filters)?;
        let root = group(&container, new.bound, &new.root)?;
        container.found(root, Addr::UNDEFINED)?;
        Ok(container)
    }
}

/// Makes an empty group that nothing leads to yet; gives the address of its header.
pub fn group(c: &Container, bound: Bound, new: &NewGroup) -> Result<Addr> {
    let header = new_header(bound, new);
    if bound == Bound::Earliest && !new.track_order {
        let (leaf_k, internal_k) = c.group_k();
        let table = SymbolTable::create(&c.store, leaf_k, internal_k, HEAP_BYTES)?;
        let message = SymbolTableMessage { btree: table.tree, heap: table.heap };
        let body = encode(&message, (c.store.widths,), &symbol_table::HERE)?;
        let message = RawMessage { kind: SYMBOL_TABLE, flags: 0, order: None, body };
        return HeaderEdit::create(&c.store, &header, vec![message]);
    }
    let address = HeaderEdit::create(&c.store, &NewHeader { room: GROUP_ROOM, ..header }, Vec::new())?;
    let mut edit = HeaderEdit::load(&c.store, address)?;
    links::edit::add_messages(c, &mut edit, new.track_order, new.track_order)?;
    edit.save(&c.store)?;
    Ok(address)
}

/// Room in the header of a new group: its own messages and some links.
const GROUP_ROOM: usize = 160;

/// How the header of a new object is made.
pub fn new_header(bound: Bound, new: &NewGroup) -> NewHeader {
    NewHeader {
        version: if new.track_attribute_order { 2 } else { bound.header() },
        times: new.times,
        order_tracked: new.track_attribute_order,
        order_indexed: new.track_attribute_order,
        phase_change: new.attribute_phase,
        room: 0,
    }
}
