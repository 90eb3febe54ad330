use crate::count;

#[test]
fn two_and_three_are_five() {
    let said = count("2", "3");
    assert!(
        said == "5",
        "counter 2 3\n  expected   5\n  came back  {said}\n\non the wire, nothing"
    );
}

#[test]
fn negative_numbers_count_too() {
    let said = count("-2", "3");
    assert!(
        said == "1",
        "counter -2 3\n  expected   1\n  came back  {said}"
    );
}
