//! Paths: names joined by `/`, through soft and external links.

use super::session::File;
use crate::error::{Error, Result};
use crate::format::message::link::{Link, Target};
use crate::model::links;
use crate::model::object::ObjectKind;
use crate::wire::Addr;

/// Where a path leads: the file, the header's address, and the path as it was written.
pub(crate) struct Found {
    pub(crate) file: File,
    pub(crate) address: Addr,
}

/// The path of a link in a group.
pub(crate) fn join(group: &str, name: &str) -> String {
    let group = if group == "/" { "" } else { group };
    [group, name].join("/")
}

/// Follows a path from the group at `start`. None where a name is missing or a link leads nowhere.
pub(crate) fn resolve(file: &File, start: Addr, path: &[u8], links_left: u32) -> Result<Option<Found>> {
    let container = file.container();
    let mut here = Found { file: file.clone(), address: start };
    if path.first() == Some(&b'/') {
        here.address = container.superblock.root();
    }
    for name in path.split(|b| *b == b'/').filter(|n| !n.is_empty() && *n != b".") {
        let header = here.file.header(here.address)?;
        if header.kind() != ObjectKind::Group {
            return Ok(None);
        }
        let Some(link) = links::find(here.file.container(), &header, name)? else { return Ok(None) };
        match follow(&here.file, here.address, &link, links_left)? {
            Some(found) => here = found,
            None => return Ok(None),
        }
    }
    Ok(Some(here))
}

/// Follows one link out of the group at `group`.
pub(crate) fn follow(file: &File, group: Addr, link: &Link, links_left: u32) -> Result<Option<Found>> {
    let fewer =
        || links_left.checked_sub(1).ok_or_else(|| Error::limit("more soft and external links than allowed"));
    match &link.target {
        Target::Hard(address) => Ok(Some(Found { file: file.clone(), address: *address })),
        Target::Soft(path) => resolve(file, group, path, fewer()?),
        Target::External { file: name, path } => {
            let left = fewer()?;
            let Some(other) = file.other(name, true)? else { return Ok(None) };
            let root = other.container().superblock.root();
            resolve(&other, root, path, left)
        }
        Target::User { class, .. } => {
            Err(Error::unsupported(format!("a user-defined link of class {class}")))
        }
    }
}
