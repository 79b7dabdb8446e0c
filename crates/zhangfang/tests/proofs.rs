//! What leaves the house is proved elsewhere: with the real program, a folder without a database, and the auditor's keys.
#![allow(clippy::unwrap_used)]

mod counter;

use std::path::Path;
use std::process::Command;

use counter::*;

/// The auditor's policy: the public keys that the house gave out.
fn policy(counter: &Counter) -> String {
    let keys = counter.done("2026-02-02", "shenji", &["log", "keys", "show"]);
    let keys: Vec<&str> = keys.split_whitespace().filter(|word| word.starts_with("DEMO/")).collect();
    assert_eq!(keys.len(), 2, "an Ed25519 key and an SM2 key");
    let text: String = keys.iter().map(|key| format!("log {key}\n")).collect();
    counter.file("policy", format!("{text}quorum none\n"))
}

fn output(program: &str, words: &[&str]) -> String {
    let output = Command::new(program).args(words).output();
    let output = output.unwrap_or_else(|error| panic!("{program} must be installed (./test does): {error}"));
    assert!(output.status.success(), "{program} {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What a camera reads off the first page.
fn scanned(counter: &Counter, pdf: &str) -> String {
    let picture = counter.path("page").display().to_string();
    output("pdftoppm", &["-png", "-r", "200", "-f", "1", "-l", "1", "-singlefile", pdf, &picture]);
    let found =
        output("zbarimg", &["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", &format!("{picture}.png")]);
    found.trim_end().to_owned()
}

/// Changes one byte of a file.
fn altered(counter: &Counter, path: &str, at: usize) -> String {
    let mut bytes = std::fs::read(Path::new(path)).unwrap();
    let place = at % bytes.len();
    bytes[place] ^= 1;
    counter.file("altered", bytes)
}

/// XC-15, BILL-20: the QR code on the paper leads to the proof of the bill; the proof holds offline and says what it
/// proves in both languages; a wrong code and an altered file are refused.
#[test]
fn the_code_on_the_paper_leads_to_its_proof() {
    let counter = Counter::demo();
    let (day, account) = ("2026-02-02", "420100000001");
    let policy = policy(&counter);
    let pdf = counter.path("bill.pdf").display().to_string();
    let address = "https://bill.example/p/";
    counter.done(day, "fuhe", &["bill", "pdf", account, "2026-01", "--out", &pdf, "--address", address]);
    let scanned = scanned(&counter, &pdf);
    let code = scanned.strip_prefix(address).unwrap();
    assert!(code.starts_with("ZF1-") && code.contains("-202601-"), "{code}");

    let proof = counter.path("bill.json").display().to_string();
    let said = counter.done(day, "fuhe", &["bill", "proof", "--code", &scanned, "--out", &proof]);
    assert!(said.contains(code));
    let size = std::fs::metadata(&proof).unwrap().len();
    assert!(size < 200_000, "a bill's proof is a small file: {size}");
    let zh = counter.done(day, "fuhe", &["verify", &proof, "--policy", &policy]);
    let en = counter.done(day, "fuhe", &["--lang", "en", "verify", &proof, "--policy", &policy]);
    assert!(zh.contains("已证明") && zh.contains("未证明") && zh.contains("逐字节相同"), "{zh}");
    assert!(
        en.contains("NOT proved") && en.contains("the same to the last byte") && en.contains(code),
        "{en}"
    );

    let last = code.chars().last().unwrap();
    let wrong = format!("{}{}", &code[..code.len() - 1], if last == 'A' { 'B' } else { 'A' });
    let why = counter.refused(day, "fuhe", &["bill", "proof", "--code", &wrong, "--out", &proof]);
    assert!(why.contains("不符"), "{why}");
    let why = counter.refused(day, "fuhe", &["bill", "proof", "--code", "ZF1-1", "--out", &proof]);
    assert!(why.contains("六段"), "{why}");
    let elsewhere = counter.file("elsewhere", "log other+33333333+AAAA\nquorum none\n");
    counter.refused(day, "fuhe", &["verify", &proof, "--policy", &elsewhere]);
    for at in (0..usize::try_from(size).unwrap()).step_by(1_511) {
        // Words for a person and the spaces between fields may change; nothing that is said to be proved may.
        let file = altered(&counter, &proof, at);
        let said = counter.say(day, "fuhe", &["--lang", "en", "verify", &file, "--policy", &policy]);
        assert!(!said.done || said.text.contains(code), "byte {at}: {}", said.text);
    }
    counter.done(day, "fuhe", &["bill", "proof", account, "--out", &proof]);
    counter.done(day, "fuhe", &["verify", &proof, "--policy", &policy]);
}

/// XC-15, RPT-11: a period goes to the auditor as one file, is verified without the database, and continues the last.
#[test]
fn a_period_goes_to_the_auditor() {
    let counter = Counter::demo();
    let policy = policy(&counter);
    let (first, second) =
        (counter.path("first").display().to_string(), counter.path("second").display().to_string());
    let kept = counter.path("kept").display().to_string();
    counter.refused("2026-02-02", "fuhe", &["ledger", "export-proof", "2026-02", &first]);
    counter.done("2026-02-02", "kuaiji", &["ledger", "export-proof", "2026-02", &first]);
    let said = counter.done(
        "2026-02-02",
        "shenji",
        &["--lang", "en", "verify", &first, "--policy", &policy, "--keep", &kept],
    );
    assert!(said.contains("Trial balance of 2026-02") && said.contains("numbers have no gap"), "{said}");
    let periods = counter.done("2026-02-03", "kuaiji", &["ledger", "periods"]);
    for month in periods.split_whitespace().filter(|word| word.starts_with("20") && *word <= "2026-01") {
        counter.done("2026-02-03", "kuaiji", &["ledger", "close", month]);
    }
    counter.done("2026-02-03", "kuaiji", &["ledger", "export-proof", "2026-01", &second]);
    let said = counter.done(
        "2026-02-03",
        "shenji",
        &["--lang", "en", "verify", &second, "--policy", &policy, "--previous", &kept],
    );
    assert!(said.contains("nothing in its") && said.contains("that the close in act"), "{said}");
    let size = usize::try_from(std::fs::metadata(&second).unwrap().len()).unwrap();
    for part in [2, 3, 5, 7] {
        let file = altered(&counter, &second, size * (part - 1) / part);
        counter.refused("2026-02-03", "shenji", &["verify", &file, "--policy", &policy]);
    }
    let voucher = counter.path("voucher.json").display().to_string();
    counter.done("2026-02-03", "shenji", &["log", "export", "voucher", "2026-1", "--out", &voucher]);
    let said = counter.done("2026-02-03", "shenji", &["verify", &voucher, "--policy", &policy]);
    assert!(said.contains("借贷平衡"), "{said}");
}
