//! What the office goes by: the working calendar and parameters with dates. Time and approval limits are `workflow`'s.

use std::collections::BTreeMap;

use kernel::{Date, Effective, Month, Rate, WorkingCalendar};

use super::{OfficeError, Result};

/// The working calendar and the office's parameters; by day, so that an old month is replayed by its own.
#[derive(Debug, Clone)]
pub struct OfficeRules {
    /// Which days are worked.
    pub calendar: WorkingCalendar,
    parameters: BTreeMap<String, Effective<String>>,
}

fn below(error: workflow::WorkflowError) -> OfficeError {
    OfficeError::below(&error)
}

impl OfficeRules {
    /// The built-in parameters with the built-in calendar.
    pub fn built_in() -> Result<OfficeRules> {
        OfficeRules::new(WorkingCalendar::mainland_china()?, include_str!("../../data/parameters.csv"))
    }

    /// From lines `code,value,valid_from,requirement` under that heading.
    pub fn new(calendar: WorkingCalendar, parameters: &str) -> Result<OfficeRules> {
        let mut values: BTreeMap<String, Vec<(Date, String)>> = BTreeMap::new();
        for (line, text) in (2_u64..).zip(parameters.lines().skip(1)) {
            let wrong =
                |why: &str| OfficeError::BadData { file: "parameters.csv", line, why: why.to_owned() };
            let [code, value, from, _requirement] = text.split(',').map(str::trim).collect::<Vec<_>>()[..]
            else {
                return Err(wrong("four fields are needed"));
            };
            let from = from.parse().map_err(|_| wrong("valid_from is not a date"))?;
            values.entry(code.to_owned()).or_default().push((from, value.to_owned()));
        }
        let parameters = values
            .into_iter()
            .map(|(code, spells)| Ok((code, Effective::from_days(spells)?)))
            .collect::<Result<BTreeMap<_, _>>>()?;
        Ok(OfficeRules { calendar, parameters })
    }

    /// The last day of the deadline `code` when it starts on `from`; the day of the start does not count. (XC-07)
    pub fn due(&self, code: &str, from: Date) -> Result<Date> {
        workflow::rules::due_by_code(&self.calendar, code, from).map_err(below)
    }

    /// The last day on which a station confirms its receivable data of `month`: two days before its end. (RPT-03)
    pub fn confirm_by(&self, month: Month) -> Result<Date> {
        self.due("confirm_receivable", month.first_day())
    }

    /// Working days by which `done` is later than `due`; 0 when it is not, and at least 1 when it is.
    pub fn days_late(&self, due: Date, done: Date) -> Result<i64> {
        if done <= due {
            return Ok(0);
        }
        Ok(self.calendar.working_days_between(due, done)?.max(1))
    }

    /// The accounting error rate at which a month is flagged. (BILL-21)
    pub fn error_rate_flag(&self, day: Date) -> Result<Rate> {
        let found = self.parameters.get("error_rate_flag").and_then(|value| value.value_at(day));
        let text = found.ok_or_else(|| OfficeError::BadData {
            file: "parameters.csv",
            line: 1,
            why: format!("error_rate_flag has no value on {day}"),
        })?;
        Ok(text.parse()?)
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
            ("issue_clean_public", "2025-11-14", "2025-11-19"),
            ("issue_clean_dedicated", "2025-11-14", "2025-11-19"),
            ("feedback_public", "2025-11-14", "2025-11-18"),
            ("feedback_reading_anomaly", "2025-11-14", "2025-11-17"),
            ("feedback_other_anomaly", "2025-11-12", "2025-11-17"),
            ("issue_after_exception", "2025-09-29", "2025-10-09"),
            ("adjustment_handling", "2025-11-10", "2025-11-12"),
            ("issue_after_adjustment", "2025-11-10", "2025-11-12"),
            ("issue_after_held_change", "2025-11-10", "2025-11-12"),
            ("any_step", "2025-11-10", "2025-11-12"),
        ] {
            assert_eq!(rules.due(clock, day(from)).unwrap(), day(due), "{clock}");
        }
    }

    /// BILL-15, RPT-03
    #[test]
    fn lateness_is_counted_in_working_days() {
        let rules = OfficeRules::built_in().unwrap();
        for (done, days) in [("2025-11-14", 0), ("2025-11-15", 1), ("2025-11-17", 1), ("2025-11-18", 2)] {
            assert_eq!(rules.days_late(day("2025-11-14"), day(done)).unwrap(), days, "{done}");
        }
        assert_eq!(rules.confirm_by(Month::new(2025, 2).unwrap()).unwrap(), day("2025-02-26"));
    }

    #[test]
    fn a_wrong_data_file_is_refused_with_its_line() {
        let calendar = WorkingCalendar::mainland_china().unwrap();
        let wrong = OfficeRules::new(calendar, "code,value,valid_from,requirement\nx,1,someday,y");
        assert!(matches!(wrong, Err(OfficeError::BadData { line: 2, .. })));
    }
}
