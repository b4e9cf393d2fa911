//! The waits of reconnection against those of the reference.

use serde_json::Value;
use socketio_proto::client::Backoff;
use std::time::Duration;

#[test]
fn waits_are_those_of_the_vectors() {
    let vectors: Value = serde_json::from_str(include_str!("../vectors/helpers.json")).unwrap();
    let cases = vectors["cases"].as_array().unwrap().iter();
    let mut count = 0;
    for case in cases.filter(|case| case["fn"] == "backoff") {
        let options = &case["options"];
        let millis = |name: &str| Duration::from_millis(options[name].as_u64().unwrap());
        let backoff = Backoff::default()
            .delay(millis("min"))
            .max(millis("max"))
            .randomization(options["jitter"].as_f64().unwrap());
        let random = case["random"].as_f64().unwrap();
        let expected = case["first_8_delays"].as_array().unwrap();
        for (attempt, delay) in (0..).zip(expected) {
            let duration = backoff.duration(attempt, random);
            assert_eq!(
                duration.as_millis(),
                u128::from(delay.as_u64().unwrap()),
                "{} attempt {attempt}",
                case["id"]
            );
        }
        count += 1;
    }
    assert!(count >= 4, "{count}");
}

#[test]
fn no_number_is_too_large() {
    let largest = Backoff::default().delay(Duration::MAX).max(Duration::MAX);
    for attempt in [0, 1, 100, u32::MAX] {
        for random in [0.0, 0.5, 0.999, f64::NAN, f64::INFINITY, -1.0] {
            let _ = largest.duration(attempt, random);
            let wait = Backoff::default().duration(attempt, random);
            assert!(wait <= Duration::from_secs(5), "{wait:?}");
        }
    }
    let nothing = Backoff::default().delay(Duration::ZERO);
    assert_eq!(nothing.duration(u32::MAX, 0.3), Duration::ZERO);
    let odd = Backoff::default().randomization(f64::NAN);
    assert_eq!(odd.duration(0, 0.3), Duration::from_secs(1));
}
