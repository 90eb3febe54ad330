use prost::Message as _;
use proto::ticket::v1::wish::Kind;
use proto::ticket::v1::{Area, BuyTicketsRequest, GetShowResponse, Wish};
use tonic::Code;

use crate::{Running, buy, office};
use listings::unary::bank::Bank;
use listings::unary::wish::in_words;

/// contract.md: the bytes of one message.
#[test]
fn a_request_for_two_seats_is_ten_bytes() {
    let bytes = buy("hamlet", 2).encode_to_vec();
    assert_eq!(bytes, b"\x0a\x06hamlet\x10\x02");
    assert_eq!(bytes.len(), 10);
    assert_eq!(r#"{"show":"hamlet","seats":2}"#.len(), 27);
}

/// contract.md: a zero is not on the wire. The quiz asks for it, and the page shows what
/// `cargo test -p listings a_zero_is_not_on_the_wire -- --nocapture` prints.
#[test]
fn a_zero_is_not_on_the_wire() {
    let sold_out = GetShowResponse {
        seats_left: 0,
        price_cents: 0,
    };
    let bytes = sold_out.encode_to_vec();
    println!("{sold_out:?} is {} bytes: {bytes:?}", bytes.len());
    assert_eq!(bytes, b"");
    let read = GetShowResponse::decode(b"".as_slice());
    assert_eq!(read, Ok(sold_out));
}

/// contract.md: a field that nobody set and a field that was set to its default read alike.
#[test]
fn seats_that_nobody_set_read_as_zero() {
    let not_set = b"\x0a\x06hamlet".as_slice();
    assert_eq!(BuyTicketsRequest::decode(not_set), Ok(buy("hamlet", 0)));
}

/// contract.md: an int32 or int64 that is negative takes ten bytes and the tag. The quiz asks.
#[test]
fn minus_one_takes_ten_bytes() {
    let minus_one = buy("", -1).encode_to_vec();
    assert_eq!(minus_one.len(), 11);
    let one = buy("", 1).encode_to_vec();
    assert_eq!(one.len(), 2);
}

/// contract.md: a oneof is an `Option` of an enum, an enum an `i32`, a message in itself a box.
#[test]
fn what_may_be_missing_is_refused_in_words() {
    let area = |number: i32| Wish {
        kind: Some(Kind::Area(number)),
        otherwise: None,
    };
    let wish = Wish {
        kind: Some(Kind::Seat("C4".to_owned())),
        otherwise: Some(Box::new(area(Area::Balcony.into()))),
    };
    let words = in_words(&wish).expect("it is complete");
    assert_eq!(words, "seat C4, otherwise the balcony");

    for (wish, message) in [
        (Wish::default(), "a wish is empty"),
        (area(0), "area is not set"),
        (area(7), "area 7 is not known"),
    ] {
        let status = in_words(&wish).expect_err(message);
        assert_eq!(
            (status.code(), status.message()),
            (Code::InvalidArgument, message)
        );
    }
}

/// contract.md: a double has 53 bits for the digits of a number.
#[test]
fn a_double_cannot_count_every_cent() {
    let cents = 9_007_199_254_740_993_i64; // 2^53 + 1
    assert_ne!(cents as f64 as i64, cents);
}

/// contract.md shows this trace, printed by
/// `cargo test -p listings one_call_on_the_wire -- --nocapture`.
#[tokio::test]
async fn one_call_on_the_wire() {
    let running = Running::start(office(Bank::fast())).await;
    let answer = running.stub().buy_tickets(buy("hamlet", 2)).await;
    assert_eq!(answer.expect("it is sold").into_inner().paid_cents, 3_600);
    let trace = running.proxy.transcript();
    println!("{trace}");
    assert!(trace.contains("0a 06 68 61 6d 6c 65 74"), "{trace}");
    assert!(trace.contains("grpc-status 0 (OK)"), "{trace}");
}

/// contract.md: a sint32 of one byte reaches from -64 to 63.
#[test]
fn zigzag_takes_one_byte_up_to_63() {
    let zigzag = |n: i32| ((n << 1) ^ (n >> 31)) as u32;
    assert_eq!((zigzag(-1), zigzag(63), zigzag(-64)), (1, 126, 127));
    assert_eq!(prost::encoding::encoded_len_varint(zigzag(63).into()), 1);
    assert_eq!(prost::encoding::encoded_len_varint(zigzag(64).into()), 2);
}
