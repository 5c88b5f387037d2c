//! What can have happened since a device was last in step: what its user did, and what other clients did meanwhile.

use crate::device::small;
use crate::model::world::World;
use crate::scenario_folders;
use crate::station::Station;
use malote_core::journal::{delete, flag, relocate, undo};
use malote_core::model::{ActionId, FlagChange, Flags, PlacementId, Role};
use std::pin::Pin;

pub(crate) type Deeds<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// One situation.
pub struct Scenario {
    pub name: &'static str,
    /// What the user of the device did while it was away.
    pub user: for<'a> fn(&'a Station) -> Deeds<'a>,
    /// What others did to the server meanwhile.
    pub others: fn(&mut World),
    /// Messages that are deleted for good in it.
    pub deleted: &'static [&'static str],
}

pub(crate) const NOW: i64 = 1_790_000_000;

impl Scenario {
    /// What must have come of it on the server, whatever else: mailbox, word, flags. Written down by hand, since a device that
    /// forgets what its user asked for agrees with its server perfectly.
    pub fn wanted(&self) -> &'static [(&'static str, &'static str, &'static str)] {
        match self.name {
            "flags here" => &[
                ("INBOX", "m0", ""),
                ("INBOX", "m2", "\\Seen"),
                ("INBOX", "m3", "$Obra \\Flagged \\Seen"),
                ("INBOX", "m4", "\\Seen"),
            ],
            "read, then unread" => &[("INBOX", "m5", "")],
            "flags there" => &[("INBOX", "m2", "$Outra \\Seen"), ("INBOX", "m1", "$Obra")],
            "flags on both sides" => {
                &[("INBOX", "m2", "\\Flagged \\Seen"), ("INBOX", "m1", "$Outra \\Answered \\Flagged")]
            }
            "a move" => &[("Works", "m2", ""), ("Works", "m3", "")],
            "a move and then flags in the new place" => {
                &[("Works", "m2", "\\Seen"), ("Works", "w1", "\\Seen")]
            }
            "flags and then a move" => &[("Empty", "m2", "$Outra \\Flagged"), ("INBOX", "m3", "\\Flagged")],
            "there and back" => &[("INBOX", "m2", "")],
            "from one to the next to the next" => {
                &[("Archive", "m2", ""), ("Works", "m3", ""), ("Works/Old", "w0", "")]
            }
            "crossing moves" => {
                &[("Works", "m2", ""), ("Works", "m3", ""), ("INBOX", "w2", ""), ("INBOX", "w3", "")]
            }
            "both moved the same message" => &[("Archive", "m2", ""), ("Works", "m3", "")],
            "both moved it to the same place" => &[("Works", "m2", ""), ("Works", "m3", "")],
            "archive and trash" => &[("Archive", "m2", ""), ("Archive", "m4", ""), ("Trash", "m5", "")],
            "junk, where there is no such mailbox" => &[("Junk", "m2", "$Junk"), ("Junk", "m4", "$Junk")],
            "deleted for good" => &[("Works", "w0", "\\Deleted")],
            "marked here, removed there" => &[("INBOX", "m3", "\\Seen")],
            "marked here, moved there" => &[("INBOX", "m3", "\\Flagged")],
            "moved here, removed there" => &[("Works", "m3", "")],
            "another UIDVALIDITY under waiting changes" => {
                &[("INBOX", "m2", "\\Seen"), ("Works", "m3", ""), ("INBOX", "w1", ""), ("INBOX", "n0", "")]
            }
            "taken back" => &[("INBOX", "m2", ""), ("INBOX", "m3", "\\Seen")],
            "a bit of everything" => &[
                ("INBOX", "m0", "\\Flagged"),
                ("INBOX", "m1", "$Obra \\Answered \\Flagged"),
                ("Works/Old", "m2", "\\Answered \\Flagged"),
                ("Works/Old", "m4", ""),
                ("INBOX", "w0", "\\Seen"),
                ("INBOX", "w1", ""),
                ("Trash", "m6", ""),
                ("Archive", "m5", ""),
                ("INBOX", "n0", "$Outra"),
            ],
            other => scenario_folders::wanted(other),
        }
    }

    /// Messages that lie in two places afterwards.
    pub fn doubled(&self) -> &'static [&'static str] {
        if self.name == "copied" { &["m2", "m3"] } else { &[] }
    }

    /// Mailboxes that must not be there afterwards.
    pub fn unmade(&self) -> &'static [&'static str] {
        scenario_folders::unmade(self.name)
    }

    /// Folders are much the same on every kind of server: each situation takes turns on two kinds.
    pub fn runs_on(&self, tier: &str) -> bool {
        let about_messages = ["copied", "uploaded"].contains(&self.name);
        if self.name == "a folder used for something else" {
            return tier == "objectid"; // the one that keeps uses
        }
        match scenario_folders::all().iter().position(|s| s.name == self.name) {
            Some(at) if !about_messages => tier == ["objectid", "bare"][at % 2],
            _ => true,
        }
    }

    /// True for those in which each durable state is visited once.
    pub fn is_brief(&self) -> bool {
        scenario_folders::all().iter().any(|s| s.name == self.name)
    }
}

/// The user's hands.
impl Station {
    pub async fn mark(&self, folder: &str, words: &[&str], add: &str, remove: &str) -> Vec<ActionId> {
        let flags = |names: &str| Flags::from_names(names.split_whitespace());
        let ids = self.ids(folder, words).await;
        let mut tx = self.tx().await;
        let change = FlagChange { add: flags(add), remove: flags(remove) };
        let done = flag::mark(&mut tx, NOW, &ids, &change, "flag").await.expect("mark");
        tx.commit().await.expect("commit");
        done
    }

    pub async fn move_to(&self, folder: &str, words: &[&str], to: &str) -> Vec<ActionId> {
        let ids = self.ids(folder, words).await;
        let target = self.mailbox(to).await.expect("target");
        let mut tx = self.tx().await;
        let done = relocate::move_to(&mut tx, NOW, &ids, target, "move").await.expect("move");
        tx.commit().await.expect("commit");
        done
    }

    pub async fn to_role(&self, ids: Vec<PlacementId>, role: Role) -> Vec<ActionId> {
        let mut tx = self.tx().await;
        let done = relocate::move_to_role(&mut tx, NOW, &ids, role, 0).await.expect("move");
        tx.commit().await.expect("commit");
        done
    }

    pub async fn remove(&self, folder: &str, words: &[&str]) -> Vec<ActionId> {
        let ids = self.ids(folder, words).await;
        let mut tx = self.tx().await;
        let done = delete::delete(&mut tx, NOW, &ids, 0).await.expect("delete");
        tx.commit().await.expect("commit");
        done
    }

    pub async fn take_back(&self, actions: Vec<ActionId>) {
        let mut tx = self.tx().await;
        for action in actions {
            undo::undo(&mut tx, NOW, action).await.expect("undo");
        }
        tx.commit().await.expect("commit");
    }
}

/// UIDs of these words.
pub fn uids(world: &World, folder: &str, words: &[&str]) -> Vec<u32> {
    let Some(f) = world.folder(folder) else { return Vec::new() };
    f.mails.iter().filter(|m| words.contains(&m.word().as_str())).map(|m| m.uid).collect()
}

pub(crate) fn still(_: &Station) -> Deeds<'_> {
    Box::pin(std::future::ready(()))
}

fn nothing(_: &mut World) {}

macro_rules! user {
    (|$s:ident| $($body:tt)*) => {{
        fn deeds<'a>($s: &'a Station) -> Deeds<'a> {
            Box::pin(async move { $($body)*; })
        }
        deeds
    }};
}
pub(crate) use user;

/// All situations.
pub fn all() -> Vec<Scenario> {
    let mut all = about_messages();
    all.extend(scenario_folders::all());
    all
}

fn about_messages() -> Vec<Scenario> {
    vec![
        Scenario { name: "nothing at all", user: still, others: nothing, deleted: &[] },
        Scenario {
            name: "flags here",
            user: user!(|s| {
                s.mark("INBOX", &["m2", "m3", "m4"], "\\Seen", "").await;
                s.mark("INBOX", &["m3"], "\\Flagged $Obra", "").await;
                s.mark("INBOX", &["m0"], "", "\\Seen").await
            }),
            others: nothing,
            deleted: &[],
        },
        Scenario {
            name: "read, then unread",
            user: user!(|s| {
                s.mark("INBOX", &["m5"], "\\Seen", "").await;
                s.mark("INBOX", &["m5"], "", "\\Seen").await
            }),
            others: nothing,
            deleted: &[],
        },
        Scenario {
            name: "flags there",
            user: still,
            others: |w| {
                let (a, b) = (uids(w, "INBOX", &["m2", "m6"]), uids(w, "INBOX", &["m1"]));
                w.store("INBOX", &a, true, &["\\Seen", "$Outra"]);
                w.store("INBOX", &b, false, &["\\Flagged"]);
            },
            deleted: &[],
        },
        Scenario {
            name: "flags on both sides",
            user: user!(|s| {
                s.mark("INBOX", &["m2"], "\\Seen", "").await;
                s.mark("INBOX", &["m1"], "\\Answered", "$Obra").await
            }),
            others: |w| {
                let (a, b) = (uids(w, "INBOX", &["m2"]), uids(w, "INBOX", &["m1"]));
                w.store("INBOX", &a, true, &["\\Flagged", "\\Seen"]);
                w.store("INBOX", &b, true, &["$Outra"]);
            },
            deleted: &[],
        },
        Scenario {
            name: "new mail",
            user: still,
            others: |w| {
                for n in 0..3 {
                    w.append("INBOX", &small(&format!("n{n}")), &[]);
                }
                w.append("Empty", &small("e0"), &["\\Seen"]);
            },
            deleted: &[],
        },
        Scenario {
            name: "a move",
            user: user!(|s| s.move_to("INBOX", &["m2", "m3"], "Works").await),
            others: nothing,
            deleted: &[],
        },
        Scenario {
            name: "a move and then flags in the new place",
            user: user!(|s| {
                s.move_to("INBOX", &["m2"], "Works").await;
                s.mark("Works", &["m2", "w1"], "\\Seen", "").await
            }),
            others: nothing,
            deleted: &[],
        },
        Scenario {
            name: "flags and then a move",
            user: user!(|s| {
                s.mark("INBOX", &["m2", "m3"], "\\Flagged", "").await;
                s.move_to("INBOX", &["m2"], "Empty").await
            }),
            others: |w| {
                let a = uids(w, "INBOX", &["m2"]);
                w.store("INBOX", &a, true, &["$Outra"]);
            },
            deleted: &[],
        },
        Scenario {
            name: "there and back",
            user: user!(|s| {
                s.move_to("INBOX", &["m2"], "Works").await;
                s.move_to("Works", &["m2"], "INBOX").await
            }),
            others: nothing,
            deleted: &[],
        },
        Scenario {
            name: "from one to the next to the next",
            user: user!(|s| {
                s.move_to("INBOX", &["m2", "m3"], "Works").await;
                s.move_to("Works", &["m2", "w0"], "Works/Old").await;
                s.move_to("Works/Old", &["m2"], "Archive").await
            }),
            others: nothing,
            deleted: &[],
        },
        Scenario {
            name: "crossing moves",
            user: user!(|s| {
                s.move_to("INBOX", &["m2"], "Works").await;
                s.move_to("Works", &["w2"], "INBOX").await
            }),
            others: |w| {
                let (a, b) = (uids(w, "INBOX", &["m3"]), uids(w, "Works", &["w3"]));
                w.relocate("INBOX", &a, "Works");
                w.relocate("Works", &b, "INBOX");
            },
            deleted: &[],
        },
        Scenario {
            name: "both moved the same message",
            user: user!(|s| s.move_to("INBOX", &["m2", "m3"], "Works").await),
            others: |w| {
                let a = uids(w, "INBOX", &["m2"]);
                w.relocate("INBOX", &a, "Archive");
            },
            deleted: &[],
        },
        Scenario {
            name: "both moved it to the same place",
            user: user!(|s| s.move_to("INBOX", &["m2", "m3"], "Works").await),
            others: |w| {
                let a = uids(w, "INBOX", &["m2"]);
                w.relocate("INBOX", &a, "Works");
            },
            deleted: &[],
        },
        Scenario {
            name: "archive and trash",
            user: user!(|s| {
                let (a, b) = (s.ids("INBOX", &["m2", "m4"]).await, s.ids("INBOX", &["m5"]).await);
                s.to_role(a, Role::Archive).await;
                s.to_role(b, Role::Trash).await
            }),
            others: nothing,
            deleted: &[],
        },
        Scenario {
            name: "junk, where there is no such mailbox",
            user: user!(|s| {
                let ids = s.ids("INBOX", &["m2", "m4"]).await;
                s.to_role(ids, Role::Junk).await
            }),
            others: nothing,
            deleted: &[],
        },
        Scenario {
            name: "deleted for good",
            user: user!(|s| {
                s.remove("INBOX", &["m2"]).await;
                let ids = s.ids("Trash", &["t0"]).await;
                s.to_role(ids, Role::Trash).await
            }),
            others: |w| {
                let a = uids(w, "Works", &["w0"]);
                w.store("Works", &a, true, &["\\Deleted"]);
            },
            deleted: &["m2", "t0"],
        },
        Scenario {
            name: "removed there",
            user: still,
            others: |w| {
                let (a, b) = (uids(w, "INBOX", &["m0", "m7"]), uids(w, "Works", &["w0", "w1", "w2", "w3"]));
                w.remove("INBOX", &a);
                w.remove("Works", &b);
            },
            deleted: &["m0", "m7", "w0", "w1", "w2", "w3"],
        },
        Scenario {
            name: "marked here, removed there",
            user: user!(|s| s.mark("INBOX", &["m2", "m3"], "\\Seen", "").await),
            others: |w| {
                let a = uids(w, "INBOX", &["m2"]);
                w.remove("INBOX", &a);
            },
            deleted: &["m2"],
        },
        Scenario {
            name: "marked here, moved there",
            user: user!(|s| s.mark("INBOX", &["m2", "m3"], "\\Flagged", "").await),
            others: |w| {
                let a = uids(w, "INBOX", &["m2"]);
                w.relocate("INBOX", &a, "Archive");
            },
            deleted: &[],
        },
        Scenario {
            name: "moved here, removed there",
            user: user!(|s| s.move_to("INBOX", &["m2", "m3"], "Works").await),
            others: |w| {
                let a = uids(w, "INBOX", &["m2"]);
                w.remove("INBOX", &a);
            },
            deleted: &["m2"],
        },
        Scenario {
            name: "deleted here, marked there",
            user: user!(|s| s.remove("INBOX", &["m2", "m3"]).await),
            others: |w| {
                let a = uids(w, "INBOX", &["m2"]);
                w.store("INBOX", &a, true, &["\\Seen"]);
            },
            deleted: &["m2", "m3"],
        },
        Scenario {
            name: "deleted on both sides",
            user: user!(|s| s.remove("INBOX", &["m2", "m3"]).await),
            others: |w| {
                let a = uids(w, "INBOX", &["m2"]);
                w.remove("INBOX", &a);
            },
            deleted: &["m2", "m3"],
        },
        Scenario {
            name: "another UIDVALIDITY under waiting changes",
            user: user!(|s| {
                s.mark("INBOX", &["m2"], "\\Seen", "").await;
                s.move_to("INBOX", &["m3"], "Works").await;
                s.move_to("Works", &["w1"], "INBOX").await
            }),
            others: |w| {
                w.revalidate("INBOX");
                w.append("INBOX", &small("n0"), &[]);
                w.revalidate("Works");
            },
            deleted: &[],
        },
        Scenario {
            name: "taken back",
            user: user!(|s| {
                let done = s.move_to("INBOX", &["m2", "m3"], "Works").await;
                s.mark("Works", &["m3"], "\\Seen", "").await;
                s.take_back(done).await
            }),
            others: nothing,
            deleted: &[],
        },
        Scenario {
            name: "a bit of everything",
            user: user!(|s| {
                s.mark("INBOX", &["m0", "m1", "m2"], "\\Flagged", "\\Seen").await;
                s.move_to("INBOX", &["m2", "m4"], "Works/Old").await;
                s.move_to("Works", &["w0", "w1"], "INBOX").await;
                s.mark("INBOX", &["w0"], "\\Seen", "").await;
                s.remove("Trash", &["t1"]).await;
                let ids = s.ids("INBOX", &["m6"]).await;
                s.to_role(ids, Role::Trash).await
            }),
            others: |w| {
                let (a, b) = (uids(w, "INBOX", &["m5"]), uids(w, "INBOX", &["m2", "m1"]));
                w.relocate("INBOX", &a, "Archive");
                w.store("INBOX", &b, true, &["\\Answered"]);
                w.append("INBOX", &small("n0"), &["$Outra"]);
                let c = uids(w, "Works", &["w3"]);
                w.remove("Works", &c);
            },
            deleted: &["t1", "w3"],
        },
    ]
}
