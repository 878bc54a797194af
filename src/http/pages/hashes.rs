//! The hashes that somebody is asked to have signed, as pages list them by `hashes.html`.

use crate::model::algorithm::Digest;
use crate::model::language::Language;

pub struct Signatures {
    pub(super) number: u32,
    pub(super) digest: Option<String>,
    /// Empty: the application may have anything signed.
    pub(super) hashes: Vec<Hash>,
    pub(super) words: &'static Words,
}

/// In hexadecimal, as other programs show hashes.
pub(super) struct Hash {
    pub label: Option<String>,
    pub short: String,
    pub full: String,
}

/// Hashes that are shown without being asked for.
const SHOWN: usize = 5;

impl Signatures {
    /// Each hash with what the application calls it.
    pub fn new<'a>(
        language: Language,
        number: u32,
        digest: Option<Digest>,
        hashes: impl Iterator<Item = (&'a [u8], Option<String>)>,
    ) -> Self {
        Self {
            number,
            digest: digest.map(|digest| format!("SHA-{}", digest.bits())),
            hashes: hashes.map(|(octets, label)| Hash::of(octets, label)).collect(),
            words: words(language),
        }
    }

    pub(super) fn first(&self) -> &[Hash] {
        self.hashes.get(..SHOWN).unwrap_or(&self.hashes)
    }

    pub(super) fn further(&self) -> usize {
        self.hashes.len().saturating_sub(SHOWN)
    }

    /// Signatures whose hashes come later.
    pub(super) fn unnamed(&self) -> usize {
        usize::try_from(self.number).unwrap_or(usize::MAX).saturating_sub(self.hashes.len())
    }
}

impl Hash {
    fn of(octets: &[u8], label: Option<String>) -> Self {
        let full = octets.iter().fold(String::new(), |text, octet| text + &format!("{octet:02x}"));
        let ends = full.get(..16).zip(full.len().checked_sub(16).and_then(|at| full.get(at..)));
        let short = ends.map_or_else(|| full.clone(), |(first, last)| format!("{first}…{last}"));
        Self { label, short, full }
    }
}

pub(super) struct Words {
    pub hashes: &'static str,
    pub any: &'static str,
    pub further: &'static str,
    pub full: &'static str,
    pub unnamed: &'static str,
}

const fn words(language: Language) -> &'static Words {
    match language {
        Language::English => &Words {
            hashes: "Hashes to be signed",
            any: "The application names no documents: it may have any signed, up to this number.",
            further: "Further hashes:",
            full: "Show them in full",
            unnamed: "Signatures for which the application will name the hash later:",
        },
        Language::Spanish => &Words {
            hashes: "Resúmenes (hashes) que se firmarán",
            any: "La aplicación no nombra ningún documento: puede firmar cualquiera, hasta este número.",
            further: "Otros resúmenes:",
            full: "Mostrarlos completos",
            unnamed: "Firmas cuyo resumen nombrará la aplicación más tarde:",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_shown_by_their_ends_and_a_few_of_many() {
        let hash = Hash::of(&[0xab; 32], None);
        assert_eq!(hash.short, "abababababababab…abababababababab");
        assert_eq!(hash.full.len(), 64);
        let hashes: Vec<[u8; 32]> = (0..7).map(|octet| [octet; 32]).collect();
        let hashes = hashes.iter().map(|hash| (hash.as_slice(), None));
        let signatures = Signatures::new(Language::English, 10, None, hashes);
        assert_eq!((signatures.first().len(), signatures.further(), signatures.unnamed()), (5, 2, 3));
    }
}
