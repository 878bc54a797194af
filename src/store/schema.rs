//! The tables, in types that both databases have: text ids, integer microseconds, blobs.

diesel::table! {
    settings (name) {
        name -> Text,
        value -> Binary,
    }
}

diesel::table! {
    tenants (name) {
        name -> Text,
        display_name -> Text,
        otp_issuer -> Nullable<Text>,
        ca_sets_subject -> Bool,
        status -> Text,
        wrapped_key -> Binary,
        created_at -> BigInt,
        gateway_url -> Nullable<Text>,
        gateway_secret -> Nullable<Binary>,
        csc_configurations -> Text,
    }
}

diesel::table! {
    trust_anchors (tenant, fingerprint) {
        tenant -> Text,
        fingerprint -> Text,
        subject -> Text,
        der -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    seats (tenant, name) {
        tenant -> Text,
        name -> Text,
        display_name -> Nullable<Text>,
        email -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    clients (id) {
        id -> Text,
        display_name -> Nullable<Text>,
        status -> Text,
        grant_types -> Text,
        roles -> Text,
        tenants -> Text,
        permissions -> Text,
        access_token_validity -> Integer,
        refresh_token_validity -> Nullable<Integer>,
        redirect_uris -> Text,
        role_permissions -> Text,
        default_scope -> Nullable<Text>,
        jwks -> Nullable<Text>,
        created_at -> BigInt,
        version -> BigInt,
        authentication -> Text,
        pkce -> Text,
        account_token_key -> Nullable<Binary>,
    }
}

diesel::table! {
    used_assertions (client, jti) {
        client -> Text,
        jti -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    client_secrets (id) {
        id -> Text,
        client -> Text,
        kind -> Text,
        verifier -> Binary,
        created_at -> BigInt,
        ends_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    throttles (who) {
        who -> Text,
        failures -> Integer,
        open_at -> BigInt,
    }
}

diesel::table! {
    users (id) {
        id -> Text,
        tenant -> Text,
        name -> Text,
        first_name -> Nullable<Text>,
        last_name -> Nullable<Text>,
        email -> Nullable<Text>,
        groups -> Text,
        roles -> Text,
        seats -> Text,
        status -> Text,
        password -> Nullable<Text>,
        created_at -> BigInt,
        version -> BigInt,
    }
}

diesel::table! {
    user_identifiers (tenant, identifier) {
        tenant -> Text,
        identifier -> Text,
        user_id -> Text,
        is_email -> Bool,
    }
}

diesel::table! {
    user_otps (user_id) {
        user_id -> Text,
        id -> Text,
        wrapped_secret -> Binary,
        rules -> Text,
        last_step -> Nullable<BigInt>,
        confirmed -> Bool,
    }
}

diesel::table! {
    configurations (id) {
        id -> Text,
        tenant -> Text,
        name -> Text,
        kind -> Text,
        second_factors -> Text,
        pin -> Text,
        otp -> Text,
        max_attempts -> Integer,
        lockout_seconds -> Integer,
        sad_validity -> Integer,
        scal -> Text,
        created_at -> BigInt,
        uniform_factor_errors -> Bool,
        signatures_per_minute -> Nullable<Integer>,
    }
}

diesel::table! {
    signature_rates (credential) {
        credential -> Text,
        started_at -> BigInt,
        signatures -> BigInt,
    }
}

diesel::table! {
    credentials (id) {
        id -> Text,
        tenant -> Text,
        seat -> Text,
        configuration -> Text,
        client -> Text,
        description -> Nullable<Text>,
        multi_signature -> Integer,
        status -> Text,
        required_factors -> Text,
        current_key -> Nullable<Text>,
        current_chain -> Nullable<Text>,
        expires_at -> Nullable<BigInt>,
        created_at -> BigInt,
        version -> BigInt,
        default_subject -> Nullable<Text>,
    }
}

diesel::table! {
    factors (id) {
        id -> Text,
        credential -> Text,
        kind -> Text,
        confirmed -> Bool,
        material -> Text,
        lockout -> Text,
        created_at -> BigInt,
        version -> BigInt,
    }
}

diesel::table! {
    keys (id) {
        id -> Text,
        credential -> Text,
        algorithm -> Text,
        spki -> Binary,
        wrapped_pkcs8 -> Binary,
        data_key_kind -> Text,
        wrapped_data_key -> Binary,
        csr -> Binary,
        csr_algorithm -> Text,
        subject -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    chains (id) {
        id -> Text,
        credential -> Text,
        key -> Text,
        certificates -> Binary,
        attached_at -> BigInt,
    }
}

diesel::table! {
    authorizations (id) {
        id -> Text,
        sad_id -> Binary,
        credential -> Text,
        tenant -> Text,
        seat -> Nullable<Text>,
        client -> Text,
        remaining -> Integer,
        digest -> Nullable<Text>,
        hashes -> Nullable<Binary>,
        wrapped_data_key -> Binary,
        expires_at -> BigInt,
        ends_at -> BigInt,
        created_at -> BigInt,
        version -> BigInt,
        pending -> Bool,
        user_id -> Nullable<Text>,
    }
}

diesel::table! {
    approvals (id) {
        id -> Binary,
        credential -> Text,
        factor -> Text,
        authorization_id -> Nullable<Text>,
        shown -> Text,
        decision -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> BigInt,
        decided_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    enrolment_links (id) {
        id -> Binary,
        credential -> Text,
        client -> Text,
        browser -> Nullable<Binary>,
        otp -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> BigInt,
        finished_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sign_responses (id) {
        id -> Text,
        response_id -> Binary,
        credential -> Text,
        tenant -> Text,
        seat -> Nullable<Text>,
        client -> Text,
        sealed -> Binary,
        expires_at -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    tokens (id) {
        id -> Text,
        client -> Text,
        user_name -> Nullable<Text>,
        tenant -> Nullable<Text>,
        seat -> Nullable<Text>,
        scope -> Text,
        permissions -> Text,
        reach -> Text,
        family -> Nullable<Text>,
        issued_at -> BigInt,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    token_families (id) {
        id -> Text,
        origin -> Text,
        client -> Text,
        user_name -> Nullable<Text>,
        tenant -> Nullable<Text>,
        seat -> Nullable<Text>,
        scope -> Text,
        reach -> Text,
        issued_at -> BigInt,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        signed_in_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    refresh_tokens (hash) {
        hash -> Binary,
        family -> Text,
        issued_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    token_keys (kid) {
        kid -> Text,
        algorithm -> Text,
        public_jwk -> Text,
        wrapped_private -> Binary,
        created_at -> BigInt,
        signs_from -> BigInt,
        signs_until -> BigInt,
        retires_at -> BigInt,
    }
}

diesel::table! {
    idempotency (id) {
        id -> Binary,
        fingerprint -> Binary,
        status -> Nullable<Integer>,
        answer -> Nullable<Binary>,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    audit_events (sequence) {
        sequence -> BigInt,
        at -> BigInt,
        tenant -> Nullable<Text>,
        actor -> Text,
        action -> Text,
        target -> Text,
        record -> Binary,
    }
}

diesel::table! {
    leases (job) {
        job -> Text,
        holder -> Text,
        until -> BigInt,
    }
}

diesel::table! {
    sessions (id) {
        id -> Binary,
        user_id -> Text,
        user_version -> BigInt,
        signed_in_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    authorization_requests (id) {
        id -> Binary,
        client -> Text,
        browser -> Nullable<Binary>,
        asked -> Text,
        passed_user -> Nullable<Text>,
        passed_version -> Nullable<BigInt>,
        signed_in_at -> Nullable<BigInt>,
        expires_at -> BigInt,
    }
}

diesel::table! {
    authorization_codes (hash) {
        hash -> Binary,
        client -> Text,
        user_id -> Text,
        user_version -> BigInt,
        given -> Text,
        authorization_id -> Nullable<Text>,
        family -> Nullable<Text>,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    consents (user_id, client) {
        user_id -> Text,
        client -> Text,
        scope -> Text,
        given_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    settings,
    tenants,
    trust_anchors,
    seats,
    clients,
    client_secrets,
    used_assertions,
    throttles,
    users,
    user_identifiers,
    user_otps,
    configurations,
    credentials,
    factors,
    keys,
    chains,
    authorizations,
    approvals,
    enrolment_links,
    sessions,
    authorization_requests,
    authorization_codes,
    consents,
    sign_responses,
    tokens,
    token_families,
    refresh_tokens,
    token_keys,
    idempotency,
    audit_events,
    leases
);
