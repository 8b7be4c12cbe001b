//! What any SQS does, asked with the unmodified SDK; each check makes queues of its own.
//!
//! Where implementations differ, `docs/local-cloud.md` says so, and nothing is asked here.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what a check cannot do fails the test"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::error::ProvideErrorMetadata as _;
use aws_sdk_sqs::operation::send_message_batch::{SendMessageBatchError, SendMessageBatchOutput};
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
    MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName,
    SendMessageBatchRequestEntry,
};
use local::queue::MESSAGE_LIMIT;
use tokio::time::Instant;
use uuid::Uuid;

/// Makes a test of each check; `$endpoint` starts or finds an SQS and returns what keeps it, and a client.
macro_rules! probe {
    ($endpoint:path) => {
        $crate::probe::probe! { $endpoint:
            a_queue_is_made_once_and_found_by_its_name,
            a_queue_tells_how_it_was_made,
            a_missing_queue_is_named_by_its_error,
            a_message_is_received_as_it_was_sent_and_deleted_once,
            a_received_message_is_counted_and_dated,
            attributes_come_only_when_asked_for,
            a_receive_gives_one_message_unless_more_are_asked_for,
            a_received_message_is_hidden_until_it_is_shown_again,
            a_message_returns_by_itself_when_its_time_is_over,
            a_delayed_message_arrives_when_its_time_is_over,
            a_waiting_receive_wakes_for_a_send,
            an_empty_queue_answers_without_messages,
            a_message_received_too_often_becomes_a_dead_letter,
            a_queue_counts_its_messages,
            a_batch_is_sent_received_shown_and_deleted,
            a_batch_that_breaks_the_rules_is_refused_as_a_whole,
            an_entry_of_a_batch_fails_alone,
            a_message_may_have_a_mebibyte_and_no_more,
            a_handle_of_nobody_is_refused,
            a_deleted_message_cannot_be_hidden,
            a_number_out_of_range_is_refused,
            a_purged_queue_is_empty,
        }
    };
    ($endpoint:path: $($check:ident,)+) => {
        $(
            #[tokio::test]
            async fn $check() {
                let (_endpoint, sqs) = $endpoint().await;
                $crate::probe::$check(&sqs).await;
            }
        )+
    };
}
pub(crate) use probe;

/// How long a receive may wait: SQS's most, and far more than anything here takes.
const WAIT_S: i32 = 20;

/// A client of the endpoint at a URL.
pub(crate) fn client(url: &str) -> Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("a", "b", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(url)
        .build();
    Client::from_conf(config)
}

/// A queue of a check's own.
pub(crate) struct Queue<'a> {
    sqs: &'a Client,
    url: String,
}

impl<'a> Queue<'a> {
    /// Makes a queue; no other check has its name.
    pub(crate) async fn make(sqs: &'a Client, attributes: &[(QueueAttributeName, &str)]) -> Self {
        let create = sqs.create_queue().queue_name(Uuid::new_v4());
        let create = attributes.iter().fold(create, |create, (name, value)| {
            create.attributes(name.clone(), *value)
        });
        let url = create.send().await.unwrap().queue_url.unwrap();
        Self { sqs, url }
    }

    /// Makes a queue whose messages stay hidden until somebody shows them.
    async fn patient(sqs: &'a Client) -> Self {
        Self::make(sqs, &[(QueueAttributeName::VisibilityTimeout, "600")]).await
    }

    fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap()
    }

    pub(crate) async fn send(&self, body: &str) -> String {
        let send = self.sqs.send_message().queue_url(&self.url);
        send.message_body(body)
            .send()
            .await
            .unwrap()
            .message_id
            .unwrap()
    }

    /// Sends a body that is refused, and returns the error's code.
    pub(crate) async fn refuses(&self, body: &str) -> Option<String> {
        let send = self.sqs.send_message().queue_url(&self.url);
        let refused = send.message_body(body).send().await.unwrap_err();
        refused.code().map(str::to_owned)
    }

    async fn send_batch(
        &self,
        entries: impl IntoIterator<Item = (String, String)>,
    ) -> Result<SendMessageBatchOutput, SendMessageBatchError> {
        let entry = |(id, body)| {
            let entry = SendMessageBatchRequestEntry::builder();
            entry.id(id).message_body(body).build().unwrap()
        };
        let entries = entries.into_iter().map(entry).collect();
        let batch = self.sqs.send_message_batch().queue_url(&self.url);
        let sent = batch.set_entries(Some(entries)).send().await;
        sent.map_err(aws_sdk_sqs::error::SdkError::into_service_error)
    }

    /// Receives what is visible at once.
    async fn take(&self, most: i32) -> Vec<Message> {
        self.receive(most, 0).await
    }

    /// Waits for one message.
    pub(crate) async fn wait(&self) -> Message {
        self.receive(1, WAIT_S).await.remove(0)
    }

    async fn receive(&self, most: i32, wait_s: i32) -> Vec<Message> {
        let receive = self.sqs.receive_message().queue_url(&self.url);
        let received = receive
            .max_number_of_messages(most)
            .wait_time_seconds(wait_s)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All")
            .send()
            .await;
        received.unwrap().messages.unwrap_or_default()
    }

    pub(crate) async fn show(&self, handle: &str) {
        let change = self.sqs.change_message_visibility().queue_url(&self.url);
        let change = change.receipt_handle(handle).visibility_timeout(0);
        change.send().await.unwrap();
    }

    pub(crate) async fn delete(&self, handle: &str) {
        let delete = self.sqs.delete_message().queue_url(&self.url);
        delete.receipt_handle(handle).send().await.unwrap();
    }

    pub(crate) async fn attribute(&self, name: QueueAttributeName) -> String {
        let asked = self.sqs.get_queue_attributes().queue_url(&self.url);
        let answer = asked.attribute_names(name.clone()).send().await.unwrap();
        answer.attributes.unwrap()[&name].clone()
    }

    /// How many messages are visible, in flight and delayed.
    async fn depth(&self) -> [String; 3] {
        [
            self.attribute(QueueAttributeName::ApproximateNumberOfMessages)
                .await,
            self.attribute(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)
                .await,
            self.attribute(QueueAttributeName::ApproximateNumberOfMessagesDelayed)
                .await,
        ]
    }
}

fn handle(message: &Message) -> &str {
    message.receipt_handle().unwrap()
}

fn system(message: &Message, name: MessageSystemAttributeName) -> &str {
    &message.attributes().unwrap()[&name]
}

fn receives(message: &Message) -> &str {
    system(message, MessageSystemAttributeName::ApproximateReceiveCount)
}

fn bodies(messages: &[Message]) -> BTreeSet<&str> {
    messages.iter().filter_map(Message::body).collect()
}

fn text(value: &str) -> MessageAttributeValue {
    let text = MessageAttributeValue::builder().data_type("String");
    text.string_value(value).build().unwrap()
}

pub(crate) async fn a_queue_is_made_once_and_found_by_its_name(sqs: &Client) {
    let queue = Queue::patient(sqs).await;
    let create = |timeout: &str| {
        let create = sqs.create_queue().queue_name(queue.name());
        create
            .attributes(QueueAttributeName::VisibilityTimeout, timeout)
            .send()
    };

    let found = sqs
        .get_queue_url()
        .queue_name(queue.name())
        .send()
        .await
        .unwrap();
    let listed = sqs
        .list_queues()
        .queue_name_prefix(queue.name())
        .send()
        .await
        .unwrap();
    let again = create("600").await.unwrap();
    let other = create("601").await.unwrap_err().into_service_error();

    assert_eq!(found.queue_url(), Some(queue.url.as_str()));
    assert_eq!(listed.queue_urls(), std::slice::from_ref(&queue.url));
    assert_eq!(again.queue_url(), Some(queue.url.as_str()));
    assert!(other.is_queue_name_exists(), "{other}");
}

pub(crate) async fn a_queue_tells_how_it_was_made(sqs: &Client) {
    let dead = Queue::patient(sqs).await;
    let arn = dead.attribute(QueueAttributeName::QueueArn).await;
    let policy = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":3}}"#);
    let queue = Queue::make(
        sqs,
        &[
            (QueueAttributeName::VisibilityTimeout, "180"),
            (QueueAttributeName::MessageRetentionPeriod, "345600"),
            (QueueAttributeName::RedrivePolicy, &policy),
        ],
    )
    .await;

    assert!(arn.starts_with("arn:aws:sqs:"), "{arn}");
    assert!(arn.ends_with(&format!(":{}", dead.name())), "{arn}");
    assert_eq!(
        queue.attribute(QueueAttributeName::VisibilityTimeout).await,
        "180"
    );
    assert_eq!(
        queue
            .attribute(QueueAttributeName::MessageRetentionPeriod)
            .await,
        "345600"
    );
    let told = queue.attribute(QueueAttributeName::RedrivePolicy).await;
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["deadLetterTargetArn"], arn);
    assert_eq!(told["maxReceiveCount"], 3);
}

pub(crate) async fn a_missing_queue_is_named_by_its_error(sqs: &Client) {
    let queue = Queue::patient(sqs).await;
    let missing = queue.url.replace(queue.name(), "missing");

    let found = sqs.get_queue_url().queue_name("missing").send().await;
    let sent = sqs
        .send_message()
        .queue_url(&missing)
        .message_body("b")
        .send()
        .await;

    let found = found.unwrap_err().into_service_error();
    assert!(found.is_queue_does_not_exist(), "{found}");
    assert_eq!(
        found.code(),
        Some("AWS.SimpleQueueService.NonExistentQueue")
    );
    let sent = sent.unwrap_err().into_service_error();
    assert!(sent.is_queue_does_not_exist(), "{sent}");
}

pub(crate) async fn a_message_is_received_as_it_was_sent_and_deleted_once(sqs: &Client) {
    let queue = Queue::patient(sqs).await;
    let number = MessageAttributeValue::builder().data_type("Number.km");
    let bytes = MessageAttributeValue::builder().data_type("Binary");
    let given = [
        ("a.text", text("grüße")),
        ("a.number", number.string_value("42.195").build().unwrap()),
        (
            "b.bytes",
            bytes.binary_value(Blob::new([0, 255])).build().unwrap(),
        ),
    ];
    let send = sqs
        .send_message()
        .queue_url(&queue.url)
        .message_body("hello");
    let send = given.iter().fold(send, |send, (name, value)| {
        send.message_attributes(*name, value.clone())
    });

    let sent = send.send().await.unwrap();
    let message = queue.wait().await;
    queue.delete(handle(&message)).await;
    queue.delete(handle(&message)).await;

    let md5 = Some("5d41402abc4b2a76b9719d911017c592");
    assert_eq!(sent.md5_of_message_body(), md5);
    assert_eq!(message.md5_of_body(), md5);
    assert_eq!(message.body(), Some("hello"));
    assert_eq!(message.message_id(), sent.message_id());
    let received = message.message_attributes().unwrap();
    assert_eq!(received.len(), given.len());
    for (name, value) in &given {
        assert_eq!(&received[*name], value);
    }
    assert_eq!(queue.depth().await, ["0", "0", "0"]);
}

pub(crate) async fn a_received_message_is_counted_and_dated(sqs: &Client) {
    let queue = Queue::patient(sqs).await;
    queue.send("ring").await;

    let first = queue.wait().await;
    queue.show(handle(&first)).await;
    let second = queue.wait().await;

    assert_eq!((receives(&first), receives(&second)), ("1", "2"));
    let time = |message, name| system(message, name).parse::<u64>().unwrap();
    let sent = time(&first, MessageSystemAttributeName::SentTimestamp);
    let received = MessageSystemAttributeName::ApproximateFirstReceiveTimestamp;
    assert!(sent <= time(&first, received.clone()));
    assert_eq!(time(&first, received.clone()), time(&second, received));
    assert!(!system(&first, MessageSystemAttributeName::SenderId).is_empty());
}

pub(crate) async fn attributes_come_only_when_asked_for(sqs: &Client) {
    let queue = Queue::make(sqs, &[(QueueAttributeName::VisibilityTimeout, "0")]).await;
    let send = sqs.send_message().queue_url(&queue.url).message_body("b");
    let send = send.message_attributes("a.one", text("1"));
    send.message_attributes("b.two", text("2"))
        .send()
        .await
        .unwrap();
    let receive = || {
        sqs.receive_message()
            .queue_url(&queue.url)
            .wait_time_seconds(WAIT_S)
    };

    let plain = receive().send().await.unwrap().messages.unwrap().remove(0);
    let asking = receive()
        .message_attribute_names("a.*")
        .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount);
    let asked = asking.send().await.unwrap().messages.unwrap().remove(0);

    assert_eq!(
        (plain.attributes(), plain.message_attributes()),
        (None, None)
    );
    assert_eq!(asked.attributes().unwrap().len(), 1);
    assert_eq!(receives(&asked), "2");
    assert_eq!(asked.message_attributes().unwrap().len(), 1);
    assert_eq!(asked.message_attributes().unwrap()["a.one"], text("1"));
}

pub(crate) async fn a_receive_gives_one_message_unless_more_are_asked_for(sqs: &Client) {
    let queue = Queue::patient(sqs).await;
    for body in ["1", "2", "3"] {
        queue.send(body).await;
    }

    let one = sqs
        .receive_message()
        .queue_url(&queue.url)
        .send()
        .await
        .unwrap();
    let rest = queue.take(10).await;

    assert_eq!((one.messages().len(), rest.len()), (1, 2));
}

pub(crate) async fn a_received_message_is_hidden_until_it_is_shown_again(sqs: &Client) {
    let queue = Queue::patient(sqs).await;
    let id = queue.send("ring").await;

    let first = queue.wait().await;
    let hidden = queue.take(1).await;
    queue.show(handle(&first)).await;
    let again = queue.wait().await;

    assert_eq!(hidden, []);
    assert_eq!(again.message_id(), Some(id.as_str()));
}

pub(crate) async fn a_message_returns_by_itself_when_its_time_is_over(sqs: &Client) {
    let queue = Queue::patient(sqs).await;
    queue.send("ring").await;

    let receive = sqs.receive_message().queue_url(&queue.url);
    let first = receive.visibility_timeout(1).send().await.unwrap();
    let again = queue.wait().await;

    assert_eq!(first.messages()[0].message_id(), again.message_id());
    assert_eq!(receives(&again), "2");
}

pub(crate) async fn a_delayed_message_arrives_when_its_time_is_over(sqs: &Client) {
    let queue = Queue::patient(sqs).await;
    let send = sqs
        .send_message()
        .queue_url(&queue.url)
        .message_body("ring");
    send.delay_seconds(1).send().await.unwrap();

    let early = queue.depth().await;
    let message = queue.wait().await;

    assert_eq!(early, ["0", "0", "1"]);
    assert_eq!(message.body(), Some("ring"));
}

pub(crate) async fn a_waiting_receive_wakes_for_a_send(sqs: &Client) {
    let queue = Queue::patient(sqs).await;
    let started = Instant::now();

    // The receive is asked first; the order in which the two arrive does not matter.
    let (message, _) = tokio::join!(queue.wait(), queue.send("ring"));

    assert_eq!(message.body(), Some("ring"));
    assert!(started.elapsed() < Duration::from_secs(15));
}

pub(crate) async fn an_empty_queue_answers_without_messages(sqs: &Client) {
    let queue = Queue::patient(sqs).await;

    assert_eq!(queue.take(10).await, []);
    assert_eq!(queue.receive(10, 1).await, []);
}

pub(crate) async fn a_message_received_too_often_becomes_a_dead_letter(sqs: &Client) {
    let dead = Queue::patient(sqs).await;
    let arn = dead.attribute(QueueAttributeName::QueueArn).await;
    let policy = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":"2"}}"#);
    let queue = Queue::make(
        sqs,
        &[
            (QueueAttributeName::VisibilityTimeout, "600"),
            (QueueAttributeName::RedrivePolicy, &policy),
        ],
    )
    .await;
    let id = queue.send("ring").await;

    for _ in 0..2 {
        let message = queue.wait().await;
        queue.show(handle(&message)).await;
    }
    assert_eq!(dead.take(1).await, []);
    assert_eq!(queue.take(1).await, []);

    let letter = dead.wait().await;
    assert_eq!(letter.message_id(), Some(id.as_str()));
    assert_eq!(letter.body(), Some("ring"));
    assert_eq!(queue.depth().await, ["0", "0", "0"]);
}

pub(crate) async fn a_queue_counts_its_messages(sqs: &Client) {
    let queue = Queue::patient(sqs).await;
    for body in ["1", "2", "3"] {
        queue.send(body).await;
    }
    let taken = queue.wait().await;

    assert_eq!(queue.depth().await, ["2", "1", "0"]);
    queue.delete(handle(&taken)).await;
    assert_eq!(queue.depth().await, ["2", "0", "0"]);
}

pub(crate) async fn a_batch_is_sent_received_shown_and_deleted(sqs: &Client) {
    let queue = Queue::patient(sqs).await;
    let numbers: Vec<String> = (0..10).map(|n| n.to_string()).collect();
    let expected: BTreeSet<&str> = numbers.iter().map(String::as_str).collect();

    let sent = queue
        .send_batch(numbers.iter().map(|n| (n.clone(), n.clone())))
        .await
        .unwrap();
    let taken = queue.take(10).await;
    let mut show = sqs.change_message_visibility_batch().queue_url(&queue.url);
    for (message, id) in taken.iter().zip(&numbers) {
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id);
        let entry = entry.receipt_handle(handle(message)).visibility_timeout(0);
        show = show.entries(entry.build().unwrap());
    }
    let shown = show.send().await.unwrap();
    let again = queue.take(10).await;
    let mut delete = sqs.delete_message_batch().queue_url(&queue.url);
    for (message, id) in again.iter().zip(&numbers) {
        let entry = DeleteMessageBatchRequestEntry::builder().id(id);
        delete = delete.entries(entry.receipt_handle(handle(message)).build().unwrap());
    }
    let deleted = delete.send().await.unwrap();

    let ids = sent.successful().iter().map(|entry| entry.id());
    assert_eq!(ids.collect::<BTreeSet<_>>(), expected);
    assert_eq!(bodies(&taken), expected);
    assert_eq!((shown.successful().len(), shown.failed().len()), (10, 0));
    assert_eq!(bodies(&again), expected);
    assert_eq!(
        (deleted.successful().len(), deleted.failed().len()),
        (10, 0)
    );
    assert_eq!(queue.depth().await, ["0", "0", "0"]);
}

pub(crate) async fn a_batch_that_breaks_the_rules_is_refused_as_a_whole(sqs: &Client) {
    let queue = Queue::patient(sqs).await;
    let refusal = async |ids: &[&str], body: &str| {
        let entries = ids.iter().map(|id| ((*id).to_owned(), body.to_owned()));
        queue.send_batch(entries).await.unwrap_err()
    };
    let eleven: Vec<String> = (0..11).map(|n| n.to_string()).collect();
    let eleven: Vec<&str> = eleven.iter().map(String::as_str).collect();

    let none = refusal(&[], "b").await;
    let many = refusal(&eleven, "b").await;
    let twice = refusal(&["a", "a"], "b").await;
    let odd = refusal(&["a b"], "b").await;
    let large = refusal(&["a", "b"], &"x".repeat(MESSAGE_LIMIT / 2 + 1)).await;

    assert!(none.is_empty_batch_request(), "{none}");
    assert!(many.is_too_many_entries_in_batch_request(), "{many}");
    assert!(twice.is_batch_entry_ids_not_distinct(), "{twice}");
    assert!(odd.is_invalid_batch_entry_id(), "{odd}");
    assert!(large.is_batch_request_too_long(), "{large}");
    assert_eq!(queue.depth().await, ["0", "0", "0"]);
}

pub(crate) async fn an_entry_of_a_batch_fails_alone(sqs: &Client) {
    let queue = Queue::patient(sqs).await;
    queue.send("ring").await;
    let message = queue.wait().await;
    let entry = |id: &str, handle: &str| {
        let entry = DeleteMessageBatchRequestEntry::builder().id(id);
        entry.receipt_handle(handle).build().unwrap()
    };

    let delete = sqs.delete_message_batch().queue_url(&queue.url);
    let delete = delete.entries(entry("good", handle(&message)));
    let deleted = delete.entries(entry("bad", "bogus")).send().await.unwrap();

    assert_eq!(deleted.successful()[0].id(), "good");
    assert_eq!(deleted.failed()[0].id(), "bad");
    assert_eq!(deleted.failed()[0].code(), "ReceiptHandleIsInvalid");
    assert_eq!(queue.depth().await, ["0", "0", "0"]);
}

pub(crate) async fn a_message_may_have_a_mebibyte_and_no_more(sqs: &Client) {
    let queue = Queue::patient(sqs).await;
    let most = "x".repeat(MESSAGE_LIMIT);

    queue.send(&most).await;
    let refused = queue.refuses(&"x".repeat(MESSAGE_LIMIT + 1)).await;

    assert_eq!(queue.wait().await.body(), Some(most.as_str()));
    assert_eq!(refused.as_deref(), Some("InvalidParameterValue"));
}

pub(crate) async fn a_handle_of_nobody_is_refused(sqs: &Client) {
    let queue = Queue::patient(sqs).await;

    let delete = sqs.delete_message().queue_url(&queue.url);
    let deleted = delete.receipt_handle("bogus").send().await;
    let change = sqs.change_message_visibility().queue_url(&queue.url);
    let changed = change
        .receipt_handle("bogus")
        .visibility_timeout(0)
        .send()
        .await;

    let deleted = deleted.unwrap_err().into_service_error();
    assert!(deleted.is_receipt_handle_is_invalid(), "{deleted}");
    let changed = changed.unwrap_err().into_service_error();
    assert!(changed.is_receipt_handle_is_invalid(), "{changed}");
}

pub(crate) async fn a_deleted_message_cannot_be_hidden(sqs: &Client) {
    let queue = Queue::patient(sqs).await;
    queue.send("ring").await;
    let message = queue.wait().await;
    queue.delete(handle(&message)).await;

    let change = sqs.change_message_visibility().queue_url(&queue.url);
    let change = change
        .receipt_handle(handle(&message))
        .visibility_timeout(60);

    assert!(change.send().await.is_err());
}

pub(crate) async fn a_number_out_of_range_is_refused(sqs: &Client) {
    let queue = Queue::patient(sqs).await;
    let receive = || sqs.receive_message().queue_url(&queue.url);
    let send = sqs.send_message().queue_url(&queue.url).message_body("b");

    let refusals = [
        receive().max_number_of_messages(11).send().await.err(),
        receive().max_number_of_messages(0).send().await.err(),
        receive().wait_time_seconds(21).send().await.err(),
        receive().visibility_timeout(43_201).send().await.err(),
    ];
    let late = send.delay_seconds(901).send().await.unwrap_err();

    for refusal in refusals {
        assert_eq!(refusal.unwrap().code(), Some("InvalidParameterValue"));
    }
    assert_eq!(late.code(), Some("InvalidParameterValue"));
}

pub(crate) async fn a_purged_queue_is_empty(sqs: &Client) {
    let queue = Queue::patient(sqs).await;
    queue.send("taken").await;
    queue.wait().await;
    queue.send("left").await;

    sqs.purge_queue()
        .queue_url(&queue.url)
        .send()
        .await
        .unwrap();

    assert_eq!(queue.take(10).await, []);
}
