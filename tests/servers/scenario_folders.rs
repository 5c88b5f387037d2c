//! Situations about folders, copies and uploads.

use crate::device::small;
use crate::scenario::{Deeds, NOW, Scenario, still, uids, user};
use crate::station::Station;
use malote_core::journal::append::{self, Upload};
use malote_core::journal::{folder, relocate};
use malote_core::model::{ActionId, Flags, Role};

/// The user's hands on folders.
impl Station {
    pub async fn make_folder(&self, name: &str) -> Vec<ActionId> {
        let mut tx = self.tx().await;
        let (_, done) = folder::create(&mut tx, NOW, self.account, name).await.expect("create");
        tx.commit().await.expect("commit");
        done
    }

    pub async fn rename_folder(&self, name: &str, to: &str) -> Vec<ActionId> {
        let id = self.mailbox(name).await.expect("a folder");
        let mut tx = self.tx().await;
        let done = folder::rename(&mut tx, NOW, id, to).await.expect("rename");
        tx.commit().await.expect("commit");
        done
    }

    pub async fn remove_folder(&self, name: &str) -> Vec<ActionId> {
        let id = self.mailbox(name).await.expect("a folder");
        let mut tx = self.tx().await;
        let done = folder::remove(&mut tx, NOW, id, 0).await.expect("remove");
        tx.commit().await.expect("commit");
        done
    }

    pub async fn empty_folder(&self, name: &str) -> Vec<ActionId> {
        let id = self.mailbox(name).await.expect("a folder");
        let mut tx = self.tx().await;
        let done = folder::empty(&mut tx, NOW, id, 0).await.expect("empty");
        tx.commit().await.expect("commit");
        done
    }

    pub async fn subscribe_to(&self, name: &str, wanted: bool) -> Vec<ActionId> {
        let id = self.mailbox(name).await.expect("a folder");
        let mut tx = self.tx().await;
        let done = folder::subscribe(&mut tx, NOW, id, wanted).await.expect("subscribe");
        tx.commit().await.expect("commit");
        done
    }

    pub async fn use_folder(&self, name: &str, role: Option<Role>) -> Vec<ActionId> {
        let id = self.mailbox(name).await.expect("a folder");
        let mut tx = self.tx().await;
        let done = folder::set_use(&mut tx, NOW, id, role).await.expect("use");
        tx.commit().await.expect("commit");
        done
    }

    pub async fn copy_to(&self, folder: &str, words: &[&str], to: &str) -> Vec<ActionId> {
        let ids = self.ids(folder, words).await;
        let target = self.mailbox(to).await.expect("target");
        let mut tx = self.tx().await;
        let done = relocate::copy_to(&mut tx, NOW, &ids, target).await.expect("copy");
        tx.commit().await.expect("commit");
        done
    }

    pub async fn upload(&self, folder: &str, word: &str, flags: &str) -> Vec<ActionId> {
        let target = self.mailbox(folder).await.expect("target");
        let raw = small(word);
        let packed = self.store.pack(&format!("upload-{word}"), raw.clone()).await.expect("packed");
        let flags = Flags::from_names(flags.split_whitespace());
        let upload = Upload { raw: &raw, flags, received: NOW, nonce: word.len() as u64 };
        let mut tx = self.tx().await;
        let (_, done) = append::append(&mut tx, NOW, target, &upload, packed).await.expect("append");
        tx.commit().await.expect("commit");
        done
    }
}

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "a folder made and filled",
            user: user!(|s| {
                s.make_folder("Obras").await;
                s.move_to("INBOX", &["m2"], "Obras").await;
                s.mark("Obras", &["m2"], "\\Seen", "").await
            }),
            others: |_| {},
            deleted: &[],
        },
        Scenario {
            name: "a folder made on both sides",
            user: user!(|s| {
                s.make_folder("Obras").await;
                s.move_to("INBOX", &["m2"], "Obras").await
            }),
            others: |w| {
                w.create("Obras");
                w.append("Obras", &small("n0"), &[]);
            },
            deleted: &[],
        },
        Scenario {
            name: "a folder renamed here",
            user: user!(|s| {
                s.mark("Works", &["w0"], "\\Flagged", "").await;
                s.rename_folder("Works", "Trabalhos").await;
                s.mark("Trabalhos", &["w1"], "\\Seen", "").await;
                s.move_to("INBOX", &["m2"], "Trabalhos/Old").await
            }),
            others: |w| {
                w.append("Works", &small("n0"), &[]);
            },
            deleted: &[],
        },
        Scenario {
            name: "a folder renamed there",
            user: user!(|s| {
                s.mark("Works", &["w1"], "\\Seen", "").await;
                s.move_to("Works", &["w2"], "INBOX").await;
                s.move_to("INBOX", &["m2"], "Works").await
            }),
            others: |w| {
                w.rename("Works", "Trabalhos");
                w.append("Trabalhos", &small("n0"), &[]);
            },
            deleted: &[],
        },
        Scenario {
            name: "a folder renamed on both sides",
            user: user!(|s| s.rename_folder("Works", "Nosso").await),
            others: |w| {
                w.rename("Works", "Deles");
            },
            deleted: &[],
        },
        Scenario {
            name: "a folder removed here",
            user: user!(|s| {
                s.move_to("INBOX", &["m2"], "Works/Old").await;
                s.remove_folder("Works").await
            }),
            others: |w| {
                w.append("Works", &small("n0"), &[]);
            },
            deleted: &[],
        },
        Scenario {
            name: "a folder removed and taken back",
            user: user!(|s| {
                let done = s.remove_folder("Works").await;
                s.take_back(done).await
            }),
            others: |_| {},
            deleted: &[],
        },
        Scenario {
            name: "copied",
            user: user!(|s| {
                s.copy_to("INBOX", &["m2", "m3"], "Works").await;
                s.move_to("INBOX", &["m3"], "Archive").await;
                s.mark("Works", &["m2"], "\\Flagged", "").await
            }),
            others: |_| {},
            deleted: &[],
        },
        Scenario {
            name: "uploaded",
            user: user!(|s| {
                s.upload("Works", "u0", "\\Seen").await;
                s.upload("Works", "u1", "").await;
                s.mark("Works", &["u1"], "\\Flagged", "").await;
                s.upload("Archive", "u2", "").await
            }),
            others: |w| {
                let a = uids(w, "Works", &["w0"]);
                w.relocate("Works", &a, "Archive");
            },
            deleted: &[],
        },
        Scenario {
            name: "emptied",
            user: user!(|s| {
                s.move_to("INBOX", &["m2"], "Trash").await;
                s.empty_folder("Trash").await
            }),
            others: |w| {
                w.append("Trash", &small("n0"), &[]);
            },
            deleted: &["t0", "t1", "m2"],
        },
        Scenario {
            name: "emptied, under another UIDVALIDITY",
            user: user!(|s| s.empty_folder("Trash").await),
            others: |w| {
                w.revalidate("Trash");
                w.append("Trash", &small("n0"), &[]);
            },
            deleted: &["t0", "t1"],
        },
        Scenario {
            name: "subscribed no more",
            user: user!(|s| s.subscribe_to("Works", false).await),
            others: |_| {},
            deleted: &[],
        },
        Scenario {
            name: "a folder removed there",
            user: still,
            others: |w| {
                w.delete("Works/Old");
                w.delete("Empty");
            },
            deleted: &[],
        },
        Scenario {
            name: "a folder used for something else",
            user: user!(|s| {
                s.use_folder("Works/Old", Some(Role::Archive)).await;
                let done = s.use_folder("Works", Some(Role::Trash)).await;
                s.take_back(done).await;
                let ids = s.ids("INBOX", &["m2"]).await;
                s.to_role(ids, Role::Archive).await
            }),
            others: |w| {
                w.append("Archive", &small("n0"), &[]);
            },
            deleted: &[],
        },
    ]
}

/// What must have come of it on the server: mailbox, word, flags.
pub fn wanted(name: &str) -> &'static [(&'static str, &'static str, &'static str)] {
    match name {
        "a folder made and filled" => &[("Obras", "m2", "\\Seen")],
        "a folder made on both sides" => &[("Obras", "m2", ""), ("Obras", "n0", "")],
        "a folder renamed here" => &[
            ("Trabalhos", "w0", "\\Flagged"),
            ("Trabalhos", "w1", "\\Seen"),
            ("Trabalhos", "n0", ""),
            ("Trabalhos/Old", "m2", ""),
        ],
        "a folder renamed there" => &[
            ("Trabalhos", "w1", "\\Seen"),
            ("INBOX", "w2", ""),
            ("Trabalhos", "m2", ""),
            ("Trabalhos", "n0", ""),
        ],
        // What the user touched is the user's.
        "a folder renamed on both sides" => &[("Nosso", "w0", ""), ("Nosso", "w3", "")],
        "a folder removed here" => {
            &[("Trash", "w0", ""), ("Trash", "w3", ""), ("Trash", "n0", ""), ("Trash", "m2", "")]
        }
        "a folder removed and taken back" => &[("Works", "w0", ""), ("Works", "w3", "")],
        "copied" => {
            &[("INBOX", "m2", ""), ("Works", "m2", "\\Flagged"), ("Works", "m3", ""), ("Archive", "m3", "")]
        }
        "uploaded" => &[
            ("Works", "u0", "\\Seen"),
            ("Works", "u1", "\\Flagged"),
            ("Archive", "u2", ""),
            ("Archive", "w0", ""),
        ],
        "a folder used for something else" => {
            &[("Works/Old", "m2", ""), ("Archive", "n0", ""), ("Works", "w0", "")]
        }
        "emptied" | "emptied, under another UIDVALIDITY" => &[("Trash", "n0", "")],
        _ => &[],
    }
}

/// Mailboxes that must not be there any more.
pub fn unmade(name: &str) -> &'static [&'static str] {
    match name {
        "a folder renamed here" | "a folder renamed there" => &["Works", "Works/Old"],
        "a folder renamed on both sides" => &["Works", "Deles", "Deles/Old"],
        "a folder removed here" => &["Works", "Works/Old"],
        _ => &[],
    }
}
