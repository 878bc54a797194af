//! Damaged uploads: whatever is done to one, it is accepted or refused, never a panic and never our fault.

use std::time::{Duration, Instant};

use crate::model::error::Code;
use crate::pki::certificate::trust_anchor;
use crate::pki::tests::containers;
use crate::pki::tests::world::{NOW, World};

/// How long the search for a damaged upload that hurts may last.
const TIME: Duration = Duration::from_secs(2);

#[test]
fn damaged_uploads_are_refused_without_a_panic() {
    let world = World::new();
    let chain: Vec<Vec<u8>> = world.chain().iter().map(|der| der.to_vec()).collect();
    let crls = [world.ca.crl(&[&[5]], NOW)];
    let uploads: Vec<Vec<u8>> = containers::ALL.iter().map(|(_, wrap)| wrap(&chain, &crls)).collect();
    let mut random = Random(0x5eed);
    let (mut accepted, mut refused) = (0, 0);
    let began = Instant::now();
    while began.elapsed() < TIME {
        for upload in &uploads {
            let damaged = damage(upload.clone(), &mut random);
            match world.accept(&damaged) {
                Ok(_) => accepted += 1,
                Err(error) => {
                    refused += 1;
                    let is_ours = matches!(error.code(), Code::InternalError | Code::SelfTestFailed);
                    assert!(!is_ours, "{error} {:?} of {damaged:02x?}", error.cause());
                }
            }
            let _ = trust_anchor(&damaged);
        }
    }
    // Damage to the text around a PEM block harms nothing; most other damage does.
    assert!(accepted > 0 && refused > accepted, "{accepted} accepted, {refused} refused");
}

#[test]
fn every_truncation_is_refused() {
    let world = World::new();
    let chain: Vec<Vec<u8>> = world.chain().iter().map(|der| der.to_vec()).collect();
    for (container, wrap) in containers::ALL.iter().take(4) {
        let upload = wrap(&chain, &[]);
        for length in 0..upload.len() {
            let error = world.accept(&upload[..length]).expect_err(container);
            assert_eq!(error.code(), Code::MalformedPkcs7, "{container} cut to {length}: {error}");
        }
    }
}

/// One to three wounds of different kinds.
fn damage(mut upload: Vec<u8>, random: &mut Random) -> Vec<u8> {
    for _ in 0..=random.below(3) {
        let at = random.below(upload.len().max(1));
        match random.below(7) {
            0 => flip(&mut upload, at, 1 << random.below(8)),
            1 => upload.truncate(at),
            // What may be a length octet becomes another one.
            2 => set(&mut upload, at, [0x00, 0x7f, 0x80, 0x81, 0x82, 0x84, 0x88, 0xff][random.below(8)]),
            3 => upload.splice(at..at, [0x30, 0x80].repeat(random.below(40))).for_each(drop),
            4 => {
                let end = (at + random.below(64)).min(upload.len());
                upload.drain(at.min(end)..end);
            }
            5 => {
                let end = (at + random.below(64)).min(upload.len());
                let copy = upload[at.min(end)..end].to_vec();
                upload.splice(at..at, copy).for_each(drop);
            }
            _ => set(&mut upload, at, random.below(256) as u8),
        }
    }
    upload
}

fn flip(upload: &mut [u8], at: usize, mask: u8) {
    if let Some(octet) = upload.get_mut(at) {
        *octet ^= mask;
    }
}

fn set(upload: &mut [u8], at: usize, to: u8) {
    if let Some(octet) = upload.get_mut(at) {
        *octet = to;
    }
}

/// xorshift64: the same damage in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}
