//! What a change says of one field: leave it, set it, or bring it back to its default (RFC 7396).

use serde::{Deserialize, Deserializer};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// The field was left out.
    #[default]
    Keep,
    /// The field was null.
    Reset,
    Set(T),
}

impl<T> Patch<T> {
    /// The field's value after the change.
    pub fn apply(self, present: T, default: impl FnOnce() -> T) -> T {
        match self {
            Self::Keep => present,
            Self::Reset => default(),
            Self::Set(value) => value,
        }
    }

    pub fn try_map<U, E>(self, convert: impl FnOnce(T) -> Result<U, E>) -> Result<Patch<U>, E> {
        Ok(match self {
            Self::Keep => Patch::Keep,
            Self::Reset => Patch::Reset,
            Self::Set(value) => Patch::Set(convert(value)?),
        })
    }

    pub fn is_kept(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

impl<T> Patch<Option<T>> {
    /// For a field that may be absent.
    pub fn optional(patch: Patch<T>) -> Self {
        match patch {
            Patch::Keep => Self::Keep,
            Patch::Reset => Self::Reset,
            Patch::Set(value) => Self::Set(Some(value)),
        }
    }
}

/// For fields with `#[serde(default)]`: what is left out is never deserialized, so `None` is null.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Reset, Self::Set))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Change {
        #[serde(default)]
        name: Patch<String>,
    }

    #[test]
    fn absent_null_and_value_are_three_things() {
        let name = |json: &str| serde_json::from_str::<Change>(json).unwrap().name;
        assert_eq!(name("{}"), Patch::Keep);
        assert_eq!(name(r#"{"name":null}"#), Patch::Reset);
        assert_eq!(name(r#"{"name":"x"}"#), Patch::Set("x".into()));
    }
}
