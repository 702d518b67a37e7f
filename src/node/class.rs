//! What a node is: by its attribute `CLASS`, or by its form where that is not there.

use super::handle::Handle;
use super::object::Object;
use super::python::PyValue;
use crate::error::Result;
use crate::format::message::datatype::Class as TypeClass;

/// The kinds of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Group,
    CArray,
    EArray,
    VlArray,
    Strings,
    Table,
}

/// A group is one whatever its attributes say. A dataset is what `CLASS` says where its form allows that; else what
/// its form says: rows of variable length, a first axis without end, or neither.
pub(super) fn of(node: &Handle) -> Result<Class> {
    let Object::Dataset(dataset) = &node.object else { return Ok(Class::Group) };
    let attrs = node.attrs();
    let text = |name: &str| -> Result<Option<String>> {
        match attrs.find(name)? {
            Some(PyValue::Str(text)) => Ok(Some(text)),
            _ => Ok(None),
        }
    };
    let is_variable = matches!(dataset.datatype().class, TypeClass::VarLen(_));
    if is_variable {
        let strings = text("subdtype")?.as_deref() == Some("string");
        return Ok(if strings { Class::Strings } else { Class::VlArray });
    }
    let grows = dataset.max_shape().first().is_some_and(Option::is_none);
    Ok(match text("CLASS")?.as_deref() {
        Some("TABLE") if matches!(dataset.datatype().class, TypeClass::Compound(_)) => Class::Table,
        Some("EARRAY") => Class::EArray,
        Some("CARRAY" | "ARRAY") => Class::CArray,
        _ if grows => Class::EArray,
        _ => Class::CArray,
    })
}
