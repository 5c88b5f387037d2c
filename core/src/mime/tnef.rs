//! Files in a `winmail.dat` (MS-OXTNEF): what some Exchange servers make of a message that leaves for other programs.

use super::header::tidy;

/// Of whole attributes (MS-OXTNEF section 2.1.3): where the data of a file begins, its bytes, its short name, its properties.
const BEGINS: u32 = 0x0006_9002;
const DATA: u32 = 0x0006_800f;
const TITLE: u32 = 0x0001_8010;
const PROPERTIES: u32 = 0x0006_9005;
/// Properties of a file (MS-OXPROPS): its long name.
const LONG_NAME: u16 = 0x3707;

/// More files are not looked at.
const MOST: usize = 200;

/// Whether that is what the file is.
pub fn is_one(name: &str, media_type: &str) -> bool {
    name.eq_ignore_ascii_case("winmail.dat")
        || ["application/ms-tnef", "application/vnd.ms-tnef"].contains(&media_type)
}

/// Its files: name and bytes. Whatever breaks off, what came before it is there.
pub fn files(bytes: &[u8]) -> Vec<(String, &[u8])> {
    let mut at = Reader(bytes);
    let mut all: Vec<(String, &[u8])> = Vec::new();
    if at.u32() != Some(0x223e_9f78) || at.take(2).is_none() {
        return all;
    }
    while let Some((level, id, data)) = attribute(&mut at) {
        if level != 2 {
            continue;
        }
        if id == BEGINS {
            if all.len() == MOST {
                break;
            }
            all.push((String::new(), &[]));
        }
        let Some(file) = all.last_mut() else { continue };
        match id {
            DATA => file.1 = data,
            TITLE if file.0.is_empty() => file.0 = one_byte(data),
            PROPERTIES => {
                if let Some(name) = long_name(data).filter(|n| !n.is_empty()) {
                    file.0 = name;
                }
            }
            _ => {}
        }
    }
    all.retain(|(_, bytes)| !bytes.is_empty());
    all
}

/// Level, number and data; its check sum is not held against it.
fn attribute<'b>(at: &mut Reader<'b>) -> Option<(u8, u32, &'b [u8])> {
    let level = at.take(1)?[0];
    let id = at.u32()?;
    let length = at.u32()? as usize;
    let data = at.take(length)?;
    at.take(2)?;
    Some((level, id, data))
}

/// A list of properties (MS-OXTNEF section 2.1.3.4) as far as their lengths are known here.
fn long_name(data: &[u8]) -> Option<String> {
    let mut at = Reader(data);
    for _ in 0..at.u32()?.min(500) {
        let (kind, id) = (at.u16()?, at.u16()?);
        if id >= 0x8000 {
            // A name of its own: a GUID, then a number or a text.
            at.take(16)?;
            match at.u32()? {
                0 => at.take(4)?,
                _ => at.counted()?,
            };
        }
        let value = match kind & 0x0fff {
            0x0002 | 0x0003 | 0x0004 | 0x000a | 0x000b => at.take(4)?,
            0x0005 | 0x0006 | 0x0007 | 0x0014 | 0x0040 => at.take(8)?,
            0x0048 => at.take(16)?,
            0x000d | 0x001e | 0x001f | 0x0102 => {
                let mut value: &[u8] = &[];
                for _ in 0..at.u32()?.min(100) {
                    value = at.counted()?;
                }
                value
            }
            _ => return None,
        };
        if kind & 0x1000 != 0 {
            return None; // several values: none of them is a name
        }
        if id == LONG_NAME {
            return Some(match kind {
                0x001f => wide(value),
                _ => one_byte(value),
            });
        }
    }
    None
}

fn wide(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|c| u16::from_le_bytes([c[0], c[1]])).collect();
    tidy(&String::from_utf16_lossy(&units))
}

/// A text of an old code page: western, where it is no UTF-8.
fn one_byte(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => tidy(text),
        Err(_) => tidy(&bytes.iter().map(|b| char::from(*b)).collect::<String>()),
    }
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (one, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(one)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|b| u16::from_le_bytes([b[0], b[1]]))
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
    }

    /// Its length in front, filled up to four.
    fn counted(&mut self) -> Option<&'b [u8]> {
        let length = self.u32()? as usize;
        let value = self.take(length)?;
        self.take(length.next_multiple_of(4) - length)?;
        Some(value)
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    fn put(out: &mut Vec<u8>, level: u8, id: u32, data: &[u8]) {
        out.push(level);
        out.extend(id.to_le_bytes());
        out.extend((data.len() as u32).to_le_bytes());
        out.extend(data);
        out.extend(data.iter().fold(0u16, |sum, b| sum.wrapping_add(u16::from(*b))).to_le_bytes());
    }

    /// A `winmail.dat` with two files: one with a short name, one with a long one.
    pub fn sample() -> Vec<u8> {
        let mut all = vec![0x78, 0x9f, 0x3e, 0x22, 1, 0];
        put(&mut all, 1, 0x0008_9006, &[0, 0, 1, 0]);
        put(&mut all, 1, 0x0006_9007, &[0xe4, 4, 0, 0, 0, 0, 0, 0]);
        put(&mut all, 2, BEGINS, &[0; 14]);
        put(&mut all, 2, TITLE, b"NOTA.TXT\0");
        put(&mut all, 2, DATA, b"Ol\xc3\xa1\r\n");
        put(&mut all, 2, BEGINS, &[0; 14]);
        put(&mut all, 2, TITLE, b"RELAT~1.PDF\0");
        let name: Vec<u8> = "Relatório.pdf\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut list = 2u32.to_le_bytes().to_vec();
        list.extend([0x03, 0, 0x20, 0x0e, 9, 0, 0, 0]);
        list.extend([0x1f, 0, 0x07, 0x37, 1, 0, 0, 0]);
        list.extend((name.len() as u32).to_le_bytes());
        list.extend(&name);
        list.resize(list.len().next_multiple_of(4), 0);
        put(&mut all, 2, DATA, b"%PDF-1.4");
        put(&mut all, 2, PROPERTIES, &list);
        all
    }

    #[test]
    fn its_files_have_their_names() {
        let raw = sample();
        let all = files(&raw);
        assert_eq!(all, [("NOTA.TXT".into(), &b"Ol\xc3\xa1\r\n"[..]), ("Relatório.pdf".into(), b"%PDF-1.4")]);
        for at in 0..raw.len() {
            assert!(files(&raw[..at]).len() <= 2, "cut at {at}");
            let mut bad = raw.clone();
            bad[at] ^= 0xff;
            let _ = files(&bad);
        }
        assert!(files(b"x").is_empty());
    }
}
