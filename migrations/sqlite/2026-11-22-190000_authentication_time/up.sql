-- When the user of a family signed in at a page of this server: what its ID tokens say.
ALTER TABLE token_families ADD COLUMN signed_in_at BIGINT;
