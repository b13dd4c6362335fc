package Digest256;
# SHA-256 by the kernel's crypto socket (AF_ALG): no copy of the data, no other program, and the processor's own SHA
# instructions where it has them. README.md holds the measurements behind this choice.
use strict;
use Linux;

sub new {
    my ($class) = @_;
    socket(my $algorithm, Linux::AF_ALG, Linux::SOCK_SEQPACKET, 0) or die "the kernel has no crypto sockets: $!\n";

    # struct sockaddr_alg: family, type[14], feature, mask, name[64]
    bind($algorithm, pack('S Z14 L L Z64', Linux::AF_ALG, 'hash', 0, 0, 'sha256')) or die "the kernel has no SHA-256 socket: $!\n";

    # Perl's accept() asks for the peer's address, which this family refuses.
    my $descriptor = syscall(Linux::SYS_ACCEPT, fileno($algorithm), 0, 0);
    die "the SHA-256 socket did not open: $!\n" if $descriptor < 0;
    open(my $operation, '+<&=', $descriptor) or die "the SHA-256 socket did not open: $!\n";
    return bless { algorithm => $algorithm, operation => $operation }, $class;
}

# Adds $length bytes at the memory address $address.
sub add_memory {
    my ($self, $address, $length) = @_;
    while ($length > 0) {
        my $taken = syscall(Linux::SYS_SENDTO, fileno($self->{operation}), $address, $length, Linux::MSG_MORE, 0, 0);
        die "the SHA-256 socket failed: $!\n" if $taken <= 0;
        $address += $taken;
        $length -= $taken;
    }
}

sub hex_digest {
    my ($self) = @_;
    send($self->{operation}, '', 0);
    my $read = sysread($self->{operation}, my $digest, 32);
    die "the SHA-256 socket gave no digest\n" unless defined $read && $read == 32;
    return unpack 'H*', $digest;
}

1;
