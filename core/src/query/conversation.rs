//! A conversation as the reader shows it: what each message says of itself, the content being asked for one by one.

use crate::error::Result;
use crate::model::{Address, ConversationId, Flags, MailboxId, MessageId, PlacementId, Role};
use crate::store::Store;
use crate::store::conversation::Part;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The longest that is shown: the newest of it.
const LONGEST: u32 = 500;

/// Messages that belong together, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConversationView {
    /// Its number; 0 = a message alone.
    pub id: ConversationId,
    /// Its messages.
    pub messages: Vec<PartView>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(rename = "ConversationPart")]
pub struct PartView {
    /// Where it is: in the mailbox that is looked at, if it is there too.
    pub id: PlacementId,
    /// Which.
    pub message: MessageId,
    /// The mailbox.
    pub mailbox: MailboxId,
    /// What that is for.
    pub role: Option<Role>,
    /// Author.
    pub from: Address,
    /// The first of those it went to.
    pub to: Vec<Address>,
    /// Seconds since 1970.
    pub date: i64,
    /// First words; empty until the content is here.
    pub preview: String,
    /// `\Seen`
    pub read: bool,
    /// `\Flagged`
    pub starred: bool,
    /// `\Draft`
    pub draft: bool,
    /// Files came with it.
    pub attachments: bool,
}

impl From<Part> for PartView {
    fn from(p: Part) -> Self {
        Self {
            id: p.id,
            message: p.message,
            mailbox: p.mailbox,
            role: p.role,
            from: p.from,
            to: p.to.into_iter().take(3).collect(),
            date: p.date,
            preview: p.preview,
            read: p.flags.has(Flags::SEEN),
            starred: p.flags.has(Flags::FLAGGED),
            draft: p.flags.has(Flags::DRAFT) || p.role == Some(Role::Drafts),
            attachments: p.has_attachments,
        }
    }
}

/// Reads the conversation that a placement belongs to.
pub async fn conversation(store: &Store, id: PlacementId) -> Result<ConversationView> {
    let (conversation, parts) = store.conversation(id, LONGEST).await?;
    Ok(ConversationView { id: conversation, messages: parts.into_iter().map(PartView::from).collect() })
}
