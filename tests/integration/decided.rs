//! Two devices disagree: what was decided is listed, and can be insisted on.

use servers::cli::Home;
use servers::dovecot::Dovecot;
use servers::loader;

fn id(home: &Home, folder: &str, word: &str) -> String {
    let rows = home.json(&["list", "--folder", folder, "--limit", "100"]);
    let found = rows.as_array().expect("a list").iter().find(|r| r["subject"] == word);
    found.and_then(|r| r["id"].as_str()).unwrap_or_else(|| panic!("no {word} in {folder}: {rows}")).to_owned()
}

/// Two devices in step with five messages.
fn two(server: &Dovecot) -> (Home, Home) {
    loader::Loader::sign_in(server.imap, "ana", servers::dovecot::PASSWORD).create("Obras");
    loader::fill(server, "ana", "INBOX", &["m0", "m1", "m2", "m3", "m4"]);
    let (one, two) = (Home::new(), Home::new());
    for home in [&one, &two] {
        home.sign_in(server, "ana", "all");
        home.run(&["sync"]);
    }
    (one, two)
}

#[test]
fn moved_elsewhere_and_insisted_on() {
    let server = Dovecot::start();
    let (one, two) = two(&server);
    two.run(&["archive", &id(&two, "INBOX", "m2")]);
    two.run(&["sync"]);
    one.run(&["move", &id(&one, "INBOX", "m2"), "Obras"]);
    one.run(&["sync"]);
    let decided = one.json(&["decisions"]);
    assert_eq!(decided.as_array().map(Vec::len), Some(1), "{decided}");
    let d = &decided[0];
    assert_eq!(
        (&d["code"], &d["subject"], &d["place"], &d["wish"], &d["target"]),
        (&"moved_elsewhere".into(), &"m2".into(), &"INBOX".into(), &"move".into(), &"Obras".into())
    );
    assert!(one.contents("Archive").contains_key("m2"), "theirs stands");
    one.run(&["insist", d["id"].as_str().expect("a number")]);
    assert_eq!(one.json(&["decisions"]).as_array().map(Vec::len), Some(0));
    one.run(&["sync"]);
    two.run(&["sync"]);
    assert!(two.contents("Obras").contains_key("m2") && !two.contents("Archive").contains_key("m2"));
}

/// Starred here, deleted for good there: it comes back from this device's own copy, when the user wants it.
#[test]
fn deleted_there_and_brought_back() {
    let server = Dovecot::start();
    let (one, two) = two(&server);
    two.run(&["delete", &id(&two, "INBOX", "m3")]);
    two.run(&["sync"]);
    one.run(&["mark", &id(&one, "INBOX", "m3"), "--star"]);
    one.run(&["sync"]);
    assert!(!one.contents("INBOX").contains_key("m3"), "theirs stands");
    let decided = one.json(&["decisions"]);
    assert_eq!(decided[0]["code"], "gone_meanwhile", "{decided}");
    one.run(&["insist", decided[0]["id"].as_str().expect("a number")]);
    one.run(&["sync"]);
    two.run(&["sync"]);
    assert_eq!(two.contents("INBOX")["m3"], [["Flagged"]]);
    assert!(two.run(&["show", &id(&two, "INBOX", "m3"), "--raw"]).contains("Corpo de m3"));
    // Seen is seen.
    two.run(&["archive", &id(&two, "INBOX", "m4")]);
    two.run(&["sync"]);
    one.run(&["move", &id(&one, "INBOX", "m4"), "Obras"]);
    one.run(&["sync"]);
    one.run(&["decisions", "--seen"]);
    assert_eq!(one.json(&["decisions"]).as_array().map(Vec::len), Some(0));
}

/// Folders, by the command line, on two devices.
#[test]
fn folders_by_command() {
    let server = Dovecot::start();
    let (one, two) = two(&server);
    one.run(&["folder", "create", "Férias & Viagens/Roma 🏛"]);
    one.run(&["copy", &id(&one, "INBOX", "m0"), "Férias & Viagens/Roma 🏛"]);
    one.run(&["folder", "rename", "Obras", "Reformas"]);
    one.run(&["sync"]);
    two.run(&["sync"]);
    assert!(two.contents("Férias & Viagens/Roma 🏛").contains_key("m0"));
    assert!(two.contents("INBOX").contains_key("m0"));
    assert!(two.run(&["folders"]).contains("Reformas"));
    let (status, said) = two.fails(&["folder", "create", "Reformas"]);
    assert!(status != 0 && said.contains("Reformas"), "{said}");
    for bad in ["", "a//b", "a*", "INBOX"] {
        two.fails(&["folder", "create", bad]);
    }
    two.run(&["folder", "delete", "Férias & Viagens/Roma 🏛"]);
    two.run(&["folder", "subscribe", "Reformas"]);
    two.run(&["sync"]);
    one.run(&["sync"]);
    assert!(one.contents("Trash").contains_key("m0"), "its mail is in the trash");
    let folders = one.json(&["folders"]);
    let paths: Vec<&str> =
        folders.as_array().expect("folders").iter().filter_map(|f| f["folder"].as_str()).collect();
    assert!(!paths.contains(&"Férias & Viagens/Roma 🏛"), "{paths:?}");
    assert!(
        folders
            .as_array()
            .expect("folders")
            .iter()
            .any(|f| f["folder"] == "Reformas" && f["subscribed"] == true),
        "{folders}"
    );
    // Undo of what the server has done already: the folder comes back with what was in it.
    two.run(&["undo"]); // the subscription
    two.run(&["undo"]); // the folder
    two.run(&["sync"]);
    one.run(&["sync"]);
    assert!(one.contents("Férias & Viagens/Roma 🏛").contains_key("m0"));
    one.run(&["folder", "empty", "Trash"]);
    one.run(&["sync"]);
    assert_eq!(one.waiting(), 0);
}
