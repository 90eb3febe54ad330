use proto::chat::v1::ChatRequest;
use testkit::expect_eq;
use tonic::Code;

use crate::{Chat, HEARD_BY_ALL, LONGEST_TEXT, Member, Shown, TOLD, join_request, left, say};

#[tokio::test]
async fn everybody_else_hears_what_is_said() {
    let chat = Chat::start().await;
    let [ann, mut ben, mut cleo] = chat.company(["ann", "ben", "cleo"]).await;
    ann.says("hello").await;
    ben.hears_from(&ann, "hello", HEARD_BY_ALL).await;
    cleo.hears_from(&ann, "hello", HEARD_BY_ALL).await;
    ann.says("anybody?").await;
    ben.hears_from(&ann, "anybody?", HEARD_BY_ALL).await;
    cleo.hears_from(&ann, "anybody?", HEARD_BY_ALL).await;
}

#[tokio::test]
async fn nobody_hears_itself() {
    let chat = Chat::start().await;
    let [mut ann, mut ben] = chat.company(["ann", "ben"]).await;
    ann.says("one").await;
    ben.hears_from(&ann, "one", HEARD_BY_ALL).await;
    ben.says("two").await;
    ann.hears_from(
        &ben,
        "two",
        "A caller is not sent what it says itself: it knows that already.",
    )
    .await;
}

#[tokio::test]
async fn what_is_said_stays_in_the_room() {
    let chat = Chat::start().await;
    let [ann, mut ben] = chat.company(["ann", "ben"]).await;
    let other = chat.join("coffee", "cleo").await;
    other.says("is this tea?").await;
    ann.says("tea!").await;
    ben.hears_from(&ann, "tea!", "A text is heard in its own room only.")
        .await;
}

#[tokio::test]
async fn a_text_that_is_empty_or_too_long_ends_the_call() {
    // The last has 65,538 bytes, and half as many characters.
    for text in [
        String::new(),
        "x".repeat(LONGEST_TEXT + 1),
        "é".repeat(LONGEST_TEXT / 2 + 1),
    ] {
        let chat = Chat::start().await;
        let [ann, ben] = chat.company(["ann", "ben"]).await;
        breaks_the_contract(ann, ben, say(text), "A text has 1 to 65,536 bytes.").await;
    }
}

#[tokio::test]
async fn the_longest_text_is_heard_whole() {
    let chat = Chat::start().await;
    let [ann, mut ben] = chat.company(["ann", "ben"]).await;
    let text = "é".repeat(LONGEST_TEXT / 2);
    ann.says(&text).await;
    ben.hears_from(&ann, &text, "65,536 bytes are allowed.")
        .await;
}

#[tokio::test]
async fn a_second_join_ends_the_call() {
    let chat = Chat::start().await;
    let [ann, ben] = chat.company(["ann", "ben"]).await;
    breaks_the_contract(
        ann,
        ben,
        join_request("coffee", "ann"),
        "One call is one membership of one room.",
    )
    .await;
}

#[tokio::test]
async fn a_message_without_an_action_ends_the_call() {
    let chat = Chat::start().await;
    let [ann, ben] = chat.company(["ann", "ben"]).await;
    let nothing = ChatRequest { action: None };
    breaks_the_contract(
        ann,
        ben,
        nothing,
        "After join there is only say. To ignore what one does not understand is to lose it.",
    )
    .await;
}

async fn breaks_the_contract(mut ann: Member, mut ben: Member, wrong: ChatRequest, because: &str) {
    ann.sends(wrong).await;
    ann.is_refused(Code::InvalidArgument, because).await;
    ben.hears(left("ann"), TOLD).await;
}

#[tokio::test]
async fn everybody_hears_everything_in_the_same_order() {
    const TEXTS: usize = 300;
    let chat = Chat::start().await;
    let [mut ann, mut ben, mut cleo, mut dan] = chat.company(["ann", "ben", "cleo", "dan"]).await;

    // Both speak at once, and everybody listens at once.
    let talk = async |says: &tokio::sync::mpsc::Sender<ChatRequest>| {
        for number in 0..TEXTS {
            // Whoever is not heard is found out by those who listen.
            let _ = says.send(say(number.to_string())).await;
        }
    };
    let (ann_says, ben_says) = (ann.says.clone(), ben.says.clone());
    let (Some(ann_says), Some(ben_says)) = (ann_says, ben_says) else {
        unreachable!("both may speak");
    };
    let because = "What a member says is heard in the order in which it said it.";
    let listen = async |member: &mut Member, count: usize| {
        let mut heard = Vec::with_capacity(count);
        for _ in 0..count {
            heard.push(member.hears_text(because).await);
        }
        heard
    };
    let (_, _, by_ann, by_ben, by_cleo, by_dan) = tokio::join!(
        talk(&ann_says),
        talk(&ben_says),
        listen(&mut ann, TEXTS),
        listen(&mut ben, TEXTS),
        listen(&mut cleo, 2 * TEXTS),
        listen(&mut dan, 2 * TEXTS),
    );

    let in_order = |name: &str| -> Vec<_> {
        (0..TEXTS)
            .map(|number| (name.to_owned(), number.to_string()))
            .collect()
    };
    same(
        "ann",
        "what ben said, in his order",
        &by_ann,
        &in_order("ben"),
        because,
    );
    same(
        "ben",
        "what ann said, in her order",
        &by_ben,
        &in_order("ann"),
        because,
    );
    for name in ["ann", "ben"] {
        let of_one: Vec<_> = by_cleo
            .iter()
            .filter(|(by, _)| by == name)
            .cloned()
            .collect();
        same(
            "cleo",
            &format!("what {name} said, in order"),
            &of_one,
            &in_order(name),
            because,
        );
    }
    same(
        "dan",
        "what cleo hears, in the same order",
        &by_dan,
        &by_cleo,
        "A room has one order: whoever answers \"yes\" must have been asked the same question by \
         everybody's account.",
    );
}

/// Two accounts of what was said; names the first place where they differ.
fn same(
    name: &str,
    expected: &str,
    heard: &[(String, String)],
    account: &[(String, String)],
    because: &str,
) {
    if heard == account {
        return;
    }
    let place = heard
        .iter()
        .zip(account)
        .position(|(one, other)| one != other);
    let place = place.unwrap_or(heard.len().min(account.len()));
    let at = |account: &[(String, String)]| match account.get(place) {
        Some((name, text)) => format!("{name}: {text}"),
        None => "nothing".to_owned(),
    };
    expect_eq(
        &format!("what {name} hears while two talk at once, text {place}"),
        Shown(at(heard)),
        Shown(format!("{} ({expected})", at(account))),
        because,
    );
}
