use proto::chat::v1::chat_response::Event;
use proto::chat::v1::{Left, Said};
use testkit::{expect_at_most, expect_eq, fail};
use tonic::Code;

use crate::{
    Chat, Connection, HEARD_BY_ALL, LONGEST_TEXT, Member, ROOM, TOLD, WELCOME, joined, large_text,
    left, not, number_of, said, welcome,
};

const MIB: usize = 1 << 20;

/// As given to `--backlog`.
const BACKLOG: usize = MIB;

/// What the slow member's client lets the server send ahead.
const WINDOW: u32 = 65_535;

/// Texts that are on their way at once. Half the backlog: a member that reads is never put out.
const BATCH: usize = BACKLOG / 2 / LONGEST_TEXT;

/// 32 MiB in all, which is what a server keeps that keeps everything.
const BATCHES: usize = 64;

/// By how much the server may grow meanwhile. It may keep one backlog, and for each of the three
/// connections what its transport takes (1 MiB of receive window and 0.4 MiB of send buffer with
/// tonic): 5.2 MiB. Twice that because a garbage collector lets the heap double before it runs, and
/// half as much again for an allocator's holes: 16 MiB.
const GROWTH: u64 = 16 << 20;

const DELAYED: &str = "A member that does not read delays nobody: the server keeps what it has not \
                       read, and goes on.";

const PUT_OUT: &str = "Of a member that does not read, the server keeps as much as --backlog says. \
                       Then the member is put out, and the others hear that it has left.";

const RESOURCE_EXHAUSTED: &str = "Whoever was put out reads what was kept, in order and without \
                                  gaps, and then learns why there is no more.";

/// Three members of a room, one of which does not read.
struct Stalled<'a> {
    slow_connection: Connection<'a>,
    slow: Member,
    ann: Member,
    ben: Member,
    /// How many tasks the server had before slow joined, its connection included.
    tasks_without_slow: u64,
}

async fn stall(chat: &Chat) -> Stalled<'_> {
    let endpoint = chat.server.endpoint();
    let slow_connection = chat.connect_by(&endpoint.initial_stream_window_size(WINDOW));
    let [mut ann, mut ben] = chat.company(["ann", "ben"]).await;
    let tasks_without_slow = slow_connection.tasks().await;
    let mut slow = slow_connection.join(ROOM, "slow").await;
    slow.hears(welcome(["ann", "ben"]), WELCOME).await;
    ann.hears(joined("slow"), TOLD).await;
    ben.hears(joined("slow"), TOLD).await;
    Stalled {
        slow_connection,
        slow,
        ann,
        ben,
        tasks_without_slow,
    }
}

/// Ben says one batch, and ann hears it. True if she heard meanwhile that the slow one has left.
async fn one_batch(ann: &mut Member, ben: &Member, batch: usize) -> bool {
    let numbers = batch * BATCH..(batch + 1) * BATCH;
    for number in numbers.clone() {
        ben.says(large_text(number)).await;
    }
    let mut has_left = false;
    for number in numbers {
        loop {
            match ann.hears.next(DELAYED).await.event {
                Some(Event::Said(Said { name, text })) if name == ben.name => {
                    expect_eq(
                        "the text that ann hears",
                        number_of(&text),
                        number,
                        HEARD_BY_ALL,
                    );
                    break;
                }
                Some(Event::Left(Left { name })) if name == "slow" && !has_left => has_left = true,
                event => not(
                    "ann",
                    "a text by ben, or that slow has left",
                    &event,
                    HEARD_BY_ALL,
                ),
            }
        }
    }
    has_left
}

/// Lets ben talk until the slow one is put out.
async fn put_out(ann: &mut Member, ben: &mut Member) -> usize {
    // What the server may keep, and what has room in the window and in the transport's buffers.
    const ENOUGH: usize = (4 * BACKLOG).div_ceil(BATCH * LONGEST_TEXT);
    for batch in 0..ENOUGH {
        if one_batch(ann, ben, batch).await {
            ben.hears(left("slow"), TOLD).await;
            return batch + 1;
        }
    }
    let done = format!(
        "slow reads nothing while ben says {} MiB",
        4 * BACKLOG / MIB
    );
    expect_eq(
        &done,
        "no word of slow",
        "the others hear that slow has left",
        PUT_OUT,
    );
    fail("slow has left, and has not left")
}

#[tokio::test]
async fn a_member_that_does_not_read_delays_nobody_and_costs_bounded_memory() {
    let chat = Chat::start_with(&["--backlog", "1MiB"]).await;
    let Stalled {
        mut slow,
        mut ann,
        mut ben,
        ..
    } = stall(&chat).await;
    // Elsewhere than on Linux it may not be known; everything else is the same there.
    let before = chat.server.program.resident_memory().ok();

    let mut has_left = false;
    for batch in 0..BATCHES {
        has_left |= one_batch(&mut ann, &ben, batch).await;
    }
    if !has_left {
        let done = format!(
            "slow reads nothing while ben says {} MiB",
            BATCHES * BATCH * LONGEST_TEXT / MIB
        );
        expect_eq(
            &done,
            "no word of slow",
            "the others hear that slow has left",
            PUT_OUT,
        );
    }
    ben.hears(left("slow"), TOLD).await;
    if let (Some(before), Ok(Some(most))) = (before, chat.server.program.peak_memory()) {
        expect_at_most(
            "the server's memory grows, while slow reads nothing and ben says 32 MiB, by",
            most.saturating_sub(before),
            GROWTH,
            "A queue without a bound grows for as long as others talk; one that is bounded in \
             messages grows to that many times the largest text.",
        );
    }

    reads_what_was_kept(&mut slow).await;
}

/// Reads to the end: texts without gaps, no fewer and no more than the server was to keep, and
/// RESOURCE_EXHAUSTED.
async fn reads_what_was_kept(slow: &mut Member) {
    // The transport has up to a megabyte of its own, beyond the window: no server can count it.
    const MOST: usize = (BACKLOG + WINDOW as usize + MIB).div_ceil(LONGEST_TEXT);
    const LEAST: usize = BACKLOG / 2 / LONGEST_TEXT;
    let (kept, status) = slow.hears.rest(MOST, PUT_OUT).await;
    let mut texts = 0;
    for event in kept {
        match event.event {
            Some(Event::Said(Said { text, .. })) => {
                expect_eq(
                    "the text that slow hears",
                    number_of(&text),
                    texts,
                    RESOURCE_EXHAUSTED,
                );
                texts += 1;
            }
            event => not("slow", "a text", &event, RESOURCE_EXHAUSTED),
        }
    }
    if texts < LEAST {
        let expected = format!("{LEAST} texts of 64 KiB or more, of a backlog of 1 MiB");
        not(
            "slow",
            &expected,
            &texts,
            "A member may be slow for a while: that is what is kept for it.",
        );
    }
    expect_eq(
        &format!("how the call of slow ends, after {texts} texts"),
        status.code(),
        Code::ResourceExhausted,
        RESOURCE_EXHAUSTED,
    );
    if status.message().is_empty() {
        not(
            "slow",
            "a status with a message",
            &status.code(),
            RESOURCE_EXHAUSTED,
        );
    }
}

#[tokio::test]
async fn nobody_hears_a_member_that_was_put_out() {
    const BECAUSE: &str = "Whoever was put out is no member, even while its call has not ended.";
    let chat = Chat::start_with(&["--backlog", "1MiB"]).await;
    let Stalled {
        mut slow,
        mut ann,
        mut ben,
        ..
    } = stall(&chat).await;
    put_out(&mut ann, &mut ben).await;

    for _ in 0..10 {
        slow.says("boo").await;
        ann.says("who was that?").await;
        ben.hears_from(&ann, "who was that?", BECAUSE).await;
        ben.says("nobody").await;
        ann.hears_from(&ben, "nobody", BECAUSE).await;
    }
    reads_what_was_kept(&mut slow).await;
    ann.says("really?").await;
    ben.hears_from(&ann, "really?", "It has left once, and cannot leave again.")
        .await;
}

#[tokio::test]
async fn who_takes_the_name_of_one_that_was_put_out_is_somebody_else() {
    const BECAUSE: &str = "A name may be taken again while the call of its last bearer has not \
                           ended. What that one does is not the new one's doing.";
    let chat = Chat::start_with(&["--backlog", "1MiB"]).await;
    let Stalled {
        mut slow,
        mut ann,
        mut ben,
        ..
    } = stall(&chat).await;
    put_out(&mut ann, &mut ben).await;

    let mut second = chat.join(ROOM, "slow").await;
    second
        .hears(
            welcome(["ann", "ben"]),
            "The name of one that was put out is free.",
        )
        .await;
    ann.hears(joined("slow"), TOLD).await;
    ben.hears(joined("slow"), TOLD).await;
    slow.says("boo").await;
    slow.says_no_more();
    reads_what_was_kept(&mut slow).await;
    drop(slow);
    for _ in 0..10 {
        second.says("I am quick").await;
        ann.hears(said("slow", "I am quick"), BECAUSE).await;
        ben.hears(said("slow", "I am quick"), BECAUSE).await;
        ann.says("so you are").await;
        second.hears_from(&ann, "so you are", BECAUSE).await;
        ben.hears_from(&ann, "so you are", BECAUSE).await;
    }
}

#[tokio::test]
async fn nothing_is_left_of_a_member_that_was_put_out() {
    let chat = Chat::start_with(&["--backlog", "1MiB"]).await;
    let Stalled {
        slow_connection,
        mut slow,
        mut ann,
        mut ben,
        tasks_without_slow,
    } = stall(&chat).await;
    put_out(&mut ann, &mut ben).await;
    reads_what_was_kept(&mut slow).await;
    slow_connection
        .tasks_come_back_to(
            tasks_without_slow,
            "slow was put out, has read the end of its call, and has not ended its own half",
        )
        .await;
    drop(slow);
}
