//! Listening on the loopback interface.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A port cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else listens there.
    #[error(
        "port {0} on 127.0.0.1 is in use: stop what listens there, or pass --port 0 for a free one"
    )]
    InUse(u16),
    /// The system refuses for another reason.
    #[error("cannot listen on port {port} of 127.0.0.1: choose another port with --port")]
    Refused {
        /// The port asked for.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
}

/// An HTTP server on the loopback interface; it stops when dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// Returns where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the server's URL without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Takes a port on the loopback interface; 0 takes a free one.
///
/// Serving is separate, because a URL is often needed to build what is served.
///
/// # Errors
/// [`BindError::InUse`] when the port is taken.
pub async fn bind(port: u16) -> Result<(TcpListener, SocketAddr), BindError> {
    let refused = |source: io::Error| {
        if source.kind() == io::ErrorKind::AddrInUse {
            BindError::InUse(port)
        } else {
            BindError::Refused { port, source }
        }
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok((listener, address))
}

/// Serves a router on a listener.
///
/// Nagle's algorithm is off: with it, the pair of delayed acknowledgements costs 40 ms an exchange.
#[must_use]
pub fn serve(listener: TcpListener, address: SocketAddr, router: Router) -> Server {
    let listener = listener.tap_io(|stream: &mut TcpStream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps Nagle's algorithm");
        }
    });
    let task = tokio::spawn(async move {
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        if let Err(error) = axum::serve(listener, service).await {
            tracing::error!(%error, %address, "a local server stopped");
        }
    });
    Server { address, task }
}
