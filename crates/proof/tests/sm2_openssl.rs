//! SM2 signatures against OpenSSL, both ways. OpenSSL has to be installed: without it these tests fail.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Output};

use proof::key::SM2_ID;
use proof::{KeyKind, Note, Signature, SigningKey, VerifierKey};

fn openssl(folder: &Path, arguments: &[&str]) -> Output {
    Command::new("openssl").args(arguments).current_dir(folder).output().unwrap_or_else(|error| {
        panic!("this test needs the openssl program (Debian: apt-get install openssl): {error}")
    })
}

fn expect(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = openssl(folder, arguments);
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// An integer of ASN.1 DER, and the rest.
fn der_integer(bytes: &[u8]) -> ([u8; 32], &[u8]) {
    assert_eq!(bytes[0], 2);
    let (digits, rest) = bytes[2..].split_at(usize::from(bytes[1]));
    let digits = digits.strip_prefix(&[0]).unwrap_or(digits);
    let mut found = [0; 32];
    found[32 - digits.len()..].copy_from_slice(digits);
    (found, rest)
}

/// The two numbers of a signature, from OpenSSL's form to ours.
fn from_der(bytes: &[u8]) -> Vec<u8> {
    assert_eq!((bytes[0], usize::from(bytes[1])), (0x30, bytes.len() - 2));
    let (r, rest) = der_integer(&bytes[2..]);
    let (s, rest) = der_integer(rest);
    assert!(rest.is_empty());
    [r, s].concat()
}

fn to_der(signature: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let start = number.iter().position(|byte| *byte != 0).unwrap();
        let mut digits = number[start..].to_vec();
        if digits[0] >= 0x80 {
            digits.insert(0, 0);
        }
        [&[2, u8::try_from(digits.len()).unwrap()], digits.as_slice()].concat()
    };
    let body = [integer(&signature[..32]), integer(&signature[32..])].concat();
    [&[0x30, u8::try_from(body.len()).unwrap()], body.as_slice()].concat()
}

/// A private key as OpenSSL reads it: ECPrivateKey with the curve's name and the public point.
fn private_der(secret: &[u8], public: &[u8]) -> Vec<u8> {
    const CURVE: &[u8] = &[0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d];
    let wrap = |tag: u8, body: &[u8]| [&[tag, u8::try_from(body.len()).unwrap()], body].concat();
    let point = wrap(0xa1, &wrap(0x03, &[&[0], public].concat()));
    wrap(0x30, &[&[0x02, 1, 1], wrap(0x04, secret).as_slice(), &wrap(0xa0, CURVE), &point].concat())
}

fn decode(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

fn line(key: &VerifierKey, signature: &[u8]) -> Signature {
    use base64::Engine as _;
    let whole = [&key.id().to_be_bytes(), signature].concat();
    let encoded = base64::engine::general_purpose::STANDARD.encode(whole);
    Signature::parse(&format!("— {} {encoded}", key.name())).unwrap()
}

/// XC-15: OpenSSL verifies what we sign and refuses it on another text or under another identifier; we verify what
/// OpenSSL signs, with the same private key and with one that OpenSSL made.
#[test]
fn signatures_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let text = "county/DEMO\n12\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    std::fs::write(folder.join("text"), text).unwrap();
    std::fs::write(folder.join("other"), text.replace("12", "13")).unwrap();
    let id = format!("distid:{SM2_ID}");

    for seed in 1..=12_u8 {
        let key = SigningKey::generate(KeyKind::Sm2, "county/DEMO", &[seed.wrapping_mul(21); 32]).unwrap();
        // PRIVATE, KEY, name, number, and the rest, in which base64 may have plus signs of its own.
        let material = decode(key.secret_text().splitn(5, '+').last().unwrap());
        let secret = &material[material.len() - 32..];
        std::fs::write(folder.join("key.der"), private_der(secret, &key.verifier().public_bytes())).unwrap();
        expect(folder, &["pkey", "-inform", "DER", "-in", "key.der", "-out", "key.pem"]);
        expect(folder, &["pkey", "-in", "key.pem", "-pubout", "-out", "public.pem"]);

        // Ours, checked by OpenSSL.
        let ours = key.sign(text).unwrap();
        std::fs::write(folder.join("signature"), to_der(ours.bytes())).unwrap();
        let verify = |file: &str, id: &str| {
            let arguments = [
                "pkeyutl",
                "-verify",
                "-pubin",
                "-inkey",
                "public.pem",
                "-in",
                file,
                "-rawin",
                "-digest",
                "sm3",
                "-sigfile",
                "signature",
                "-pkeyopt",
                id,
            ];
            openssl(folder, &arguments).status.success()
        };
        assert!(verify("text", &id), "key {seed}");
        assert!(!verify("other", &id));
        assert!(!verify("text", "distid:somebody"));

        // OpenSSL's, checked by us.
        let sign = ["pkeyutl", "-sign", "-inkey", "key.pem", "-in", "text", "-rawin", "-digest", "sm3"];
        let theirs = from_der(&expect(folder, &[&sign[..], &["-pkeyopt", &id]].concat()));
        let theirs = line(key.verifier(), &theirs);
        let mut note = Note::new(text).unwrap();
        note.add(theirs.clone()).unwrap();
        assert_eq!(note.verify(&[key.verifier().clone()]).unwrap().len(), 1);
        assert!(key.verifier().verify(&text.replace("12", "13"), &theirs).is_err());
        let elsewhere = from_der(&expect(folder, &[&sign[..], &["-pkeyopt", "distid:somebody"]].concat()));
        assert!(key.verifier().verify(text, &line(key.verifier(), &elsewhere)).is_err());
        for byte in 0..64 {
            let mut changed = theirs.bytes().to_vec();
            changed[byte] ^= 0x10;
            assert!(key.verifier().verify(text, &line(key.verifier(), &changed)).is_err(), "byte {byte}");
        }
    }
}

/// XC-15: a key pair that OpenSSL made works here: its public point becomes a verifier key.
#[test]
fn a_key_that_openssl_made() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    expect(folder, &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-out", "key.pem"]);
    let public = expect(folder, &["pkey", "-in", "key.pem", "-pubout", "-outform", "DER"]);
    let material = [b"\xffsm2-with-sm3-cn", &public[public.len() - 65..]].concat();
    let key = VerifierKey::parse(&key_text("auditor", &material)).unwrap();
    assert_eq!(key.kind(), KeyKind::Sm2);
    std::fs::write(folder.join("text"), "已核对\n").unwrap();
    let id = format!("distid:{SM2_ID}");
    let sign =
        ["pkeyutl", "-sign", "-inkey", "key.pem", "-in", "text", "-rawin", "-digest", "sm3", "-pkeyopt", &id];
    let signature = line(&key, &from_der(&expect(folder, &sign)));
    assert_eq!(key.verify("已核对\n", &signature), Ok(None));
    assert!(key.verify("未核对\n", &signature).is_err());
}

fn key_text(name: &str, material: &[u8]) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest([name.as_bytes(), b"\n", material].concat());
    let encoded = base64::engine::general_purpose::STANDARD.encode(material);
    format!("{name}+{:02x}{:02x}{:02x}{:02x}+{encoded}", hash[0], hash[1], hash[2], hash[3])
}
