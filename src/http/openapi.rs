//! The OpenAPI 3.1 document: the handlers' annotations, completed from the table of routes. Refusals are written once,
//! in the table, and come out as responses of every operation that may give them.

use std::collections::BTreeMap;

use serde_json::json;
use utoipa::openapi::content::Content;
use utoipa::openapi::example::Example;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi, PathItem, Ref, RefOr, Response};
use utoipa::{OpenApi as _, PartialSchema, ToSchema};

use super::problem::{self, FieldProblem, ProblemBody, status};
use super::routes::{Annotated, Endpoint, TABLE};
use crate::model::error::Code;

/// The name of the security scheme, for `security(("bearer" = []))` in annotations.
pub const BEARER: &str = "bearer";

const DESCRIPTION: &str = "\
countersign keeps people's signing keys so that only they can use them. This is the native API, by which credentials \
are provisioned and the service is administered. Using a credential (list, info, authorise, sign) is the Cloud \
Signature Consortium API under `/csc`; tokens come from `/oauth2/token`.

Errors are RFC 9457 problems, and `code` is what programs decide by: `/problems/{code}` explains each. A problem's \
`status` is the HTTP status; where a credential stands, with `invalid_state`, is `credentialStatus`, beside `nextStep`. \
Body fields that are not known are refused, never ignored. Every answer carries `X-Request-Id`.";

/// The whole document.
pub fn document() -> OpenApi {
    let mut document = Annotated::openapi();
    document.info = InfoBuilder::new()
        .title("countersign")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .build();
    for row in TABLE {
        if let Some(operation) = document.paths.paths.get_mut(row.path).and_then(|item| operation(item, row))
        {
            complete(operation, row);
        }
    }
    let components = document.components.get_or_insert_default();
    components.schemas.insert(ProblemBody::name().into_owned(), ProblemBody::schema());
    components.schemas.insert(FieldProblem::name().into_owned(), FieldProblem::schema());
    for code in Code::ALL {
        components.examples.insert(code.as_str().to_owned(), RefOr::T(example(*code)));
        components.responses.insert(code.as_str().to_owned(), RefOr::T(response(&[*code])));
    }
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.description = Some("An access token from `/oauth2/token` (RFC 6750).".to_owned());
    components.security_schemes.insert(BEARER.to_owned(), RefOr::T(SecurityScheme::Http(bearer)));
    document
}

fn operation<'a>(item: &'a mut PathItem, row: &Endpoint) -> Option<&'a mut Operation> {
    match row.method.as_str() {
        "GET" => item.get.as_mut(),
        "POST" => item.post.as_mut(),
        "PUT" => item.put.as_mut(),
        "PATCH" => item.patch.as_mut(),
        "DELETE" => item.delete.as_mut(),
        _ => None,
    }
}

/// Gives an operation its id and the refusals that it may answer with.
fn complete(operation: &mut Operation, row: &Endpoint) {
    operation.operation_id = Some(row.name.to_owned());
    if !speaks_problems(row.path) {
        return;
    }
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in implied(operation).into_iter().chain(row.refusals.iter().copied()) {
        let codes = by_status.entry(status(code).as_u16()).or_default();
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    for (status, codes) in by_status {
        let responses = &mut operation.responses.responses;
        responses.entry(status.to_string()).or_insert_with(|| RefOr::T(response(&codes)));
    }
}

/// OAuth and CSC have error bodies of their own.
fn speaks_problems(path: &str) -> bool {
    !["/oauth", "/csc", "/revoke", "/.well-known"].iter().any(|prefix| path.starts_with(prefix))
}

/// What follows from an operation's shape.
fn implied(operation: &Operation) -> Vec<Code> {
    let mut codes = vec![Code::InternalError];
    if operation.request_body.is_some() {
        codes.extend([
            Code::InvalidRequest,
            Code::UnknownField,
            Code::PayloadTooLarge,
            Code::UnsupportedMediaType,
        ]);
    }
    if operation.security.as_ref().is_some_and(|security| !security.is_empty()) {
        codes.extend([
            Code::InvalidToken,
            Code::InsufficientPermission,
            Code::RateLimited,
            Code::Busy,
            Code::StorageUnavailable,
        ]);
    }
    let mut parameters = operation.parameters.iter().flatten();
    if parameters.any(|p| matches!(p, RefOr::T(parameter) if parameter.name == "Idempotency-Key")) {
        codes.extend([Code::IdempotencyKeyReused, Code::IdempotencyInProgress]);
    }
    codes
}

fn response(codes: &[Code]) -> Response {
    let lines: Vec<String> = codes
        .iter()
        .map(|code| format!("`{}`: {}. {}", code.as_str(), code.title(), code.advice()))
        .collect();
    let mut content = Content::new(Some(Ref::from_schema_name(ProblemBody::name())));
    for code in codes {
        let reference = Ref::new(format!("#/components/examples/{}", code.as_str()));
        content.examples.insert(code.as_str().to_owned(), RefOr::Ref(reference));
    }
    let mut response = Response::new(lines.join("\n\n"));
    response.content.insert(problem::MEDIA_TYPE.to_owned(), RefOr::T(content));
    response
}

fn example(code: Code) -> Example {
    let mut example = Example::new();
    example.summary = code.title().to_owned();
    example.value = Some(json!({
        "type": format!("/problems/{}", code.as_str()),
        "title": code.title(),
        "status": status(code).as_u16(),
        "detail": code.advice(),
        "code": code.as_str(),
        "requestId": "5f0c2d9e8b7a6153-2a",
    }));
    example
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_openapi_3_1_and_its_references_lead_somewhere() {
        let document = serde_json::to_value(document()).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        let mut references = Vec::new();
        collect(&document, &mut references);
        assert!(!references.is_empty());
        for reference in references {
            let target = document.pointer(reference.trim_start_matches('#'));
            assert!(target.is_some(), "{reference} leads nowhere");
        }
    }

    #[test]
    fn operation_ids_are_unique() {
        let document = serde_json::to_value(document()).unwrap();
        let mut names = std::collections::BTreeSet::new();
        for item in document["paths"].as_object().unwrap().values() {
            for operation in item.as_object().unwrap().values() {
                let name = operation["operationId"].as_str().unwrap();
                assert!(names.insert(name.to_owned()), "{name} is there twice");
            }
        }
        assert!(!names.is_empty());
    }

    fn collect(value: &serde_json::Value, references: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(members) => {
                for (name, member) in members {
                    match (name.as_str(), member.as_str()) {
                        ("$ref", Some(reference)) => references.push(reference.to_owned()),
                        _ => collect(member, references),
                    }
                }
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
            _ => {}
        }
    }
}
