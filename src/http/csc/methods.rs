//! The methods of a version, as info lists them: what is routed, and set up on this node.

use actix_web::http::Method;

use super::send_otp;
use super::timestamp;
use super::version::Version;
use crate::app::App;
use crate::http::routes::TABLE;

/// All but info, which whoever reads this has called.
pub fn of<V: Version>(app: &App) -> Vec<&'static str> {
    // What answers GET answers POST too.
    let posts = TABLE.iter().filter(|row| row.method == Method::POST);
    let own = posts.filter_map(|row| row.path.strip_prefix(V::BASE));
    // Those that clients find below the version's base are the same as at OAuth's own.
    let own =
        own.filter(|method| *method != "info" && !method.starts_with("oauth2/") && available(method, app));
    let oauth = V::OAUTH.iter().copied().filter(|method| is_routed(&format!("/{method}")));
    oauth.chain(own).collect()
}

/// How access tokens are had (CSC `authType`).
pub fn auth_types<V: Version>() -> Vec<&'static str> {
    let ways = [
        ("oauth2code", "/oauth2/authorize".to_owned()),
        ("oauth2client", "/oauth2/token".to_owned()),
        ("basic", format!("{}auth/login", V::BASE)),
    ];
    ways.into_iter().filter(|(_, path)| is_routed(path)).map(|(name, _)| name).collect()
}

fn is_routed(path: &str) -> bool {
    TABLE.iter().any(|row| row.path == path)
}

/// Whether a method that is routed has what it needs on this node.
fn available(method: &str, app: &App) -> bool {
    timestamp::is_there(app, method) && send_otp::is_there(app, method)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::csc::version::{V1, V2};
    use crate::model::time::Timestamp;

    #[test]
    fn the_methods_are_those_that_are_routed() {
        let app = crate::app::tests::app(|_| (), Timestamp::from_seconds(1));
        for methods in [of::<V1>(&app), of::<V2>(&app)] {
            for name in [
                "oauth2/token",
                "oauth2/revoke",
                "auth/login",
                "auth/revoke",
                "credentials/list",
                "credentials/info",
                "credentials/authorize",
                "credentials/extendTransaction",
                "signatures/signHash",
            ] {
                assert_eq!(
                    methods.iter().filter(|method| **method == name).count(),
                    1,
                    "{name}: {methods:?}"
                );
            }
            assert!(!methods.contains(&"info"));
        }
        for name in ["oauth2client", "oauth2code", "basic"] {
            assert!(auth_types::<V2>().contains(&name), "{name}");
        }
        let pushes = |methods: Vec<&str>| methods.contains(&"oauth2/pushed_authorize");
        assert!(pushes(of::<V2>(&app)) && !pushes(of::<V1>(&app)));
    }
}
