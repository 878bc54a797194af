//! Writing PEM (RFC 7468).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The DER between `label`'s boundaries, 64 characters to the line.
pub fn write(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    for (position, c) in base64.chars().enumerate() {
        if position > 0 && position % 64 == 0 {
            text.push('\n');
        }
        text.push(c);
    }
    text.push_str(&format!("\n-----END {label}-----\n"));
    text
}
