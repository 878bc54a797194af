//! Distinguished names (RFC 5280 section 4.1.2.4) and their text (RFC 4514).

mod attribute;
mod rfc4514;

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use yasna::{construct_der, models::ObjectIdentifier};

use crate::model::error::{Error, Result};
use attribute::AttributeType;

pub(in crate::pki) use rfc4514::text as attribute_text;
pub use rfc4514::write as rfc4514;

/// A distinguished name to be put into a CSR. Holds the DER of its `Name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject(Vec<u8>);

impl Subject {
    /// From the text of RFC 4514, whose last RDN comes first in DER.
    pub fn parse(text: &str) -> Result<Self> {
        let mut rdns = rfc4514::parse(text).map_err(|reason| Error::field("/subject", reason))?;
        rdns.reverse();
        Ok(Self(encode(&rdns)))
    }

    /// `CN=common_name,O=organization`. Control characters, which no name needs, become spaces.
    pub fn simple(common_name: &str, organization: &str) -> Self {
        let attribute = |attribute_type: &AttributeType, text: &str| {
            let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            vec![Attribute {
                oid: attribute_type.object_identifier(),
                value: construct_der(|w| w.write_utf8_string(&text)),
            }]
        };
        Self(encode(&[
            attribute(&attribute::ORGANIZATION, organization),
            attribute(&attribute::COMMON_NAME, common_name),
        ]))
    }

    /// A person's: C, CN (the names as one), SURNAME and GIVENNAME. One of the names has to be there.
    pub fn person(
        given_name: Option<&str>,
        surname: Option<&str>,
        country: Option<&str>,
    ) -> Result<Self, String> {
        let names: Vec<&str> = given_name.into_iter().chain(surname).collect();
        if names.is_empty() {
            return Err("a person has a given name or a surname".to_owned());
        }
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Self::from_parts(&SubjectParts {
            common_name: Some(names.join(" ")),
            given_name: owned(given_name),
            surname: owned(surname),
            country: owned(country),
            ..SubjectParts::default()
        })
    }

    /// The DER of the `Name`.
    pub fn der(&self) -> Vec<u8> {
        self.0.clone()
    }

    fn from_parts(parts: &SubjectParts) -> Result<Self, String> {
        // From the general to the particular, the order in which directories and CAs write them.
        let in_order = [
            ("C", &parts.country),
            ("ST", &parts.state),
            ("L", &parts.locality),
            ("O", &parts.organization),
            ("OU", &parts.organizational_unit),
            ("CN", &parts.common_name),
            ("SURNAME", &parts.surname),
            ("GIVENNAME", &parts.given_name),
            ("SERIALNUMBER", &parts.serial_number),
            ("EMAILADDRESS", &parts.email),
        ];
        let mut rdns = Vec::new();
        for (keyword, value) in in_order {
            if let Some(value) = value {
                rdns.push(vec![Attribute::of_text(keyword, value)?]);
            }
        }
        if rdns.is_empty() {
            return Err("the subject is empty: give at least CN".to_owned());
        }
        Ok(Self(encode(&rdns)))
    }
}

/// As RFC 4514 writes it.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&rfc4514::write(&self.0))
    }
}

/// Either the text of RFC 4514 or an object with the commonest attributes.
impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SubjectVisitor)
    }
}

/// By hand instead of an untagged enum, which would forget what was wrong and say that no variant fits.
struct SubjectVisitor;

impl<'de> Visitor<'de> for SubjectVisitor {
    type Value = Subject;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a distinguished name such as \"CN=John Doe,O=Acme\", or an object such as {\"CN\":\"John Doe\",\"O\":\"Acme\"}")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Subject, E> {
        let mut rdns = rfc4514::parse(text).map_err(E::custom)?;
        rdns.reverse();
        Ok(Subject(encode(&rdns)))
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Subject, M::Error> {
        let parts = SubjectParts::deserialize(MapAccessDeserializer::new(map))?;
        Subject::from_parts(&parts).map_err(de::Error::custom)
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SubjectParts {
    #[serde(rename = "CN")]
    common_name: Option<String>,
    #[serde(rename = "O")]
    organization: Option<String>,
    #[serde(rename = "OU")]
    organizational_unit: Option<String>,
    #[serde(rename = "C")]
    country: Option<String>,
    #[serde(rename = "L")]
    locality: Option<String>,
    #[serde(rename = "ST")]
    state: Option<String>,
    #[serde(rename = "serialNumber")]
    serial_number: Option<String>,
    #[serde(rename = "givenName")]
    given_name: Option<String>,
    surname: Option<String>,
    email: Option<String>,
}

/// One attribute on its way into DER.
struct Attribute {
    oid: ObjectIdentifier,
    /// The whole TLV.
    value: Vec<u8>,
}

impl Attribute {
    fn of_text(type_text: &str, text: &str) -> Result<Self, String> {
        let (oid, syntax) = attribute::find(type_text)?;
        Ok(Self { oid, value: attribute::encode(syntax, type_text, text)? })
    }
}

fn encode(rdns: &[Vec<Attribute>]) -> Vec<u8> {
    construct_der(|name| {
        name.write_sequence(|name| {
            for rdn in rdns {
                name.next().write_set_of(|set| {
                    for attribute in rdn {
                        set.next().write_sequence(|pair| {
                            pair.next().write_oid(&attribute.oid);
                            pair.next().write_der(&attribute.value);
                        });
                    }
                });
            }
        });
    })
}

#[cfg(test)]
mod tests;
