//! Pages that the host has on disk already: its man path and its documentation folders. Nothing
//! is downloaded, and links in those folders are not followed.

use std::io;

use crate::machine::Machine;
use crate::manifest::LocalSource;
use crate::pages::{self, Picked, Rules};

/// The pages of a pack on this host.
pub(crate) fn pick(machine: &Machine, source: &LocalSource, rules: &Rules) -> io::Result<Vec<Picked>> {
    let mut picked = Vec::new();
    for root in &machine.man {
        picked.extend(pages::pick_man(root, &source.man, rules)?);
    }
    for root in &machine.doc {
        picked.extend(pages::pick_doc(root, &source.doc, rules)?);
    }
    Ok(picked)
}
