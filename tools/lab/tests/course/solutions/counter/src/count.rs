/// The sum, or nothing when it does not fit.
pub fn add(a: i8, b: i8) -> Option<i8> {
    // [stub] todo!("stage 1: answer {a} + {b}")
    a.checked_add(b)
    // [/stub]
}
