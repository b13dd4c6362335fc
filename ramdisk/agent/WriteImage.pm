package WriteImage;
# One image onto one disk: download and write in one pass past the page cache, then sync, read back and hash. One digest, over
# what the disk gives back, proves download and disk together; only when it is wrong a second download tells which it was.
use strict;
use AlignedBuffer;
use Clock;
use Console;
use Digest256;
use Disks;
use Linux;

sub BLOCK() { 2**20 }

# Seconds: a connection without a byte for so long is given up for a new one; a download for so long has failed.
sub STALLED_AFTER() { 10 }
sub GIVE_UP_AFTER() { 120 }

# The report for `complete`. Dies with { step, code, message }, or { over => 1 } when the attempt ended meanwhile.
sub run {
    my ($server, $task) = @_;
    my $size = $task->{sizeBytes};
    _fail('check-task', 'bad-task', 'the task lacks its size, digest, path or disk')
      unless ($size || '') =~ /^[1-9]\d*$/ && ($task->{sha256} || '') =~ /^[0-9a-f]{64}$/ && ($task->{path} || '') =~ m{^/[!-~]*$} && length($task->{disk} || '');
    my $disk = eval { Disks::choose($task->{disk}, $size) } || _fail('choose-disk', ref $@ ? @{$@} : ('disk-error', $@));
    my $buffer = AlignedBuffer->new(BLOCK);
    my $state = { server => $server, size => $size, disk => $disk, buffer => $buffer };

    Console::stage('write-begin', "$disk->{path} bytes=$size");
    my $written = _write($state, $task);
    Console::stage('write-end', "bytes=$written");
    my $read_back = _read_back($state);
    Console::stage('read-back', "sha256=$read_back");
    _blame($state, $task, $read_back) if $read_back ne $task->{sha256};
    return { task => 'write-image', sha256ReadBack => $read_back, bytes => \$size, disk => $disk->{path}, diskSerial => $disk->{serial} };
}

# The disk gives back something else than the image: fetches the image once more, without writing, to see which end is wrong.
sub _blame {
    my ($state, $task, $read_back) = @_;
    my $path = $state->{disk}{path};
    my $found = "the image should have SHA-256 $task->{sha256}, $path gives back $read_back";
    Console::problem("$found; fetching the image again to see why");
    my $fetched = eval { _fetch_digest($state, $task) };
    if (!defined $fetched) {
        my $failure = $@;
        die $failure if !ref $failure || $failure->{over};
        _fail('verify-disk', 'read-back-mismatch', "$found; whether the download is to blame is not known, for fetching it again failed: $failure->{message}");
    }
    _fail('verify-disk', 'read-back-mismatch', "$found; fetched again the image is right") if $fetched eq $task->{sha256};
    my $same = $fetched eq $read_back ? 'what the server sends has that too' : "what the server sends now has $fetched";
    _fail('verify-download', 'digest-mismatch', "$found; $same");
}

sub _fail {
    my ($step, $code, $message) = @_;
    chomp $message;
    die { step => $step, code => $code, message => $message };
}

# Tells the server how far we are; ends the work when the server says that this attempt is over.
sub _tell {
    my ($state, $phase, $bytes) = @_;
    $state->{server}->tell_progress($phase, $bytes, $state->{size});
    die { over => 1 } if $state->{server}->is_over;
}

sub _open_disk {
    my ($state, $mode, $step) = @_;
    sysopen(my $handle, $state->{disk}{path}, $mode | Linux::O_DIRECT | Linux::O_EXCL) or _fail($step, 'disk-open-failed', "open of $state->{disk}{path} failed: " . Linux::error_text());
    return $handle;
}

sub _write {
    my ($state, $task) = @_;
    my ($buffer, $size) = @$state{qw(buffer size)};
    my $handle = _open_disk($state, Linux::O_WRONLY, 'open-disk');
    my $written = 0;
    _tell($state, 'writing', 0);
    _download(
        $state, $task->{path},
        'writing',
        sub {
            my $length = $buffer->{used};

            # A disk takes whole sectors: behind an image that ends inside one, zeros.
            $buffer->pad($state->{disk}{unit});
            my $done = $buffer->write_to($handle, $buffer->{used});
            if (!defined $done) { _fail('write', 'write-failed', "write of $buffer->{used} bytes at $written to $state->{disk}{path} failed: " . Linux::error_text()) }
            if ($done != $buffer->{used}) { _fail('write', 'write-failed', "short write at $written to $state->{disk}{path}: $done of $buffer->{used} bytes") }
            $written += $length;
            $buffer->clear;
            _tell($state, 'writing', $written);
        }
    );
    $state->{server}{next_report} = 0;
    _tell($state, 'syncing', $written);
    syscall(Linux::SYS_FSYNC, fileno $handle) == 0 or _fail('sync', 'sync-failed', "fsync of $state->{disk}{path} failed: " . Linux::error_text());
    ioctl($handle, Linux::BLKFLSBUF, 0) or _fail('sync', 'sync-failed', "dropping the cache of $state->{disk}{path} failed: " . Linux::error_text());
    close $handle or _fail('sync', 'sync-failed', "close of $state->{disk}{path} failed: " . Linux::error_text());
    return $written;
}

sub _fetch_digest {
    my ($state, $task) = @_;
    my $buffer = $state->{buffer};
    my $digest = Digest256->new;
    my $fetched = 0;
    $buffer->clear;
    $state->{server}{next_report} = 0;
    _tell($state, 'fetching-again', 0);
    _download(
        $state, $task->{path},
        'fetching-again',
        sub {
            $digest->add_memory($buffer->address, $buffer->{used});
            $fetched += $buffer->{used};
            $buffer->clear;
            _tell($state, 'fetching-again', $fetched);
        }
    );
    return $digest->hex_digest;
}

# Fills the buffer from the network and calls $flush for each full block and for the last one. After a broken connection
# it goes on where it stopped, with growing pauses, until the server has been silent for GIVE_UP_AFTER seconds.
sub _download {
    my ($state, $path, $phase, $flush) = @_;
    my ($server, $size, $buffer) = @$state{qw(server size buffer)};
    my ($received, $tries, $last_byte, $reason) = (0, 0, Clock::now(), 'no answer');
    while ($received < $size) {
        my $told = $received - $buffer->{used};
        my $waiting = sub { _tell($state, $phase, $told) };
        my $exchange = $server->open_image($path, $received, $waiting);
        my $before = $received;
        if (($reason = _refusal($server, $exchange, $received, $size)) eq '') {
            my $socket = $exchange->{socket};
            my $ahead = substr $exchange->{in}, 0, $size - $received;
            my $stalled_at = Clock::now() + STALLED_AFTER;
            while ($received < $size) {
                my $room = BLOCK - $buffer->{used};
                my $most = $size - $received < $room ? $size - $received : $room;
                my $got;
                if ($ahead ne '') {
                    my $part = substr $ahead, 0, $most, '';
                    $buffer->append($part);
                    $got = length $part;
                }
                else { $got = $buffer->fill_from($socket, $most) }
                if ($got) {
                    $received += $got;
                    if ($buffer->{used} == BLOCK || $received == $size) { $flush->(); $stalled_at = Clock::now() + STALLED_AFTER }
                    next;
                }
                if (defined $got) { $reason = 'the server ended the connection'; last }
                if ($! != Linux::EAGAIN && $! != Linux::EINTR) { $reason = "receive: $!"; last }
                my $bits = '';
                vec($bits, fileno $socket, 1) = 1;
                if (select($bits, undef, undef, 0.25) > 0) { $stalled_at = Clock::now() + STALLED_AFTER }
                elsif (Clock::now() > $stalled_at) { $reason = 'nothing came for ' . STALLED_AFTER . ' s'; last }
                _tell($state, $phase, $received - $buffer->{used});
            }
            close $socket;
        }
        last if $received >= $size;
        ($last_byte, $tries) = (Clock::now(), 0) if $received > $before;
        _fail('download', 'download-stalled', "no byte of the image for " . GIVE_UP_AFTER . " s at $received of $size: $reason") if Clock::now() - $last_byte > GIVE_UP_AFTER;
        Console::problem("download broken at $received of $size: $reason; trying again");
        my $until = Clock::now() + Clock::backoff($tries++);
        while (Clock::now() < $until) { _tell($state, $phase, $told); Clock::pause(0.1) }
    }
}

# Why this answer is no download, or ''. What no second try can mend fails at once.
sub _refusal {
    my ($server, $exchange, $offset, $size) = @_;
    die { over => 1 } if $server->is_over;
    return $exchange->{error} if $exchange->{state} eq 'failed';
    my ($status, $header) = @$exchange{qw(status header)};
    return '' if $status == 200 && !$offset && _length_fits($header->{'content-length'}, $size);
    return '' if $status == 206 && ($header->{'content-range'} || '') =~ m{^bytes (\d+)-(\d+)/(\d+)$} && $1 == $offset && $2 == $size - 1 && $3 == $size;
    close $exchange->{socket};
    return "status $status" if $status >= 500 || $status == 408 || $status == 429;
    _fail('download', 'image-unavailable', 'the server has no such image: ' . Server::problem_text($exchange)) if $status >= 400;
    my $range = defined $header->{'content-range'} ? " ($header->{'content-range'})" : '';
    _fail('download', 'image-changed', "asked for bytes $offset- of $size, got status $status$range of length " . ($header->{'content-length'} || 'unknown'));
}

sub _length_fits {
    my ($length, $size) = @_;
    return defined $length && $length =~ /^\d+$/ && $length == $size;
}

sub _read_back {
    my ($state) = @_;
    my ($buffer, $size, $disk) = @$state{qw(buffer size disk)};
    my $handle = _open_disk($state, Linux::O_RDONLY, 'read-back');
    my $digest = Digest256->new;
    my $read = 0;
    while ($read < $size) {
        my $want = $size - $read < BLOCK ? $size - $read : BLOCK;
        $buffer->clear;
        my $whole = $want + (-$want % $disk->{unit});
        my $got = $buffer->fill_from($handle, $whole);
        if (!defined $got) { _fail('read-back', 'read-failed', "read of $whole bytes at $read from $disk->{path} failed: " . Linux::error_text()) }
        if ($got < $want) { _fail('read-back', 'read-failed', "short read at $read from $disk->{path}: $got of $whole bytes") }
        $digest->add_memory($buffer->address, $want);
        $read += $want;
        _tell($state, 'reading-back', $read);
    }
    close $handle;
    return $digest->hex_digest;
}

1;
