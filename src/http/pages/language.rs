//! The languages of pages: what `lang` in the query says, else what the browser prefers, else English.

use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT_LANGUAGE;
use url::form_urlencoded;

use crate::model::language::Language;

const PARAMETER: &str = "lang";

/// The one to answer a request in.
pub fn spoken(request: &HttpRequest) -> Language {
    let header = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    asked(request.query_string()).or(header.and_then(preferred)).unwrap_or_default()
}

/// The same query in the other languages, as relative references.
pub(super) fn others(query: &str, language: Language) -> Vec<(Language, String)> {
    let others = Language::ALL.into_iter().filter(|other| *other != language);
    others
        .map(|other| {
            let mut written = form_urlencoded::Serializer::new(String::new());
            let kept = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != PARAMETER);
            let written = written.extend_pairs(kept).append_pair(PARAMETER, other.tag()).finish();
            (other, format!("?{written}"))
        })
        .collect()
}

fn asked(query: &str) -> Option<Language> {
    form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == PARAMETER)
        .find_map(|(_, tag)| Language::known(&tag))
}

/// The language of the highest weight (RFC 9110, section 12.5.4); of equals the first.
fn preferred(header: &str) -> Option<Language> {
    let mut best: Option<(f32, Language)> = None;
    for range in header.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let language = parts.next().and_then(Language::known);
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok());
        if let (Some(language), Some(weight)) = (language, weight)
            && weight > best.map_or(0.0, |(weight, _)| weight)
        {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_query_is_asked_before_the_browser() {
        let of = |uri: &str, header: &str| {
            spoken(&TestRequest::with_uri(uri).insert_header((ACCEPT_LANGUAGE, header)).to_http_request())
        };
        assert_eq!(of("/x", "es-MX,es;q=0.9,en;q=0.8"), Language::Spanish);
        assert_eq!(of("/x", "fr, es;q=0.3, en;q=0.7"), Language::English);
        assert_eq!(of("/x", "es;q=0, en;q=0.1"), Language::English);
        assert_eq!(of("/x", "fr"), Language::English);
        assert_eq!(of("/x?lang=ES-ar", "en"), Language::Spanish);
        assert_eq!(of("/x?lang=xx", "es"), Language::Spanish);
    }

    #[test]
    fn a_link_to_another_language_keeps_the_rest_of_the_query() {
        let links = others("state=a%26b&lang=en&lang=en", Language::English);
        assert_eq!(links, [(Language::Spanish, "?state=a%26b&lang=es".to_owned())]);
    }
}
