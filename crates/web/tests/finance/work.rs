//! Long work: the proof of the books, and whose jobs are whose.

use super::office::*;

/// XC-15: a check as a job proves good books; it finds a planted difference, raises the alarm and stops commands while
/// lists can still be read; one person proposes, another confirms, and the books go on. The same finding does not stop
/// them twice.
#[test]
fn a_check_stops_the_books_until_two_persons_decided() {
    each_office(|office| {
        let given = [("without_engine", "true")];
        let good = office.act("auditor", "alarm.check", &given).unwrap();
        assert_eq!(good.facts["found"], 0, "{:?}", good.facts["findings"]);
        // Somebody with the database in his hands changes what a balance says.
        for sql in match office.base.is_postgres() {
            true => [
                "ALTER TABLE period_balance DISABLE TRIGGER ALL",
                "SELECT 1",
                "ALTER TABLE period_balance ENABLE TRIGGER ALL",
            ],
            false => ["DROP TRIGGER balance_grows", "SELECT 1", "SELECT 1"],
        }
        .iter()
        .take(1)
        {
            office.base.store.write(|tx| tx.define(sql)).unwrap();
        }
        let changed = office.base.store.write(|tx| {
            tx.execute(
                "UPDATE period_balance SET debit = debit + 100 WHERE org_id = ?1 AND period = 202604 AND code = 1122",
                store::params![office.base.org_id()],
            )
        });
        assert!(changed.unwrap() > 0);
        let found = office.act("auditor", "alarm.check", &given).unwrap();
        assert!(found.facts["found"].as_i64().unwrap() > 0);
        let number = found.facts["alarm"].as_i64().unwrap().to_string();
        let job = found.see.unwrap().rsplit('/').next().unwrap().to_owned();
        let report = office.view("auditor", "check", &[("job", &job)]);
        assert!(!rows_of(&report, "findings").is_empty());

        let stopped = office.act("reviewer", "report.compile", &[("month", "2026-04")]).unwrap_err();
        assert_eq!(stopped.why, Why::Stopped, "{stopped:?}");
        assert!(!office.list("accountant", "balance", &[("month", "2026-04")]).rows.is_empty());
        let alarm = ("alarm", number.as_str());
        let early = office.act("leader", "alarm.confirm", &[alarm, ("reason", "fine")]).unwrap_err();
        assert!(said(&early).contains("nothing is proposed"), "{early:?}");
        let refused = office.act("leader", "alarm.propose", &[alarm, ("reason", "fine")]).unwrap_err();
        assert_eq!(refused.why, Why::NotPermitted);
        office.act("auditor", "alarm.propose", &[alarm, ("reason", "a planted difference")]).unwrap();
        office.act("leader", "alarm.send_back", &[alarm, ("reason", "say where it came from")]).unwrap();
        office.act("auditor", "alarm.propose", &[alarm, ("reason", "planted by the test")]).unwrap();
        let same = office.act("auditor", "alarm.confirm", &[alarm, ("reason", "myself")]).unwrap_err();
        assert_eq!(same.why, Why::NotPermitted);
        office.act("leader", "alarm.confirm", &[alarm, ("reason", "seen")]).unwrap();
        let sheet = office.view("leader", "alarm", &[alarm]);
        assert_eq!(sheet.badges[0].value, Value::Word("state.alarm.decided".into()));
        assert_ne!(
            office
                .act("reviewer", "report.compile", &[("month", "2026-04")])
                .map_err(|refusal| refusal.why)
                .err(),
            Some(Why::Stopped)
        );
        let again = office.act("auditor", "alarm.check", &given).unwrap();
        assert_eq!(again.facts["alarm"], serde_json::Value::Null);
    });
}

/// XC-01: a person sees and stops the own jobs only; who keeps the program sees all.
#[test]
fn jobs_belong_to_who_asked() {
    each_office(|office| {
        office.act("auditor", "alarm.check", &[("without_engine", "true")]).unwrap();
        let own = office.list("auditor", "jobs", &[]);
        let id = link(&own.rows[0], 0).rsplit('/').next().unwrap().to_owned();
        assert!(office.list("accountant", "jobs", &[]).rows.is_empty());
        assert_eq!(office.list("keeper", "jobs", &[]).rows.len(), own.rows.len());
        assert_eq!(office.try_view("accountant", "job", &[("job", &id)]).unwrap_err().why, Why::NotFound);
        office.view("auditor", "job", &[("job", &id)]);
        assert!(office.act("auditor", "job.cancel", &[("job", &id)]).is_err(), "it is over");
        let org_id = office.base.org_id();
        let person = office.actor("auditor").person_id;
        let waiting = office
            .base
            .store
            .write(|tx| jobs::queue(tx, org_id, "alarm.check", person, &BTreeMap::new(), &[], at(TODAY)))
            .unwrap()
            .to_string();
        assert_eq!(
            office.act("accountant", "job.cancel", &[("job", &waiting)]).unwrap_err().why,
            Why::NotFound
        );
        let sheet = office.view("auditor", "job", &[("job", &waiting)]);
        assert!(sheet.blocks.iter().any(|block| matches!(block, Block::Progress { .. })));
        office.act("auditor", "job.cancel", &[("job", &waiting)]).unwrap();
        let sheet = office.view("auditor", "job", &[("job", &waiting)]);
        assert_eq!(sheet.badges[0].value, Value::Word("state.job.cancelled".into()));
    });
}

/// XC-15: a check and a comparison hear in their midst that they are to end; what they saw so far proves nothing, and
/// when the program ends the next one begins anew.
#[test]
fn long_work_hears_that_it_is_to_stop() {
    each_office(|office| {
        let (org_id, store) = (office.base.org_id(), office.base.store);
        let schemas = audit::schemas();
        let options = audit::check::Options { deep: true, ..audit::check::Options::new(&schemas) };
        let mut told = 0;
        audit::check::check(store, org_id, &options, &mut |_| {
            told += 1;
            true
        })
        .unwrap();
        for stop_at in (1..=told).step_by(6).chain([told]) {
            let mut heard = 0;
            let stopped = audit::check::check(store, org_id, &options, &mut |_| {
                heard += 1;
                heard < stop_at
            });
            assert_eq!(stopped.err(), Some(audit::check::CheckError::Stopped), "{stop_at} of {told}");
            assert_eq!(heard, stop_at, "who is told to stop does not go on");
        }
        // As a job: the program ends, and the job waits for the next.
        let person = office.actor("auditor").person_id;
        let id = store
            .write(|tx| jobs::queue(tx, org_id, "alarm.check", person, &BTreeMap::new(), &[], at(TODAY)))
            .unwrap();
        office.console.jobs.close();
        assert!(!office.console.jobs.one(office.console).unwrap());
        let job = store.read(|tx| jobs::find(tx, org_id, id)).unwrap().unwrap();
        assert_eq!(job.state, jobs::State::Queued);
    });
}
