package Console;
# What a person, or the lab, sees of the ramdisk: lines on the screen and on the first serial port. Never a secret.
use strict;
use Linux;

my @consoles;

sub open_all {
    for my $path ('/dev/tty0', '/dev/ttyS0') {

        # Without O_NONBLOCK a serial port that waits for its carrier would hang the machine.
        my $handle = _open($path);
        push @consoles, $handle if $handle;
    }
}

sub _open {
    my ($path) = @_;
    sysopen(my $handle, $path, Linux::O_WRONLY | Linux::O_NOCTTY | Linux::O_NONBLOCK) or return undef;
    return $handle;
}

sub _line {
    my ($text) = @_;
    $text =~ s/[^\x20-\x7e]/?/g;
    syswrite($_, "$text\n") for @consoles;
}

# One line per stage, so that whoever watches can time them.
sub stage {
    my ($stage, $detail) = @_;
    _line("ATHANOR ramdisk $stage" . (defined $detail ? " $detail" : ''));
}

sub problem { _line("ATHANOR: $_[0]") }

1;
