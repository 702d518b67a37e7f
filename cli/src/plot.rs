//! Small pictures of numbers in the terminal.

use std::fmt::Write;

use anstyle::{Ansi256Color, Color, Style};
use h5::ndarray::{ArrayViewD, Axis, Slice};
use h5::ops::preview::Numbers;

use crate::style::{DIM, paint};

/// Columns and rows of a line plot, in characters; each holds two by four dots.
const LINE_COLUMNS: usize = 64;
const LINE_ROWS: usize = 8;
/// Columns and rows of an image, in characters.
const IMAGE_COLUMNS: usize = 72;
const IMAGE_ROWS: usize = 24;
/// The column of the numbers beside a line plot.
const LABEL: usize = 12;

/// Dark blue to yellow, in the colours of 256-colour terminals.
const COLOURS: [u8; 12] = [17, 18, 54, 60, 61, 67, 73, 72, 71, 77, 149, 227];
const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];

/// Draws numbers of one or two dimensions; none where no number is finite.
pub(crate) fn draw(n: &Numbers, coloured: bool) -> Option<String> {
    let whole = n.shape.iter().zip(n.values.shape()).all(|(a, b)| *a == *b as u64);
    let thinned = if whole { "" } else { ", thinned out" };
    let of = if n.slice.is_empty() { String::new() } else { format!("{} ", n.slice) };
    match n.values.ndim() {
        1 => line(&n.values.iter().copied().collect::<Vec<_>>(), n.shape.first().copied()?, &of, thinned),
        2 => image(n.values.view(), &n.shape, coloured, &of, thinned),
        _ => None,
    }
}

fn range<'v>(values: impl Iterator<Item = &'v f64>) -> Option<(f64, f64)> {
    let mut finite = values.copied().filter(|v| v.is_finite());
    let first = finite.next()?;
    Some(finite.fold((first, first), |(low, high), v| (low.min(v), high.max(v))))
}

/// A number in at most ten characters.
fn short(v: f64) -> String {
    let plain = format!("{v}");
    if plain.len() <= 9 {
        return plain;
    }
    let size = v.abs();
    if (1e-3..1e6).contains(&size) {
        let decimals = (5.0 - size.log10().floor()).clamp(0.0, 8.0) as usize;
        let text = format!("{v:.decimals$}");
        return if decimals > 0 {
            text.trim_end_matches('0').trim_end_matches('.').to_string()
        } else {
            text
        };
    }
    format!("{v:.3e}")
}

/// The step of `value` between the bounds, from 0 to `steps` - 1.
fn step(value: f64, (low, high): (f64, f64), steps: usize) -> usize {
    // Halves, so that the widest range stays finite.
    let part = if high > low { (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0) } else { 0.5 };
    ((part * (steps - 1) as f64).round() as usize).min(steps - 1)
}

/// A line of dots: in each column of dots the range of its stretch of values.
fn line(values: &[f64], count: u64, of: &str, thinned: &str) -> Option<String> {
    let bounds = range(values.iter())?;
    let (columns, rows) = (LINE_COLUMNS * 2, LINE_ROWS * 4);
    let mut dots = vec![[0u8; LINE_COLUMNS]; LINE_ROWS];
    let mut before: Option<usize> = None;
    let used = if values.len() < columns { values.len() } else { columns };
    for x in 0..columns {
        // Few values are joined by straight lines, many share a column.
        let (low, high) = if used < columns {
            let at = x as f64 * (values.len().saturating_sub(1)) as f64 / (columns - 1) as f64;
            let (left, part) = (at.floor() as usize, at.fract());
            let a = values.get(left).copied().unwrap_or(f64::NAN);
            let b = values.get(left + 1).copied().unwrap_or(a);
            let v = if part == 0.0 { a } else { a * (1.0 - part) + b * part };
            if !v.is_finite() {
                before = None;
                continue;
            }
            (step(v, bounds, rows), step(v, bounds, rows))
        } else {
            let (from, to) = (x * values.len() / columns, (x + 1) * values.len() / columns);
            let Some((low, high)) = range(values.get(from..to).unwrap_or_default().iter()) else {
                before = None;
                continue;
            };
            (step(low, bounds, rows), step(high, bounds, rows))
        };
        // Joined with the column before.
        let (from, to) = match before {
            Some(b) if b > high => (low, b - 1),
            Some(b) if b < low => (b + 1, high),
            _ => (low, high),
        };
        for y in from..=to {
            let row = LINE_ROWS - 1 - y / 4;
            if let Some(cell) = dots.get_mut(row).and_then(|r| r.get_mut(x / 2)) {
                *cell |= DOTS[x % 2][y % 4];
            }
        }
        before = Some((low + high) / 2);
    }
    let mut out = String::new();
    for (i, row) in dots.iter().enumerate() {
        let label = match i {
            0 => short(bounds.1),
            r if r == LINE_ROWS - 1 => short(bounds.0),
            _ => String::new(),
        };
        let text: String =
            row.iter().map(|d| char::from_u32(0x2800 + u32::from(*d)).unwrap_or(' ')).collect();
        let tick = if label.is_empty() { "│" } else { "┤" };
        let _ = writeln!(out, "  {} {text}", paint(DIM, &format!("{label:>LABEL$} {tick}")));
    }
    let last = count.saturating_sub(1).to_string();
    let gap = LINE_COLUMNS.saturating_sub(last.len() + 1);
    let axis = format!(
        "{:LABEL$} └{}\n  {:LABEL$}   0{}{last}",
        "",
        "─".repeat(LINE_COLUMNS + 1),
        "",
        " ".repeat(gap)
    );
    let _ = writeln!(out, "  {}", paint(DIM, &axis));
    if !of.is_empty() || !thinned.is_empty() {
        let caption = format!("{of}{count} values{thinned}");
        let _ = writeln!(out, "  {}", paint(DIM, &format!("{:LABEL$}   {caption}", "")));
    }
    Some(out)
}

/// Dots of a braille character, by column and by height from below.
const DOTS: [[u8; 4]; 2] = [[0x40, 0x04, 0x02, 0x01], [0x80, 0x20, 0x10, 0x08]];

/// Means of the cells of a grid laid over the values.
fn pooled(values: &ArrayViewD<'_, f64>, rows: usize, columns: usize) -> Vec<Vec<f64>> {
    let (height, width) = (values.len_of(Axis(0)), values.len_of(Axis(1)));
    let mean = |r: usize, c: usize| {
        let (r0, r1) = (r * height / rows, ((r + 1) * height / rows).max(r * height / rows + 1));
        let (c0, c1) = (c * width / columns, ((c + 1) * width / columns).max(c * width / columns + 1));
        let part = values.slice_each_axis(|a| match a.axis.index() {
            0 => Slice::from(r0..r1.min(height)),
            _ => Slice::from(c0..c1.min(width)),
        });
        let (sum, n) = part.iter().filter(|v| v.is_finite()).fold((0.0, 0u32), |(s, n), v| (s + v, n + 1));
        if n == 0 { f64::NAN } else { sum / f64::from(n) }
    };
    (0..rows).map(|r| (0..columns).map(|c| mean(r, c)).collect()).collect()
}

/// An image: in colours each character holds two values, one above the other; else shades.
fn image(
    values: ArrayViewD<'_, f64>,
    shape: &[u64],
    coloured: bool,
    of: &str,
    thinned: &str,
) -> Option<String> {
    let all = range(values.iter())?;
    let (height, width) = (values.len_of(Axis(0)), values.len_of(Axis(1)));
    // One scale for both directions, unless a side would vanish.
    let scale = (width as f64 / IMAGE_COLUMNS as f64).max(height as f64 / (2 * IMAGE_ROWS) as f64).max(1.0);
    let columns = ((width as f64 / scale).round() as usize).clamp(width.min(4), width.min(IMAGE_COLUMNS));
    let rows = ((height as f64 / scale).round() as usize).clamp(height.min(4), height.min(2 * IMAGE_ROWS));
    let per_character = if coloured || rows >= 8 { 2 } else { 1 };
    let lines = rows.div_ceil(per_character);
    let rows = if coloured { rows } else { lines };
    let cells = pooled(&values, rows, columns);
    let bounds = range(cells.iter().flatten())?;
    let colour = |v: f64| {
        let at = v.is_finite().then(|| step(v, bounds, COLOURS.len()));
        at.and_then(|s| COLOURS.get(s)).map(|c| Color::Ansi256(Ansi256Color(*c)))
    };
    let mut out = String::new();
    for l in 0..lines {
        out.push_str("  ");
        if coloured {
            let (above, below) = (cells.get(2 * l), cells.get(2 * l + 1));
            for c in 0..columns {
                let top = above.and_then(|r| r.get(c)).and_then(|v| colour(*v));
                let bottom = below.and_then(|r| r.get(c)).and_then(|v| colour(*v));
                let style = Style::new().fg_color(top).bg_color(bottom);
                let sign = if top.is_some() { '▀' } else { ' ' };
                let _ = write!(out, "{style}{sign}{style:#}");
            }
        } else {
            for v in cells.get(l).into_iter().flatten() {
                let shade = SHADES.get(step(*v, bounds, SHADES.len())).copied();
                out.push(if v.is_finite() { shade.unwrap_or(' ') } else { '·' });
            }
        }
        let _ = writeln!(out);
    }
    let scale: String = if coloured {
        let swatch = |c: &u8| {
            let style = Style::new().fg_color(Some(Color::Ansi256(Ansi256Color(*c))));
            format!("{style}█{style:#}")
        };
        COLOURS.iter().map(swatch).collect()
    } else {
        SHADES.iter().collect()
    };
    let size = shape.iter().map(u64::to_string).collect::<Vec<_>>().join(" × ");
    let caption = format!("  {of}{size}{thinned}");
    let _ = writeln!(out, "\n  {} {scale} {}{}", short(bounds.0), short(bounds.1), paint(DIM, &caption));
    if bounds != all {
        let _ = writeln!(
            out,
            "  {}",
            paint(DIM, &format!("means; values from {} to {}", short(all.0), short(all.1)))
        );
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use h5::ndarray::{ArrayD, IxDyn};

    fn numbers(shape: &[usize], values: Vec<f64>) -> Numbers {
        let values = ArrayD::from_shape_vec(IxDyn(shape), values).unwrap();
        Numbers { shape: shape.iter().map(|n| *n as u64).collect(), slice: String::new(), values }
    }

    #[test]
    fn a_ramp_rises_and_what_is_not_finite_is_no_picture() {
        let text = draw(&numbers(&[4], vec![0.0, 1.0, 2.0, 3.0]), false).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].contains("3 ") && !lines[0].ends_with('⠀'), "{text}");
        assert!(lines[7].contains("0 ") && lines[7].ends_with('⠀'), "{text}");
        assert!(draw(&numbers(&[2], vec![f64::NAN, f64::INFINITY]), false).is_none());
        for odd in [vec![f64::MAX, f64::MIN], vec![5.0, 5.0], vec![0.0, f64::NAN]] {
            assert!(draw(&numbers(&[2], odd), false).is_some());
        }
        assert!(draw(&numbers(&[1000], (0..1000).map(|v| f64::from(v).sin()).collect()), true).is_some());
    }

    #[test]
    fn an_image_has_its_rows() {
        let text = draw(&numbers(&[2, 2], vec![0.0, 1.0, 2.0, f64::NAN]), false).unwrap();
        assert!(text.starts_with("   ▒\n  █·\n"), "{text}");
        assert!(draw(&numbers(&[300, 2], vec![1.0; 600]), true).unwrap().contains('▀'));
        assert!(draw(&numbers(&[2, 3000], vec![1.0; 6000]), false).is_some());
    }
}
