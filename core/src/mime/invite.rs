//! Appointments that mail brings (RFC 5545, RFC 5546, RFC 6047): what one says, and the answer to it.

use super::header::tidy_start;
use super::{guarded, render};
use crate::model::Address;
use calcard::common::PartialDateTime;
use calcard::common::timezone::Tz;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType as Component, ICalendarEntry, ICalendarParameter,
    ICalendarParameterName as Parameter, ICalendarParticipationStatus as Status,
    ICalendarProperty as Property, ICalendarRecurrenceRule, ICalendarStatus, ICalendarValue as Value,
    utils::strip_mailto_scheme,
};
use chrono::{Datelike, NaiveDateTime, TimeZone};
use mail_parser::{Message, MessagePart, MimeHeaders, PartType};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Calendars above this are files like others: 512 KiB.
const LARGEST: usize = 512 << 10;
/// More guests are not named.
const GUESTS: usize = 300;
/// What is said of it is shown so far, in characters.
const WORDS: usize = 4000;
/// The longest appointment or name of a zone that is believed.
const SHORT: usize = 500;

/// What a calendar wants of whom it is sent to (RFC 5546 section 1.4).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(rename_all = "snake_case")]
pub enum Method {
    /// Told, and nothing asked.
    #[default]
    Publish,
    /// Invited; or told that it changed.
    Request,
    /// A guest answers.
    Reply,
    /// It does not take place, or not with the user.
    Cancel,
    /// A guest would like it otherwise.
    Counter,
}

impl Method {
    /// The name in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Publish => "publish",
            Method::Request => "request",
            Method::Reply => "reply",
            Method::Cancel => "cancel",
            Method::Counter => "counter",
        }
    }

    fn of(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "request" | "add" => Method::Request,
            "reply" => Method::Reply,
            "cancel" => Method::Cancel,
            "counter" => Method::Counter,
            _ => Method::Publish,
        }
    }
}

/// What a guest says to it (RFC 5545 section 3.2.12).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(rename = "InvitationAnswer", rename_all = "snake_case")]
pub enum Answer {
    /// Nothing yet.
    #[default]
    None,
    /// Comes.
    Accepted,
    /// Perhaps.
    Tentative,
    /// Does not come.
    Declined,
    /// Sends somebody else.
    Delegated,
}

impl Answer {
    /// The name in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Answer::None => "",
            Answer::Accepted => "accepted",
            Answer::Tentative => "tentative",
            Answer::Declined => "declined",
            Answer::Delegated => "delegated",
        }
    }

    /// From the name in the store, or in a calendar.
    pub fn of(name: &str) -> Self {
        let all = [Answer::Accepted, Answer::Tentative, Answer::Declined, Answer::Delegated];
        all.into_iter().find(|a| a.as_str().eq_ignore_ascii_case(name)).unwrap_or_default()
    }

    fn status(self) -> Status {
        match self {
            Answer::None => Status::NeedsAction,
            Answer::Accepted => Status::Accepted,
            Answer::Tentative => Status::Tentative,
            Answer::Declined => Status::Declined,
            Answer::Delegated => Status::Delegated,
        }
    }
}

/// Somebody who is invited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Guest {
    /// Who.
    pub who: Address,
    /// What they said, as far as the sender knew.
    pub answer: Answer,
    /// It takes place without them too.
    pub optional: bool,
}

/// How it comes again (RFC 5545 section 3.3.10), as far as that can be said in a few words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Repeats {
    /// day, week, month, year; empty = in some other way.
    pub every: String,
    /// Each so many of these.
    pub interval: u32,
    /// On these days of the week, 0 = Sunday; empty = that of the first.
    pub days: Vec<u8>,
    /// The last day, seconds since 1970; 0 = none is named.
    #[ts(type = "number")]
    pub until: i64,
    /// So many times; 0 = no number is named.
    pub count: u32,
}

/// An appointment as a message brings it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(rename = "Appointment")]
pub struct Event {
    /// By which it is known everywhere.
    pub uid: String,
    /// Of an appointment that comes again, the one that is meant, as it is written; empty = all.
    pub recurrence: String,
    /// What is wanted.
    pub method: Method,
    /// Which version of it.
    #[ts(type = "number")]
    pub sequence: i64,
    /// When this was written, seconds since 1970; 0 = it does not say.
    #[ts(type = "number")]
    pub stamp: i64,
    /// What it is called.
    pub summary: String,
    /// Where.
    pub place: String,
    /// What is said of it.
    pub description: String,
    /// When it begins, seconds since 1970; of whole days and of times without a zone as if that were UTC.
    #[ts(type = "number")]
    pub starts: i64,
    /// When it ends: the first moment, or the first day, that is not part of it.
    #[ts(type = "number")]
    pub ends: i64,
    /// Whole days.
    pub all_day: bool,
    /// The same by the clock wherever somebody is.
    pub floating: bool,
    /// The zone that it was made in, as IANA calls it; empty = none, or none that is known.
    pub zone: String,
    /// It comes again.
    pub repeats: Option<Repeats>,
    /// Who invites.
    pub organizer: Address,
    /// Who is invited, people and rooms.
    pub guests: Vec<Guest>,
    /// The page to meet on; empty = none.
    pub join: String,
    /// It says itself that it does not take place.
    pub cancelled: bool,
}

/// The appointment of a message; `None` where it brings none.
pub fn event(raw: &[u8]) -> Option<Event> {
    if !speaks(raw) {
        return None;
    }
    render::with_message(raw, |m| read(&calendar_of(m)?))
}

/// The appointment in a calendar file.
pub fn of_file(bytes: &[u8]) -> Option<Event> {
    guarded(move || read(&calendar(&String::from_utf8_lossy(bytes), None)?))
}

/// Whether it can bring one at all: most mail says nothing of the kind.
fn speaks(raw: &[u8]) -> bool {
    const NAMES: [&[u8]; 5] = [b"/calendar", b"/Calendar", b"/CALENDAR", b"/ics", b".ics"];
    NAMES.iter().any(|name| memchr::memmem::find(raw, name).is_some())
}

struct Calendar {
    all: ICalendar,
    method: Method,
    /// Where in it the appointment stands: the whole series, where there are more.
    at: usize,
}

impl Calendar {
    fn event(&self) -> &ICalendarComponent {
        &self.all.components[self.at]
    }
}

fn calendar_of(m: &Message<'_>) -> Option<Calendar> {
    let found = m.parts.iter().take(200).filter(|p| is_calendar(p)).find_map(|part| {
        let method = part.content_type().and_then(|c| c.attribute("method")).map(Method::of);
        let text = match &part.body {
            PartType::Text(text) => text.as_ref().into(),
            _ => String::from_utf8_lossy(part.contents()),
        };
        calendar(&text, method)
    });
    found.or_else(|| m.parts.iter().take(200).find_map(|p| calendar_of(p.message()?)))
}

/// By its type, or by its name where the type says nothing.
pub fn is_calendar(part: &MessagePart<'_>) -> bool {
    let kind = part.content_type();
    let kind = kind.map(|c| format!("{}/{}", c.ctype(), c.subtype().unwrap_or_default()).to_lowercase());
    match kind.as_deref() {
        Some("text/calendar" | "application/ics") => true,
        Some("application/octet-stream" | "text/plain") => {
            part.attachment_name().is_some_and(|n| n.to_ascii_lowercase().ends_with(".ics"))
        }
        _ => false,
    }
}

fn calendar(text: &str, method: Option<Method>) -> Option<Calendar> {
    if text.len() > LARGEST {
        return None;
    }
    let all = ICalendar::parse(text).ok()?;
    let whole = |c: &ICalendarComponent| !c.has_property(&Property::RecurrenceId);
    let events = || all.components.iter().enumerate().filter(|(_, c)| c.component_type == Component::VEvent);
    let at = events().find(|(_, c)| whole(c)).or_else(|| events().next())?.0;
    let said = all.components.first().and_then(|c| text_of(c, &Property::Method)).map(|m| Method::of(&m));
    Some(Calendar { method: said.or(method).unwrap_or_default(), at, all })
}

fn read(calendar: &Calendar) -> Option<Event> {
    let e = calendar.event();
    let zones = calendar.all.build_tz_resolver();
    let uid = text_of(e, &Property::Uid).map(|uid| tidy_start(uid.chars(), SHORT))?;
    let start = e.property(&Property::Dtstart);
    let all_day = start.and_then(time).is_some_and(|t| t.hour.is_none());
    let zone = start.and_then(|s| s.tz_id());
    let tz = zone.map_or(Tz::Floating, |name| zones.resolve_or_default(Some(name)));
    let starts = start.and_then(time).and_then(|t| moment(t, tz))?;
    let ends = e.property(&Property::Dtend).and_then(|end| {
        let tz = end.tz_id().map_or(Tz::Floating, |name| zones.resolve_or_default(Some(name)));
        moment(time(end)?, tz)
    });
    let lasts = || match e.property(&Property::Duration).and_then(|d| d.values.first()) {
        Some(Value::Duration(d)) => d.as_seconds().clamp(0, 400 * 86_400),
        _ if all_day => 86_400,
        _ => 0,
    };
    let floating = !all_day && tz.is_floating() && start.and_then(time).is_some_and(|t| t.tz_hour.is_none());
    let named = (!tz.is_floating() && !tz.is_utc()).then(|| tz.name()).flatten();
    let rule = e.property(&Property::Rrule).and_then(|r| r.values.first());
    Some(Event {
        recurrence: recurrence(e),
        method: calendar.method,
        sequence: integer(e, &Property::Sequence),
        stamp: e.property(&Property::Dtstamp).and_then(time).and_then(|t| moment(t, Tz::UTC)).unwrap_or(0),
        summary: words(e, &Property::Summary, SHORT),
        place: words(e, &Property::Location, SHORT),
        description: text_of(e, &Property::Description).map(|d| lines(&d)).unwrap_or_default(),
        starts,
        ends: ends.filter(|end| *end >= starts).unwrap_or_else(|| starts + lasts()),
        all_day,
        floating,
        zone: named.map(|n| n.into_owned()).unwrap_or_default(),
        repeats: match rule {
            Some(Value::RecurrenceRule(rule)) => Some(repeats(rule)),
            _ => e.has_property(&Property::Rdate).then(Repeats::default),
        },
        organizer: e.property(&Property::Organizer).map(person).unwrap_or_default(),
        guests: e.properties(&Property::Attendee).take(GUESTS).map(guest).collect(),
        join: join(e),
        cancelled: calendar.method == Method::Cancel || e.status() == Some(&ICalendarStatus::Cancelled),
        uid,
    })
}

fn text_of(e: &ICalendarComponent, of: &Property) -> Option<String> {
    let text = e.property(of)?.values.first()?.as_text()?;
    (!text.trim().is_empty()).then(|| text.to_owned())
}

fn words(e: &ICalendarComponent, of: &Property, most: usize) -> String {
    text_of(e, of).map(|t| tidy_start(t.chars(), most)).unwrap_or_default()
}

/// Text with its lines, without what could change how they look.
fn lines(text: &str) -> String {
    let mut out: Vec<String> = text.lines().map(|l| tidy_start(l.chars(), WORDS)).collect();
    out.dedup_by(|a, b| a.is_empty() && b.is_empty());
    let all = out.join("\n");
    all.trim().chars().take(WORDS).collect()
}

fn integer(e: &ICalendarComponent, of: &Property) -> i64 {
    e.property(of).and_then(|p| p.values.first()).and_then(Value::as_integer).unwrap_or(0)
}

fn time(of: &ICalendarEntry) -> Option<&PartialDateTime> {
    of.values.first()?.as_partial_date_time()
}

/// Seconds since 1970 of a time in a zone; where the clock shows it twice the first of the two, and where it never does what would have
/// been an hour before the change.
fn moment(at: &PartialDateTime, tz: Tz) -> Option<i64> {
    let told = at.to_date_time()?;
    let local: NaiveDateTime = told.date_time;
    if !(1..=9999).contains(&local.year()) {
        return None;
    }
    match told.offset {
        Some(east) => Some(local.and_utc().timestamp() - i64::from(east.local_minus_utc())),
        None => {
            let found = tz.from_local_datetime(&local).earliest();
            let found = found.or_else(|| {
                let before = local.checked_sub_signed(chrono::TimeDelta::hours(1))?;
                tz.from_local_datetime(&before).earliest()?.checked_add_signed(chrono::TimeDelta::hours(1))
            });
            found.map(|t| t.timestamp())
        }
    }
}

/// Which one of a series, so that two that mean the same are the same.
fn recurrence(e: &ICalendarComponent) -> String {
    e.property(&Property::RecurrenceId).and_then(time).and_then(compact).unwrap_or_default()
}

/// As calendars write it (RFC 5545 section 3.3.5).
fn compact(at: &PartialDateTime) -> Option<String> {
    let (year, month, day) = (at.year?, at.month?, at.day?);
    let clock = |h| format!("T{h:02}{:02}{:02}", at.minute.unwrap_or(0), at.second.unwrap_or(0));
    let zone = if at.tz_hour.is_some() { "Z" } else { "" };
    Some(format!("{year:04}{month:02}{day:02}{}{zone}", at.hour.map(clock).unwrap_or_default()))
}

fn person(entry: &ICalendarEntry) -> Address {
    let address = entry.calendar_address().unwrap_or_default();
    // RFC 7986 section 6.2: where the address of the calendar is none of mail.
    let mail = entry.parameter(&Parameter::Email).and_then(|p| p.as_text()).unwrap_or_default();
    let address = if address.contains('@') { address } else { strip_mailto_scheme(mail) };
    let name = entry.parameter(&Parameter::Cn).and_then(|p| p.as_text()).unwrap_or_default();
    let address = tidy_start(address.chars(), 320);
    let name = tidy_start(name.chars(), 200);
    Address { name: if name.eq_ignore_ascii_case(&address) { String::new() } else { name }, address }
}

fn guest(entry: &ICalendarEntry) -> Guest {
    let parameter = |of: &Parameter| entry.parameter(of).and_then(|p| p.as_text()).unwrap_or_default();
    Guest {
        who: person(entry),
        answer: Answer::of(parameter(&Parameter::Partstat)),
        optional: ["OPT-PARTICIPANT", "NON-PARTICIPANT"]
            .iter()
            .any(|role| parameter(&Parameter::Role).eq_ignore_ascii_case(role)),
    }
}

fn repeats(rule: &ICalendarRecurrenceRule) -> Repeats {
    use calcard::icalendar::ICalendarFrequency as F;
    let simple = rule.byyearday.is_empty() && rule.byweekno.is_empty() && rule.bysetpos.is_empty();
    let numbered = rule.byday.iter().any(|d| d.ordwk.is_some());
    let every = match rule.freq {
        F::Yearly if rule.byday.is_empty() => "year",
        F::Monthly if rule.byday.is_empty() => "month",
        F::Weekly if !numbered => "week",
        F::Daily if rule.byday.is_empty() => "day",
        _ => "",
    };
    let mut days: Vec<u8> = rule.byday.iter().map(|d| d.weekday as u8).collect();
    days.sort_unstable();
    days.dedup();
    Repeats {
        every: if simple { every.to_owned() } else { String::new() },
        interval: u32::from(rule.interval.unwrap_or(1).max(1)),
        days,
        until: rule.until.as_ref().and_then(|t| moment(t, Tz::UTC)).unwrap_or(0),
        count: rule.count.unwrap_or(0),
    }
}

/// The page of a meeting: what the calendar calls so, else what the large services leave (RFC 7986 section 5.11).
fn join(e: &ICalendarComponent) -> String {
    const OTHERS: [&str; 3] =
        ["X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL", "X-MICROSOFT-ONLINEMEETINGCONFLINK"];
    const HOSTS: [&str; 6] =
        ["meet.google.com", "teams.microsoft.com", "teams.live.com", "zoom.us", "webex.com", "meet.jit.si"];
    let page = |text: &str| {
        let url = url::Url::parse(text.trim()).ok()?;
        (url.scheme() == "https" && url.host_str().is_some()).then(|| url.to_string())
    };
    let own = e.property(&Property::Conference).and_then(|p| p.values.first()?.as_text().and_then(page));
    let others = || {
        e.entries.iter().find_map(|entry| match &entry.name {
            Property::Other(name) if OTHERS.iter().any(|o| o.eq_ignore_ascii_case(name)) => {
                page(entry.values.first()?.as_text()?)
            }
            _ => None,
        })
    };
    let in_text = || {
        let said =
            [Property::Location, Property::Url, Property::Description].map(|p| text_of(e, &p)).into_iter();
        said.flatten().find_map(|text| {
            let mut words = text.split(|c: char| c.is_whitespace() || "<>\"()".contains(c));
            words.find_map(|word| {
                let found = page(word.get(word.find("https://")?..)?)?;
                let host = url::Url::parse(&found).ok()?.host_str()?.to_owned();
                HOSTS.iter().any(|h| host == *h || host.ends_with(&format!(".{h}"))).then_some(found)
            })
        })
    };
    own.or_else(others).or_else(in_text).unwrap_or_default()
}

/// The answer to an invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// To whom it goes.
    pub to: Address,
    /// What it is an answer to.
    pub summary: String,
    /// The answer as a calendar.
    pub calendar: String,
}

/// The answer of `who`, at `now` (RFC 5546 section 3.2.3); `None` where nobody is there to be answered. What it says beside the answer is
/// copied, so that calendars which do not know the appointment any more still understand it.
pub fn reply(raw: &[u8], who: &Address, answer: Answer, now: i64) -> Option<Reply> {
    render::with_message(raw, |m| write(&calendar_of(m)?, who, answer, now))
}

fn write(calendar: &Calendar, who: &Address, answer: Answer, now: i64) -> Option<Reply> {
    const COPIED: [Property; 7] = [
        Property::Uid,
        Property::Sequence,
        Property::RecurrenceId,
        Property::Dtstart,
        Property::Dtend,
        Property::Summary,
        Property::Organizer,
    ];
    let asked = calendar.event();
    let organizer = asked.property(&Property::Organizer)?;
    let to = person(organizer);
    if calendar.method != Method::Request || !to.address.contains('@') {
        return None;
    }
    let mut event = ICalendarComponent::new(Component::VEvent);
    event.entries = COPIED.iter().filter_map(|p| asked.property(p)).cloned().collect();
    event.entries.push(ICalendarEntry::new(Property::Dtstamp).with_value(utc(now)?));
    let mut attendee = ICalendarEntry::new(Property::Attendee)
        .with_param(ICalendarParameter::partstat(answer.status()))
        .with_value(format!("mailto:{}", who.address));
    if !who.name.is_empty() {
        attendee.add_param(ICalendarParameter::cn(who.name.clone()));
    }
    event.entries.push(attendee);
    let mut whole = ICalendarComponent::new(Component::VCalendar);
    whole.add_property(Property::Prodid, "-//Malote//Malote//PT");
    whole.add_property(Property::Version, "2.0");
    whole.add_property(Property::Method, "REPLY");
    whole.component_ids = vec![1];
    let mut all = ICalendar { components: vec![whole, event] };
    all.copy_timezones(&calendar.all);
    let mut text = String::new();
    all.write_to(&mut text).ok()?;
    Some(Reply { to, summary: words(asked, &Property::Summary, SHORT), calendar: text })
}

fn utc(at: i64) -> Option<PartialDateTime> {
    let at = chrono::DateTime::from_timestamp(at, 0)?.naive_utc();
    use chrono::Timelike;
    Some(PartialDateTime {
        year: Some(at.year().try_into().ok()?),
        month: Some(at.month() as u8),
        day: Some(at.day() as u8),
        hour: Some(at.hour() as u8),
        minute: Some(at.minute() as u8),
        second: Some(at.second() as u8),
        tz_hour: Some(0),
        tz_minute: Some(0),
        tz_minus: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(
            (again.every.as_str(), again.interval, again.days, again.count),
            ("week", 2, vec![2, 4], 10)
        );
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
        let said = reply(&mail(ASKED), &ana, Answer::Tentative, 1_790_000_000)
            .unwrap_or_else(|| panic!("no answer"));
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
        for no in
            [ASKED.replace("METHOD:REQUEST", "METHOD:CANCEL"), ASKED.replace("ORGANIZER", "X-ORGANIZER")]
        {
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
        assert_eq!(
            of_file(said.calendar.as_bytes()).map(|e| e.recurrence).as_deref(),
            Some("20261208T100000")
        );
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
}
