//! Free-space managers at work: the sections that one keeps, for checks and statistics.

use crate::error::{At, Result};
use crate::format::free_space::{Client, HERE, ManagerHeader, SECTIONS, Section, SectionList};
use crate::store::Store;
use crate::wire::checksum::verify;
use crate::wire::{Addr, decode};

/// A manager and what it keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeSpace {
    /// The header.
    pub header: ManagerHeader,
    /// Each section with its size in bytes.
    pub sections: Vec<(u64, Section)>,
}

/// The manager whose header is at `address`, with its sections.
pub fn load(store: &Store, address: Addr) -> Result<FreeSpace> {
    let w = store.widths;
    let block = store.block(address, ManagerHeader::encoded_size(w), &HERE)?;
    let (header, _) =
        verify(&block, &HERE).and_then(|b| decode::<ManagerHeader>(b, (w,), &HERE)).at(&HERE, address.raw())?;
    let sections = match header.list.get() {
        Some(at) if header.serialized.0 > 0 => list(store, address, &header).at(&SECTIONS, at)?,
        _ => Vec::new(),
    };
    Ok(FreeSpace { header, sections })
}

/// The list in the form that fills its bytes: today's, or that of early writers.
fn decoded(store: &Store, header: &ManagerHeader, body: &[u8]) -> Result<SectionList> {
    let today = decode::<SectionList>(body, (store.widths, header.form()), &SECTIONS);
    let early = header.early_form();
    if early != header.form()
        && !matches!(&today, Ok((_, used)) if *used == body.len())
        && let Ok((list, used)) = decode::<SectionList>(body, (store.widths, early), &SECTIONS)
        && used == body.len()
    {
        return Ok(list);
    }
    Ok(today?.0)
}

fn list(store: &Store, owner: Addr, header: &ManagerHeader) -> Result<Vec<(u64, Section)>> {
    let block = store.block(header.list, header.list_used.0, &SECTIONS)?;
    let list = decoded(store, header, verify(&block, &SECTIONS)?)?;
    if list.owner != owner {
        return Err(SECTIONS.mismatch("manager's address", list.owner, owner));
    }
    let mut sections = Vec::new();
    for group in list.groups {
        for section in group.sections {
            let end = section.offset.checked_add(group.size);
            if header.client == Client::File && end.is_none_or(|end| end > store.end()) {
                let what = format!("{} free bytes at {:#x}, beyond the end of the file", group.size, section.offset);
                return Err(SECTIONS.damaged(what));
            }
            sections.push((group.size, section));
        }
    }
    Ok(sections)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::free_space::SectionGroup;
    use crate::store::testing::store;
    use crate::wire::{Length, Widths, checksum::seal, encode};

    fn file(offset: u64, owner: u64) -> Vec<u8> {
        let mut header = ManagerHeader {
            client: Client::File,
            total_bytes: Length(16),
            sections: Length(1),
            serialized: Length(1),
            ghosts: Length(0),
            classes: 3,
            shrink_percent: 80,
            expand_percent: 120,
            address_bits: 64,
            max_section: Length(1 << 20),
            list: Addr::new(128),
            list_used: Length(0),
            list_allocated: Length(64),
        };
        let section = Section { offset, class: 0, blocks: None };
        let groups = vec![SectionGroup { size: 16, sections: vec![section] }];
        let list = SectionList { owner: Addr::new(owner), groups };
        let mut list = encode(&list, (Widths::EIGHT, header.form()), &SECTIONS).unwrap();
        // The list may end in a gap before its checksum.
        list.extend([0; 3]);
        seal(&mut list);
        header.list_used = Length(u64::try_from(list.len()).unwrap());
        let mut bytes = encode(&header, (Widths::EIGHT,), &HERE).unwrap();
        seal(&mut bytes);
        bytes.resize(128, 0);
        bytes.extend(list);
        bytes
    }

    #[test]
    fn sections() {
        let space = load(&store(file(90, 0)), Addr::new(0)).unwrap();
        assert_eq!(space.sections, [(16, Section { offset: 90, class: 0, blocks: None })]);
    }

    #[test]
    fn a_list_of_an_early_writer() {
        let mut bytes = file(90, 0);
        let (mut header, _) = decode::<ManagerHeader>(&bytes, (Widths::EIGHT,), &HERE).unwrap();
        header.max_section = Length(1 << 16);
        assert_eq!((header.form().length_width, header.early_form().length_width), (3, 2));
        let section = Section { offset: 90, class: 0, blocks: None };
        let groups = vec![SectionGroup { size: 16, sections: vec![section] }];
        let list = SectionList { owner: Addr::new(0), groups };
        let mut list = encode(&list, (Widths::EIGHT, header.early_form()), &SECTIONS).unwrap();
        seal(&mut list);
        header.list_used = Length(u64::try_from(list.len()).unwrap());
        let mut head = encode(&header, (Widths::EIGHT,), &HERE).unwrap();
        seal(&mut head);
        bytes.splice(..head.len(), head);
        bytes.splice(128.., list);
        let space = load(&store(bytes), Addr::new(0)).unwrap();
        assert_eq!(space.sections, [(16, Section { offset: 90, class: 0, blocks: None })]);
    }

    #[test]
    fn damaged() {
        assert!(load(&store(file(90, 8)), Addr::new(0)).unwrap_err().is_damaged(), "another manager's list");
        assert!(load(&store(file(1 << 40, 0)), Addr::new(0)).unwrap_err().is_damaged());
        let mut bytes = file(90, 0);
        bytes[130] ^= 1;
        assert!(load(&store(bytes), Addr::new(0)).unwrap_err().to_string().contains("III.H"));
    }
}
