//! Another amount of memory or number of processors.

use super::DomainError;
use super::element::Element;
use super::read;
use crate::names::Size;

/// The same domain with another size.
///
/// # Errors
/// If it is not understood, or its size is tied down by NUMA cells.
pub fn resized(xml: &str, memory: Option<Size>, vcpus: Option<u32>) -> Result<String, DomainError> {
    let mut root = Element::parse(xml)?;
    let name = read::domain(&root)?.name;
    resize(&mut root, &name, memory, vcpus)?;
    Ok(root.write())
}

/// Changes what is given, and what of the tree is for the old size only.
pub(super) fn resize(
    root: &mut Element,
    domain: &str,
    memory: Option<Size>,
    vcpus: Option<u32>,
) -> Result<(), DomainError> {
    // Cells divide memory and processors up; how they should divide another amount, only a person knows.
    if (memory.is_some() || vcpus.is_some()) && root.child("cpu").is_some_and(|cpu| cpu.child("numa").is_some()) {
        return Err(DomainError::Fixed { domain: domain.to_owned() });
    }
    if let Some(memory) = memory {
        for name in ["memory", "currentMemory"] {
            if let Some(element) = root.child_mut(name) {
                element.set("unit", "KiB");
                element.set_text(memory.kib());
            }
        }
    }
    if let Some(vcpus) = vcpus {
        root.edit("vcpu", |vcpu| {
            vcpu.unset("current");
            vcpu.set_text(vcpus);
        });
        // Which of them are plugged, and where they run.
        root.drop_children(&["vcpus"]);
        if let Some(tune) = root.child_mut("cputune") {
            let beyond =
                |pin: &Element| pin.get("vcpu").and_then(|at| at.parse().ok()).is_some_and(|at: u32| at >= vcpus);
            tune.keep(|pin| pin.name != "vcpupin" || !beyond(pin));
        }
        if let Some(cpu) = root.child_mut("cpu") {
            cpu.drop_children(&["topology"]);
        }
    }
    Ok(())
}
