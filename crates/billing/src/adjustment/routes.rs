//! The routes as a table: who starts, which ticket carries it, who is answerable for what. (ADJ-01..10)

use identity::Permission;
use kernel::{Bilingual, Lang};

use crate::office::{Party, permission};

/// Why an adjustment is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Tariff policy change (电价政策调整).
    TariffPolicy,
    /// Low-income relief (低保减免).
    LowIncomeRelief,
    /// Instruction of a superior (上级部门批示).
    SuperiorInstruction,
    /// Fault handling (故障处理).
    FaultHandling,
    /// The station's own error.
    StationError,
    /// System error.
    SystemError,
    /// Insufficient review (复核不到位).
    InsufficientReview,
    /// Metering fault: quantity (电量退补).
    MeteringQuantity,
    /// Metering fault: fee (电费退补).
    MeteringFee,
    /// Marketing error found by inspection (营销差错).
    MarketingError,
    /// Use in breach of contract (违约用电).
    BreachOfContract,
}

/// How an adjustment goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The kind of ticket, and of approval, that carries it.
    pub ticket_kind: &'static str,
    /// Who may start it.
    pub starts: Permission,
    /// It is started on a ticket of the metering institute. (ADJ-06)
    pub on_request: bool,
    /// The station audits the original data. (ADJ-04, ADJ-05, ADJ-07)
    pub audited: bool,
    /// The centre must telephone the station to create the electronic book. (ADJ-08)
    pub needs_call: bool,
    /// Answerable for original data, method and result. (ADJ-09)
    pub answerable: Party,
    /// Answerable for the basis. (ADJ-10)
    pub basis: Party,
}

impl Cause {
    /// All, in order of their numbers.
    pub const ALL: [Cause; 11] = [
        Cause::TariffPolicy,
        Cause::LowIncomeRelief,
        Cause::SuperiorInstruction,
        Cause::FaultHandling,
        Cause::StationError,
        Cause::SystemError,
        Cause::InsufficientReview,
        Cause::MeteringQuantity,
        Cause::MeteringFee,
        Cause::MarketingError,
        Cause::BreachOfContract,
    ];
    /// The stored number.
    pub const fn number(self) -> i64 {
        self as i64
    }
    /// The cause with a stored number.
    pub fn from_number(number: i64) -> Option<Cause> {
        Cause::ALL.into_iter().find(|cause| cause.number() == number)
    }
    /// An error of the centre, counted in the accounting error rate. (BILL-21)
    pub const fn is_centre_error(self) -> bool {
        matches!(self, Cause::SystemError | Cause::InsufficientReview)
    }

    /// The route an adjustment of this cause takes.
    pub const fn route(self) -> Route {
        let station = Route {
            ticket_kind: "adjustment_station",
            starts: permission::START_STATION,
            on_request: false,
            audited: false,
            needs_call: false,
            answerable: Party::Station,
            basis: Party::Station,
        };
        match self {
            Cause::TariffPolicy
            | Cause::LowIncomeRelief
            | Cause::SuperiorInstruction
            | Cause::FaultHandling
            | Cause::StationError => station,
            Cause::SystemError | Cause::InsufficientReview => Route {
                ticket_kind: "adjustment_centre",
                starts: permission::START_CENTRE,
                on_request: false,
                audited: true,
                needs_call: true,
                answerable: Party::Centre,
                basis: Party::Centre,
            },
            Cause::MeteringQuantity => Route {
                ticket_kind: "adjustment_metering",
                starts: permission::START_METERING,
                on_request: false,
                audited: true,
                needs_call: true,
                answerable: Party::MeteringInstitute,
                basis: Party::MeteringInstitute,
            },
            Cause::MeteringFee => {
                Route { on_request: true, needs_call: true, basis: Party::MeteringInstitute, ..station }
            }
            Cause::MarketingError | Cause::BreachOfContract => Route {
                ticket_kind: "adjustment_inspection",
                starts: permission::START_INSPECTION,
                on_request: false,
                audited: true,
                needs_call: true,
                answerable: Party::Inspection,
                basis: Party::Inspection,
            },
        }
    }
}

impl Bilingual for Cause {
    fn text(&self, lang: Lang) -> String {
        let (zh, en) = match self {
            Cause::TariffPolicy => ("电价政策调整", "tariff policy change"),
            Cause::LowIncomeRelief => ("低保减免", "low-income relief"),
            Cause::SuperiorInstruction => ("上级部门批示", "instruction of a superior"),
            Cause::FaultHandling => ("故障处理", "fault handling"),
            Cause::StationError => ("基层单位差错", "error of the station"),
            Cause::SystemError => ("系统差错", "system error"),
            Cause::InsufficientReview => ("复核不到位", "insufficient review"),
            Cause::MeteringQuantity => ("计量故障（电量）", "metering fault, quantity"),
            Cause::MeteringFee => ("计量故障（电费）", "metering fault, fee"),
            Cause::MarketingError => ("营销差错", "marketing error"),
            Cause::BreachOfContract => ("违约用电", "use in breach of contract"),
        };
        if lang == Lang::Zh { zh.into() } else { en.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use workflow::Catalogue;

    /// ADJ-01, ADJ-04..07, ADJ-08, ADJ-09, ADJ-10: who starts, who is answerable, who is called.
    #[test]
    fn each_cause_takes_its_route() {
        use Party::{Centre, Inspection, MeteringInstitute, Station};
        for (cause, kind, audited, call, answerable, basis) in [
            (Cause::TariffPolicy, "adjustment_station", false, false, Station, Station),
            (Cause::LowIncomeRelief, "adjustment_station", false, false, Station, Station),
            (Cause::SuperiorInstruction, "adjustment_station", false, false, Station, Station),
            (Cause::FaultHandling, "adjustment_station", false, false, Station, Station),
            (Cause::StationError, "adjustment_station", false, false, Station, Station),
            (Cause::SystemError, "adjustment_centre", true, true, Centre, Centre),
            (Cause::InsufficientReview, "adjustment_centre", true, true, Centre, Centre),
            (
                Cause::MeteringQuantity,
                "adjustment_metering",
                true,
                true,
                MeteringInstitute,
                MeteringInstitute,
            ),
            (Cause::MeteringFee, "adjustment_station", false, true, Station, MeteringInstitute),
            (Cause::MarketingError, "adjustment_inspection", true, true, Inspection, Inspection),
            (Cause::BreachOfContract, "adjustment_inspection", true, true, Inspection, Inspection),
        ] {
            let route = cause.route();
            assert_eq!(
                (route.ticket_kind, route.audited, route.needs_call, route.answerable, route.basis),
                (kind, audited, call, answerable, basis),
                "{cause:?}"
            );
            let ticket = Catalogue::built_in().ticket(kind).unwrap();
            assert_eq!(ticket.raise_permission, route.starts, "{cause:?}");
            assert_eq!(ticket.transitions.iter().any(|step| step.act == "audit"), audited, "{cause:?}");
        }
    }

    /// ADJ-02: nobody at the centre can start an adjustment of a station's cause.
    #[test]
    fn the_centre_starts_only_its_own() {
        let reviewer = identity::Catalogue::built_in().post("reviewer").unwrap();
        for cause in Cause::ALL {
            assert_eq!(
                reviewer.permissions.contains(cause.route().starts.0),
                cause.is_centre_error(),
                "{cause:?}"
            );
        }
    }
}
