//! What Lambda starts.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), platform::Error> {
    platform::telemetry::start();
    manage_communities::run().await
}
