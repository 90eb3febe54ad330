//! A message with all that may be missing: a oneof, an enum, and a message inside itself.

// ANCHOR: in_words
use proto::ticket::v1::wish::Kind;
use proto::ticket::v1::{Area, Wish};
use tonic::Status;

/// A wish as the person at the counter hears it, such as "seat C4, otherwise the balcony".
pub fn in_words(wish: &Wish) -> Result<String, Status> {
    let refuse = |why: &str| Err(Status::invalid_argument(why));
    let first = match &wish.kind {
        Some(Kind::Seat(seat)) => format!("seat {seat}"),
        Some(Kind::Area(number)) => match Area::try_from(*number) {
            Ok(Area::Stalls) => "the stalls".to_owned(),
            Ok(Area::Balcony) => "the balcony".to_owned(),
            Ok(Area::Unspecified) => return refuse("area is not set"),
            Err(_) => return refuse(&format!("area {number} is not known")),
        },
        None => return refuse("a wish is empty"),
    };
    match wish.otherwise.as_deref() {
        Some(second) => Ok(format!("{first}, otherwise {}", in_words(second)?)),
        None => Ok(first),
    }
}
// ANCHOR_END: in_words
