//! A wire between functions and PostgreSQL that can be cut at a commit.

use crate::database::Database;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// On which side of PostgreSQL's work a wire is cut; whoever commits cannot tell one from the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// PostgreSQL never hears of the commit.
    BeforeCommit,
    /// PostgreSQL has committed and said so, and nobody hears it.
    AfterCommit,
}

#[derive(Debug, Clone, Copy)]
struct Order {
    cut: Cut,
    text: &'static str,
}

type Orders = Arc<Mutex<Option<Order>>>;

/// A running proxy; its wires end with it.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    orders: Orders,
    accepting: AbortHandle,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Proxy {
    /// Starts one in front of a database's server.
    pub async fn start(database: &Database) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server_port = database.port();
        let orders = Orders::default();
        let of_wires = Arc::clone(&orders);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let orders = Arc::clone(&of_wires);
                tokio::spawn(async move {
                    // A wire that ends badly is what both of its ends have to bear.
                    drop(carry(client, server_port, &orders).await);
                });
            }
        });
        Self {
            port,
            orders,
            accepting: accepting.abort_handle(),
        }
    }

    /// The template's parameters that make functions use it.
    pub fn parameters(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("DatabasePort".to_owned(), self.port.to_string())])
    }

    /// Cuts the wire at the next commit of a transaction one of whose statements has this text.
    pub fn cut(&self, cut: Cut, text: &'static str) {
        *self.orders.lock().expect("no panic") = Some(Order { cut, text });
    }

    /// Whether the cut was made.
    pub fn is_cut(&self) -> bool {
        self.orders.lock().expect("no panic").is_none()
    }
}

async fn carry(client: TcpStream, server_port: u16, orders: &Orders) -> io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", server_port)).await?;
    server.set_nodelay(true)?;
    client.set_nodelay(true)?;
    let (mut from_client, to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let is_mute = Arc::new(AtomicBool::new(false));
    let answers = tokio::spawn(carry_answers(from_server, to_client, Arc::clone(&is_mute)));
    let mut listener = Listener::default();
    while let Ok(message) = listener.read(&mut from_client).await {
        match listener.hear(&message, orders) {
            None => to_server.write_all(&message).await?,
            Some(Cut::BeforeCommit) => break,
            Some(Cut::AfterCommit) => {
                is_mute.store(true, Ordering::SeqCst);
                to_server.write_all(&message).await?;
                // It ends with the first word that would have been the answer.
                return answers.await.map_err(io::Error::other)?;
            }
        }
    }
    answers.abort();
    Ok(())
}

async fn carry_answers(
    mut from_server: OwnedReadHalf,
    mut to_client: OwnedWriteHalf,
    is_mute: Arc<AtomicBool>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = from_server.read(&mut buffer).await?;
        if length == 0 || is_mute.load(Ordering::SeqCst) {
            return Ok(());
        }
        to_client.write_all(&buffer[..length]).await?;
    }
}

/// Understands as much of a client's words as tells one transaction from another.
#[derive(Debug, Default)]
struct Listener {
    has_started: bool,
    /// The texts of prepared statements, by name.
    prepared: HashMap<Vec<u8>, String>,
    /// The texts of the statements since the last commit.
    transaction: String,
}

impl Listener {
    async fn read(&mut self, from: &mut OwnedReadHalf) -> io::Result<Vec<u8>> {
        // What opens a connection has no type before its length.
        let head = if self.has_started { 5 } else { 4 };
        let mut message = vec![0; head];
        from.read_exact(&mut message).await?;
        let length: [u8; 4] = message[head - 4..].try_into().expect("four bytes");
        let length = usize::try_from(u32::from_be_bytes(length)).expect("a length");
        message.resize(head - 4 + length.max(4), 0);
        from.read_exact(&mut message[head..]).await?;
        if !self.has_started {
            // Major version 3; a request for encryption is answered first, and is none.
            self.has_started = message[4..].starts_with(&[0, 3]);
            return Ok(message);
        }
        Ok(message)
    }

    /// Takes note of a message, and answers whether to cut here.
    fn hear(&mut self, message: &[u8], orders: &Orders) -> Option<Cut> {
        let (kind, body) = (message[0], message.get(5..).unwrap_or_default());
        let mut words = body.split(|byte| *byte == 0);
        let (first, second) = (words.next()?, words.next().unwrap_or_default());
        match kind {
            b'P' => {
                let text = String::from_utf8_lossy(second).into_owned();
                self.prepared.insert(first.to_vec(), text);
            }
            b'B' => {
                let text = self.prepared.get(second).map_or("", String::as_str);
                self.transaction.push_str(text);
            }
            b'Q' if first == b"COMMIT" => {
                let transaction = std::mem::take(&mut self.transaction);
                let mut orders = orders.lock().expect("no panic");
                let order = orders.take_if(|order| transaction.contains(order.text));
                return order.map(|order| order.cut);
            }
            b'Q' if first == b"ROLLBACK" => self.transaction.clear(),
            _ => {}
        }
        None
    }
}
