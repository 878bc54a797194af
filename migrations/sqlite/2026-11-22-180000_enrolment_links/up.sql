-- Links by which signers set up PIN and OTP themselves. id is derived from the link's token, which is nowhere. browser is
-- a MAC of the cookie of the browser that used the link first; otp is the factor that was made through the link.
CREATE TABLE enrolment_links (
  id BLOB PRIMARY KEY,
  credential TEXT NOT NULL REFERENCES credentials (id),
  client TEXT NOT NULL,
  browser BLOB,
  otp TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  finished_at BIGINT
);
CREATE INDEX enrolment_links_credential ON enrolment_links (credential);
CREATE INDEX enrolment_links_expiry ON enrolment_links (expires_at);
