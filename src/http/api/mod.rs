//! The native API, one file per resource.

pub mod audit_events;
pub mod certificate_requests;
pub mod clients;
pub mod configurations;
pub mod credentials;
pub mod enrolment;
pub mod enrolment_links;
pub mod seats;
pub mod tenants;
pub mod tokens;
pub mod user_secrets;
pub mod users;
