//! Walking a file: every object once, by its first path.

use std::collections::HashMap;

use super::group::Node;
use super::path::join;
use super::session::File;
use crate::error::{Error, Result};
use crate::format::message::link::{Link, Target};
use crate::wire::Addr;

/// An object met on a walk.
#[derive(Debug)]
pub struct Visited {
    /// Its first path, as bytes: names need not be UTF-8.
    pub path: Vec<u8>,
    /// The object, or why it cannot be opened.
    pub node: Result<Node>,
    /// The address of its header.
    pub address: Addr,
    /// A group's links, sorted by name; those before `broken`.
    pub links: Vec<Link>,
    /// Why the list of links breaks off.
    pub broken: Option<Error>,
}

/// The path of a link, as bytes.
pub fn join_bytes(group: &[u8], name: &[u8]) -> Vec<u8> {
    let slash: &[u8] = if group == b"/" { b"" } else { b"/" };
    [if group == b"/" { b"/" } else { group }, slash, name].concat()
}

impl File {
    /// Visits every object that hard links lead to from the root, parents before children and the links of
    /// a group by name; an object with several hard links is visited once. Ends early where `visit` fails.
    ///
    /// ```
    /// # fn main() -> h5::Result<()> {
    /// let file = h5::File::open("tests/files/groups_earliest.h5")?;
    /// file.visit(&mut |object| {
    ///     println!("{}", String::from_utf8_lossy(&object.path));
    ///     Ok(())
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn visit(&self, visit: &mut dyn FnMut(Visited) -> Result<()>) -> Result<()> {
        let mut seen: HashMap<Addr, ()> = HashMap::new();
        let mut stack = vec![(b"/".to_vec(), self.container().superblock.root())];
        // Paths of groups in groups grow with each level: what they take is bounded by the file's size.
        let work = self.container().store.work();
        while let Some((path, address)) = stack.pop() {
            if seen.insert(address, ()).is_some() {
                continue;
            }
            work.spend(u64::try_from(path.len()).unwrap_or(u64::MAX).saturating_mul(4))?;
            let text = String::from_utf8_lossy(&path).into_owned();
            let node = self.node_at(address, text);
            let (links, broken) = match &node {
                Ok(Node::Group(g)) => g.links_found(),
                _ => (Vec::new(), None),
            };
            let children = links.iter().rev().filter_map(|link| match link.target {
                Target::Hard(address) => Some((join_bytes(&path, &link.name), address)),
                _ => None,
            });
            stack.extend(children);
            visit(Visited { path, node, address, links, broken })?;
        }
        Ok(())
    }
    /// The path of a member of a group.
    pub fn member_path(group: &str, name: &str) -> String {
        join(group, name)
    }
}
