//! New objects and links; renaming, moving, deleting.

use super::group::{Group, Node};
use super::session::File;
use crate::error::{At, Error, Result};
use crate::format::header::Times;
use crate::format::message::COMMENT;
use crate::format::message::comment::{self, Comment};
use crate::format::message::link::{Link, Target};
use crate::model::create::{self, NewGroup};
use crate::model::{delete, links, object::ObjectKind};
use crate::store::header::ObjectHeader;
use crate::store::header::edit::HeaderEdit;
use crate::store::open::Container;
use crate::wire::{Addr, encode};

/// The present time in seconds since 1970; none where there is no clock.
pub(crate) fn now() -> Option<u32> {
    #[cfg(target_family = "wasm")]
    return None;
    #[cfg(not(target_family = "wasm"))]
    {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()?;
        u32::try_from(since.as_secs()).ok()
    }
}

impl File {
    /// What new objects of this file are told.
    pub(crate) fn new_object(&self) -> NewGroup {
        let times = self.0.options.track_times.then(now).flatten();
        let times = times.map(|t| Times { access: t, modification: t, change: t, birth: t });
        let tracked = self.0.options.track_order;
        let attribute_phase = self.0.options.phase_change();
        NewGroup { track_order: tracked, track_attribute_order: tracked, times, attribute_phase }
    }
}

/// Adds a link to the group at `group`.
fn add_link(c: &Container, group: Addr, name: &[u8], target: Target) -> Result<()> {
    links::edit::check_name(name)?;
    let header = ObjectHeader::load(&c.store, group)?;
    if links::find(c, &header, name)?.is_some() {
        return Err(Error::usage(format!("{} is there already", String::from_utf8_lossy(name))));
    }
    let mut edit = HeaderEdit::load(&c.store, group)?;
    let link = Link { order: None, utf8: !name.is_ascii(), name: name.to_vec(), target };
    links::edit::insert(c, &mut edit, link)?;
    edit.touch(now());
    edit.save(&c.store)
}

fn remove_link(c: &Container, group: Addr, name: &[u8]) -> Result<Option<Link>> {
    let mut edit = HeaderEdit::load(&c.store, group)?;
    let removed = links::edit::remove(c, &mut edit, name)?;
    if removed.is_some() {
        edit.touch(now());
        edit.save(&c.store)?;
    }
    Ok(removed)
}

/// The names of a path, and whether it starts at the root.
fn names(path: &str) -> Result<(bool, Vec<&[u8]>)> {
    let names: Vec<&[u8]> =
        path.split('/').filter(|n| !n.is_empty() && *n != ".").map(str::as_bytes).collect();
    names.iter().try_for_each(|n| links::edit::check_name(n))?;
    Ok((path.starts_with('/'), names))
}

impl Group {
    fn writable(&self) -> Result<()> {
        self.file.editing().map(|_| ()).on(&self.path)
    }
    /// Runs a change; errors name the object at `path`.
    fn changing<T>(&self, path: &str, f: impl FnOnce(&Container) -> Result<T>) -> Result<T> {
        self.writable()?;
        let change = |c: &Container| {
            c.store.alive(&self.header)?;
            f(c)
        };
        self.file.change(change).on(&self.full(path))
    }
    /// The group that the last name of a path is in, made with those on the way where it is not there.
    fn parent_of<'p>(&self, c: &Container, path: &'p str) -> Result<(Addr, &'p [u8])> {
        let (absolute, names) = names(path)?;
        let Some((last, on_the_way)) = names.split_last() else {
            return Err(Error::usage("a path without a name"));
        };
        let mut here = if absolute { c.superblock.root() } else { self.header.address };
        for name in on_the_way {
            here = self.step(c, here, name)?;
        }
        Ok((here, last))
    }
    fn step(&self, c: &Container, group: Addr, name: &[u8]) -> Result<Addr> {
        let header = ObjectHeader::load(&c.store, group)?;
        let text = || String::from_utf8_lossy(name).into_owned();
        if header.kind() != ObjectKind::Group {
            return Err(Error::usage(format!("what {} is to be in is no group", text())));
        }
        let Some(link) = links::find(c, &header, name)? else {
            let new = create::group(c, self.file.editing()?.bound, &self.file.new_object())?;
            add_link(c, group, name, Target::Hard(new))?;
            return Ok(new);
        };
        let limit = c.store.limits.max_links;
        match super::path::follow(&self.file, group, &link, limit)? {
            Some(found) if std::ptr::eq(found.file.container(), c) => Ok(found.address),
            Some(_) => Err(Error::unsupported("a change in the file that an external link leads to")),
            None => Err(Error::usage(format!("the link {} leads nowhere", text()))),
        }
    }
    /// Makes a new object by `make` and links it at `path`.
    pub(crate) fn add_object(
        &self,
        path: &str,
        make: impl FnOnce(&Container) -> Result<Addr>,
    ) -> Result<Addr> {
        self.changing(path, |c| {
            let (parent, name) = self.parent_of(c, path)?;
            let header = ObjectHeader::load(&c.store, parent)?;
            if header.kind() == ObjectKind::Group && links::find(c, &header, name)?.is_some() {
                return Err(Error::usage("something is at this path already"));
            }
            let address = make(c)?;
            add_link(c, parent, name, Target::Hard(address))?;
            Ok(address)
        })
    }
    /// Makes a group at this path (relative to the group, or absolute), with the groups on the way.
    ///
    /// ```
    /// # fn main() -> h5::Result<()> {
    /// let file = h5::File::create_in_memory()?;
    /// let detector = file.root()?.create_group("run 1/detector")?;
    /// assert_eq!(detector.path(), "/run 1/detector");
    /// # Ok(())
    /// # }
    /// ```
    pub fn create_group(&self, path: &str) -> Result<Group> {
        let bound = self.file.editing().on(&self.path)?.bound;
        let new = self.file.new_object();
        let address = self.add_object(path, |c| create::group(c, bound, &new))?;
        Group::at(&self.file, address, self.full(path))
    }
    /// The group at this path; it is made where there is none.
    pub fn require_group(&self, path: &str) -> Result<Group> {
        if self.contains(path)? { self.group(path) } else { self.create_group(path) }
    }
    fn add(&self, path: &str, target: Target) -> Result<()> {
        self.changing(path, |c| {
            let (parent, name) = self.parent_of(c, path)?;
            add_link(c, parent, name, target)
        })
    }
    /// Makes one more hard link, at `path`, to the object at `target`.
    pub fn link_hard(&self, target: &str, path: &str) -> Result<()> {
        let node = self.get(target)?.ok_or_else(|| self.file.no_such(&self.full(target), "object"))?;
        self.changing(path, |c| {
            if !std::ptr::eq(node.file().container(), c) {
                return Err(Error::usage("a hard link leads to an object of its own file only"));
            }
            let (parent, name) = self.parent_of(c, path)?;
            add_link(c, parent, name, Target::Hard(node.address()))?;
            delete::link(c, node.address())
        })
    }
    /// Makes a soft link at `path` to `target`, which need not be there.
    pub fn link_soft(&self, target: &str, path: &str) -> Result<()> {
        check_value(target)?;
        self.add(path, Target::Soft(target.as_bytes().to_vec()))
    }
    /// Makes an external link at `path` to the object at `target` in the file of this name.
    pub fn link_external(&self, file: &str, target: &str, path: &str) -> Result<()> {
        check_value(file)?;
        check_value(target)?;
        self.add(path, Target::External { file: file.as_bytes().to_vec(), path: target.as_bytes().to_vec() })
    }
    /// Removes the link at this path. An object to which no other hard link leads goes with it, and all that
    /// only it led to.
    pub fn delete(&self, path: &str) -> Result<()> {
        self.file.0.drop_buffers(true)?;
        self.changing(path, |c| {
            let (parent, name) = self.existing_parent(c, path)?;
            match remove_link(c, parent, &name)? {
                Some(Link { target: Target::Hard(address), .. }) => delete::unlink(c, address).map(|_| ()),
                Some(_) => Ok(()),
                None => Err(Error::not_found("there is nothing at this path")),
            }
        })
    }
    /// Gives the object or link at `from` the path `to`; groups on the way are made. Nothing is copied.
    pub fn rename(&self, from: &str, to: &str) -> Result<()> {
        self.changing(from, |c| {
            let (old_parent, old_name) = self.existing_parent(c, from)?;
            let header = ObjectHeader::load(&c.store, old_parent)?;
            let Some(link) = links::find(c, &header, &old_name)? else {
                return Err(Error::not_found("there is nothing at this path"));
            };
            let (parent, name) = self.parent_of(c, to)?;
            if (parent, name) == (old_parent, old_name.as_slice()) {
                return Ok(());
            }
            if let Target::Hard(moved) = link.target
                && parent != old_parent
                && lies_below(c, moved, parent)?
            {
                return Err(Error::usage("a group cannot be moved into itself"));
            }
            add_link(c, parent, name, link.target)?;
            remove_link(c, old_parent, &old_name)?;
            Ok(())
        })
    }
    fn existing_parent(&self, c: &Container, path: &str) -> Result<(Addr, Vec<u8>)> {
        let (absolute, names) = names(path)?;
        let Some((last, on_the_way)) = names.split_last() else {
            return Err(Error::usage("a path without a name"));
        };
        let start = if absolute { c.superblock.root() } else { self.header.address };
        let way = on_the_way.join(&b'/');
        let found = super::path::resolve(&self.file, start, &way, c.store.limits.max_links)?;
        match found.filter(|f| std::ptr::eq(f.file.container(), c)) {
            Some(found) => Ok((found.address, last.to_vec())),
            None => Err(Error::not_found("there is nothing at this path")),
        }
    }
    /// Sets the group's comment; an empty one removes it.
    pub fn set_comment(&self, text: &str) -> Result<()> {
        set_comment(&self.file, &self.header, &self.path, text)
    }
}

/// Whether `group` is `top` or lies below it.
fn lies_below(c: &Container, top: Addr, group: Addr) -> Result<bool> {
    let (mut seen, mut left) = (std::collections::HashSet::new(), vec![top]);
    while let Some(address) = left.pop() {
        if address == group {
            return Ok(true);
        }
        if !seen.insert(address) {
            continue;
        }
        let members = ObjectHeader::load(&c.store, address).and_then(|header| match header.kind() {
            ObjectKind::Group => links::each(c, &header, &mut |link| {
                if let Target::Hard(child) = link.target {
                    left.push(child);
                }
                Ok(())
            }),
            _ => Ok(()),
        });
        match members {
            // No path leads through what cannot be opened.
            Err(e) if e.is_damaged() || e.is_unsupported() => {}
            other => other?,
        }
    }
    Ok(false)
}

fn check_value(text: &str) -> Result<()> {
    match text.is_empty() || text.contains('\0') {
        true => Err(Error::usage("a link to an empty name, or one with a NUL")),
        false => Ok(()),
    }
}

pub(crate) fn set_comment(file: &File, object: &ObjectHeader, path: &str, text: &str) -> Result<()> {
    file.editing().on(path)?;
    file.change(|c| {
        c.store.alive(object)?;
        let mut edit = HeaderEdit::load(&c.store, object.address)?;
        if text.is_empty() {
            edit.remove(COMMENT);
        } else {
            let stored = [text.as_bytes(), b"\0"].concat();
            edit.set(COMMENT, encode(&Comment { stored }, (), &comment::HERE)?);
        }
        edit.save(&c.store)
    })
    .on(path)
}

impl Node {
    /// The file it is in.
    pub fn file(&self) -> &File {
        match self {
            Node::Group(g) => &g.file,
            Node::Dataset(d) => d.file(),
            Node::Type(t) => &t.file,
        }
    }
    /// The address of its header.
    pub fn address(&self) -> Addr {
        match self {
            Node::Group(g) => g.header.address,
            Node::Dataset(d) => d.address(),
            Node::Type(t) => t.header.address,
        }
    }
}
