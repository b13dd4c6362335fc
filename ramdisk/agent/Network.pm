package Network;
# DHCP on every Ethernet card that has a link, with a vendor class that tells the server this is the ramdisk.
use strict;
use Clock;
use Console;
use Devices;
use Linux;

my $busybox      = '/bin/busybox';
my $vendor_class = 'athanor-ramdisk';
my (%raised, %client);

# Real cards: they have a device behind them and speak Ethernet (type 1).
sub cards { return sort grep { -e "/sys/class/net/$_/device" && Devices::read_line("/sys/class/net/$_/type") eq '1' } Linux::names('/sys/class/net') }

sub has_link { return Devices::read_line("/sys/class/net/$_[0]/carrier") eq '1' }

# Raises new cards and starts a DHCP client on each that has a link. The clients stay, to renew their leases.
sub tend {
    for my $card (cards()) {
        delete $client{$card} if $client{$card} && waitpid($client{$card}, Linux::WNOHANG) > 0;
        system $busybox, 'ip', 'link', 'set', $card, 'up' unless $raised{$card}++;
        next if $client{$card} || !has_link($card);
        my $child = fork;
        next unless defined $child;
        if (!$child) {
            open STDOUT, '>', '/dev/null';
            open STDERR, '>', '/dev/null';
            exec $busybox, 'udhcpc', '-f', '-i', $card, '-V', $vendor_class, '-t', '4', '-T', '1', '-A', '2', '-s', '/athanor/udhcpc.script';
        }
        $client{$card} = $child;
    }
}

# The card from which the kernel would reach this server; any card with a lease where it would reach it from none.
sub card_towards {
    my ($server) = @_;
    my @leased = leases();
    if (socket(my $probe, Linux::AF_INET, Linux::SOCK_DGRAM, 0)) {
        if (connect $probe, Linux::pack_address($server->{address}, $server->{port})) {
            my $own = Linux::address_text(getsockname $probe);
            for my $card (@leased) { return $card if Devices::read_line("/run/dhcp/$card") eq $own }
        }
    }
    return $leased[0];
}

sub mac { return Devices::read_line("/sys/class/net/$_[0]/address") }

sub leases { return grep { -e "/run/dhcp/$_" } cards() }

# Waits for the first lease. A cable may be plugged in, or a DHCP server started, at any later time: so this has no end,
# but says every half minute what it waits for.
sub wait_for_lease {
    my $say_at = Clock::now() + 30;
    while (1) {
        tend();
        my ($card) = leases();
        return $card if defined $card;
        if (Clock::now() > $say_at) {
            my @cards = cards();
            my @linked = grep { has_link($_) } @cards;
            Console::problem(!@cards ? 'no network card has a driver here' : !@linked ? "no link on @cards" : "no DHCP server answers on @linked");
            $say_at = Clock::now() + 30;
        }
        Clock::pause(0.02);
    }
}

1;
