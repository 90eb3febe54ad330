use crate::count;

#[test]
fn a_sum_that_does_not_fit_is_said_to_overflow() {
    let said = count("127", "1");
    assert!(
        said == "overflow",
        "the sum of big numbers\n  expected   overflow\n  came back  {said}"
    );
}
