//! What each command does: calls of the api, and their results printed.

use crate::args::{Account, Add, Args, Command, Folder, How, MarkFlags, Outbox, Senders};
use crate::{outgoing, output, words};
use malote_core::api::types::{Done, Mark, NewAccount};
use malote_core::api::{
    Core, Dirs, Event, MailboxView, OsSecrets, SystemClock, rendered, run_password_command,
};
use malote_core::error::{Error, Kind, Result};
use malote_core::model::{Endpoint, MailboxId, PlacementId, Protocol, Role, Tls};
use serde_json::{Value, json};
use std::io::{IsTerminal, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Opens the core and runs the command.
pub async fn run(args: Args) -> Result<()> {
    let home = args.home.map_or_else(default_home, Ok)?;
    let dirs = Dirs { downloads: home.join("downloads"), cache: home.join("cache"), data: home };
    let (core, _events) = Core::open(dirs, Arc::new(OsSecrets), SystemClock::shared()).await?;
    let result = async {
        if let Some(print) = &args.passphrase_command
            && core.passphrase_state().await?.locked
        {
            core.passphrase_unlock(run_password_command(print).await?).await?;
        }
        command(&core, args.command, args.json).await
    }
    .await;
    if let Err(e) = &result {
        core.note_damage(e);
    }
    core.close().await;
    result
}

/// What is typed or piped in: a secret.
fn first_line() -> Result<String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn default_home() -> Result<PathBuf> {
    let base = std::env::var_os("XDG_DATA_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|h| PathBuf::from(h).join(".local/share")));
    base.map(|b| b.join("malote")).ok_or_else(|| Error::new(Kind::Usage, "HOME"))
}

async fn command(core: &Core, command: Command, json: bool) -> Result<()> {
    match command {
        Command::Account(account) => self::account(core, account, json).await,
        Command::Passphrase { forget: true } => core.passphrase_forget().await,
        Command::Passphrase { forget: false } => core.passphrase_set(first_line()?).await,
        Command::Sync { account, watch } => sync(core, account, watch).await,
        Command::Folders => folders(core, json).await,
        Command::Search { query, limit } => search(core, &query.join(" "), limit, json).await,
        Command::List { folder, unified, limit, offset } => {
            list(core, folder, unified, limit, offset, json).await
        }
        Command::Show { id, how } => show(core, &id, &how, json).await,
        Command::Save { id, part, file } => save(core, &id, part, &file).await,
        Command::Mark { ids, flags } => report(core.mark(ids_of(&ids)?, mark(flags)?).await?, json),
        Command::Move { mut ids_and_folder } => {
            let folder = ids_and_folder.pop().unwrap_or_default();
            let target = find_folder(core, &folder).await?;
            report(core.move_to(ids_of(&ids_and_folder)?, target.id).await?, json)
        }
        Command::Archive { ids } => report(core.archive(ids_of(&ids)?).await?, json),
        Command::Trash { ids } => report(core.trash(ids_of(&ids)?).await?, json),
        Command::Junk { ids } => report(core.junk(ids_of(&ids)?).await?, json),
        Command::NotJunk { ids } => report(core.not_junk(ids_of(&ids)?).await?, json),
        Command::Senders { command } => senders(core, command, json).await,
        // Whoever types "delete" at a prompt means it; undo helps until the next sync.
        Command::Delete { ids } => report(core.delete(ids_of(&ids)?, 0).await?, json),
        Command::Undo => {
            let undone = core.undo_last().await?;
            if undone.label.is_empty() {
                return Err(Error::new(Kind::NotFound, "undo"));
            }
            if json {
                output::json(&json!({ "undone": undone.label, "whole": undone.whole }));
            } else {
                say!("{}{}", undone.label, if undone.whole { "" } else { " (in part)" });
            }
            Ok(())
        }
        Command::Copy { mut ids_and_folder } => {
            let folder = ids_and_folder.pop().unwrap_or_default();
            let target = find_folder(core, &folder).await?;
            report(core.copy_to(ids_of(&ids_and_folder)?, target.id).await?, json)
        }
        Command::KeepHere { ids } => core.keep_here(ids_of(&ids)?, true).await,
        Command::LetGo { ids } => core.keep_here(ids_of(&ids)?, false).await,
        Command::Folder(Folder::Keep { name, keep }) => {
            let keep = if keep == "account" { String::new() } else { keep };
            core.folder_keep(find_folder(core, &name).await?.id, keep).await
        }
        Command::Folder(folder) => report(self::folder(core, folder).await?, json),
        Command::Decisions { seen: true } => core.decisions_seen().await,
        Command::Decisions { seen: false } => decisions(core, json).await,
        Command::Insist { id } => report(core.decision_insist(id).await?, json),
        Command::Send(message) => outgoing::send(core, *message, json).await,
        Command::Draft(command) => outgoing::draft(core, command, json).await,
        Command::Outbox { command } => outgoing::outbox(core, command.unwrap_or(Outbox::List), json).await,
        Command::Status => status(core, json).await,
        Command::Check => {
            core.check().await?;
            if json {
                output::json(&json!({ "sound": true }));
            }
            Ok(())
        }
    }
}

async fn account(core: &Core, command: Account, json: bool) -> Result<()> {
    match command {
        Account::Add(add) => {
            let added = core.account_add(new_account(core, *add).await?).await?;
            if !added.password_kept {
                core.account_remove(added.id).await?;
                return Err(Error::new(Kind::SecretStore, ""));
            }
            if json {
                output::json(&json!({ "id": added.id }));
            }
            Ok(())
        }
        Account::List => {
            let accounts = core.accounts().await?;
            if json {
                output::json(&json!(accounts));
            } else {
                for a in accounts {
                    say!(
                        "{}  {}:{}  keep {}  waiting {}",
                        a.address,
                        a.incoming.host,
                        a.incoming.port,
                        a.keep,
                        a.waiting
                    );
                }
            }
            Ok(())
        }
        Account::Keep { address, keep } => {
            core.account_keep(core.account_by_address(Some(&address)).await?, keep).await
        }
        Account::Budget { address, down, up } => {
            core.account_budget(core.account_by_address(Some(&address)).await?, down, up).await
        }
        Account::Remove { address } => {
            core.account_remove(core.account_by_address(Some(&address)).await?).await
        }
    }
}

fn endpoint(place: &str, tls: &str) -> Result<Endpoint> {
    let bad = || Error::new(Kind::Usage, place);
    let (host, port) = place.rsplit_once(':').ok_or_else(bad)?;
    let tls = match tls {
        "starttls" => Tls::Starttls,
        "none" => Tls::None,
        _ => Tls::Implicit,
    };
    let host = host.trim_matches(['[', ']']).to_owned();
    Ok(Endpoint { host, port: port.parse().map_err(|_| bad())?, tls })
}

async fn new_account(core: &Core, add: Add) -> Result<NewAccount> {
    let mut user = add.user;
    let mut smtp = add.smtp.as_deref().map(|s| endpoint(s, &add.smtp_tls)).transpose()?;
    let (protocol, incoming) = match (&add.imap, &add.pop3) {
        (Some(imap), _) => (Protocol::Imap, endpoint(imap, &add.imap_tls)?),
        (None, Some(pop3)) => (Protocol::Pop3, endpoint(pop3, &add.pop3_tls)?),
        (None, None) => {
            let unknown = || Error::new(Kind::Usage, add.address.clone());
            let found =
                core.find_servers(add.address.clone(), add.proxy.clone()).await?.ok_or_else(unknown)?;
            if user.is_empty() {
                user = found.user;
            }
            smtp = smtp.or(found.smtp);
            match (found.imap, found.pop3) {
                (Some(imap), _) => (Protocol::Imap, imap),
                (None, Some(pop3)) => (Protocol::Pop3, pop3),
                (None, None) => return Err(Error::new(Kind::NoTls, add.address)),
            }
        }
    };
    let mut password = String::new();
    if add.password_stdin {
        password = first_line()?;
    } else if add.password_command.is_none() {
        return Err(Error::new(Kind::Usage, "--password-stdin | --password-command"));
    }
    Ok(NewAccount {
        address: add.address,
        name: add.name,
        user,
        protocol,
        incoming,
        smtp,
        password,
        grant: String::new(),
        password_command: add.password_command.unwrap_or_default(),
        ca_file: add.ca_file.map(|p| p.display().to_string()).unwrap_or_default(),
        pin: add.pin,
        proxy: add.proxy,
        keep: add.keep,
        leave: add.leave,
        size_limit: add.size_limit,
    })
}

async fn sync(core: &Core, account: Option<String>, watch: bool) -> Result<()> {
    let only = match &account {
        Some(address) => Some(core.account_by_address(Some(address)).await?),
        None => None,
    };
    let bar = progress(core);
    let result = if watch { self::watch(core).await } else { core.sync_once(only).await };
    if let Some(bar) = bar {
        bar.abort();
        let _ = bar.await;
    }
    result
}

/// Stays in step until the user or the system ends it.
async fn watch(core: &Core) -> Result<()> {
    let mut events = core.events();
    core.start().await?;
    let interrupted = async {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            if let Ok(mut term) = signal(SignalKind::terminate()) {
                tokio::select! {
                    _ = term.recv() => {}
                    _ = tokio::signal::ctrl_c() => {}
                }
                return;
            }
        }
        let _ = tokio::signal::ctrl_c().await;
    };
    tokio::pin!(interrupted);
    loop {
        let event = tokio::select! {
            () = &mut interrupted => return Ok(()),
            event = events.next() => event,
        };
        match event {
            Some(Event::States { states }) => {
                for s in states {
                    let why = s.error.map(|e| format!(" {} {}", e.code, e.subject)).unwrap_or_default();
                    remark!("{} {}{why}", s.account, s.phase);
                }
            }
            Some(_) => {}
            None => return Ok(()),
        }
    }
}

/// How far the headers are, on a terminal.
fn progress(core: &Core) -> Option<tokio::task::JoinHandle<()>> {
    if !std::io::stderr().is_terminal() {
        return None;
    }
    let core = core.clone();
    Some(tokio::spawn(async move {
        let bar = indicatif::ProgressBar::new(0);
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            if let Ok(all) = core.mailboxes().await {
                let missing: u64 = all.iter().map(|m| m.missing).sum();
                let here: u64 = all.iter().map(|m| m.total).sum();
                bar.set_length(here + missing);
                bar.set_position(here);
            }
        }
    }))
}

async fn folders(core: &Core, json: bool) -> Result<()> {
    let all = core.mailboxes().await?;
    if json {
        let rows: Vec<Value> = all
            .iter()
            .map(|m| {
                json!({ "id": m.id, "account": m.account, "folder": m.path, "role": m.role, "total": m.total, "unread": m.unread,
                        "missing": m.missing, "on_server": m.on_server, "gone": m.gone, "selectable": m.selectable, "subscribed": m.subscribed })
            })
            .collect();
        output::json(&json!(rows));
    } else {
        for m in all {
            let gone = if m.gone { "  (no longer on the server)" } else { "" };
            say!(
                "{:>7} {:>7}  {}{}{gone}",
                m.unread,
                m.total + m.missing,
                "  ".repeat(m.depth as usize),
                m.name
            );
        }
    }
    Ok(())
}

// Whoever types it at a prompt means it: nothing is held back. Undo helps until the next sync, and for most of it afterwards.
async fn folder(core: &Core, command: Folder) -> Result<Done> {
    let id = async |name: &str| find_folder(core, name).await.map(|m| m.id);
    match command {
        Folder::Create { name, account } => {
            core.folder_create(core.account_by_address(account.as_deref()).await?, name).await
        }
        Folder::Rename { name, new } => core.folder_rename(id(&name).await?, new).await,
        Folder::Delete { name } => core.folder_remove(id(&name).await?, 0).await,
        Folder::Empty { name } => core.folder_empty(id(&name).await?, 0).await,
        Folder::Expunge { name } => core.folder_expunge(id(&name).await?, 0).await,
        Folder::Keep { name, .. } => Err(Error::new(Kind::Usage, name)),
        Folder::Use { name, role } => core.folder_use(id(&name).await?, Role::from_name(&role)).await,
        Folder::Subscribe { name } => core.folder_subscribe(id(&name).await?, true).await,
        Folder::Unsubscribe { name } => core.folder_subscribe(id(&name).await?, false).await,
    }
}

async fn decisions(core: &Core, json: bool) -> Result<()> {
    let all = core.decisions().await?;
    if json {
        output::json(&json!(all));
        return Ok(());
    }
    for d in all {
        let flags = d.add.iter().map(|f| format!("+{f}")).chain(d.remove.iter().map(|f| format!("-{f}")));
        let what =
            [d.target].into_iter().filter(|t| !t.is_empty()).chain(flags).collect::<Vec<_>>().join(" ");
        say!(
            "{:>5} {} {:<16} {} {what}: {} ({})",
            d.id,
            &output::iso(d.made)[..16],
            d.code,
            d.wish,
            d.subject,
            d.place
        );
    }
    Ok(())
}

async fn find_folder(core: &Core, name: &str) -> Result<MailboxView> {
    let all = core.mailboxes().await?;
    let exact = all.iter().find(|m| m.path == name);
    let found = exact.or_else(|| {
        all.iter().find(|m| {
            m.path.eq_ignore_ascii_case(name) || m.role.is_some_and(|r| r.as_str().eq_ignore_ascii_case(name))
        })
    });
    found.cloned().ok_or_else(|| Error::new(Kind::NotFound, name))
}

async fn list(
    core: &Core,
    folder: Option<String>,
    unified: bool,
    limit: u32,
    offset: u64,
    json: bool,
) -> Result<()> {
    let all = core.mailboxes().await?;
    let names = |id: MailboxId| all.iter().find(|m| m.id == id).map(|m| m.path.clone()).unwrap_or_default();
    let mailbox = if unified {
        None
    } else {
        Some(find_folder(core, folder.as_deref().unwrap_or(Role::Inbox.as_str())).await?.id)
    };
    let mut rows = Vec::new();
    let mut first = offset;
    while (rows.len() as u32) < limit {
        let page = core.list(mailbox, first, limit - rows.len() as u32).await?;
        if page.is_empty() || rows.last() == page.last() {
            break;
        }
        first += page.len() as u64;
        rows.extend(page);
    }
    if json {
        output::json(&Value::Array(rows.iter().map(|r| output::row(r, &names(r.mailbox))).collect()));
    } else {
        for r in &rows {
            say!("{}", output::line(r));
        }
    }
    Ok(())
}

async fn search(core: &Core, query: &str, limit: u32, json: bool) -> Result<()> {
    let all = core.mailboxes().await?;
    let names = |id: MailboxId| all.iter().find(|m| m.id == id).map(|m| m.path.clone()).unwrap_or_default();
    let found = core.search_once(query, limit).await?;
    if json {
        let rows = found.window.rows.iter().map(|r| output::row(r, &names(r.mailbox)));
        output::json(&Value::Array(rows.collect()));
    } else {
        for r in &found.window.rows {
            say!("{}", output::line(r));
        }
    }
    // Not among the results: a program reads those.
    remark!("{}", words::covered(&found));
    Ok(())
}

fn id_of(text: &str) -> Result<PlacementId> {
    text.parse().map(PlacementId).map_err(|_| Error::new(Kind::Usage, text))
}

fn ids_of(texts: &[String]) -> Result<Vec<PlacementId>> {
    texts.iter().map(|t| id_of(t)).collect()
}

async fn raw(core: &Core, id: PlacementId) -> Result<Vec<u8>> {
    match core.raw(id).await {
        Err(e) if e.kind == Kind::NotFound => {
            core.fetch_once(id).await?;
            core.raw(id).await
        }
        other => other,
    }
}

async fn show(core: &Core, id: &str, how: &How, json: bool) -> Result<()> {
    let id = id_of(id)?;
    let bytes = raw(core, id).await?;
    if how.raw {
        use std::io::Write;
        return Ok(std::io::stdout().write_all(&bytes)?);
    }
    let rendered = rendered(&bytes);
    let view = core.message(id).await?;
    if json {
        output::json(&json!({
            "id": view.id, "subject": view.subject, "from": view.from, "to": view.to, "date": output::iso(view.date),
            "text": rendered.text, "html": rendered.html, "attachments": rendered.attachments,
        }));
    } else if how.html {
        say!("{}", rendered.html);
    } else if how.parts {
        for a in rendered.attachments {
            say!("{:>4} {:>10} {:<30} {}", a.part, a.size, a.media_type, a.name);
        }
    } else if how.text {
        say!("{}", rendered.text);
    } else {
        say!("{} <{}>\n{}\n{}\n", view.from.name, view.from.address, output::iso(view.date), view.subject);
        say!("{}", rendered.text);
    }
    Ok(())
}

async fn save(core: &Core, id: &str, part: String, file: &std::path::Path) -> Result<()> {
    let id = id_of(id)?;
    raw(core, id).await?;
    Ok(std::fs::write(file, core.part(id, part).await?)?)
}

fn mark(flags: MarkFlags) -> Result<Mark> {
    Ok(match flags {
        MarkFlags { read: true, .. } => Mark::Read,
        MarkFlags { unread: true, .. } => Mark::Unread,
        MarkFlags { star: true, .. } => Mark::Star,
        MarkFlags { unstar: true, .. } => Mark::Unstar,
        MarkFlags { pin: true, .. } => Mark::Pin,
        MarkFlags { unpin: true, .. } => Mark::Unpin,
        MarkFlags { flag: Some(k), .. } => Mark::Flag(k),
        MarkFlags { unflag: Some(k), .. } => Mark::Unflag(k),
        _ => return Err(Error::new(Kind::Usage, "mark")),
    })
}

fn report(done: Done, json: bool) -> Result<()> {
    if done.actions.is_empty() && done.count > 0 {
        // Marked read what was read: done already. Moved what is not there: not found. Both change nothing.
        tracing::debug!("nothing to change");
    }
    if json {
        output::json(&json!(done));
    }
    Ok(())
}

async fn status(core: &Core, json: bool) -> Result<()> {
    let (accounts, mailboxes, notices) =
        (core.accounts().await?, core.mailboxes().await?, core.notices().await?);
    let mut out = Vec::new();
    for a in &accounts {
        let own: Vec<_> = mailboxes.iter().filter(|m| m.account == a.id && !m.gone).collect();
        let sum = |f: fn(&MailboxView) -> u64| own.iter().map(|m| f(m)).sum::<u64>();
        let checked = own.iter().map(|m| m.checked).max().unwrap_or(0);
        let checked = if checked > 0 { output::iso(checked) } else { String::new() };
        out.push(json!({
            "account": a.address, "folders": own.len(), "messages": sum(|m| m.total), "missing": sum(|m| m.missing),
            "unread": sum(|m| m.unread), "waiting": a.waiting, "checked": checked,
            "down": a.down, "up": a.up, "down_today": a.down_today, "up_today": a.up_today,
            "budget_down": a.budget_down, "budget_up": a.budget_up, "spent": a.spent, "drafts_wait": a.drafts_wait,
        }));
    }
    if json {
        output::json(&json!({ "accounts": out, "notices": notices }));
        return Ok(());
    }
    for a in out {
        let text = |key: &str| a[key].as_str().map_or_else(|| a[key].to_string(), str::to_owned);
        say!(
            "{}: {} of {} messages here, {} unread, {} changes unsent, last in step {}",
            text("account"),
            text("messages"),
            a["messages"].as_u64().unwrap_or(0) + a["missing"].as_u64().unwrap_or(0),
            text("unread"),
            text("waiting"),
            if text("checked").is_empty() { "never".to_owned() } else { text("checked") },
        );
    }
    for n in notices {
        say!("! {} {} ({})", n.code, n.subject, n.count);
    }
    Ok(())
}

async fn senders(core: &Core, command: Option<Senders>, json: bool) -> Result<()> {
    match command {
        Some(Senders::Block { address }) => core.sender_judge(address, true).await,
        Some(Senders::Trust { address }) => core.sender_judge(address, false).await,
        Some(Senders::Forget { address }) => core.sender_forget(address).await,
        None => {
            let all = core.senders().await?;
            if json {
                output::json(&json!(all));
            } else {
                for s in all {
                    say!("{:<8} {}", if s.blocked { "blocked" } else { "trusted" }, s.address);
                }
            }
            Ok(())
        }
    }
}
