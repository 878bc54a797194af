//! The event log. Verbs append to it through the store, with the change that an event tells of.

pub mod events;
