//! Modified UTF-7 of mailbox names (RFC 3501 section 5.1.3).
//!
//! `&` opens a run of modified BASE64 of UTF-16BE (`,` instead of `/`, no padding), `-` closes it; `&-` is an ampersand.
//! A name that is not valid modified UTF-7 is shown as it is: some servers send UTF-8, and the raw name is what we send back.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/// A mailbox name as people read it.
pub fn decode(raw: &str) -> String {
    try_decode(raw).unwrap_or_else(|| raw.to_owned())
}

fn try_decode(raw: &str) -> Option<String> {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let run = &rest[at + 1..];
        let end = run.find('-')?;
        if end == 0 {
            out.push('&');
        } else {
            let mut bits = 0u32;
            let mut have = 0;
            let mut units = Vec::new();
            for byte in run[..end].bytes() {
                let value = ALPHABET.iter().position(|a| *a == byte)? as u32;
                bits = bits << 6 | value;
                have += 6;
                if have >= 16 {
                    have -= 16;
                    units.push((bits >> have) as u16);
                    bits &= (1 << have) - 1;
                }
            }
            if bits != 0 || have >= 6 {
                return None;
            }
            out.push_str(&String::from_utf16(&units).ok()?);
        }
        rest = &run[end + 1..];
    }
    out.push_str(rest);
    Some(out)
}

/// A mailbox name as a server without UTF8=ACCEPT wants it.
pub fn encode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut run: Vec<u16> = Vec::new();
    let flush = |run: &mut Vec<u16>, out: &mut String| {
        if run.is_empty() {
            return;
        }
        out.push('&');
        let (mut bits, mut have) = (0u32, 0);
        for unit in run.drain(..) {
            bits = bits << 16 | u32::from(unit);
            have += 16;
            while have >= 6 {
                have -= 6;
                out.push(ALPHABET[(bits >> have) as usize & 63] as char);
                bits &= (1 << have) - 1;
            }
        }
        if have > 0 {
            out.push(ALPHABET[(bits << (6 - have)) as usize & 63] as char);
        }
        out.push('-');
    };
    for c in name.chars() {
        if (' '..='~').contains(&c) {
            flush(&mut run, &mut out);
            out.push(c);
            if c == '&' {
                out.push('-');
            }
        } else {
            run.extend_from_slice(c.encode_utf16(&mut [0; 2]));
        }
    }
    flush(&mut run, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_example_of_the_rfc() {
        assert_eq!(decode("~peter/mail/&U,BTFw-/&ZeVnLIqe-"), "~peter/mail/台北/日本語");
        assert_eq!(encode("~peter/mail/台北/日本語"), "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
        assert_eq!(decode("Tom &- Jerry"), "Tom & Jerry");
    }

    #[test]
    fn what_is_no_utf7_stays() {
        for raw in ["a&b", "&!!-", "Lixeira ção", "&2AA-"] {
            assert_eq!(decode(raw), raw);
        }
    }

    proptest! {
        #[test]
        fn there_and_back(name in "\\PC{0,20}") {
            prop_assert_eq!(decode(&encode(&name)), name);
        }
    }
}
