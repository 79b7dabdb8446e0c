//! How the accounts of a class and station moved together this month: the weather, the holidays, a price change.

use std::collections::HashMap;

use super::evidence::{History, Peers, median, share};
use super::thresholds::Thresholds;

#[derive(Debug, Default)]
struct Group {
    level: Vec<i64>,
    year: Vec<i64>,
}

impl Group {
    fn merge(&mut self, other: &mut Group) {
        self.level.append(&mut other.level);
        self.year.append(&mut other.year);
    }
    fn peers(&mut self) -> Peers {
        let members = self.level.len();
        // Too few with a year of history: the movement against last year is not known.
        let year = if self.year.len() * 2 >= members { median(&mut self.year) } else { None };
        Peers { level: median(&mut self.level).unwrap_or(1000), year: year.unwrap_or(1000), members }
    }
}

/// Collects movements, account by account.
#[derive(Debug, Default)]
pub struct Gathering {
    groups: HashMap<i64, HashMap<String, Group>>,
}

impl Gathering {
    /// Adds an account that used `used` this month; one without a level says nothing.
    pub fn add(&mut self, unit_id: i64, class: &str, used: i64, history: &History) {
        let Some(level) = history.level().and_then(|level| share(used, level)) else { return };
        if used < 0 || history.months() < 3 {
            return;
        }
        let of_unit = self.groups.entry(unit_id).or_default();
        let group = match of_unit.get_mut(class) {
            Some(group) => group,
            None => of_unit.entry(class.to_owned()).or_default(),
        };
        group.level.push(level);
        if let Some(year) = history.year_ago().and_then(|energy| share(used, energy)) {
            group.year.push(year);
        }
    }
    /// Takes over what another worker collected.
    pub fn merge(&mut self, other: Gathering) {
        for (unit_id, groups) in other.groups {
            let own = self.groups.entry(unit_id).or_default();
            for (class, mut group) in groups {
                own.entry(class).or_default().merge(&mut group);
            }
        }
    }
    /// The medians of every class and station; a class with too few members at a station takes those of all stations.
    pub fn close(mut self, thresholds: &Thresholds) -> Movements {
        let mut classes: HashMap<String, Group> = HashMap::new();
        for groups in self.groups.values() {
            for (class, group) in groups {
                let all = classes.entry(class.clone()).or_default();
                all.level.extend_from_slice(&group.level);
                all.year.extend_from_slice(&group.year);
            }
        }
        let enough = |peers: &Peers| peers.members >= thresholds.peers;
        let classes: HashMap<String, Peers> = classes
            .into_iter()
            .map(|(class, mut group)| (class, group.peers()))
            .filter(|(_, peers)| enough(peers))
            .collect();
        let mut stations = HashMap::new();
        for (unit_id, groups) in &mut self.groups {
            let of_unit: HashMap<String, Peers> = groups
                .iter_mut()
                .map(|(class, group)| (class.clone(), group.peers()))
                .filter(|(_, peers)| enough(peers))
                .collect();
            stations.insert(*unit_id, of_unit);
        }
        Movements { stations, classes }
    }
}

/// The medians of every class and station.
#[derive(Debug, Default)]
pub struct Movements {
    stations: HashMap<i64, HashMap<String, Peers>>,
    classes: HashMap<String, Peers>,
}

impl Movements {
    /// The peers of an account.
    pub fn of(&self, unit_id: i64, class: &str) -> Peers {
        let station = self.stations.get(&unit_id).and_then(|classes| classes.get(class));
        station.or_else(|| self.classes.get(class)).copied().unwrap_or(Peers::NONE)
    }
}
