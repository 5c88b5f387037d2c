//! The command line, as it is written.

use clap::{Args as Group, Parser, Subcommand};
use std::path::PathBuf;

/// One mail app's core, without a screen.
#[derive(Parser)]
#[command(name = "malote", version, about)]
pub struct Args {
    /// Where this device's data is
    #[arg(long, global = true, env = "MALOTE_HOME", value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// Prints the passphrase that locks this device's passwords
    #[arg(long, global = true, env = "MALOTE_PASSPHRASE_COMMAND", value_name = "CMD")]
    pub passphrase_command: Option<String>,
    /// Print one JSON document
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Accounts of this device
    #[command(subcommand)]
    Account(Account),
    /// Choose a passphrase (read from stdin) that locks the passwords, where the system has no secret store
    Passphrase {
        /// It is forgotten: forget the passwords with it
        #[arg(long)]
        forget: bool,
    },
    /// Send what waits, then bring this device in step with the server
    Sync {
        /// Only this account
        #[arg(long, value_name = "ADDRESS")]
        account: Option<String>,
        /// Stay connected until interrupted
        #[arg(long)]
        watch: bool,
    },
    /// List the folders
    Folders,
    /// List messages, newest first
    List {
        /// In this folder (default: INBOX)
        #[arg(long)]
        folder: Option<String>,
        /// The inboxes of all accounts as one
        #[arg(long, conflicts_with = "folder")]
        unified: bool,
        #[arg(long, default_value_t = 50)]
        limit: u32,
        #[arg(long, default_value_t = 0)]
        offset: u64,
    },
    /// Find messages, newest first: words, "phrases", from: to: subject: body: filename: in: has:attachment is:unread before: after: larger: -not OR
    Search {
        /// What to find
        #[arg(required = true, allow_hyphen_values = true)]
        query: Vec<String>,
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Show a message
    Show {
        id: String,
        #[command(flatten)]
        how: How,
    },
    /// Save a file of a message
    Save {
        id: String,
        #[arg(long)]
        part: String,
        file: PathBuf,
    },
    /// Change flags
    Mark {
        #[arg(required = true)]
        ids: Vec<String>,
        #[command(flatten)]
        flags: MarkFlags,
    },
    /// Move to a folder
    Move {
        /// Message ids, then the folder
        #[arg(required = true, num_args = 2..)]
        ids_and_folder: Vec<String>,
    },
    /// Move to the archive
    Archive {
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Move to the trash
    Trash {
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Delete for good
    Delete {
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Move to junk
    Junk {
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Move out of junk, to the inbox
    NotJunk {
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Senders whose mail always is junk, or never; without more: those that are known
    Senders {
        #[command(subcommand)]
        command: Option<Senders>,
    },
    /// Copy to a folder
    Copy {
        /// Message ids, then the folder
        #[arg(required = true, num_args = 2..)]
        ids_and_folder: Vec<String>,
    },
    /// Keep messages on this device whatever the policy says, with their files
    KeepHere {
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Keep messages only as long as the policy says
    LetGo {
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Make, rename, remove, empty or subscribe to a folder
    #[command(subcommand)]
    Folder(Folder),
    /// Take back what was done last
    Undo,
    /// What another device or the server decided otherwise than you wished
    Decisions {
        /// They have been seen: do not list them again
        #[arg(long)]
        seen: bool,
    },
    /// Ask again for what was decided otherwise
    Insist {
        /// A number from `decisions`
        id: String,
    },
    /// Send a message, now and once
    Send(Box<Send>),
    /// What is being written: messages in Drafts, of which each device can go on
    #[command(subcommand)]
    Draft(Draft),
    /// What is on its way out
    Outbox {
        #[command(subcommand)]
        command: Option<Outbox>,
    },
    /// What is here, what waits, what the user should know
    Status,
    /// Read everything that is stored; what is damaged is salvaged at the next start
    Check,
}

#[derive(Group)]
pub struct Send {
    #[command(flatten)]
    pub written: Written,
    /// Send a whole message as it is, to all that its header names; - for standard input
    #[arg(long, value_name = "FILE", required_unless_present = "to", conflicts_with_all = ["to", "cc", "bcc", "from", "subject", "body_file", "html_file", "attach"])]
    pub eml: Option<PathBuf>,
    /// Not before then, such as 2026-12-01T09:00:00-03:00
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Through this account, where there are several
    #[arg(long, value_name = "ADDRESS")]
    pub account: Option<String>,
}

#[derive(Subcommand)]
pub enum Draft {
    /// Put a draft down
    Save {
        #[command(flatten)]
        written: Box<Written>,
        /// In the Drafts of this account, where there are several
        #[arg(long, value_name = "ADDRESS")]
        account: Option<String>,
    },
    /// List the drafts, newest first
    List,
    /// Change what is named of a draft, and leave the rest as it is
    Edit {
        id: String,
        #[command(flatten)]
        written: Box<Written>,
    },
    /// Throw drafts away
    Delete {
        #[arg(required = true)]
        ids: Vec<String>,
    },
}

/// What somebody writes.
#[derive(Group)]
pub struct Written {
    /// To whom: an address, or "Name <address>"
    #[arg(long, value_name = "ADDRESS")]
    pub to: Vec<String>,
    /// With a copy to whom
    #[arg(long, value_name = "ADDRESS")]
    pub cc: Vec<String>,
    /// With a copy to whom, unseen by the others
    #[arg(long, value_name = "ADDRESS")]
    pub bcc: Vec<String>,
    /// Write as this address of the account
    #[arg(long, value_name = "ADDRESS")]
    pub from: Option<String>,
    /// What it is about
    #[arg(long)]
    pub subject: Option<String>,
    /// The text; - for standard input
    #[arg(long, value_name = "FILE")]
    pub body_file: Option<PathBuf>,
    /// The same text as HTML
    #[arg(long, value_name = "FILE")]
    pub html_file: Option<PathBuf>,
    /// A file to go with it
    #[arg(long, value_name = "FILE")]
    pub attach: Vec<PathBuf>,
}

#[derive(Subcommand)]
pub enum Outbox {
    /// List what is on its way out
    List,
    /// Take a message back, or give it up
    Withdraw { id: String },
    /// Send again what was refused, or what may have arrived
    Again { id: String },
    /// It did arrive: file it in Sent
    Arrived { id: String },
}

#[derive(Subcommand)]
pub enum Folder {
    /// Make a folder
    Create {
        /// The whole path, with the server's delimiter
        name: String,
        /// Of this account, where there are several
        #[arg(long, value_name = "ADDRESS")]
        account: Option<String>,
    },
    /// Give a folder another path
    Rename { name: String, new: String },
    /// Remove a folder and those below it; their mail goes to the trash
    Delete { name: String },
    /// Remove for good what is in a folder
    Empty { name: String },
    /// Remove for good what is marked as deleted in a folder
    Expunge { name: String },
    /// How much of a folder's mail to keep here: headers, a number of days such as 30d, all, or account
    Keep { name: String, keep: String },
    /// What to use a folder for: drafts, sent, archive, junk, trash, or none
    Use {
        name: String,
        #[arg(value_parser = ["drafts", "sent", "archive", "junk", "trash", "none"])]
        role: String,
    },
    /// Subscribe to a folder
    Subscribe { name: String },
    /// Subscribe to a folder no more
    Unsubscribe { name: String },
}

#[derive(Subcommand)]
pub enum Account {
    /// Sign in and keep the account
    Add(Box<Add>),
    /// List the accounts
    List,
    /// Take an account off this device; nothing is removed on the server
    Remove { address: String },
    /// How much of an account's mail to keep here: headers, a number of days such as 30d, or all
    Keep { address: String, keep: String },
    /// How many megabytes an account may move in a day; 0 for as many as it likes
    Budget {
        address: String,
        /// Received; near this nothing is fetched any more that nobody asked for
        #[arg(long, value_name = "MB")]
        down: u32,
        /// Sent
        #[arg(long, value_name = "MB")]
        up: u32,
    },
}

#[derive(Group)]
pub struct Add {
    pub address: String,
    /// Your name, as others see it
    #[arg(long, default_value = "")]
    pub name: String,
    /// IMAP server (found by the address where neither it nor --pop3 is given)
    #[arg(long, value_name = "HOST:PORT")]
    pub imap: Option<String>,
    #[arg(long, default_value = "implicit", value_parser = ["implicit", "starttls", "none"])]
    pub imap_tls: String,
    /// POP3 server: mail is fetched from there and filed here
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "imap")]
    pub pop3: Option<String>,
    #[arg(long, default_value = "implicit", value_parser = ["implicit", "starttls", "none"])]
    pub pop3_tls: String,
    /// Submission server
    #[arg(long, value_name = "HOST:PORT")]
    pub smtp: Option<String>,
    #[arg(long, default_value = "implicit", value_parser = ["implicit", "starttls", "none"])]
    pub smtp_tls: String,
    /// POP3: what stays on the server: always, 30d, until_deleted, or never. What goes from there is then only here.
    #[arg(long, default_value = "always")]
    pub leave: String,
    /// POP3: of larger messages fetch only the header until they are opened, megabytes; 0 = fetch all
    #[arg(long, default_value_t = 0)]
    pub size_limit: u32,
    /// User name, where it is not the address
    #[arg(long, default_value = "")]
    pub user: String,
    /// Command that prints the password
    #[arg(long, value_name = "CMD", conflicts_with = "password_stdin")]
    pub password_command: Option<String>,
    /// Read the password from standard input and keep it in the system's secret store
    #[arg(long)]
    pub password_stdin: bool,
    /// Trust the certificates in this file too
    #[arg(long, value_name = "PEM")]
    pub ca_file: Option<PathBuf>,
    /// Trust exactly the certificate with this SHA-256, after having looked at it
    #[arg(long, value_name = "SHA256", default_value = "")]
    pub pin: String,
    /// Reach the server through socks5://[user:password@]host[:port] or http://…
    #[arg(long, value_name = "URL", env = "MALOTE_PROXY", hide_env_values = true, default_value = "")]
    pub proxy: String,
    /// How much mail to keep here: headers, a number of days such as 30d, or all
    #[arg(long, default_value = "30d")]
    pub keep: String,
}

#[derive(Group)]
#[group(multiple = false)]
pub struct How {
    /// As it came
    #[arg(long)]
    pub raw: bool,
    /// The text only
    #[arg(long)]
    pub text: bool,
    /// The cleaned HTML
    #[arg(long)]
    pub html: bool,
    /// The files that came with it
    #[arg(long)]
    pub parts: bool,
}

#[derive(Group)]
#[group(required = true, multiple = false)]
pub struct MarkFlags {
    #[arg(long)]
    pub read: bool,
    #[arg(long)]
    pub unread: bool,
    #[arg(long)]
    pub star: bool,
    #[arg(long)]
    pub unstar: bool,
    /// At the top of its list
    #[arg(long)]
    pub pin: bool,
    #[arg(long)]
    pub unpin: bool,
    /// Set a keyword
    #[arg(long, value_name = "K")]
    pub flag: Option<String>,
    /// Clear a keyword
    #[arg(long, value_name = "K")]
    pub unflag: Option<String>,
}

/// What to do about a sender.
#[derive(Subcommand)]
pub enum Senders {
    /// Their mail goes to junk from now on
    Block {
        /// An address, or @domain
        address: String,
    },
    /// Their mail does not stay in junk, unless it is forged
    Trust {
        /// An address, or @domain
        address: String,
    },
    /// Neither
    Forget {
        /// As it is listed
        address: String,
    },
}
