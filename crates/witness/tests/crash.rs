//! A witness that is killed and told to stop, as a process of its own. No other test shares this binary: a process
//! that is just being started would hold the others' locks for a moment.
#![allow(clippy::unwrap_used)]

mod support;

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use support::{Log, ORIGIN, conflict, post, witness_key};
use witness::{Serving, Witness, seen_in, serve, until_told};

/// The folder that the child process serves from; without it, [`child`] is no child.
const CHILD_FOLDER: &str = "ZHANGFANG_TEST_WITNESS_FOLDER";
/// The size at which the child stands still between keeping and answering.
const CHILD_STOPS: &str = "ZHANGFANG_TEST_WITNESS_STOPS";

/// Not a test of its own: the process that the next tests start, kill and stop.
#[test]
fn child() {
    let Ok(folder) = std::env::var(CHILD_FOLDER) else { return };
    let folder = std::path::PathBuf::from(folder);
    let mut witness = Witness::open(witness_key(), vec![Log::new(ORIGIN).verifier()], &folder).unwrap();
    if std::env::var(CHILD_STOPS).is_ok() {
        let stopped = folder.join("stopped");
        witness = witness.when_kept(move |_| {
            std::fs::write(&stopped, b"").unwrap();
            loop {
                std::thread::park();
            }
        });
    }
    serve("127.0.0.1:0".parse().unwrap(), witness, until_told, move |said| {
        if let Serving::Ready(address) = said {
            std::fs::write(folder.join("address.new"), address.to_string()).unwrap();
            std::fs::rename(folder.join("address.new"), folder.join("address")).unwrap();
        }
    })
    .unwrap();
}

/// A child that is killed when the test ends in whatever way.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start_child(folder: &Path, stops: bool) -> (Process, SocketAddr) {
    let _ = std::fs::remove_file(folder.join("address"));
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture"]).env(CHILD_FOLDER, folder).stdout(Stdio::null());
    if stops {
        command.env(CHILD_STOPS, "1");
    }
    let mut child = Process(command.spawn().unwrap());
    let address = wait_for(&mut child, &folder.join("address"));
    (child, address.parse().unwrap())
}

/// Waits until the child wrote the file; a child that died instead fails the test.
fn wait_for(child: &mut Process, path: &Path) -> String {
    loop {
        if let Ok(text) = std::fs::read_to_string(path) {
            return text;
        }
        assert!(child.0.try_wait().unwrap().is_none(), "the witness ended by itself");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// XC-15: killed after the checkpoint was durable and before the answer left: nothing is lost, the log that asks again
/// is answered, and the other history is not.
#[test]
fn killed_between_keeping_and_answering() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new(ORIGIN);
    {
        let (_child, address) = start_child(folder.path(), false);
        assert_eq!(post(address, "/add-checkpoint", &log.request(0, 10)).unwrap().status, 200);
        // Dropped: SIGKILL.
    }
    {
        let (mut child, address) = start_child(folder.path(), true);
        let body = log.request(10, 25);
        let asking = std::thread::spawn(move || post(address, "/add-checkpoint", &body));
        wait_for(&mut child, &folder.path().join("stopped"));
        drop(child);
        assert_eq!(asking.join().unwrap(), None, "no answer left the house");
    }
    let (_child, address) = start_child(folder.path(), false);
    let ask = |body: &[u8]| post(address, "/add-checkpoint", body).unwrap();
    assert_eq!(ask(&Log::forked(ORIGIN, 12).request(10, 25)), conflict(25));
    // The log asks as before, learns where the witness is, and asks from there.
    assert_eq!(ask(&log.request(10, 25)), conflict(25));
    let reply = ask(&log.request(25, 25));
    assert!(log.is_cosigned(25, &reply.body, witness_key().verifier()), "{reply:?}");
}

/// Told to stop, the witness answers what is under way and ends well.
#[cfg(unix)]
#[test]
fn told_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, address) = start_child(folder.path(), false);
    // A connection that says nothing does not keep it.
    let _silent = std::net::TcpStream::connect(address).unwrap();
    assert_eq!(post(address, "/add-checkpoint", &Log::new(ORIGIN).request(0, 10)).unwrap().status, 200);
    let id = child.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert!(child.0.wait().unwrap().success());
    assert_eq!(seen_in(folder.path()).unwrap()[0].checkpoint.size(), 10);
}
