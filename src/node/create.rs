//! New groups and arrays.

use super::data::ArrayData;
use super::dtype::DType;
use super::session::NodeFile;
use super::group::Group;
use super::handle::{Handle, Location};
use super::object::Object;
use super::options::{GroupType, Profile};
use super::python::PyValue;
use super::{CArray, EArray, StringArray, VlArray};
use crate::api::builder::DatasetBuilder;
use crate::api::dataset::Dataset;
use crate::error::{Error, Result};
use crate::filter::Stage;
use crate::format::message::datatype::Datatype;

/// Bytes of a chunk, as near as whole rows come to it.
const CHUNK_BYTES: u64 = 64 << 10;
/// A row of more bytes is cut into several chunks.
const ROW_BYTES: u64 = 1 << 20;
/// Rows of variable length in a chunk.
const VARIABLE_ROWS: u64 = 1024;

/// A name of a node: not empty, no slash, no NUL, not `.`.
pub(super) fn check_name(name: &str, within: &str) -> Result<()> {
    match name.is_empty() || name == "." || name.contains(['/', '\0']) {
        true => Err(Error::usage(format!("{name:?} as the name of a node: it is one part of a path")).on_path(within)),
        false => Ok(()),
    }
}

/// The first letter in upper case, as PyMoDAQ names groups.
fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What tells arrays of one class.
struct Kind {
    class: &'static str,
    version: &'static str,
    grows: bool,
}

const CARRAY: Kind = Kind { class: "CARRAY", version: "1.1", grows: false };
const EARRAY: Kind = Kind { class: "EARRAY", version: "1.1", grows: true };
const VLARRAY: Kind = Kind { class: "VLARRAY", version: "1.4", grows: true };

/// What the attributes of a new array tell.
struct Told<'a> {
    title: &'a str,
    dtype: &'a DType,
    subdtype: &'a str,
}

impl NodeFile {
    /// Where a node of this name is to be: the group, once nothing of that name is in it.
    pub(super) fn place(&self, location: impl Location, name: &str) -> Result<Group> {
        self.writable()?;
        let group = self.group(location)?;
        check_name(name, group.path())?;
        match group.contains(name)? {
            true => Err(Error::usage(format!("there is a node {name:?} already")).on_path(group.path())),
            false => Ok(group),
        }
    }
    /// The group of this name, made with this title where there is none; an error where an array has the name.
    pub fn get_set_group(&self, location: impl Location, name: &str, title: &str) -> Result<Group> {
        let parent = self.group(location)?;
        check_name(name, parent.path())?;
        if parent.contains(name)? {
            return parent.get_child(name)?.into_group();
        }
        self.writable()?;
        let object = Object::Group(parent.object()?.create_group(name)?);
        let group = Group { handle: Handle { file: self.clone(), object } };
        let attrs = group.attrs();
        attrs.write_text("CLASS", "GROUP")?;
        attrs.set_plain("TITLE", title)?;
        if self.profile() == Profile::Pymodaq {
            attrs.write_text("VERSION", "1.0")?;
        }
        Ok(group)
    }
    /// A group of a type of PyMoDAQ's, with metadata as attributes. As in PyMoDAQ, the group of this name is taken
    /// where there is one, else the one whose name begins with an upper-case letter, which is made if need be.
    pub fn add_group(
        &self,
        name: &str,
        kind: impl Into<GroupType>,
        location: impl Location,
        title: &str,
        metadata: &[(&str, PyValue)],
    ) -> Result<Group> {
        let parent = self.group(location)?;
        check_name(name, parent.path())?;
        self.writable()?;
        let group = match parent.contains(name)? {
            true => parent.get_child(name)?.into_group()?,
            false => self.get_set_group(&parent, &capitalized(name), title)?,
        };
        let attrs = group.attrs();
        attrs.set("type", kind.into().name())?;
        for (name, value) in metadata {
            attrs.set(name, value.clone())?;
        }
        attrs.set("backend", self.profile().backend())?;
        Ok(group)
    }
    /// Makes an array of fixed shape that holds `data`.
    pub fn create_carray(
        &self,
        location: impl Location,
        name: &str,
        data: &(impl ArrayData + ?Sized),
        title: &str,
    ) -> Result<CArray> {
        let group = self.place(location, name)?;
        let (shape, dtype) = (data.shape(), data.dtype());
        if shape.is_empty() {
            return Err(Error::usage("a single value as an array: it has no axis").on_path(group.path()));
        }
        let dims: Vec<u64> = shape.iter().map(|n| *n as u64).collect();
        let mut builder = group.object()?.new_dataset_of(dtype.datatype(self.profile())?).shape(&dims);
        if !dims.contains(&0) {
            builder = self.filtered(&group, builder)?;
        }
        let dataset = builder.create(name)?;
        let handle = self.dressed(&group, dataset, &CARRAY, &Told { title, dtype: &dtype, subdtype: "" })?;
        let array = CArray { handle };
        array.set(.., data)?;
        Ok(array)
    }
    /// Makes an array that grows along its first axis, of elements of a shape (none: of single numbers).
    pub fn create_earray(
        &self,
        location: impl Location,
        name: &str,
        dtype: impl Into<DType>,
        data_shape: Option<&[usize]>,
        title: &str,
    ) -> Result<EArray> {
        let group = self.place(location, name)?;
        let dtype = dtype.into();
        let element: Vec<u64> = data_shape.unwrap_or_default().iter().map(|n| *n as u64).collect();
        if element.contains(&0) {
            return Err(Error::usage(format!("elements of shape {element:?}: they are empty")).on_path(group.path()));
        }
        let dims: Vec<u64> = std::iter::once(0).chain(element.iter().copied()).collect();
        let chunk = chunk_of(&element, dtype.size() as u64);
        let datatype = dtype.datatype(self.profile())?;
        let builder = group.object()?.new_dataset_of(datatype).shape(&dims).resizable().chunk(chunk);
        let dataset = self.filtered(&group, builder)?.create(name)?;
        let handle = self.dressed(&group, dataset, &EARRAY, &Told { title, dtype: &dtype, subdtype: "" })?;
        Ok(EArray { array: CArray { handle } })
    }
    /// Makes an array whose rows have a length of their own.
    pub fn create_vlarray(
        &self,
        location: impl Location,
        name: &str,
        dtype: impl Into<DType>,
        title: &str,
    ) -> Result<VlArray> {
        let group = self.place(location, name)?;
        let handle = self.variable(&group, name, &dtype.into(), "", title)?;
        Ok(VlArray { handle })
    }
    /// Makes a list of strings.
    pub fn create_string_array(&self, location: impl Location, name: &str, title: &str) -> Result<StringArray> {
        let group = self.place(location, name)?;
        let handle = self.variable(&group, name, &DType::UInt8, "string", title)?;
        Ok(StringArray { rows: VlArray { handle } })
    }
    fn variable(&self, group: &Group, name: &str, dtype: &DType, subdtype: &str, title: &str) -> Result<Handle> {
        let datatype = Datatype::vlen(dtype.datatype(self.profile())?);
        let builder =
            group.object()?.new_dataset_of(datatype).shape([0]).resizable().chunk([VARIABLE_ROWS]);
        let dataset = self.filtered(group, builder)?.create(name)?;
        self.dressed(group, dataset, &VLARRAY, &Told { title, dtype, subdtype })
    }
    /// Gives a new dataset the filters that are set, or else those of its group.
    fn filtered(&self, group: &Group, builder: DatasetBuilder) -> Result<DatasetBuilder> {
        let stages = match self.compression() {
            Some(compression) => compression.stages().to_vec(),
            None => inherited(group)?,
        };
        Ok(stages.into_iter().fold(builder, DatasetBuilder::filter))
    }
    /// Gives a new dataset its attributes. If that fails, there is no dataset.
    fn dressed(&self, group: &Group, dataset: Dataset, kind: &Kind, told: &Told<'_>) -> Result<Handle> {
        let shape = super::text::shape_value(&dataset.shape()?);
        let handle = Handle { file: self.clone(), object: Object::Dataset(dataset) };
        let attrs = handle.attrs();
        let dress = || {
            attrs.write_text("CLASS", kind.class)?;
            if kind.grows && (kind.class == EARRAY.class || self.profile() == Profile::H5py) {
                attrs.write_extdim()?;
            }
            attrs.set_plain("TITLE", told.title)?;
            if self.profile() == Profile::Pymodaq {
                attrs.write_text("VERSION", kind.version)?;
            }
            attrs.set("shape", shape)?;
            attrs.set("dtype", told.dtype.name())?;
            attrs.set("subdtype", told.subdtype)?;
            attrs.set("backend", self.profile().backend())
        };
        match dress() {
            Ok(()) => Ok(handle),
            Err(e) => {
                group.object()?.delete(handle.name())?;
                Err(e)
            }
        }
    }
}

/// Whole rows of about 64 KiB; of large rows one, or a part.
fn chunk_of(element: &[u64], bytes: u64) -> Vec<u64> {
    let row = element.iter().fold(bytes.max(1), |n, d| n.saturating_mul(*d));
    let mut chunk = vec![CHUNK_BYTES.checked_div(row).unwrap_or(0).max(1)];
    chunk.extend(element);
    let mut whole = row;
    let mut axis = 1usize;
    while whole > ROW_BYTES && axis < chunk.len() {
        if let Some(n) = chunk.get_mut(axis) {
            let pieces = whole.div_ceil(ROW_BYTES).min(*n).max(1);
            whole = whole.checked_div(*n).unwrap_or(0).saturating_mul(n.div_ceil(pieces));
            *n = n.div_ceil(pieces);
        }
        axis = axis.saturating_add(1);
    }
    chunk
}

/// The filters that PyTables stores for what is made in a group, or the group that is in: level, library, flags, one
/// byte each. Of the libraries only zlib is taken over; others become zlib of the same level.
fn inherited(group: &Group) -> Result<Vec<Stage>> {
    const SHUFFLE: u64 = 1;
    const FLETCHER32: u64 = 2;
    let mut here = Some(group.clone());
    while let Some(group) = here {
        if let Some(PyValue::Int(packed)) = group.attrs().find("FILTERS")? {
            let packed = u64::try_from(&packed).unwrap_or(0);
            let [level, library, flags, ..] = packed.to_le_bytes();
            let flags = u64::from(flags);
            let mut stages = Vec::new();
            if library > 0 && level > 0 {
                if flags & SHUFFLE != 0 {
                    stages.push(Stage::shuffle());
                }
                stages.push(Stage::deflate(u32::from(level.min(9))));
            }
            if flags & FLETCHER32 != 0 {
                stages.push(Stage::fletcher32());
            }
            return Ok(stages);
        }
        here = group.parent_node()?;
    }
    Ok(Vec::new())
}

impl From<&GroupType> for GroupType {
    fn from(kind: &GroupType) -> GroupType {
        kind.clone()
    }
}

impl From<&DType> for DType {
    fn from(dtype: &DType) -> DType {
        dtype.clone()
    }
}
