//! A witness as its operator runs it, and the log that asks it: over HTTP, by file, and after both were restarted.
#![allow(clippy::unwrap_used)]

mod counter;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use counter::Counter;
use proof::{Policy, TlogProof, leaf_hash};

const DAY: &str = "2026-03-02";

/// A company with an auditor, and its log's public keys in a file for the witness.
fn founded() -> (Counter, String) {
    let counter = Counter::empty("JHGD");
    counter.done(DAY, "wang", &["init", "JHGD", "--name", "江汉供电", "--login", "wang", "--person", "王芳"]);
    counter.done(DAY, "wang", &["people", "add", "shen", "沈计", "--unit", "JHGD"]);
    counter.done(DAY, "wang", &["people", "assign", "shen", "auditor"]);
    let shown = counter.done(DAY, "shen", &["log", "keys", "show", "--json"]);
    let keys: Vec<&str> = shown.split('"').filter(|part| part.starts_with("JHGD/log+")).collect();
    assert!(!keys.is_empty(), "{shown}");
    let file = counter.file("log.vkey", format!("# 江汉供电\n{}\n", keys.join("\n")));
    (counter, file)
}

/// `zhangfang witness serve` until it is dropped.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(role: &[&str]) -> Served {
        let mut child = Command::new(env!("CARGO_BIN_EXE_zhangfang"))
            .args(["--lang", "en", "witness", "serve", "--listen", "127.0.0.1:0"])
            .args(role)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        errors.read_line(&mut line).unwrap();
        let url = line.split_whitespace().find(|word| word.starts_with("http://"));
        let url = url.unwrap_or_else(|| panic!("the witness did not start: {line}"));
        let url = url.trim_end_matches("/add-checkpoint").to_owned();
        // What it logs from now on has to be read, or it would wait.
        std::thread::spawn(move || errors.lines().count());
        Served { child, url }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// XC-15: the log submits, the witness cosigns by wire and by stick from one memory, and an auditor's policy that asks
/// for the witness accepts the proof.
#[test]
fn a_witness_and_its_log() {
    let (counter, log) = founded();
    let [key, state, request, answer] =
        ["witness.key", "state", "request", "answer"].map(|name| counter.path(name).display().to_string());
    let role = ["--state", &state, "--key", &key, "--log", &log];
    let vkey = counter.done(DAY, "x", &["witness", "new-key", "--name", "auditor.example/w1", "--out", &key]);
    assert!(vkey.starts_with("auditor.example/w1+"), "{vkey}");
    let again = counter.refused(DAY, "x", &["witness", "new-key", "--name", "other", "--out", &key]);
    assert!(again.contains("witness.key"), "{again}");
    counter.done(DAY, "wang", &["log", "keys", "trust", vkey.trim()]);

    let served = Served::start(&role);
    let said = counter.done(DAY, "shen", &["log", "submit", "--url", &served.url]);
    assert!(said.contains("auditor.example/w1"), "{said}");
    counter.done(DAY, "wang", &["people", "add", "li", "李强", "--unit", "JHGD"]);
    counter.done(DAY, "shen", &["log", "submit", "--url", &served.url]);
    // Its state is in use: the second hand has to wait.
    counter.done(DAY, "wang", &["people", "add", "sun", "孙梅", "--unit", "JHGD"]);
    counter.done(DAY, "shen", &["log", "witness-request", "--out", &request]);
    let by_file = [&["witness", "cosign", "--request", &request, "--answer", &answer][..], &role].concat();
    let refused = counter.refused(DAY, "x", &by_file);
    assert!(refused.contains("正被另一个见证人使用"), "{refused}");
    drop(served);

    counter.done(DAY, "x", &by_file);
    let taken = counter.done(DAY, "shen", &["log", "cosign", &answer]);
    assert!(taken.contains("auditor.example/w1"), "{taken}");
    let shown = counter.done(DAY, "x", &["witness", "show", "--state", &state]);
    assert!(shown.contains("JHGD/log"), "{shown}");
    // Asked again from the size it has left behind.
    let stale = counter.path("stale").display().to_string();
    let text = std::fs::read_to_string(&request).unwrap();
    let first = text.lines().next().unwrap();
    std::fs::write(&stale, text.replacen(first, "old 0", 1)).unwrap();
    let by_file = [&["witness", "cosign", "--request", &stale, "--answer", &answer][..], &role].concat();
    assert!(counter.refused(DAY, "x", &by_file).contains("未会签"));

    let (file, record) = (counter.path("p").display().to_string(), counter.path("r").display().to_string());
    counter.done(DAY, "shen", &["log", "proof", "1", "--out", &file, "--record", &record]);
    let keys = std::fs::read_to_string(&log).unwrap();
    let logs: String = keys.lines().skip(1).map(|key| format!("log {key}\n")).collect();
    let policy = format!("{logs}witness auditor {}\nquorum auditor\n", vkey.trim());
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    let proof = TlogProof::parse(&std::fs::read(&file).unwrap()).unwrap();
    let trusted = proof.verify(&leaf_hash(&std::fs::read(&record).unwrap()), &policy).unwrap();
    assert_eq!(trusted.cosigned[0].witness, "auditor");
}
