//! Arrays of values as text, as numpy lays them out.

use h5::Value;
use h5::ndarray::{ArrayD, ArrayViewD, Axis};
use h5::ops::preview::Preview;
use h5::ops::text::value_text;

/// Columns of a line.
const LINE: usize = 96;
/// Longer numbers are rounded to [`DIGITS`].
const LONG_NUMBER: usize = 12;
const DIGITS: usize = 8;

/// How exact floating-point numbers are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Float {
    /// At most 32 bits.
    Single,
    /// More.
    Double,
}

fn rounded(v: f64, float: Float, alone: bool) -> String {
    if float == Float::Single {
        return format!("{:?}", v as f32);
    }
    let whole = format!("{v:?}");
    if alone || whole.len() <= LONG_NUMBER {
        return whole;
    }
    let short: f64 = format!("{v:.*e}", DIGITS - 1).parse().unwrap_or(v);
    format!("{short:?}")
}

/// The lines of an array; `…` stands for what is left out.
pub(crate) fn table(p: &Preview, float: Float) -> Vec<String> {
    let alone = p.values.ndim() == 0;
    let text = |v: &Value| match v {
        Value::Float(v) => rounded(*v, float, alone),
        other => value_text(other),
    };
    let mut texts: ArrayD<String> = p.values.map(text);
    if alone {
        return texts.first().cloned().into_iter().collect();
    }
    let numeric = p.values.iter().all(|v| v.as_f64().is_some() || matches!(v, Value::Complex(_)));
    if numeric && p.values.ndim() > 1 {
        let width = texts.iter().map(|t| t.chars().count()).max().unwrap_or(0);
        texts.map_inplace(|t| *t = format!("{t:>width$}"));
    }
    let elided: Vec<bool> = p.shape.iter().zip(texts.shape()).map(|(n, m)| *n > *m as u64).collect();
    let mut lines = Vec::new();
    block(&mut lines, texts.view(), &p.heads, &elided, 0);
    lines
}

fn block(
    lines: &mut Vec<String>,
    texts: ArrayViewD<'_, String>,
    heads: &[usize],
    elided: &[bool],
    depth: usize,
) {
    let lead = " ".repeat(depth);
    let (head, cut) = (heads.first().copied().unwrap_or(0), elided.first() == Some(&true));
    if texts.ndim() <= 1 {
        let mut items: Vec<&str> = texts.iter().map(String::as_str).collect();
        if cut {
            items.insert(head.min(items.len()), "…");
        }
        lines.extend(row(&items, depth));
        return;
    }
    let from = lines.len();
    let count = texts.len_of(Axis(0));
    let apart = texts.ndim() > 2;
    for (i, part) in texts.axis_iter(Axis(0)).enumerate() {
        if cut && i == head {
            lines.push(format!("{lead} …"));
        } else if apart && i > 0 {
            lines.push(String::new());
        }
        block(
            lines,
            part,
            heads.get(1..).unwrap_or_default(),
            elided.get(1..).unwrap_or_default(),
            depth + 1,
        );
    }
    if cut && head >= count {
        lines.push(format!("{lead} …"));
    }
    // The bracket goes where the first row leaves room for it.
    if let Some(first) = lines.get_mut(from) {
        first.replace_range(depth..depth + 1, "[");
    } else {
        lines.push(format!("{lead}["));
    }
    if let Some(last) = lines.last_mut() {
        last.push(']');
    }
}

/// One row, on as many lines as it takes.
fn row(items: &[&str], depth: usize) -> Vec<String> {
    let lead = " ".repeat(depth);
    let mut lines = vec![format!("{lead}[")];
    let mut used = depth + 1;
    for (i, item) in items.iter().enumerate() {
        let length = item.chars().count() + 2;
        if i > 0 && used + length > LINE {
            lines.push(format!("{lead} "));
            used = depth + 1;
        }
        used += length;
        if let Some(line) = lines.last_mut() {
            line.push_str(item);
            line.push_str(if i + 1 < items.len() { ", " } else { "]" });
        }
    }
    if items.is_empty() {
        lines.iter_mut().for_each(|l| l.push(']'));
    }
    lines.into_iter().map(|l| l.trim_end().to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use h5::ndarray::{Array, IxDyn};

    fn lines(shape: &[u64], heads: &[usize], shown: &[usize]) -> String {
        let count: usize = shown.iter().product();
        let values = (0..count).map(|v| Value::Integer(v as i64)).collect();
        let values = Array::from_shape_vec(IxDyn(shown), values).unwrap();
        table(&Preview { shape: shape.to_vec(), heads: heads.to_vec(), values }, Float::Double).join("\n")
    }

    #[test]
    fn rows_and_planes() {
        assert_eq!(lines(&[], &[], &[]), "0");
        assert_eq!(lines(&[0], &[0], &[0]), "[]");
        assert_eq!(lines(&[3], &[3], &[3]), "[0, 1, 2]");
        assert_eq!(lines(&[900], &[2], &[4]), "[0, 1, …, 2, 3]");
        assert_eq!(lines(&[2, 6], &[2, 6], &[2, 6]), "[[ 0,  1,  2,  3,  4,  5]\n [ 6,  7,  8,  9, 10, 11]]");
        assert_eq!(lines(&[9, 2], &[1, 2], &[2, 2]), "[[0, 1]\n  …\n [2, 3]]".replace("  …", " …"));
        assert_eq!(lines(&[2, 1, 2], &[2, 1, 2], &[2, 1, 2]), "[[[0, 1]]\n\n [[2, 3]]]");
        assert_eq!(lines(&[0, 3], &[0, 3], &[0, 3]), "[]");
    }

    #[test]
    fn numbers_are_as_long_as_they_are_worth() {
        assert_eq!(rounded(0.1 + 0.2, Float::Double, false), "0.3");
        assert_eq!(rounded(0.1 + 0.2, Float::Double, true), "0.30000000000000004");
        assert_eq!(rounded(f64::from(0.1f32), Float::Single, true), "0.1");
    }
}
