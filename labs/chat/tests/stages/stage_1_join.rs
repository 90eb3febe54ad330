use proto::chat::v1::chat_response::Event;
use proto::chat::v1::{ChatRequest, Welcome};
use tonic::Code;

use crate::{
    Chat, ROOM, TOLD, WELCOME, join_request, joined, not, say, welcome, welcome_to_an_empty_room,
};

const JOIN_FIRST: &str = "Without join the server knows neither the room nor the name, so the \
                          contract wants join first.";

#[tokio::test]
async fn a_newcomer_is_welcomed() {
    let chat = Chat::start().await;
    let mut ann = chat.join(ROOM, "ann").await;
    ann.hears(welcome_to_an_empty_room(), WELCOME).await;
}

#[tokio::test]
async fn a_newcomer_hears_who_is_there_and_is_announced() {
    let chat = Chat::start().await;
    let [mut ann, mut ben] = chat.company(["ann", "ben"]).await;
    let mut cleo = chat.join(ROOM, "cleo").await;
    cleo.hears(welcome(["ann", "ben"]), WELCOME).await;
    ann.hears(joined("cleo"), TOLD).await;
    ben.hears(joined("cleo"), TOLD).await;
}

#[tokio::test]
async fn members_are_named_in_alphabetical_order() {
    let chat = Chat::start().await;
    let _company = chat.company(["zoe", "ann", "mia", "eve"]).await;
    let mut ben = chat.join(ROOM, "ben").await;
    ben.hears(welcome(["ann", "eve", "mia", "zoe"]), WELCOME)
        .await;
}

#[tokio::test]
async fn rooms_are_separate() {
    let chat = Chat::start().await;
    let [mut ann] = chat.company(["ann"]).await;
    let mut other = chat.join("coffee", "ann").await;
    other
        .hears(
            welcome_to_an_empty_room(),
            "Nobody is in this room, and a name is taken only in its own room.",
        )
        .await;
    let _ben = chat.join(ROOM, "ben").await;
    ann.hears(
        joined("ben"),
        "Only what happens in its own room is a member's business.",
    )
    .await;
}

#[tokio::test]
async fn the_first_message_must_be_join() {
    let chat = Chat::start().await;
    let connection = chat.connect();
    let mut hasty = connection
        .open("Chat(says hello without join)", "hasty", say("hello"))
        .await;
    hasty.is_refused(Code::InvalidArgument, JOIN_FIRST).await;
    let nothing = ChatRequest { action: None };
    let mut odd = connection
        .open("Chat(a first message without an action)", "odd", nothing)
        .await;
    odd.is_refused(Code::InvalidArgument, JOIN_FIRST).await;
}

#[tokio::test]
async fn a_stream_without_a_message_is_invalid_argument() {
    let chat = Chat::start().await;
    let mut mute = chat.connect().open_without_a_message().await;
    mute.ends_with(Code::InvalidArgument, JOIN_FIRST).await;
}

#[tokio::test]
async fn a_room_or_a_name_that_is_empty_or_too_long_is_invalid_argument() {
    let chat = Chat::start().await;
    let connection = chat.connect();
    // 66 bytes, and 33 characters.
    let long = "é".repeat(33);
    for (room, name) in [("", "ann"), (ROOM, ""), (&long, "ann"), (ROOM, &long)] {
        let mut refused = connection.join(room, name).await;
        refused
            .is_refused(
                Code::InvalidArgument,
                "A room and a name have 1 to 64 bytes, not characters: what a server keeps for \
                 others needs a bound.",
            )
            .await;
    }
    let longest = "é".repeat(32);
    let mut fine = connection.join(&longest, &longest).await;
    fine.hears(welcome_to_an_empty_room(), "64 bytes are allowed.")
        .await;
}

#[tokio::test]
async fn a_name_that_is_taken_is_already_exists() {
    let chat = Chat::start().await;
    let [mut ann] = chat.company(["ann"]).await;
    let mut second = chat.join(ROOM, "ann").await;
    second
        .is_refused(
            Code::AlreadyExists,
            "Two of one name could not be told apart.",
        )
        .await;
    let _ben = chat.join(ROOM, "ben").await;
    ann.hears(joined("ben"), "Whoever was refused has not joined.")
        .await;
}

#[tokio::test]
async fn two_who_join_at_once_know_of_each_other() {
    const BECAUSE: &str = "Of two newcomers one came first: the second finds it in its welcome, \
                           and the first hears that the second joined. Nothing may happen between \
                           a welcome and the first event after it.";
    let chat = Chat::start().await;
    let (one, other) = (chat.connect(), chat.connect());
    for round in 0..40 {
        let room = format!("room {round}");
        let (mut ann, mut ben) = tokio::join!(one.join(&room, "ann"), other.join(&room, "ben"));
        let welcomes = [
            ann.hears.next(WELCOME).await.event,
            ben.hears.next(WELCOME).await.event,
        ];
        let alone = welcome_to_an_empty_room();
        match &welcomes {
            [Some(first), Some(second)] if *first == alone && *second == welcome(["ann"]) => {
                ann.hears(joined("ben"), BECAUSE).await;
            }
            [Some(second), Some(first)] if *first == alone && *second == welcome(["ben"]) => {
                ben.hears(joined("ann"), BECAUSE).await;
            }
            [
                Some(Event::Welcome(Welcome { members: one })),
                Some(Event::Welcome(Welcome { members: other })),
            ] => not(
                "each of two newcomers",
                "the other in exactly one welcome",
                &(one, other),
                BECAUSE,
            ),
            _ => not("a newcomer", "a welcome", &welcomes, WELCOME),
        }
        // A newcomer that cannot be is no member, and makes no difference.
        let mut again = one
            .open("Chat(joins again)", "ann", join_request(&room, "ann"))
            .await;
        again
            .is_refused(Code::AlreadyExists, "ann is still in the room.")
            .await;
    }
}
