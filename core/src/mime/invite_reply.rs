//! The answer to an invitation, as calendars read it (RFC 5546 section 3.2.3, RFC 6047).

use super::invite::{Answer, Calendar, Method, SHORT, calendar_of, person, words};
use super::render;
use crate::model::Address;
use calcard::common::PartialDateTime;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType as Component, ICalendarEntry, ICalendarParameter,
    ICalendarProperty as Property,
};
use chrono::{Datelike, Timelike};

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
    // Required (RFC 5545 section 3.7.3); which version it was, or on what, is nobody's business.
    whole.add_property(Property::Prodid, "-//Malote//EN");
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
