use proto::{{package}}::v1::EchoResponse;
use tonic::Code;

use crate::echo;

#[tokio::test]
async fn says_back_what_it_hears() {
    let heard = EchoResponse {
        text: "hello".to_owned(),
    };
    let answer = echo("hello").await;
    answer.is(heard, "Echo answers the text of its request.");
}

#[tokio::test]
async fn refuses_an_empty_text() {
    let answer = echo("").await;
    answer.is_error(Code::InvalidArgument, "There is nothing to say back.");
}
