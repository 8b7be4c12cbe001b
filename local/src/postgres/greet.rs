//! The first words of PostgreSQL's protocol: enough to know whether a server takes sessions.

use std::io;
use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A startup message of protocol 3.0 for the superuser and the database that every cluster has.
const STARTUP: &[u8] = b"\0\0\0\x29\0\x03\0\0user\0postgres\0database\0postgres\0\0";

/// The message that ends a session.
const TERMINATE: &[u8] = b"X\0\0\0\x04";

/// Returns whether the server on a port of 127.0.0.1 lets the superuser in.
pub(super) async fn greets(port: u16) -> bool {
    // An authentication message is R; a refusal, as while starting or stopping, is E.
    matches!(first_byte(port).await, Ok(b'R'))
}

async fn first_byte(port: u16) -> io::Result<u8> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.write_all(STARTUP).await?;
    let first = stream.read_u8().await?;
    stream.write_all(TERMINATE).await?;
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::STARTUP;

    #[test]
    fn the_startup_message_says_its_own_length() {
        assert_eq!(usize::from(STARTUP[3]), STARTUP.len());
    }
}
