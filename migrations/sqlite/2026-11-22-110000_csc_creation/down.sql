ALTER TABLE credentials DROP COLUMN default_subject;
ALTER TABLE tenants DROP COLUMN csc_configurations;
