//! Notices that the world around changed: the device slept, or it is on another network. Connections made before are then
//! doubtful, and what failed before may work now.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// A round that took longer than this was no round: the device slept, or its clock was set. Seconds.
const SLEPT: i64 = 10;

/// The addresses that this device would send from, to the rest of the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Routes(Option<IpAddr>, Option<IpAddr>);

impl Routes {
    /// Asks the system; nothing is sent. The destinations are documentation's (RFC 5737 section 3, RFC 3849 section 2).
    fn now() -> Self {
        let from = |here: IpAddr, there: IpAddr| {
            let socket = UdpSocket::bind((here, 0)).ok()?;
            socket.connect((there, 9)).ok()?;
            Some(socket.local_addr().ok()?.ip())
        };
        Self(
            from(Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::new(192, 0, 2, 1).into()),
            from(Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into()),
        )
    }
}

/// What was around at the last look.
#[derive(Debug)]
pub struct Surroundings {
    at: i64,
    routes: Routes,
}

impl Surroundings {
    /// What is around now; seconds since 1970.
    pub fn new(now: i64) -> Self {
        Self { at: now, routes: Routes::now() }
    }

    /// Looks again; true when the device slept since, or is on another network.
    pub fn changed(&mut self, now: i64) -> bool {
        self.compare(now, Routes::now())
    }

    fn compare(&mut self, now: i64, routes: Routes) -> bool {
        let slept = now - std::mem::replace(&mut self.at, now) > SLEPT;
        let moved = std::mem::replace(&mut self.routes, routes) != routes;
        slept || moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleep_and_another_network() {
        let home = Routes(Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 7))), None);
        let away = Routes(Some(IpAddr::V4(Ipv4Addr::new(100, 64, 0, 7))), None);
        let mut around = Surroundings { at: 1000, routes: home };
        assert!(!around.compare(1001, home));
        assert!(around.compare(1500, home), "slept");
        assert!(!around.compare(1501, home));
        assert!(around.compare(1502, away), "on another network");
        assert!(around.compare(1503, Routes(None, None)), "on none");
        assert!(!around.compare(1504, Routes(None, None)));
    }
}
