//! Attributes of nodes: Python's values, as PyMoDAQ and PyTables store them.

use std::collections::BTreeMap;
use std::fmt;

use super::object::Object;
use super::options::Profile;
use super::python::{self, PyValue, json2object, object2json};
use super::session::NodeFile;
use super::stored;
use super::text::{shape_value, write_text};
use crate::api::attribute::Attribute;
use crate::error::{At, Error, Result};
use crate::format::message::dataspace::SpaceClass;
use crate::format::message::datatype::{CharSet, Class};

/// The attributes of a node.
///
/// What is set is stored as the text that PyMoDAQ stores, so that any value of Python comes back as it was; titles
/// and what PyTables defines are plain. Reading evaluates nothing.
///
/// ```
/// # fn main() -> h5::Result<()> {
/// use h5::node::NodeFile;
/// let file = NodeFile::create_in_memory("a title")?;
/// let attrs = file.root()?.attrs();
/// attrs.set("gain", 1.5)?;
/// attrs.set("channels", (1, 2, "trigger"))?;
/// assert_eq!(attrs.get("gain")?.as_f64(), Some(1.5));
/// assert_eq!(attrs.get("channels")?.to_string(), "(1, 2, 'trigger')");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Attributes {
    file: NodeFile,
    object: Object,
}

/// PyMoDAQ's other name of the title.
fn stored_name(name: &str) -> &str {
    if name == "title" { "TITLE" } else { name }
}

impl Attributes {
    pub(super) fn new(file: NodeFile, object: Object) -> Attributes {
        Attributes { file, object }
    }
    /// The value of this name; none where there is none.
    pub fn find(&self, name: &str) -> Result<Option<PyValue>> {
        let name = stored_name(name);
        let all = self.object.attributes()?;
        let Some(found) = all.iter().find(|a| a.name() == name) else { return Ok(None) };
        self.value(found).map(Some)
    }
    /// The value of this name.
    pub fn get(&self, name: &str) -> Result<PyValue> {
        let found = self.find(name)?;
        found.ok_or_else(|| Error::not_found(format!("there is no attribute {name:?}")).on_path(self.object.path()))
    }
    /// The value of this name, or another where there is none.
    pub fn get_or(&self, name: &str, default: impl Into<PyValue>) -> Result<PyValue> {
        Ok(self.find(name)?.unwrap_or_else(|| default.into()))
    }
    /// Sets a value. `title` is another name of `TITLE`.
    pub fn set(&self, name: &str, value: impl Into<PyValue>) -> Result<()> {
        let (name, value) = (stored_name(name), value.into());
        match (name, &value) {
            ("TITLE", PyValue::Str(text)) => self.set_plain(name, text),
            _ => self.write_text(name, &object2json(&value, self.file.numpy())),
        }
    }
    /// Sets a text as it is, not in PyMoDAQ's form; one that would read as something else gets that form after all.
    pub fn set_plain(&self, name: &str, text: &str) -> Result<()> {
        match json2object(text) {
            PyValue::Str(read) if read == text && !text.contains('\0') => self.write_text(name, text),
            _ => self.write_text(name, &object2json(&PyValue::from(text), self.file.numpy())),
        }
    }
    /// Removes a value.
    pub fn remove(&self, name: &str) -> Result<()> {
        self.object.delete_attribute(stored_name(name))
    }
    /// Whether there is a value of this name.
    pub fn contains(&self, name: &str) -> Result<bool> {
        Ok(self.names()?.iter().any(|n| n == stored_name(name)))
    }
    /// The names, sorted by their bytes.
    pub fn names(&self) -> Result<Vec<String>> {
        let mut names: Vec<String> = self.object.attributes()?.iter().map(Attribute::name).collect();
        names.sort_unstable();
        Ok(names)
    }
    /// How many there are.
    pub fn len(&self) -> Result<usize> {
        Ok(self.object.attributes()?.len())
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }
    /// All of them by name.
    pub fn to_map(&self) -> Result<BTreeMap<String, PyValue>> {
        let one = |a: &Attribute| Ok((a.name(), self.value(a)?));
        self.object.attributes()?.iter().map(one).collect()
    }
    /// All of them, sorted by name, each with its value or what is wrong with it.
    pub fn each(&self) -> Result<Vec<(String, Result<PyValue>)>> {
        let one = |a: &Attribute| (a.name(), self.value(a));
        Ok(self.object.attributes()?.iter().map(one).collect())
    }
    /// The value of an attribute; the shape of an array is the one that it has, also before it is committed.
    fn value(&self, attribute: &Attribute) -> Result<PyValue> {
        let name = attribute.name();
        if name == "shape"
            && let Object::Dataset(dataset) = &self.object
            && self.file.is_writable()
        {
            return Ok(shape_value(&dataset.shape()?));
        }
        let stored = stored_value(attribute).on(self.object.path())?;
        Ok(match stored {
            PyValue::Str(text) => json2object(&text),
            PyValue::Bytes(bytes) => decoded(&name, bytes),
            other => other,
        })
    }
    pub(super) fn write_text(&self, name: &str, text: &str) -> Result<()> {
        write_text(self.object.new_attribute(name), self.file.profile(), text)
    }
    /// Sets the attribute that says along which axis an array grows.
    pub(super) fn write_extdim(&self) -> Result<()> {
        match self.file.profile() {
            Profile::Pymodaq => self.object.new_attribute("EXTDIM").value(&0i32),
            Profile::H5py => self.object.new_attribute("EXTDIM").value(&0i64),
        }
    }
}

/// A text of ASCII, which Python gives as bytes: a text after all where it is known to be one, a pickle, or JSON.
fn decoded(name: &str, bytes: Vec<u8>) -> PyValue {
    if matches!(name, "TITLE" | "CLASS" | "EXTDIM")
        && let Ok(text) = std::str::from_utf8(&bytes)
    {
        return json2object(text);
    }
    if python::looks_like_pickle(&bytes)
        && let Ok(value) = python::unpickle(&bytes)
    {
        return value;
    }
    match std::str::from_utf8(&bytes).map(|text| (text, json2object(text))) {
        // What is no JSON stays what it was: bytes.
        Ok((text, PyValue::Str(read))) if read == text => PyValue::Bytes(bytes),
        Ok((_, value)) => value,
        Err(_) => PyValue::Bytes(bytes),
    }
}

/// An attribute as Python's libraries give it, before PyMoDAQ looks into its text.
fn stored_value(attribute: &Attribute) -> Result<PyValue> {
    let datatype = attribute.datatype()?;
    let shape = attribute.shape()?;
    let is_text = matches!(datatype.class, Class::String(_) | Class::VarString { .. });
    if attribute.space()?.class == SpaceClass::Null {
        return Ok(if is_text { PyValue::from("") } else { PyValue::None });
    }
    if !shape.is_empty() {
        return stored::array_of(&datatype, &shape, attribute.read_values()?.into_iter().collect());
    }
    if is_text {
        let bytes = attribute.read_scalar::<Vec<u8>>()?;
        let ascii = matches!(&datatype.class, Class::String(text) if text.charset == CharSet::Ascii);
        return Ok(match String::from_utf8(bytes) {
            Ok(text) if !ascii => PyValue::Str(text),
            Ok(text) => PyValue::Bytes(text.into_bytes()),
            Err(e) => PyValue::Bytes(e.into_bytes()),
        });
    }
    Ok(stored::value_of(&datatype, attribute.read_scalar()?))
}

impl fmt::Display for Attributes {
    /// As PyMoDAQ lists them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.to_map().map_err(|_| fmt::Error)?;
        write!(f, "{}.attrs (Attributes), {} attributes", self.object.path(), all.len())?;
        if all.is_empty() {
            return Ok(());
        }
        f.write_str(":\n   [")?;
        for (i, (name, value)) in all.iter().enumerate() {
            let comma = if i == 0 { "" } else { ",\n    " };
            match value {
                PyValue::Str(text) => write!(f, "{comma}{name} := {text}")?,
                other => write!(f, "{comma}{name} := {other}")?,
            }
        }
        f.write_str("]")
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
