//! A browser, as far as a server sees one: it keeps cookies, and follows what its person does.

use std::cell::RefCell;

use url::Url;

use super::http::{Http, Reply};

/// Where applications are sent back to here.
pub const CALLBACK: &str = "https://app.example/callback";

pub struct Browser {
    http: Http,
    cookie: RefCell<Option<String>>,
}

/// The answer that an application gets.
#[derive(Debug)]
pub struct Callback(pub Url);

impl Browser {
    pub fn new(http: &Http) -> Browser {
        Browser { http: http.clone(), cookie: RefCell::new(None) }
    }

    /// The cookie that it holds, `name=value`.
    pub fn cookie(&self) -> Option<String> {
        self.cookie.borrow().clone()
    }

    pub fn plant(&self, cookie: Option<String>) {
        *self.cookie.borrow_mut() = cookie;
    }

    pub fn get(&self, path: &str) -> Reply {
        let mut request = self.http.get(path);
        if let Some(cookie) = self.cookie() {
            request = request.header("cookie", &cookie);
        }
        self.keep(request.send())
    }

    /// Submits a form as a page of this server does.
    pub fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.submit_from(path, fields, "same-origin")
    }

    pub fn submit_from(&self, path: &str, fields: &[(&str, &str)], site: &str) -> Reply {
        let mut request = self.http.post(path).header("sec-fetch-site", site);
        if let Some(cookie) = self.cookie() {
            request = request.header("cookie", &cookie);
        }
        self.keep(request.form(fields).send())
    }

    /// Follows an application to the page of its request.
    #[track_caller]
    pub fn sent(&self, parameters: &[(&str, &str)]) -> String {
        let reply = self.get(&authorize(parameters)).expect(302);
        let page = reply.header("location").expect("a location").to_owned();
        assert!(page.starts_with("/oauth2/authorize/"), "{page}");
        page
    }

    /// Types name and password on a page.
    #[track_caller]
    pub fn sign_in(&self, page: &str, name: &str, password: &str) {
        self.submit(page, &[("step", "sign-in"), ("username", name), ("password", password)]).expect(303);
    }

    #[track_caller]
    pub fn allow(&self, page: &str) -> Callback {
        Callback::of(&self.submit(page, &[("step", "allow")]))
    }

    /// Takes a step of a page that somebody has to sign in for first: it gives nothing, and the page comes again.
    #[track_caller]
    pub fn has_to_sign_in(&self, page: &str, step: &str) {
        let location =
            self.submit(page, &[("step", step)]).expect(303).header("location").unwrap().to_owned();
        let (path, query) = page.split_once('?').unwrap_or((page, ""));
        let same = format!("./{}", path.rsplit('/').next().unwrap());
        assert!(location == same || location == format!("?{query}"), "{location}");
    }

    fn keep(&self, reply: Reply) -> Reply {
        if let Some(cookie) = reply.header("set-cookie") {
            let pair = cookie.split(';').next().unwrap_or_default().to_owned();
            *self.cookie.borrow_mut() = (!pair.ends_with('=')).then_some(pair);
        }
        reply
    }
}

/// `/oauth2/authorize` with parameters.
pub fn authorize(parameters: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("/oauth2/authorize?{query}")
}

impl Callback {
    /// Where a redirect leads.
    #[track_caller]
    pub fn of(reply: &Reply) -> Callback {
        let expected = if reply.what.starts_with("GET ") { 302 } else { 303 };
        assert_eq!(reply.status, expected, "{}: {}", reply.what, reply.text());
        Callback(Url::parse(reply.header("location").expect("a location")).expect("a URL"))
    }

    /// A parameter of the query.
    pub fn get(&self, name: &str) -> Option<String> {
        self.0.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// A parameter of the fragment.
    pub fn in_fragment(&self, name: &str) -> Option<String> {
        let pairs = url::form_urlencoded::parse(self.0.fragment().unwrap_or_default().as_bytes());
        pairs.into_owned().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    #[track_caller]
    pub fn code(&self) -> String {
        self.get("code").unwrap_or_else(|| panic!("no code in {}", self.0))
    }
}
