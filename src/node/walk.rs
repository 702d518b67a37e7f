//! Walking over nodes.

use super::session::NodeFile;
use super::group::Group;
use super::handle::Location;
use super::node::Node;
use crate::error::Result;

impl NodeFile {
    /// The group at a path and all below it, level by level, each level sorted by path; an array has none. Soft and
    /// external links are not followed, and what several links lead to comes once.
    pub fn walk_groups(&self, location: impl Location) -> Result<Vec<Group>> {
        self.walk_groups_to(location, usize::MAX)
    }
    /// As [`NodeFile::walk_groups`], at most so many levels down.
    pub fn walk_groups_to(&self, location: impl Location, depth: usize) -> Result<Vec<Group>> {
        let mut out = Vec::new();
        self.walk(location, depth, &mut |node| {
            if let Node::Group(group) = node {
                out.push(group);
            }
        })?;
        Ok(out)
    }
    /// The node at a path and all below it: a group, then for each group what is in it.
    pub fn walk_nodes(&self, location: impl Location) -> Result<Vec<Node>> {
        self.walk_nodes_to(location, usize::MAX)
    }
    /// As [`NodeFile::walk_nodes`], at most so many levels down.
    pub fn walk_nodes_to(&self, location: impl Location, depth: usize) -> Result<Vec<Node>> {
        let mut out = Vec::new();
        self.walk(location, depth, &mut |node| out.push(node))?;
        Ok(out)
    }
    fn walk(&self, location: impl Location, depth: usize, visit: &mut dyn FnMut(Node)) -> Result<()> {
        let start = self.get_node(location)?;
        let mut seen = std::collections::HashSet::from([start.address()]);
        let mut level = Vec::new();
        if let Node::Group(group) = &start {
            level.push(group.clone());
        }
        visit(start);
        for _ in 0..depth {
            let mut next = Vec::new();
            for group in std::mem::take(&mut level) {
                for (_, child) in group.members(false)? {
                    if !seen.insert(child.address()) {
                        continue;
                    }
                    if let Node::Group(group) = &child {
                        next.push(group.clone());
                    }
                    visit(child);
                }
            }
            if next.is_empty() {
                break;
            }
            level = next;
        }
        Ok(())
    }
}
