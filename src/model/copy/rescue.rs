//! A copy of a damaged file: what can be read is copied, and what cannot is named.
//!
//! An object that cannot be opened becomes an empty group, whose comment says why, so that links still lead
//! somewhere and the copy is sound.

use super::{Copier, Pending};
use crate::error::{Error, Result};
use crate::format::header::RawMessage;
use crate::format::message::comment::{self, Comment};
use crate::format::message::group_info::{self, GroupInfo};
use crate::format::message::link_info::{self, LinkInfo};
use crate::format::message::{COMMENT, GROUP_INFO, LINK_INFO};
use crate::store::header::edit::{HeaderEdit, NewHeader};
use crate::wire::{Addr, encode};

/// What becomes of what a damaged file does not give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Damage {
    /// Nothing is copied: the copy fails.
    #[default]
    Refuse,
    /// It is left out, and named; see [`Loss`].
    LeaveOut,
}

/// What of an object a copy lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// All of it: it cannot be opened, and its place is taken by an empty group whose comment says why.
    Object,
    /// One attribute or more.
    Attributes,
    /// Links of a group.
    Links,
    /// Values of a dataset.
    Values,
}

/// Something that a copy lacks, since the source is damaged there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss {
    /// The object.
    pub path: String,
    /// What of it.
    pub part: Part,
    /// What was found, and where.
    pub why: String,
    /// Whether something is lost that was within reach: members of an open group, values of an open dataset,
    /// or what is only of a form that is not known here.
    pub grave: bool,
}

impl Copier<'_> {
    /// Notes a loss, where losses are allowed; else the error goes on.
    pub(super) fn lose<T: Default>(&mut self, path: &str, part: Part, result: Result<T>) -> Result<T> {
        match result {
            Err(e) if self.options.damage == Damage::LeaveOut && e.is_damaged() => {
                let grave = matches!(part, Part::Links | Part::Values) || is_unknown_form(&e);
                self.losses.push(Loss { path: path.to_string(), part, why: e.to_string(), grave });
                Ok(T::default())
            }
            result => result,
        }
    }
    /// A group in the place of an object that cannot be opened.
    pub(super) fn stand_in(&mut self, path: &str, why: &Error) -> Result<Addr> {
        self.lose::<()>(path, Part::Object, Err(Error::damaged(why.to_string())))?;
        if let Some(loss) = self.losses.last_mut() {
            loss.grave = is_unknown_form(why);
        }
        let w = self.target.store.widths;
        let info = LinkInfo {
            max_creation_index: None,
            heap: Addr::UNDEFINED,
            name_index: Addr::UNDEFINED,
            order_index: None,
        };
        let mut text = format!("not copied, for it could not be opened: {why}").into_bytes();
        text.truncate(1000);
        // The NUL, and version 1 pads.
        text.resize(text.len().saturating_add(1).next_multiple_of(8), 0);
        let message = |kind, body| RawMessage { kind, flags: 0, order: None, body };
        let messages = vec![
            message(LINK_INFO, encode(&info, (w,), &link_info::HERE)?),
            message(GROUP_INFO, encode(&GroupInfo { phase_change: None, estimate: None }, (), &group_info::HERE)?),
            message(COMMENT, encode(&Comment { stored: text }, (), &comment::HERE)?),
        ];
        let new = NewHeader { version: 2, ..NewHeader::default() };
        HeaderEdit::create(&self.target.store, &new, messages)
    }
    /// Whether the error is one that a copy may go on after.
    pub(super) fn spares(&self, e: &Error) -> bool {
        self.options.damage == Damage::LeaveOut && e.is_damaged()
    }
    /// The copy of an object's attributes, as far as the object has any that can be read.
    pub(super) fn attributes_of(&mut self, object: &Pending) -> Result<()> {
        let loaded = crate::store::header::ObjectHeader::load_any(&self.source.store, object.from);
        match loaded {
            Ok(header) => self.attributes(&header, object),
            Err(e) if self.spares(&e) => Ok(()),
            Err(e) => Err(e),
        }
    }
}

/// A newer reader may know what is no more than unknown here.
fn is_unknown_form(e: &Error) -> bool {
    e.what().starts_with("version ")
}
