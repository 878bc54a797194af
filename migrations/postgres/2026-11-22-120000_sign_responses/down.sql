DROP TABLE sign_responses;
