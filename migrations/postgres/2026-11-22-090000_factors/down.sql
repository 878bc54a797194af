DROP TABLE signature_rates;
ALTER TABLE configurations DROP COLUMN signatures_per_minute;
ALTER TABLE configurations DROP COLUMN uniform_factor_errors;
