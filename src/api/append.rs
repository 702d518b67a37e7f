//! Appends: rows are gathered in memory, chunk by chunk, and written when a chunk is full or with a commit.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, PoisonError};

use super::dataset::Dataset;
use super::element::{ElementsMut, Encoder, H5Type};
use super::session::{File, Inner};
use crate::data::append::AppendBuffer;
use crate::data::reader::{Opener, Reader, SourceDataset};
use crate::data::selection::Selection;
use crate::data::write::{Changed, Writer};
use crate::error::{At, Error, ErrorKind, Result};
use crate::format::message::layout::{IndexKind, LayoutClass};
use crate::model::dataset::DatasetInfo;
use crate::model::new_dataset;
use crate::source::ReadAt;
use crate::store::header::ObjectHeader;
use crate::store::open::Container;
use crate::wire::Addr;

/// Chunked data lie in their own file.
struct NoOther;

impl Opener for NoOther {
    fn raw_file(&self, _: &[u8]) -> Result<Option<Arc<dyn ReadAt>>> {
        Ok(None)
    }
    fn source(&self, _: &[u8], _: &[u8]) -> Result<Option<Box<dyn SourceDataset>>> {
        Ok(None)
    }
}

type Buffers = HashMap<Addr, AppendBuffer>;

impl Inner {
    fn buffers(&self) -> Option<MutexGuard<'_, Buffers>> {
        Some(self.editing.as_ref()?.buffers.lock().unwrap_or_else(PoisonError::into_inner))
    }
    fn writer<'a>(&'a self, info: &'a DatasetInfo) -> Writer<'a> {
        let parallel = self.options.parallel;
        Writer {
            container: &self.container,
            cache: &self.cache,
            opener: &NoOther,
            info,
            parallel,
            field: None,
        }
    }
    /// What is known of a dataset to which rows were appended that the file does not have yet.
    pub(crate) fn buffered_info(&self, address: Addr) -> Option<DatasetInfo> {
        Some(self.buffers()?.get(&address)?.info().clone())
    }
    /// Reads through the buffer, if there is one: whether there was.
    pub(crate) fn read_buffered(
        &self,
        address: Addr,
        reader: &Reader<'_>,
        selection: &Selection,
        out: &mut [u8],
    ) -> Result<bool> {
        match self.buffers().as_ref().and_then(|b| b.get(&address)) {
            Some(buffer) => buffer.read(reader, selection, out).map(|()| true),
            None => Ok(false),
        }
    }
    /// Stores what the buffers hold. After an error everything since the last commit is gone.
    pub(crate) fn flush_buffers(&self) -> Result<()> {
        let Some(mut buffers) = self.buffers() else { return Ok(()) };
        let mut flush = || -> Result<()> {
            for buffer in buffers.values_mut().filter(|b| b.is_dirty()) {
                let info = buffer.info().clone();
                let rows_only = !buffer.is_overwritten();
                let flush = || {
                    let changed = buffer.flush(&self.writer(&info))?;
                    settle(&self.container, info.clone(), &changed)
                };
                unless_seen(&self.container, &info, rows_only, flush)?;
            }
            Ok(())
        };
        let done = flush();
        if done.is_err() {
            buffers.clear();
            self.container.store.rollback()?;
        }
        done
    }
    /// Stores what the buffers hold, and does without them: before changes that they do not know of.
    pub(crate) fn drop_buffers(&self, flushed: bool) -> Result<()> {
        if flushed {
            self.flush_buffers()?;
        }
        if let Some(mut buffers) = self.buffers() {
            buffers.clear();
        }
        Ok(())
    }
}

/// Runs a step on a dataset that only adds rows. In an index of which blocks change together it is seen; what it adds
/// to a heap tells so itself.
fn unless_seen<T>(
    c: &Container,
    info: &DatasetInfo,
    rows_only: bool,
    step: impl FnOnce() -> Result<T>,
) -> Result<T> {
    match &info.layout.class {
        LayoutClass::Chunked(chunked) if rows_only => match chunked.index {
            IndexKind::BTree1 | IndexKind::BTree2(_) => step(),
            _ => c.store.unseen(step),
        },
        _ => step(),
    }
}

/// Brings a dataset's header up to date.
fn settle(c: &Container, mut info: DatasetInfo, changed: &Changed) -> Result<()> {
    changed.apply(&mut info);
    new_dataset::update(c, &info, changed.layout.is_some(), changed.dims.is_some())
}

impl File {
    /// Changes a dataset through its buffer, which is made where there is none.
    fn with_buffer<T>(
        &self,
        object: &ObjectHeader,
        f: impl FnOnce(&mut AppendBuffer, &Writer<'_>) -> Result<T>,
    ) -> Result<T> {
        let _gate = self.gate()?;
        let (inner, address) = (&self.0, object.address);
        inner.container.store.alive(object)?;
        let Some(mut buffers) = inner.buffers() else {
            return Err(Error::usage("the file is open for reading only"));
        };
        let buffer = match buffers.entry(address) {
            std::collections::hash_map::Entry::Occupied(o) => o.into_mut(),
            std::collections::hash_map::Entry::Vacant(v) => {
                let header = ObjectHeader::load(&inner.container.store, address)?;
                v.insert(AppendBuffer::new(DatasetInfo::load(&inner.container, &header)?, None)?)
            }
        };
        // The buffer has its own view of the dataset, and does not look at the writer's.
        let info = buffer.info().clone();
        inner.container.store.mark()?;
        let done = f(buffer, &inner.writer(&info));
        match done {
            Err(e) if e.kind() == ErrorKind::Usage => {
                // Refused before the buffer changed; heap objects of the values before may be there.
                inner.container.store.undo()?;
                Err(e)
            }
            Err(e) => {
                // The buffer does not know what of it is in the file.
                buffers.clear();
                inner.container.store.rollback()?;
                self.changed();
                Err(e)
            }
            Ok(done) => Ok(done),
        }
    }
}

impl Dataset {
    /// Makes the dataset longer along an axis and writes `values` there: whole rows, in row-major order.
    ///
    /// Rows are gathered in memory until a chunk is full, which is then encoded by another thread; a commit
    /// writes what there is. By default that takes the memory of two bands of chunks, at most 256 MiB.
    /// Values that do not fit, and rows beyond the maximum, are refused before anything changes.
    ///
    /// ```
    /// # fn main() -> h5::Result<()> {
    /// let file = h5::File::create_in_memory()?;
    /// let log = file.root()?.new_dataset::<f64>().shape([0, 2]).resizable().create("log")?;
    /// log.append(0, &[1.0, 2.0])?;
    /// log.append(0, &[3.0, 4.0])?;
    /// assert_eq!(log.shape()?, [2, 2]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn append<T: H5Type>(&self, axis: usize, values: &[T]) -> Result<()> {
        self.file().editing().on(self.path())?;
        if !matches!(self.info().layout.class, LayoutClass::Chunked(_)) {
            return Err(Error::usage("only chunked datasets grow").on_path(self.path()));
        }
        self.file().unless_watched_data(self.info()).on(self.path())?;
        let datatype = &self.info().datatype;
        let append = || {
            let plan = T::plan(datatype)?;
            self.file().with_buffer(&self.header, |buffer, writer| {
                let dims = buffer.info().dims();
                check(&dims, &buffer.info().max_dims(), axis, values.len())?;
                let (info, rows_only) = (self.info(), !buffer.is_overwritten());
                unless_seen(writer.container, info, rows_only, || {
                    if let Some(stored) = T::as_stored(&plan, values) {
                        return buffer.append(writer, axis, stored);
                    }
                    let size = datatype.bytes();
                    let mut data = vec![0; values.len().saturating_mul(size)];
                    let mut encoder = Encoder::new(writer.container);
                    T::encode_many(&plan, values, &mut encoder, ElementsMut::packed(&mut data, size))?;
                    buffer.append(writer, axis, &data)
                })
            })
        };
        append().on(self.path())
    }
    /// Writes through the buffer of appends, where there is one: whether there was.
    pub(crate) fn write_buffered(&self, selection: &Selection, data: &[u8]) -> Result<bool> {
        if self.file().0.buffered_info(self.address()).is_none() {
            return Ok(false);
        }
        self.file().with_buffer(&self.header, |buffer, writer| buffer.write(writer, selection, data))?;
        Ok(true)
    }
}

/// Whether so many values are whole rows that fit.
fn check(dims: &[u64], max: &[Option<u64>], axis: usize, values: usize) -> Result<()> {
    let (Some(length), Some(most)) = (dims.get(axis), max.get(axis)) else {
        return Err(Error::usage(format!("axis {axis} of {} dimensions", dims.len())));
    };
    let row =
        dims.iter().enumerate().filter(|(d, _)| *d != axis).fold(1u64, |n, (_, d)| n.saturating_mul(*d));
    let values = u64::try_from(values).unwrap_or(u64::MAX);
    if values.checked_rem(row) != Some(0) {
        return Err(Error::usage(format!("{values} values are no whole rows of {row}")));
    }
    let end = length.saturating_add(values.checked_div(row).unwrap_or(0));
    match most {
        Some(most) if end > *most => Err(Error::usage(format!("{end} rows; the dataset holds {most}"))),
        _ => Ok(()),
    }
}
