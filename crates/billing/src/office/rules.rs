//! Time limits, approval limits and parameters as data with dates; clocks as pure functions.

use std::collections::BTreeMap;

use kernel::{Date, Effective, Money, Month, Rate, WorkingCalendar};

use super::{OfficeError, Result};

/// A time limit of the office.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clock {
    /// Issue of a clean bill, from the submission of the book. (BILL-04, BILL-05)
    IssueClean,
    /// Answer to a listed exception of a public-transformer customer. (BILL-11)
    FeedbackPublic,
    /// Answer to a ticket about a reading. (BILL-13)
    FeedbackReading,
    /// Answer to a ticket about anything else. (BILL-13)
    FeedbackOther,
    /// Issue once the data are in order. (BILL-11, BILL-14)
    IssueAfterException,
    /// Handling of an adjustment by the centre. (ADJ-14)
    HandleAdjustment,
    /// Issue once an adjustment is archived and followed up. (ADJ-16)
    IssueAfterAdjustment,
    /// Issue once a held change is archived. (PARM-05)
    IssueAfterHold,
    /// Any step without its own limit. (PARM-11)
    StepDefault,
    /// Confirmation of receivable data, counted back from the end of the month. (RPT-03)
    ConfirmReceivable,
}

impl Clock {
    /// All.
    pub const ALL: [Clock; 10] = [
        Clock::IssueClean,
        Clock::FeedbackPublic,
        Clock::FeedbackReading,
        Clock::FeedbackOther,
        Clock::IssueAfterException,
        Clock::HandleAdjustment,
        Clock::IssueAfterAdjustment,
        Clock::IssueAfterHold,
        Clock::StepDefault,
        Clock::ConfirmReceivable,
    ];
    /// Its code in the data file.
    pub const fn code(self) -> &'static str {
        match self {
            Clock::IssueClean => "issue_clean",
            Clock::FeedbackPublic => "feedback_public",
            Clock::FeedbackReading => "feedback_reading",
            Clock::FeedbackOther => "feedback_other",
            Clock::IssueAfterException => "issue_after_exception",
            Clock::HandleAdjustment => "handle_adjustment",
            Clock::IssueAfterAdjustment => "issue_after_adjustment",
            Clock::IssueAfterHold => "issue_after_hold",
            Clock::StepDefault => "step_default",
            Clock::ConfirmReceivable => "confirm_receivable",
        }
    }
}

/// How a deadline stands. (XC-08)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockState {
    /// Not done, and there is time.
    Running,
    /// Done in time.
    Met,
    /// Done late or still not done after its day: by so many working days.
    Late(i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limit {
    days: u32,
    working: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct ApprovalLimit {
    permission: String,
    post: String,
    from: Date,
    up_to: Option<Money>,
}

/// The working calendar and the office's limits; by day, so that an old month is replayed by its own.
#[derive(Debug, Clone)]
pub struct OfficeRules {
    /// Which days are worked.
    pub calendar: WorkingCalendar,
    limits: BTreeMap<String, Effective<Limit>>,
    approvals: Vec<ApprovalLimit>,
    parameters: BTreeMap<String, Effective<String>>,
}

fn rows(file: &'static str, text: &str, fields: usize) -> Result<Vec<(u64, Vec<String>)>> {
    let bad = |line, why: String| OfficeError::BadData { file, line, why };
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate().skip(1) {
        let number = index as u64 + 1;
        let row: Vec<String> = line.split(',').map(|field| field.trim().to_owned()).collect();
        if row.len() != fields {
            return Err(bad(number, format!("{} fields instead of {fields}", row.len())));
        }
        found.push((number, row));
    }
    Ok(found)
}

impl OfficeRules {
    /// The built-in limits with the built-in calendar.
    pub fn built_in() -> Result<OfficeRules> {
        OfficeRules::new(
            WorkingCalendar::mainland_china()?,
            include_str!("../../data/time_limits.csv"),
            include_str!("../../data/approval_limits.csv"),
            include_str!("../../data/parameters.csv"),
        )
    }

    /// From the texts of three data files (time limits, approval limits, parameters) with a heading each.
    pub fn new(calendar: WorkingCalendar, limits: &str, approvals: &str, parameters: &str) -> Result<OfficeRules> {
        let bad = |file, line, why: &str| OfficeError::BadData { file, line, why: why.to_owned() };
        let mut days: BTreeMap<String, Vec<(Date, Limit)>> = BTreeMap::new();
        for (line, row) in rows("time_limits.csv", limits, 6)? {
            let wrong = |why| bad("time_limits.csv", line, why);
            let working = match row[2].as_str() {
                "working" => true,
                "calendar" => false,
                _ => return Err(wrong("the unit must be working or calendar")),
            };
            let count = row[1].parse().ok().filter(|days| (1..=366).contains(days));
            let limit = Limit { days: count.ok_or_else(|| wrong("days must be 1 to 366"))?, working };
            let from = row[4].parse().map_err(|_| wrong("valid_from is not a date"))?;
            days.entry(row[0].clone()).or_default().push((from, limit));
        }
        let limits = days
            .into_iter()
            .map(|(code, spells)| Ok((code, Effective::from_days(spells)?)))
            .collect::<Result<BTreeMap<_, _>>>()?;
        if let Some(missing) = Clock::ALL.into_iter().find(|clock| !limits.contains_key(clock.code())) {
            return Err(bad("time_limits.csv", 1, &format!("{} is missing", missing.code())));
        }
        let mut approval = Vec::new();
        for (line, row) in rows("approval_limits.csv", approvals, 4)? {
            let wrong = |why| bad("approval_limits.csv", line, why);
            let up_to = match row[2].as_str() {
                "" => None,
                text => Some(text.parse().map_err(|_| wrong("up_to is not an amount"))?),
            };
            let from = row[3].parse().map_err(|_| wrong("valid_from is not a date"))?;
            approval.push(ApprovalLimit { permission: row[0].clone(), post: row[1].clone(), from, up_to });
        }
        let mut values: BTreeMap<String, Vec<(Date, String)>> = BTreeMap::new();
        for (line, row) in rows("parameters.csv", parameters, 4)? {
            let from = row[2].parse().map_err(|_| bad("parameters.csv", line, "valid_from is not a date"))?;
            values.entry(row[0].clone()).or_default().push((from, row[1].clone()));
        }
        let parameters = values
            .into_iter()
            .map(|(code, spells)| Ok((code, Effective::from_days(spells)?)))
            .collect::<Result<BTreeMap<_, _>>>()?;
        Ok(OfficeRules { calendar, limits, approvals: approval, parameters })
    }

    fn limit(&self, clock: Clock, day: Date) -> Result<Limit> {
        self.limits.get(clock.code()).and_then(|limit| limit.value_at(day)).copied().ok_or_else(|| {
            OfficeError::BadData {
                file: "time_limits.csv",
                line: 1,
                why: format!("{} has no value on {day}", clock.code()),
            }
        })
    }

    /// The last day of `clock` when it starts on `from`; the day of the start does not count. (XC-07)
    pub fn due(&self, clock: Clock, from: Date) -> Result<Date> {
        let limit = self.limit(clock, from)?;
        if limit.working {
            Ok(self.calendar.add_working_days(from, limit.days)?)
        } else {
            Ok(from.plus_days(i64::from(limit.days))?)
        }
    }

    /// The last day on which a station confirms its receivable data of `month`: so many days before its end. (RPT-03)
    pub fn confirm_by(&self, month: Month) -> Result<Date> {
        let last = month.last_day();
        Ok(last.plus_days(-i64::from(self.limit(Clock::ConfirmReceivable, last)?.days))?)
    }

    /// How a deadline stands on `today`. Lateness is counted in working days and is at least 1 when the day has passed.
    pub fn state(&self, due: Date, done: Option<Date>, today: Date) -> Result<ClockState> {
        let reached = done.unwrap_or(today);
        if reached > due {
            return Ok(ClockState::Late(self.calendar.working_days_between(due, reached)?.max(1)));
        }
        Ok(if done.is_some() { ClockState::Met } else { ClockState::Running })
    }

    /// May somebody in `post` use `permission` for `amount` on `day`? The sign does not matter. (ADJ-03)
    pub fn may_approve(&self, permission: &str, post: &str, amount: Money, day: Date) -> Result<bool> {
        let size = amount.abs()?;
        let held = self.approvals.iter().filter(|limit| {
            limit.permission == permission && limit.post == post && limit.from <= day
        });
        Ok(held.max_by_key(|limit| limit.from).is_some_and(|limit| limit.up_to.is_none_or(|up_to| size <= up_to)))
    }

    fn parameter(&self, code: &'static str, day: Date) -> Result<&str> {
        let found = self.parameters.get(code).and_then(|value| value.value_at(day));
        found.map(String::as_str).ok_or_else(|| OfficeError::BadData {
            file: "parameters.csv",
            line: 1,
            why: format!("{code} has no value on {day}"),
        })
    }

    /// A refund above this needs a company leader. (ADJ-17)
    pub fn large_refund(&self, day: Date) -> Result<Money> {
        Ok(self.parameter("large_refund", day)?.parse()?)
    }

    /// The accounting error rate at which a month is flagged. (BILL-21)
    pub fn error_rate_flag(&self, day: Date) -> Result<Rate> {
        Ok(self.parameter("error_rate_flag", day)?.parse()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    /// BILL-04, BILL-05, BILL-11, BILL-13, BILL-14, ADJ-14, ADJ-16, PARM-05, PARM-11: the clocks of the office.
    #[test]
    fn deadlines_skip_weekends_and_holidays() {
        let rules = OfficeRules::built_in().unwrap();
        for (clock, from, due) in [
            (Clock::IssueClean, "2025-11-14", "2025-11-19"),
            (Clock::FeedbackPublic, "2025-11-14", "2025-11-18"),
            (Clock::FeedbackReading, "2025-11-14", "2025-11-17"),
            (Clock::FeedbackOther, "2025-11-12", "2025-11-17"),
            (Clock::IssueAfterException, "2025-09-29", "2025-10-09"),
            (Clock::HandleAdjustment, "2025-11-10", "2025-11-12"),
            (Clock::IssueAfterAdjustment, "2025-11-10", "2025-11-12"),
            (Clock::IssueAfterHold, "2025-11-10", "2025-11-12"),
            (Clock::StepDefault, "2025-11-10", "2025-11-12"),
        ] {
            assert_eq!(rules.due(clock, day(from)).unwrap(), day(due), "{clock:?}");
        }
    }

    /// XC-08, RPT-03
    #[test]
    fn a_deadline_is_running_met_or_late() {
        let rules = OfficeRules::built_in().unwrap();
        let due = day("2025-11-14");
        let state = |done: Option<&str>, today| rules.state(due, done.map(day), day(today)).unwrap();
        assert_eq!(state(None, "2025-11-14"), ClockState::Running);
        assert_eq!(state(Some("2025-11-14"), "2025-11-20"), ClockState::Met);
        assert_eq!(state(None, "2025-11-15"), ClockState::Late(1));
        assert_eq!(state(Some("2025-11-18"), "2025-11-30"), ClockState::Late(2));
        assert_eq!(rules.confirm_by(Month::new(2025, 2).unwrap()).unwrap(), day("2025-02-26"));
    }

    /// ADJ-03, ADJ-17: approval by amount is data.
    #[test]
    fn approval_goes_by_amount() {
        let rules = OfficeRules::built_in().unwrap();
        let may = |post, amount: &str| {
            let amount = amount.parse().unwrap();
            rules.may_approve("adjustment.approve_station", post, amount, day("2025-11-14")).unwrap()
        };
        assert!(may("station_head", "-5000.00"));
        assert!(!may("station_head", "-5000.01"));
        assert!(may("marketing_officer", "5000.01"));
        assert!(!may("reviewer", "1.00"));
        assert_eq!(rules.large_refund(day("2025-11-14")).unwrap(), "10000.00".parse().unwrap());
    }

    #[test]
    fn a_wrong_data_file_is_refused_with_its_line() {
        let calendar = WorkingCalendar::mainland_china().unwrap();
        let head = "code,days,unit,answerable,valid_from,requirement\n";
        let wrong = OfficeRules::new(calendar, &format!("{head}issue_clean,0,working,centre,1996-10-08,x"), "", "");
        assert!(matches!(wrong, Err(OfficeError::BadData { line: 2, .. })));
    }
}
