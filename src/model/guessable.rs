//! Shapes that whoever guesses tries first.

/// One to three characters over and over.
pub fn is_repeat(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=3).any(|period| {
        bytes.len() > period && bytes.iter().zip(bytes.iter().skip(period)).all(|(a, b)| a == b)
    })
}

/// Each character one above, or each one below, the one before; the digits go round, as on a keypad (7890).
pub fn is_run(text: &str) -> bool {
    let bytes = text.as_bytes();
    let steps = |next: fn(u8) -> u8| bytes.iter().zip(bytes.iter().skip(1)).all(|(a, b)| next(*a) == *b);
    bytes.len() > 1
        && (steps(|b| if b == b'9' { b'0' } else { b.wrapping_add(1) })
            || steps(|b| if b == b'0' { b'9' } else { b.wrapping_sub(1) }))
}
