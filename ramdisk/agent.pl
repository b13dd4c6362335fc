#!/bin/perl
# The ramdisk's agent: brings up drivers and network, trades its ticket for a token, reports what this machine is, and does
# the tasks it is given. The protocol is docs/reference/ramdisk-protocol.md.
use strict;
use Clock;
use Console;
use Devices;
use Disks;
use Http;
use Inventory;
use Json;
use Network;
use Server;
use WriteImage;

my $busybox     = '/bin/busybox';
my $ticket_file = '/athanor/ticket';

# Nothing more can be done: say why and stay, so that the line stays on the screen.
sub idle {
    my ($why) = @_;
    Console::problem("$why; this machine idles until it is reset");
    while (1) { Network::tend(); Clock::pause(10) }
}

sub read_ticket {
    open(my $file, '<', $ticket_file) or return;
    my %ticket = map { /^([a-z]+)=(\S+)\s*$/ ? ($1, $2) : () } <$file>;
    close $file;
    unlink $ticket_file;
    return \%ticket;
}

sub restart {
    my ($how) = @_;
    Console::stage($how);
    system $busybox, 'sync';
    system $busybox, $how eq 'reboot' ? 'reboot' : 'poweroff', '-f';
    idle("$how did not happen");
}

sub follow {
    my ($answer) = @_;
    my $next = $answer && defined $answer->{next} ? $answer->{next} : 'wait';
    restart($next) if $next eq 'reboot' || $next eq 'power-off';
}

sub write_image {
    my ($server, $task) = @_;
    my $report = eval { WriteImage::run($server, $task) };
    my $failure = $@;
    if ($report) {
        my $answer = $server->call('POST', '/ramdisk/v1/complete', $report);
        Console::stage('complete');
        return follow($answer);
    }
    return if ref $failure && $failure->{over};
    $failure = { step => 'agent', code => 'agent-error', message => "$failure" } unless ref $failure;
    Console::problem("write-image failed at $failure->{step}: $failure->{code}: $failure->{message}");
    follow($server->call('POST', '/ramdisk/v1/failed', { task => 'write-image', %$failure }));
}

sub work {
    my ($server) = @_;
    my $task = $server->call('GET', '/ramdisk/v1/task?wait=20', undef, timeout => 40);
    return unless $task && defined $task->{task};
    my $name = $task->{task};
    return if $name eq 'wait';
    Console::stage('task', $name);
    return restart($name) if $name eq 'reboot' || $name eq 'power-off';
    return write_image($server, $task) if $name eq 'write-image';
    $server->call('POST', '/ramdisk/v1/failed', { task => $name, step => 'task', code => 'unknown-task', message => 'this ramdisk does not know the task' });
}

sub main {
    Console::open_all();
    Console::stage('start');
    my $loading = Devices::start_loading();
    my $ticket = read_ticket() or idle("there is no $ticket_file: was this machine booted by Athanor?");
    my $address = Http::parse_server($ticket->{server} || '') or idle("$ticket_file names no server (server=http://ADDRESS)");
    idle("$ticket_file holds no ticket") unless $ticket->{ticket};

    my $card = Network::wait_for_lease();
    Console::stage('dhcp', "$card " . Devices::read_line("/run/dhcp/$card"));
    my $server = Server->new($address);
    my $mac_towards = sub { Network::tend(); return Network::mac(Network::card_towards($address)) };
    my $session = $server->exchange_ticket(delete $ticket->{ticket}, $mac_towards)
      or idle($server->is_over || 'the server gave no token: ' . ($server->{refused} || 'its answer lacks it'));
    Console::stage('exchange', 'attempt=' . (defined $session->{attempt} ? $session->{attempt} : '?'));

    Devices::settle_disks($loading);
    Network::tend();
    $server->call('POST', '/ramdisk/v1/inventory', Inventory::collect());
    Console::stage('inventory') unless $server->is_over;
    while (!$server->is_over) {
        my $began = Clock::now();
        eval { work($server); 1 } or Console::problem("the agent stumbled: $@");

        # A server that does not hold the request back, or gives a hopeless task again, is asked once a second.
        Clock::pause(1) if Clock::now() - $began < 1;
        Network::tend();
    }
    idle($server->is_over);
}

eval { main(); 1 } or idle("the agent failed: $@");
