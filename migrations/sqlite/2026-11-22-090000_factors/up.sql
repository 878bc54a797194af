-- Whether a refusal says which factor was wrong.
ALTER TABLE configurations ADD COLUMN uniform_factor_errors BOOLEAN NOT NULL DEFAULT FALSE;
-- Of one credential under an implicit configuration; null for the others.
ALTER TABLE configurations ADD COLUMN signatures_per_minute INTEGER;

-- What a credential that asks nothing of its signer was authorised for since started_at (microseconds).
CREATE TABLE signature_rates (
  credential TEXT PRIMARY KEY REFERENCES credentials (id),
  started_at BIGINT NOT NULL,
  signatures BIGINT NOT NULL
);
