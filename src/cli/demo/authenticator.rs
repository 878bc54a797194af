//! The signer's authenticator: it scans the URI and shows codes.

use qrcodegen::{QrCode, QrCodeEcc};
use totp_rs::Totp;

use super::Failure;
use crate::model::time::Timestamp;

pub struct Authenticator {
    totp: Totp,
    /// The last time step whose code was handed out: each is good for one use.
    last_step: u64,
}

impl Authenticator {
    /// From `otpauth://totp/...`
    pub fn scan(uri: &str) -> Result<Self, Failure> {
        let totp = Totp::from_url(uri).map_err(|error| {
            Failure::Failed(format!("{uri} is nothing that an authenticator reads: {error:?}"))
        })?;
        Ok(Self { totp, last_step: 0 })
    }

    /// A code that was not handed out yet. The server takes the current time step and one on either side, so that two of
    /// them come without a wait.
    pub fn fresh_code(&mut self, now: Timestamp) -> String {
        let current = u64::try_from(now.seconds()).unwrap_or_default() / self.totp.step();
        self.last_step = current.max(self.last_step + 1);
        self.totp.generate(self.last_step * self.totp.step()).to_string()
    }
}

/// A text as a QR code of half blocks, two rows to the line, with the quiet zone that scanners want; nothing when it is
/// too long for one.
pub fn qr_blocks(text: &str) -> Vec<String> {
    const QUIET: i32 = 2;
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Low) else { return Vec::new() };
    // A module outside the code is light. On a dark terminal the light ones are drawn.
    let light = |x: i32, y: i32| !code.get_module(x, y);
    let span = || -QUIET..code.size() + QUIET;
    let row = |y: i32| -> String {
        span()
            .map(|x| match (light(x, y), light(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            })
            .collect()
    };
    span().step_by(2).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_is_handed_out_twice() {
        let uri = "otpauth://totp/Acme:jdoe?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Acme";
        let mut authenticator = Authenticator::scan(uri).ok().unwrap();
        let now = Timestamp::from_seconds(59);
        // RFC 6238, appendix B, shortened to six digits.
        assert_eq!(authenticator.fresh_code(now), "287082");
        let next = authenticator.fresh_code(now);
        assert_ne!(next, "287082");
        assert_eq!(authenticator.last_step, 2);
        authenticator.fresh_code(Timestamp::from_seconds(3000));
        assert_eq!(authenticator.last_step, 100);
        assert!(Authenticator::scan("https://example.org").is_err());
    }

    #[test]
    fn a_qr_code_is_square_with_a_quiet_zone() {
        let lines = qr_blocks("otpauth://totp/Acme:jdoe?secret=GEZDGNBVGY3TQOJQ");
        let width = lines[0].chars().count();
        assert!(lines.iter().all(|line| line.chars().count() == width));
        assert_eq!(lines.len(), width.div_ceil(2));
        assert!(lines[0].chars().all(|block| block == '█'));
        assert!(qr_blocks(&"x".repeat(5000)).is_empty());
    }
}
