//! The three-way merge, pure.
//!
//! For each flag there are the *base* (last agreed with the server), the *server* now, and what the user asked for since
//! (the waiting intents). The rule: **what the user touched is the user's, everything else is the server's.**
//!
//! | base | server | user asked | result | to be sent |
//! |---|---|---|---|---|
//! | – | – | – | – | – |
//! | – | set | – | set | – |
//! | set | – | – | – | – |
//! | any | – | set | set | set |
//! | any | set | set | set | – (agreed by itself) |
//! | any | set | clear | – | clear |
//! | any | – | clear | – | – (agreed by itself) |
//!
//! Of whole messages, by what the user did here (*ours*) and what the server says (*theirs*) since both last agreed:
//!
//! | ours | theirs | result | where |
//! |---|---|---|---|
//! | – | new | it is here | `headers::store` |
//! | – | gone | it goes here too; many at once, and what is merely missing from an answer, is asked about again | `pull::learn` |
//! | – | moved | gone in one mailbox, new in the other, the same message: nothing is fetched again | `store::message` |
//! | flags | flags | flag by flag, table above | [`local`] |
//! | flags | gone | theirs stands; listed as a decision that the user can insist on (docs/adr/0009) | `pull::apply_removals` |
//! | move | flags | it moves and takes the server's flags along, ours over them | `headers::store` |
//! | move | gone, and the same move was ours | confirmed: COPYUID, or it is recognised in its target | `settle::settle_uncertain` |
//! | move | moved to the same place | as if it were ours | `settle::settle_uncertain` |
//! | move or copy | moved elsewhere, or removed | theirs stands; listed as a decision | `pull::apply_removals` |
//! | copy | – | once: what arrived under a reply that was lost is recognised | `settle::settle_uncertain` |
//! | upload | – | once, likewise; one that the server does not take waits | `upload` |
//! | delete | flags | it is deleted | `replay::send_deletes` |
//! | delete | gone or moved | the wish is moot: what lies elsewhere now is another placement, and stays | `pull::apply_removals` |
//! | any | another UIDVALIDITY | rows keep their wishes and get their new UIDs by identity | `pull::begin` |
//! | any | NO | taken back, and the user is told why; of many only what is really refused | `replay::refuse` |
//! | any | the mailbox is there and does not open | waits | `replay::replay` |
//!
//! Of mailboxes:
//!
//! | ours | theirs | result | where |
//! |---|---|---|---|
//! | – | renamed | the same row under another name: MAILBOXID, else what is in it, tells | `tree::renamed_to` |
//! | – | gone | what is here is shown as gone; what lies elsewhere too goes from it, and it goes once it is empty | `tree::missing` |
//! | made | made | one mailbox | `folders::make` |
//! | renamed | renamed | ours: what the user touched is the user's | `folders::rename` |
//! | renamed | gone | taken back, and the user is told | `folders::rename` |
//! | removed | mail came in | it goes to the trash as the rest did | `folders::remove` |
//! | removed | removed, and made anew | the new one stays | `folders::remove` |
//! | emptied | mail came in | it stays: UIDs up to the last one seen are removed | `folders::empty` |
//!
//! *Impossible*: a move without MOVE (RFC 6851) is a copy and a removal. Cut between the two, with the original moved or kept by
//! another device before we are back, both live, and nobody can tell that from a copy made on purpose. One too many, never one
//! too few. *Unknowable*: a server that says OK to STORE or EXPUNGE and does nothing, or leaves out news it was not asked for by
//! name, looks like one that did.
//!
//! Base and server never differ once the server has answered: the answer *is* the new base. So the merge folds the waiting
//! intents over the new base, and what is to be sent is the difference that remains.

use crate::model::{FlagChange, Flags};

/// What the user sees: the base with the waiting intents over it, in order.
pub fn local(base: &Flags, waiting: &[FlagChange]) -> Flags {
    waiting.iter().fold(base.clone(), |flags, change| flags.with(change))
}

/// What the server has to be told, so that it has what the user sees: read then unread is nothing.
pub fn to_send(base: &Flags, waiting: &[FlagChange]) -> FlagChange {
    base.change_to(&local(base, waiting))
}

/// True when so much is gone at once that the server is asked a second time before it is believed.
pub fn suspicious(known: u64, gone: u64) -> bool {
    gone >= 20 && gone * 5 >= known
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flags() -> impl Strategy<Value = Flags> {
        (0u8..32, proptest::collection::btree_set("[abc]", 0..3))
            .prop_map(|(bits, keywords)| Flags { bits, keywords })
    }

    fn changes() -> impl Strategy<Value = Vec<FlagChange>> {
        // A change of ours never adds and removes the same flag.
        let one = (flags(), flags())
            .prop_map(|(add, remove)| FlagChange { remove: add.change_to(&remove).add, add });
        proptest::collection::vec(one, 0..5)
    }

    fn apply(flags: &Flags, change: &FlagChange) -> Flags {
        local(flags, std::slice::from_ref(change))
    }

    proptest! {
        /// What the user touched is the user's, everything else is the server's.
        #[test]
        fn each_flag_has_one_owner(server in flags(), waiting in changes()) {
            let merged = local(&server, &waiting);
            for bit in (0..5).map(|n| 1u8 << n) {
                let last = waiting.iter().rev().find(|c| (c.add.bits | c.remove.bits) & bit != 0);
                let want = match last { Some(c) => c.add.has(bit), None => server.has(bit) };
                prop_assert_eq!(merged.has(bit), want);
            }
        }

        /// Sending it makes the server equal to what the user sees, and then nothing is left to send.
        #[test]
        fn sending_converges(base in flags(), waiting in changes()) {
            let told = apply(&base, &to_send(&base, &waiting));
            prop_assert_eq!(&told, &local(&base, &waiting));
            prop_assert_eq!(to_send(&told, &waiting), FlagChange::default());
        }

        /// Whatever came first, the other device's change or ours: the order of hearing does not matter for flags that
        /// only one of them touched.
        #[test]
        fn changes_of_others_survive(theirs in flags(), waiting in changes()) {
            let merged = local(&theirs, &waiting);
            let touched = waiting.iter().fold(0u8, |t, c| t | c.add.bits | c.remove.bits);
            prop_assert_eq!(merged.bits & !touched, theirs.bits & !touched);
        }
    }

    #[test]
    fn a_few_removals_are_ordinary_and_many_are_not() {
        assert!(
            !suspicious(10, 10)
                && !suspicious(1000, 100)
                && suspicious(100, 20)
                && suspicious(100_000, 100_000)
        );
    }
}
