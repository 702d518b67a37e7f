//! A new file in memory.

use h5::api::attribute::write::AttributeBuilder;
use h5::error::Error;
use h5::ndarray::{ArrayD, IxDyn};
use h5::{File, H5Type, Node};
use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::error::{Result, Throw};

/// What is done with elements that JavaScript gives.
trait Take {
    fn take<T: H5Type + Clone>(self, values: Vec<T>) -> h5::Result<()>;
}

/// Typed arrays keep their type, lists are of strings or of doubles, and what is no list is one element.
fn give(data: &JsValue, to: impl Take) -> h5::Result<()> {
    macro_rules! typed {
        ($($array:ident)*) => {$(
            if let Some(array) = data.dyn_ref::<js_sys::$array>() {
                return to.take(array.to_vec());
            }
        )*};
    }
    typed! {
        Int8Array Int16Array Int32Array BigInt64Array Uint8Array Uint16Array Uint32Array BigUint64Array
        Float32Array Float64Array
    }
    let list = data.dyn_ref::<Array>().cloned().unwrap_or_else(|| Array::of1(data));
    let texts = list.iter().map(|v| v.as_string()).collect::<Option<Vec<String>>>();
    if let Some(texts) = texts.filter(|texts| !texts.is_empty()) {
        return to.take(texts);
    }
    match list.iter().map(|v| v.as_f64()).collect::<Option<Vec<f64>>>() {
        Some(numbers) => to.take(numbers),
        None => Err(Error::usage("the data are no typed array, and no list of strings or of numbers")),
    }
}

/// A dataset to be made.
struct Making<'a> {
    file: &'a File,
    path: &'a str,
    /// None: as long as the data.
    shape: Option<Vec<u64>>,
    chunks: Option<Vec<u64>>,
    level: u32,
}

impl Take for Making<'_> {
    fn take<T: H5Type + Clone>(self, values: Vec<T>) -> h5::Result<()> {
        let dims = self.shape.unwrap_or_else(|| vec![values.len() as u64]);
        let sizes: Vec<usize> = dims.iter().map(|n| *n as usize).collect();
        let fits =
            |e| Error::usage(format!("the data do not have the shape {dims:?}: {e}")).on_path(self.path);
        let values = ArrayD::from_shape_vec(IxDyn(&sizes), values).map_err(fits)?;
        let mut builder = self.file.root()?.new_dataset::<T>().shape(&dims);
        if let Some(chunks) = &self.chunks {
            builder = builder.chunk(chunks);
        }
        if self.level > 0 {
            builder = builder.shuffle().deflate(self.level);
        }
        builder.create(self.path)?.write(&values)
    }
}

/// An attribute to be set: one element, or a list.
struct Setting {
    builder: AttributeBuilder,
    scalar: bool,
}

impl Take for Setting {
    fn take<T: H5Type + Clone>(self, values: Vec<T>) -> h5::Result<()> {
        match values.as_slice() {
            [one] if self.scalar => self.builder.value(one),
            all => self.builder.list(all),
        }
    }
}

/// A file that is made in memory, to be downloaded.
#[wasm_bindgen]
pub struct NewFile {
    file: File,
}

fn attribute(file: &File, path: &str, name: &str) -> h5::Result<AttributeBuilder> {
    Ok(match file.get(path)?.ok_or_else(|| Error::not_found("there is no such object").on_path(path))? {
        Node::Group(g) => g.new_attribute(name),
        Node::Dataset(d) => d.new_attribute(name),
        Node::Type(t) => t.new_attribute(name),
        _ => return Err(Error::unsupported("an object of a new kind").on_path(path)),
    })
}

fn dims(given: Option<Vec<f64>>) -> Option<Vec<u64>> {
    given.map(|dims| dims.into_iter().map(|n| n as u64).collect())
}

#[wasm_bindgen]
impl NewFile {
    /// An empty file.
    #[wasm_bindgen(constructor)]
    pub fn create() -> Result<NewFile> {
        File::create_in_memory().map(|file| NewFile { file }).thrown()
    }
    /// Makes a group, and those on the way.
    pub fn create_group(&self, path: &str) -> Result<()> {
        self.file.root().and_then(|root| root.create_group(path)).map(drop).thrown()
    }
    /// Makes a dataset of a typed array, of strings, or of numbers (as doubles). With a level of 1 to 9 it is stored in
    /// chunks, through shuffle and deflate.
    pub fn create_dataset(
        &self,
        path: &str,
        data: &JsValue,
        shape: Option<Vec<f64>>,
        chunks: Option<Vec<f64>>,
        level: u32,
    ) -> Result<()> {
        give(data, Making { file: &self.file, path, shape: dims(shape), chunks: dims(chunks), level })
            .thrown()
    }
    /// Sets an attribute: one string or number, or a list or typed array of them.
    pub fn set_attribute(&self, path: &str, name: &str, value: &JsValue) -> Result<()> {
        let scalar = value.as_string().is_some() || value.as_f64().is_some();
        attribute(&self.file, path, name)
            .and_then(|builder| give(value, Setting { builder, scalar }))
            .thrown()
    }
    /// Deletes an object.
    pub fn delete(&self, path: &str) -> Result<()> {
        self.file.root().and_then(|root| root.delete(path)).thrown()
    }
    /// The bytes of the file.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        self.file.commit().and_then(|()| self.file.to_vec()).thrown()
    }
}
