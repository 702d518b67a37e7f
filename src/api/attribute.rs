//! Attributes.

use std::sync::{Arc, OnceLock};

use super::session::File;
use crate::error::{At, Error, Result};
use crate::format::message::dataspace::Dataspace;
use crate::format::message::datatype::Datatype;
use crate::model::attributes::{self, AttributeInfoParts, StoredAttribute};
use crate::store::header::ObjectHeader;

pub mod write;

/// An attribute: a small array with a name, read at once.
#[derive(Clone)]
pub struct Attribute {
    pub(crate) file: File,
    pub(crate) stored: StoredAttribute,
    pub(crate) path: String,
    /// Type, space and data, once they were asked for.
    decoded: OnceLock<Arc<AttributeInfoParts>>,
}

impl Attribute {
    /// Its name.
    pub fn name(&self) -> String {
        String::from_utf8_lossy(&self.stored.message.name).into_owned()
    }
    /// Its name as it is stored.
    pub fn name_bytes(&self) -> &[u8] {
        &self.stored.message.name
    }
    /// Its creation index, where the object tracks it.
    pub fn creation_index(&self) -> Option<u32> {
        self.stored.order
    }
    fn new(file: &File, stored: StoredAttribute, path: &str) -> Attribute {
        Attribute { file: file.clone(), stored, path: path.to_string(), decoded: OnceLock::new() }
    }
    pub(crate) fn decoded(&self) -> Result<&Arc<AttributeInfoParts>> {
        if let Some(known) = self.decoded.get() {
            return Ok(known);
        }
        let parts = self.stored.parts(self.file.container());
        let path = || format!("{} attribute {}", self.path, self.name());
        let parts = Arc::new(parts.map_err(|e| e.on_path(&path()))?);
        Ok(self.decoded.get_or_init(|| parts))
    }
    /// Type, space, committed datatype and stored data.
    pub fn parts(&self) -> Result<AttributeInfoParts> {
        self.decoded().map(|parts| (**parts).clone())
    }
    /// Its type.
    pub fn datatype(&self) -> Result<Arc<Datatype>> {
        Ok(self.decoded()?.datatype.clone())
    }
    /// Its extent.
    pub fn space(&self) -> Result<Dataspace> {
        Ok(self.decoded()?.space.clone())
    }
    /// Its dimensions, slowest first; none for a scalar.
    pub fn shape(&self) -> Result<Vec<u64>> {
        Ok(self.decoded()?.space.dims.iter().map(|d| d.0).collect())
    }
}

/// The attributes of an object that can be read, by name, and what broke.
pub(crate) fn found(file: &File, header: &ObjectHeader, path: &str) -> (Vec<Attribute>, Option<Error>) {
    let mut out = Vec::new();
    let result = attributes::each(file.container(), header, &mut |stored| {
        out.push(Attribute::new(file, stored, path));
        Ok(())
    });
    out.sort_by(|a: &Attribute, b| a.name_bytes().cmp(b.name_bytes()));
    (out, result.on(path).err())
}

pub(crate) fn list(file: &File, header: &ObjectHeader, path: &str) -> Result<Vec<Attribute>> {
    let (out, broken) = found(file, header, path);
    broken.map_or(Ok(out), Err)
}

pub(crate) fn open(file: &File, header: &ObjectHeader, path: &str, name: &str) -> Result<Attribute> {
    match attributes::find(file.container(), header, name.as_bytes()).on(path)? {
        Some(stored) => Ok(Attribute::new(file, stored, path)),
        None => Err(Error::not_found(format!("there is no attribute {name} here")).on_path(path)),
    }
}

impl std::fmt::Debug for Attribute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attribute").field("path", &self.path).field("name", &self.name()).finish()
    }
}
