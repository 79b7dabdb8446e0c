//! Posting rules (记账规则): from business event and component to the accounts, as a table a person can read.

use std::collections::HashMap;

use kernel::{Money, Text};

use crate::chart::read_code;
use crate::{AccountCode, Chart, ComponentId, LedgerError, Posting};

const COMPONENTS: &str = "components.csv";
const RULES: &str = "posting_rules.csv";
const ROWS_MAX: usize = 10_000;
const COMPONENT_NUMBER_MAX: u16 = 4_000;

/// A component of the bill as the ledger knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// Its number, stored with every posting.
    pub id: ComponentId,
    /// Its code, such as `line_loss`.
    pub code: String,
    /// Its name.
    pub name: Text,
}

/// The accounts of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accounts {
    /// Debited.
    pub debit: AccountCode,
    /// Credited.
    pub credit: AccountCode,
}

/// The rules of one event: one account pair for each component it knows, found by number.
#[derive(Debug, Clone)]
pub struct EventRules {
    event: String,
    by_component: Vec<Option<Accounts>>,
}

impl EventRules {
    /// The event's name.
    pub fn event(&self) -> &str {
        &self.event
    }
    /// The accounts for `component`; [`ComponentId::NONE`] for events without components.
    pub fn accounts(&self, component: ComponentId) -> Result<Accounts, LedgerError> {
        self.by_component.get(usize::from(component.0)).copied().flatten().ok_or_else(|| {
            LedgerError::NoRule { event: self.event.clone(), component: component.0.to_string() }
        })
    }
    /// The posting of `amount` for `component`; hand it to [`crate::PostingBuffer::add_signed`].
    pub fn posting(
        &self,
        component: ComponentId,
        amount: Money,
        customer: Option<i64>,
    ) -> Result<Posting, LedgerError> {
        let Accounts { debit, credit } = self.accounts(component)?;
        Ok(Posting { debit, credit, amount, customer, component })
    }
}

/// All posting rules and the components they speak of, compiled once.
#[derive(Debug, Clone)]
pub struct PostingRules {
    components: Vec<Component>,
    by_code: HashMap<String, ComponentId>,
    events: HashMap<String, EventRules>,
}

impl PostingRules {
    /// The rules for electricity supply that come with the program.
    pub fn standard() -> Result<PostingRules, LedgerError> {
        let components = include_str!("../data/components.csv");
        PostingRules::read(components, include_str!("../data/posting_rules.csv"), &Chart::standard()?)
    }

    /// Compiles `number,code,aliases,name_zh,name_en` and `event,component,debit,credit,note_zh,note_en`. Every
    /// account must take postings in `chart`, every component be listed, and no rule stand twice.
    pub fn read(components: &str, rules: &str, chart: &Chart) -> Result<PostingRules, LedgerError> {
        let mut found =
            PostingRules { components: Vec::new(), by_code: HashMap::new(), events: HashMap::new() };
        each_row(COMPONENTS, components, |fields: [&str; 5]| found.add_component(fields))?;
        each_row(RULES, rules, |fields: [&str; 6]| found.add_rule(fields, chart))?;
        Ok(found)
    }

    fn add_component(&mut self, [number, code, aliases, zh, en]: [&str; 5]) -> Result<(), String> {
        let number = number
            .parse()
            .ok()
            .filter(|number| (1..=COMPONENT_NUMBER_MAX).contains(number))
            .ok_or_else(|| format!("{number:?} is not a number from 1 to {COMPONENT_NUMBER_MAX}"))?;
        let id = ComponentId(number);
        if self.components.iter().any(|known| known.id == id) {
            return Err(format!("component number {number} stands twice"));
        }
        if zh.is_empty() || en.is_empty() {
            return Err(format!("component {number} needs both names"));
        }
        for name in std::iter::once(code).chain(aliases.split_whitespace()) {
            if name.is_empty()
                || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            {
                return Err(format!("{name:?} is not a code of small letters, digits and _"));
            }
            if self.by_code.insert(name.to_owned(), id).is_some() {
                return Err(format!("the code {name} stands twice"));
            }
        }
        self.components.push(Component { id, code: code.to_owned(), name: Text::new(zh, en) });
        Ok(())
    }

    fn add_rule(
        &mut self,
        [event, component, debit, credit, zh, en]: [&str; 6],
        chart: &Chart,
    ) -> Result<(), String> {
        if event.is_empty() || event.len() > 40 {
            return Err("an event needs a name of 1 to 40 bytes".into());
        }
        if zh.is_empty() || en.is_empty() {
            return Err("a rule needs a note in both languages".into());
        }
        let account = |text: &str| {
            read_code(text)
                .filter(|code| chart.postable(*code).is_ok())
                .ok_or_else(|| format!("{text:?} is not an account that takes postings"))
        };
        let accounts = Accounts { debit: account(debit)?, credit: account(credit)? };
        if debit == credit {
            return Err(format!("account {debit} is debited and credited"));
        }
        let component = match component {
            "" => ComponentId::NONE,
            code => *self.by_code.get(code).ok_or_else(|| format!("the component {code:?} is not listed"))?,
        };
        let rules = self
            .events
            .entry(event.to_owned())
            .or_insert_with(|| EventRules { event: event.to_owned(), by_component: Vec::new() });
        let place = usize::from(component.0);
        if rules.by_component.len() <= place {
            rules.by_component.resize(place + 1, None);
        }
        match rules.by_component[place].replace(accounts) {
            Some(_) => Err("the rule for this event and component stands twice".into()),
            None => Ok(()),
        }
    }

    /// The rules of `event`.
    pub fn event(&self, event: &str) -> Result<&EventRules, LedgerError> {
        self.events
            .get(event)
            .ok_or_else(|| LedgerError::NoRule { event: event.to_owned(), component: String::new() })
    }
    /// The number of the component with this code or alias.
    pub fn component(&self, code: &str) -> Result<ComponentId, LedgerError> {
        self.by_code.get(code).copied().ok_or_else(|| LedgerError::UnknownComponent(code.to_owned()))
    }
    /// All components in the order of the file.
    pub fn components(&self) -> &[Component] {
        &self.components
    }
}

fn each_row<const N: usize>(
    file: &'static str,
    text: &str,
    mut take: impl FnMut([&str; N]) -> Result<(), String>,
) -> Result<(), LedgerError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    for (index, record) in reader.records().enumerate() {
        let record = record.map_err(|error| LedgerError::BadData {
            file,
            line: error.position().map_or(0, csv::Position::line),
            why: error.to_string(),
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        let wrong = |why: String| LedgerError::BadData { file, line, why };
        if index >= ROWS_MAX {
            return Err(wrong(format!("more than {ROWS_MAX} rows")));
        }
        if record.len() != N {
            return Err(wrong(format!("{} fields instead of {N}", record.len())));
        }
        take(std::array::from_fn(|at| record.get(at).unwrap_or(""))).map_err(wrong)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_component_can_be_issued() {
        let rules = PostingRules::standard().unwrap();
        let issued = rules.event("bill_issued").unwrap();
        assert_eq!(issued.event(), "bill_issued");
        for component in rules.components() {
            let accounts = issued.accounts(component.id).unwrap();
            assert_eq!(accounts.debit, AccountCode(1122), "{}", component.code);
        }
        let line_loss = rules.component("line_loss").unwrap();
        assert_eq!(issued.accounts(line_loss).unwrap().credit, AccountCode(600103));
    }

    #[test]
    fn what_is_not_ruled_is_refused() {
        let rules = PostingRules::standard().unwrap();
        assert!(matches!(rules.event("nothing"), Err(LedgerError::NoRule { .. })));
        assert!(matches!(rules.component("nothing"), Err(LedgerError::UnknownComponent(_))));
        let paid = rules.event("payment_cash").unwrap();
        assert!(paid.accounts(ComponentId::NONE).is_ok());
        assert!(matches!(paid.accounts(ComponentId(1)), Err(LedgerError::NoRule { .. })));
        assert!(matches!(paid.accounts(ComponentId(u16::MAX)), Err(LedgerError::NoRule { .. })));
    }

    #[test]
    fn wrong_components_are_refused_with_their_line() {
        let chart = Chart::standard().unwrap();
        for (row, good) in [
            ("7,gold_2,,金,gold", true),
            ("4000,gold,au aurum,金,gold", true),
            ("0,gold,,金,gold", false),
            ("4001,gold,,金,gold", false),
            ("x,gold,,金,gold", false),
            ("1,gold,,金,gold", false),
            ("7,first,,金,gold", false),
            ("7,gold,first,金,gold", false),
            ("7,gold,gold,金,gold", false),
            ("7,gold,,,gold", false),
            ("7,gold,,金,", false),
            ("7,,,金,gold", false),
            ("7,Gold,,金,gold", false),
            ("7,gold-2,,金,gold", false),
            ("7,gold,,金", false),
        ] {
            let components = format!("number,code,aliases,name_zh,name_en\n1,first,,一,one\n{row}\n");
            match PostingRules::read(&components, "event,component,debit,credit,note_zh,note_en\n", &chart) {
                Ok(rules) => assert!(good && rules.components().len() == 2, "{row}"),
                Err(LedgerError::BadData { line: 3, file: COMPONENTS, .. }) => assert!(!good, "{row}"),
                other => panic!("{row}: {other:?}"),
            }
        }
    }

    #[test]
    fn an_event_has_a_short_name_and_its_rules_notes_in_both_languages() {
        let chart = Chart::standard().unwrap();
        let components = "number,code,aliases,name_zh,name_en\n1,first,,一,one\n";
        let long = |length| format!("{},,1001,1122,收,paid", "e".repeat(length));
        for (row, good) in [
            ("paid,,1001,1122,收,paid", true),
            ("paid,first,1001,1122,收,paid", true),
            (&long(40), true),
            (&long(41), false),
            (&long(0), false),
            ("paid,,1001,1122,收,", false),
            ("paid,,1001,1122,,paid", false),
            ("paid,,x,1122,收,paid", false),
            ("paid,,1001,9999,收,paid", false),
        ] {
            let rules = format!("event,component,debit,credit,note_zh,note_en\n{row}\n");
            match PostingRules::read(components, &rules, &chart) {
                Ok(_) => assert!(good, "{row}"),
                Err(LedgerError::BadData { line: 2, file: RULES, .. }) => assert!(!good, "{row}"),
                other => panic!("{row}: {other:?}"),
            }
        }
    }

    #[test]
    fn wrong_rules_are_refused_with_their_line() {
        let chart = Chart::standard().unwrap();
        const HEAD: &str = "event,component,debit,credit,note_zh,note_en\n";
        for row in [
            "paid,,1001,1122,收,paid",
            "other,,1001,6001,收,paid",
            "other,,1001,1001,收,paid",
            "other,gold,1001,1122,收,paid",
            "other,,1001,1122,,paid",
            "other,,1001,1122",
        ] {
            let components = "number,code,aliases,name_zh,name_en\n";
            match PostingRules::read(components, &format!("{HEAD}paid,,1001,1122,收,paid\n{row}\n"), &chart)
            {
                Err(LedgerError::BadData { line: 3, file: RULES, .. }) => (),
                other => panic!("{row}: {other:?}"),
            }
        }
    }
}
