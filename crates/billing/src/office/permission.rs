//! The permissions of the billing office, as `identity` names them.

use identity::Permission;

macro_rules! permissions {
    ($($name:ident = $code:literal, $en:literal;)*) => {
        $(#[doc = $en] pub const $name: Permission = Permission($code);)*
        /// Every permission the office asks for.
        pub const ALL: &[Permission] = &[$($name),*];
    };
}

permissions! {
    RETURN_STEP = "billing.return_step", "Send a book back one step with a reason. (BILL-23)";
    RAISE_EXCEPTION = "billing.raise_exception", "Produce exception lists and forms. (BILL-10)";
    ANSWER_EXCEPTION = "billing.answer_exception", "Answer an exception. (BILL-11)";
    CLOSE_EXCEPTION = "billing.close_exception", "Close an exception. (BILL-14)";
    SET_SUSPICION = "billing.set_suspicion", "Change who decides, the 30 % rule or the score. (BILL-08)";
    PROPOSE_RELEASE = "billing.propose_release", "Propose to release a held bill. (BILL-14)";
    CONFIRM_RELEASE = "billing.confirm_release", "Confirm the release of a held bill. (BILL-14)";
    SUBMIT_BOOK = "metering.submit_book", "Submit a book to accounting. (READ-05)";
    URGE = "billing.urge", "Urge the issue of a book. (BILL-07)";
    ANSWER_URGE = "billing.answer_urge", "Answer an urge. (BILL-07)";
    ISSUE = "billing.issue", "Issue. (BILL-01)";
    START_STATION = "adjustment.start_station", "Start an adjustment of a station's cause. (ADJ-01)";
    START_CENTRE = "adjustment.start_centre", "Start an adjustment of a system or review error. (ADJ-04)";
    START_METERING = "adjustment.start_metering", "Start a quantity adjustment for a metering fault. (ADJ-05)";
    RAISE_METERING_FEE = "adjustment.raise_metering_fee", "Raise a ticket for a fee adjustment. (ADJ-06)";
    RECEIVE_METERING_FEE = "adjustment.receive_metering_fee", "Take up a ticket for a fee adjustment. (ADJ-06)";
    START_INSPECTION = "adjustment.start_inspection", "Start an adjustment for an error or a breach. (ADJ-07)";
    APPROVE_STATION = "adjustment.approve_station", "Approve a station's adjustment. (ADJ-03)";
    APPROVE_CENTRE = "adjustment.approve_centre", "Approve inside the centre. (ADJ-04)";
    APPROVE_METERING = "adjustment.approve_metering", "Approve inside the metering institute. (ADJ-05)";
    APPROVE_INSPECTION = "adjustment.approve_inspection", "Approve as head of inspection. (ADJ-07)";
    APPROVE_LEADER = "adjustment.approve_leader", "Approve a large refund. (ADJ-17)";
    AUDIT_DATA = "adjustment.audit_data", "Audit the original data. (ADJ-04)";
    OPERATE = "adjustment.operate", "Operate an adjustment. (ADJ-03)";
    ARCHIVE = "adjustment.archive", "Archive an adjustment. (ADJ-03)";
    FOLLOW_UP = "adjustment.follow_up", "Chase the follow-up steps. (ADJ-15)";
    DO_FOLLOW_UP = "adjustment.do_follow_up", "Carry out the follow-up steps. (ADJ-15)";
    FILE_EVIDENCE = "adjustment.file_evidence", "File the paper evidence. (ADJ-11)";
    LIST_RUNNING = "adjustment.list_running", "Give the daily list of running adjustments. (ADJ-13)";
    RECEIVE_SLIP = "adjustment.receive_slip", "Receive and return change slips. (ADJ-19)";
    REGISTER_SLIP = "adjustment.register_slip", "Register change slips per team. (ADJ-20)";
    HOLD_ISSUE = "parameter.hold_issue", "File a hold-issue request. (PARM-04)";
    ARCHIVE_CHANGE = "parameter.archive", "Archive a change ticket. (PARM-07)";
    SETTLE_GENERATION = "generation.settle", "Account for on-grid quantity. (GEN-01)";
    SUBMIT_STATEMENT = "generation.submit_statement", "Submit a purchase statement. (GEN-02)";
    APPROVE_STATEMENT = "generation.approve_statement", "Approve a purchase statement. (GEN-02)";
    PAY_PURCHASE = "generation.pay", "Pay and post purchased power. (GEN-02)";
    SETTLE_OFFGRID = "generation.settle_offgrid", "Settle the off-grid quantity. (GEN-03)";
    RECEIVE_INQUIRY = "inquiry.receive", "Receive customer inquiries. (INQ-01)";
    ANSWER_STATION = "inquiry.answer_station", "Answer a station's forwarded inquiry. (INQ-02)";
    COMPILE_REPORT = "report.compile", "Compile the receivable reports. (RPT-01)";
    CONFIRM_REPORT = "report.confirm", "Confirm and submit the compiled data. (RPT-02)";
    CONSENT_LATE = "report.consent_late", "Consent in writing to a late confirmation. (RPT-04)";
    ROLL_UP = "report.roll_up", "Roll reports up. (RPT-07)";
    SET_TARGETS = "report.set_targets", "Decompose and issue targets. (RPT-08)";
    APPROVE_TARGETS = "report.approve_targets", "Approve targets. (RPT-08)";
    READ_REPORT = "report.read", "Look at reports. (RPT-06)";
    QUERY_FINANCE = "finance.query", "Query receivables and arrears. (RPT-09)";
    BALANCE_FINANCE = "finance.balance", "Explain marketing against finance. (RPT-10)";
    CLOSE_FINANCE = "finance.close_month", "Freeze the month-end balance. (RPT-11)";
    MAKE_LIST = "workflow.make_list", "Make a list to be signed by both sides. (XC-04)";
    SIGN_LIST = "workflow.sign_list", "Sign a list for one's unit. (XC-04)";
    MESSAGE = "workflow.message", "Log messages between units. (XC-16)";
}
