use super::*;

fn named(values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(header::AUTHORIZATION, value.parse().unwrap());
    }
    headers
}

#[test]
fn a_token_of_fifteen_bytes_is_too_short_and_the_next_is_not() {
    assert_eq!(
        OperatorToken::new("fifteen-bytes-x").err(),
        Some(PagesError::TokenTooShort { min: 16 })
    );
    assert!(OperatorToken::new("sixteen-bytes-xy").is_ok());
    assert!(OperatorToken::new("seventeen-bytes-x").is_ok());
    assert!(OperatorToken::new("sixteen bytes-xy").is_err());
    assert!(OperatorToken::new("sixteen-bytes-x\u{e9}").is_err());
}

#[test]
fn the_token_is_named_whole_and_once() {
    let token = OperatorToken::new("0123456789abcdef").unwrap();
    let right = "Bearer 0123456789abcdef";
    assert!(token.is_named(&named(&[right])));
    for wrong in [
        &[][..],
        &["Bearer 0123456789abcdeg"],
        &["Bearer 1123456789abcdef"],
        &["Bearer 0123456789abcde"],
        &["Bearer 0123456789abcdef0"],
        &["Bearer "],
        &["0123456789abcdef"],
        &["Basic 0123456789abcdef"],
        &[right, right],
    ] {
        assert!(!token.is_named(&named(wrong)), "{wrong:?}");
    }
    assert_eq!(format!("{token:?}"), "OperatorToken");
}

#[test]
fn an_order_has_what_it_needs_and_nothing_else() {
    let order = |body: &str| {
        let read = read(&Bytes::copy_from_slice(body.as_bytes()));
        read.map(|(_, command, _)| command)
    };
    let by = r#""partition":0,"who":"a","why":"b""#;
    let to = Offset::new(7).unwrap();
    for (body, command) in [
        (format!(r#"{{"order":"retry",{by}}}"#), Command::Retry),
        (format!(r#"{{"order":"resume",{by}}}"#), Command::Retry),
        (format!(r#"{{"order":"skip_one",{by}}}"#), Command::SkipOne),
        (format!(r#"{{"order":"pause",{by}}}"#), Command::Pause),
        (
            format!(r#"{{"order":"skip_to","offset":7,{by}}}"#),
            Command::SkipTo(to),
        ),
    ] {
        assert_eq!(order(&body), Ok(command), "{body}");
    }
    for (body, why) in [
        (String::new(), "not_an_order"),
        (format!(r#"{{"order":"explode",{by}}}"#), "not_an_order"),
        (format!(r#"{{"order":"retry","x":1,{by}}}"#), "not_an_order"),
        (format!(r#"{{"order":"skip_to",{by}}}"#), "offset"),
        (
            format!(r#"{{"order":"skip_to","offset":-1,{by}}}"#),
            "offset",
        ),
        (format!(r#"{{"order":"retry","offset":7,{by}}}"#), "offset"),
        (
            r#"{"order":"retry","partition":0,"who":"","why":"b"}"#.to_owned(),
            "who_and_why",
        ),
    ] {
        assert_eq!(order(&body), Err(why), "{body}");
    }
}
