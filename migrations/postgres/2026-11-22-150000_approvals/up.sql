-- Whether the signer's approval is waited for: sad_id is a handle's then, which opens the data key and signs nothing.
ALTER TABLE authorizations ADD COLUMN pending BOOLEAN NOT NULL DEFAULT FALSE;

-- What a signer was asked by a link. id is derived from the link's token, which is nowhere. Without an authorization
-- it is the first one of a factor, which confirms it. shown is JSON; decision is approved, refused or null.
CREATE TABLE approvals (
  id BYTEA PRIMARY KEY,
  credential TEXT NOT NULL REFERENCES credentials (id),
  factor TEXT NOT NULL REFERENCES factors (id) ON DELETE CASCADE,
  authorization_id TEXT REFERENCES authorizations (id) ON DELETE CASCADE,
  shown TEXT NOT NULL,
  decision TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  decided_at BIGINT
);
CREATE INDEX approvals_factor ON approvals (factor);
CREATE INDEX approvals_authorization ON approvals (authorization_id);
CREATE INDEX approvals_expiry ON approvals (expires_at);
