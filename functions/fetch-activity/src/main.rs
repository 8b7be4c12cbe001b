//! What Lambda starts.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), platform::Error> {
    platform::telemetry::start();
    fetch_activity::run().await
}
