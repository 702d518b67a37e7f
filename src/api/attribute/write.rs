//! Setting and removing attributes.

use std::sync::Arc;

use ndarray::{ArrayBase, Data, Dimension};

use crate::api::create::now;
use crate::api::dataset::Dataset;
use crate::api::element::{ElementsMut, Encoder, H5Type};
use crate::api::group::Group;
use crate::api::named::NamedType;
use crate::api::session::File;
use crate::error::{At, Error, Result};
use crate::format::message::attribute::AttributeMessage;
use crate::format::message::dataspace::{self, Dataspace, SpaceClass};
use crate::format::message::datatype::{self, Datatype};
use crate::format::message::shared::{self, Location, SharedMessage};
use crate::format::versions::Bound;
use crate::model::attributes::{self, AttributeInfoParts};
use crate::model::{delete, release};
use crate::store::header::ObjectHeader;
use crate::store::header::edit::HeaderEdit;
use crate::store::open::Container;
use crate::wire::{Addr, Length, encode};

/// A new attribute, or a new value and type for one that is there: made by `new_attribute` of groups, datasets
/// and committed types.
#[derive(Debug, Clone)]
#[must_use]
pub struct AttributeBuilder {
    file: File,
    object: Arc<ObjectHeader>,
    path: String,
    name: String,
    datatype: Option<Datatype>,
    committed: Option<Addr>,
}

/// The dataspace of these dimensions; none for a scalar.
pub(crate) fn space_of(bound: Bound, dims: &[u64]) -> Dataspace {
    let class = if dims.is_empty() { SpaceClass::Scalar } else { SpaceClass::Simple };
    let dims = dims.iter().map(|d| Length(*d)).collect();
    Dataspace { version: bound.dataspace(), class, dims, max_dims: None }
}

/// The datatype as a file of this bound and these widths holds it.
pub(crate) fn type_for(c: &Container, bound: Bound, datatype: Datatype) -> Datatype {
    datatype.for_widths(c.store.widths).with_version_for(bound.datatype())
}

/// The body of a message that is a pointer to the committed type at `address`.
pub(crate) fn pointer_to(c: &Container, bound: Bound, address: Addr) -> Result<Vec<u8>> {
    let version = if bound == Bound::Earliest { 2 } else { 3 };
    let message = SharedMessage { version, location: Location::Object(address) };
    encode(&message, (c.store.widths,), &shared::HERE)
}

impl AttributeBuilder {
    pub(crate) fn new(file: &File, object: &Arc<ObjectHeader>, path: &str, name: &str) -> Self {
        let (file, path, name) = (file.clone(), path.to_string(), name.to_string());
        AttributeBuilder { file, object: object.clone(), path, name, datatype: None, committed: None }
    }
    /// The type that the elements are stored as; without it that of the values.
    pub fn datatype(mut self, datatype: Datatype) -> Self {
        self.datatype = Some(datatype);
        self
    }
    /// A committed type of the same file that the elements are stored as.
    pub fn committed_type(mut self, named: &NamedType) -> Self {
        self.datatype = Some(named.datatype().clone());
        self.committed = Some(named.header.address);
        self
    }
    /// Sets the attribute to one value.
    pub fn value<T: H5Type>(self, value: &T) -> Result<()> {
        self.elements(std::slice::from_ref(value), &[])
    }
    /// Sets the attribute to an array.
    pub fn array<T: H5Type + Clone, S: Data<Elem = T>, D: Dimension>(
        self,
        values: &ArrayBase<S, D>,
    ) -> Result<()> {
        let dims: Vec<u64> = values.shape().iter().map(|n| *n as u64).collect();
        let values = values.as_standard_layout();
        match values.as_slice() {
            Some(values) => self.elements(values, &dims),
            None => Err(Error::usage("an array that is not in row-major order")),
        }
    }
    /// Sets the attribute to a list of values.
    pub fn list<T: H5Type>(self, values: &[T]) -> Result<()> {
        self.elements(values, &[values.len() as u64])
    }
    /// Sets the attribute to nothing at all, of the datatype given: a null dataspace.
    pub fn empty(self) -> Result<()> {
        let Some(datatype) = self.datatype.clone() else {
            return Err(Error::usage("an empty attribute is to be given a datatype").on_path(&self.path));
        };
        self.set(datatype, |_, space, _| {
            (space.version, space.class) = (2, SpaceClass::Null);
            Ok(Vec::new())
        })
    }
    /// Sets the attribute to elements as they are stored, of the datatype given.
    pub fn stored(self, dims: &[u64], data: &[u8]) -> Result<()> {
        let Some(datatype) = self.datatype.clone() else {
            return Err(Error::usage("stored elements are to be given a datatype").on_path(&self.path));
        };
        let elements = dims.iter().fold(1u64, |n, d| n.saturating_mul(*d));
        self.set(datatype, |datatype, space, bound| {
            if u64::try_from(data.len()).ok() != elements.checked_mul(u64::from(datatype.size)) {
                return Err(Error::usage(format!("{} bytes for {elements} elements", data.len())));
            }
            *space = space_of(bound, dims);
            Ok(data.to_vec())
        })
    }
    fn elements<T: H5Type>(self, values: &[T], dims: &[u64]) -> Result<()> {
        let datatype = match &self.datatype {
            Some(datatype) => datatype.clone(),
            None => T::datatype_for(values).on(&self.path)?,
        };
        let file = self.file.clone();
        self.set(datatype, |datatype, space, bound| {
            *space = space_of(bound, dims);
            let plan = T::plan(datatype)?;
            let mut data = vec![0; values.len().saturating_mul(datatype.bytes())];
            let mut encoder = Encoder::new(file.container());
            T::encode_many(&plan, values, &mut encoder, ElementsMut::packed(&mut data, datatype.bytes()))?;
            Ok(data)
        })
    }
    /// Sets the attribute; `fill` gives the data and the space.
    fn set<F>(self, datatype: Datatype, fill: F) -> Result<()>
    where
        F: FnOnce(&Datatype, &mut Dataspace, Bound) -> Result<Vec<u8>>,
    {
        let place = format!("{} attribute {}", self.path, self.name);
        let name = self.name.as_bytes();
        if name.is_empty() || name.contains(&0) {
            return Err(
                Error::usage("the name of an attribute is not to be empty or to have a NUL").on_path(&place)
            );
        }
        let bound = self.file.editing().on(&place)?.bound;
        let change = |c: &Container| {
            let datatype = type_for(c, bound, datatype);
            let mut space = space_of(bound, &[]);
            let data = fill(&datatype, &mut space, bound)?;
            c.store.alive(&self.object)?;
            let mut edit = HeaderEdit::load(&c.store, self.object.address)?;
            let shared = self.committed.filter(|_| true);
            let message = AttributeMessage {
                version: version(bound, edit.version(), shared.is_some(), &self.name),
                utf8: !self.name.is_ascii(),
                name: name.to_vec(),
                datatype: match shared {
                    Some(address) => pointer_to(c, bound, address)?,
                    None => encode(&datatype, (0,), &datatype::HERE)?,
                },
                type_shared: shared.is_some(),
                dataspace: encode(&space, (c.store.widths,), &dataspace::HERE)?,
                space_shared: false,
                data,
            };
            let old = existing(c, &self.object, name)?;
            attributes::edit::set(c, &mut edit, &message)?;
            edit.touch(now());
            edit.save(&c.store)?;
            if let Some(address) = shared {
                delete::link(c, address)?;
            }
            old.map_or(Ok(()), |old| let_go(c, &old))
        };
        self.file.change(change).on(&place)
    }
}

/// The lowest version of the message that can say it, not below that of the bound.
fn version(bound: Bound, header: u8, shared: bool, name: &str) -> u8 {
    let needed = match (name.is_ascii(), shared) {
        (false, _) => 3,
        (true, true) => 2,
        _ => 1,
    };
    needed.max(if header == 2 { Bound::V18.attribute() } else { bound.attribute().min(needed) })
}

fn existing(c: &Container, object: &ObjectHeader, name: &[u8]) -> Result<Option<AttributeInfoParts>> {
    c.store.alive(object)?;
    let header = ObjectHeader::load(&c.store, object.address)?;
    attributes::find(c, &header, name)?.map(|a| a.parts(c)).transpose()
}

/// Gives back what an attribute that is gone led to.
fn let_go(c: &Container, old: &AttributeInfoParts) -> Result<()> {
    release::release(&old.datatype, &old.data, &c.store)?;
    match old.committed {
        Some(address) => delete::unlink(c, address).map(|_| ()),
        None => Ok(()),
    }
}

pub(crate) fn remove(file: &File, object: &ObjectHeader, path: &str, name: &str) -> Result<()> {
    let place = format!("{path} attribute {name}");
    file.editing().on(&place)?;
    file.change(|c| {
        let old = existing(c, object, name.as_bytes())?;
        let Some(old) = old else { return Err(Error::not_found("there is no such attribute")) };
        let mut edit = HeaderEdit::load(&c.store, object.address)?;
        attributes::edit::remove(c, &mut edit, name.as_bytes())?;
        edit.touch(now());
        edit.save(&c.store)?;
        let_go(c, &old)
    })
    .on(&place)
}

pub(crate) fn rename(file: &File, object: &ObjectHeader, path: &str, (from, to): (&str, &str)) -> Result<()> {
    let place = format!("{path} attribute {from}");
    file.editing().on(&place)?;
    file.change(|c| {
        if existing(c, object, to.as_bytes())?.is_some() {
            return match from == to {
                true => Ok(()),
                false => Err(Error::usage(format!("the attribute {to} is there already"))),
            };
        }
        let mut edit = HeaderEdit::load(&c.store, object.address)?;
        let Some(old) = attributes::edit::remove(c, &mut edit, from.as_bytes())? else {
            return Err(Error::not_found("there is no such attribute"));
        };
        edit.save(&c.store)?;
        let mut message = old.message;
        message.name = to.as_bytes().to_vec();
        message.utf8 |= !to.is_ascii();
        if message.utf8 {
            message.version = 3;
        }
        attributes::edit::set(c, &mut edit, &message)?;
        edit.touch(now());
        edit.save(&c.store)
    })
    .on(&place)
}

macro_rules! attributes_of {
    ($($object:ty),*) => {$(
        impl $object {
            /// A new attribute, or a new value and type for the one with this name.
            ///
            /// ```
            /// # fn main() -> h5::Result<()> {
            /// let file = h5::File::create_in_memory()?;
            /// let root = file.root()?;
            /// root.new_attribute("gain").value(&1.5f64)?;
            /// root.new_attribute("channels").list(&[1u16, 2, 7])?;
            /// assert_eq!(root.attribute("channels")?.read_raw::<u16>()?, [1, 2, 7]);
            /// # Ok(())
            /// # }
            /// ```
            pub fn new_attribute(&self, name: &str) -> AttributeBuilder {
                AttributeBuilder::new(self.file(), &self.header, self.path(), name)
            }
            /// Whether the object is still there: not deleted, nor rolled back, since it was opened. What it is asked for
            /// then is an error, even where another object lies in its place.
            pub fn is_valid(&self) -> bool {
                self.file.container().store.alive(&self.header).is_ok()
            }
            /// Sets an attribute to one value, in the type that values of this kind are stored as.
            pub fn set_attribute<T: H5Type>(&self, name: &str, value: &T) -> Result<()> {
                self.new_attribute(name).value(value)
            }
            /// Sets an attribute to a text: one UTF-8 string of variable length.
            pub fn set_attribute_str(&self, name: &str, text: &str) -> Result<()> {
                self.new_attribute(name).value(&text.to_string())
            }
            /// Removes the attribute with this name.
            pub fn delete_attribute(&self, name: &str) -> Result<()> {
                remove(self.file(), &self.header, self.path(), name)
            }
            /// Gives an attribute another name.
            pub fn rename_attribute(&self, from: &str, to: &str) -> Result<()> {
                rename(self.file(), &self.header, self.path(), (from, to))
            }
        }
    )*};
}

attributes_of!(Group, Dataset, NamedType);
