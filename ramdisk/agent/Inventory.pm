package Inventory;
# What this machine is, from what the firmware and the kernel say.
use strict;
use Devices;
use Disks;
use Json;
use Network;

my $dmi = '/sys/class/dmi/id';

sub collect {
    return {
        uuid        => lc Devices::read_line("$dmi/product_uuid"),
        serial      => Devices::read_line("$dmi/product_serial"),
        vendor      => Devices::read_line("$dmi/sys_vendor"),
        product     => Devices::read_line("$dmi/product_name"),
        board       => Devices::read_line("$dmi/board_name"),
        firmware    => -d '/sys/firmware/efi' ? 'uefi' : 'bios',
        biosVersion => Devices::read_line("$dmi/bios_version"),
        cpus        => _cpus(),
        memoryBytes => \_memory_bytes(),
        disks       => [map { _disk($_) } Disks::all()],
        nics        => [map { _nic($_) } Network::cards()],
    };
}

sub _disk {
    my ($disk) = @_;
    return {
        name       => $disk->{path},
        sizeBytes  => \$disk->{size},
        model      => $disk->{model},
        serial     => $disk->{serial},
        rotational => Json::bool($disk->{rotational}),
        transport  => $disk->{transport},
    };
}

sub _nic {
    my ($card) = @_;
    my $speed = Devices::read_line("/sys/class/net/$card/speed");
    return {
        name      => $card,
        mac       => Network::mac($card),
        driver    => Devices::link_name("/sys/class/net/$card/device/driver"),
        link      => Json::bool(Network::has_link($card)),
        speedMbps => \($speed =~ /^\d+$/ ? $speed : 0),
    };
}

sub _cpus {
    my ($count, $model) = (0, '');
    if (open my $file, '<', '/proc/cpuinfo') {
        while (my $line = <$file>) {
            $count++ if $line =~ /^processor\s*:/;
            $model ||= $1 if $line =~ /^model name\s*:\s*(.*?)\s*$/;
        }
    }
    return { count => \$count, model => $model };
}

# The memory modules that SMBIOS names (type 17, section 7.18): what was bought, not what the kernel left over. Without
# them, the kernel's figure.
sub _memory_bytes {
    my $table = _slurp('/sys/firmware/dmi/tables/DMI');
    my ($at, $bytes) = (0, 0);
    while ($at + 4 <= length $table) {
        my ($type, $length) = unpack 'C C', substr $table, $at, 2;
        last if $length < 4 || $type == 127;
        if ($type == 17 && $length >= 0x0e && $at + $length <= length $table) {
            my $size = unpack 'v', substr $table, $at + 0x0c, 2;
            my $extended = $length >= 0x20 ? unpack 'V', substr $table, $at + 0x1c, 4 : 0;

            # 0: empty, FFFFh: unknown, 7FFFh: see the extended size in MiB; bit 15: KiB instead of MiB.
            if ($size == 0x7fff) { $bytes += ($extended & 0x7fffffff) * 2**20 }
            elsif ($size != 0xffff) { $bytes += ($size & 0x7fff) * ($size & 0x8000 ? 2**10 : 2**20) }
        }
        my $end = index $table, "\0\0", $at + $length;
        last if $end < 0;
        $at = $end + 2;
    }
    return $bytes if $bytes;
    return _slurp('/proc/meminfo') =~ /^MemTotal:\s+(\d+) kB/m ? $1 * 1024 : 0;
}

sub _slurp {
    my ($path) = @_;
    open(my $file, '<', $path) or return '';
    binmode $file;
    local $/;
    my $bytes = <$file>;
    return defined $bytes ? $bytes : '';
}

1;
