//! SQS: the engine under paused time, and the protocol with the real SDK.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod probe;

use std::num::NonZeroU32;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use local::net::{self, Server};
use local::queue::{Faults, Queue, QueueSettings, Queues, Redrive, router};
use tokio::time::Instant;

const HIDDEN: Duration = Duration::from_secs(180);

fn queues(base_url: &str) -> (Queues, Queue, Queue) {
    let queues = Queues::new(base_url, "here");
    let settings = |name: &str, redrive| QueueSettings {
        name: name.to_owned(),
        visibility_timeout: HIDDEN,
        retention: Duration::from_secs(345_600),
        redrive,
    };
    let dead = queues.create(settings("Dead", None)).unwrap();
    let redrive = Redrive {
        target: "Dead".to_owned(),
        max_receive_count: 2,
    };
    let bells = queues.create(settings("Bells", Some(redrive))).unwrap();
    (queues, bells, dead)
}

async fn take(queue: &Queue) -> Vec<local::queue::Received> {
    queue.receive(10, None, Duration::ZERO).await
}

#[tokio::test(start_paused = true)]
async fn a_message_returns_when_its_visibility_ends_and_dies_after_its_last_receive() {
    let (_, bells, dead) = queues("http://q");
    let sent = bells.send("ring").unwrap();

    for count in 1..=2 {
        let started = Instant::now();
        let received = bells.receive(10, None, Duration::from_secs(200)).await;
        assert_eq!(received[0].message_id, sent.message_id);
        assert_eq!(received[0].receive_count, count);
        assert!(take(&bells).await.is_empty());
        assert_eq!(bells.depth().in_flight, 1);
        assert_eq!(
            started.elapsed(),
            if count == 1 { Duration::ZERO } else { HIDDEN }
        );
    }
    assert_eq!(dead.depth().total(), 0);
    tokio::time::advance(HIDDEN).await;
    assert!(take(&bells).await.is_empty());

    let received = take(&dead).await;
    assert_eq!(received[0].message_id, sent.message_id);
    assert_eq!(received[0].receive_count, 3);
    assert_eq!(bells.depth().total(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_waiting_receive_wakes_for_a_send() {
    let (_, bells, _) = queues("http://q");
    let waiting = tokio::spawn({
        let bells = bells.clone();
        async move { bells.receive(10, None, Duration::from_secs(20)).await }
    });
    tokio::task::yield_now().await;
    let started = Instant::now();

    bells.send("ring").unwrap();

    assert_eq!(waiting.await.unwrap().len(), 1);
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_stale_handle_deletes_nothing() {
    let (_, bells, _) = queues("http://q");
    bells.send("ring").unwrap();
    let stale = take(&bells).await.remove(0).receipt_handle;
    bells.change_visibility(&stale, Duration::ZERO).unwrap();
    let newest = take(&bells).await.remove(0).receipt_handle;

    bells.delete(&stale).unwrap();
    assert!(bells.change_visibility(&stale, Duration::ZERO).is_err());
    assert_eq!(bells.depth().in_flight, 1);

    bells.delete(&newest).unwrap();
    assert_eq!(bells.depth().total(), 0);
    assert!(bells.delete("bogus").is_err());
}

#[tokio::test(start_paused = true)]
async fn a_message_is_forgotten_after_its_retention() {
    let (_, bells, _) = queues("http://q");
    bells.send("ring").unwrap();

    tokio::time::advance(Duration::from_secs(345_600)).await;

    assert!(take(&bells).await.is_empty());
    assert_eq!(bells.depth().total(), 0);
}

#[tokio::test(start_paused = true)]
async fn faults_hit_the_messages_that_they_name() {
    let (_, bells, _) = queues("http://q");
    let every = |n| NonZeroU32::new(n);
    let bodies = async |faults: Faults| {
        bells.purge();
        bells.set_faults(faults);
        for body in ["1", "2", "3", "4"] {
            bells.send(body).unwrap();
        }
        let received = take(&bells).await;
        received
            .into_iter()
            .map(|m| m.body)
            .collect::<Vec<_>>()
            .concat()
    };

    assert_eq!(bodies(Faults::default()).await, "1234");
    assert_eq!(
        bodies(Faults {
            lose_every: every(2),
            ..Faults::default()
        })
        .await,
        "13"
    );
    assert_eq!(
        bodies(Faults {
            double_every: every(3),
            ..Faults::default()
        })
        .await,
        "12334"
    );
    assert_eq!(
        bodies(Faults {
            newest_first: true,
            ..Faults::default()
        })
        .await,
        "4321"
    );
    let delay = Duration::from_secs(5);
    assert_eq!(
        bodies(Faults {
            delay,
            ..Faults::default()
        })
        .await,
        ""
    );
    assert_eq!(bells.depth().delayed, 4);
    tokio::time::advance(delay).await;
    assert_eq!(take(&bells).await.len(), 4);
    bells.set_faults(Faults {
        refuse_sends: true,
        ..Faults::default()
    });
    assert!(bells.send("5").is_err());
}

async fn ours() -> (Server, Client) {
    let (listener, address) = net::bind(0).await.unwrap();
    let queues = Queues::new(&format!("http://{address}"), "here");
    let server = net::serve(listener, address, router(queues));
    let client = probe::client(&server.url());
    (server, client)
}

/// The checks that `independent_sqs.rs` makes of another's SQS.
mod protocol {
    crate::probe::probe!(super::ours);
}

#[tokio::test]
async fn what_sqs_refuses_and_others_may_take_is_refused() {
    let (_server, sqs) = ours().await;
    let queue = probe::Queue::make(&sqs, &[]).await;

    assert_eq!(
        queue.refuses("").await.as_deref(),
        Some("InvalidParameterValue")
    );
    assert_eq!(
        queue.refuses("\u{1}").await.as_deref(),
        Some("InvalidMessageContents")
    );
}

#[tokio::test]
async fn the_sdk_deletes_nothing_with_a_stale_handle() {
    let (_server, sqs) = ours().await;
    let queue = probe::Queue::make(&sqs, &[]).await;
    queue.send("ring").await;
    let stale = queue.wait().await.receipt_handle.unwrap();
    queue.show(&stale).await;
    queue.wait().await;

    queue.delete(&stale).await;

    let in_flight = QueueAttributeName::ApproximateNumberOfMessagesNotVisible;
    assert_eq!(queue.attribute(in_flight).await, "1");
}
