//! Base64 as callers write it: the common alphabet or the one for URLs, padded or not.

use ::base64::Engine;
use ::base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use ::base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const BASE64: GeneralPurpose = lenient(&STANDARD);
const BASE64URL: GeneralPurpose = lenient(&URL_SAFE);

const fn lenient(alphabet: &Alphabet) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(alphabet, config)
}

/// The octets, when all of the text is of one of the alphabets.
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let engine = if text.iter().any(|b| matches!(b, b'-' | b'_')) { &BASE64URL } else { &BASE64 };
    engine.decode(text).ok()
}

/// For octets that serde is to write as text.
pub mod text {
    use ::base64::Engine;
    use ::base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub fn serialize<S: Serializer>(octets: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(octets))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        super::decode(text.as_bytes()).ok_or_else(|| de::Error::custom("not base64"))
    }
}
