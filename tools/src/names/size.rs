//! Sizes: binary units in, bytes out.

use super::text_type;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// A number of bytes. Read as `20G`, `1.5T`, `512MiB` or plain bytes, always with binary units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(u64);

/// The block size of a volume: a power of two from 512 bytes to 128 KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VolBlockSize(Size);

text_type!(Size, "size", "A size with a binary unit: 20G");
text_type!(VolBlockSize, "block size", "A power of two from 512 to 128K");

impl Size {
    /// That many bytes.
    #[must_use]
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// That many MiB.
    #[must_use]
    pub const fn from_mib(mib: u64) -> Self {
        Self(mib.saturating_mul(MIB))
    }

    /// In bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// In KiB, rounded up: what libvirt counts memory in.
    #[must_use]
    pub const fn kib(self) -> u64 {
        self.0.div_ceil(KIB)
    }

    /// Rounded up to a whole number of `unit`; ZFS wants volumes to be whole blocks.
    #[must_use]
    pub const fn rounded_up_to(self, unit: u64) -> Self {
        Self(self.0.div_ceil(unit).saturating_mul(unit))
    }

    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "write it like 20G, 1.5T or 512M";
        let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let unit = unit.strip_prefix(' ').unwrap_or(unit);
        let mut letters = unit.chars();
        let power = match letters.next().map(|c| c.to_ascii_uppercase()) {
            None => 0,
            Some('B') if letters.as_str().is_empty() => 0,
            Some(letter) => {
                let power = "KMGTPE".find(letter).ok_or(FORM)? + 1;
                if !matches!(letters.as_str(), "" | "B" | "b" | "iB" | "ib" | "IB") {
                    return Err(FORM);
                }
                power
            }
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() || (number.contains('.') && fraction.is_empty()) || fraction.len() > 9 {
            return Err(FORM);
        }
        let digits: u128 = format!("{whole}{fraction}").parse().map_err(|_| "it is too large")?;
        let scale = 10_u128.pow(u32::try_from(fraction.len()).unwrap_or(0));
        let bytes = digits.checked_mul(1_u128 << (10 * power)).ok_or("it is too large")? / scale;
        u64::try_from(bytes).map(Self).map_err(|_| "it is too large")
    }

    /// The shortest exact way to write it: `20G`, `1536M`, `1000`.
    fn text(&self) -> String {
        let mut value = self.0;
        let mut power = 0_usize;
        while value != 0 && value.is_multiple_of(KIB) && power < 6 {
            value /= KIB;
            power += 1;
        }
        match "KMGTPE".as_bytes().get(power.wrapping_sub(1)) {
            Some(letter) if power > 0 => format!("{value}{}", char::from(*letter)),
            Some(_) | None => value.to_string(),
        }
    }

    /// For people: at most one decimal, `1.5 GiB`.
    #[must_use]
    pub fn for_people(self) -> String {
        let mut unit = 0;
        let mut value = self.0 as f64;
        while value >= 1024.0 && unit < 6 {
            value /= 1024.0;
            unit += 1;
        }
        let name = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"].get(unit).unwrap_or(&"");
        if unit == 0 || value.fract() < 0.05 { format!("{value:.0} {name}") } else { format!("{value:.1} {name}") }
    }
}

impl VolBlockSize {
    /// What ZFS takes by itself since 2.2, and the right one for most guests.
    pub const DEFAULT: Self = Self(Size(16 * KIB));

    /// In bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0.0
    }

    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        let size = Size::check(text)?;
        if !size.0.is_power_of_two() || !(512..=128 * KIB).contains(&size.0) {
            return Err("a power of two from 512 to 128K");
        }
        Ok(Self(size))
    }

    fn text(&self) -> String {
        self.0.text()
    }
}
