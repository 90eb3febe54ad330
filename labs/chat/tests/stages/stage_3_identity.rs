use crate::{
    Chat, HEARD_BY_ALL, ROOM, TOLD, arrive, joined, left, welcome, welcome_to_an_empty_room,
};

const ONE_CONNECTION: &str = "A connection carries many calls: a proxy puts strangers on one. A \
                              member is a call, and not an address.";

#[tokio::test]
async fn two_on_one_connection_hear_each_other() {
    let chat = Chat::start().await;
    let connection = chat.connect();
    let mut members = Vec::new();
    for name in ["ann", "ben"] {
        arrive(&mut members, connection.join(ROOM, name).await).await;
    }
    let [ann, ben] = &mut members[..] else {
        unreachable!("two have joined");
    };
    ann.says("are you there?").await;
    ben.hears_from(ann, "are you there?", ONE_CONNECTION).await;
    ben.says("beside you").await;
    ann.hears_from(ben, "beside you", ONE_CONNECTION).await;
}

#[tokio::test]
async fn one_of_two_on_a_connection_leaves() {
    let chat = Chat::start().await;
    let connection = chat.connect();
    let mut members = Vec::new();
    for name in ["ann", "ben"] {
        arrive(&mut members, connection.join(ROOM, name).await).await;
    }
    arrive(&mut members, chat.join(ROOM, "cleo").await).await;
    let [ann, ben, cleo] = &mut members[..] else {
        unreachable!("three have joined");
    };
    // An empty text breaks the contract, and ends ben's call.
    ben.says("").await;
    cleo.hears(left("ben"), TOLD).await;
    ann.hears(left("ben"), ONE_CONNECTION).await;
    cleo.says("still here, ann?").await;
    ann.hears_from(cleo, "still here, ann?", ONE_CONNECTION)
        .await;
    ann.says("yes").await;
    cleo.hears_from(ann, "yes", HEARD_BY_ALL).await;
}

#[tokio::test]
async fn one_connection_may_be_in_two_rooms_under_one_name() {
    let chat = Chat::start().await;
    let connection = chat.connect();
    let mut tea = connection.join(ROOM, "ann").await;
    let mut coffee = connection.join("coffee", "ann").await;
    tea.hears(welcome_to_an_empty_room(), ONE_CONNECTION).await;
    coffee
        .hears(welcome_to_an_empty_room(), ONE_CONNECTION)
        .await;
    let mut ben = chat.join(ROOM, "ben").await;
    ben.hears(welcome(["ann"]), ONE_CONNECTION).await;
    tea.hears(joined("ben"), TOLD).await;
    tea.says("tea").await;
    ben.hears_from(&tea, "tea", HEARD_BY_ALL).await;
    coffee.says("").await;
    // A server that takes the two for one thinks that ann has left.
    ben.says("and coffee?").await;
    tea.hears_from(&ben, "and coffee?", ONE_CONNECTION).await;
    tea.says("no").await;
    ben.hears_from(&tea, "no", ONE_CONNECTION).await;
}
