DROP TABLE used_assertions;
ALTER TABLE clients DROP COLUMN account_token_key;
ALTER TABLE clients DROP COLUMN pkce;
ALTER TABLE clients DROP COLUMN authentication;
