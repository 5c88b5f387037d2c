//! Sending, and what is on its way out.

use crate::args::{Draft, Outbox, Send, Written};
use crate::output;
use malote_core::api::{Core, File, Letter, RowView, address_of, media_type, time_of};
use malote_core::error::{Error, Kind, Result};
use malote_core::model::{AccountId, Address, OutgoingId, PlacementId, Role};
use serde_json::{Value, json};
use std::io::Read;
use std::path::Path;

/// Puts a message into the outbox and sends what is due. Where the app is open, the app sends it.
pub async fn send(core: &Core, message: Send, json: bool) -> Result<()> {
    let account = account(core, message.account.as_deref(), message.written.from.as_deref()).await?;
    let at = message.at.as_deref().map_or(Ok(0), time_of)?;
    let id = match &message.eml {
        Some(file) => core.send_raw(account, read(file)?, at).await?,
        None => {
            core.send(account, letter(core, account, &message.written, Letter::default()).await?, at).await?
        }
    };
    let told = match core.sync_once(Some(account)).await {
        Err(e) if e.kind == Kind::StorageBusy => Ok(()), // the app has it from here
        other => other,
    };
    let left = core.outbox().await?.into_iter().find(|o| o.id == id);
    let state = left.as_ref().map_or("sent", |o| o.state.as_str());
    if json {
        output::json(&json!({ "id": id, "state": state }));
    } else if left.is_some() {
        say!("{state} {id}");
    }
    // Said for this message even where the way there was fine.
    match left {
        Some(o) if o.state == "refused" => {
            Err(Error::new(Kind::Refused, o.about).because(format!("{} {}", o.error, o.detail)))
        }
        _ => told,
    }
}

/// The account that writes: the one asked for, the one whose address it is, or the only one.
async fn account(core: &Core, asked: Option<&str>, from: Option<&str>) -> Result<AccountId> {
    let Some(from) = from.filter(|_| asked.is_none()) else {
        return core.account_by_address(asked).await;
    };
    let from = address_of(from)?.address;
    let own = |a: &str| a.eq_ignore_ascii_case(&from);
    let all = core.accounts().await?;
    let found = all.iter().find(|a| own(&a.address) || a.identities.iter().any(|i| own(&i.address)));
    found.map(|a| a.id).ok_or_else(|| Error::new(Kind::NotFound, from))
}

/// What was written in the place of what `before` says; what is not named stays.
async fn letter(core: &Core, id: AccountId, written: &Written, before: Letter) -> Result<Letter> {
    let unknown = || Error::new(Kind::NotFound, id.to_string());
    let account = core.accounts().await?.into_iter().find(|a| a.id == id).ok_or_else(unknown)?;
    let from = match &written.from {
        Some(from) => {
            let from = address_of(from)?;
            let known = account.identities.iter().find(|i| i.address.eq_ignore_ascii_case(&from.address));
            match known {
                Some(identity) if from.name.is_empty() => {
                    Address { name: identity.name.clone(), address: identity.address.clone() }
                }
                None if from.name.is_empty() && account.address.eq_ignore_ascii_case(&from.address) => {
                    Address { name: account.name, address: account.address }
                }
                _ => from,
            }
        }
        None if before.from.address.is_empty() => Address { name: account.name, address: account.address },
        None => before.from,
    };
    let all = |list: &[String], or: Vec<Address>| match list {
        [] => Ok(or),
        list => list.iter().map(|a| address_of(a)).collect::<Result<Vec<Address>>>(),
    };
    let text = |file: &Option<std::path::PathBuf>| -> Result<String> {
        let Some(file) = file else { return Ok(String::new()) };
        String::from_utf8(read(file)?).map_err(|_| Error::new(Kind::Usage, file.display().to_string()))
    };
    let file = |path: &std::path::PathBuf| -> Result<File> {
        Ok(File {
            name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            media_type: media_type(path).to_owned(),
            bytes: read(path)?,
            ..File::default()
        })
    };
    // A new text is a new text, in whichever form.
    let (text, html) = match (&written.body_file, &written.html_file) {
        (None, None) => (before.text, before.html),
        (body, html) => (text(body)?, text(html)?),
    };
    let mut files = before.files;
    files.extend(written.attach.iter().map(file).collect::<Result<Vec<_>>>()?);
    Ok(Letter {
        from,
        to: all(&written.to, before.to)?,
        cc: all(&written.cc, before.cc)?,
        bcc: all(&written.bcc, before.bcc)?,
        subject: written.subject.clone().unwrap_or(before.subject),
        text,
        html,
        files,
        ..before
    })
}

/// Puts drafts down, lists, changes and throws them away.
pub async fn draft(core: &Core, command: Draft, json: bool) -> Result<()> {
    let id_of = |text: &str| text.parse().map(PlacementId).map_err(|_| Error::new(Kind::Usage, text));
    let (account, letter, replaces) = match command {
        Draft::List => {
            let mut rows = Vec::new();
            for folder in core.mailboxes().await?.iter().filter(|m| m.role == Some(Role::Drafts)) {
                rows.extend(core.list(Some(folder.id), 0, 500).await?);
            }
            if json {
                let shown = |r: &RowView| json!({ "id": r.id, "to": r.who, "subject": r.subject, "preview": r.preview, "date": output::iso(r.date) });
                output::json(&Value::Array(rows.iter().map(shown).collect()));
            } else {
                for r in rows {
                    let when = output::iso(r.date)[..16].replace('T', " ");
                    say!("{:>6} {when} {} ({})", r.id.to_string(), r.subject, r.who);
                }
            }
            return Ok(());
        }
        Draft::Delete { ids } => {
            let ids = ids.iter().map(|i| id_of(i)).collect::<Result<Vec<_>>>()?;
            core.delete(ids, 0).await?;
            return Ok(());
        }
        Draft::Save { written, account: asked } => {
            let account = account(core, asked.as_deref(), written.from.as_deref()).await?;
            (account, letter(core, account, &written, Letter::default()).await?, None)
        }
        Draft::Edit { id, written } => {
            let id = id_of(&id)?;
            let (account, before) = core.draft_letter(id).await?;
            (account, letter(core, account, &written, before).await?, Some(id))
        }
    };
    let id = core.draft_put(account, letter, replaces).await?;
    if json {
        output::json(&json!({ "id": id }));
    } else {
        say!("{id}");
    }
    Ok(())
}

fn read(file: &Path) -> Result<Vec<u8>> {
    if file == Path::new("-") {
        let mut all = Vec::new();
        std::io::stdin().read_to_end(&mut all)?;
        return Ok(all);
    }
    std::fs::read(file).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => Error::new(Kind::NotFound, file.display().to_string()),
        _ => e.into(),
    })
}

/// Lists what is on its way out, or says what is to become of it.
pub async fn outbox(core: &Core, command: Outbox, json: bool) -> Result<()> {
    let id = |text: &str| text.parse().map(OutgoingId).map_err(|_| Error::new(Kind::Usage, text));
    match command {
        Outbox::Withdraw { id: text } => core.outbox_withdraw(id(&text)?).await,
        Outbox::Again { id: text } => core.outbox_again(id(&text)?).await,
        Outbox::Arrived { id: text } => core.outbox_arrived(id(&text)?).await,
        Outbox::List => {
            let all = core.outbox().await?;
            if json {
                let shown = |o: &malote_core::api::OutgoingView| {
                    json!({
                        "id": o.id, "account": o.account, "to": o.to, "subject": o.subject, "size": o.size, "state": o.state,
                        "made": output::iso(o.made), "not_before": output::iso(o.not_before), "tries": o.tries,
                        "error": o.error, "about": o.about, "detail": o.detail,
                    })
                };
                output::json(&Value::Array(all.iter().map(shown).collect()));
                return Ok(());
            }
            for o in all {
                let to: Vec<&str> = o.to.iter().map(|r| r.address.as_str()).collect();
                let why = [o.error.as_str(), o.detail.as_str()].join(" ");
                say!(
                    "{:>5} {:<8} {} {} ({}) {}",
                    o.id.to_string(),
                    o.state,
                    &output::iso(o.not_before)[..16].replace('T', " "),
                    o.subject,
                    to.join(", "),
                    why.trim()
                );
            }
            Ok(())
        }
    }
}
