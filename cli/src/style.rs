//! Colours and signs, in one place.

use anstyle::{AnsiColor, Style};

pub(crate) const PLAIN: Style = Style::new();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const GROUP: Style = AnsiColor::Blue.on_default().bold();
pub(crate) const DATASET: Style = Style::new().bold();
pub(crate) const LINK: Style = AnsiColor::Cyan.on_default();
pub(crate) const ATTRIBUTE: Style = AnsiColor::Green.on_default();
pub(crate) const BROKEN: Style = AnsiColor::Red.on_default();

/// The text in a style.
pub(crate) fn paint(style: Style, text: &str) -> String {
    if style == PLAIN || text.is_empty() { text.to_string() } else { format!("{style}{text}{style:#}") }
}

/// An error beside the name of its object: without the path.
pub(crate) fn brief(e: &h5::Error) -> String {
    let whole = e.to_string();
    let rest = e.path().and_then(|p| whole.strip_prefix(p)).and_then(|t| t.strip_prefix(": "));
    h5::ops::text::printable(rest.unwrap_or(&whole)).into_owned()
}

/// Signs beyond ASCII, and what stands for them where only ASCII may be written.
pub(crate) struct Signs {
    pub(crate) ascii: bool,
    pub(crate) pass: &'static str,
    pub(crate) branch: &'static str,
    pub(crate) end: &'static str,
    pub(crate) arrow: &'static str,
    times: &'static str,
    unlimited: &'static str,
}

impl Signs {
    pub(crate) const fn new(ascii: bool) -> Self {
        if ascii {
            return Signs {
                ascii,
                pass: "|  ",
                branch: "|- ",
                end: "`- ",
                arrow: "->",
                times: " x ",
                unlimited: "unlimited",
            };
        }
        Signs {
            ascii, pass: "│  ", branch: "├─ ", end: "└─ ", arrow: "→", times: " × ", unlimited: "∞"
        }
    }
    /// `10 × 20`, or `scalar`.
    pub(crate) fn shape(&self, shape: &[u64]) -> String {
        if shape.is_empty() {
            return "scalar".to_string();
        }
        shape.iter().map(u64::to_string).collect::<Vec<_>>().join(self.times)
    }
    /// A maximum shape.
    pub(crate) fn maximum(&self, max: &[Option<u64>]) -> String {
        let parts = max.iter().map(|m| m.map_or_else(|| self.unlimited.to_string(), |m| m.to_string()));
        parts.collect::<Vec<_>>().join(self.times)
    }
    /// ` (up to 10 × ∞)`, where the shape may grow.
    pub(crate) fn growth(&self, shape: &[u64], max: &[Option<u64>]) -> String {
        let fixed = max.len() != shape.len() || max.iter().zip(shape).all(|(m, s)| *m == Some(*s));
        if fixed { String::new() } else { format!(" (up to {})", self.maximum(max)) }
    }
}

/// A number of bytes: exact up to four digits, then with a decimal unit.
pub(crate) fn bytes_text(bytes: u64) -> String {
    if bytes < 10_000 {
        return format!("{bytes} {}", if bytes == 1 { "byte" } else { "bytes" });
    }
    let mut size = bytes as f64;
    let mut unit = "";
    for next in ["kB", "MB", "GB", "TB", "PB", "EB"] {
        size /= 1000.0;
        unit = next;
        if size < 999.5 {
            break;
        }
    }
    if size < 10.0 { format!("{size:.2} {unit}") } else { format!("{size:.1} {unit}") }
}
