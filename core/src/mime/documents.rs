//! The text in documents that come as files: office documents of both families, plain text. They are hostile like everything in a
//! message: bounded in size, read without recursion, never run, and whatever is wrong with one only means that its text is not found.

use super::guarded;
use lopdf::content::{Content, Operation};
use lopdf::{Dictionary, Document, Encoding, LoadOptions, Object, ObjectId, Stream};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// Endings of names, and subtypes, that are looked into.
pub const KINDS: [&str; 13] =
    ["txt", "csv", "md", "log", "pdf", "docx", "docm", "xlsx", "xlsm", "pptx", "odt", "ods", "odp"];

/// More files in an archive are not looked at.
const MAX_FILES: usize = 2000;
/// Octets of one file of an archive, unpacked: 16 MiB. A bomb ends there.
const MAX_FILE: u64 = 16 << 20;

/// PDFs above this are not read, nor more pages, nor more octets of one, unpacked: 16 MiB, 60, 2 MiB.
const MAX_PDF: usize = 16 << 20;
const MAX_PAGES: usize = 60;
const MAX_PAGE: usize = 2 << 20;

/// Forms drawn on one page, those in others among them. Each is a turn of the stack.
const MAX_FORMS: usize = 40;

/// At most about `most` octets of the text of a document of a kind: the ending of its name, or the subtype of its media type.
pub fn text(kind: &str, bytes: &[u8], most: usize) -> String {
    let read = move || match kind {
        "txt" | "csv" | "md" | "log" | "plain" => {
            Some(String::from_utf8_lossy(&bytes[..bytes.len().min(most)]).into_owned())
        }
        "pdf" => pdf(bytes, most),
        // What is in an archive says itself what it is.
        _ if bytes.starts_with(b"PK\x03\x04") && is_office(kind) => office(bytes, most),
        _ => None,
    };
    guarded(read).unwrap_or_default()
}

/// By the ending, or by the subtypes of RFC 6838's registry (`vnd.openxmlformats-officedocument…`, `vnd.oasis.opendocument…`).
fn is_office(kind: &str) -> bool {
    KINDS[5..].contains(&kind) || kind.starts_with("vnd.openxmlformats") || kind.starts_with("vnd.oasis")
}

/// ISO 32000. One that is encrypted, or that is pictures of text, says nothing.
fn pdf(bytes: &[u8], most: usize) -> Option<String> {
    if bytes.len() > MAX_PDF || !bytes.starts_with(b"%PDF-") {
        return None;
    }
    let options = LoadOptions { max_decompressed_size: Some(MAX_FILE as usize), ..LoadOptions::default() };
    let document = Document::load_mem_with_options(bytes, options).ok()?;
    let mut out = String::new();
    for page in document.get_pages().into_values().take(MAX_PAGES) {
        if out.len() >= most {
            break;
        }
        // A page that cannot be read keeps nobody from the next.
        let _ = page_text(&document, page, most, &mut out);
        out.push('\n');
    }
    Some(out)
}

/// What a page shows, in the order in which it is drawn (ISO 32000-1 section 9.4).
fn page_text(pdf: &Document, page: ObjectId, most: usize, out: &mut String) -> lopdf::Result<()> {
    let (own, shared) = pdf.get_page_resources(page)?;
    let resources =
        own.into_iter().chain(shared.iter().filter_map(|id| pdf.get_dictionary(*id).ok())).collect();
    let mut drawn = Drawn { pdf, most, out, forms: MAX_FORMS, left: MAX_PAGE };
    drawn.content(
        &pdf.get_page_content_with_limit(page, MAX_PAGE)?,
        &Resources { fonts: fonts(pdf, pdf.get_page_fonts(page)?), dictionaries: resources },
    )
}

/// One that is not understood says nothing.
fn fonts<'a>(pdf: &'a Document, fonts: BTreeMap<Vec<u8>, &'a Dictionary>) -> BTreeMap<Vec<u8>, Encoding<'a>> {
    let understood = |font: &'a Dictionary| font.get_font_encoding_with_limit(pdf, MAX_PAGE).ok();
    fonts.into_iter().filter_map(|(name, font)| Some((name, understood(font)?))).collect()
}

/// What a content stream calls by name (ISO 32000-1 section 7.8.3).
struct Resources<'a> {
    fonts: BTreeMap<Vec<u8>, Encoding<'a>>,
    dictionaries: Vec<&'a Dictionary>,
}

impl<'a> Resources<'a> {
    /// A drawing of its own (section 8.10), in which programs that print web pages put all of one.
    fn form(&self, pdf: &'a Document, name: &[u8]) -> Option<&'a Stream> {
        self.dictionaries.iter().find_map(|all| {
            let form =
                pdf.get_dict_in_dict(all, b"XObject").ok()?.get_deref(name, pdf).ok()?.as_stream().ok()?;
            form.dict.get(b"Subtype").ok()?.as_name().ok().filter(|kind| *kind == b"Form")?;
            Some(form)
        })
    }
}

/// What has been drawn of a page, as text.
struct Drawn<'a, 'o> {
    pdf: &'a Document,
    most: usize,
    out: &'o mut String,
    /// So many forms may still be drawn: one can draw others, and itself.
    forms: usize,
    /// So many octets of them, unpacked: what draws another is held until that is drawn.
    left: usize,
}

impl<'a> Drawn<'a, '_> {
    /// What is put elsewhere begins another word.
    fn content(&mut self, content: &[u8], resources: &Resources<'a>) -> lopdf::Result<()> {
        let (mut font, mut height) = (None, 0.0);
        for Operation { operator, operands } in Content::decode(content)?.operations {
            let number = |n: usize| operands.get(n).and_then(|o| o.as_float().ok()).unwrap_or(0.0);
            let name = || operands.first().and_then(|name| name.as_name().ok());
            match operator.as_str() {
                "Tf" => font = name().and_then(|name| resources.fonts.get(name)),
                "Td" | "TD" => self.moved(number(1) != 0.0),
                "Tm" => {
                    self.moved(number(5) != height);
                    height = number(5);
                }
                "T*" | "ET" => self.moved(true),
                "'" | "\"" => {
                    self.moved(true);
                    show(&operands[operands.len().saturating_sub(1)..], font, self.out);
                }
                "Tj" | "TJ" => show(&operands, font, self.out),
                "Do" => {
                    if let Some(form) = name().and_then(|name| resources.form(self.pdf, name)) {
                        // One that cannot be read keeps nobody from what comes after it.
                        let _ = self.form(form, resources);
                        self.moved(true);
                    }
                }
                _ => {}
            }
            if self.out.len() >= self.most {
                break;
            }
        }
        Ok(())
    }

    fn form(&mut self, form: &'a Stream, around: &Resources<'a>) -> lopdf::Result<()> {
        self.forms = self.forms.checked_sub(1).ok_or(lopdf::Error::ReferenceLimit)?;
        let content = form.get_plain_content_with_limit(self.left)?;
        self.left -= content.len();
        // One of the old kind has no resources of its own and uses those around it.
        let Ok(own) = self.pdf.get_dict_in_dict(&form.dict, b"Resources") else {
            return self.content(&content, around);
        };
        let mut named = BTreeMap::new();
        for (name, font) in self.pdf.get_dict_in_dict(own, b"Font").into_iter().flatten() {
            named.extend(
                self.pdf
                    .dereference(font)
                    .ok()
                    .and_then(|(_, font)| font.as_dict().ok())
                    .map(|f| (name.clone(), f)),
            );
        }
        self.content(&content, &Resources { fonts: fonts(self.pdf, named), dictionaries: vec![own] })
    }

    fn moved(&mut self, line: bool) {
        match (line, self.out.ends_with(['\n', ' ']) || self.out.is_empty()) {
            (true, _) if !self.out.ends_with('\n') => self.out.push('\n'),
            (false, false) => self.out.push(' '),
            _ => {}
        }
    }
}

fn show(what: &[Object], font: Option<&Encoding<'_>>, out: &mut String) {
    let Some(font) = font else { return };
    for one in what {
        match one {
            Object::String(bytes, _) => out.push_str(&Document::decode_text(font, bytes).unwrap_or_default()),
            Object::Array(pieces) => show(pieces, Some(font), out),
            // In thousandths of the size of the font: wider than what brings letters together or apart.
            gap if gap.as_float().is_ok_and(|wide| wide < -150.0) && !out.ends_with(' ') => out.push(' '),
            _ => {}
        }
    }
}

/// Office Open XML (ECMA-376) and OpenDocument (ISO 26300): archives of XML.
fn office(bytes: &[u8], most: usize) -> Option<String> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
    let speaks = |name: &str| {
        matches!(name, "word/document.xml" | "word/footnotes.xml" | "xl/sharedStrings.xml" | "content.xml")
            || (name.ends_with(".xml")
                && ["xl/worksheets/", "ppt/slides/", "ppt/notesSlides/", "word/header", "word/footer"]
                    .iter()
                    .any(|place| name.starts_with(place)))
    };
    let mut names: Vec<String> = archive
        .file_names()
        .take(MAX_FILES)
        .flatten()
        .filter(|n| speaks(n))
        .map(|n| n.into_owned())
        .collect();
    names.sort();
    let mut out = String::new();
    for name in names {
        if out.len() >= most {
            break;
        }
        let mut xml = Vec::new();
        let Ok(file) = archive.by_name(&name) else { continue };
        // What could be read of a damaged one is text too.
        let _ = file.take(MAX_FILE).read_to_end(&mut xml);
        collect(&String::from_utf8_lossy(&xml), name == "content.xml", most, &mut out);
    }
    Some(out)
}

/// The texts of an XML file: of OpenDocument all, of the others those of `t`, and of `v` where that is no reference to one.
fn collect(xml: &str, all: bool, most: usize, out: &mut String) {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = false;
    let (mut inside, mut shared) = (all, false);
    while out.len() < most {
        match reader.read_event() {
            Ok(Event::Start(e)) => match e.local_name().as_ref() {
                "t" => inside = true,
                "c" => shared = refers(&e),
                "v" => inside = all || !shared,
                _ => {}
            },
            Ok(Event::End(e)) => match e.local_name().as_ref() {
                "t" => inside = all,
                "v" | "p" | "si" | "c" | "h" | "table-cell" => {
                    inside = all;
                    out.push('\n');
                }
                _ => {}
            },
            Ok(Event::Empty(e)) if matches!(e.local_name().as_ref(), "tab" | "br" | "s" | "line-break") => {
                out.push(' ');
            }
            Ok(Event::Text(t)) if inside => out.push_str(&t),
            Ok(Event::GeneralRef(r)) if inside => match r.as_ref() {
                "amp" => out.push('&'),
                "lt" => out.push('<'),
                "gt" => out.push('>'),
                _ => out.extend(r.resolve_char_ref().ok().flatten()),
            },
            Ok(Event::Eof) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

/// A cell whose value is the number of a shared string.
fn refers(cell: &BytesStart<'_>) -> bool {
    cell.try_get_attribute("t").ok().flatten().is_some_and(|t| t.value.as_ref() == "s")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn archive(files: &[(&str, &str)]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in files {
            let begun = zip.start_file(*name, SimpleFileOptions::default());
            assert!(begun.is_ok() && zip.write_all(text.as_bytes()).is_ok());
        }
        zip.finish().map(Cursor::into_inner).unwrap_or_default()
    }

    fn words(kind: &str, bytes: &[u8]) -> Vec<String> {
        text(kind, bytes, 10_000).split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn office_documents() {
        let docx = archive(&[
            (
                "word/document.xml",
                "<w:document><w:p><w:r><w:t>Contra</w:t></w:r><w:r><w:t>to</w:t></w:r></w:p><w:p><w:t>R&amp;D &#233;</w:t><w:tab/><w:t>fim</w:t></w:p></w:document>",
            ),
            ("word/styles.xml", "<w:t>no</w:t>"),
        ]);
        assert_eq!(words("docx", &docx), ["Contrato", "R&D", "é", "fim"]);
        let xlsx = archive(&[
            ("xl/sharedStrings.xml", "<sst><si><t>Vendas</t></si><si><t>Maio</t></si></sst>"),
            (
                "xl/worksheets/sheet1.xml",
                "<row><c t=\"s\"><v>0</v></c><c><v>1234.5</v></c><c t=\"inlineStr\"><is><t>solto</t></is></c></row>",
            ),
        ]);
        assert_eq!(words("xlsx", &xlsx), ["Vendas", "Maio", "1234.5", "solto"]);
        let odt = archive(&[(
            "content.xml",
            "<office:text><text:p>Uma <text:span>nota</text:span><text:s/>só</text:p><text:p>outra</text:p></office:text>",
        )]);
        assert_eq!(words("odt", &odt), ["Uma", "nota", "só", "outra"]);
        assert_eq!(words("vnd.oasis.opendocument.text", &odt).len(), 4);
        assert!(words("zip", &odt).is_empty(), "other archives are not looked into");
    }

    /// A document of one page, packed. It has a form `X`, which draws `form` with a font of its own and then a form that draws itself.
    fn document(content: &[u8]) -> Vec<u8> {
        drawn(content, b"")
    }

    fn drawn(content: &[u8], form: &[u8]) -> Vec<u8> {
        use lopdf::dictionary;
        let mut pdf = Document::with_version("1.5");
        let pages = pdf.new_object_id();
        let font = pdf.add_object(dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica", "Encoding" => "WinAnsiEncoding" });
        let page_content = pdf.add_object(Stream::new(dictionary! {}, content.to_vec()));
        let (outer, endless) = (pdf.new_object_id(), pdf.new_object_id());
        let kind = || dictionary! { "Type" => "XObject", "Subtype" => "Form" };
        let mut itself = kind();
        itself.set("Resources", dictionary! { "XObject" => dictionary! { "Y" => endless }, "Font" => dictionary! { "F2" => font } });
        pdf.objects.insert(endless, Stream::new(itself, b"BT /F2 9 Tf (eco) Tj ET /Y Do".to_vec()).into());
        let mut own = kind();
        own.set("Resources", dictionary! { "XObject" => dictionary! { "Y" => endless }, "Font" => dictionary! { "F2" => font } });
        pdf.objects.insert(outer, Stream::new(own, form.to_vec()).into());
        let bare = pdf.add_object(Stream::new(kind(), b"BT /F1 9 Tf (velho) Tj ET".to_vec()));
        let page = pdf.add_object(dictionary! {
            "Type" => "Page", "Parent" => pages, "Contents" => page_content,
            "Resources" => dictionary! { "Font" => dictionary! { "F1" => font }, "XObject" => dictionary! { "X" => outer, "V" => bare } },
        });
        let all = dictionary! { "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1 };
        pdf.objects.insert(pages, all.into());
        let catalog = pdf.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
        pdf.trailer.set("Root", catalog);
        pdf.compress();
        let mut bytes = Vec::new();
        assert!(pdf.save_to(&mut bytes).is_ok());
        bytes
    }

    #[test]
    fn the_text_of_a_pdf() {
        let boleto = document(
            b"BT /F1 12 Tf 50 700 Td (Boleto n\xfamero 1234) Tj 0 -20 Td [(Venci) 10 (mento)] TJ ET",
        );
        assert_eq!(words("pdf", &boleto), ["Boleto", "número", "1234", "Vencimento"]);
        assert!(words("pdf", b"%PDF-1.4 nada").is_empty());
        assert!(words("pdf", b"PK").is_empty());
        let bomb = document(format!("BT /F1 12 Tf {} ET", "(a) Tj ".repeat(4 << 20)).as_bytes());
        assert!(bomb.len() < 1 << 20);
        assert!(text("pdf", &bomb, 1000).len() < 4 << 20);
    }

    #[test]
    fn what_a_page_draws_with_forms() {
        let page = drawn(
            b"BT /F1 9 Tf (antes) Tj ET /X Do /V Do /Nada Do BT /F1 9 Tf (depois) Tj ET",
            b"BT /F2 9 Tf (dentro) Tj ET",
        );
        assert_eq!(words("pdf", &page), ["antes", "dentro", "velho", "depois"]);
        let endless = drawn(b"/X Do BT /F1 9 Tf (depois) Tj ET", b"/Y Do");
        let said = words("pdf", &endless);
        assert_eq!((said.len(), said.last().map(String::as_str)), (MAX_FORMS, Some("depois")));
    }

    /// A file of a gigabyte of one letter in a kilobyte's worth of archive.
    #[test]
    fn a_bomb_ends_soon() {
        let bomb = archive(&[("content.xml", &format!("<p>{}", "a ".repeat(20 << 20)))]);
        assert!(bomb.len() < 100_000);
        assert!(text("odt", &bomb, 1000).len() <= MAX_FILE as usize);
    }

    proptest! {
        #[test]
        fn whatever_it_is(flips in proptest::collection::vec((0usize..400, any::<u8>()), 0..20), cut in 0usize..400) {
            let mut bytes = archive(&[("content.xml", "<p>um <b>dois</b></p>"), ("xl/sharedStrings.xml", "<si><t>x</t></si>")]);
            for (at, byte) in flips {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            let _ = text("odt", &bytes, 1000);
            bytes.truncate(cut);
            let _ = text("docx", &bytes, 1000);
        }

        #[test]
        fn whatever_calls_itself_a_pdf(flips in proptest::collection::vec((8usize..2000, any::<u8>()), 0..20), cut in 0usize..2000) {
            let mut bytes = document(b"BT /F1 12 Tf (um) Tj ET");
            for (at, byte) in flips {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            let _ = text("pdf", &bytes, 1000);
            bytes.truncate(cut);
            let _ = text("pdf", &bytes, 1000);
        }
    }
}
