use super::*;
use crate::model::error::Code;

fn subject(text: &str) -> Subject {
    Subject::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn the_last_rdn_of_the_text_comes_first_in_der() {
    let der = subject("CN=John,O=Acme").der();
    let organization = der.windows(4).position(|w| w == b"Acme").unwrap();
    let common_name = der.windows(4).position(|w| w == b"John").unwrap();
    assert!(organization < common_name);
}

#[test]
fn a_name_survives_the_way_through_der_and_back() {
    for (text, shown) in [
        ("CN=John Doe,O=Acme", "CN=John Doe,O=Acme"),
        ("cn = John Doe , o = Acme ", "CN=John Doe,O=Acme"),
        (r"CN=Doe\, John+SERIALNUMBER=7,C=DE", r"SERIALNUMBER=7+CN=Doe\, John,C=DE"),
        (r"CN=\ a \ ,OU=\#1", r"CN=\ a \ ,OU=\#1"),
        (r"CN=Lu\C4\8Di\C4\87", "CN=Lučić"),
        (r"CN=a\3db=c", "CN=a=b=c"),
        ("2.5.4.3=x", "CN=x"),
        ("OID.2.5.4.97=VATDE-1", "2.5.4.97=#0c0756415444452d31"),
        ("1.2.3.4=#04024869", "1.2.3.4=#04024869"),
        ("CN=#0c024869", "CN=Hi"),
        ("UID=jd,DC=example,DC=net,E=a@b.c", "UID=jd,DC=example,DC=net,EMAILADDRESS=a@b.c"),
    ] {
        let parsed = subject(text);
        assert_eq!(parsed.to_string(), shown, "{text}");
        assert_eq!(subject(shown), parsed, "{text}");
    }
}

#[test]
fn openssl_reads_the_same_name() {
    let der = subject(r"CN=J\C3\BCrgen+SN=Doe,O=Acme\, Inc.,C=DE,EMAIL=j@acme.example").der();
    let name = openssl::x509::X509Name::from_der(&der).unwrap();
    let texts: Vec<String> = name.entries().map(|entry| entry.data().to_string().unwrap()).collect();
    // Inside an RDN, DER orders the set by its octets: the shorter attribute comes first.
    assert_eq!(texts, ["j@acme.example", "DE", "Acme, Inc.", "Doe", "Jürgen"]);
}

#[test]
fn what_is_no_name_is_refused_at_its_field() {
    for text in [
        "",
        "  ",
        "John",
        "CN",
        "CN=",
        "CN=a,",
        ",CN=a",
        "CN=a,,O=b",
        "CN=a;O=b",
        "CN=\"a\"",
        r"CN=a\",
        r"CN=a\zz",
        r"CN=\FF",
        "CN=#",
        "CN=#0",
        "CN=#0c05",
        "CN=#0c0141ff",
        "CN=#0000",
        "XX=a",
        "3.1=a",
        "1.40=a",
        "1=a",
        "1..2=a",
        "1.+2=a",
        "C=Germany",
        "C=D1",
        "SERIALNUMBER=a_b",
        "E=ü@x.y",
        r"CN=a\00b",
        r"CN=\0A",
        "CN=+O=a",
        "=a",
    ] {
        let error = Subject::parse(text).expect_err(text);
        assert_eq!(error.code(), Code::InvalidRequest, "{text}");
        assert_eq!(error.fields().first().unwrap().pointer, "/subject", "{text}");
    }
    assert!(Subject::parse(&format!("CN={}", "a".repeat(5000))).is_err());
}

#[test]
fn a_subject_is_a_text_or_an_object() {
    let read = |json: &str| serde_json::from_str::<Subject>(json).map_err(|error| error.to_string());
    assert_eq!(read(r#""CN=John,O=Acme""#), Ok(subject("CN=John,O=Acme")));
    assert_eq!(read(r#"{"CN":"John","O":"Acme"}"#), Ok(subject("CN=John,O=Acme")));
    let all = r#"{"CN":"Doe, John","O":"o","OU":"u","C":"DE","L":"l","ST":"s","serialNumber":"1","givenName":"John",
        "surname":"Doe","email":"j@d.e"}"#;
    assert_eq!(
        read(all).unwrap().to_string(),
        r"EMAILADDRESS=j@d.e,SERIALNUMBER=1,GIVENNAME=John,SURNAME=Doe,CN=Doe\, John,OU=u,O=o,L=l,ST=s,C=DE"
    );
    assert!(read(r#"{"CN":"John","X":"y"}"#).unwrap_err().contains("unknown field `X`"));
    for wrong in ["{}", "7", "null", r#"{"CN":""}"#, r#"{"CN":1}"#, r#"{"C":"DEU"}"#, r#""John""#] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_simple_subject_takes_any_text() {
    assert_eq!(Subject::simple("Doe, John\n", "Acme").to_string(), r"CN=Doe\, John\ ,O=Acme");
}
