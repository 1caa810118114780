//! What receiving leaves behind on a simulated host. The transfer itself is not simulated.

use super::state::{Point, State};

impl State {
    /// A snapshot of this host arrives in a dataset of it, which is made if it is not there. It keeps its
    /// guid and the time when it was made; its transaction group is that of now.
    pub fn receive(&mut self, snapshot: &str, to: &str) {
        let Some((dataset, label)) = snapshot.split_once('@') else { return };
        let Some(source) = self.datasets.get(dataset).cloned() else { return };
        let Some(sent) = source.points.get(&format!("@{label}")).cloned() else { return };
        if !self.datasets.contains_key(to) {
            self.add_dataset(to, source.volsize);
        }
        let txg = self.tick();
        let Some(found) = self.datasets.get_mut(to) else { return };
        let has = |guid: u64| found.points.values().any(|point| point.guid == guid);
        let base =
            source.points.values().filter(|point| point.txg < sent.txg && has(point.guid)).map(|point| point.txg);
        let written = match base.max() {
            None => sent.referenced,
            Some(base) => {
                let between = |(name, point): &(&String, &Point)| {
                    name.starts_with('@') && point.txg > base && point.txg <= sent.txg
                };
                source.points.iter().filter(between).map(|(_, point)| point.written).sum()
            }
        };
        found.content.clone_from(&sent.content);
        (found.referenced, found.written, found.resume_token) = (sent.referenced, 0, None);
        let point = Point { txg, written, holds: [].into(), props: [].into(), ..sent };
        found.points.insert(format!("@{label}"), point);
    }

    /// Something is received into a dataset with `-s`, and breaks off. A dataset that was not there is
    /// half of one.
    pub fn break_off(&mut self, to: &str) {
        if !self.datasets.contains_key(to) {
            self.add_dataset(to, None);
        }
        let token = format!("1-{:x}-b8-789c6360", self.fresh_guid() >> 24);
        if let Some(found) = self.datasets.get_mut(to) {
            found.resume_token = Some(token);
        }
    }
}
