-- Signatures that were made asynchronously and wait to be collected. response_id finds them and opens nothing; sealed
-- opens with the responseID, which its caller alone has.
CREATE TABLE sign_responses (
  id TEXT PRIMARY KEY,
  response_id BYTEA NOT NULL UNIQUE,
  credential TEXT NOT NULL REFERENCES credentials (id),
  tenant TEXT NOT NULL,
  seat TEXT,
  client TEXT NOT NULL,
  sealed BYTEA NOT NULL,
  expires_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX sign_responses_expiry ON sign_responses (expires_at);
