//! The fields of a CSC request, read one by one. Unlike bodies of the native API they are read tolerantly: fields that
//! are not known are ignored, null is as good as absent, and some fields have several spellings. Each reading says what
//! is wrong in CSC's words, so the order in which a handler reads is the order in which it refuses.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::fault;
use crate::model::error::{Code, Error, Result};

/// A parameter: the spelling that refusals name, then the others.
#[derive(Clone, Copy, Debug)]
pub struct Parameter(pub &'static [&'static str]);

/// A text that outlives the body.
pub fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

/// A body's fields, borrowed from its octets. Nulls are left out.
#[derive(Debug, Default, PartialEq)]
pub struct Fields<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

/// A JSON value as far as CSC has use for it.
#[derive(Debug, PartialEq)]
pub enum Value<'a> {
    Null,
    Flag(bool),
    /// What is larger stays at the end of the range.
    Integer(i64),
    Text(Cow<'a, str>),
    List(Vec<Value<'a>>),
    Object(Fields<'a>),
    /// A number with a fraction.
    Other,
}

impl<'a> Fields<'a> {
    /// Reads an object; null, or no body at all, is an empty one.
    pub fn parse(body: &'a [u8]) -> Result<Self> {
        if body.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_slice(body).map_err(|error| {
            let place = format!("line {} column {}", error.line(), error.column());
            Error::new(Code::InvalidRequest, format!("The body is not a JSON object: see {place}"))
        })
    }

    /// A text that has to be there.
    pub fn required_text(&self, parameter: Parameter) -> Result<&str> {
        match self.find(parameter)? {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(fault::missing("string", parameter.name())),
        }
    }

    /// A text that may be left out, and whose absence is told like its wrong type: other fields decide whether it is
    /// needed.
    pub fn conditional_text(&self, parameter: Parameter) -> Result<Option<&str>> {
        match self.find(parameter)? {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(fault::missing("string", parameter.name())),
        }
    }

    pub fn optional_text(&self, parameter: Parameter) -> Result<Option<&str>> {
        match self.find(parameter)? {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(fault::invalid(parameter.name())),
        }
    }

    /// An integer, or digits in a text.
    pub fn required_integer(&self, parameter: Parameter) -> Result<i64> {
        let missing = || fault::missing("integer", parameter.name());
        match self.find(parameter)?.ok_or_else(missing)? {
            Value::Integer(number) => Ok(*number),
            Value::Text(text) if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => {
                Ok(text.parse().unwrap_or(i64::MAX))
            }
            _ => Err(missing()),
        }
    }

    pub fn optional_integer(&self, parameter: Parameter) -> Result<Option<i64>> {
        match self.find(parameter)? {
            None => Ok(None),
            Some(Value::Integer(number)) => Ok(Some(*number)),
            Some(_) => Err(fault::invalid(parameter.name())),
        }
    }

    /// False when it is left out.
    pub fn flag(&self, parameter: Parameter) -> Result<bool> {
        match self.find(parameter)? {
            None => Ok(false),
            Some(Value::Flag(flag)) => Ok(*flag),
            Some(_) => Err(fault::invalid(parameter.name())),
        }
    }

    pub fn list(&self, parameter: Parameter) -> Result<Option<&[Value<'a>]>> {
        match self.find(parameter)? {
            None => Ok(None),
            Some(Value::List(values)) => Ok(Some(values)),
            Some(_) => Err(fault::missing("array", parameter.name())),
        }
    }

    /// The value under any of the parameter's spellings; two that differ are a contradiction.
    pub fn find(&self, parameter: Parameter) -> Result<Option<&Value<'a>>> {
        let mut values =
            self.0.iter().filter(|(name, _)| parameter.0.contains(&name.as_ref())).map(|(_, value)| value);
        let first = values.next();
        if values.any(|other| Some(other) != first) {
            return Err(fault::contradictory(parameter.name()));
        }
        Ok(first)
    }
}

impl Parameter {
    pub fn name(self) -> &'static str {
        self.0.first().copied().unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Fields::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                members(map)
            }
        }

        deserializer.deserialize_any(Object)
    }
}

fn members<'de, A: MapAccess<'de>>(mut map: A) -> Result<Fields<'de>, A::Error> {
    let mut fields = Vec::with_capacity(8);
    while let Some(Name(name)) = map.next_key()? {
        match map.next_value()? {
            Value::Null => {}
            value => fields.push((name, value)),
        }
    }
    Ok(Fields(fields))
}

/// A field's name, borrowed where it has no escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Text(name) => Ok(Self(name)),
            _ => Err(serde::de::Error::custom("a field's name is text")),
        }
    }
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Value<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Value::Null)
            }

            fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
                Ok(Value::Flag(flag))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Value::Integer(number))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Value::Integer(i64::try_from(number).unwrap_or(i64::MAX)))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Value::Other)
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Value::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Value::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element()? {
                    values.push(value);
                }
                Ok(Value::List(values))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                members(map).map(Value::Object)
            }
        }

        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: Parameter = Parameter(&["hash", "hashes"]);
    const NUMBER: Parameter = Parameter(&["numSignatures", "numSignature"]);
    const TEXT: Parameter = Parameter(&["clientData", "client_data"]);

    fn refusal<T: fmt::Debug>(result: Result<T>) -> String {
        result.unwrap_err().detail().to_owned()
    }

    fn fields(body: &str) -> Fields<'_> {
        Fields::parse(body.as_bytes()).unwrap()
    }

    #[test]
    fn nothing_null_and_unknown_fields_are_as_absent() {
        for body in ["", "  \n", "null", "{}", r#"{"clientData":null,"unknown":{"a":[1,{}]},"x":1.5}"#] {
            assert_eq!(fields(body).optional_text(TEXT).unwrap(), None, "{body}");
        }
    }

    #[test]
    fn spellings_are_one_parameter_and_may_not_contradict_each_other() {
        assert_eq!(fields(r#"{"client_data":"a"}"#).optional_text(TEXT).unwrap(), Some("a"));
        let same = fields(r#"{"client_data":"a","clientData":"a","clientData":null}"#);
        assert_eq!(same.optional_text(TEXT).unwrap(), Some("a"));
        for body in [r#"{"client_data":"a","clientData":"b"}"#, r#"{"clientData":"a","clientData":1}"#] {
            let said = refusal(fields(body).optional_text(TEXT));
            assert_eq!(said, "The parameter clientData is there twice, with different values", "{body}");
        }
    }

    #[test]
    fn types_are_checked_in_csc_s_words() {
        let odd = fields(r#"{"hash":"x","numSignatures":"1x","clientData":7}"#);
        assert_eq!(refusal(odd.list(HASH)), "Missing (or invalid type) array parameter hash");
        assert_eq!(
            refusal(odd.required_integer(NUMBER)),
            "Missing (or invalid type) integer parameter numSignatures"
        );
        assert_eq!(refusal(odd.optional_text(TEXT)), "Invalid parameter clientData");
        assert_eq!(refusal(odd.required_text(TEXT)), "Missing (or invalid type) string parameter clientData");
    }

    #[test]
    fn integers_may_be_digits_in_a_text_and_never_overflow() {
        for (value, number) in [
            ("2", 2),
            ("\"17\"", 17),
            ("-1", -1),
            ("18446744073709551615", i64::MAX),
            ("\"99999999999999999999999\"", i64::MAX),
        ] {
            let body = format!(r#"{{"numSignature":{value}}}"#);
            assert_eq!(fields(&body).required_integer(NUMBER).unwrap(), number, "{value}");
        }
        for value in ["\"\"", "\"-1\"", "1.5", "true", "[1]", "\"٣\""] {
            let body = format!(r#"{{"numSignatures":{value}}}"#);
            assert!(fields(&body).required_integer(NUMBER).is_err(), "{value}");
        }
    }

    #[test]
    fn what_is_no_object_is_refused_without_repeating_it() {
        for body in ["[]", "\"471193\"", "{", "{\"PIN\":471193", "{}{}", "null x", &"[".repeat(100_000)] {
            let said = refusal(Fields::parse(body.as_bytes()));
            assert!(said.starts_with("The body is not a JSON object"), "{said}");
            assert!(!said.contains("471193"), "{said}");
        }
    }

    #[test]
    fn plain_texts_are_borrowed() {
        let body = r#"{"clientData":"abc"}"#;
        let read = fields(body);
        assert!(matches!(read.find(TEXT).unwrap(), Some(Value::Text(Cow::Borrowed("abc")))));
        assert_eq!(fields(r#"{"clientData":"\u0061\"b"}"#).optional_text(TEXT).unwrap(), Some("a\"b"));
    }
}
