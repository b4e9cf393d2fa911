//! What a fuzzer found.

use socketio_observer::Observers;

#[test]
fn a_later_emission_does_not_claim_a_listener_that_was_taken_off() {
    let mut observers = Observers::<&str, usize>::new();
    let once = observers.once("x", 0);
    // A long list keeps the place of what was taken off for a while.
    for number in 1..40 {
        observers.on("x", number);
    }
    let begun = observers.snapshot("x");
    assert!(observers.off(once));
    let later = observers.snapshot("x");

    assert_eq!(later.iter().next(), Some(&1), "it was off before");
    assert_eq!(begun.iter().next(), Some(&0), "it was off afterwards");
    assert_eq!(begun.iter().next(), Some(&1), "and is called once");
}
