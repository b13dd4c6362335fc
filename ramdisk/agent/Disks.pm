package Disks;
# The disks of this machine, and which of them a task means.
use strict;
use Devices;

# Every fixed disk, smallest first, then by name: { path, size, model, serial, rotational, transport, writable }.
sub all {
    my @disks;
    for my $name (Devices::disk_names()) {
        my $sys = "/sys/block/$name";
        my $size = Devices::read_line("$sys/size");
        next unless $size =~ /^[1-9]\d*$/ && Devices::read_line("$sys/removable") ne '1';
        push @disks, {
            path       => "/dev/$name",
            size       => $size * 512,
            model      => Devices::read_line("$sys/device/model"),
            serial     => _serial($sys),
            rotational => Devices::read_line("$sys/queue/rotational") eq '1',
            transport  => _transport($sys),
            writable   => Devices::read_line("$sys/ro") ne '1',
            unit       => Devices::read_line("$sys/queue/logical_block_size") || 512,
        };
    }
    return sort { $a->{size} <=> $b->{size} || $a->{path} cmp $b->{path} } @disks;
}

sub _serial {
    my ($sys) = @_;
    for my $path ("$sys/serial", "$sys/device/serial") {
        my $serial = Devices::read_line($path);
        return $serial if $serial ne '';
    }

    # SCSI, and ATA behind it: VPD page 80h, four bytes of header before the text.
    open(my $file, '<', "$sys/device/vpd_pg80") or return '';
    binmode $file;
    my $got = sysread $file, my $page, 256;
    return '' unless $got && $got > 4;
    my $serial = substr $page, 4, unpack 'n', substr $page, 2, 2;
    $serial =~ s/^[\s\0]+|[\s\0]+$//g;
    return $serial;
}

sub _transport {
    my ($sys) = @_;
    my $path = readlink $sys;
    return '' unless defined $path;
    return $1 if $path =~ m{/(virtio|nvme|usb|ata)\d};
    return 'sas' if $path =~ m{/end_device-};
    return 'scsi' if $path =~ m{/host\d+/};
    return '';
}

sub _megabytes { return sprintf '%.0f MB', $_[0] / 1e6 }

# The disk that 'auto', a path or a serial number means, for an image of $size bytes. Dies with [code, message].
sub choose {
    my ($wanted, $size) = @_;
    my @disks = all();
    my $have = join(', ', map { "$_->{path} " . _megabytes($_->{size}) . ($_->{writable} ? '' : ' read-only') } @disks) || 'none';
    if ($wanted eq 'auto') {
        my ($fits) = grep { $_->{size} >= $size && $_->{writable} && $_->{transport} ne 'usb' } @disks;
        return $fits || die ['no-suitable-disk', 'no fixed, writable disk holds the image of ' . _megabytes($size) . " ($size bytes); disks here: $have"];
    }
    my @named = grep { $_->{path} eq $wanted || $_->{path} eq "/dev/$wanted" || $_->{serial} eq $wanted } @disks;
    die ['disk-not-found', "no disk has the name or serial number '$wanted'; disks here: $have"] unless @named;
    die ['disk-ambiguous', scalar(@named) . " disks have the serial number '$wanted'; name one by its path: $have"] if @named > 1;
    my $disk = $named[0];
    die ['disk-read-only', "$disk->{path} is read-only"] unless $disk->{writable};
    die ['disk-too-small', "$disk->{path} has $disk->{size} bytes, the image $size"] if $disk->{size} < $size;
    return $disk;
}

1;
