package AlignedBuffer;
# A block of memory at a page boundary, as O_DIRECT wants it. Read into it only with fill_from: any other assignment could
# make Perl move it.
use strict;

sub PAGE() { 4096 }

sub new {
    my ($class, $size) = @_;
    my $memory = "\0" x ($size + 2 * PAGE);
    substr($memory, 0, 1) = "\1";
    my $self = bless { memory => $memory, size => $size, used => 0 }, $class;
    substr($self->{memory}, 0, 1) = "\0";
    my $start = $self->_start;
    $self->{start}  = $start;
    $self->{offset} = (PAGE - $start % PAGE) % PAGE;
    return $self;
}

sub _start { return unpack 'J', pack 'p', $_[0]{memory} }

sub address {
    my ($self) = @_;
    die "Perl moved the write buffer\n" if $self->_start != $self->{start};
    return $self->{start} + $self->{offset};
}

sub clear { $_[0]{used} = 0 }

# Reads at most $most bytes behind what is already used; the result and $! are those of sysread.
sub fill_from {
    my ($self, $handle, $most) = @_;
    my $got = sysread($handle, $self->{memory}, $most, $self->{offset} + $self->{used});
    $self->{used} += $got if defined $got;
    return $got;
}

# Appends bytes that came by another way (the first bytes of an HTTP body arrive with its header).
sub append {
    my ($self, $bytes) = @_;
    my $end = $self->{offset} + $self->{used};
    my $missing = $end + length($bytes) - length $self->{memory};
    $self->{memory} .= "\0" x $missing if $missing > 0;
    substr($self->{memory}, $end, length $bytes) = $bytes;
    $self->{used} += length $bytes;
}

# Fills up with zeros to a multiple of $unit.
sub pad {
    my ($self, $unit) = @_;
    my $rest = $self->{used} % $unit;
    $self->append("\0" x ($unit - $rest)) if $rest;
}

# Writes the $length first bytes; the result and $! are those of syswrite.
sub write_to {
    my ($self, $handle, $length) = @_;
    return syswrite($handle, $self->{memory}, $length, $self->{offset});
}

1;
