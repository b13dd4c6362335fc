package Http;
# HTTP/1.1 over IPv4, one request per connection, never blocking longer than it is told: so that a report of progress can
# be under way while the disk is written.
use strict;
use Clock;
use Linux;

sub LARGEST_HEADER() { 16384 }
sub LARGEST_ANSWER() { 65536 }

# 'http://10.0.0.1' or 'http://10.0.0.1:8080' as { address, port, host }; undef for anything else.
sub parse_server {
    my ($text) = @_;
    return undef unless $text =~ m{^http://((\d{1,3}(?:\.\d{1,3}){3})(?::(\d{1,5}))?)/?$};
    my ($host, $address, $port) = ($1, Linux::address_bytes($2), $3 || 80);
    return undef if !defined $address || $port > 65535;
    return { address => $address, port => $port, host => $host };
}

# Starts a request. The state goes connecting -> sending -> receiving -> done (or failed: see {error}).
# With `stream`, it is done when the header is there; the rest is read from {socket} by the caller.
sub start {
    my ($server, %request) = @_;
    my $body = $request{body};
    my @header = ("$request{method} $request{path} HTTP/1.1", "Host: $server->{host}", 'Connection: close', 'Accept: application/json, application/octet-stream');
    push @header, "Authorization: Bearer $request{token}" if defined $request{token};
    push @header, "Range: $request{range}" if defined $request{range};
    push @header, 'Content-Type: application/json', 'Content-Length: ' . length $body if defined $body;
    my $self = bless {
        state    => 'connecting',
        out      => join("\r\n", @header) . "\r\n\r\n" . (defined $body ? $body : ''),
        in       => '',
        stream   => $request{stream},
        deadline => Clock::now() + ($request{timeout} || 15),
    }, __PACKAGE__;
    socket(my $socket, Linux::AF_INET, Linux::SOCK_STREAM, Linux::IPPROTO_TCP) or return $self->_fail("socket: $!");
    fcntl($socket, Linux::F_SETFL, fcntl($socket, Linux::F_GETFL, 0) | Linux::O_NONBLOCK);
    setsockopt($socket, Linux::IPPROTO_TCP, Linux::TCP_NODELAY, 1);
    $self->{socket} = $socket;
    connect($socket, Linux::pack_address($server->{address}, $server->{port})) or $! == Linux::EINPROGRESS or return $self->_fail("connect: $!");
    return $self;
}

sub _fail {
    my ($self, $error) = @_;
    close $self->{socket} if $self->{socket};
    @$self{qw(state error)} = ('failed', $error);
    return $self;
}

sub ended { return $_[0]{state} eq 'done' || $_[0]{state} eq 'failed' }

# Goes on as far as it can, waiting at most $patience seconds for the network.
sub step {
    my ($self, $patience) = @_;
    return if $self->ended;
    return $self->_fail('no answer in time') if Clock::now() > $self->{deadline};
    my $bits = '';
    vec($bits, fileno($self->{socket}), 1) = 1;
    my $reading = $self->{state} eq 'receiving';
    my $ready = $reading ? select($bits, undef, undef, $patience) : select(undef, $bits, undef, $patience);
    return unless $ready > 0;
    return $self->_receive if $reading;
    if ($self->{state} eq 'connecting') {
        my $error = unpack 'i', getsockopt($self->{socket}, Linux::SOL_SOCKET, Linux::SO_ERROR);
        if ($error) { $! = $error; return $self->_fail("connect: $!") }
        $self->{state} = 'sending';
    }
    my $sent = syswrite($self->{socket}, $self->{out});
    if (!defined $sent) { return $! == Linux::EAGAIN || $! == Linux::EINTR ? undef : $self->_fail("send: $!") }
    substr($self->{out}, 0, $sent) = '';
    $self->{state} = 'receiving' if $self->{out} eq '';
}

sub _receive {
    my ($self) = @_;
    my $got = sysread($self->{socket}, $self->{in}, 16384, length $self->{in});
    if (!defined $got) { return $! == Linux::EAGAIN || $! == Linux::EINTR ? undef : $self->_fail("receive: $!") }
    if (!$self->{header}) {
        my $end = index $self->{in}, "\r\n\r\n";
        if ($end < 0) {
            return $self->_fail('the answer has no end of header') if !$got || length $self->{in} > LARGEST_HEADER;
            return;
        }
        $self->_parse_header(substr $self->{in}, 0, $end) or return $self->_fail('the answer is not HTTP');
        substr($self->{in}, 0, $end + 4) = '';
    }
    if ($self->{stream} && $self->{status} < 300) { $self->{state} = 'done'; return }
    return $self->_fail('the answer is too long') if length $self->{in} > LARGEST_ANSWER;
    my $length = $self->{header}{'content-length'};
    my $chunked = ($self->{header}{'transfer-encoding'} || '') =~ /chunked/i;
    my $whole = $chunked ? $self->{in} =~ /(?:^|\r\n)0\r\n\r\n\z/ : defined $length && length $self->{in} >= $length;
    return unless $whole || !$got;
    return $self->_fail('the answer was cut off') if !$whole && ($chunked || defined $length);
    $self->{body} = $chunked ? _unchunk($self->{in}) : $self->{in};
    close $self->{socket};
    $self->{state} = 'done';
}

sub _parse_header {
    my ($self, $text) = @_;
    my ($first, @lines) = split /\r\n/, $text;
    return 0 unless defined $first && $first =~ m{^HTTP/1\.[01] (\d{3})};
    $self->{status} = $1;
    $self->{header} = { map { /^([^:\s]+):\s*(.*?)\s*$/ ? (lc $1, $2) : () } @lines };
    return 1;
}

sub _unchunk {
    my ($text) = @_;
    my $body = '';
    while ($text =~ s/^([0-9a-fA-F]{1,6})[^\r\n]*\r\n// && hex $1) { $body .= substr $text, 0, hex $1, ''; $text =~ s/^\r\n// }
    return $body;
}

# The whole exchange, waiting for it: the ended object.
sub request {
    my $self = start(@_);
    $self->step(1) until $self->ended;
    return $self;
}

1;
