//! A mailbox of 100,000 messages.

use malote_core::sync::cycle;
use servers::cli::{Home, kill_9};
use servers::device::{Device, context};
use servers::dovecot::{Dovecot, Options, PASSWORD};
use servers::loader::Loader;
use servers::sample;
use std::time::Instant;

const COUNT: usize = 100_000;

/// Peak resident memory of a process in MiB, or of this one's child when it has ended.
fn peak_mib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib / 1024)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_messages() {
    let server = Dovecot::start_with(Options { store: Some("mdbox"), ..Options::default() });
    let begun = Instant::now();
    sample::large(&mut Loader::sign_in(server.imap, "ana", PASSWORD), COUNT);
    println!("loaded in {:.1} s", begun.elapsed().as_secs_f32());

    // Usable within five round trips after TLS, counted by the transport.
    let device = Device::new(&server, "ana", "headers").await;
    let context = context(&device).await;
    let mut session = context.connect().await.expect("connect");
    cycle::survey(&context, &mut session, true).await.expect("survey");
    let trips = context.meter.round_trips();
    let inbox = device.folder("INBOX").await;
    println!("{trips} round trips, {} rows here, {} to come", inbox.total, inbox.missing);
    assert!(trips <= 5, "{trips} round trips");
    assert_eq!(inbox.total, 50);
    assert_eq!(inbox.missing, COUNT as u64 - 50);
    let newest = device.rows("INBOX").await;
    assert!(newest[0].subject.ends_with(&format!("#{}", COUNT - 1)), "{}", newest[0].subject);
    session.logout().await;

    // The rest arrives in a process of its own, so that its memory can be seen; meanwhile it can be read and marked.
    let home = Home::new();
    home.sign_in(&server, "ana", "headers");
    let mut child = home.start(&["sync"]);
    let begun = Instant::now();
    let mut peak = 0;
    let mut used = false;
    loop {
        peak = peak.max(peak_mib(child.id()).unwrap_or(0));
        if let Some(status) = child.try_wait().expect("wait") {
            assert!(status.success(), "{status}");
            break;
        }
        if !used && begun.elapsed().as_millis() > 1500 {
            let rows = home.json(&["list", "--limit", "20"]);
            let rows = rows.as_array().expect("rows");
            assert_eq!(rows.len(), 20, "usable while the rest arrives");
            home.run(&["mark", rows[0]["id"].as_str().expect("id"), "--star"]);
            used = true;
        }
        if begun.elapsed().as_secs() > 400 {
            kill_9(&mut child);
            panic!("not done after 400 s");
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    println!("first sync of {COUNT}: {:.1} s, peak {peak} MiB", begun.elapsed().as_secs_f32());
    assert!(used);
    assert!(peak > 0 && peak < 150, "{peak} MiB");
    let middle = home.json(&["list", "--offset", "50000", "--limit", "50"]);
    let middle = middle.as_array().expect("rows");
    assert_eq!(middle.len(), 50);
    assert!(middle[0]["subject"].as_str().expect("subject").ends_with("#49999"));
    let folders = home.json(&["folders"]);
    let inbox = folders.as_array().and_then(|f| f.iter().find(|m| m["folder"] == "INBOX")).expect("INBOX");
    assert_eq!((inbox["total"].as_u64(), inbox["missing"].as_u64()), (Some(COUNT as u64), Some(0)));
}
