//! For tests only: a database of one's own on the PostgreSQL server that `./test` starts.

use postgres::{Client, NoTls};
use std::sync::atomic::{AtomicU32, Ordering};

/// A PostgreSQL database that is dropped at the end of the test.
pub struct PostgresDatabase {
    /// Where to connect.
    pub url: String,
    server: String,
    name: String,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A new, empty database on the server named by `ZHANGFANG_TEST_POSTGRES` (a URL without a database name), or
/// nothing when the variable is not set. `./test` always sets it.
pub fn postgres_database() -> Option<PostgresDatabase> {
    let server = std::env::var("ZHANGFANG_TEST_POSTGRES").ok()?;
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("test_{}_{number}", std::process::id());
    let administrator = format!("{server}/postgres");
    let mut client = Client::connect(&administrator, NoTls).expect("the test server must answer");
    client.batch_execute(&format!("CREATE DATABASE {name}")).expect("a test database can be made");
    Some(PostgresDatabase { url: format!("{server}/{name}"), server: administrator, name })
}

impl PostgresDatabase {
    /// A copy called `name`, made by the server. Nobody may be connected to this database meanwhile.
    pub fn copy(&self, name: &str) -> Result<PostgresDatabase, String> {
        let mut client = Client::connect(&self.server, NoTls).map_err(|error| error.to_string())?;
        let sql = format!("CREATE DATABASE {name} TEMPLATE {}", self.name);
        // Whoever has just left may still be on the way out.
        for _ in 0..200 {
            match client.batch_execute(&sql) {
                Ok(()) => break,
                Err(error) if error.code() == Some(&postgres::error::SqlState::OBJECT_IN_USE) => {
                    std::thread::sleep(std::time::Duration::from_millis(10));
                }
                Err(error) => return Err(error.to_string()),
            }
        }
        let url = match self.server.rsplit_once('/') {
            Some((server, _)) => format!("{server}/{name}"),
            None => return Err("the server's address has no database".into()),
        };
        Ok(PostgresDatabase { url, server: self.server.clone(), name: name.to_owned() })
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        if let Ok(mut client) = Client::connect(&self.server, NoTls) {
            // A leftover database does not fail the test: the whole server goes away after the run.
            let _ = client.batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}
