//! The element types of numpy's arrays and scalars, and their bytes.

use half::f16;
use num_complex::Complex64;

use crate::node::python::value::PyValue;

/// How many axes an array of numpy may have.
pub(super) const MOST_AXES: usize = 64;

/// The type of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dtype {
    /// numpy's letter: `b`, `i`, `u`, `f`, `c`, `U`, `S` or `O`.
    kind: u8,
    /// The number in its name: bytes, of `U` characters.
    count: usize,
    big: bool,
}

impl Dtype {
    /// A type by its name without a byte order, such as `f8`.
    pub(super) fn parse(spec: &str) -> Option<Dtype> {
        let (kind, count) = spec.split_at_checked(1)?;
        let kind = *kind.as_bytes().first()?;
        let count = if count.is_empty() { 0 } else { count.parse().ok()? };
        let known = match kind {
            b'b' => count == 1,
            b'i' | b'u' => matches!(count, 1 | 2 | 4 | 8),
            b'f' => matches!(count, 2 | 4 | 8),
            b'c' => matches!(count, 8 | 16),
            b'U' | b'S' => true,
            b'O' => true,
            _ => false,
        };
        known.then_some(Dtype { kind, count, big: false })
    }
    /// The type in another byte order: `<`, `>`, or `|` and `=` for any.
    pub(super) fn ordered(self, order: &str) -> Option<Dtype> {
        let big = match order {
            ">" => true,
            "<" | "|" | "=" => false,
            _ => return None,
        };
        Some(Dtype { big, ..self })
    }
    pub(super) fn is_object(self) -> bool {
        self.kind == b'O'
    }
    /// How many bytes an element has.
    pub(super) fn size(self) -> usize {
        if self.kind == b'U' { self.count.saturating_mul(4) } else { self.count }
    }
    /// numpy's `dtype.str`.
    pub(super) fn name(self) -> String {
        let kind = char::from(self.kind);
        let order = match self.kind {
            b'O' => return "|O".to_string(),
            b'S' => '|',
            _ if self.size() == 1 => '|',
            _ if self.big => '>',
            _ => '<',
        };
        format!("{order}{kind}{}", self.count)
    }
    /// The name of a scalar's type.
    pub(super) fn scalar_name(self) -> String {
        let bits = self.count.saturating_mul(8);
        match self.kind {
            b'b' => "bool".to_string(),
            b'i' => format!("int{bits}"),
            b'u' => format!("uint{bits}"),
            b'f' => format!("float{bits}"),
            b'c' => format!("complex{bits}"),
            b'U' => "str_".to_string(),
            _ => "bytes_".to_string(),
        }
    }
    /// One element of [`size`](Self::size) bytes; nothing if it is text that is none.
    pub(super) fn element(self, bytes: &[u8]) -> Option<PyValue> {
        Some(match self.kind {
            b'b' => (self.unsigned(bytes)? != 0).into(),
            b'i' => {
                let unused = 64usize.checked_sub(bytes.len().checked_mul(8)?)?;
                let unused = u32::try_from(unused).ok()?;
                self.unsigned(bytes)?.checked_shl(unused)?.cast_signed().checked_shr(unused)?.into()
            }
            b'u' => self.unsigned(bytes)?.into(),
            b'f' => self.float(bytes)?.into(),
            b'c' => {
                let (re, im) = bytes.split_at_checked(bytes.len() / 2)?;
                Complex64::new(self.float(re)?, self.float(im)?).into()
            }
            b'S' => PyValue::bytes(trimmed(bytes)),
            b'U' => {
                let (units, _) = bytes.as_chunks::<4>();
                let codes = units.iter().map(|unit| match self.big {
                    true => u32::from_be_bytes(*unit),
                    false => u32::from_le_bytes(*unit),
                });
                let text = codes.map(char::from_u32).collect::<Option<String>>()?;
                text.trim_end_matches('\0').into()
            }
            _ => return None,
        })
    }
    fn unsigned(self, bytes: &[u8]) -> Option<u64> {
        let mut whole = [0; 8];
        let (to, _) = whole.split_at_mut_checked(bytes.len())?;
        to.copy_from_slice(bytes);
        if self.big {
            to.reverse();
        }
        Some(u64::from_le_bytes(whole))
    }
    fn float(self, bytes: &[u8]) -> Option<f64> {
        let bits = self.unsigned(bytes)?;
        Some(match bytes.len() {
            2 => f16::from_bits(u16::try_from(bits).ok()?).to_f64(),
            4 => f32::from_bits(u32::try_from(bits).ok()?).into(),
            _ => f64::from_bits(bits),
        })
    }
}

/// Byte strings of a fixed length without the zeros at their end.
fn trimmed(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last.saturating_add(1));
    bytes.get(..end).unwrap_or(bytes)
}

/// Elements from column order to row order.
pub(super) fn by_rows(values: Vec<PyValue>, shape: &[usize]) -> Vec<PyValue> {
    if shape.len() < 2 {
        return values;
    }
    // The step of each axis in column order; the place goes through the shape as an odometer does.
    let steps: Vec<usize> = shape
        .iter()
        .scan(1usize, |step, length| {
            let this = *step;
            *step = step.saturating_mul(*length);
            Some(this)
        })
        .collect();
    let mut values: Vec<Option<PyValue>> = values.into_iter().map(Some).collect();
    let mut place = vec![0usize; shape.len()];
    let mut out = Vec::with_capacity(values.len());
    for _ in 0..values.len() {
        let at = place.iter().zip(&steps).fold(0usize, |at, (i, step)| at.saturating_add(i.saturating_mul(*step)));
        out.extend(values.get_mut(at).and_then(Option::take));
        for (i, length) in place.iter_mut().zip(shape).rev() {
            *i = i.saturating_add(1);
            if *i < *length {
                break;
            }
            *i = 0;
        }
    }
    out
}
