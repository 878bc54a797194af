//! What somebody has to mend in a form, as pages say it: at the top by `mend.html`, and beside the field.

/// Something to be mended, and the id of the field that it is in.
pub struct Mend {
    pub field: Option<&'static str>,
    pub text: &'static str,
}

impl Mend {
    /// What is said beside a field.
    pub fn beside(fault: Option<&Self>, field: &str) -> Option<&'static str> {
        fault.filter(|fault| fault.field == Some(field)).map(|fault| fault.text)
    }
}
