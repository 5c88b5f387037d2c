//! A device's database with mail in it that came from no server: for what is read from it.

use malote_core::mime::render;
use malote_core::model::{AccountId, Flags, Keep, MailboxId, Role};
use malote_core::query::find::Search;
use malote_core::query::indexing;
use malote_core::search::language::Moment;
use malote_core::store::Store;
use malote_core::store::mailbox::Listed;
use malote_core::store::message::{Identity, NewMessage};
use malote_core::store::placement::NewPlacement;
use malote_core::uid_set::UidSet;
use std::collections::BTreeMap;
use std::path::Path;

/// One message to be put into it.
pub struct Mail {
    /// Into which folder.
    pub folder: &'static str,
    /// The raw message.
    pub raw: Vec<u8>,
    /// INTERNALDATE, seconds since 1970.
    pub date: i64,
    /// As a server lists them.
    pub flags: Flags,
    /// Its text is here too.
    pub whole: bool,
}

/// The database.
pub struct Shelf {
    pub store: Store,
    pub account: AccountId,
    folders: BTreeMap<&'static str, MailboxId>,
    uid: u32,
}

impl Shelf {
    pub async fn open(dir: &Path) -> Self {
        let store = Store::open(dir, 0).await.expect("a store");
        let mut tx = store.begin().await.expect("begin");
        let account = tx.add_account(&crate::station::account_row(Keep::All)).await.expect("an account");
        let mut folders = BTreeMap::new();
        for (name, role) in [
            ("INBOX", Some(Role::Inbox)),
            ("Sent", Some(Role::Sent)),
            ("Trash", Some(Role::Trash)),
            ("Trabalho", None),
        ] {
            let listed = Listed {
                raw: name.as_bytes().to_vec(),
                name: name.to_owned(),
                delimiter: "/".to_owned(),
                role,
                selectable: true,
                subscribed: true,
            };
            let id = tx.put_mailbox(account, &listed).await.expect("a mailbox");
            tx.set_progress(id, 1, 1, &UidSet::new()).await.expect("opened once");
            folders.insert(name, id);
        }
        tx.commit().await.expect("commit");
        Self { store, account, folders, uid: 0 }
    }

    pub fn folder(&self, name: &str) -> MailboxId {
        self.folders[name]
    }

    /// Puts messages into it, in one transaction.
    pub async fn put(&mut self, mail: Vec<Mail>) {
        let mut tx = self.store.begin().await.expect("begin");
        let mut packer = self.store.packer().expect("a packer");
        let mut news = Vec::new();
        for m in &mail {
            let seen = render::glance(&m.raw);
            news.push(NewMessage {
                identity: Identity::of_header(m.raw.len() as u64, &m.raw),
                envelope: seen.envelope,
                size: m.raw.len() as u64,
                has_attachments: seen.files,
                thread: None,
                preview: m.whole.then_some(seen.preview),
            });
        }
        let ids = tx.put_messages(self.account, &news).await.expect("messages");
        let (mut placements, mut bodies) = (BTreeMap::<&str, Vec<NewPlacement>>::new(), Vec::new());
        for (m, new) in mail.iter().zip(&news) {
            self.uid += 1;
            let id = ids[&new.identity];
            placements.entry(m.folder).or_default().push(NewPlacement {
                message: id,
                uid: self.uid,
                base: m.flags.clone(),
                flags: m.flags.clone(),
                modseq: 0,
                received: m.date,
                sort_date: m.date,
            });
            if m.whole {
                bodies.push((id, packer.pack(&id.to_string(), &m.raw).expect("packed")));
            }
        }
        for (folder, placements) in placements {
            tx.add_placements(self.folders[folder], &placements).await.expect("placements");
        }
        tx.add_bodies(bodies).await.expect("bodies");
        tx.commit().await.expect("commit");
    }

    /// Subjects of what a text finds, newest first.
    pub async fn find(&self, text: &str) -> Vec<String> {
        self.find_as(text, Moment::default(), None).await
    }

    pub async fn find_as(&self, text: &str, moment: Moment, within: Option<MailboxId>) -> Vec<String> {
        indexing::finish(&self.store).await.expect("an index");
        let mut search = Search::new(&self.store, text, moment, within).await.expect("a search");
        search.look(&self.store).await.expect("an answer");
        let ids: Vec<_> = search.hits().iter().map(|h| h.placement).collect();
        self.store.rows_of(&ids).await.expect("rows").into_iter().map(|r| r.subject).collect()
    }
}
