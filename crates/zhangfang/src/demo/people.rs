//! The demo's people at their doors: one password for all, printed, and the next month's books open before them.

use identity::{Desk, PasswordCost, credential};
use kernel::{Bilingual, Lang, Moment, WorkingCalendar};

use super::Stage;
use crate::failure::Done;
use crate::table::{Shown, Table, row};

/// The password of every person of the demo. Printed, so that nobody takes it for a secret.
pub const PASSWORD: &str = "jianghan-2026";

impl Stage {
    /// The day on which the demo's story stops and its visitor takes over: a Thursday, with work waiting at every desk.
    pub fn today(&self) -> Done<kernel::Date> {
        Ok(kernel::Date::new(2026, 2, 5)?)
    }

    /// Opens the books of the next month at every station, so that there is something to read.
    pub fn open_next_month(&self) -> Done {
        let calendar = WorkingCalendar::mainland_china()?;
        let month = self.month.next();
        let opened = Moment::on(self.today()?, 7, 30);
        for (station, unit_id) in self.company.units.into_iter().enumerate() {
            let login = format!("{}-guanli", super::STATIONS[station].0.to_lowercase());
            let administrator = self.company.person(&self.store, &login, opened.date())?;
            let books = (0..self.population.books()).map(|at| self.population.book(at));
            let own: Vec<i64> =
                books.filter(|(_, unit, _)| *unit == unit_id).map(|(book_id, ..)| book_id).collect();
            for some in own.chunks(200) {
                Desk::new(&self.store, &administrator).act(opened, |work| {
                    metering::book::create_batch(work, &calendar, unit_id, month, some)
                })?;
            }
        }
        Ok(())
    }

    /// Gives everybody the demo's password.
    pub fn hand_out_passwords(&self) -> Done {
        let (org_id, now) = (self.company.org_id, Moment::on(self.today()?, 7, 45));
        let persons = self.store.read(|tx| identity::persons(tx, org_id))?;
        let mut new = Vec::new();
        for person in &persons {
            new.push(credential::prepare_password(
                &self.store,
                PasswordCost::CHEAP,
                org_id,
                person.id,
                PASSWORD,
                now,
            )?);
        }
        let administrator = &self.company.administrator;
        Desk::new(&self.store, administrator).act(now, |work| -> Done {
            for password in &new {
                credential::first_password(work.tx, password, false, now)?;
            }
            vault::absorb_identity(work)?;
            Ok(())
        })
    }

    /// The people, their posts and how they get in.
    pub fn print_people(&self, lang: Lang) -> Done {
        let (org_id, today) = (self.company.org_id, self.today()?);
        let title = match lang {
            Lang::Zh => format!("演示人员（密码均为 {PASSWORD}）"),
            Lang::En => format!("The people of the demo (everybody's password: {PASSWORD})"),
        };
        let mut table = Table::new(lang)
            .titled(title)
            .text("岗位", "post")
            .text("单位", "unit")
            .text("姓名", "name")
            .text("登录名", "login");
        let rows = self.store.read(|tx| -> Done<Vec<_>> {
            let units = identity::units(tx, org_id)?;
            let mut rows = Vec::new();
            for person in identity::persons(tx, org_id)? {
                for held in identity::held_posts(tx, org_id, person.id)?.iter().filter(|held| held.on(today))
                {
                    let post = identity::Catalogue::built_in().post(&held.post);
                    let unit = units.iter().find(|unit| unit.id == held.unit_id);
                    rows.push((
                        post.map_or_else(|| held.post.clone(), |post| post.text.text(lang)),
                        unit.map_or_else(String::new, |unit| unit.name.text(lang)),
                        person.name.clone(),
                        person.login.clone(),
                    ));
                }
            }
            Ok(rows)
        })?;
        for (post, unit, name, login) in rows {
            table.push(row![post, unit, name, login]);
        }
        table.show(&Shown::default())
    }
}
