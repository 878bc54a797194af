//! Credentials that CSC clients make and end (v2.2). The steps between, factors, key pair and certificate, are the
//! native API's.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::credential::create::{self, Choice, NewCredential};
use crate::credential::destroy;
use crate::http::blocking;
use crate::http::csc::bearer::Bearer;
use crate::http::csc::fault::{self, Fault, Refusals};
use crate::http::csc::fields::{Fields, Parameter, Value, owned};
use crate::http::csc::parameters::{
    CERTIFICATE_POLICY, CLIENT_DATA, CREATION_REQUEST, CREDENTIAL_ID, GIVEN_NAME, ISSUING_COUNTRY,
    SUBJECT_DATA, SURNAME,
};
use crate::http::csc::posted::Posted;
use crate::http::csc::version::V2;
use crate::model::error::{Code, Error, Result};
use crate::model::id::CredentialId;
use crate::pki::name::Subject;

#[derive(ToSchema)]
#[schema(as = Csc2CreateRequest, rename_all = "camelCase")]
pub struct CreateBody {
    pub credential_creation_request: CreationRequest,
    pub client_data: Option<String>,
}

#[derive(ToSchema)]
#[schema(as = Csc2CredentialCreationRequest, rename_all = "camelCase")]
pub struct CreationRequest {
    /// The id or the name of one of the authorization configurations that the tenant lets CSC clients use
    /// (`cscCreation`). May be left out where there is only one.
    pub certificate_policy: Option<String>,
    pub subject_data: Option<SubjectData>,
}

/// The subject of the certificate request, unless key generation is given another one.
#[derive(ToSchema)]
#[schema(as = Csc2SubjectData, rename_all = "camelCase")]
pub struct SubjectData {
    pub given_name: Option<String>,
    pub surname: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "DE")]
    pub issuing_country: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Csc2Created)]
pub struct Created {
    #[serde(rename = "credentialID")]
    #[schema(value_type = String)]
    id: CredentialId,
}

/// A credential, to be enrolled further (CSC v2.2 credentials/create)
///
/// It is the seat's that the token's scope names. Where it stands, and what it waits for, the native API tells; it can
/// be signed with once it has a certificate.
#[utoipa::path(post, path = "/csc/v2/credentials/create", tag = "csc", security(("bearer" = [])),
    request_body = CreateBody,
    responses((status = 200, body = Created), Refusals),
)]
pub async fn create(
    Bearer { call, .. }: Bearer<V2>,
    app: Data<App>,
    body: Posted<V2>,
) -> Result<HttpResponse, Fault<V2>> {
    let new = create_asked(&body.fields()?)?;
    let made = blocking::run(&app, move |app| create::create(&app.service, &call, new)).await?;
    Ok(HttpResponse::Ok().json(Created { id: made.credential.id }))
}

fn create_asked(fields: &Fields) -> Result<NewCredential> {
    let request =
        object(fields, CREATION_REQUEST)?.ok_or_else(|| fault::missing("object", CREATION_REQUEST.name()))?;
    let policy = request.optional_text(CERTIFICATE_POLICY)?;
    let subject = object(request, SUBJECT_DATA)?.map(subject_of).transpose()?;
    let client_data = fields.optional_text(CLIENT_DATA)?;
    Ok(NewCredential {
        configuration: Choice::ForCsc(owned(policy)),
        multi_signature: None,
        seat: None,
        tenant: None,
        description: None,
        subject,
        client_data: owned(client_data),
    })
}

fn object<'a, 'b>(fields: &'a Fields<'b>, parameter: Parameter) -> Result<Option<&'a Fields<'b>>> {
    match fields.find(parameter)? {
        None => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(_) => Err(fault::missing("object", parameter.name())),
    }
}

fn subject_of(data: &Fields) -> Result<Subject> {
    let (given_name, surname) = (data.optional_text(GIVEN_NAME)?, data.optional_text(SURNAME)?);
    let country = data.optional_text(ISSUING_COUNTRY)?;
    Subject::person(given_name, surname, country).map_err(|_| fault::invalid(SUBJECT_DATA.name()))
}

#[derive(ToSchema)]
#[schema(as = Csc2DeleteRequest, rename_all = "camelCase")]
pub struct DeleteBody {
    #[schema(rename = "credentialID")]
    pub credential_id: String,
    pub client_data: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Csc2Deleted)]
pub struct Deleted {}

/// The end of a credential (CSC v2.2 credentials/delete)
///
/// Its private key is destroyed and its open authorisations end. It cannot be undone.
#[utoipa::path(post, path = "/csc/v2/credentials/delete", tag = "csc", security(("bearer" = [])),
    request_body = DeleteBody,
    responses((status = 200, body = Deleted), Refusals),
)]
pub async fn delete(
    Bearer { call, .. }: Bearer<V2>,
    app: Data<App>,
    body: Posted<V2>,
) -> Result<HttpResponse, Fault<V2>> {
    let id = delete_asked(&body.fields()?)?;
    let ended = blocking::run(&app, move |app| {
        destroy::destroy(&app.service, &call, &id).map_err(|error| match error.code() {
            // There is one state in which nothing is left to be destroyed, and for CSC it is as unknown.
            Code::InvalidState => Error::not_found(),
            _ => error,
        })
    });
    ended.await?;
    Ok(HttpResponse::Ok().json(Deleted {}))
}

fn delete_asked(fields: &Fields) -> Result<CredentialId> {
    let id = fields.required_text(CREDENTIAL_ID)?;
    fields.optional_text(CLIENT_DATA)?;
    CredentialId::parse(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(body: &str) -> Result<NewCredential> {
        create_asked(&Fields::parse(body.as_bytes()).unwrap())
    }

    #[test]
    fn a_subject_is_made_of_a_person_s_names() {
        let new = asked(
            r#"{"credentialCreationRequest":{"certificatePolicy":"signers","subjectData":
                {"givenName":"Jane","surname":"Doe","issuingCountry":"DE","other":1}},"clientData":"x"}"#,
        );
        let new = new.unwrap();
        let subject = new.subject.unwrap().to_string();
        assert_eq!(subject, "GIVENNAME=Jane,SURNAME=Doe,CN=Jane Doe,C=DE");
        assert!(matches!(new.configuration, Choice::ForCsc(Some(policy)) if policy == "signers"));
        let bare = asked(r#"{"credentialCreationRequest":{"subjectData":null}}"#).unwrap();
        assert!(bare.subject.is_none() && matches!(bare.configuration, Choice::ForCsc(None)));
    }

    #[test]
    fn what_is_odd_is_named() {
        let missing = "Missing (or invalid type) object parameter credentialCreationRequest";
        for (body, said) in [
            ("{}", missing),
            (r#"{"credentialCreationRequest":[]}"#, missing),
            (
                r#"{"credentialCreationRequest":{"certificatePolicy":7}}"#,
                "Invalid parameter certificatePolicy",
            ),
            (
                r#"{"credentialCreationRequest":{"subjectData":"Jane"}}"#,
                "Missing (or invalid type) object parameter subjectData",
            ),
            (
                r#"{"credentialCreationRequest":{"subjectData":{"issuingCountry":"DE"}}}"#,
                "Invalid parameter subjectData",
            ),
            (
                r#"{"credentialCreationRequest":{"subjectData":{"surname":"Doe","issuingCountry":"Germany"}}}"#,
                "Invalid parameter subjectData",
            ),
            (r#"{"credentialCreationRequest":{"subjectData":{"surname":7}}}"#, "Invalid parameter surname"),
        ] {
            assert_eq!(asked(body).err().unwrap().detail(), said, "{body}");
        }
    }
}
