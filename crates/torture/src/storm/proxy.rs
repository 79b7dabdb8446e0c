//! A wire between client and PostgreSQL that is cut at a chosen request.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::house::Trouble;

/// Where the wire is cut.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cut {
    /// The number of the request, counted from 1 over all connections.
    pub at: u64,
    /// Count only commits.
    pub commits_only: bool,
    /// The server gets the request and answers it; the client never hears of it. Otherwise neither happens.
    pub after: bool,
}

#[derive(Default)]
struct Shared {
    cut: Mutex<Option<Cut>>,
    requests: AtomicU64,
    commits: AtomicU64,
    cuts: AtomicU64,
    ended: AtomicBool,
}

/// The wire. It ends when dropped.
pub(crate) struct Proxy {
    shared: Arc<Shared>,
    port: u16,
}

impl Proxy {
    /// A wire to the server at `host:port`.
    pub fn to(server: String) -> Result<Proxy, Trouble> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared::default());
        let mine = shared.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if mine.ended.load(Ordering::Acquire) {
                    break;
                }
                let Ok(server) = TcpStream::connect(&server) else { break };
                let shared = mine.clone();
                std::thread::spawn(move || carry(&shared, client, server));
            }
        });
        Ok(Proxy { shared, port })
    }
    /// Where clients connect.
    pub fn port(&self) -> u16 {
        self.port
    }
    /// Counts from zero and cuts as told.
    pub fn arm(&self, cut: Option<Cut>) {
        *self.shared.cut.lock().unwrap_or_else(PoisonError::into_inner) = cut;
        for counter in [&self.shared.requests, &self.shared.commits, &self.shared.cuts] {
            counter.store(0, Ordering::Release);
        }
    }
    /// Requests and commits seen since it was armed.
    pub fn seen(&self) -> (u64, u64) {
        (self.shared.requests.load(Ordering::Acquire), self.shared.commits.load(Ordering::Acquire))
    }
    /// How often it was cut.
    pub fn cuts(&self) -> u64 {
        self.shared.cuts.load(Ordering::Acquire)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Release);
        // Wakes the listener, so that it sees the end.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

/// One connection.
fn carry(shared: &Shared, client: TcpStream, server: TcpStream) {
    // Small messages one by one: without this each would wait for the receipt of the one before.
    if client.set_nodelay(true).and_then(|()| server.set_nodelay(true)).is_err() {
        return;
    }
    let (Ok(mut from_client), Ok(mut to_client)) = (client.try_clone(), client.try_clone()) else { return };
    let (Ok(mut to_server), Ok(mut from_server)) = (server.try_clone(), server.try_clone()) else { return };
    let muted = AtomicBool::new(false);
    let answered = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (muted, answered) = (&muted, &answered);
        scope.spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(read @ 1..) = from_server.read(&mut buffer) {
                if muted.load(Ordering::Acquire) {
                    answered.store(true, Ordering::Release);
                } else if to_client.write_all(&buffer[..read]).is_err() {
                    break;
                }
            }
            let _ = to_client.shutdown(Shutdown::Both);
        });
        let mut begun = false;
        while let Some((kind, message)) = message(&mut from_client, begun) {
            begun = true;
            let cut = counted(shared, kind, &message);
            if let Some(cut) = cut {
                shared.cuts.fetch_add(1, Ordering::AcqRel);
                if cut.after {
                    muted.store(true, Ordering::Release);
                    let _ = to_server.write_all(&message);
                    for _ in 0..500 {
                        if answered.load(Ordering::Acquire) {
                            break;
                        }
                        std::thread::sleep(Duration::from_millis(1));
                    }
                }
                break;
            }
            if to_server.write_all(&message).is_err() {
                break;
            }
        }
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
    });
}

/// Counts a request; answers the cut if it is the one.
fn counted(shared: &Shared, kind: u8, message: &[u8]) -> Option<Cut> {
    // A simple query, or the end of an extended one: the server answers both with "ready".
    if !matches!(kind, b'Q' | b'S') {
        return None;
    }
    let is_commit = kind == b'Q' && message.get(5..).is_some_and(|text| text.starts_with(b"COMMIT"));
    let request = shared.requests.fetch_add(1, Ordering::AcqRel) + 1;
    let commit = if is_commit { shared.commits.fetch_add(1, Ordering::AcqRel) + 1 } else { 0 };
    let cut = (*shared.cut.lock().unwrap_or_else(PoisonError::into_inner))?;
    (cut.at == if cut.commits_only { commit } else { request }).then_some(cut)
}

/// The next message of the client, whole; the very first has no letter before its length.
fn message(from: &mut TcpStream, begun: bool) -> Option<(u8, Vec<u8>)> {
    let mut head = vec![0; if begun { 5 } else { 4 }];
    from.read_exact(&mut head).ok()?;
    let kind = if begun { head[0] } else { 0 };
    let length = u32::from_be_bytes(head[head.len() - 4..].try_into().ok()?);
    let start = head.len();
    head.resize(start + usize::try_from(length).ok()?.checked_sub(4)?, 0);
    from.read_exact(&mut head[start..]).ok()?;
    Some((kind, head))
}
