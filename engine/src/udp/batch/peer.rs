//! The other end of a datagram.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Room for one control message that names our address.
pub(super) const CONTROL_BYTES: usize = 40;

/// The bytes of a control message, aligned as the kernel wants them.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(8))]
pub(super) struct Control(pub(super) [u8; CONTROL_BYTES]);

/// The other end of a datagram, and which of our addresses it was sent to.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    pub(super) name: libc::sockaddr_in6,
    pub(super) name_bytes: libc::socklen_t,
    pub(super) control: Control,
    pub(super) control_bytes: usize,
}

impl Peer {
    /// Nobody: what is sent to it goes where its socket is connected to.
    pub const fn unknown() -> Self {
        Self {
            // SAFETY: a socket address is plain numbers; all of them may be zero.
            name: unsafe { std::mem::zeroed() },
            name_bytes: 0,
            control: Control([0; CONTROL_BYTES]),
            control_bytes: 0,
        }
    }

    /// Return the name for a header that sends to it.
    #[inline]
    pub(super) fn name(&mut self) -> (*mut libc::c_void, libc::socklen_t) {
        ((&raw mut self.name).cast(), self.name_bytes)
    }

    /// Write the control message that answers from the address that was asked. Returns its length, 0 where there is no need.
    #[inline]
    pub(super) fn write_control(&self, to: &mut [u8]) -> usize {
        to[..self.control_bytes].copy_from_slice(&self.control.0[..self.control_bytes]);
        self.control_bytes
    }

    /// Whether both are one caller, asking at one address of ours.
    #[inline]
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let key = |peer: &Self| {
            let name = &peer.name;
            (name.sin6_family, name.sin6_port, name.sin6_flowinfo, name.sin6_scope_id, name.sin6_addr.s6_addr, peer.name_bytes)
        };
        let control = |peer: &Self| peer.control_bytes;
        key(self) == key(other)
            && control(self) == control(other)
            && self.control.0[..self.control_bytes] == other.control.0[..other.control_bytes]
    }

    /// Change the port, to one where nobody can be.
    #[cfg(test)]
    pub(super) fn set_port(&mut self, port: u16) {
        self.name.sin6_port = port.to_be();
    }

    /// Return the sender's address.
    pub fn address(&self) -> IpAddr {
        if libc::c_int::from(self.name.sin6_family) == libc::AF_INET6 {
            return IpAddr::V6(Ipv6Addr::from(self.name.sin6_addr.s6_addr)).to_canonical();
        }
        // Both kinds of address begin with family and port; in a v4 one the address follows, where v6 has its flow.
        IpAddr::V4(Ipv4Addr::from(u32::from_be(self.name.sin6_flowinfo)))
    }
}

/// Make of the control message that told our address the one that answers from it. Returns its length, 0 for none.
pub(super) fn answer_from(control: &mut [u8; CONTROL_BYTES], told: usize) -> usize {
    const HEAD: usize = size_of::<libc::cmsghdr>();
    const V4: usize = HEAD + size_of::<libc::in_pktinfo>();
    const V6: usize = HEAD + size_of::<libc::in6_pktinfo>();
    let number = |control: &[u8; CONTROL_BYTES], at: usize| {
        libc::c_int::from_ne_bytes([control[at], control[at + 1], control[at + 2], control[at + 3]])
    };
    let kind = (number(control, HEAD - 8), number(control, HEAD - 4));
    if told >= V4 && kind == (libc::IPPROTO_IP, libc::IP_PKTINFO) {
        // The interface is left to routing; the address, ours even for a broadcast, lies behind it.
        control[HEAD..HEAD + 4].fill(0);
        control[HEAD + 8..HEAD + 12].fill(0);
        return HEAD + (size_of::<libc::in_pktinfo>()).next_multiple_of(8);
    }
    if told >= V6 && kind == (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) {
        let address = &control[HEAD..HEAD + 16];
        if address[0] == 0xff {
            return 0; // Sent to a group: nothing can be sent from one.
        }
        let is_link_local = address[0] == 0xfe && address[1] & 0xc0 == 0x80;
        if !is_link_local {
            control[HEAD + 16..HEAD + 20].fill(0);
        }
        return HEAD + (size_of::<libc::in6_pktinfo>()).next_multiple_of(8);
    }
    0
}
