//! Appointments that mail brings (RFC 5545, RFC 5546, RFC 6047): what one says, and the answer to it.

use super::header::tidy_start;
use super::part::media_type_of;
use super::{guarded, render};
use crate::model::Address;
use calcard::common::PartialDateTime;
use calcard::common::timezone::Tz;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType as Component, ICalendarEntry,
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
/// Names, places and the like are shown so far, in characters.
pub(super) const SHORT: usize = 500;

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

    pub(super) fn status(self) -> Status {
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

pub(super) struct Calendar {
    pub(super) all: ICalendar,
    pub(super) method: Method,
    /// Where in it the appointment stands: the whole series, where there are more.
    at: usize,
}

impl Calendar {
    pub(super) fn event(&self) -> &ICalendarComponent {
        &self.all.components[self.at]
    }
}

pub(super) fn calendar_of(m: &Message<'_>) -> Option<Calendar> {
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
    match media_type_of(part).as_deref() {
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

pub(super) fn words(e: &ICalendarComponent, of: &Property, most: usize) -> String {
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

pub(super) fn person(entry: &ICalendarEntry) -> Address {
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
