ALTER TABLE token_families DROP COLUMN signed_in_at;
