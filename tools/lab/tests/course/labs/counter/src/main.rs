//! `counter A B` prints A + B.

mod count;

fn main() {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<i8>());
    let (Some(Ok(a)), Some(Ok(b))) = (numbers.next(), numbers.next()) else {
        eprintln!("usage: counter A B");
        std::process::exit(2);
    };
    match count::add(a, b) {
        Some(sum) => println!("{sum}"),
        None => println!("overflow"),
    }
}
