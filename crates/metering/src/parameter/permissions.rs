//! The permissions of change tickets, by the names of the catalogue in `identity`.

use identity::Permission;

/// Start, enter and check a change ticket. Source: PARM-01.
pub const START: Permission = Permission("parameter.start");
/// Start a change ticket from another unit. Source: PARM-09.
pub const START_OTHER: Permission = Permission("parameter.start_other");
/// Audit the original data of a change ticket. Source: PARM-09.
pub const AUDIT: Permission = Permission("parameter.audit");
/// Dispatch change tickets. Source: PARM-07.
pub const DISPATCH: Permission = Permission("parameter.dispatch");
/// Archive change tickets. Source: PARM-07.
pub const ARCHIVE: Permission = Permission("parameter.archive");
/// Change a parameter that affects settlement. Source: PARM-01.
pub const CHANGE: Permission = Permission("parameter.change");
/// File a hold-issue request. Source: PARM-04.
pub const HOLD_ISSUE: Permission = Permission("parameter.hold_issue");
/// Make the second modification. Source: PARM-10.
pub const SECOND_MODIFY: Permission = Permission("parameter.second_modify");
/// List the changes in circulation. Source: PARM-03.
pub const LIST_RUNNING: Permission = Permission("parameter.list_running");
/// Feed back an inconsistency of parameters. Source: PARM-02.
pub const REPORT_INCONSISTENCY: Permission = Permission("review.report_inconsistency");
/// Issue an error list. Source: PARM-10.
pub const RAISE_ERROR_LIST: Permission = Permission("review.raise_error_list");
/// Confirm that a modification is right. Source: PARM-10.
pub const CONFIRM_CORRECTION: Permission = Permission("review.confirm_correction");
/// Report an adjustment of the reading plan. Source: PARM-13.
pub const PLAN_ADJUST: Permission = Permission("metering.plan_adjust");
/// Approve an adjustment of the reading plan. Source: PARM-13.
pub const PLAN_APPROVE: Permission = Permission("metering.plan_approve");
/// Maintain the reading plan. Source: PARM-13.
pub const PLAN_MAINTAIN: Permission = Permission("metering.plan_maintain");
/// Report and carry out an adjustment of the route. Source: PARM-14.
pub const ROUTE_ADJUST: Permission = Permission("metering.route_adjust");
/// Agree to an adjustment of the route. Source: PARM-14.
pub const ROUTE_AGREE: Permission = Permission("metering.route_agree");

/// All of them, to be compared with the catalogue of duties.
pub const ALL: &[Permission] = &[
    START,
    START_OTHER,
    AUDIT,
    DISPATCH,
    ARCHIVE,
    CHANGE,
    HOLD_ISSUE,
    SECOND_MODIFY,
    LIST_RUNNING,
    REPORT_INCONSISTENCY,
    RAISE_ERROR_LIST,
    CONFIRM_CORRECTION,
    PLAN_ADJUST,
    PLAN_APPROVE,
    PLAN_MAINTAIN,
    ROUTE_ADJUST,
    ROUTE_AGREE,
];
