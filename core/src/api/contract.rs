//! Every call, declared once.
//!
//! The macro makes two things of the list below: [`call`], which takes a name and JSON and is all that the app and the test
//! bridge need to know, and [`typescript`], which is written to `ui/src/backend/contract.ts` by `make gen`. A test fails when
//! that file is stale.

use super::core::Core;
use super::queries::SourceView;
use super::search::SearchView;
use super::types::{
    AccountChange, AccountState, Added, BrowserSignIn, Done, ErrorView, Mark, NewAccount, PassphraseState,
    Saved, SenderView, Undone,
};
use crate::model::{
    AccountId, ActionId, Address, Certificate, CertificateFault, ConversationId, Endpoint, FoundServers,
    Hint, Identity, MailboxId, MessageId, OutgoingId, PlacementId, Protocol, Report, Role, Source, Tls,
};
use crate::query::accounts::{AccountView, DecisionView, NoticeView};
use crate::query::conversation::{ConversationView, PartView as PartOfConversation};
use crate::query::draft::{DraftContent, DraftFile, DraftSaved, DraftView, Queued, Quote, Wishes};
use crate::query::find::{CoveredView, MarkView, PartView};
use crate::query::invitation::{Answer, Event as Appointment, Guest, InvitationView, Method, Repeats};
use crate::query::list::{Order, PersonView, RowOp, RowView, WindowUpdate, WindowView};
use crate::query::mailboxes::MailboxView;
use crate::query::message::{Attachment, BodyView, Danger, Link, ListView, MessageView, Trust, Verdict};
use crate::query::outbox::{OutgoingView, RecipientView};
use crate::query::preview::{Card, NestedView, Preview};
use serde::Deserialize;
use serde_json::Value;
use ts_rs::{Config, TS};

macro_rules! contract {
    (types: $($shared:ty),* ; $( $name:ident ( $($arg:ident : $ty:ty),* ) -> $out:ty ; )*) => {
        /// Makes a call by its name, with its parameters as a JSON object.
        pub async fn call(core: &Core, name: &str, params: Value) -> Result<Value, ErrorView> {
            let params = if params.is_null() { Value::Object(Default::default()) } else { params };
            match name {
                $( stringify!($name) => {
                    #[derive(Deserialize)]
                    struct Params { $($arg: $ty),* }
                    let Params { $($arg),* } = serde_json::from_value(params).map_err(|e| usage(&e))?;
                    let out: $out = core.$name($($arg),*).await.map_err(|e| {
                        tracing::info!(call = name, error = %e, "a call failed");
                        core.note_damage(&e);
                        ErrorView::from(e)
                    })?;
                    serde_json::to_value(out).map_err(|e| usage(&e))
                } )*
                _ => Err(ErrorView { code: "usage".to_owned(), subject: name.to_owned(), passing: false, certificate: None }),
            }
        }

        /// The contract as TypeScript.
        pub fn typescript() -> String {
            let cfg = Config::new().with_large_int("number");
            let mut out = String::from("// Made from core/src/api/contract.rs by `make gen`. Do not edit.\n\n");
            $( out += &format!("export {}\n\n", <$shared as TS>::decl(&cfg)); )*
            out += "export interface Calls {\n";
            $( {
                let args: Vec<String> = vec![$( format!("{}: {}", stringify!($arg), <$ty as TS>::name(&cfg)) ),*];
                out += &format!("\t{}: {{ params: {{ {} }}; result: {} }};\n", stringify!($name), args.join("; "), <$out as TS>::name(&cfg));
            } )*
            out += "}\n";
            out
        }
    };
}

fn usage(e: &serde_json::Error) -> ErrorView {
    tracing::warn!(error = %e, "a call with parameters that do not fit");
    ErrorView { code: "usage".to_owned(), subject: String::new(), passing: false, certificate: None }
}

type Event = super::events::Event;

contract! {
    types: AccountId, MailboxId, MessageId, ConversationId, PlacementId, ActionId, Role, Tls, Endpoint, Address, Danger, Attachment, ErrorView,
        Protocol, Source, Hint, FoundServers, Identity, BrowserSignIn, NewAccount, AccountChange, Added, PassphraseState, AccountView, AccountState, MailboxView, Order, PersonView, RowView, WindowView, RowOp, WindowUpdate, PartView, MarkView, CoveredView, SearchView, BodyView,
        Report, ListView, Verdict, Trust, Link, SourceView, Method, Answer, Guest, Repeats, Appointment, InvitationView, MessageView, NestedView, Card, Preview, PartOfConversation, ConversationView, Mark, Done, SenderView, Undone, NoticeView, DecisionView, OutgoingId, RecipientView, OutgoingView, DraftFile, Wishes, DraftContent, Quote, DraftView, DraftSaved, Queued, Saved, Event, Certificate, CertificateFault;

    accounts() -> Vec<AccountView>;
    mailboxes() -> Vec<MailboxView>;
    states() -> Vec<AccountState>;
    notices() -> Vec<NoticeView>;
    decisions() -> Vec<DecisionView>;
    outbox() -> Vec<OutgoingView>;
    outbox_withdraw(id: OutgoingId) -> ();
    outbox_again(id: OutgoingId) -> ();
    outbox_arrived(id: OutgoingId) -> ();
    outbox_edit(id: OutgoingId) -> DraftView;
    draft_begin(kind: String, about: Option<PlacementId>) -> DraftView;
    draft_open(id: PlacementId) -> DraftView;
    draft_save(content: DraftContent, replaces: Option<PlacementId>) -> DraftSaved;
    draft_send(content: DraftContent, replaces: Option<PlacementId>, at: i64, hold: u32, zone: i32) -> Queued;
    redirect(id: PlacementId, to: Vec<Address>, hold: u32, zone: i32) -> Queued;
    list_leave(id: PlacementId) -> ();
    invitation_answer(id: PlacementId, answer: Answer, subject: String, text: String, hold: u32, zone: i32) -> Queued;
    file_take(file: DraftFile, data: String) -> DraftFile;
    files_drop(ids: Vec<String>) -> ();
    people(typed: String, count: u32) -> Vec<Address>;
    find_servers(address: String, proxy: String) -> Option<FoundServers>;
    window_open(mailbox: Option<MailboxId>, unified: Option<Role>, grouped: Option<bool>, order: Option<Order>, count: u32) -> WindowView;
    conversation(id: PlacementId) -> ConversationView;
    spread(ids: Vec<PlacementId>, everywhere: bool) -> Vec<PlacementId>;
    search_open(text: String, within: Option<MailboxId>, typing: bool, zone: i32, count: u32) -> SearchView;
    search_ask(window: u32) -> ();
    window_show(window: u32, first: u64, count: u32) -> WindowView;
    window_close(window: u32) -> ();
    message(id: PlacementId) -> MessageView;
    message_found(id: PlacementId, marks: Vec<MarkView>) -> MessageView;
    message_pictures(id: PlacementId, marks: Vec<MarkView>) -> MessageView;
    message_source(id: PlacementId) -> SourceView;
    message_save(id: PlacementId) -> Saved;
    link_look(url: String, words: String) -> Link;
    attachment_show(message: MessageId, part: String) -> Preview;
    attachment_save(message: MessageId, part: String) -> Saved;
    attachment_open(message: MessageId, part: String) -> Saved;
    senders() -> Vec<SenderView>;
    setting(key: String) -> String;

    browser_begin(issuer: String, address: String, proxy: String, app_link: bool) -> BrowserSignIn;
    browser_wait(id: String, farewell: String) -> ();
    browser_returned(url: String) -> ();
    browser_cancel(id: String) -> ();
    account_add(new: NewAccount) -> Added;
    account_grant(id: AccountId, grant: String) -> Added;
    account_change(id: AccountId, change: AccountChange) -> ();
    account_pause(id: AccountId, paused: bool) -> ();
    account_order(ids: Vec<AccountId>) -> ();
    account_leave(id: AccountId, leave: String, size_limit: u32) -> ();
    account_identities(id: AccountId, identities: Vec<Identity>) -> ();
    account_password(id: AccountId, password: String) -> Added;
    passphrase_state() -> PassphraseState;
    passphrase_set(passphrase: String) -> ();
    passphrase_unlock(passphrase: String) -> ();
    passphrase_forget() -> ();
    account_trust(id: AccountId, fingerprint: String) -> ();
    account_remove(id: AccountId) -> ();
    account_keep(id: AccountId, keep: String) -> ();
    account_budget(id: AccountId, down: u32, up: u32) -> ();
    keep_here(ids: Vec<PlacementId>, wanted: bool) -> ();
    folder_keep(mailbox: MailboxId, keep: String) -> ();
    background_sync(seconds: u32) -> bool;
    check_now() -> ();
    shown(visible: bool) -> ();
    network_changed() -> ();
    mark(ids: Vec<PlacementId>, mark: Mark) -> Done;
    move_to(ids: Vec<PlacementId>, mailbox: MailboxId) -> Done;
    archive(ids: Vec<PlacementId>) -> Done;
    trash(ids: Vec<PlacementId>) -> Done;
    junk(ids: Vec<PlacementId>) -> Done;
    not_junk(ids: Vec<PlacementId>) -> Done;
    sender_block(id: PlacementId) -> Done;
    sender_trust(id: PlacementId) -> Done;
    sender_judge(address: String, blocked: bool) -> ();
    sender_forget(address: String) -> ();
    delete(ids: Vec<PlacementId>, hold: u32) -> Done;
    copy_to(ids: Vec<PlacementId>, mailbox: MailboxId) -> Done;
    folder_create(account: AccountId, name: String) -> Done;
    folder_rename(mailbox: MailboxId, name: String) -> Done;
    folder_remove(mailbox: MailboxId, hold: u32) -> Done;
    folder_empty(mailbox: MailboxId, hold: u32) -> Done;
    folder_expunge(mailbox: MailboxId, hold: u32) -> Done;
    folder_use(mailbox: MailboxId, role: Option<Role>) -> Done;
    folder_subscribe(mailbox: MailboxId, wanted: bool) -> Done;
    decision_insist(id: String) -> Done;
    decisions_seen() -> ();
    undo(actions: Vec<ActionId>) -> Undone;
    undo_last() -> Undone;
    notice_dismiss(id: String) -> ();
    setting_put(key: String, value: String) -> ();
}

#[cfg(test)]
mod tests {
    /// Written by `make gen` (MALOTE_GEN=1), compared otherwise.
    #[test]
    fn the_typescript_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../ui/src/backend/contract.ts");
        let now = super::typescript();
        if std::env::var_os("MALOTE_GEN").is_some() {
            std::fs::write(path, &now).unwrap_or_else(|e| panic!("{path}: {e}"));
        }
        let on_disk = std::fs::read_to_string(path).unwrap_or_default();
        assert!(on_disk == now, "ui/src/backend/contract.ts is stale: run `make gen`");
    }
}
