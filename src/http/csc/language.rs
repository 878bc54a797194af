//! CSC's `lang` (RFC 5646).

/// The language of what this server writes.
pub const OURS: &str = "en-US";

/// The language to name in an answer: the caller's own when it is a language tag, since names and labels are the same
/// in all of them; else ours.
pub fn answered(asked: Option<&str>) -> &str {
    asked.filter(|tag| is_tag(tag)).unwrap_or(OURS)
}

/// The form of a tag (RFC 5646, section 2.1), not whether anybody registered it.
fn is_tag(text: &str) -> bool {
    let mut subtags = text.split('-');
    let language = subtags.next().unwrap_or_default();
    text.len() <= 35
        && (2..=8).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_alphabetic())
        && subtags
            .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_given_back_and_nothing_else_is() {
        for tag in ["it-IT", "en", "zh-Hant-TW", "de-CH-1901"] {
            assert_eq!(answered(Some(tag)), tag);
        }
        for odd in ["", "i", "it_IT", "<script>", "it-", "123-IT", "en-abcdefghi"] {
            assert_eq!(answered(Some(odd)), OURS, "{odd}");
        }
        assert_eq!(answered(None), OURS);
    }
}
