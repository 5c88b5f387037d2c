//! Files that are to go along with a message: what a composer was given lies in a folder of its own until it is closed.

use super::core::Core;
use crate::error::{Error, Kind, Result};
use crate::journal::send::media_type;
use crate::query::draft::DraftFile;
use base64::Engine;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Files of composers that nobody closed are kept so long.
const STAGED: Duration = Duration::from_secs(7 * 86_400);
/// No server takes more: 100 MB.
const LARGEST: u64 = 100_000_000;

impl Core {
    /// Takes a file in, for a draft. The first piece comes with an empty `id` and gets one, the others come with that; `data` is base64.
    pub async fn file_take(&self, file: DraftFile, data: String) -> Result<DraftFile> {
        let bad = |e: base64::DecodeError| Error::new(Kind::Usage, &file.name).because(e);
        let bytes = base64::engine::general_purpose::STANDARD.decode(data).map_err(bad)?;
        let id = if file.id.is_empty() { self.new_id() } else { file.id };
        let path = self.staged(&id)?;
        let size = tokio::fs::metadata(&path).await.map_or(0, |m| m.len()) + bytes.len() as u64;
        if size > LARGEST {
            return Err(Error::new(Kind::FileTooLarge, file.name));
        }
        let write = move || -> Result<()> {
            use std::io::Write;
            std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
            Ok(std::fs::OpenOptions::new().create(true).append(true).open(path)?.write_all(&bytes)?)
        };
        tokio::task::spawn_blocking(write).await.map_err(|e| Error::new(Kind::Storage, "").because(e))??;
        let name = Some(file.name.trim()).filter(|n| !n.is_empty()).unwrap_or("attachment").to_owned();
        Ok(DraftFile { id, name, size, ..file })
    }

    /// The composer was closed: its files go.
    pub async fn files_drop(&self, ids: Vec<String>) -> Result<()> {
        for id in ids {
            let _ = tokio::fs::remove_file(self.staged(&id)?).await;
        }
        Ok(())
    }

    /// Takes a file of this machine in, that the user handed to the app. Screens cannot name one.
    pub async fn file_in(&self, path: &Path) -> Result<DraftFile> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let unreadable = |e: std::io::Error| Error::new(Kind::FileUnreadable, &name).because(e);
        let told = tokio::fs::metadata(path).await.map_err(unreadable)?;
        if !told.is_file() {
            return Err(Error::new(Kind::FileUnreadable, name).because("not a file"));
        }
        if told.len() > LARGEST {
            return Err(Error::new(Kind::FileTooLarge, name));
        }
        let id = self.new_id();
        let staged = self.staged(&id)?;
        tokio::fs::create_dir_all(staged.parent().unwrap_or(&staged)).await?;
        let size = tokio::fs::copy(path, &staged).await.map_err(unreadable)?;
        Ok(DraftFile { id, media_type: media_type(path).to_owned(), size, content_id: String::new(), name })
    }

    /// Where a file of a composer lies. Only ids that were given here lead anywhere.
    pub(super) fn staged(&self, id: &str) -> Result<PathBuf> {
        if id.len() != 16 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Error::new(Kind::Usage, id));
        }
        Ok(self.dirs.data.join("writing").join(id))
    }

    /// Files of composers that nobody closed go after a week.
    pub(super) fn sweep_staged(&self) {
        let now = SystemTime::now();
        for file in std::fs::read_dir(self.dirs.data.join("writing")).into_iter().flatten().flatten() {
            let age =
                file.metadata().and_then(|m| m.modified()).ok().and_then(|t| now.duration_since(t).ok());
            if age.is_some_and(|age| age > STAGED) {
                let _ = std::fs::remove_file(file.path());
            }
        }
    }
}
