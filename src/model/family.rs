//! Files in several parts: families, and files split by kind of data.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::filter::Registry;
use crate::format::message::driver_info::{self, DriverInfo};
use crate::limits::Limits;
use crate::source::ReadAt;
use crate::source::family::Family;
use crate::source::file::DiskFile;
use crate::source::multi::Multi;
use crate::store::open::Container;

/// The bytes of a file, and the file itself where it is only one.
pub type Opened = (Arc<dyn ReadAt>, Option<Arc<DiskFile>>);

/// The most members of a family.
const MAX_MEMBERS: u64 = 100_000;

/// The bytes of the file at `path`: a single file, a family named by its pattern (`run_%05d.h5`), or a file
/// in parts named by the part that holds its superblock (`run-m.h5`).
///
/// Gives the file itself too, where there is only one.
pub fn open(path: &Path) -> Result<Opened> {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    if !path.exists()
        && let Some(pattern) = Pattern::of(&name)
    {
        return Ok((family(path, &pattern)?, None));
    }
    let file = Arc::new(DiskFile::open(path)?);
    let single: Arc<dyn ReadAt> = file.clone();
    match driver_of(&single) {
        Some(driver) if &driver.driver == b"NCSAmult" => Ok((multi(path, &driver)?, None)),
        _ => Ok((single, Some(file))),
    }
}

/// What the superblock says of the driver; nothing where the file cannot be opened alone.
fn driver_of(source: &Arc<dyn ReadAt>) -> Option<DriverInfo> {
    let filters = Arc::new(Registry::default());
    Container::open(source.clone(), Limits::default(), filters, true).ok()?.extension.driver
}

fn member_bytes(driver: &DriverInfo) -> Option<u64> {
    driver.data.first_chunk::<8>().map(|b| u64::from_le_bytes(*b))
}

/// A name with one number in it, written as in C: `%d`, `%05d`.
struct Pattern {
    before: String,
    width: usize,
    after: String,
}

impl Pattern {
    fn of(name: &str) -> Option<Pattern> {
        let (before, rest) = name.split_once('%')?;
        let (digits, after) = rest.split_once('d')?;
        let width = if digits.is_empty() { 0 } else { digits.parse().ok()? };
        Some(Pattern { before: before.to_string(), width, after: after.to_string() })
    }
    fn member(&self, n: u64) -> String {
        let width = self.width.min(32);
        format!("{}{n:0width$}{}", self.before, self.after)
    }
}

fn family(path: &Path, pattern: &Pattern) -> Result<Arc<dyn ReadAt>> {
    let mut members: Vec<Arc<dyn ReadAt>> = Vec::new();
    for n in 0..MAX_MEMBERS {
        let member = path.with_file_name(pattern.member(n));
        if !member.exists() {
            break;
        }
        members.push(Arc::new(DiskFile::open(&member)?));
    }
    let Some(first) = members.first() else {
        return Err(Error::usage(format!("no member {} of the family is there", pattern.member(0))));
    };
    let size = match driver_of(first) {
        Some(d) if &d.driver == b"NCSAfami" => member_bytes(&d),
        _ => None,
    };
    let size = size.map_or_else(|| first.len(), Ok)?;
    Ok(Arc::new(Family::new(members, size)?))
}

/// The parts of a multi file. The driver's data: which part holds each of six kinds of data, start and end
/// address of each part, and the parts' names with `%s` for what they share.
fn multi(path: &Path, driver: &DriverInfo) -> Result<Arc<dyn ReadAt>> {
    let bad = || driver_info::HERE.damaged("the parts of a multi file are not described");
    let (map, rest) = driver.data.split_first_chunk::<8>().ok_or_else(bad)?;
    let mut kinds: Vec<u8> = map.iter().take(6).copied().filter(|k| *k != 0).collect();
    let mut unique: Vec<u8> = Vec::new();
    kinds.retain(|k| {
        let new = !unique.contains(k);
        unique.push(*k);
        new
    });
    let (ranges, names) = rest.split_at_checked(kinds.len().saturating_mul(16)).ok_or_else(bad)?;
    let mut parts: Vec<(u64, Arc<dyn ReadAt>)> = Vec::new();
    let mut names = names;
    let mut templates = Vec::new();
    for _ in &kinds {
        let end = names.iter().position(|b| *b == 0).ok_or_else(bad)?;
        templates.push(String::from_utf8_lossy(names.get(..end).unwrap_or_default()).into_owned());
        let step = end.saturating_add(8) & !7;
        names = names.get(step.min(names.len())..).unwrap_or_default();
    }
    let own = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let shared = templates.iter().find_map(|t| {
        let (before, after) = t.split_once("%s")?;
        own.strip_prefix(before)?.strip_suffix(after).map(str::to_string)
    });
    let shared = shared.ok_or_else(|| Error::usage(format!("{own} is not named as a part of its file: {templates:?}")))?;
    for (template, range) in templates.iter().zip(ranges.chunks_exact(16)) {
        let start = range.first_chunk::<8>().map_or(0, |b| u64::from_le_bytes(*b));
        let part: PathBuf = path.with_file_name(template.replace("%s", &shared));
        match DiskFile::open(&part) {
            Ok(file) => parts.push((start, Arc::new(file))),
            Err(e) => return Err(e.on_path(&part.display().to_string())),
        }
    }
    Ok(Arc::new(Multi::new(parts)))
}
