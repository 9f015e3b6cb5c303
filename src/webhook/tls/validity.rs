//! The two dates of a certificate, which rustls keeps to itself: just as much DER as it takes to walk up to them.
//! Source: <https://www.rfc-editor.org/rfc/rfc5280#section-4.1>.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::time::SystemTime;

/// From when to when a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// Valid from here.
    pub not_before: SystemTime,
    /// Valid up to here.
    pub not_after: SystemTime,
}

const SEQUENCE: u8 = 0x30;
const EXPLICIT_VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Reads the validity of a certificate in DER; none if it is not one.
pub fn validity(certificate: &[u8]) -> Option<Validity> {
    let (SEQUENCE, certificate, _) = element(certificate)? else { return None };
    let (SEQUENCE, mut fields, _) = element(certificate)? else { return None };
    if fields.first() == Some(&EXPLICIT_VERSION) {
        fields = element(fields)?.2;
    }
    for _serial_then_algorithm_then_issuer in 0..3 {
        fields = element(fields)?.2;
    }
    let (SEQUENCE, dates, _) = element(fields)? else { return None };
    let (tag, not_before, rest) = element(dates)?;
    let not_before = time(tag, not_before)?;
    let (tag, not_after, _) = element(rest)?;
    Some(Validity { not_before, not_after: time(tag, not_after)? })
}

/// The tag and the content of the first element, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, length], rest) = der.split_first_chunk::<2>()?;
    let (length, rest) = match length {
        short @ 0..0x80 => (usize::from(short), rest),
        long => {
            let (bytes, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            let length =
                bytes.iter().try_fold(0usize, |sum, byte| sum.checked_mul(256)?.checked_add((*byte).into()))?;
            (length, rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// Two digits of a year stand for 1950 to 2049.
fn time(tag: u8, text: &[u8]) -> Option<SystemTime> {
    let text = std::str::from_utf8(text).ok()?;
    let text = match tag {
        UTC_TIME if text.get(..2)? < "50" => format!("20{text}"),
        UTC_TIME => format!("19{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let time = DateTime::strptime("%Y%m%d%H%M%SZ", text).ok()?.to_zoned(TimeZone::UTC).ok()?;
    Some(time.timestamp().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};
    use std::time::Duration;

    fn certificate(not_before: (i32, u8, u8), not_after: (i32, u8, u8)) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_before = date_time_ymd(not_before.0, not_before.1, not_before.2);
        params.not_after = date_time_ymd(not_after.0, not_after.1, not_after.2);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn dates_of_both_forms_are_read() {
        let seconds = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let cases = [
            ((1970, 1, 2), (2049, 12, 31), 86_400, 2_524_521_600),
            ((2026, 11, 20), (2050, 1, 1), 1_795_132_800, 2_524_608_000),
        ];
        for (from, to, not_before, not_after) in cases {
            let wanted = Validity { not_before: seconds(not_before), not_after: seconds(not_after) };
            assert_eq!(validity(&certificate(from, to)), Some(wanted));
        }
    }

    #[test]
    fn what_is_cut_short_or_flipped_is_no_panic() {
        let whole = certificate((2026, 1, 1), (2027, 1, 1));
        let end_of_dates = whole.windows(13).rposition(|it| it == b"270101000000Z").unwrap() + 13;
        for length in 0..end_of_dates {
            assert_eq!(validity(&whole[..length]), None, "{length}");
        }
        for position in 0..end_of_dates {
            for value in [0x00, 0x7f, 0x80, 0x88, 0xff] {
                let mut flipped = whole.clone();
                flipped[position] = value;
                let _ = validity(&flipped);
            }
        }
    }
}
