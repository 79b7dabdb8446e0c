//! A person at work: goes from page to page, and about every fifth time changes something.

use std::collections::VecDeque;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fastrand::Rng;
use kernel::Quantity;
use serde_json::json;

use super::browser::{Browser, Waited, attribute, form, links, offers};
use super::errand::{Errand, Way, errands};
use crate::demo;

/// Of so many requests one changes something.
const WRITES_ONE_IN: usize = 5;

/// What a station's people know by heart.
#[derive(Debug, Clone, Default)]
pub struct Desk {
    /// Code of the unit.
    pub unit: String,
    /// Its books with the numbers of the customers in each.
    pub books: Vec<(String, Vec<String>)>,
    /// The month that was billed.
    pub month: String,
    /// The month whose books are open.
    pub next: String,
    /// Today.
    pub today: String,
}

/// A person at work.
pub struct Worker {
    /// Where the office is.
    pub address: String,
    /// The person's login.
    pub login: String,
    /// The longest look at a page, in milliseconds.
    pub think: u64,
    /// What makes this person's day the same each time.
    pub seed: u64,
    /// The how manieth of the station.
    pub rank: usize,
    /// Nobody changes anything.
    pub read_only: bool,
    /// Where the person works.
    pub desk: std::sync::Arc<Desk>,
}

/// A meter that waits to be read, with its registers and what they showed.
struct Line {
    account: String,
    meter: i64,
    version: i64,
    registers: Vec<(String, Quantity)>,
}

/// The grid that lies before a reader.
#[derive(Default)]
struct Grid {
    book: String,
    csrf: String,
    lines: VecDeque<Line>,
    /// How many books the person has had before.
    opened: usize,
}

impl Worker {
    /// Logs in, finds the menu of the post, and works until it is over.
    pub fn work(&self, everybody_in: &Barrier, over: &AtomicBool) -> Result<Waited, String> {
        let entered = Browser::enter(&self.address, &self.login);
        // Whoever failed to come in must not keep the others waiting.
        everybody_in.wait();
        let (mut browser, home) = entered?;
        let mut pages = links(&home);
        pages.push("/".into());
        let (mut reading, mut writing) = (Rng::with_seed(self.seed), Rng::with_seed(self.seed ^ 0x5EED));
        let mut grid = Grid::default();
        let errands = if self.read_only { &[] } else { errands(&self.login) };
        let named = |fault: String| format!("{}: {fault}", self.login);
        while !over.load(Ordering::Acquire) {
            self.think(&mut reading);
            if !errands.is_empty() && browser.writes * WRITES_ONE_IN <= browser.requests {
                let errand = chosen(errands, &mut writing);
                self.run(errand, &mut browser, &mut writing, &mut grid).map_err(named)?;
            } else {
                let path = &pages[reading.usize(0..pages.len())];
                let page = browser.open(path).map_err(named)?;
                let page = page.ok_or_else(|| named(format!("{path} is refused")))?;
                // Every other time the person opens something that stands on the page.
                let inner = links(&page);
                if reading.bool() && !inner.is_empty() && !over.load(Ordering::Acquire) {
                    self.think(&mut reading);
                    browser.open(&inner[reading.usize(0..inner.len())]).map_err(named)?;
                }
            }
            browser.bare().map_err(named)?;
        }
        Ok(browser.waited)
    }

    fn think(&self, random: &mut Rng) {
        std::thread::sleep(Duration::from_millis(random.u64(0..=self.think)));
    }

    fn run(
        &self,
        errand: &Errand,
        browser: &mut Browser,
        random: &mut Rng,
        grid: &mut Grid,
    ) -> Result<(), String> {
        let form_path = match errand.way {
            Way::Grid => return self.enter_reading(errand.act, browser, random, grid),
            Way::Form(settled) => format!("/acts/{}?{}", errand.act, self.filled(settled, random)),
            Way::Offered(list) => {
                let Some(page) = browser.open(&self.filled(list, random))? else { return Ok(()) };
                let offered = offers(&page, errand.act);
                // Nothing waits: the person has looked, and goes on.
                let Some(chosen) = random.choice(offered) else { return Ok(()) };
                self.think(random);
                chosen
            }
        };
        let Some(page) = browser.open(&form_path)? else { return Ok(()) };
        let Some((mut fields, signed)) = form(&page) else { return Ok(()) };
        self.think(random);
        let book = fields.iter().find(|(name, _)| name == "book").map(|(_, value)| value.clone());
        for (name, text) in errand.fields {
            if fields.iter().any(|(settled, _)| settled == name) {
                continue;
            }
            let text = match (*text, &book) {
                ("{account_of_book}", Some(book)) => self.account_of(book, random),
                (text, _) => self.filled(text, random),
            };
            fields.push(((*name).to_owned(), text));
        }
        if signed {
            fields.push(("sign_password".into(), demo::PASSWORD.into()));
        }
        let came = browser.send(errand.act, &fields, None)?;
        if let Some(to) = came.location.filter(|_| came.status == 303) {
            browser.open(&to)?;
        }
        Ok(())
    }

    /// A text with its names in braces replaced by what the person knows.
    fn filled(&self, text: &str, random: &mut Rng) -> String {
        let mut filled = text
            .replace("{month}", &self.desk.month)
            .replace("{next}", &self.desk.next)
            .replace("{today}", &self.desk.today)
            .replace("{unit}", &self.desk.unit);
        if filled.contains("{book}") {
            let book = self.desk.books.get(random.usize(0..self.desk.books.len().max(1)));
            filled = filled.replace("{book}", book.map_or("", |(number, _)| number));
        }
        if filled.contains("{account}") {
            let book = self.desk.books.get(random.usize(0..self.desk.books.len().max(1)));
            let number = book.and_then(|(_, accounts)| random.choice(accounts));
            filled = filled.replace("{account}", number.map_or("", String::as_str));
        }
        if filled.contains("{number}") {
            filled = filled.replace("{number}", &format!("{}-{}", self.seed, random.u32(..)));
        }
        filled
    }

    fn account_of(&self, book: &str, random: &mut Rng) -> String {
        let accounts =
            self.desk.books.iter().find(|(number, _)| number == book).map(|(_, accounts)| accounts);
        accounts.and_then(|accounts| random.choice(accounts)).cloned().unwrap_or_default()
    }

    /// Types one meter into the grid, as its script sends it; opens the next book when this one is done.
    fn enter_reading(
        &self,
        act: &str,
        browser: &mut Browser,
        random: &mut Rng,
        grid: &mut Grid,
    ) -> Result<(), String> {
        if grid.lines.is_empty() {
            // Everybody of a station begins at another book.
            let at = (self.rank + grid.opened * 7) % self.desk.books.len().max(1);
            grid.opened += 1;
            let Some((book, _)) = self.desk.books.get(at) else { return Ok(()) };
            let path = format!("/books/{}/{book}/readings", self.desk.next);
            let Some(page) = browser.open(&path)? else { return Ok(()) };
            grid.book.clone_from(book);
            grid.csrf = attribute(&page, "data-csrf").unwrap_or_default();
            grid.lines = open_lines(&page);
            return Ok(());
        }
        let Some(line) = grid.lines.pop_front() else { return Ok(()) };
        let used = Quantity::from_units(random.i64(20..=240) * 5 * Quantity::SCALE);
        let mut shown = serde_json::Map::new();
        for (register, before) in &line.registers {
            // A household's total is what its times of day add up to; what is not energy moves as little as anything.
            let part = if register == "total" { used } else { Quantity::from_units(used.units() / 5) };
            let now = before.plus(part).map_err(|error| error.to_string())?;
            shown.insert(register.clone(), json!(now.to_string()));
        }
        let lines = json!([{
            "account": line.account, "meter": line.meter, "version": line.version, "kind": "actual",
            "shown": shown, "rolled_over": [],
        }]);
        let fields = [
            ("month".to_owned(), self.desk.next.clone()),
            ("book".to_owned(), grid.book.clone()),
            ("lines".to_owned(), lines.to_string()),
            ("request_key".to_owned(), format!("{}-{}-{}", self.seed, grid.opened, random.u64(..))),
        ];
        browser.send(act, &fields, Some(&grid.csrf))?;
        Ok(())
    }
}

fn chosen<'e>(errands: &'e [Errand], random: &mut Rng) -> &'e Errand {
    let mut at = random.usize(0..errands.iter().map(|errand| errand.weight).sum::<usize>().max(1));
    for errand in errands {
        if at < errand.weight {
            return errand;
        }
        at -= errand.weight;
    }
    &errands[0]
}

/// The meters of a grid that wait for their figures.
fn open_lines(page: &str) -> VecDeque<Line> {
    let mut lines: VecDeque<Line> = VecDeque::new();
    for row in page.split("<tr id=\"r").skip(1) {
        let Some((head, rest)) = row.split_once('>') else { continue };
        let waits = attribute(head, "data-entered").as_deref() == Some("false")
            && rest.split("</tr>").next().is_some_and(|cells| cells.contains("inputmode=\"decimal\""));
        let read = || {
            let previous: Quantity = attribute(head, "data-previous")?.parse().ok()?;
            Some((
                attribute(head, "data-account")?,
                attribute(head, "data-meter")?.parse::<i64>().ok()?,
                attribute(head, "data-version")?.parse::<i64>().ok()?,
                (attribute(head, "data-register")?, previous),
            ))
        };
        let Some((account, meter, version, register)) = read().filter(|_| waits) else { continue };
        match lines.back_mut().filter(|line| line.account == account && line.meter == meter) {
            Some(line) => line.registers.push(register),
            None => lines.push_back(Line { account, meter, version, registers: vec![register] }),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only meters that nobody has read yet are typed in, a line for all registers of a meter.
    #[test]
    fn a_grid_gives_its_open_meters() {
        let row = |register: &str, entered: bool| {
            format!(
                "<tr id=\"r0-0\" data-account=\"42\" data-meter=\"1\" data-register=\"{register}\" data-version=\"1\" \
                 data-previous=\"10.5\" data-entered=\"{entered}\"><td><input inputmode=\"decimal\"></td></tr>"
            )
        };
        let page = format!("{}{}", row("total", false), row("peak", false));
        let lines = open_lines(&page);
        assert_eq!((lines.len(), lines[0].registers.len()), (1, 2));
        assert!(open_lines(&row("total", true)).is_empty());
    }
}
