package Devices;
# Drivers by what the buses say is there (modalias), and waiting, within bounds, for what the drivers find.
use strict;
use Clock;
use Linux;

my $busybox = '/bin/busybox';

sub read_line {
    my ($path) = @_;
    open(my $file, '<', $path) or return '';
    my $line = <$file>;
    return '' unless defined $line;
    $line =~ s/^\s+|[\s\0]+$//g;
    return $line;
}

sub link_name {
    my ($path) = @_;
    my $target = readlink $path;
    return defined $target && $target =~ m{([^/]+)$} ? $1 : '';
}

# A module loads its own devices before modprobe returns (the kernel waits for asynchronous probing), so a round that
# finds no new alias has seen everything; SAS expanders are the exception, see settle_disks.
sub load_drivers {
    my %seen;
    for my $round (1 .. 8) {
        my @new = grep { length && !$seen{$_}++ } map { _aliases($_) } qw(pci virtio scsi vmbus xen);
        last unless @new;

        # Network cards (PCI class 02) first: DHCP can go on while disk controllers scan.
        my @network = grep { /^pci:.*bc02/ || /^virtio:d0*1v/ } @new;
        my %is_network = map { $_ => 1 } @network;
        my @other = grep { !$is_network{$_} } @new;
        _modprobe(@network) if @network;
        _modprobe(@other)   if @other;
    }

    # For Digest256; the second one only serves processors that can do better than the kernel's plain code.
    _modprobe('algif_hash');
    _modprobe('sha256_ssse3') if _processor_has('ssse3');
}

# What the devices on a bus call themselves.
sub _aliases {
    my ($bus) = @_;
    return map { read_line("/sys/bus/$bus/devices/$_/modalias") } Linux::names("/sys/bus/$bus/devices");
}

sub _processor_has {
    my ($flag) = @_;
    open(my $file, '<', '/proc/cpuinfo') or return 0;
    while (my $line = <$file>) { return $line =~ /\s\Q$flag\E\s/ if $line =~ /^flags\s*:/ }
    return 0;
}

sub _modprobe { system $busybox, 'modprobe', '-a', '-q', @_ }

# Runs load_drivers beside the caller; returns a handle for drivers_loaded.
sub start_loading {
    my $child = fork;
    if (!defined $child) { load_drivers(); return { done => 1 } }
    if (!$child) {

        # modprobe's complaints about devices without a driver belong on no console.
        open STDERR, '>', '/dev/null';
        load_drivers();
        exec $busybox, 'true';
    }
    return { child => $child, done => 0 };
}

sub drivers_loaded {
    my ($loading) = @_;
    $loading->{done} ||= waitpid($loading->{child}, Linux::WNOHANG) != 0;
    return $loading->{done};
}

sub disk_names { return sort grep { !/^(?:loop|ram|zram|sr|fd|dm-|md|nbd)/ } Linux::names('/sys/block') }

# Waits until no more disks are to be expected: at once where drivers have scanned synchronously, a few quiet seconds
# where a SAS controller finds its disks by itself.
sub settle_disks {
    my ($loading) = @_;
    my $deadline = Clock::now() + 60;
    Clock::pause(0.02) until drivers_loaded($loading) || Clock::now() > $deadline;
    my @slow = grep { /^(?:mpt3sas|mpi3mr|megaraid_sas|hpsa|smartpqi|aacraid)$/ } map { read_line("/sys/class/scsi_host/$_/proc_name") } Linux::names('/sys/class/scsi_host');
    my ($disks, $quiet_since, $start) = ('', Clock::now(), Clock::now());
    while (Clock::now() < $deadline) {
        my $found = join ' ', disk_names();
        ($disks, $quiet_since) = ($found, Clock::now()) if $found ne $disks;
        my $quiet = Clock::now() - $quiet_since;
        return if $found ne '' && $quiet >= (@slow ? 3 : 0);
        return if $found eq '' && Clock::now() - $start >= (@slow ? 30 : 5);
        Clock::pause(0.05);
    }
}

1;
