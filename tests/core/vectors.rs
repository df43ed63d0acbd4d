//! The frames in firmware/vectors.txt, read by the C core.

use crate::oracle::Oracle;

/// Goal: the test vectors that other implementations are checked with are true of ours, too.
#[test]
fn core_reads_the_test_vectors_as_they_say() {
    let mut oracle = Oracle::start();
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/firmware/vectors.txt")).unwrap();
    let mut seen = [0; 4];
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let [verdict, what, bytes] = line.split(" | ").collect::<Vec<_>>()[..] else { panic!("{line}") };
        let bytes: Vec<u8> = bytes.split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
        oracle.frames(&bytes);
        let log = oracle.log();
        if verdict == "damaged" {
            assert!(!log.is_empty() && log.iter().all(|told| *told == 255), "{what}");
            seen[3] += 1;
            continue;
        }
        // The body's length, the body, and that body framed again.
        let (len, rest) = log.split_first().unwrap();
        let (body, again) = rest.split_at(usize::from(*len));
        assert_eq!(again, bytes, "{what}");
        oracle.message(body);
        let accepted = oracle.log() != [0];
        assert_eq!(accepted, verdict == "host", "{what}");
        seen[match verdict {
            "host" => 0,
            "robot" => 1,
            _ => 2,
        }] += 1;
    }
    assert!(seen.iter().all(|count| *count >= 5), "{seen:?}");
}
