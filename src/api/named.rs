//! Committed datatypes.

use std::sync::Arc;

use super::attribute::{Attribute, list, open};
use super::session::File;
use crate::error::{At, Result};
use crate::format::message::datatype::Datatype;
use crate::model::dataset::datatype_of;
use crate::store::header::ObjectHeader;
use crate::wire::Addr;

/// A datatype that is an object of its own, with a name and attributes.
#[derive(Clone)]
pub struct NamedType {
    pub(crate) file: File,
    pub(crate) header: Arc<ObjectHeader>,
    datatype: Arc<Datatype>,
    path: String,
}

impl NamedType {
    pub(crate) fn load(file: &File, header: Arc<ObjectHeader>, path: String) -> Result<Self> {
        let (datatype, _) = datatype_of(file.container(), &header)
            .at(&crate::format::header::V2, header.address.raw())
            .on(&path)?;
        Ok(NamedType { file: file.clone(), header, datatype, path })
    }
    /// The path it was opened by.
    pub fn path(&self) -> &str {
        &self.path
    }
    /// The file it is in.
    pub fn file(&self) -> &File {
        &self.file
    }
    /// The address of its header.
    pub fn address(&self) -> Addr {
        self.header.address
    }
    /// The datatype.
    pub fn datatype(&self) -> &Datatype {
        &self.datatype
    }
    /// Its attributes, sorted by name.
    pub fn attributes(&self) -> Result<Vec<Attribute>> {
        list(&self.file, &*self.file.header_now(&self.header)?, &self.path)
    }
    /// The attribute with this name.
    pub fn attribute(&self, name: &str) -> Result<Attribute> {
        open(&self.file, &*self.file.header_now(&self.header)?, &self.path, name)
    }
}

impl std::fmt::Debug for NamedType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("NamedType").field(&self.path).finish()
    }
}
