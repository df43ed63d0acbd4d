//! PURE. Which sockets listen at a port, out of Linux's list of TCP sockets.

/// The state of a socket that waits for connections.
const LISTENING: &str = "0A";

/// The numbers (inodes) of the sockets that listen at `port`, out of the text of `/proc/net/tcp` or `tcp6`.
#[must_use]
pub fn listening(table: &str, port: u16) -> Vec<u64> {
    let line = |line: &str| {
        let mut fields = line.split_whitespace().skip(1);
        let (local, state) = (fields.next()?, fields.nth(1)?);
        let (_, at) = local.rsplit_once(':')?;
        let inode = fields.nth(5)?.parse().ok()?;
        (state == LISTENING && u16::from_str_radix(at, 16) == Ok(port)).then_some(inode)
    };
    table.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 31337 1 0000000000000000 100 0 0 10 0
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 21000 1 0000000000000000 100 0 0 10 0
   2: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 31999 1 0000000000000000 20 4 30 10 -1
";
    const SIX: &str = "\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 31338 1 0000000000000000 100 0 0 10 0
";

    /// Goal: only who listens has a port, not who talks at it.
    #[test]
    fn listeners_are_found_by_their_port() {
        assert_eq!(listening(TABLE, 8080), [31337]);
        assert_eq!(listening(TABLE, 22), [21000]);
        assert_eq!(listening(SIX, 8080), [31338]);
        assert!(listening(TABLE, 8081).is_empty());
        assert!(listening("garbage\n: : :\n", 8080).is_empty());
    }
}
