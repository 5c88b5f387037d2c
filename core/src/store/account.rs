//! Table `account`: who the user is, where the servers are. The password is in here only sealed.

use super::{Store, Tx};
use crate::error::{Error, Kind, Result};
use crate::model::{AccountId, Budget, Endpoint, Identity, Keep, Leave, Protocol, Tls};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Row, Sqlite};

/// One account as stored.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// Its number; 0 before it is stored.
    pub id: AccountId,
    /// The address of the user.
    pub address: String,
    /// The user's name as others shall see it.
    pub name: String,
    /// User name at the server.
    pub user: String,
    /// What the incoming server speaks.
    pub protocol: Protocol,
    /// Incoming server.
    pub incoming: Endpoint,
    /// Submission server, if it is known.
    pub smtp: Option<Endpoint>,
    /// Who issues tokens that sign in; empty = a password does.
    pub issuer: String,
    /// PEM file with roots of the user's own; empty for none.
    pub ca_file: String,
    /// Command that prints the password; empty for none.
    pub password_command: String,
    /// The password, or the refresh token, sealed; empty when it is not kept.
    pub sealed_password: Vec<u8>,
    /// SHA-256 of the one certificate that the user chose to trust, in hex; empty for none.
    pub pin: String,
    /// Proxy, without a password; empty for none.
    pub proxy: String,
    /// Proxy with a password, sealed; empty for none.
    pub sealed_proxy: Vec<u8>,
    /// How much mail is kept here.
    pub keep: Keep,
    /// How much it may move in a day.
    pub budget: Budget,
    /// When it was added, seconds since 1970.
    pub created: i64,
    /// The user wants no connection.
    pub paused: bool,
    /// POP3: what stays on the server.
    pub leave: Leave,
    /// POP3: of larger messages only the header comes, bytes; 0 = all comes.
    pub size_limit: u64,
}

impl AccountRow {
    /// The user name at a POP3 server. Gmail gives each message to one POP3 client only, unless the user name begins with `recent:`;
    /// then it gives those of the last 30 days to all (support.google.com/mail/answer/7104828). For as long as nothing is to be taken
    /// away, that is what several devices need.
    pub fn maildrop_user(&self) -> String {
        let host = self.incoming.host.to_ascii_lowercase();
        let gmail = ["pop.gmail.com", "pop.googlemail.com"].contains(&host.as_str());
        let shares = self.protocol == Protocol::Pop3 && self.leave != Leave::Never;
        if gmail && shares && !self.user.starts_with("recent:") {
            return format!("recent:{}", self.user);
        }
        self.user.clone()
    }
}

const COLUMNS: &str = "id, address, name, user, protocol, host, port, tls, smtp_host, smtp_port, smtp_tls, issuer, ca_file, password_command, sealed_password, pin, proxy, sealed_proxy, keep, budget_down, budget_up, created, paused, leave, size_limit";

fn read(r: &SqliteRow) -> Result<AccountRow> {
    let (protocol, keep, leave): (String, String, String) =
        (r.try_get("protocol")?, r.try_get("keep")?, r.try_get("leave")?);
    let endpoint = |host: &str, port: &str, tls: &str| -> Result<Endpoint> {
        let name: String = r.try_get(tls)?;
        Ok(Endpoint {
            host: r.try_get(host)?,
            port: r.try_get::<i64, _>(port)? as u16,
            tls: match name.as_str() {
                "starttls" => Tls::Starttls,
                "none" => Tls::None,
                _ => Tls::Implicit,
            },
        })
    };
    Ok(AccountRow {
        id: AccountId(r.try_get("id")?),
        address: r.try_get("address")?,
        name: r.try_get("name")?,
        user: r.try_get("user")?,
        protocol: if protocol == "pop3" { Protocol::Pop3 } else { Protocol::Imap },
        incoming: endpoint("host", "port", "tls")?,
        smtp: Some(endpoint("smtp_host", "smtp_port", "smtp_tls")?).filter(|e| !e.host.is_empty()),
        issuer: r.try_get("issuer")?,
        ca_file: r.try_get("ca_file")?,
        password_command: r.try_get("password_command")?,
        sealed_password: r.try_get("sealed_password")?,
        pin: r.try_get("pin")?,
        proxy: r.try_get("proxy")?,
        sealed_proxy: r.try_get("sealed_proxy")?,
        keep: Keep::parse(&keep).unwrap_or(Keep::Days(30)),
        budget: Budget {
            down: r.try_get::<i64, _>("budget_down")? as u64,
            up: r.try_get::<i64, _>("budget_up")? as u64,
        },
        created: r.try_get("created")?,
        paused: r.try_get("paused")?,
        // Not understood, it takes nothing away.
        leave: Leave::parse(&leave).unwrap_or(Leave::Always),
        size_limit: r.try_get::<i64, _>("size_limit")? as u64,
    })
}

fn tls_name(tls: Tls) -> &'static str {
    match tls {
        Tls::Implicit => "implicit",
        Tls::Starttls => "starttls",
        Tls::None => "none",
    }
}

/// Host, port and protection of the submission server, for the store.
fn smtp_columns(a: &AccountRow) -> (&str, i64, &'static str) {
    match &a.smtp {
        Some(smtp) => (&smtp.host, i64::from(smtp.port), tls_name(smtp.tls)),
        None => ("", 0, tls_name(Tls::Implicit)),
    }
}

impl Store {
    /// All accounts, in the user's order.
    pub async fn accounts(&self) -> Result<Vec<AccountRow>> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM account ORDER BY position, id"));
        sqlx::query(sql).fetch_all(self.reader()).await?.iter().map(read).collect()
    }

    /// One account.
    pub async fn account(&self, id: AccountId) -> Result<AccountRow> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM account WHERE id = ?"));
        let row = sqlx::query(sql).bind(id.0).fetch_optional(self.reader()).await?;
        read(&row.ok_or_else(|| Error::new(Kind::NotFound, id.to_string()))?)
    }

    /// Every address that the user writes as, of all accounts.
    pub async fn own_addresses(&self) -> Result<Vec<String>> {
        let mut own = Vec::new();
        for account in self.accounts().await? {
            own.extend(self.addresses_of(account.id).await?);
        }
        Ok(own)
    }

    /// The addresses that the user writes as through an account, the account's own first.
    pub async fn addresses_of(&self, id: AccountId) -> Result<Vec<String>> {
        let own = self.account(id).await?.address;
        let others = self.identities(id).await?.into_iter().map(|i| i.address);
        Ok(std::iter::once(own).chain(others).collect())
    }

    /// The addresses that the user writes as, besides the account's own.
    pub async fn identities(&self, id: AccountId) -> Result<Vec<Identity>> {
        let rows = sqlx::query("SELECT name, address FROM identity WHERE account_id = ? ORDER BY id")
            .bind(id.0)
            .fetch_all(self.reader())
            .await?;
        rows.iter()
            .map(|r| Ok(Identity { name: r.try_get("name")?, address: r.try_get("address")? }))
            .collect()
    }
}

impl Tx {
    /// Adds an account; an address can be there only once.
    pub async fn add_account(&mut self, a: &AccountRow) -> Result<AccountId> {
        let taken: Option<i64> = sqlx::query_scalar("SELECT id FROM account WHERE address = ?")
            .bind(&a.address)
            .fetch_optional(self.conn())
            .await?;
        if taken.is_some() {
            return Err(Error::new(Kind::Usage, &a.address).because("this account is here already"));
        }
        let (smtp_host, smtp_port, smtp_tls) = smtp_columns(a);
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO account (address, name, user, protocol, host, port, tls, smtp_host, smtp_port, smtp_tls, issuer, ca_file, password_command, sealed_password, pin, proxy, sealed_proxy, keep, budget_down, budget_up, created, leave, size_limit, position)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT COALESCE(MAX(position), 0) + 1 FROM account)) RETURNING id",
        )
        .bind(&a.address)
        .bind(&a.name)
        .bind(&a.user)
        .bind(a.protocol.as_str())
        .bind(&a.incoming.host)
        .bind(i64::from(a.incoming.port))
        .bind(tls_name(a.incoming.tls))
        .bind(smtp_host)
        .bind(smtp_port)
        .bind(smtp_tls)
        .bind(&a.issuer)
        .bind(&a.ca_file)
        .bind(&a.password_command)
        .bind(&a.sealed_password)
        .bind(&a.pin)
        .bind(&a.proxy)
        .bind(&a.sealed_proxy)
        .bind(a.keep.to_string())
        .bind(a.budget.down as i64)
        .bind(a.budget.up as i64)
        .bind(a.created)
        .bind(a.leave.to_string())
        .bind(a.size_limit as i64)
        .fetch_one(self.conn())
        .await?;
        self.touched.accounts = true;
        Ok(AccountId(id))
    }

    /// Carries out a change of one account, whose number is the last thing it wants bound.
    async fn change_account(
        &mut self,
        id: AccountId,
        change: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<()> {
        change.bind(id.0).execute(self.conn()).await?;
        self.touched.accounts = true;
        Ok(())
    }

    /// Keeps another password.
    pub async fn set_sealed_password(&mut self, id: AccountId, sealed: &[u8]) -> Result<()> {
        let change =
            sqlx::query("UPDATE account SET sealed_password = ?, password_command = '' WHERE id = ?")
                .bind(sealed);
        self.change_account(id, change).await
    }

    /// The way to the server, with its password sealed.
    pub async fn set_sealed_proxy(&mut self, id: AccountId, sealed: &[u8]) -> Result<()> {
        let change = sqlx::query("UPDATE account SET sealed_proxy = ? WHERE id = ?").bind(sealed);
        self.change_account(id, change).await
    }

    /// How much mail is kept here, where a mailbox has no choice of its own.
    pub async fn set_keep(&mut self, id: AccountId, keep: Keep) -> Result<()> {
        let change = sqlx::query("UPDATE account SET keep = ? WHERE id = ?").bind(keep.to_string());
        self.change_account(id, change).await
    }

    /// How much it may move in a day.
    pub async fn set_budget(&mut self, id: AccountId, budget: Budget) -> Result<()> {
        let change = sqlx::query("UPDATE account SET budget_down = ?, budget_up = ? WHERE id = ?")
            .bind(budget.down as i64)
            .bind(budget.up as i64);
        self.change_account(id, change).await
    }

    /// Trusts exactly this certificate besides, by the user's choice; empty trusts none.
    pub async fn set_pin(&mut self, id: AccountId, fingerprint: &str) -> Result<()> {
        let change = sqlx::query("UPDATE account SET pin = ? WHERE id = ?").bind(fingerprint);
        self.change_account(id, change).await
    }

    /// Who the user is there and where the servers are, as the user corrected it.
    pub async fn set_servers(&mut self, a: &AccountRow) -> Result<()> {
        let (smtp_host, smtp_port, smtp_tls) = smtp_columns(a);
        let sql = "UPDATE account SET name = ?, user = ?, host = ?, port = ?, tls = ?, smtp_host = ?, smtp_port = ?, smtp_tls = ? WHERE id = ?";
        let change = sqlx::query(sql)
            .bind(&a.name)
            .bind(&a.user)
            .bind(&a.incoming.host)
            .bind(i64::from(a.incoming.port))
            .bind(tls_name(a.incoming.tls))
            .bind(smtp_host)
            .bind(smtp_port)
            .bind(smtp_tls);
        self.change_account(a.id, change).await
    }

    /// No connection is wanted for now, or one again.
    pub async fn set_paused(&mut self, id: AccountId, paused: bool) -> Result<()> {
        let change = sqlx::query("UPDATE account SET paused = ? WHERE id = ?").bind(paused);
        self.change_account(id, change).await
    }

    /// The accounts in the user's order; those not named come first.
    pub async fn set_order(&mut self, ids: &[AccountId]) -> Result<()> {
        for (position, id) in (1i64..).zip(ids) {
            let change = sqlx::query("UPDATE account SET position = ? WHERE id = ?").bind(position);
            self.change_account(*id, change).await?;
        }
        self.touched.tree = true;
        Ok(())
    }

    /// What stays in the maildrop, and of what only the header comes.
    pub async fn set_leave(&mut self, id: AccountId, leave: Leave, size_limit: u64) -> Result<()> {
        let change = sqlx::query("UPDATE account SET leave = ?, size_limit = ? WHERE id = ?")
            .bind(leave.to_string())
            .bind(size_limit as i64);
        self.change_account(id, change).await
    }

    /// The addresses that the user writes as, besides the account's own.
    pub async fn set_identities(&mut self, id: AccountId, all: &[Identity]) -> Result<()> {
        sqlx::query("DELETE FROM identity WHERE account_id = ?").bind(id.0).execute(self.conn()).await?;
        for one in all {
            sqlx::query("INSERT OR IGNORE INTO identity (account_id, name, address) VALUES (?, ?, ?)")
                .bind(id.0)
                .bind(&one.name)
                .bind(&one.address)
                .execute(self.conn())
                .await?;
        }
        self.touched.accounts = true;
        Ok(())
    }

    /// Takes an account and everything of it off this device. The server is not touched. Files of bodies are returned, to be
    /// removed once this is committed.
    pub async fn remove_account(&mut self, id: AccountId) -> Result<Vec<String>> {
        let files = sqlx::query_scalar(
            "SELECT file FROM body JOIN message m ON m.id = body.message_id WHERE file <> '' AND m.account_id = ?1
             UNION SELECT file FROM outbox WHERE file <> '' AND account_id = ?1",
        )
        .bind(id.0)
        .fetch_all(self.conn())
        .await?;
        sqlx::query("DELETE FROM account WHERE id = ?").bind(id.0).execute(self.conn()).await?;
        self.touched.accounts = true;
        self.touched.tree = true;
        Ok(files)
    }
}
