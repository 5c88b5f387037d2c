//! Files that do something when they are opened: they are saved when the user insists, and never opened from here.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a file may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(rename_all = "snake_case")]
pub enum Danger {
    /// Nothing that is known.
    #[default]
    None,
    /// It runs.
    Program,
    /// It runs, and is called so that it looks like something to look at.
    Disguised,
    /// It is a page of its own: it can ask for passwords as if it were somebody else.
    Page,
    /// It may bring macros, which run when somebody lets them.
    Macros,
}

/// Endings of what runs on some system, or mounts, installs or configures something there.
const PROGRAMS: &[&str] = &[
    "exe",
    "com",
    "bat",
    "cmd",
    "scr",
    "pif",
    "msi",
    "msp",
    "mst",
    "cpl",
    "dll",
    "sys",
    "gadget",
    "application",
    "js",
    "jse",
    "mjs",
    "vbs",
    "vbe",
    "wsf",
    "wsh",
    "wsc",
    "ps1",
    "psm1",
    "hta",
    "jar",
    "jnlp",
    "lnk",
    "url",
    "scf",
    "reg",
    "inf",
    "msc",
    "chm",
    "hlp",
    "xll",
    "iso",
    "img",
    "vhd",
    "vhdx",
    "app",
    "dmg",
    "pkg",
    "command",
    "workflow",
    "sh",
    "bash",
    "run",
    "desktop",
    "appimage",
    "deb",
    "rpm",
    "apk",
    "appx",
    "msix",
    "appinstaller",
    "py",
    "pyw",
    "library-ms",
    "search-ms",
    "settingcontent-ms",
    "diagcab",
    "mobileconfig",
];
const PAGES: &[&str] = &["htm", "html", "xhtml", "xht", "shtml", "mht", "mhtml", "svg", "svgz", "xml", "xsl"];
const MACROS: &[&str] = &[
    "docm", "dotm", "xlsm", "xltm", "xlam", "pptm", "potm", "ppam", "ppsm", "sldm", "one", "ade", "mdb",
    "accdb",
];
/// Endings of what people only look at.
const LOOKED_AT: &[&str] = &[
    "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "txt", "csv", "jpg", "jpeg", "png",
    "gif", "webp", "bmp", "mp3", "mp4", "avi", "mov", "zip", "rar",
];

/// Looks at the name of a file, and at the media type that its sender gave it.
pub fn danger(name: &str, media_type: &str) -> Danger {
    // Blanks and points at the end are not seen, and not there on some systems.
    let name = name.trim_end_matches(['.', ' ']).to_lowercase();
    let mut endings = name.rsplit('.').map(str::trim);
    let last = endings.next().filter(|last| last.len() < name.len()).unwrap_or_default();
    let media = media_type.to_ascii_lowercase();
    let runs = PROGRAMS.contains(&last)
        || (last.is_empty()
            && ["application/x-msdownload", "application/x-dosexec", "application/x-executable"]
                .contains(&media.as_str()));
    if runs {
        let looks = endings.next().is_some_and(|before| LOOKED_AT.contains(&before))
            || ["image/", "audio/", "video/", "application/pdf"].iter().any(|m| media.starts_with(m));
        return if looks { Danger::Disguised } else { Danger::Program };
    }
    if PAGES.contains(&last) || (last.is_empty() && ["text/html", "image/svg+xml"].contains(&media.as_str()))
    {
        return Danger::Page;
    }
    if MACROS.contains(&last) { Danger::Macros } else { Danger::None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_name_and_type() {
        for (name, media, what) in [
            ("fatura.pdf", "application/pdf", Danger::None),
            ("foto.JPG", "image/jpeg", Danger::None),
            ("backup.tar.gz", "application/gzip", Danger::None),
            ("Sem título", "text/plain", Danger::None),
            ("instalar.exe", "application/octet-stream", Danger::Program),
            ("fatura.pdf.exe", "application/octet-stream", Danger::Disguised),
            ("fatura.pdf          .scr", "application/octet-stream", Danger::Disguised),
            ("foto.lnk", "image/jpeg", Danger::Disguised),
            ("nota.js. ", "text/plain", Danger::Program),
            ("boleto.html", "text/html", Danger::Page),
            ("logo.svg", "image/svg+xml", Danger::Page),
            ("planilha.xlsm", "application/vnd.ms-excel", Danger::Macros),
            ("exe", "text/plain", Danger::None),
        ] {
            assert_eq!(danger(name, media), what, "{name} {media}");
        }
    }
}
