//! Invitations as programs write them, and answers to them.

use super::invite::*;
use super::invite_reply::reply;
use crate::model::Address;

const ASKED: &str = "BEGIN:VCALENDAR\r\nPRODID:-//x\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nTZID:E. South America Standard Time\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nTZOFFSETFROM:-0300\r\nTZOFFSETTO:-0300\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nORGANIZER;CN=Bia Souza:mailto:bia@x.test\r\nATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=ana@exemplo.test:MAILTO:ana@exemplo.test\r\nATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=ACCEPTED;CN=Carla:mailto:carla@x.test\r\nDESCRIPTION:Pauta:\\n\\n1. obra\\nEntrar: https://meet.google.com/abc-defg-hij agora\r\nUID:um@x\r\nSUMMARY:Reunião\\, a de sempre\r\nDTSTART;TZID=E. South America Standard Time:20261201T100000\r\nDTEND;TZID=E. South America Standard Time:20261201T113000\r\nRRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;COUNT=10\r\nDTSTAMP:20261120T120000Z\r\nSEQUENCE:3\r\nLOCATION:Sala 2\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

fn mail(calendar: &str) -> Vec<u8> {
    format!("From: bia@x.test\r\nSubject: Convite\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nConvite\r\n--b\r\nContent-Type: text/calendar; method=REQUEST; charset=UTF-8\r\n\r\n{calendar}--b--\r\n").into_bytes()
}

fn read_one(calendar: &str) -> Event {
    event(&mail(calendar)).unwrap_or_else(|| panic!("no appointment in {calendar}"))
}

#[test]
fn an_invitation_is_read() {
    let e = read_one(ASKED);
    // 10:00 in São Paulo, by a zone that is called as Windows calls it.
    assert_eq!((e.starts, e.ends - e.starts), (1_796_130_000, 5400));
    assert_eq!((e.zone.as_str(), e.all_day, e.floating), ("America/Sao_Paulo", false, false));
    assert_eq!((e.summary.as_str(), e.place.as_str()), ("Reunião, a de sempre", "Sala 2"));
    assert_eq!(e.description, "Pauta:\n\n1. obra\nEntrar: https://meet.google.com/abc-defg-hij agora");
    assert_eq!(e.join, "https://meet.google.com/abc-defg-hij");
    assert_eq!(
        (e.method, e.sequence, e.uid.as_str(), e.recurrence.as_str()),
        (Method::Request, 3, "um@x", "")
    );
    assert_eq!(e.organizer, Address { name: "Bia Souza".into(), address: "bia@x.test".into() });
    assert_eq!(e.guests.len(), 2);
    assert_eq!((e.guests[1].answer, e.guests[1].optional), (Answer::Accepted, true));
    assert_eq!(e.guests[0].who, Address { name: String::new(), address: "ana@exemplo.test".into() });
    let again = e.repeats.unwrap_or_default();
    assert_eq!((again.every.as_str(), again.interval, again.days, again.count), ("week", 2, vec![2, 4], 10));
}

#[test]
fn times_of_all_kinds() {
    let at = |start: &str, end: &str| {
        let one = ASKED.lines().map(|l| match l {
            l if l.starts_with("DTSTART;TZ") => start,
            l if l.starts_with("DTEND;TZ") => end,
            l => l,
        });
        let e = read_one(&one.filter(|l| !l.is_empty()).map(|l| format!("{l}\r\n")).collect::<String>());
        (e.starts, e.ends - e.starts, e.all_day, e.floating, e.zone)
    };
    let day = 1_796_083_200; // 2026-12-01, UTC
    assert_eq!(
        at("DTSTART;VALUE=DATE:20261201", "DTEND;VALUE=DATE:20261203"),
        (day, 2 * 86_400, true, false, String::new())
    );
    assert_eq!(at("DTSTART;VALUE=DATE:20261201", ""), (day, 86_400, true, false, String::new()));
    assert_eq!(
        at("DTSTART:20261201T100000Z", "DURATION:PT90M"),
        (day + 36_000, 5400, false, false, String::new())
    );
    assert_eq!(
        at("DTSTART:20261201T100000", "DTEND:20261201T110000"),
        (day + 36_000, 3600, false, true, String::new())
    );
    assert_eq!(
        at("DTSTART;TZID=Asia/Tokyo:20261201T100000", "DTEND:20261130T000000Z"),
        (day + 3600, 0, false, false, "Asia/Tokyo".into()),
        "an end before the beginning"
    );
    // The clock showed 1:30 twice, and 2:30 never.
    assert_eq!(at("DTSTART;TZID=America/New_York:20261101T013000", "").0, 1_793_511_000);
    assert_eq!(at("DTSTART;TZID=America/New_York:20260308T023000", "").0, 1_772_955_000);
    assert!(at("DTSTART;TZID=Nowhere/Land:20261201T100000", "").3, "a zone that nobody knows");
}

#[test]
fn an_answer_says_what_is_asked_for() {
    let ana = Address { name: "Ana".into(), address: "ana@exemplo.test".into() };
    let said =
        reply(&mail(ASKED), &ana, Answer::Tentative, 1_790_000_000).unwrap_or_else(|| panic!("no answer"));
    assert_eq!((said.to.address.as_str(), said.summary.as_str()), ("bia@x.test", "Reunião, a de sempre"));
    let back = of_file(said.calendar.as_bytes()).unwrap_or_else(|| panic!("{}", said.calendar));
    let asked = read_one(ASKED);
    assert_eq!((back.method, &back.uid, back.sequence), (Method::Reply, &asked.uid, 3));
    assert_eq!(
        (back.starts, back.ends, back.stamp, &back.zone),
        (asked.starts, asked.ends, 1_790_000_000, &asked.zone)
    );
    assert_eq!(
        back.guests,
        [Guest { who: ana.clone(), answer: Answer::Tentative, optional: false }],
        "nobody else"
    );
    assert!(!said.calendar.contains("Pauta") && !said.calendar.contains("RRULE"), "{}", said.calendar);
    assert!(said.calendar.lines().all(|l| l.len() <= 75), "{}", said.calendar);
    for no in [ASKED.replace("METHOD:REQUEST", "METHOD:CANCEL"), ASKED.replace("ORGANIZER", "X-ORGANIZER")] {
        assert_eq!(reply(&mail(&no), &ana, Answer::Accepted, 0), None);
    }
}

#[test]
fn one_of_a_series() {
    let one =
        ASKED.replace("SEQUENCE:3", "RECURRENCE-ID;TZID=E. South America Standard Time:20261208T100000");
    assert_eq!(read_one(&one).recurrence, "20261208T100000");
    let ana = Address { name: String::new(), address: "ana@exemplo.test".into() };
    let said = reply(&mail(&one), &ana, Answer::Declined, 0).unwrap_or_else(|| panic!("no answer"));
    assert_eq!(of_file(said.calendar.as_bytes()).map(|e| e.recurrence).as_deref(), Some("20261208T100000"));
}

#[test]
fn whatever_it_is_nothing_breaks() {
    for bad in [
        "",
        "BEGIN:VCALENDAR",
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:99999999T999999\r\nUID:a\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
    ] {
        assert_eq!(event(&mail(bad)), None, "{bad}");
    }
    let raw = mail(ASKED);
    for at in 0..raw.len() {
        let _ = event(&raw[..at]);
    }
    let deep = "BEGIN:VEVENT\r\n".repeat(30_000);
    let _ = event(&mail(&deep));
    assert_eq!(event(b"Subject: a\r\n\r\nBEGIN:VCALENDAR"), None);
}
