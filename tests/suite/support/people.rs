//! Users of the tenants, as the operator of the command line makes them.

use countersign::identity::users::change::change;
use countersign::identity::users::create::{NewUser, create};
use countersign::identity::users::otp;
use countersign::identity::users::settings::UserSettings;
use countersign::model::id::UserId;
use countersign::model::name::{SeatName, TenantName, UserName};
use countersign::model::patch::Patch;
use countersign::model::secret::SecretText;
use countersign::model::token::{Call, Principal};
use countersign::model::user::UserStatus;
use totp_rs::Totp;

use super::http::Reply;
use super::scene::Scene;

/// The password of every user here.
pub const PASSWORD: &str = "walrus gathers 7 umbrellas";

pub struct Person {
    pub id: UserId,
    pub name: String,
}

impl Person {
    /// Somebody of a tenant, in the group `staff`, whose e-mail address is `<name>@<tenant>.example`.
    pub fn new(scene: &Scene, tenant: &str, name: &str, roles: &[&str], seats: &[&str]) -> Person {
        let new = NewUser {
            name: UserName::parse(name).unwrap(),
            tenant: Some(TenantName::parse(tenant).unwrap()),
            password: Some(SecretText::new(PASSWORD)),
            settings: UserSettings {
                first_name: Patch::Set("Joan".to_owned()),
                last_name: Patch::Set("Doe".to_owned()),
                email: Patch::Set(format!("{name}@{tenant}.example")),
                groups: Patch::Set(vec!["staff".to_owned()]),
                roles: texts(roles),
                seats: Patch::Set(seats.iter().map(|seat| SeatName::parse(seat).unwrap()).collect()),
                ..UserSettings::default()
            },
        };
        let made = create(&scene.first().app.service, &operator(scene), new).unwrap();
        Person { id: made.id, name: name.to_owned() }
    }

    pub fn change(&self, scene: &Scene, settings: UserSettings) {
        change(&scene.first().app.service, &operator(scene), &self.id, settings).unwrap();
    }

    pub fn set_status(&self, scene: &Scene, status: UserStatus) {
        self.change(scene, UserSettings { status: Patch::Set(status), ..UserSettings::default() });
    }

    pub fn set_roles(&self, scene: &Scene, roles: &[&str]) {
        self.change(scene, UserSettings { roles: texts(roles), ..UserSettings::default() });
    }

    /// Makes and confirms an authenticator.
    pub fn add_otp(&self, scene: &Scene) -> Totp {
        let service = &scene.first().app.service;
        let made = otp::enrol(service, &operator(scene), &self.id).unwrap();
        let authenticator = Totp::from_url(made.enrolment.uri.expose()).unwrap();
        let code = SecretText::new(next_code(scene, &authenticator));
        otp::confirm(service, &operator(scene), &self.id, &code).unwrap();
        authenticator
    }
}

/// A code that was never accepted: time moves on by one step.
pub fn next_code(scene: &Scene, authenticator: &Totp) -> String {
    scene.clock.advance(i64::try_from(authenticator.step()).unwrap());
    authenticator.generate(u64::try_from(scene.clock.now().seconds()).unwrap()).to_string()
}

/// The answer to a user's name and password, sent by an application with what else there is.
pub fn sign_in(scene: &Scene, client: &str, name: &str, password: &str, more: &[(&str, &str)]) -> Reply {
    let mut form = vec![("grant_type", "password"), ("username", name), ("password", password)];
    form.extend(more);
    scene.http.post("/oauth2/token").basic(client, &scene.secret(client)).form(&form).send()
}

pub fn operator(scene: &Scene) -> Call {
    Call { principal: Principal::Operator, request_id: None, at: scene.clock.now() }
}

fn texts(names: &[&str]) -> Patch<Vec<String>> {
    Patch::Set(names.iter().map(ToString::to_string).collect())
}
