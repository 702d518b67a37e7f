//! Reading attributes.

use ndarray::{Array1, Array2, ArrayD, Dimension, Ix1, Ix2, IxDyn};

use super::{Treatment, shaped, single, sizes};
use crate::api::attribute::Attribute;
use crate::api::element::{Elements, H5Type};
use crate::api::value::Value;
use crate::error::{Error, Result};
use crate::format::message::dataspace::SpaceClass;
use crate::format::message::datatype::Datatype;

/// Reads an attribute with options; [`Attribute::reader`] makes it.
#[derive(Debug, Clone, Copy)]
pub struct AttributeReader<'a> {
    attribute: &'a Attribute,
    treatment: Treatment,
}

impl AttributeReader<'_> {
    /// Whether numbers that do not fit become the nearest one that does; else they are an error.
    #[must_use]
    pub fn clamp(mut self, yes: bool) -> Self {
        self.treatment.clamp = yes;
        self
    }
    /// Whether the bytes of strings that are no UTF-8 become replacement characters; else they are an error.
    #[must_use]
    pub fn lossy(mut self, yes: bool) -> Self {
        self.treatment.lossy = yes;
        self
    }
    fn place(&self) -> String {
        format!("{} attribute {}", self.attribute.path, self.attribute.name())
    }
    fn decoded<T: H5Type>(&self) -> Result<(Vec<usize>, Vec<T>)> {
        let parts = self.attribute.decoded()?;
        let datatype: &Datatype = &parts.datatype;
        let decode = || {
            let plan = T::plan(datatype)?;
            let mut decoder = self.treatment.decoder(&self.attribute.file, parts.data.len());
            let elements = Elements::packed(&parts.data, datatype.bytes());
            let mut out = Vec::new();
            T::decode_many(&plan, elements, &mut decoder, &mut out)?;
            let shape = match parts.space.class {
                SpaceClass::Null => vec![0],
                _ => sizes(&parts.space.dims.iter().map(|d| d.0).collect::<Vec<_>>())?,
            };
            Ok((shape, out))
        };
        decode().map_err(|e: Error| e.on_path(&self.place()))
    }
    fn array<T: H5Type, D: Dimension>(&self) -> Result<ndarray::Array<T, D>> {
        let (shape, data) = self.decoded::<T>()?;
        shaped(shape, data).map_err(|e| e.on_path(&self.place()))
    }
    /// All elements, in the attribute's shape.
    pub fn read<T: H5Type>(&self) -> Result<ArrayD<T>> {
        self.array::<T, IxDyn>()
    }
    /// All elements of an attribute of one dimension.
    pub fn read_1d<T: H5Type>(&self) -> Result<Array1<T>> {
        self.array::<T, Ix1>()
    }
    /// All elements of an attribute of two dimensions.
    pub fn read_2d<T: H5Type>(&self) -> Result<Array2<T>> {
        self.array::<T, Ix2>()
    }
    /// All elements, in row-major order.
    pub fn read_raw<T: H5Type>(&self) -> Result<Vec<T>> {
        Ok(self.decoded::<T>()?.1)
    }
    /// The one element.
    pub fn read_scalar<T: H5Type>(&self) -> Result<T> {
        single(self.decoded::<T>()?.1).map_err(|e| e.on_path(&self.place()))
    }
    /// The one string.
    pub fn read_string(&self) -> Result<String> {
        self.read_scalar::<String>()
    }
    /// All elements, whatever their type.
    pub fn read_values(&self) -> Result<ArrayD<Value>> {
        self.read::<Value>()
    }
}

/// Methods that read with the default options.
impl Attribute {
    /// Reads with options.
    pub fn reader(&self) -> AttributeReader<'_> {
        AttributeReader { attribute: self, treatment: Treatment::default() }
    }
    /// All elements, in the attribute's shape.
    pub fn read<T: H5Type>(&self) -> Result<ArrayD<T>> {
        self.reader().read()
    }
    /// All elements, in the attribute's shape.
    pub fn read_dyn<T: H5Type>(&self) -> Result<ArrayD<T>> {
        self.reader().read()
    }
    /// All elements of an attribute of one dimension.
    pub fn read_1d<T: H5Type>(&self) -> Result<Array1<T>> {
        self.reader().read_1d()
    }
    /// All elements of an attribute of two dimensions.
    pub fn read_2d<T: H5Type>(&self) -> Result<Array2<T>> {
        self.reader().read_2d()
    }
    /// All elements, in row-major order.
    pub fn read_raw<T: H5Type>(&self) -> Result<Vec<T>> {
        self.reader().read_raw()
    }
    /// The one element.
    pub fn read_scalar<T: H5Type>(&self) -> Result<T> {
        self.reader().read_scalar()
    }
    /// The one string.
    pub fn read_string(&self) -> Result<String> {
        self.reader().read_string()
    }
    /// All elements, whatever their type.
    pub fn read_values(&self) -> Result<ArrayD<Value>> {
        self.reader().read_values()
    }
}
