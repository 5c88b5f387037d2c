//! Sets of UIDs as IMAP writes them.
//!
//! ```text
//! sequence-set    = (seq-number / seq-range) ["," sequence-set]     ; RFC 9051 section 9
//! ```
//! Kept as sorted, disjoint, non-adjacent ranges, so that "all 100,000 of them" costs eight bytes.

use std::fmt;

/// A set of UIDs (or message sequence numbers): sorted, disjoint ranges, both ends included.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct UidSet(Vec<(u32, u32)>);

impl UidSet {
    /// The empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// All from `lo` to `hi`, both included; empty when `lo > hi` or `hi` is 0.
    pub fn range(lo: u32, hi: u32) -> Self {
        if lo > hi || hi == 0 { Self::new() } else { Self(vec![(lo.max(1), hi)]) }
    }

    /// Reads a set as a server writes it (`uid-set` of RFC 4315: no `*`). `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::new());
        }
        let mut ranges = Vec::new();
        for part in text.split(',') {
            let (a, b) = part.split_once(':').unwrap_or((part, part));
            let (a, b): (u32, u32) = (a.parse().ok()?, b.parse().ok()?);
            if a == 0 || b == 0 {
                return None;
            }
            ranges.push((a.min(b), a.max(b)));
        }
        Some(Self::from_ranges(ranges))
    }

    fn from_ranges(mut ranges: Vec<(u32, u32)>) -> Self {
        ranges.sort_unstable();
        let mut out: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (lo, hi) in ranges {
            match out.last_mut() {
                Some(last) if u64::from(lo) <= u64::from(last.1) + 1 => last.1 = last.1.max(hi),
                _ => out.push((lo, hi)),
            }
        }
        Self(out)
    }

    /// True when nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many UIDs are in it.
    pub fn len(&self) -> u64 {
        self.0.iter().map(|(lo, hi)| u64::from(hi - lo) + 1).sum()
    }

    /// The highest UID.
    pub fn max(&self) -> Option<u32> {
        self.0.last().map(|r| r.1)
    }

    /// True when the UID is in the set.
    pub fn contains(&self, uid: u32) -> bool {
        let i = self.0.partition_point(|r| r.1 < uid);
        self.0.get(i).is_some_and(|r| r.0 <= uid)
    }

    /// Adds one UID.
    pub fn insert(&mut self, uid: u32) {
        // Servers answer in ascending order: appending to the last range is the common case.
        match self.0.last_mut() {
            Some(last) if uid > last.1 && uid - last.1 == 1 => last.1 = uid,
            Some(last) if uid <= last.1 => {
                if !self.contains(uid) {
                    let mut all = std::mem::take(&mut self.0);
                    all.push((uid, uid));
                    *self = Self::from_ranges(all);
                }
            }
            _ => self.0.push((uid, uid)),
        }
    }

    /// Everything in either.
    pub fn union(&self, other: &Self) -> Self {
        Self::from_ranges(self.0.iter().chain(&other.0).copied().collect())
    }

    /// What is in `self` and not in `other`.
    pub fn minus(&self, other: &Self) -> Self {
        let mut out = Vec::new();
        let mut j = 0;
        for &(lo, hi) in &self.0 {
            let mut from = u64::from(lo);
            while j < other.0.len() && other.0[j].1 < lo {
                j += 1;
            }
            let mut k = j;
            while k < other.0.len() && other.0[k].0 <= hi {
                let (a, b) = other.0[k];
                if u64::from(a) > from {
                    out.push((from as u32, a - 1));
                }
                from = from.max(u64::from(b) + 1);
                k += 1;
            }
            if from <= u64::from(hi) {
                out.push((from as u32, hi));
            }
        }
        Self(out)
    }

    /// What is in both.
    pub fn intersect(&self, other: &Self) -> Self {
        self.minus(&self.minus(other))
    }

    /// Every UID, ascending.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = u32> + '_ {
        self.0.iter().flat_map(|&(lo, hi)| lo..=hi)
    }

    /// Takes up to `n` of the highest UIDs out of the set.
    pub fn take_newest(&mut self, n: u64) -> Self {
        let mut taken = Vec::new();
        let mut left = n;
        while left > 0 {
            let Some(&(lo, hi)) = self.0.last() else { break };
            let have = u64::from(hi - lo) + 1;
            if have <= left {
                taken.push((lo, hi));
                self.0.pop();
                left -= have;
            } else {
                let cut = hi - (left as u32) + 1;
                taken.push((cut, hi));
                if let Some(last) = self.0.last_mut() {
                    last.1 = cut - 1;
                }
                left = 0;
            }
        }
        taken.reverse();
        Self(taken)
    }
}

impl FromIterator<u32> for UidSet {
    fn from_iter<I: IntoIterator<Item = u32>>(uids: I) -> Self {
        Self::from_ranges(uids.into_iter().filter(|u| *u > 0).map(|u| (u, u)).collect())
    }
}

impl fmt::Display for UidSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (lo, hi)) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            if lo == hi { write!(f, "{lo}")? } else { write!(f, "{lo}:{hi}")? }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn small() -> impl Strategy<Value = BTreeSet<u32>> {
        proptest::collection::btree_set(1u32..60, 0..40)
    }

    proptest! {
        #[test]
        fn behaves_like_a_set(a in small(), b in small(), n in 0u64..50, x in 1u32..60) {
            let (sa, sb): (UidSet, UidSet) = (a.iter().copied().collect(), b.iter().copied().collect());
            prop_assert_eq!(sa.len(), a.len() as u64);
            prop_assert_eq!(sa.contains(x), a.contains(&x));
            prop_assert_eq!(sa.minus(&sb).iter().collect::<BTreeSet<_>>(), &a - &b);
            prop_assert_eq!(sa.union(&sb).iter().collect::<BTreeSet<_>>(), &a | &b);
            prop_assert_eq!(sa.intersect(&sb).iter().collect::<BTreeSet<_>>(), &a & &b);
            let back = UidSet::parse(&sa.to_string());
            prop_assert_eq!(back, Some(sa.clone()));
            let mut rest = sa.clone();
            let newest = rest.take_newest(n);
            prop_assert_eq!(newest.len(), n.min(a.len() as u64));
            prop_assert!(rest.max().unwrap_or(0) < newest.iter().next().unwrap_or(u32::MAX));
            prop_assert_eq!(rest.union(&newest), sa.clone());
            let mut one = sa; one.insert(x);
            let mut want = a; want.insert(x);
            prop_assert_eq!(one.iter().collect::<BTreeSet<_>>(), want);
        }
    }

    #[test]
    fn refuses_what_is_no_uid_set() {
        for bad in ["0", "1:0", "*", "1,", "a", "4294967296", "1:*"] {
            assert_eq!(UidSet::parse(bad), None, "{bad}");
        }
        assert_eq!(UidSet::parse("9:3,1").map(|s| s.to_string()).as_deref(), Some("1,3:9"));
        let top = UidSet::range(1, u32::MAX);
        assert_eq!(top.minus(&UidSet::range(u32::MAX, u32::MAX)).to_string(), "1:4294967294");
    }
}
