//! Where a form comes from.

use actix_web::HttpRequest;

use crate::model::error::{Code, Error, Result};

/// Refuses a form that a browser says was sent by another site, or by none (Fetch Metadata Request Headers, section 2.4).
/// What is no browser, or an old one, says nothing.
pub fn require_own_page(request: &HttpRequest) -> Result<()> {
    let own = request.headers().get_all("sec-fetch-site").all(|site| site.as_bytes() == b"same-origin");
    if own { Ok(()) } else { Err(Error::new(Code::CrossSiteRequest, "The form was sent by another site.")) }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn only_our_own_pages_send_forms() {
        let of = |lines: &[&'static str]| {
            let request = lines.iter().fold(TestRequest::default(), |request, line| {
                request.append_header(("sec-fetch-site", *line))
            });
            require_own_page(&request.to_http_request()).is_ok()
        };
        assert!(of(&[]) && of(&["same-origin"]));
        for site in ["cross-site", "same-site", "none", "", "same-origin, cross-site"] {
            assert!(!of(&[site]), "{site}");
        }
        assert!(!of(&["same-origin", "cross-site"]));
    }
}
