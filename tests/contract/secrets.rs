//! No secret is kept where everybody reads: in the sources, of which the binaries are made.

use crate::{files, read};

/// What looks like a secret and is none: published with a specification, or made to be refused.
const EXAMPLES: [&str; 3] = [
    // Of Standard Webhooks' own documentation and tests.
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    // What a forger guesses: "a-guess-at-a-key-of-32-bytes".
    "whsec_YS1ndWVzcy1hdC1hLWtleS1vZi0zMi1ieXRlcw==",
];

/// Every word of a text that looks like a secret: AWS's access keys, webhook secrets, tokens, private keys, and
/// password hashes.
fn secrets(text: &str) -> Vec<String> {
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || "_-+/=.$,".contains(c);
    let words = text.split(|c: char| !is_of_word(c));
    let is_secret = |word: &&str| {
        let after = |start: &str| word.split_once(start).map(|(_, rest)| rest);
        let is_key = |start: &str| {
            after(start).is_some_and(|rest| {
                rest.len() >= 16
                    && rest
                        .bytes()
                        .take(16)
                        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            })
        };
        let is_long = |start: &str| {
            after(start).is_some_and(|rest| {
                rest.chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || "+/=".contains(*c))
                    .count()
                    >= 16
            })
        };
        let is_token =
            word.starts_with("eyJ") && word.split('.').filter(|part| part.len() >= 16).count() >= 2;
        let is_hash = word.starts_with("$argon2") && word.split('$').count() > 5;
        is_key("AKIA") || is_key("ASIA") || is_long("whsec_") || is_token || is_hash
    };
    let mut found: Vec<String> = words.filter(is_secret).map(str::to_owned).collect();
    let block = ["-----BEGIN", " "].concat();
    let keys = text.match_indices(&block).filter_map(|(at, _)| {
        let line = text.get(at..)?.lines().next()?;
        line.contains("KEY").then(|| line.to_owned())
    });
    found.extend(keys);
    found
}

///
#[test]
fn no_source_page_or_setting_holds_a_secret() {
    let mut paths = vec![
        "README.md".to_owned(),
        "CHANGELOG.md".to_owned(),
        "Cargo.toml".to_owned(),
        "samconfig.toml".to_owned(),
        "template.yaml".to_owned(),
        ".ci/run".to_owned(),
    ];
    for folder in [
        "functions",
        "shared",
        "local",
        "migrations",
        "tests",
        "docs",
    ] {
        for extension in ["rs", "sql", "toml", "md", "yaml", "json", "txt", "py"] {
            paths.extend(files(folder, extension).unwrap());
        }
    }
    assert!(paths.len() > 400, "{}", paths.len());

    let mut found = Vec::new();
    for path in paths {
        for secret in secrets(&read(&path).unwrap()) {
            if !EXAMPLES.contains(&secret.as_str()) {
                found.push(format!("{path}: {secret:.12}…"));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_secret_of_each_kind_is_noticed_and_a_word_about_one_is_not() {
    let long = "0123456789ABCDEF";
    for secret in [
        format!("AKIA{long}"),
        format!("x = \"ASIA{long}\""),
        format!("whsec_{long}"),
        format!("Bearer eyJ{long}.{long}.{long}"),
        format!("$argon2id$v=19$m=1,t=1,p=1${long}${long}"),
        format!("{}RSA PRIVATE KEY-----", ["-----BEGIN", " "].concat()),
    ] {
        assert_eq!(secrets(&secret).len(), 1, "{secret}");
    }
    for word in [
        "AKIA",
        "whsec_…",
        "a token begins with eyJ",
        "$argon2id$v=19$m=19456,t=2,p=1$",
        "-----BEGIN CERTIFICATE-----",
    ] {
        assert_eq!(secrets(word), Vec::<String>::new(), "{word}");
    }
}
