//! Small pictures of numbers in the terminal.

/// Columns of a plot.
const COLUMNS: usize = 72;
/// Rows of a line plot; each holds eight steps.
const ROWS: usize = 6;

fn range(values: &[f64]) -> Option<(f64, f64)> {
    let mut finite = values.iter().copied().filter(|v| v.is_finite());
    let first = finite.next()?;
    Some(finite.fold((first, first), |(low, high), v| (low.min(v), high.max(v))))
}

/// The mean of each of at most `count` stretches.
fn condensed(values: &[f64], count: usize) -> Vec<f64> {
    let step = values.len().div_ceil(count.max(1)).max(1);
    let mean = |part: &[f64]| {
        let finite: Vec<f64> = part.iter().copied().filter(|v| v.is_finite()).collect();
        if finite.is_empty() { f64::NAN } else { finite.iter().sum::<f64>() / finite.len() as f64 }
    };
    values.chunks(step).map(mean).collect()
}

fn place(value: f64, (low, high): (f64, f64), steps: usize) -> Option<usize> {
    if !value.is_finite() {
        return None;
    }
    let part = if high > low { (value - low) / (high - low) } else { 0.5 };
    Some(((part * steps as f64) as usize).min(steps.saturating_sub(1)))
}

/// A line of values as columns of blocks, with its range.
pub(crate) fn line(values: &[f64]) -> Option<String> {
    let bounds = range(values)?;
    let columns: Vec<Option<usize>> =
        condensed(values, COLUMNS).iter().map(|v| place(*v, bounds, ROWS * 8)).collect();
    let blocks = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let mut out = String::new();
    for row in (0..ROWS).rev() {
        let label = match row {
            r if r == ROWS - 1 => format!("{:>11.4e} ", bounds.1),
            0 => format!("{:>11.4e} ", bounds.0),
            _ => " ".repeat(12),
        };
        out.push_str(&label);
        for column in &columns {
            let filled = column.map_or(0, |c| (c + 1).saturating_sub(row * 8).min(8));
            out.push(blocks.get(filled).copied().unwrap_or(' '));
        }
        out.push('\n');
    }
    Some(out)
}

/// A table of values as shades, with its range.
pub(crate) fn image(values: &[f64], rows: usize, columns: usize) -> Option<String> {
    let (low, high) = range(values)?;
    if rows == 0 || columns == 0 {
        return None;
    }
    let shades = [' ', '░', '▒', '▓', '█'];
    let (step_r, step_c) = (rows.div_ceil(24).max(1), columns.div_ceil(COLUMNS).max(1));
    let mut out = String::new();
    for r in (0..rows).step_by(step_r) {
        out.push_str("  ");
        for c in (0..columns).step_by(step_c) {
            let value = values.get(r * columns + c).copied().unwrap_or(f64::NAN);
            let shade = place(value, (low, high), shades.len());
            out.push(shade.and_then(|s| shades.get(s)).copied().unwrap_or('·'));
        }
        out.push('\n');
    }
    out.push_str(&format!("  ' ' = {low:.4e}, '█' = {high:.4e}\n"));
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_rises_and_an_empty_one_is_no_picture() {
        let text = line(&[0.0, 1.0, 2.0, 3.0]).unwrap();
        let last = text.lines().next().unwrap();
        assert!(last.ends_with('█'), "{text}");
        assert!(line(&[f64::NAN]).is_none() && line(&[]).is_none());
    }

    #[test]
    fn an_image_has_its_rows() {
        let text = image(&[0.0, 1.0, 2.0, f64::NAN], 2, 2).unwrap();
        assert_eq!(text.lines().count(), 3);
        assert!(text.contains('·') && text.contains('█'));
    }
}
