package Linux;
# Numbers and structures of Linux on amd64, and what else Perl's Socket, Fcntl, Errno and File::Glob would give: loading
# those costs a third of a second of a machine's start without hardware virtualisation.
use strict;

# system calls
sub SYS_ACCEPT()        { 43 }
sub SYS_SENDTO()        { 44 }
sub SYS_FSYNC()         { 74 }
sub SYS_CLOCK_GETTIME() { 228 }
sub CLOCK_MONOTONIC()   { 1 }

# open(2), fcntl(2), ioctl(2)
sub O_RDONLY()   { 0 }
sub O_WRONLY()   { 1 }
sub O_EXCL()     { 0200 }
sub O_NOCTTY()   { 0400 }
sub O_NONBLOCK() { 04000 }
sub O_DIRECT()   { 040000 }
sub F_GETFL()    { 3 }
sub F_SETFL()    { 4 }
sub BLKFLSBUF()  { 0x1261 }

# socket(2), setsockopt(2)
sub AF_INET()        { 2 }
sub AF_ALG()         { 38 }
sub SOCK_STREAM()    { 1 }
sub SOCK_DGRAM()     { 2 }
sub SOCK_SEQPACKET() { 5 }
sub IPPROTO_TCP()    { 6 }
sub TCP_NODELAY()    { 1 }
sub SOL_SOCKET()     { 1 }
sub SO_ERROR()       { 4 }
sub MSG_MORE()       { 0x8000 }

# waitpid(2)
sub WNOHANG() { 1 }

# errno(3)
sub EINTR()       { 4 }
sub EAGAIN()      { 11 }
sub EINPROGRESS() { 115 }

my %errno_name = (
    5 => 'EIO', 6 => 'ENXIO', 12 => 'ENOMEM', 13 => 'EACCES', 16 => 'EBUSY', 19 => 'ENODEV', 22 => 'EINVAL', 27 => 'EFBIG',
    28 => 'ENOSPC', 30 => 'EROFS', 110 => 'ETIMEDOUT', 121 => 'EREMOTEIO', 123 => 'ENOMEDIUM',
);

# $! with the error's name, which is what people search for.
sub error_text {
    my $name = $errno_name{ $! + 0 };
    return defined $name ? "$! ($name)" : "$!";
}

# struct sockaddr_in: family, port, address, padding
sub pack_address {
    my ($address, $port) = @_;
    return pack 'S n a4 x8', AF_INET, $port, $address;
}

# The address in a struct sockaddr_in, as text.
sub address_text { return join '.', unpack 'x4 C4', $_[0] }

# '10.0.0.1' as four bytes; undef for what is no address.
sub address_bytes {
    my @numbers = split /\./, $_[0];
    return undef if @numbers != 4 || grep { !/^\d{1,3}$/ || $_ > 255 } @numbers;
    return pack 'C4', @numbers;
}

# Names in a folder, sorted; none where there is no such folder.
sub names {
    my ($directory) = @_;
    opendir(my $handle, $directory) or return;
    return sort grep { !/^\./ } readdir $handle;
}

1;
