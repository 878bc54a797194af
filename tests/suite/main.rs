//! The integration tests: one binary, since every further file directly under `tests/` links the whole
//! program again.

mod architecture;
mod support;
