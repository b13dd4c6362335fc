package Clock;
# Seconds since boot, which no clock change moves (perl-base has no Time::HiRes).
use strict;

use Linux;

sub now {
    my $buffer = "\0" x 16;
    syscall(Linux::SYS_CLOCK_GETTIME, Linux::CLOCK_MONOTONIC, $buffer);
    my ($seconds, $nanoseconds) = unpack 'q q', $buffer;
    return $seconds + $nanoseconds / 1e9;
}

sub pause { select undef, undef, undef, $_[0] }

# Back-off: 0.5 s, 1, 2, 4, then 5 s.
sub backoff {
    my ($try) = @_;
    my $seconds = 0.5 * 2**($try < 4 ? $try : 4);
    return $seconds > 5 ? 5 : $seconds;
}

1;
