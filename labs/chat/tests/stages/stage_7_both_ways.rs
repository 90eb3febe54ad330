use testkit::within;

use crate::{Chat, Member, large_text, number_of, say};

/// 8 MiB: more than fits in the windows and buffers of a connection.
const TEXTS: usize = 128;

const WRITES_FIRST: &str = "Both members write 8 MiB before they read anything. The server must \
                            go on reading from a caller to which it cannot write, or each waits \
                            for the other for ever.";

#[tokio::test]
async fn eight_mebibytes_both_ways() {
    let chat = Chat::start().await;
    let [mut ann, mut ben] = chat.company(["ann", "ben"]).await;
    within(
        &format!("Chat, ann and ben each say 8 MiB before they read. {WRITES_FIRST}"),
        async { tokio::join!(say_all(&ann), say_all(&ben)) },
    )
    .await;
    hear_all(&mut ann, "ben").await;
    hear_all(&mut ben, "ann").await;

    ann.says_no_more();
    ben.says_no_more();
    for member in [&mut ann, &mut ben] {
        member
            .hears
            .ends("Everything was said and heard, and nobody may speak any more.")
            .await;
    }
}

async fn say_all(member: &Member) {
    if let Some(says) = &member.says {
        for number in 0..TEXTS {
            // If the call has ended, then whoever reads is told.
            let _ = says.send(say(large_text(number))).await;
        }
    }
}

async fn hear_all(member: &mut Member, other: &str) {
    for expected in 0..TEXTS {
        let (name, text) = member.hears_text(WRITES_FIRST).await;
        let heard = (name, number_of(&text));
        testkit::expect_eq(
            &format!("text {expected} that {} hears", member.name),
            heard,
            (other.to_owned(), expected),
            "Nothing is lost and nothing overtakes.",
        );
    }
}
