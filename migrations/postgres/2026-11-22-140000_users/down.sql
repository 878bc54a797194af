ALTER TABLE throttles RENAME COLUMN who TO client;
ALTER TABLE throttles RENAME TO client_throttles;
DROP INDEX tokens_user;
DROP TABLE user_otps;
DROP TABLE user_identifiers;
DROP TABLE users;
