"""The reference's own parts behind the ports of `seatrial.patterns`: what a third party's store, watch or election is
beside."""
