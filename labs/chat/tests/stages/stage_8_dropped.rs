use crate::{Chat, HEARD_BY_ALL, ROOM, TOLD, arrive, left, welcome_to_an_empty_room};

const CANCELLED: &str = "The caller has reset the call. To the half that reads this can look like \
                         the end of what the caller says; the half that writes knows better, for \
                         its stream is dropped. A member is one for as long as that stream lives.";

#[tokio::test]
async fn a_speaker_that_cancels_leaves() {
    let chat = Chat::start().await;
    let [mut ann, mut ben, mut cleo] = chat.company(["ann", "ben", "cleo"]).await;
    // From here on nobody wants ann's response, and her half of the call is still open.
    ann.cancels();
    ben.hears(left("ann"), CANCELLED).await;
    cleo.hears(left("ann"), CANCELLED).await;
    ben.says("she was in a hurry").await;
    cleo.hears_from(&ben, "she was in a hurry", HEARD_BY_ALL)
        .await;
    drop(ann);
}

#[tokio::test]
async fn a_listener_that_cancels_leaves() {
    let chat = Chat::start().await;
    let [mut ann, mut ben, cleo] = chat.company(["ann", "ben", "cleo"]).await;
    ann.says_no_more();
    cleo.says("hush").await;
    ann.hears_from(&cleo, "hush", HEARD_BY_ALL).await;
    ben.hears_from(&cleo, "hush", HEARD_BY_ALL).await;
    // With its stream ended, a response that is dropped is reset at once.
    drop(ann);
    ben.hears(left("ann"), CANCELLED).await;
}

#[tokio::test]
async fn the_room_is_over_when_its_last_speaker_cancels() {
    let chat = Chat::start().await;
    let [mut ann, mut ben] = chat.company(["ann", "ben"]).await;
    ann.says_no_more();
    ben.says("oh").await;
    ann.hears_from(&ben, "oh", HEARD_BY_ALL).await;
    ben.cancels();
    ann.finds_the_room_over_without("ben").await;
}

#[tokio::test]
async fn the_name_of_one_that_cancelled_is_free() {
    let chat = Chat::start().await;
    let [mut ann, mut ben] = chat.company(["ann", "ben"]).await;
    ann.cancels();
    ben.hears(left("ann"), CANCELLED).await;
    let mut members = vec![ben];
    arrive(&mut members, chat.join(ROOM, "ann").await).await;
}

#[tokio::test]
async fn a_member_that_is_told_of_and_cancels_in_the_same_moment_is_told_of_once() {
    let chat = Chat::start().await;
    let [mut ann, mut ben] = chat.company(["ann", "ben"]).await;
    ann.says_no_more();
    ann.cancels();
    ben.hears(left("ann"), CANCELLED).await;
    ben.says_no_more();
    ben.hears
        .ends("ann has left once, and nobody else is here.")
        .await;
    let mut again = chat.join(ROOM, "ann").await;
    again.hears(welcome_to_an_empty_room(), TOLD).await;
}

#[tokio::test]
async fn nothing_is_left_of_those_who_come_and_go() {
    const VISITS: usize = 20;
    let chat = Chat::start().await;
    let [mut ann] = chat.company(["ann"]).await;
    let connection = chat.connect();
    let before = connection.tasks().await;
    for visit in 0..VISITS {
        let name = format!("visitor {visit}");
        let mut visitor = connection.join(ROOM, &name).await;
        visitor.hears(crate::welcome(["ann"]), crate::WELCOME).await;
        ann.hears(crate::joined(&name), TOLD).await;
        visitor.cancels();
        ann.hears(left(&name), CANCELLED).await;
    }
    connection
        .tasks_come_back_to(before, "20 visitors have come, and cancelled their calls")
        .await;
}
