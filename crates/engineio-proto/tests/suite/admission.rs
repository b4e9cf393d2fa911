//! Sessions and handshakes, counted in all and by address.

use crate::support::ms;
use engineio_proto::{
    Instant, Rate,
    admission::{Admission, AdmissionError, Config, Place},
};
use proptest::prelude::*;
use std::{collections::BTreeMap, net::IpAddr, time::Duration};

/// A door and its clock.
struct Door {
    admission: Admission,
    now: Instant,
}

impl Door {
    fn new(config: Config) -> Self {
        Self {
            admission: Admission::new(config),
            now: Instant::ZERO,
        }
    }

    fn come(&mut self, address: &str) -> Result<Place, AdmissionError> {
        let address = (!address.is_empty()).then(|| address.parse().unwrap());
        self.admission.admit(address, self.now)
    }

    fn leave(&mut self, place: Place) {
        self.admission.leave(place, self.now);
    }
}

#[test]
fn by_default_everybody_comes_in_and_nobody_is_remembered() {
    let mut door = Door::new(Config::default());
    let places: Vec<_> = (0..1000).map(|_| door.come("192.0.2.1").unwrap()).collect();
    assert_eq!(door.admission.sessions(), 1000);
    assert_eq!(door.admission.addresses(), 0);
    for place in places {
        door.leave(place);
    }
    assert_eq!(door.admission.sessions(), 0);
}

#[test]
fn eh_10_sessions_are_limited_in_all() {
    let mut door = Door::new(Config::default().max_sessions(2));
    let first = door.come("192.0.2.1").unwrap();
    let _second = door.come("192.0.2.2").unwrap();
    for _ in 0..10 {
        assert_eq!(door.come("192.0.2.3"), Err(AdmissionError::Sessions));
    }
    door.leave(first);
    let _third = door.come("192.0.2.3").unwrap();
    assert_eq!(door.come("192.0.2.4"), Err(AdmissionError::Sessions));
}

#[test]
fn sessions_are_limited_by_address() {
    let mut door = Door::new(Config::default().max_sessions_per_address(2));
    let place = door.come("192.0.2.1").unwrap();
    let _other = door.come("192.0.2.1").unwrap();
    assert_eq!(door.come("192.0.2.1"), Err(AdmissionError::AddressSessions));
    let _neighbour = door.come("192.0.2.2").unwrap();
    door.leave(place);
    assert!(door.come("192.0.2.1").is_ok());
}

#[test]
fn an_ipv6_address_counts_by_its_first_half_and_a_mapped_one_as_ipv4() {
    let mut door = Door::new(Config::default().max_sessions_per_address(1));
    let mut is_new = |address: &str| door.come(address).is_ok();
    assert!(is_new("2001:db8:0:1::1"));
    assert!(!is_new("2001:db8:0:1:ffff:ffff:ffff:ffff"));
    assert!(is_new("2001:db8:0:2::1"));
    assert!(is_new("192.0.2.1"));
    assert!(!is_new("::ffff:192.0.2.1"));
    assert!(is_new("::ffff:192.0.2.2"));
    assert!(!is_new("192.0.2.2"));
    // Looks like one that is mapped, and is none.
    assert!(is_new("::fffe:192.0.2.1"));
    assert!(!is_new("::1"));
}

#[test]
fn whoever_has_no_address_shares_one_place() {
    let mut door = Door::new(Config::default().max_sessions_per_address(1));
    let place = door.come("").unwrap();
    assert_eq!(door.come(""), Err(AdmissionError::AddressSessions));
    let _other = door.come("0.0.0.0").unwrap();
    door.leave(place);
    assert!(door.come("").is_ok());
}

#[test]
fn handshakes_have_a_pace_and_a_burst() {
    let mut door = Door::new(Config::default().handshake_rate(Rate::per_second(2).burst(3)));
    for n in 0..3 {
        let place = door.come(&format!("192.0.2.{n}")).unwrap();
        // Leaving makes no difference to the pace.
        door.leave(place);
    }
    let retry_after = Some(ms(500));
    let refused = AdmissionError::Rate { retry_after };
    assert_eq!(door.come("192.0.2.9"), Err(refused));
    door.now += ms(200);
    let retry_after = Some(ms(300));
    let refused = AdmissionError::Rate { retry_after };
    assert_eq!(door.come("192.0.2.9"), Err(refused));
    door.now += ms(300);
    let _place = door.come("192.0.2.9").unwrap();
    assert!(door.come("192.0.2.9").is_err());
}

#[test]
fn handshakes_of_one_address_leave_the_others_alone() {
    let config = Config::default()
        .handshake_rate(Rate::per_second(1).burst(10))
        .handshake_rate_per_address(Rate::per_second(1).burst(2));
    let mut door = Door::new(config);
    let mut places = Vec::new();
    for _ in 0..1000 {
        places.extend(door.come("192.0.2.1"));
    }
    assert_eq!(places.len(), 2);
    // Who was refused has not used up what is there for all.
    for n in 2..10 {
        places.extend(door.come(&format!("192.0.2.{n}")));
    }
    assert_eq!(places.len(), 10);
    let retry_after = Some(ms(1000));
    let in_all = AdmissionError::Rate { retry_after };
    assert_eq!(door.come("192.0.2.10"), Err(in_all));
    door.now += ms(1000);
    places.extend(door.come("192.0.2.1"));
    assert_eq!(places.len(), 11);
}

#[test]
fn a_rate_without_a_burst_lets_nobody_in_and_promises_nothing() {
    let never = Rate::per_second(5).burst(0);
    let mut door = Door::new(Config::default().handshake_rate_per_address(never));
    let refused = AdmissionError::AddressRate { retry_after: None };
    assert_eq!(door.come("192.0.2.1"), Err(refused));
    assert_eq!(door.admission.addresses(), 0);
}

#[test]
fn an_address_is_forgotten_when_there_is_nothing_to_know_about_it() {
    let config = Config::default().handshake_rate_per_address(Rate::per_second(1).burst(2));
    let mut door = Door::new(config);
    let places: Vec<_> = (0..200)
        .map(|n| door.come(&format!("192.0.2.{n}")).unwrap())
        .collect();
    door.now += ms(10_000);
    let _stays = door.come("198.51.100.1").unwrap();
    assert_eq!(door.admission.addresses(), 201, "they have sessions");
    for place in places {
        door.leave(place);
    }
    assert_eq!(door.admission.addresses(), 1);

    // Those that left at once are remembered until their rates are made up for.
    for n in 0..200 {
        let place = door.come(&format!("192.0.2.{n}")).unwrap();
        door.leave(place);
    }
    assert_eq!(door.admission.addresses(), 201);
    door.now += ms(1000);
    for _ in 0..101 {
        let place = door.come("203.0.113.1");
        place.into_iter().for_each(|place| door.leave(place));
    }
    assert!(door.admission.addresses() <= 2);
}

#[test]
fn beyond_the_most_addresses_only_the_limits_in_all_hold() {
    let config = Config::default()
        .max_sessions(6)
        .max_sessions_per_address(1)
        .max_addresses(2);
    let mut door = Door::new(config);
    let first = door.come("192.0.2.1").unwrap();
    let second = door.come("192.0.2.2").unwrap();
    let third = door.come("192.0.2.3").unwrap();
    assert!(!second.is_overlooked() && third.is_overlooked());
    let _fourth = door.come("192.0.2.3").unwrap();
    assert_eq!(door.admission.addresses(), 2);
    assert_eq!(door.come("192.0.2.1"), Err(AdmissionError::AddressSessions));
    door.leave(third);
    door.leave(first);
    let _fifth = door.come("192.0.2.3").unwrap();
    assert_eq!(door.come("192.0.2.3"), Err(AdmissionError::AddressSessions));
    assert_eq!(door.admission.addresses(), 2);
}

/// Whoever comes and goes, in plain lists.
#[derive(Default)]
struct Naive {
    places: Vec<(IpAddr, Place)>,
}

impl Naive {
    fn sessions_of(&self, address: IpAddr) -> usize {
        let of = self.places.iter().filter(|(of, _)| *of == address);
        of.count()
    }
}

proptest! {
    #[test]
    fn sessions_are_those_of_a_naive_count(
        steps in prop::collection::vec((any::<bool>(), 0..6_u8, 0..1500_u64), 0..200)
    ) {
        let config = Config::default()
            .max_sessions(5)
            .max_sessions_per_address(2)
            .handshake_rate_per_address(Rate::per_second(1).burst(3));
        let mut door = Door::new(config);
        let mut naive = Naive::default();
        let mut came: BTreeMap<IpAddr, Vec<Instant>> = BTreeMap::new();
        for (comes, who, pause) in steps {
            door.now += Duration::from_millis(pause);
            if !comes {
                if let Some((_, place)) = naive.places.pop() {
                    door.leave(place);
                }
            } else {
                let address = IpAddr::from([192, 0, 2, who]);
                let (all, own) = (naive.places.len(), naive.sessions_of(address));
                match door.admission.admit(Some(address), door.now) {
                    Ok(place) => {
                        prop_assert!(all < 5 && own < 2);
                        naive.places.push((address, place));
                        came.entry(address).or_default().push(door.now);
                    }
                    Err(AdmissionError::Sessions) => prop_assert_eq!(all, 5),
                    Err(AdmissionError::AddressSessions) => prop_assert_eq!(own, 2),
                    Err(AdmissionError::AddressRate { retry_after: Some(wait) }) => {
                        prop_assert!(wait > Duration::ZERO && wait <= ms(1000));
                    }
                    Err(other) => prop_assert!(false, "{other:?}"),
                }
            }
            prop_assert_eq!(door.admission.sessions(), naive.places.len());
        }
        // No address came more often than its burst and the time since allow.
        for times in came.values() {
            for (at, first) in times.iter().enumerate() {
                for (count, last) in (1_u64..).zip(&times[at..]) {
                    let seconds = (*last - *first).as_secs();
                    prop_assert!(count <= 3 + seconds + 1);
                }
            }
        }
    }
}
