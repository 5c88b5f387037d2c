//! The readable part of a large message: header, texts and small parts, without what is large. It comes within two round trips
//! also where the whole would take minutes; the rest is fetched when somebody wants a file of it.
//!
//! It is put together as a message again (RFC 2046 section 5.1.1), so that everything else reads it like any other. In front of
//! the header of each part that was left out stands [`LEFT_OUT`] with its size.

use crate::error::Result;
use crate::mime::part::LEFT_OUT;
use crate::protocol::imap::Session;
use crate::protocol::imap::structure::{Part, Structure};

/// Texts up to this come along: 1 MiB.
const TEXT: u64 = 1 << 20;
/// Other parts up to this come along: 64 KiB, such as the pictures of a signature.
const OTHER: u64 = 64 << 10;
/// With more parts than this, the whole is fetched.
const MOST: usize = 60;

/// Fetches it; `None` where the message is not made so that something could be left out, or the server says otherwise.
pub async fn fetch(session: &mut Session, uid: u32) -> Result<Option<Vec<u8>>> {
    let Some(structure) = session.fetch_structure(uid).await? else { return Ok(None) };
    let Some(plan) = Plan::of(&structure) else { return Ok(None) };
    let wanted = plan.wanted();
    let came = session.fetch_sections(uid, &wanted).await?;
    let find = |section: &str| {
        let name = format!("BODY[{section}]");
        came.iter().find(|(n, _)| n.eq_ignore_ascii_case(&name)).map(|(_, bytes)| bytes.as_slice())
    };
    Ok(plan.assemble(find))
}

/// Which parts come along.
struct Plan<'s> {
    structure: &'s Structure,
    /// For each part, whether its content comes along; nested messages count as one part.
    along: Vec<Fate>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Whole,
    LeftOut,
    /// Made of others.
    Multipart,
    /// In a nested message, which is a part as a whole.
    Inside,
}

impl<'s> Plan<'s> {
    fn of(structure: &'s Structure) -> Option<Self> {
        let root = structure.parts.first().filter(|p| p.kind == "multipart")?;
        if structure.parts.len() > MOST || boundary(root).is_none() {
            return None;
        }
        let mut along: Vec<Fate> = Vec::new();
        for part in &structure.parts {
            let inside = part
                .parent
                .is_some_and(|p| along[p] == Fate::Inside || structure.parts[p].envelope.is_some());
            let attached = part.disposition.as_ref().is_some_and(|(kind, _)| kind == "attachment");
            let limit = if part.kind == "text" && !attached { TEXT } else { OTHER };
            along.push(match part.kind.as_str() {
                _ if inside => Fate::Inside,
                "multipart" if boundary(part).is_none() => return None,
                "multipart" => Fate::Multipart,
                _ if part.size <= limit => Fate::Whole,
                _ => Fate::LeftOut,
            });
        }
        along.contains(&Fate::LeftOut).then_some(Self { structure, along })
    }

    fn parts(&self) -> impl Iterator<Item = (usize, &Part, Fate)> {
        self.structure.parts.iter().zip(&self.along).enumerate().map(|(i, (p, f))| (i, p, *f))
    }

    /// What to ask for.
    fn wanted(&self) -> Vec<String> {
        let mut sections = vec!["HEADER".to_owned()];
        for (_, part, fate) in self.parts().skip(1).filter(|(_, _, fate)| *fate != Fate::Inside) {
            sections.push(format!("{}.MIME", part.section));
            if fate == Fate::Whole {
                sections.push(part.section.clone());
            }
        }
        sections
    }

    /// Puts it together; `None` when something is missing of what was asked for.
    fn assemble<'b>(&self, find: impl Fn(&str) -> Option<&'b [u8]>) -> Option<Vec<u8>> {
        let mut out = find("HEADER")?.to_vec();
        // Multiparts that are open, the innermost last.
        let mut open = vec![0usize];
        for (at, part, fate) in self.parts().skip(1).filter(|(_, _, fate)| *fate != Fate::Inside) {
            while open.last() != part.parent.as_ref() {
                self.close(&mut out, open.pop()?)?;
            }
            line(&mut out, "--", boundary(&self.structure.parts[part.parent?])?, "");
            if fate == Fate::LeftOut {
                line(&mut out, LEFT_OUT, ": ", &part.size.to_string());
            }
            out.extend_from_slice(find(&format!("{}.MIME", part.section))?);
            match fate {
                Fate::Multipart => open.push(at),
                Fate::Whole => out.extend_from_slice(find(&part.section)?),
                _ => {}
            }
            if fate != Fate::Multipart {
                out.extend_from_slice(b"\r\n");
            }
        }
        while let Some(at) = open.pop() {
            self.close(&mut out, at)?;
        }
        Some(out)
    }

    fn close(&self, out: &mut Vec<u8>, at: usize) -> Option<()> {
        line(out, "--", boundary(&self.structure.parts[at])?, "--");
        Some(())
    }
}

fn line(out: &mut Vec<u8>, a: &str, b: &str, c: &str) {
    for text in [a, b, c, "\r\n"] {
        out.extend_from_slice(text.as_bytes());
    }
}

/// What divides a multipart. One that could not stand in a line of its own divides nothing.
fn boundary(part: &Part) -> Option<&str> {
    let (_, value) = part.parameters.iter().find(|(name, _)| name == "boundary")?;
    (!value.is_empty() && value.len() <= 70 && !value.contains(['\r', '\n'])).then_some(value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::render::{View, render_as};

    fn part(parent: Option<usize>, section: &str, kind: &str, size: u64) -> Part {
        let parameters =
            if kind == "multipart" { vec![("boundary".to_owned(), format!("b{section}"))] } else { vec![] };
        Part {
            parent,
            section: section.to_owned(),
            kind: kind.to_owned(),
            size,
            parameters,
            ..Part::default()
        }
    }

    #[test]
    fn what_is_large_is_left_out_and_the_rest_reads_as_before() {
        let structure = Structure {
            parts: vec![
                part(None, "", "multipart", 0),
                part(Some(0), "1", "multipart", 0),
                part(Some(1), "1.1", "text", 20),
                part(Some(1), "1.2", "text", 30),
                part(Some(0), "2", "application", 26 << 20),
            ],
        };
        let plan = Plan::of(&structure).unwrap_or_else(|| panic!("nothing to leave out"));
        assert_eq!(plan.wanted(), ["HEADER", "1.MIME", "1.1.MIME", "1.1", "1.2.MIME", "1.2", "2.MIME"]);
        let out = plan.assemble(|section| {
            Some(match section {
                "HEADER" => b"Subject: Oi\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n".as_slice(),
                "1.MIME" => b"Content-Type: multipart/alternative; boundary=b1\r\n\r\n",
                "1.1.MIME" => b"Content-Type: text/plain\r\n\r\n",
                "1.1" => b"Bom dia",
                "1.2.MIME" => b"Content-Type: text/html\r\n\r\n",
                "1.2" => b"<p>Bom dia</p>",
                "2.MIME" => b"Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=planta.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n",
                _ => return None,
            })
        });
        let rendered = render_as(&out.unwrap_or_default(), &View { outline: true, ..View::default() });
        assert!(rendered.html.contains("Bom dia") && !rendered.plain);
        let file = &rendered.attachments[0];
        assert_eq!((file.name.as_str(), file.here, file.part.as_str()), ("planta.pdf", false, "4"));
        assert!((19 << 20..20 << 20).contains(&file.size), "{}", file.size);
        assert!(plan.assemble(|_| None).is_none(), "half an answer is none");
    }

    #[test]
    fn nothing_to_leave_out_is_no_outline() {
        let small = Structure { parts: vec![part(None, "", "multipart", 0), part(Some(0), "1", "text", 9)] };
        assert!(Plan::of(&small).is_none());
        assert!(Plan::of(&Structure { parts: vec![part(None, "1", "text", 9 << 20)] }).is_none());
    }
}
