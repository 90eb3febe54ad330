use testkit::{eventually, expect_eq};

use crate::{
    Chat, HEARD_BY_ALL, ROOM, TOLD, WELCOME, arrive, joined, left, welcome,
    welcome_to_an_empty_room,
};

const GONE: &str = "A broken connection is a caller that has left, whether or not it had time to \
                    say so.";

#[tokio::test]
async fn a_cut_connection_leaves_the_room() {
    let chat = Chat::start().await;
    let (apart, proxy) = chat.connect_apart().await;
    let mut members = Vec::new();
    arrive(&mut members, chat.join(ROOM, "ann").await).await;
    arrive(&mut members, apart.join(ROOM, "ben").await).await;
    arrive(&mut members, chat.join(ROOM, "cleo").await).await;
    let [ann, _, cleo] = &mut members[..] else {
        unreachable!("three have joined");
    };
    proxy.cut();
    ann.hears(left("ben"), GONE).await;
    cleo.hears(left("ben"), GONE).await;
    ann.says("what was that?").await;
    cleo.hears_from(ann, "what was that?", HEARD_BY_ALL).await;
}

#[tokio::test]
async fn a_listener_whose_connection_is_cut_leaves() {
    let chat = Chat::start().await;
    let (apart, proxy) = chat.connect_apart().await;
    let mut members = Vec::new();
    arrive(&mut members, chat.join(ROOM, "ann").await).await;
    arrive(&mut members, apart.join(ROOM, "ben").await).await;
    let [ann, ben] = &mut members[..] else {
        unreachable!("two have joined");
    };
    ben.says_no_more();
    ann.says("hush").await;
    ben.hears_from(ann, "hush", HEARD_BY_ALL).await;
    proxy.cut();
    ann.hears(
        left("ben"),
        "A listener sends nothing that could fail, so no reader learns that its connection is \
         gone. The half that writes does.",
    )
    .await;
}

#[tokio::test]
async fn all_members_of_a_cut_connection_leave() {
    const ALL_OF_THEM: &str = "When a connection breaks, one of its calls learns that from its \
                               reader as an error, and another as an end. All are dropped.";
    let chat = Chat::start().await;
    let (apart, proxy) = chat.connect_apart().await;
    let mut members = Vec::new();
    arrive(&mut members, chat.join(ROOM, "ann").await).await;
    arrive(&mut members, apart.join(ROOM, "ben").await).await;
    arrive(&mut members, apart.join(ROOM, "cleo").await).await;
    proxy.cut();
    let mut gone = Vec::new();
    for _ in 0..2 {
        gone.push(members[0].hears.next(ALL_OF_THEM).await.event);
    }
    // In whichever order the server learnt of it.
    gone.sort_by_key(|event| format!("{event:?}"));
    expect_eq(
        "what ann hears after the connection of ben and cleo was cut",
        gone,
        vec![Some(left("ben")), Some(left("cleo"))],
        ALL_OF_THEM,
    );
}

#[tokio::test]
async fn the_name_of_one_that_was_cut_is_free() {
    let chat = Chat::start().await;
    let (apart, proxy) = chat.connect_apart().await;
    let mut members = Vec::new();
    arrive(&mut members, chat.join(ROOM, "ann").await).await;
    arrive(&mut members, apart.join(ROOM, "ben").await).await;
    proxy.cut();
    members[0].hears(left("ben"), GONE).await;
    let mut again = chat.join(ROOM, "ben").await;
    again
        .hears(
            welcome(["ann"]),
            "Who has left has left its name, or nobody whose connection broke could come back.",
        )
        .await;
    members[0].hears(joined("ben"), TOLD).await;
    again.says("I am back").await;
    members[0]
        .hears_from(&again, "I am back", HEARD_BY_ALL)
        .await;
}

#[tokio::test]
async fn the_last_speaker_is_cut_and_the_room_is_over() {
    let chat = Chat::start().await;
    let (apart, proxy) = chat.connect_apart().await;
    let mut members = Vec::new();
    arrive(&mut members, chat.join(ROOM, "ann").await).await;
    arrive(&mut members, apart.join(ROOM, "ben").await).await;
    members[0].says_no_more();
    members[1].says("oh").await;
    let [ann, ben] = &mut members[..] else {
        unreachable!("two have joined");
    };
    ann.hears_from(ben, "oh", HEARD_BY_ALL).await;
    proxy.cut();
    ann.finds_the_room_over_without("ben").await;
}

#[tokio::test]
async fn a_room_that_everybody_has_left_is_forgotten() {
    let chat = Chat::start().await;
    let (apart, proxy) = chat.connect_apart().await;
    let mut members = Vec::new();
    arrive(&mut members, apart.join(ROOM, "ann").await).await;
    proxy.cut();
    // Nobody is there to be told that she has left, so ask until she has.
    let alone = welcome_to_an_empty_room();
    let mut visits = 0;
    eventually(
        "Chat(a visitor joins tea), after the connection of its only member was cut",
        "a welcome to an empty room",
        GONE,
        async || {
            visits += 1;
            let mut visitor = chat.join(ROOM, &format!("visitor {visits}")).await;
            let event = visitor.hears.next(WELCOME).await.event;
            // Breaks the contract, and waits for the end of its call: no visitor finds another.
            visitor.says("").await;
            let _ = visitor.hears.rest(2, GONE).await;
            event
        },
        |event| event.as_ref() == Some(&alone),
    )
    .await;
}
