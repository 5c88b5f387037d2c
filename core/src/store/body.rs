//! Table `body`: raw messages, compressed; large ones as files beside the database.

use super::{ROWS, Store, Tx};
use crate::error::{Error, Kind, Result};
use crate::model::{AccountId, MailboxId, MessageId};
use sqlx::{QueryBuilder, Row};
use std::path::{Path, PathBuf};

/// Compressed bodies above this become files: 256 KiB. SQLite reads rows below it faster than files (sqlite.org/intern-v-extern-blob.html).
const ROW: usize = 256 * 1024;
/// Ending of the files of messages that are still coming.
const COMING: &str = "coming";
/// A message that says it is larger is unpacked piece by piece: 64 MiB.
const WHOLE: u64 = 64 << 20;
/// Level 1 of zstd: mail shrinks by half, in two thirds of the time that level 3 takes for 1.3 % less; what is large is encoded files,
/// which it makes as small.
const LEVEL: i32 = 1;

impl Store {
    /// The raw message, if it is here. One that cannot be read any more is forgotten, and the server is asked again.
    pub async fn body(&self, id: MessageId) -> Result<Option<Vec<u8>>> {
        let row = sqlx::query("SELECT raw, file FROM body WHERE message_id = ?").bind(id.0);
        let Some(row) = row.fetch_optional(self.reader()).await? else { return Ok(None) };
        match self.unpack(Packed::of(row.try_get(0)?, row.try_get(1)?)).await {
            Err(e) if e.kind == Kind::NotFound => {
                tracing::warn!(message = %id, error = %e, "a body cannot be read and is forgotten");
                let mut tx = self.begin().await?;
                tx.forget_body(id).await?;
                tx.commit().await?;
                Ok(None)
            }
            other => other.map(Some),
        }
    }

    /// The message again; NotFound where it cannot be read.
    pub(super) async fn unpack(&self, packed: Packed) -> Result<Vec<u8>> {
        let path = self.bodies().join(&packed.file);
        tokio::task::spawn_blocking(move || {
            let unreadable = |e: std::io::Error| Error::new(Kind::NotFound, "body").because(e);
            let Packed { raw, file } = packed;
            let packed = if file.is_empty() { raw } else { std::fs::read(path).map_err(unreadable)? };
            zstd::stream::decode_all(packed.as_slice()).map_err(unreadable)
        })
        .await
        .map_err(|e| Error::new(Kind::Storage, "body").because(e))?
    }

    /// Many messages again, each with what came with it. Those that cannot be read are left out.
    pub(super) async fn unpack_all<T: Send + 'static>(
        &self,
        packed: Vec<(T, Packed)>,
    ) -> Result<Vec<(T, Vec<u8>)>> {
        let bodies = self.bodies();
        let unpack = move || -> Result<Vec<(T, Vec<u8>)>> {
            // One for all: making it takes longer than what a small message needs.
            let mut unzip = zstd::bulk::Decompressor::new()?;
            let mut one = |p: Packed| {
                let bytes =
                    if p.file.is_empty() { p.raw } else { std::fs::read(bodies.join(p.file)).ok()? };
                match zstd::zstd_safe::get_frame_content_size(&bytes) {
                    Ok(Some(size)) if size <= WHOLE => unzip.decompress(&bytes, size as usize).ok(),
                    _ => zstd::stream::decode_all(bytes.as_slice()).ok(),
                }
            };
            Ok(packed.into_iter().filter_map(|(with, p)| Some((with, one(p)?))).collect())
        };
        tokio::task::spawn_blocking(unpack).await.map_err(|e| Error::new(Kind::Storage, "body").because(e))?
    }

    /// The message, to be read in pieces.
    pub(super) fn stored(&self, packed: Packed) -> Stored {
        Stored { path: self.bodies().join(&packed.file), packed }
    }

    /// Packs a message, in memory or into a file; hand the result to [`Tx::put_bodies`].
    /// `name` is for the file, and nobody else's.
    pub async fn pack(&self, name: &str, raw: Vec<u8>) -> Result<Packed> {
        let (store, name) = (self.clone(), name.to_owned());
        tokio::task::spawn_blocking(move || store.packer()?.pack(&name, &raw))
            .await
            .map_err(|e| Error::new(Kind::Storage, "body").because(e))?
    }

    /// Packs many messages, on a thread that may wait for the disk.
    pub fn packer(&self) -> Result<Packer> {
        Ok(Packer { zstd: zstd::bulk::Compressor::new(LEVEL)?, bodies: self.bodies() })
    }

    /// What came of a large message before its fetch broke off, as whole pieces of `piece` bytes. The last one is not believed: its
    /// bytes may not have reached the disk before the power went.
    pub async fn coming(&self, id: MessageId, piece: u64) -> Vec<u8> {
        let mut came = tokio::fs::read(self.coming_file(id)).await.unwrap_or_default();
        let whole = (came.len() as u64 / piece).saturating_sub(1) * piece;
        came.truncate(whole as usize);
        came
    }

    /// Keeps a piece of a large message that begins at this offset.
    pub async fn keep_coming(&self, id: MessageId, offset: u64, piece: Vec<u8>) -> Result<()> {
        let path = self.coming_file(id);
        let write = move || -> Result<()> {
            use std::io::{Seek, SeekFrom, Write};
            let mut file = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
            file.set_len(offset)?;
            file.seek(SeekFrom::Start(offset))?;
            file.write_all(&piece)?;
            Ok(file.sync_data()?)
        };
        tokio::task::spawn_blocking(write).await.map_err(|e| Error::new(Kind::Storage, "body").because(e))?
    }

    /// All of it is here, or nobody wants it any more.
    pub fn forget_coming(&self, id: MessageId) {
        let _ = std::fs::remove_file(self.coming_file(id));
    }

    fn coming_file(&self, id: MessageId) -> PathBuf {
        self.bodies().join(format!("{id}.{COMING}"))
    }

    /// Removes what began to come before this time (seconds since 1970) and was not gone on with.
    pub(super) fn sweep_coming(&self, before: i64) {
        for file in std::fs::read_dir(self.bodies()).into_iter().flatten().flatten() {
            let age = file.metadata().and_then(|m| m.modified()).ok();
            let seconds = age.and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok()).map(|d| d.as_secs());
            let ours = file.path().extension().is_some_and(|e| e == COMING);
            if ours && seconds.is_some_and(|s| (s as i64) < before) {
                let _ = std::fs::remove_file(file.path());
            }
        }
    }

    /// Removes files of messages that are gone. A file that stays is only waste.
    pub fn remove_body_files(&self, names: &[String]) {
        for name in names {
            let _ = std::fs::remove_file(self.bodies().join(name));
        }
    }
}

/// Packs messages one after the other.
pub struct Packer {
    zstd: zstd::bulk::Compressor<'static>,
    bodies: PathBuf,
}

impl Packer {
    /// See [`Store::pack`].
    pub fn pack(&mut self, name: &str, raw: &[u8]) -> Result<Packed> {
        let packed = self.zstd.compress(raw)?;
        if packed.len() <= ROW {
            return Ok(Packed { raw: packed, file: String::new() });
        }
        let name = format!("{name}.zst");
        write_durably(&self.bodies, &name, &packed)?;
        Ok(Packed { raw: Vec::new(), file: name })
    }
}

/// Whole or not at all: written aside, synced, renamed.
fn write_durably(dir: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    use std::io::Write;
    let aside: PathBuf = dir.join(format!("{name}.part"));
    let written = (|| {
        let mut file = std::fs::File::create(&aside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&aside, dir.join(name))?;
        super::sync_directory(dir)
    })();
    if written.is_err() {
        let _ = std::fs::remove_file(&aside);
    }
    Ok(written?)
}

/// A compressed message on its way into the database.
pub struct Packed {
    raw: Vec<u8>,
    file: String,
}

impl Packed {
    /// As a table keeps it: the bytes, or the name of a file beside the database.
    pub(super) fn of(raw: Vec<u8>, file: String) -> Self {
        Self { raw, file }
    }

    pub(super) fn parts(self) -> (Vec<u8>, String) {
        (self.raw, self.file)
    }

    /// The files that go when nothing refers to it any more; see [`Store::remove_body_files`].
    pub fn into_files(self) -> Vec<String> {
        Some(self.file).filter(|f| !f.is_empty()).into_iter().collect()
    }
}

/// A message as it is kept, to be read from its beginning as often as it takes.
pub struct Stored {
    packed: Packed,
    path: PathBuf,
}

impl Stored {
    /// The message.
    pub fn open(&self) -> std::io::Result<Box<dyn std::io::Read + Send>> {
        Ok(match self.packed.file.is_empty() {
            true => Box::new(zstd::stream::Decoder::new(std::io::Cursor::new(self.packed.raw.clone()))?),
            false => Box::new(zstd::stream::Decoder::new(std::fs::File::open(&self.path)?)?),
        })
    }
}

impl Tx {
    /// Removes the texts that no mailbox's policy keeps any more: `since` has, for each mailbox of the account, from when on its
    /// messages are kept. What no server has, and what a decision could bring back, stays. Files are returned, to be removed once
    /// this is committed.
    pub async fn trim_bodies(
        &mut self,
        account: AccountId,
        since: &[(MailboxId, i64)],
    ) -> Result<Vec<String>> {
        sqlx::query("CREATE TEMP TABLE keeping (mailbox_id INTEGER PRIMARY KEY, since INTEGER NOT NULL)")
            .execute(self.conn())
            .await?;
        for (mailbox, since) in since {
            sqlx::query("INSERT INTO keeping VALUES (?, ?)")
                .bind(mailbox.0)
                .bind(since)
                .execute(self.conn())
                .await?;
        }
        let over = "message_id IN (SELECT id FROM message m WHERE m.account_id = ? AND m.has_body = 1 AND m.pinned = 0
            AND NOT EXISTS (SELECT 1 FROM placement p LEFT JOIN keeping k ON k.mailbox_id = p.mailbox_id
                WHERE p.message_id = m.id AND (p.uid = 0 OR k.since IS NULL OR p.sort_date >= k.since))
            AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.message_id = m.id AND d.settled = 0))";
        let files = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "SELECT file FROM body WHERE file <> '' AND {over}"
        )))
        .bind(account.0)
        .fetch_all(self.conn())
        .await?;
        sqlx::query(sqlx::AssertSqlSafe(format!("DELETE FROM body WHERE {over}")))
            .bind(account.0)
            .execute(self.conn())
            .await?;
        sqlx::query(
            "UPDATE message SET has_body = 0, partial = 0 WHERE account_id = ? AND has_body = 1
             AND NOT EXISTS (SELECT 1 FROM body b WHERE b.message_id = message.id)",
        )
        .bind(account.0)
        .execute(self.conn())
        .await?;
        sqlx::query("DROP TABLE keeping").execute(self.conn()).await?;
        Ok(files)
    }

    /// Whether the raw message is here.
    pub async fn has_body(&mut self, id: MessageId) -> Result<bool> {
        let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM body WHERE message_id = ?")
            .bind(id.0)
            .fetch_optional(self.conn())
            .await?;
        Ok(found.is_some())
    }

    /// What was put into a mailbox is this message from now on: the one that the server speaks of.
    pub async fn hand_over_body(&mut self, from: MessageId, to: MessageId) -> Result<()> {
        let moved = sqlx::query("UPDATE OR IGNORE body SET message_id = ? WHERE message_id = ?")
            .bind(to.0)
            .bind(from.0)
            .execute(self.conn())
            .await?;
        if moved.rows_affected() > 0 {
            sqlx::query("UPDATE message SET has_body = 1, preview = (SELECT preview FROM message WHERE id = ?1) WHERE id = ?2")
                .bind(from.0)
                .bind(to.0)
                .execute(self.conn())
                .await?;
        }
        self.touched.messages.insert(to);
        Ok(())
    }

    /// As if it had never been fetched.
    pub async fn forget_body(&mut self, id: MessageId) -> Result<()> {
        sqlx::query("DELETE FROM body WHERE message_id = ?").bind(id.0).execute(self.conn()).await?;
        sqlx::query("UPDATE message SET has_body = 0, partial = 0 WHERE id = ?")
            .bind(id.0)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// What is here of it lacks its large parts.
    pub async fn mark_partial(&mut self, id: MessageId) -> Result<()> {
        sqlx::query("UPDATE message SET partial = 1 WHERE id = ?").bind(id.0).execute(self.conn()).await?;
        Ok(())
    }

    /// Keeps raw messages that were added with their preview in this transaction.
    pub async fn add_bodies(&mut self, bodies: Vec<(MessageId, Packed)>) -> Result<()> {
        let mut bodies = bodies.into_iter().peekable();
        while bodies.peek().is_some() {
            let mut q = QueryBuilder::new("INSERT INTO body (message_id, raw, file) ");
            // Given away, since what is lent to a statement is copied.
            q.push_values(bodies.by_ref().take(ROWS), |mut row, (id, packed)| {
                row.push_bind(id.0).push_bind(packed.raw).push_bind(packed.file);
            });
            q.build().execute(self.conn()).await?;
        }
        Ok(())
    }

    /// Keeps raw messages, each with its preview. Those that left every mailbox while they were being fetched are dropped.
    pub async fn put_bodies(&mut self, bodies: &[(MessageId, Packed, String)]) -> Result<()> {
        for chunk in bodies.chunks(200) {
            let mut q =
                QueryBuilder::new("UPDATE message SET has_body = 1, partial = 0, preview = v.column2 FROM (");
            q.push_values(chunk, |mut row, (id, _, preview)| {
                row.push_bind(id.0).push_bind(preview);
            });
            q.push(") v WHERE message.id = v.column1").build().execute(self.conn()).await?;
            let mut q = QueryBuilder::new(
                "INSERT INTO body (message_id, raw, file) SELECT column1, column2, column3 FROM (",
            );
            q.push_values(chunk, |mut row, (id, packed, _)| {
                row.push_bind(id.0).push_bind(&packed.raw).push_bind(&packed.file);
            });
            q.push(
                ") WHERE column1 IN (SELECT id FROM message) \
                 ON CONFLICT (message_id) DO UPDATE SET raw = excluded.raw, file = excluded.file",
            )
            .build()
            .execute(self.conn())
            .await?;
            let mut q = QueryBuilder::new("SELECT DISTINCT mailbox_id FROM placement WHERE message_id IN (");
            let mut list = q.separated(", ");
            for (id, ..) in chunk {
                list.push_bind(id.0);
            }
            q.push(")");
            let mailboxes: Vec<i64> = q.build_query_scalar().fetch_all(self.conn()).await?;
            self.touched.mailboxes.extend(mailboxes.into_iter().map(MailboxId));
            self.touched.messages.extend(chunk.iter().map(|(id, ..)| *id));
        }
        Ok(())
    }
}
