package Server;
# The conversation with the server (docs/reference/ramdisk-protocol.md). The token lives in this memory only.
use strict;
use Clock;
use Console;
use Http;
use Json;

# The server's answer that ends this attempt: it gave another attempt to this machine, or knows the token no more.
my %over_status = map { $_ => 1 } 401, 403, 409, 410;

sub new {
    my ($class, $address) = @_;
    return bless { address => $address, token => undef, report => undef }, $class;
}

sub is_over { return $_[0]{over} }

sub _over {
    my ($self, $exchange) = @_;
    return 0 unless $over_status{ $exchange->{status} || 0 };
    $self->{over} ||= 'this attempt is over: ' . problem_text($exchange);
    return 1;
}

# What an error answer says, for a person.
sub problem_text {
    my ($exchange) = @_;
    return $exchange->{error} if $exchange->{state} eq 'failed';
    my $problem = Json::decode($exchange->{body} || '') || {};
    my ($code, $detail) = map { defined $problem->{$_} ? $problem->{$_} : '' } qw(code detail);
    return join ' ', "status $exchange->{status}", grep { $_ ne '' } $code, $detail;
}

# Sends until there is an answer: its members; undef when the attempt is over, or when the request itself is wrong. A
# body given as code is made anew for each try.
sub call {
    my ($self, $method, $path, $body, %options) = @_;
    my ($try, $say_at) = (0, Clock::now() + 30);
    while (1) {
        my $content = ref $body eq 'CODE' ? $body->() : $body;
        my $text = defined $content ? Json::encode($content) : undef;
        my $exchange = Http::request($self->{address}, method => $method, path => $path, body => $text, token => $self->{token}, timeout => $options{timeout});
        my $status = $exchange->{status} || 0;
        if ($exchange->{state} eq 'done') {
            my $answer = $status < 300 ? Json::decode($exchange->{body}) : undef;
            return $answer if $answer;
            return undef if $self->_over($exchange);
            if ($status >= 400 && $status < 500 && $status != 408 && $status != 429) {
                Console::problem("the server refuses $path: " . problem_text($exchange));
                $self->{refused} = problem_text($exchange);
                return undef;
            }
        }
        if (Clock::now() > $say_at) {
            Console::problem("no good answer to $path from $self->{address}{host}: " . problem_text($exchange));
            $say_at = Clock::now() + 30;
        }
        Clock::pause(Clock::backoff($try++));
    }
}

# One ticket, one token. $mac gives the MAC of the card which reaches the server, as it stands at each try.
sub exchange_ticket {
    my ($self, $ticket, $mac) = @_;
    my $answer = $self->call('POST', '/ramdisk/v1/exchange', sub { return { ticket => $ticket, mac => $mac->() } });
    return undef unless $answer && defined $answer->{token};
    $self->{token} = delete $answer->{token};
    return $answer;
}

# Progress is told beside the work: one report under way at a time, about one a second, none repeated. Only an answer that
# ends the attempt matters.
sub tell_progress {
    my ($self, $phase, $bytes, $total) = @_;
    my $report = $self->{report};
    if ($report) {
        $report->step(0);
        return unless $report->ended;
        $self->{report} = undef;
        $self->_over($report) if $report->{state} eq 'done';
    }
    return if $self->{next_report} && Clock::now() < $self->{next_report};
    $self->{next_report} = Clock::now() + 1;
    my $body = Json::encode({ task => 'write-image', phase => $phase, bytes => \$bytes, bytesTotal => \$total });
    $self->{report} = Http::start($self->{address}, method => 'POST', path => '/ramdisk/v1/progress', body => $body, token => $self->{token}, timeout => 10);
}

# Starts the download at $offset and waits for its header.
sub open_image {
    my ($self, $path, $offset, $waiting) = @_;
    my $exchange = Http::start($self->{address}, method => 'GET', path => $path, token => $self->{token}, stream => 1, timeout => 15, $offset ? (range => "bytes=$offset-") : ());
    until ($exchange->ended) { $exchange->step(0.1); $waiting->() }
    $self->_over($exchange) if $exchange->{state} eq 'done';
    return $exchange;
}

1;
