//! The nouns, pure: no I/O and no framework.

pub mod base64;
pub mod error;
pub mod guessable;
pub mod patch;
pub mod secret;
pub mod time;

pub mod id;
pub mod name;
pub mod permission;
pub mod scope;

pub mod authorization_code;
pub mod authorization_request;
pub mod client;
pub mod redirect_uri;
pub mod refresh_token;
pub mod session;
pub mod tenant;
pub mod token;
pub mod user;

pub mod algorithm;
pub mod approval;
pub mod authorization;
pub mod configuration;
pub mod credential;
pub mod enrolment_link;
pub mod factor;
pub mod language;
pub mod lockout;
pub mod sign_response;

pub mod event;
pub mod webhook;
