use tonic::Code;

use crate::{Chat, ROOM, TOLD, WELCOME, joined, welcome, welcome_to_an_empty_room};

const STAYS: &str = "Whoever ends its stream has said its last word, and goes on hearing: the two \
                     halves of a call end one by one.";

const OVER: &str = "Nobody is left who may speak, so nothing can be heard any more: everybody's \
                    call ends with OK.";

#[tokio::test]
async fn a_listener_goes_on_hearing() {
    let chat = Chat::start().await;
    let [mut ann, mut ben, mut cleo] = chat.company(["ann", "ben", "cleo"]).await;
    ann.says("good night").await;
    ann.says_no_more();
    ben.hears_from(&ann, "good night", STAYS).await;
    cleo.hears_from(&ann, "good night", STAYS).await;
    ben.says("is she asleep?").await;
    ann.hears_from(&ben, "is she asleep?", STAYS).await;
    cleo.hears_from(
        &ben,
        "is she asleep?",
        "A member that only listens has not left.",
    )
    .await;
    cleo.says("I think so").await;
    ann.hears_from(&cleo, "I think so", STAYS).await;
}

#[tokio::test]
async fn a_listener_is_still_a_member() {
    let chat = Chat::start().await;
    let [mut ann, ben] = chat.company(["ann", "ben"]).await;
    ann.says_no_more();
    // What ben says now shows that the server goes on; the end of ann's stream may come later.
    ben.says("well").await;
    ann.hears_from(&ben, "well", STAYS).await;
    let mut others = Vec::new();
    let mut present = vec!["ann", "ben"];
    for name in ["cleo", "dan", "eve"] {
        let mut newcomer = chat.join(ROOM, name).await;
        newcomer
            .hears(
                welcome(present.iter().copied()),
                "Welcome names listeners, too.",
            )
            .await;
        ann.hears(joined(name), STAYS).await;
        newcomer.says_no_more();
        present.push(name);
        others.push(newcomer);
    }
    let mut second = chat.join(ROOM, "ann").await;
    second
        .is_refused(Code::AlreadyExists, "A listener keeps its name.")
        .await;
}

#[tokio::test]
async fn the_room_is_over_when_nobody_may_speak() {
    let chat = Chat::start().await;
    let [mut ann, mut ben] = chat.company(["ann", "ben"]).await;
    ann.says_no_more();
    ben.says("bye").await;
    ann.hears_from(&ben, "bye", STAYS).await;
    ben.says_no_more();
    ann.hears.ends(OVER).await;
    ben.hears.ends(OVER).await;
}

#[tokio::test]
async fn alone_the_last_word_is_the_end() {
    let chat = Chat::start().await;
    let [mut ann] = chat.company(["ann"]).await;
    ann.says("hello?").await;
    ann.says_no_more();
    ann.hears.ends(OVER).await;
}

#[tokio::test]
async fn what_was_said_before_the_end_is_heard() {
    const TEXTS: usize = 100;
    let chat = Chat::start().await;
    let [mut ann, mut ben] = chat.company(["ann", "ben"]).await;
    ann.says_no_more();
    for number in 0..TEXTS {
        ben.says(number.to_string()).await;
    }
    ben.says_no_more();
    for number in 0..TEXTS {
        ann.hears_from(
            &ben,
            &number.to_string(),
            "The end of a call comes after everything that was said.",
        )
        .await;
    }
    ann.hears.ends(OVER).await;
    ben.hears.ends(OVER).await;
}

#[tokio::test]
async fn a_room_that_is_over_is_forgotten() {
    let chat = Chat::start().await;
    let [mut ann, mut ben] = chat.company(["ann", "ben"]).await;
    ann.says_no_more();
    ben.says_no_more();
    ann.hears.ends(OVER).await;
    ben.hears.ends(OVER).await;
    let mut again = chat.join(ROOM, "ann").await;
    again
        .hears(
            welcome_to_an_empty_room(),
            "The room is over, and its names are free. Whoever joins now begins a new one.",
        )
        .await;
    let mut second = chat.join(ROOM, "cleo").await;
    second.hears(welcome(["ann"]), WELCOME).await;
    again.hears(joined("cleo"), TOLD).await;
}
