//! The other device: the stock client, which flags, moves, deletes and appends while we sync.

use async_imap::Session;
use futures_util::TryStreamExt;
use std::collections::BTreeMap;
use tokio::net::TcpStream;

/// A signed-in stock client.
pub struct Other(pub Session<TcpStream>);

/// What a mailbox holds, by Message-ID: how many, and the flags of each.
pub type Contents = BTreeMap<String, Vec<Vec<String>>>;

impl Other {
    pub async fn sign_in(port: u16, user: &str) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("connect");
        let mut client = async_imap::Client::new(stream);
        client.read_response().await.expect("greeting");
        Self(client.login(user, crate::dovecot::PASSWORD).await.map_err(|(e, _)| e).expect("login"))
    }

    /// UIDs of a mailbox, ascending; it is selected afterwards.
    pub async fn uids(&mut self, mailbox: &str) -> Vec<u32> {
        self.0.select(mailbox).await.expect("select");
        let mut uids: Vec<u32> = self.0.uid_search("ALL").await.expect("search").into_iter().collect();
        uids.sort_unstable();
        uids
    }

    /// All of a message of the mailbox that is open.
    pub async fn whole(&mut self, uid: u32) -> Vec<u8> {
        let fetched = self.0.uid_fetch(uid.to_string(), "BODY.PEEK[]").await.expect("fetch");
        let fetched: Vec<_> = fetched.try_collect().await.expect("fetch");
        fetched.iter().find_map(|f| f.body()).expect("a body").to_vec()
    }

    pub async fn store(&mut self, uid: u32, query: &str) {
        let _: Vec<_> = self
            .0
            .uid_store(uid.to_string(), query)
            .await
            .expect("store")
            .try_collect()
            .await
            .expect("store");
    }

    pub async fn move_to(&mut self, uid: u32, mailbox: &str) {
        if self.0.uid_mv(uid.to_string(), mailbox).await.is_err() {
            // No MOVE there: as RFC 6851 section 3.1 says it can be done without.
            self.0.uid_copy(uid.to_string(), mailbox).await.expect("copy");
            self.expunge(uid).await;
        }
    }

    pub async fn expunge(&mut self, uid: u32) {
        self.store(uid, "+FLAGS.SILENT (\\Deleted)").await;
        let _: Vec<_> =
            self.0.uid_expunge(uid.to_string()).await.expect("expunge").try_collect().await.expect("expunge");
    }

    pub async fn append(&mut self, mailbox: &str, raw: &[u8]) {
        self.0.append(mailbox, None, None, raw).await.expect("append");
    }

    /// What a mailbox holds.
    pub async fn contents(&mut self, mailbox: &str) -> Contents {
        self.0.select(mailbox).await.expect("select");
        let mut contents = Contents::new();
        let fetched: Vec<_> = self
            .0
            .uid_fetch("1:*", "(UID FLAGS BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
            .await
            .expect("fetch")
            .try_collect()
            .await
            .expect("fetch");
        for f in fetched {
            let header = String::from_utf8_lossy(f.header().unwrap_or_default()).into_owned();
            let id = header.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
            let mut flags: Vec<String> =
                f.flags().map(|f| format!("{f:?}")).filter(|f| f != "Recent").collect();
            flags.sort();
            contents.entry(id).or_default().push(flags);
        }
        for flags in contents.values_mut() {
            flags.sort();
        }
        contents
    }
}
