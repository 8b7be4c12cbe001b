//! What Lambda starts.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), platform::Error> {
    platform::telemetry::start();
    issue_tokens::run().await
}
