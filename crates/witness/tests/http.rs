//! A real witness over HTTP: what it cosigns, what it refuses, and that no race makes it cosign two histories.
#![allow(clippy::unwrap_used)]

mod support;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread::JoinHandle;

use proof::{KeyKind, SigningKey, VerifierKey};
use support::{Log, ORIGIN, Reply, conflict, post, raw, witness_key};
use witness::{Serving, Witness, WitnessError, seen_in, serve};

/// A witness that serves in this process until it is dropped.
struct Running {
    address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    server: Option<JoinHandle<Result<(), WitnessError>>>,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Running {
    fn start(folder: &Path, logs: Vec<VerifierKey>) -> Running {
        let witness = Witness::open(witness_key(), logs, folder).unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (ready, is_ready) = mpsc::channel();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        let server = std::thread::spawn(move || {
            let stop = || -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
                Box::pin(async {
                    let _ = stopped.await;
                })
            };
            serve("127.0.0.1:0".parse().unwrap(), witness, stop, move |said| match said {
                Serving::Ready(address) => ready.send(address).unwrap(),
                Serving::Answered(line) => kept.lock().unwrap().push(line.to_owned()),
            })
        });
        Running { address: is_ready.recv().unwrap(), stop: Some(stop), server: Some(server), lines }
    }
    fn ask(&self, body: &[u8]) -> Reply {
        post(self.address, "/add-checkpoint", body).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.server.take().unwrap().join().unwrap().unwrap();
    }
}

/// XC-15: growth is cosigned; rollback, fork, wrong key, foreign log, wrong proof and junk are refused; all of it holds
/// after a restart.
#[test]
fn what_the_witness_answers() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new(ORIGIN);
    let witness = Running::start(folder.path(), vec![log.verifier()]);
    let cosigned = |reply: &Reply, size| {
        assert_eq!(reply.status, 200, "{reply:?}");
        assert!(log.is_cosigned(size, &reply.body, witness_key().verifier()), "{reply:?}");
    };
    cosigned(&witness.ask(&log.request(0, 10)), 10);
    cosigned(&witness.ask(&log.request(10, 25)), 25);
    // The same again, as after an answer that was lost.
    cosigned(&witness.ask(&log.request(25, 25)), 25);
    // From where it is not, and back.
    assert_eq!(witness.ask(&log.request(10, 25)), conflict(25));
    assert_eq!(witness.ask(&log.request(0, 30)), conflict(25));
    assert_eq!(witness.ask(&log.request(10, 10)), conflict(25));
    // Another history.
    assert_eq!(witness.ask(&Log::forked(ORIGIN, 20).request(25, 40)).status, 422);
    assert_eq!(witness.ask(&Log::forked(ORIGIN, 20).request(25, 25)), conflict(25));
    // Other keys and logs.
    let stolen_name =
        Log { key: SigningKey::generate(KeyKind::Ed25519, ORIGIN, &[1; 32]).unwrap(), fork: u64::MAX };
    assert_eq!(witness.ask(&stolen_name.request(25, 30)).status, 403);
    assert_eq!(witness.ask(&Log::new("city").request(0, 5)).status, 404);
    // Not requests.
    assert_eq!(witness.ask(b"").status, 400);
    assert_eq!(witness.ask(b"old 25\n\nhello\n").status, 400);
    assert_eq!(witness.ask(&vec![b'x'; 400_000]).status, 413);
    assert_eq!(post(witness.address, "/elsewhere", b"").unwrap().status, 404);
    let get = raw(witness.address, b"GET /add-checkpoint HTTP/1.1\r\nHost: w\r\nConnection: close\r\n\r\n");
    assert_eq!(get.unwrap().status, 405);

    // Its own log: one JSON object for each answer, no secrets, the fork by name.
    let lines = witness.lines.lock().unwrap().clone();
    assert_eq!(lines.iter().filter(|line| line.contains(r#""event":"cosigned""#)).count(), 3);
    assert_eq!(lines.iter().filter(|line| line.contains(r#""event":"fork""#)).count(), 1);
    let secret = witness_key().secret_text();
    assert!(lines.iter().all(|line| !line.contains(&secret[secret.len() - 20..])));

    drop(witness);
    let kept = seen_in(folder.path()).unwrap();
    assert_eq!((kept.len(), kept[0].checkpoint.size(), kept[0].evidence.is_some()), (1, 25, true));
    let witness = Running::start(folder.path(), vec![log.verifier()]);
    assert_eq!(witness.ask(&log.request(0, 10)), conflict(25));
    cosigned(&witness.ask(&log.request(25, 26)), 26);
}

/// XC-15: two histories of the same size at the same moment, from many connections: one of them is cosigned, once.
#[test]
fn a_race_of_two_histories() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new(ORIGIN);
    let witness = Running::start(folder.path(), vec![log.verifier()]);
    assert_eq!(witness.ask(&log.request(0, 10)).status, 200);
    let mut size = 10;
    for _ in 0..12 {
        let next = size + 7;
        let start = Barrier::new(8);
        // Each round forks at where the witness is.
        let sides = [Log::new(ORIGIN), Log::forked(ORIGIN, size)];
        let bodies = sides.each_ref().map(|side| side.request(size, next));
        let replies: Vec<(usize, Reply)> = std::thread::scope(|scope| {
            let clients: Vec<_> = (0..8)
                .map(|client| {
                    let (start, body, witness) = (&start, &bodies[client % 2], &witness);
                    scope.spawn(move || {
                        start.wait();
                        (client % 2, witness.ask(body))
                    })
                })
                .collect();
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        });
        let cosigned: Vec<usize> =
            replies.iter().filter(|(_, reply)| reply.status == 200).map(|(side, _)| *side).collect();
        assert_eq!(cosigned.len(), 1, "{replies:?}");
        assert!(replies.iter().all(|(_, reply)| reply.status == 200 || *reply == conflict(next)));
        let kept = seen_in(folder.path()).unwrap();
        assert_eq!(kept[0].note.text(), sides[cosigned[0]].checkpoint(next).text());
        if cosigned[0] == 1 {
            // The forged side won: the honest log is now the one that is refused, and the rounds are over.
            assert_eq!(witness.ask(&log.request(next, next)), conflict(next));
            break;
        }
        size = next;
    }
}

/// XC-15: a state file that cannot be trusted stops the log it is of; it is never taken for a log never seen.
#[test]
fn a_damaged_state_is_not_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new(ORIGIN);
    {
        let witness = Running::start(folder.path(), vec![log.verifier()]);
        assert_eq!(witness.ask(&log.request(0, 10)).status, 200);
    }
    let file = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let file = file.into_iter().find(|path| path.extension() == Some("seen".as_ref())).unwrap();
    let good = std::fs::read(&file).unwrap();
    let open = || Witness::open(witness_key(), vec![log.verifier()], folder.path());
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        std::fs::write(&file, &bytes).unwrap();
        match open() {
            Err(WitnessError::Damaged { .. }) => {}
            // A signature line that became a stranger's leaves the checkpoint as it was.
            Ok(witness) => {
                let answer = witness.answer(&log.request(0, 20), 1);
                assert_eq!((answer.status, answer.body.as_str()), (409, "10\n"), "byte {at}");
            }
            Err(other) => panic!("byte {at}: {other}"),
        }
    }
    std::fs::write(&file, b"").unwrap();
    assert!(matches!(open(), Err(WitnessError::Damaged { .. })));
    std::fs::write(&file, &good).unwrap();
    let witness = open().unwrap();
    // Damage while it runs is a failure of the witness, not a new log.
    std::fs::write(&file, &good[..20]).unwrap();
    assert_eq!(witness.answer(&log.request(0, 20), 1).status, 500);
    std::fs::write(&file, &good).unwrap();
    assert_eq!(witness.answer(&log.request(10, 20), 1).status, 200);
    // A half-written successor from a crash is not looked at.
    drop(witness);
    std::fs::write(file.with_extension("seen.new"), b"half").unwrap();
    assert_eq!(open().unwrap().answer(&log.request(20, 21), 1).status, 200);
}

/// One state folder has one witness.
#[test]
fn one_folder_one_witness() {
    let folder = tempfile::tempdir().unwrap();
    let logs = || vec![Log::new(ORIGIN).verifier()];
    let first = Witness::open(witness_key(), logs(), folder.path()).unwrap();
    assert!(matches!(Witness::open(witness_key(), logs(), folder.path()), Err(WitnessError::InUse(_))));
    drop(first);
    Witness::open(witness_key(), logs(), folder.path()).unwrap();
    assert!(matches!(Witness::open(witness_key(), vec![], folder.path()), Err(WitnessError::NoLogs)));
    let own = vec![witness_key().verifier().clone()];
    assert!(matches!(Witness::open(witness_key(), own, folder.path()), Err(WitnessError::NoLogs)));
    let log_key = SigningKey::generate(KeyKind::Ed25519, "x", &[1; 32]).unwrap();
    assert!(matches!(Witness::open(log_key, logs(), folder.path()), Err(WitnessError::NotAWitnessKey(_))));
}

/// Keys on disk: never overwritten, for the owner only, and not confused with a log's.
#[test]
fn key_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("witness.key");
    let public = witness::new_key("auditor.example/w", &path).unwrap();
    assert!(matches!(witness::new_key("auditor.example/w", &path), Err(WitnessError::File { .. })));
    assert_eq!(*witness::read_signing_key(&path).unwrap().verifier(), public);
    let other = witness::new_key("auditor.example/w", &folder.path().join("other.key")).unwrap();
    assert_ne!(other, public);
    std::fs::write(folder.path().join("logs"), format!("# logs\n{}\n", Log::new("l").verifier().text()))
        .unwrap();
    assert_eq!(witness::read_keys(&folder.path().join("logs")).unwrap().len(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let log_key = SigningKey::generate(KeyKind::Ed25519, "l", &[1; 32]).unwrap().secret_text();
        std::fs::write(&path, &log_key).unwrap();
        assert!(matches!(witness::read_signing_key(&path), Err(WitnessError::NotAWitnessKey(_))));
        std::fs::write(&path, &log_key[..30]).unwrap();
        let error = witness::read_signing_key(&path).unwrap_err().to_string();
        assert!(!error.contains(&log_key[12..30]), "a secret is never repeated: {error}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(witness::read_signing_key(&path), Err(WitnessError::KeyExposed(_))));
    }
}
