//! The response parser held against the cases of another client, with the values that one expects.
//!
//! Each case is a raw response and the expected tree, in YAML. Ours is put into the same shape, and the two must be equal;
//! where we mean something else on purpose, [`DIFFERENCES`] says why.

use malote_core::model::Flags;
use malote_core::protocol::imap::envelope::{Address, Envelope};
use malote_core::protocol::imap::fetch_data::internal_date;
use malote_core::protocol::imap::frame::Framer;
use malote_core::protocol::imap::response::{
    Code, Fetched, MailboxStatus, Namespace, Response, Status, ThreadNode,
};
use malote_core::protocol::imap::structure::Structure;
use malote_core::protocol::imap::value::Value as Node;
use malote_core::uid_set::UidSet;
use serde_json::{Map, Value, json};
use serde_norway::Value as Yaml;
use servers::corpora;

/// Cases that we read otherwise, and why.
const DIFFERENCES: &[(&str, &str)] = &[
    ("test_invalid_fetch_msg_att_unknown_fails", "an unknown FETCH item is kept, never fatal"),
    ("invalid literal numeric format (too large)", "the framer refuses it before it is a response"),
];

#[test]
fn every_case_reads_to_the_expected_value() {
    let Some(folder) = corpora::folder("imap-ruby-net-imap") else { return };
    let (mut cases, mut equal, mut listed, mut wrong) = (0, 0, 0, Vec::new());
    for file in corpora::files(&folder, ".yml") {
        let text = std::fs::read_to_string(&file).expect("a file");
        // One case says its raw data twice; it is not looked at.
        let text: String =
            text.split_inclusive('\n').filter(|l| !l.trim_start().starts_with("raw_data: *")).collect();
        let all: Yaml = serde_norway::from_str(&text).expect("YAML");
        for (name, case) in all[":tests"].as_mapping().expect("cases") {
            let name = name.as_str().expect("a name");
            cases += 1;
            if DIFFERENCES.iter().any(|(n, _)| *n == name) {
                listed += 1;
                continue;
            }
            let raw = case[":response"].as_str().expect("a response");
            let (want, got) = (expected(&case[":expected"]), ours(raw));
            if want == got {
                equal += 1;
            } else {
                wrong.push(format!("{name}: {raw}\n  wanted {want}\n  got    {got}"));
            }
        }
    }
    println!("{cases} cases: {equal} equal, {listed} otherwise on purpose");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cases >= 190, "{cases}");
}

/// What the listed differences are, proven.
#[test]
fn the_differences_are_as_listed() {
    let Response::Fetch(f) = Response::parse(b"* 123 FETCH (UNKNOWN 92285 UID 4)") else {
        panic!("no fetch")
    };
    assert_eq!((f.uid, f.others[0].0.as_str()), (Some(4), "UNKNOWN"));
    let mut framer = Framer::default();
    framer
        .input()
        .extend_from_slice(b"* 20367 FETCH (BODY[] {99999999999999999999}\r\nwon't parse this)\r\n");
    assert!(framer.next_response().is_err());
}

// --- the expected side -------------------------------------------------------------------------------------------------

fn tagged(y: &Yaml) -> (String, &Yaml) {
    match y {
        Yaml::Tagged(t) => (t.tag.to_string().rsplit("::").next().unwrap_or_default().to_owned(), &t.value),
        other => (String::new(), other),
    }
}

/// A plain tree: sets in our canonical form, symbols as words in upper case with their backslash, missing as null.
fn plain(y: &Yaml) -> Value {
    let (kind, y) = tagged(y);
    match kind.as_str() {
        "SequenceSet" => {
            let text = word(&y["string"]);
            return UidSet::parse(&text).map_or(json!(text), |set| json!(set.to_string()));
        }
        "SearchResult" => {
            let modseq = y["ivars"].as_mapping().and_then(|m| m.values().next()).map_or(Value::Null, plain);
            return json!({"found": plain(&y["internal"]), "modseq": modseq});
        }
        "PartialResult" => {
            let (first, last) = (&tagged(&y["range"]).1["begin"], &tagged(&y["range"]).1["end"]);
            return json!({"range": [plain(first), plain(last)], "found": plain(&y["results"])});
        }
        "ThreadMember" => return json!({"number": plain(&y["seqno"]), "children": plain(&y["children"])}),
        "ExtensionData" => return plain(&y["data"]),
        "InvalidParseData" => {
            return json!({"unparsed": y["unparsed_data"].as_str().map(str::trim)});
        }
        _ => {}
    }
    match y {
        Yaml::Null => Value::Null,
        Yaml::Bool(b) => json!(b),
        Yaml::Number(n) => n.as_i64().map_or_else(|| json!(n.as_u64()), |n| json!(n)),
        Yaml::String(s) => json!(s),
        Yaml::Sequence(all) => all.iter().map(plain).collect(),
        Yaml::Mapping(m) => {
            Value::Object(m.iter().map(|(k, v)| (word(k), plain(v))).collect::<Map<String, Value>>())
        }
        Yaml::Tagged(_) => Value::Null,
    }
}

fn word(y: &Yaml) -> String {
    match y {
        Yaml::String(s) => s.clone(),
        Yaml::Number(n) => n.to_string(),
        other => format!("{other:?}"),
    }
}

/// `:Seen` is `\Seen`; system names do not mind their case.
fn flag(y: &Value) -> Value {
    let text = y.as_str().unwrap_or_default();
    json!(text.strip_prefix(':').map_or_else(|| text.to_owned(), |t| format!("\\{}", t.to_ascii_uppercase())))
}

fn sorted(v: Value) -> Value {
    let mut all: Vec<String> =
        v.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    all.sort();
    json!(all)
}

fn flags(v: &Value) -> Value {
    v.as_array().map(|all| all.iter().map(flag).collect()).unwrap_or(Value::Null)
}

fn expected(y: &Yaml) -> Value {
    let (kind, body) = tagged(y);
    let name = body["name"].as_str().unwrap_or_default().to_ascii_uppercase();
    let data = &body["data"];
    match kind.as_str() {
        "ContinuationRequest" => json!({"continue": plain(&tagged(data).1["text"])}),
        "TaggedResponse" => json!({"tag": word(&body["tag"]), "status": name, "text": text_of(data)}),
        "IgnoredResponse" => json!({"unknown": name}),
        _ if ["OK", "NO", "BAD", "BYE", "PREAUTH"].contains(&name.as_str()) => {
            json!({"status": name, "text": text_of(data)})
        }
        _ => json!({ name.clone(): data_of(&name, data) }),
    }
}

fn text_of(data: &Yaml) -> Value {
    let (_, body) = tagged(data);
    let code = &body["code"];
    let code = match tagged(code).1 {
        Yaml::Null => Value::Null,
        c => {
            let name = word(&c["name"]);
            let value = plain(&c["data"]);
            let value = if name == "PERMANENTFLAGS" { flags(&value) } else { value };
            json!({"name": name, "data": value})
        }
    };
    json!({"code": code, "text": plain(&body["text"])})
}

fn data_of(name: &str, data: &Yaml) -> Value {
    let tree = plain(data);
    match name {
        "FLAGS" => flags(&tree),
        "SEARCH" if tree.is_array() => json!({"found": tree, "modseq": null}),
        "LIST" | "LSUB" | "XLIST" => {
            json!({"attributes": flags(&tree["attr"]), "delimiter": tree["delim"], "name": tree["name"]})
        }
        "FETCH" | "UIDFETCH" => {
            let mut items = Map::new();
            let attr = &tagged(data).1["attr"];
            for (key, value) in attr.as_mapping().expect("items") {
                let key = word(key).to_ascii_uppercase();
                let value = match key.as_str() {
                    "FLAGS" => sorted(flags(&plain(value))), // ours are a set
                    "X-GM-LABELS" => flags(&plain(value)),
                    "BODY" | "BODYSTRUCTURE" => structure_of(value),
                    "INTERNALDATE" => json!(value.as_str().and_then(internal_date)),
                    "ENVELOPE" => envelope_of(&plain(value)),
                    _ => plain(value),
                };
                // NIL and nothing are the same to us, and so are the two names of the structure.
                if !value.is_null() {
                    items.insert(if key == "BODY" { "BODYSTRUCTURE".into() } else { key }, value);
                }
            }
            json!({"number": tree.get("seqno").or(tree.get("uid")), "items": items})
        }
        "QUOTA" => {
            json!({"root": tree["mailbox"], "usage": number(&tree["usage"]), "limit": number(&tree["quota"])})
        }
        _ => tree,
    }
}

fn number(v: &Value) -> Value {
    json!(v.as_str().and_then(|t| t.parse::<u64>().ok()))
}

/// Fields in any order, NIL and nothing the same.
fn envelope_of(v: &Value) -> Value {
    let mut v = v.clone();
    if let Some(fields) = v.as_object_mut() {
        fields.retain(|_, value| !value.is_null() && *value != json!([]));
    }
    v
}

/// A part with what is around it, in one shape for both: lower case where case means nothing, nothing for NIL.
fn structure_of(y: &Yaml) -> Value {
    let (kind, body) = tagged(y);
    let lower = |v: Value| v.as_str().map_or(Value::Null, |s| json!(s.to_ascii_lowercase()));
    let parameters = |v: &Value| -> Value {
        let pairs = v.as_object().into_iter().flatten();
        Value::Object(pairs.map(|(k, v)| (k.to_ascii_lowercase(), v.clone())).collect())
    };
    let mut out = Map::new();
    out.insert("kind".into(), lower(plain(&body["media_type"])));
    out.insert("subtype".into(), lower(plain(&body["subtype"])));
    out.insert("parameters".into(), parameters(&plain(&body["param"])));
    for (theirs, ours) in [
        ("content_id", "id"),
        ("description", "description"),
        ("md5", "md5"),
        ("location", "location"),
        ("lines", "lines"),
    ] {
        out.insert(ours.into(), plain(&body[theirs]));
    }
    out.insert(
        "encoding".into(),
        json!(plain(&body["encoding"]).as_str().unwrap_or_default().to_ascii_lowercase()),
    );
    out.insert("size".into(), json!(body["size"].as_u64().unwrap_or(0)));
    let disposition = plain(&body["disposition"]);
    out.insert(
        "disposition".into(),
        if disposition.is_null() {
            Value::Null
        } else {
            json!([lower(disposition["dsp_type"].clone()), parameters(&disposition["param"])])
        },
    );
    let language = match plain(&body["language"]) {
        Value::Array(all) => all,
        Value::Null => Vec::new(),
        one => vec![one],
    };
    out.insert("language".into(), language.into_iter().map(lower).collect());
    let extension = plain(&body["extension"]);
    out.insert("extension".into(), if extension.is_null() { json!([]) } else { extension });
    let mut children: Vec<Value> =
        body["parts"].as_sequence().into_iter().flatten().map(structure_of).collect();
    if kind == "BodyTypeMessage" {
        out.insert("envelope".into(), envelope_of(&plain(&body["envelope"])));
        children = vec![structure_of(&body["body"])];
    }
    out.insert("parts".into(), Value::Array(children));
    Value::Object(out)
}

// --- our side ----------------------------------------------------------------------------------------------------------

fn ours(raw: &str) -> Value {
    let mut framer = Framer::default();
    framer.input().extend_from_slice(raw.as_bytes());
    let Ok(Some(bytes)) = framer.next_response() else { return json!("no whole response") };
    match Response::parse(&bytes) {
        Response::Continue(text) => json!({ "continue": text }),
        Response::Tagged { tag, status, code, text } => {
            json!({"tag": tag, "status": status_of(status), "text": our_text(code, &text)})
        }
        Response::Status { status, code, text } => {
            json!({"status": status_of(status), "text": our_text(code, &text)})
        }
        Response::Unknown { name, .. } => json!({ "unknown": name }),
        Response::Capability(words) => json!({ "CAPABILITY": words }),
        Response::Enabled(words) => json!({ "ENABLED": words }),
        Response::Flags(names) => json!({"FLAGS": our_flags(&names)}),
        Response::List(l) => {
            let word = raw.split(' ').nth(1).unwrap_or_default();
            json!({word: {"attributes": our_flags(&l.attributes), "delimiter": l.delimiter,
                "name": String::from_utf8_lossy(&l.name)}})
        }
        Response::MailboxStatus(s) => json!({"STATUS": our_status(&s)}),
        Response::Namespace(n) => {
            json!({"NAMESPACE": {"personal": spaces(&n.personal), "other": spaces(&n.other), "shared": spaces(&n.shared)}})
        }
        Response::Search { found, modseq } => {
            json!({"SEARCH": {"found": found.iter().collect::<Vec<_>>(), "modseq": modseq}})
        }
        Response::Sort(found) => json!({ "SORT": found }),
        Response::Esearch(e) => {
            let mut data = Vec::new();
            let mut put = |name: &str, value: Option<Value>| data.extend(value.map(|v| json!([name, v])));
            put("MIN", e.min.map(Into::into));
            put("MAX", e.max.map(Into::into));
            put("COUNT", e.count.map(Into::into));
            put("ALL", e.all.as_ref().map(|s| json!(s.to_string())));
            put("MODSEQ", e.modseq.map(Into::into));
            put(
                "PARTIAL",
                e.partial.as_ref().map(|(range, found)| {
                    let mut ends: Vec<i64> = range.split(':').filter_map(|n| n.parse().ok()).collect();
                    ends.sort_unstable();
                    let found = if found.is_empty() { Value::Null } else { json!(found.to_string()) };
                    json!({"range": ends, "found": found})
                }),
            );
            json!({"ESEARCH": {"tag": e.tag, "uid": e.uid, "data": data}})
        }
        Response::Thread(nodes) => json!({"THREAD": children(&nodes, None)}),
        Response::Exists(n) => json!({ "EXISTS": n }),
        Response::Recent(n) => json!({ "RECENT": n }),
        Response::Expunge(n) => json!({ "EXPUNGE": n }),
        Response::Vanished { earlier, uids } => {
            json!({"VANISHED": {"uids": uids.to_string(), "earlier": earlier}})
        }
        Response::Fetch(f) => our_fetch(&f),
        Response::Id(pairs) => {
            json!({"ID": pairs.map(|p| p.into_iter().map(|(k, v)| (k, json!(v))).collect::<Map<_, _>>())})
        }
        Response::Quota { root, resources } => {
            json!({"QUOTA": {"root": root, "usage": resources[0].usage, "limit": resources[0].limit}})
        }
        Response::QuotaRoot { mailbox, roots } => {
            json!({"QUOTAROOT": {"mailbox": String::from_utf8_lossy(&mailbox), "quotaroots": roots}})
        }
        Response::Acl { mailbox, rights } => {
            let mailbox = String::from_utf8_lossy(&mailbox);
            let all: Vec<Value> =
                rights.iter().map(|(u, r)| json!({"user": u, "rights": r, "mailbox": mailbox})).collect();
            json!({ "ACL": all })
        }
        other => json!(format!("{other:?}")),
    }
}

fn status_of(status: Status) -> &'static str {
    match status {
        Status::Ok => "OK",
        Status::No => "NO",
        Status::Bad => "BAD",
        Status::Bye => "BYE",
        Status::Preauth => "PREAUTH",
    }
}

fn our_flags(names: &[String]) -> Vec<String> {
    names.iter().map(|n| if n.starts_with('\\') { n.to_ascii_uppercase() } else { n.clone() }).collect()
}

fn our_text(code: Option<Code>, text: &str) -> Value {
    let set = |uids: Vec<u32>| uids.into_iter().collect::<UidSet>().to_string();
    let named = |name: &str, data: Value| json!({"name": name, "data": data});
    let code = code.map(|code| match code {
        Code::Capability(words) => named("CAPABILITY", json!(words)),
        Code::UidValidity(n) => named("UIDVALIDITY", json!(n)),
        Code::UidNext(n) => named("UIDNEXT", json!(n)),
        Code::Unseen(n) => named("UNSEEN", json!(n)),
        Code::PermanentFlags(names) => named("PERMANENTFLAGS", json!(our_flags(&names))),
        Code::HighestModSeq(n) => named("HIGHESTMODSEQ", json!(n)),
        Code::NoModSeq => named("NOMODSEQ", Value::Null),
        Code::AppendUid { validity, uids } => {
            named("APPENDUID", json!({"uidvalidity": validity, "assigned_uids": set(uids)}))
        }
        Code::CopyUid { validity, from, to } => named(
            "COPYUID",
            json!({"uidvalidity": validity, "source_uids": set(from), "assigned_uids": set(to)}),
        ),
        Code::Modified(uids) => named("MODIFIED", json!(uids.to_string())),
        Code::BadCharset(all) => named("BADCHARSET", json!(all)),
        Code::MailboxId(id) => named("MAILBOXID", json!(id)),
        // A code of theirs that was not understood comes with what could not be read.
        Code::Other { name, argument } => {
            let broken = ["COPYUID", "CLOSED"].contains(&name.as_str());
            let kept = if argument.is_empty() { Value::Null } else { json!(argument) };
            named(
                &name,
                if broken && (name == "COPYUID" || !argument.is_empty()) {
                    json!({"unparsed": kept})
                } else {
                    kept
                },
            )
        }
    });
    json!({"code": code, "text": text})
}

fn our_status(s: &MailboxStatus) -> Value {
    let mut attr = Map::new();
    let mut put = |name: &str, value: Option<u64>| {
        if let Some(n) = value {
            attr.insert(name.to_owned(), json!(n));
        }
    };
    put("MESSAGES", s.messages.map(Into::into));
    put("UIDNEXT", s.uid_next.map(Into::into));
    put("UIDVALIDITY", s.uid_validity.map(Into::into));
    put("UNSEEN", s.unseen.map(Into::into));
    put("DELETED", s.deleted.map(Into::into));
    put("HIGHESTMODSEQ", s.highest_modseq);
    put("SIZE", s.size);
    put("APPENDLIMIT", s.append_limit);
    if let Some(id) = &s.mailbox_id {
        attr.insert("MAILBOXID".into(), json!(id));
    }
    for (name, value) in &s.others {
        attr.insert(name.clone(), node(value));
    }
    json!({"mailbox": String::from_utf8_lossy(&s.name), "attr": attr})
}

/// A value of the grammar as a tree; atoms that are numbers are numbers.
fn node(value: &Node) -> Value {
    match value {
        Node::List(items) => items.iter().map(node).collect(),
        Node::Atom(atom) => value.number().map_or_else(|| json!(String::from_utf8_lossy(atom)), |n| json!(n)),
        Node::Text(_) => json!(value.text()),
    }
}

fn spaces(all: &[Namespace]) -> Vec<Value> {
    all.iter()
        .map(|n| {
            let extensions: Map<String, Value> = n.extensions.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
            json!({"prefix": String::from_utf8_lossy(&n.prefix), "delim": n.delimiter, "extensions": extensions})
        })
        .collect()
}

fn children(nodes: &[ThreadNode], parent: Option<usize>) -> Vec<Value> {
    let mine = nodes.iter().enumerate().filter(|(_, n)| n.parent == parent);
    mine.map(|(i, n)| json!({"number": n.number, "children": children(nodes, Some(i))})).collect()
}

fn our_fetch(f: &Fetched) -> Value {
    let mut items = Map::new();
    let by_uid = f.seq == 0;
    if let (Some(uid), false) = (f.uid, by_uid) {
        items.insert("UID".into(), json!(uid));
    }
    if let Some(flags) = &f.flags {
        let mut names: Vec<String> =
            flags.names().split(' ').filter(|n| !n.is_empty()).map(str::to_owned).collect();
        names = our_flags(&names);
        items.insert("FLAGS".into(), sorted(json!(names)));
    }
    for (name, number) in [
        ("MODSEQ", f.modseq),
        ("RFC822.SIZE", f.size),
        ("X-GM-MSGID", f.gm_message_id),
        ("X-GM-THRID", f.gm_thread_id),
    ] {
        if let Some(n) = number {
            items.insert(name.into(), json!(n));
        }
    }
    if let Some(at) = f.internal_date {
        items.insert("INTERNALDATE".into(), json!(at));
    }
    if let Some(labels) = &f.gm_labels {
        items.insert("X-GM-LABELS".into(), json!(our_flags(labels)));
    }
    for (name, id) in [("EMAILID", &f.email_id), ("THREADID", &f.thread_id)] {
        if let Some(id) = id {
            items.insert(name.into(), json!(id));
        }
    }
    if let Some(e) = &f.envelope {
        items.insert("ENVELOPE".into(), our_envelope(e));
    }
    if let Some(s) = &f.structure {
        items.insert("BODYSTRUCTURE".into(), our_structure(s, 0));
    }
    for (name, bytes) in &f.sections {
        items.insert(name.clone(), json!(String::from_utf8_lossy(bytes)));
    }
    let number = if by_uid { f.uid } else { Some(f.seq) };
    json!({ if by_uid { "UIDFETCH" } else { "FETCH" }: {"number": number, "items": items} })
}

fn our_envelope(e: &Envelope) -> Value {
    let people = |all: &[Address]| -> Value {
        all.iter()
            .map(|a| json!({"name": a.name, "route": a.route, "mailbox": a.mailbox, "host": a.host}))
            .collect()
    };
    envelope_of(&json!({
        "date": e.date, "subject": e.subject, "from": people(&e.from), "sender": people(&e.sender),
        "reply_to": people(&e.reply_to), "to": people(&e.to), "cc": people(&e.cc), "bcc": people(&e.bcc),
        "in_reply_to": e.in_reply_to, "message_id": e.message_id,
    }))
}

fn our_structure(s: &Structure, at: usize) -> Value {
    let p = &s.parts[at];
    let parameters = |all: &[(String, String)]| -> Value {
        Value::Object(all.iter().map(|(k, v)| (k.clone(), json!(v))).collect())
    };
    let mut out = json!({
        "kind": p.kind, "subtype": p.subtype, "parameters": parameters(&p.parameters), "id": p.id,
        "description": p.description, "md5": p.md5, "location": p.location, "lines": p.lines,
        "encoding": p.encoding, "size": p.size,
        "disposition": p.disposition.as_ref().map(|(kind, all)| json!([kind, parameters(all)])),
        "language": p.language.iter().map(|l| l.to_ascii_lowercase()).collect::<Vec<_>>(),
        "extension": p.extension.iter().map(node).collect::<Vec<_>>(),
        "parts": (0..s.parts.len()).filter(|i| s.parts[*i].parent == Some(at)).map(|i| our_structure(s, i)).collect::<Vec<_>>(),
    });
    if let Some(e) = &p.envelope {
        out["envelope"] = our_envelope(e);
    }
    out
}

/// Flags that a list cannot hold are not lost.
#[test]
fn keywords_survive() {
    let Response::Fetch(f) = Response::parse(b"* 1 FETCH (FLAGS (\\Seen $MDNSent Custom))") else {
        panic!("no fetch")
    };
    assert_eq!(f.flags, Some(Flags::from_names(["\\Seen", "$MDNSent", "Custom"])));
}
