//! The probe of `queue.rs` against an SQS that is not ours, which says whether the probe itself is right.
//!
//! ```text
//! pip install 'moto[server]' && moto_server -H 127.0.0.1 -p 5999 &
//! PACELINE_SQS_PROBE_URL=http://127.0.0.1:5999 \
//!     cargo test -p local --features independent-sqs --test independent_sqs
//! ```

#![expect(clippy::expect_used, reason = "what cannot be prepared fails the test")]

mod probe;

use aws_sdk_sqs::Client;

async fn independent() -> ((), Client) {
    let url = std::env::var_os("PACELINE_SQS_PROBE_URL")
        .and_then(|url| url.into_string().ok())
        .expect("PACELINE_SQS_PROBE_URL must be the endpoint of an SQS, as http://127.0.0.1:5999");
    ((), probe::client(&url))
}

probe::probe!(independent);
